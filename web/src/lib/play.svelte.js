// The playground's convolution: a network of one layer, made by the core of its text for every setting, run on a small grey
// picture with the kernel put in. What does not fit the core refuses, with the reason.
import { told } from './api.js'

/** @param {{ size: number, k: number, stride: number, pad: number, dilation: number }} p */
export const textOf = (p) => `input x 1x${p.size}x${p.size}\nmean 0\nstd 1\nchannels grey\ny = conv x 1 ${p.k}x${p.k} stride ${p.stride} pad ${p.pad} dilation ${p.dilation} nobias\n`

export class Playground {
  input = $state.raw(null) // { width, height, data: grey in 0…1 }
  output = $state.raw(null) // { width, height, data }
  problem = $state('') // why it does not fit
  #backlight
  #model = null
  #text = ''
  #next = null
  #working = false

  /** @param {any} backlight */
  constructor(backlight) {
    this.#backlight = backlight
  }

  /** Computes; one at a time, and of those that wait the last. @param {any} picture @param {any} p settings @param {number[]} kernel */
  async run(picture, p, kernel) {
    this.#next = [picture, p, kernel]
    if (this.#working) return
    this.#working = true
    while (this.#next) {
      const [a, b, c] = this.#next
      this.#next = null
      await this.#compute(a, b, c).catch(async (error) => {
        this.problem = told({ message: error.message.replace(/^node "y" \(Conv\): /, '') }).message
        this.output = null
        await this.#look(a, b).catch(() => (this.input = null))
      })
    }
    this.#working = false
  }

  async #compute(picture, p, kernel) {
    const text = textOf(p)
    if (text !== this.#text) {
      const before = this.#model
      this.#model = null
      this.#text = ''
      before?.close()
      this.#model = await this.#backlight.open(text)
      this.#text = text
    }
    const model = this.#model
    await model.intervene(`y/0,0=${kernel.map((v) => String(Number(v.toPrecision(6)))).join(',')}`)
    const pass = await model.forward(picture)
    const [x, y] = await model.values([model.info.input.id, model.info.output])
    if (model !== this.#model) return
    this.problem = ''
    this.input = { width: pass.input.width, height: pass.input.height, data: x.data }
    this.output = { width: y.shape[3], height: y.shape[2], data: y.data }
  }

  // What does not fit still has its picture: that of a kernel which always does.
  async #look(picture, p) {
    const model = await this.#backlight.open(textOf({ ...p, k: 1, stride: 1, pad: 0, dilation: 1 }))
    try {
      const { input } = await model.forward(picture)
      const [x] = await model.values([model.info.input.id])
      this.input = { width: input.width, height: input.height, data: x.data }
    } finally {
      model.close()
    }
  }

  close() {
    this.#next = null
    this.#model?.close()
    this.#model = null
  }
}
