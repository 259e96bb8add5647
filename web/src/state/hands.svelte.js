// Hands on: strokes on the input, channels switched off, kernels changed. They stand in the address; everything downstream
// follows at once, and what differs from the picture and the network as they were is known.
import { told } from '../lib/api.js'
import { changedChannels, findEdit, readEdits, withEdit, writeEdits } from '../lib/edits.js'
import { painted, readPaint, writePaint } from '../lib/paint.js'

const MOST_UNDO = 100

export class Hands {
  before = $state.raw(null) // the pass without changes: { model, picture, result, maps }; null: nothing is changed
  changes = $state.raw(new Map()) // value id → which channels differ, Uint8Array
  drawing = $state(false) // a stroke is being drawn: only the way forward follows
  #session
  edits = $derived.by(() => readEdits(this.#session.address.edits))
  strokes = $derived.by(() => readPaint(this.#session.address.paint))
  #undo = $state.raw([]) // { edits, paint } before each change
  #applied = { model: null, edits: '' }
  #weights = { model: null, frame: null } // whose weights were put in last
  #differences = null // { maps, out } of the last pass
  #fed = $state.raw(null) // the picture of the last pass

  /** @param {any} session */
  constructor(session) {
    this.#session = session
  }

  get active() {
    return !!(this.#session.address.edits || this.#session.address.paint)
  }
  get count() {
    return this.edits.length + this.strokes.length
  }

  /** How a channel is changed; null: not. @param {string} layer as objectives write it */
  of = (layer, channel, input = -1) => findEdit(this.edits, layer, channel, input)

  #go(changes, more) {
    if (more ? this.#session.fixed('edits') : this.#session.refuses('edits')) return
    const { edits, paint } = this.#session.address
    if (!more) this.#undo = [...this.#undo, { edits, paint }].slice(-MOST_UNDO)
    this.#session.go(changes, { later: this.drawing })
    return this.#session.passes.refresh({ backward: !this.drawing }) // under the brush when it is lifted
  }

  /** Changes a channel or a kernel; `remove` makes it as it was. @param {import('../lib/edits.js').Edit} edit */
  change(edit, remove = false) {
    return this.#go({ edits: writeEdits(withEdit(this.edits, edit, remove)) })
  }

  /** Switches a channel off, or on again: true when it is off now. */
  toggle(layer, channel) {
    const off = this.of(layer, channel)?.factor === 0
    this.change({ layer, channel, input: -1, factor: 0, numbers: null }, off)
    return !off
  }

  /** Begins a stroke, or draws the one begun on. @param {import('../lib/paint.js').Stroke} stroke */
  draw(stroke, begin) {
    this.drawing = !this.#session.fixed('edits')
    const strokes = begin ? this.strokes : this.strokes.slice(0, -1)
    return this.#go({ paint: writePaint([...strokes, stroke]) }, !begin)
  }
  lift() {
    if (!this.drawing) return
    this.drawing = false
    this.#session.go({})
    this.#session.passes.refresh({ forward: false })
  }

  undo() {
    const last = this.#undo.at(-1)
    this.#undo = this.#undo.slice(0, -1)
    this.#session.go(last ?? { edits: '', paint: '' })
    return this.#session.passes.refresh()
  }
  undoAll() {
    if (!this.active) return
    return this.#go({ edits: '', paint: '' })
  }
  /** Another model: nothing of it is left. */
  forget() {
    this.#undo = []
    this.before = null
    this.changes = new Map()
    this.#applied = { model: null, edits: '' }
    this.#fed = null
  }

  /** Shows the picture to the network with all changes. Keeps the pass without them, to compare. @returns {Promise<any>} the pass */
  async forward(model, picture, ids) {
    const { edits, paint } = this.#session.address
    if (this.#applied.model !== model) this.#applied = { model, edits: '' }
    if (this.#weights.model !== model) this.#weights = { model, frame: null }
    const { frame } = this.#session
    if (this.#weights.frame !== frame) {
      await model.setFrame(frame)
      this.#weights.frame = frame
      this.before = this.#fed = null
    }
    const apply = async (text) => {
      if (this.#applied.edits === text) return null
      this.#applied.edits = text
      return model.intervene(text)
    }
    if (!edits && !paint) {
      await apply('')
      this.before = null
      this.#fed = picture
      return model.forward(picture)
    }
    if (this.before?.model !== model || this.before.picture !== picture) {
      await apply('')
      const result = await model.forward(picture)
      const maps = new Map((await model.values(ids)).map((v) => [v.id, v]))
      this.before = { model, picture, result, maps }
      this.#fed = picture
    }
    let pass
    try {
      pass = await apply(edits)
    } catch (error) {
      // What a link asks for may not fit this network: without it, then.
      this.#applied.edits = ''
      this.#session.address.edits = ''
      this.#session.go({})
      this.#session.toast(told(error).message, 'bad')
      return this.forward(model, picture, ids)
    }
    if (!paint && pass && this.#fed === picture) return pass
    this.#fed = paint ? painted(this.before.result.input, this.strokes) : picture
    return model.forward(this.#fed)
  }

  /** What the last pass was given, for methods that run on it. */
  get fed() {
    return this.#session.address.paint && this.before && this.#fed ? this.#fed : this.#session.pictures.seen
  }

  /** What the maps show: the answers, or how they differ from those before the changes. @param {Map<number, any>} maps */
  shown(maps) {
    if (!this.before || this.#session.address.diff !== 'on') return maps
    if (this.#differences?.maps !== maps) {
      const out = new Map()
      for (const [id, now] of maps) {
        const was = this.before.maps.get(id)
        out.set(id, was?.data.length === now.data.length ? { ...now, data: now.data.map((v, i) => v - was.data[i]) } : now)
      }
      this.#differences = { maps, out }
    }
    return this.#differences.out
  }

  /** Marks what differs. @param {Map<number, any>} maps @param {any[]} columns */
  compare(maps, columns) {
    this.changes = this.before ? new Map(columns.map((c) => [c.id, changedChannels(this.before.maps.get(c.id), maps.get(c.id), c.channels)])) : new Map()
  }
}
