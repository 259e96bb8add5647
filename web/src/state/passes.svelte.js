// Passes through the network: what every layer answers to the picture, what the objective's gradient is there, and what follows
// from both: the order of channels, the edges of the one that is looked at.
import { told } from '../lib/api.js'
import { contributions, orderOf } from '../lib/stats.js'
import { t } from '../texts/texts.js'

export class Passes {
  count = $state(0) // pictures and pins shown so far
  #s
  #serial = 0
  #running = null
  #due = { forward: false, backward: false } // ways that are to be gone anew
  #spoken = { at: -Infinity, index: -1 } // when a prediction was announced last, and of which class; -1: nothing of this network
  /** @param {any} session */
  constructor(session) {
    this.#s = session
  }

  /** Another network: nothing is left of the one before. */
  forget() {
    const s = this.#s
    this.#spoken.index = -1
    s.orders.clear()
    s.hover = s.looked = s.edges = s.result = s.trouble = null
    s.maps = new Map()
    s.gradients = new Map()
  }

  /** Computes forward and backward anew. One at a time; of those that wait only the last is done. Resolves with an error or null.
   *  backward: false leaves the way back, where nobody looks at it, to a later call: what is dragged follows by the way forward. */
  refresh({ forward = true, backward = true } = {}) {
    const serial = ++this.#serial
    this.#due.forward ||= forward
    this.#due.backward ||= backward
    const before = this.#running ?? Promise.resolve()
    const run = before.then(() => this.#pass(serial))
    this.#running = run
    return run
  }

  async #pass(serial) {
    const s = this.#s
    if (!s.model || !s.picture || serial !== this.#serial) return null
    const { forward } = this.#due // also when the request for it was overtaken by one for the way back
    const backward = s.backward || this.#due.backward
    this.#due = { forward: false, backward: false }
    s.busy++
    const { model, columns, pictures: { seen: picture } } = s
    try {
      const ids = columns.map((c) => c.id)
      const result = forward || !s.result ? await s.hands.forward(model, picture, ids) : s.result
      const pin = s.address.pin || `class:${result.predictions[0].index}`
      const forwards = model.values(ids) // asked for at once: it needs not wait for the way back
      let shown = false
      const show = (values) => {
        if (shown || model !== s.model) return
        shown = true
        s.result = result
        s.maps = new Map(values.map((v) => [v.id, v]))
        s.hands.compare(s.maps, columns)
      }
      if (!backward) {
        show(await forwards)
        return null
      }
      // Forwards, maps are shown as soon as they are there; backwards, they change together with the gradients.
      if (!s.backward) forwards.then(show, () => {})
      let refused = null
      const objective = await model.backward(pin).catch(async (error) => {
        refused = error
        s.address.pin = ''
        return model.backward(`class:${result.predictions[0].index}`)
      })
      const [values, gradients] = await Promise.all([forwards, model.values(ids, { gradient: true })])
      if (model !== s.model) return null
      const strongest = result.predictions[0]
      show(values)
      s.gradients = new Map(gradients.map((v) => [v.id, v]))
      s.objective = objective
      s.edges = null
      this.count++
      s.trouble = null
      this.#sortAll()
      if (!s.fields) model.fields().then((fields) => model === s.model && (s.fields = fields), () => {}) // without them there is no lens
      if (this.#spoken.index !== strongest.index && performance.now() - this.#spoken.at > 1000) {
        s.said = (this.#spoken.index < 0 ? `${s.modelName}. ` : '') + t.prediction.spoken(strongest.label, (strongest.probability ?? strongest.score).toFixed(2))
        this.#spoken = { at: performance.now(), index: strongest.index }
      }
      return refused ? told(refused).message : null
    } catch (error) {
      const e = told(error)
      s.trouble = { message: `${e.message} ${e.hint}`.trim() }
      return e.message
    } finally {
      s.busy--
    }
  }

  /** How a column is sorted: as the address says, else wide layers by what they contribute. */
  sortOf = (column) => this.#s.address.sort || (column.channels > 16 ? 'contribution' : 'index')

  // The order inside a column stays while the picture changes: made once, and when the visitor sorts.
  #sortAll() {
    const s = this.#s
    for (const c of s.columns) if (!s.orders.has(c.id)) s.orders.set(c.id, orderOf(this.sortOf(c), c.channels, s.maps.get(c.id), s.gradients.get(c.id)))
  }

  /** Sorts every column anew, by the picture and the objective of now. */
  sort(by) {
    this.#s.go({ sort: by, page: '' })
    this.#s.orders.clear()
    this.#sortAll()
  }

  /** Where one channel's mean comes from: what each input channel adds to it, Σ activation × gradient. */
  async #edgesOf(column, channel) {
    const s = this.#s
    const node = column.node
    if (!node?.mixesChannels || column.sources.length !== 1) return null
    const source = s.maps.get(column.sources[0])
    const pass = await s.model.backward(`${s.layerText(column)}:${channel}`)
    const gradient = await pass.gradient(column.sources[0])
    return { id: column.id, channel, source: column.sources[0], shares: contributions(source, gradient) }
  }

  /** Shows a tile in the read-out; null leaves. Edges follow when the pass is quick. */
  async show(place) {
    const s = this.#s
    const before = s.hover
    s.hover = place
    if (!place) {
      s.edges = null
      return
    }
    s.looked = place
    if (before?.id === place.id && before?.channel === place.channel) return
    s.edges = null
    if (s.backward || !s.result || s.objective?.ms > 120 || s.busy) return
    const column = s.columns.find((c) => c.id === place.id)
    const serial = this.#serial
    const edges = await this.#edgesOf(column, place.channel).catch(() => null)
    if (serial === this.#serial && s.hover?.id === place.id && s.hover?.channel === place.channel) s.edges = edges
  }
}
