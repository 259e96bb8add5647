// Networks: bundled ones and files of the visitor's own. One that is refused leaves everything as it was.
import { models, single, told } from '../lib/api.js'
import { columnsOf } from '../lib/layout.js'
import { t } from '../texts/texts.js'

// What belongs to one network and not to the next.
const FRESH = { pin: '', open: '', page: '', edits: '', paint: '', frame: '', method: '', params: {}, unit: '', goal: '', norms: '' }

export class Networks {
  #s
  own = 0 // of the visitor's own network there is: a number that marks its steps in the browser's history, for no address names it
  #file = null // { bytes, file, id } of the network there is
  /** @param {any} session */
  constructor(session) {
    this.#s = session
  }

  /** Opens the bytes of an ONNX file in the place of the network there is. `norms`: batch normalisation stays a layer of its own. */
  async open(bytes, file, id, norms = false) {
    const s = this.#s
    const model = await s.backlight.open(bytes, { name: file, keepBatchnorm: norms })
    this.own = id ? 0 : bytes === this.#file?.bytes ? this.own : Math.random()
    this.#file = { bytes, file, id }
    s.model?.close()
    s.model = model
    s.info = model.info
    s.modelName = model.info.title || file.replace(/\.onnx$/i, '')
    s.columns = columnsOf(model.info)
    s.fields = null
    s.passes.forget()
    s.hands.forget()
    s.forgetJobs()
    s.history = null
    s.past = models.find((m) => m.id === id)?.past ?? null
    s.address.model = id
    if (!model.info.preprocessing) s.dialog = { kind: 'setup' }
  }

  /** A bundled one. @param {string} id @param {boolean} [push] a step that Back undoes */
  async choose(id, push = true) {
    const s = this.#s
    const known = models.find((m) => m.id === id)
    if (push && s.refuses('model')) return
    try {
      await this.open(await known.bytes(), known.file, id, !push && s.address.norms === 'keep')
      if (push) s.go({ model: id, ...FRESH }, { push })
      await s.passes.refresh()
    } catch (error) {
      this.#refuse(error)
    }
  }

  /** A file of the visitor's own; in the single file also one that is not inside. @param {Uint8Array} bytes @param {string} file */
  async use(bytes, file) {
    const s = this.#s
    const known = single && models.find((m) => m.keep && m.file === file)
    try {
      await this.open(bytes, file, (known && known.id) || '')
      if (known) known.keep(bytes)
      s.go({ model: s.address.model, ...FRESH }, { push: true })
      s.toast(t.model.opened(s.modelName))
      await s.passes.refresh()
    } catch (error) {
      this.#refuse(error)
    }
  }

  /** Opens the history of the network's training. @param {() => Promise<Uint8Array>} past gives its bytes */
  async openHistory(past = this.#s.past) {
    const s = this.#s
    const { model } = s
    try {
      const history = await model.setHistory(await past())
      if (model !== s.model) return
      s.past = past
      s.history = history
      if (s.frame !== null) await s.passes.refresh() // as the link says
    } catch (error) {
      if (model === s.model) s.toast(t.history.refused(told(error).message), 'bad')
    }
  }

  /** The network with the weights of a frame of its history; the last: as it was trained. While a slider moves the address
   *  waits, and the way back: moved() follows. */
  setFrame(frame, moving = false) {
    const s = this.#s
    s.go({ frame: frame >= s.history.steps.length - 1 ? '' : String(frame) }, { later: moving })
    return s.passes.refresh({ backward: !moving })
  }

  /** The slider stands still. */
  moved() {
    this.#s.go({})
    return this.#s.passes.refresh({ forward: false })
  }

  /** Shows batch normalisation as a layer of its own, or folds it into the one before it: the same network, opened anew. */
  async fold(norms, push = true) {
    const s = this.#s
    const { bytes, file, id } = this.#file
    try {
      await this.open(bytes, file, id, norms)
      if (push) s.go({ ...FRESH, norms: norms ? 'keep' : '', at: '', depth: '', cell: '', from: '' }, { push })
      await s.passes.refresh()
    } catch (error) {
      this.#refuse(error)
    }
  }

  #refuse(error) {
    this.#s.dialog = { kind: 'refused', ...told(error), stays: this.#s.modelName }
  }

  /** What the file does not say. @returns {Promise<string>} what is wrong with it, '' when nothing is */
  async setUp(preprocessing, labels) {
    const s = this.#s
    try {
      if (preprocessing) await s.model.setPreprocessing(preprocessing)
      if (labels?.length) await s.model.setLabels(labels)
      s.info = s.model.info
      await s.passes.refresh()
      return ''
    } catch (error) {
      return told(error).message
    }
  }
}
