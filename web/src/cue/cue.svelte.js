// The laboratory of the planted cue (Kim et al. 2018, section 4.3): networks that differ in the captions of their training
// pictures alone, one picture with a caption put where the visitor wants it, what each network says of it, and its maps.
// One request at a time is worked on; a newer one ends it, and of those that wait only the last is taken.
import { SvelteMap } from 'svelte/reactivity'
import { cards, codes } from 'virtual:cue'
import { models, told } from '../lib/api.js'

export { cards, codes }
/** The box of a caption in pixels, and where it stood in training: two pixels from the left and the lower edge. */
export const BOX = { width: 20, height: 8, edge: 2 }

/** Which part of a map's sizes lies in the caption's box. @param {Float32Array} data @param {number} w @param {{ x: number, y: number }} at */
export function shareIn(data, w, { x, y }) {
  let inside = 0
  let all = 0
  for (let i = 0; i < data.length; i++) {
    const [row, column] = [Math.floor(i / w), i % w]
    const size = Math.abs(data[i])
    all += size
    if (column >= x && column < x + BOX.width && row >= y && row < y + BOX.height) inside += size
  }
  return all > 0 ? inside / all : 0
}
export const largest = (list) => list.indexOf(Math.max(...list))

/** Opens the networks. @param {any} backlight @returns {Promise<{ card: any, model: any }[]>} */
export const openNetworks = (backlight) => {
  const files = cards.map(({ id }) => models.find((m) => m.id === id))
  return Promise.all(cards.map(async (card, i) => ({ card, model: await backlight.open(await files[i].bytes(files), { name: `${card.id}.onnx` }) })))
}

export class Cue {
  networks = $state.raw([]) // { card, model }
  trouble = $state('')
  shown = $state.raw(null) // the picture as the networks get it, with its caption
  answers = $state.raw([]) // of each network: probabilities of the classes
  maps = new SvelteMap() // `${network} ${method}` → { result, of: the picture, objective, share }
  working = $state(false)
  #backlight
  #plain = { of: null, picture: null } // the picture without a caption, fitted
  #written = '' // what makes `shown` of it
  #next = null
  #stop = null
  #closed = false

  /** @param {any} backlight */
  constructor(backlight) {
    this.#backlight = backlight
    this.#opening = this.#open()
  }
  #opening
  /** Once more, where a network was missing that may be there now. */
  again() {
    this.trouble = ''
    this.#opening = this.#open()
  }
  async #open() {
    try {
      const networks = await openNetworks(this.#backlight)
      if (this.#closed) for (const { model } of networks) model.close()
      else this.networks = networks
    } catch (error) {
      const { message, hint } = told(error)
      this.trouble = `${message} ${hint}`.trim()
    }
  }
  get labels() {
    return this.networks[0]?.model.info.labels ?? []
  }
  get side() {
    return this.networks[0]?.model.info.input ?? { width: 64, height: 64 }
  }

  /** @param {{ picture: any, code: string, at: { x: number, y: number }, methods: string[], of: number }} request code '': no caption; of: the class of the maps, −1: what each network says */
  async show(request) {
    this.#next = request
    this.#stop?.abort()
    if (this.working) return
    this.working = true
    await this.#opening
    while (this.#next && !this.#closed && !this.trouble) {
      const now = this.#next
      this.#next = null
      try {
        this.#stop = new AbortController()
        await this.#answer(now)
        await this.#explain(now, this.#stop.signal)
      } catch (error) {
        if (!this.#next && !this.#closed && error?.name !== 'AbortError') this.trouble = told(error).message
      }
    }
    this.working = false
  }

  async #answer({ picture, code, at }) {
    const { networks } = this
    if (this.#plain.of !== picture) {
      const { input } = await networks[0].model.forward(picture)
      this.#plain = { of: picture, picture: input }
      this.#written = ''
    }
    const written = code ? `${code} ${at.x} ${at.y}` : 'none'
    if (written === this.#written) return
    const plain = this.#plain.picture
    const shown = code ? await this.#backlight.caption(plain, code, at.x, at.y) : { ...plain }
    const passes = await Promise.all(networks.map(({ model }) => model.forward(shown)))
    this.answers = passes.map((pass) => Array.from(pass.probabilities))
    this.shown = shown
    this.#written = written
  }

  async #explain({ methods, of, at }, signal) {
    const picture = this.shown
    for (const method of methods)
      for (const [i, { model }] of this.networks.entries()) {
        if (this.#next || this.#closed) return
        const key = `${i} ${method}`
        const objective = `class:${of < 0 ? largest(this.answers[i]) : of}`
        const there = this.maps.get(key)
        if (there?.of === picture && there.objective === objective) continue
        const { results } = await model.run(method, { picture, objective }, { signal }).result
        const result = results.find((r) => r.kind === 'map')
        this.maps.set(key, { result, of: picture, objective, share: shareIn(result.data, result.shape.at(-1), at) })
      }
  }

  close() {
    this.#closed = true
    this.#stop?.abort()
    for (const { model } of this.networks) model.close()
  }
}
