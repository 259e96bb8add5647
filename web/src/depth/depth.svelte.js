// What the depths show: the unit in the address, the explanation of its numbers, and the maps these lie in. Everything is
// asked of the core again when picture, objective or unit change.
import { said } from '../texts/texts.js'
import { untrack } from 'svelte'
import { session as s } from '../state.svelte.js'
import { layerText } from '../lib/objective.js'
import { percentileOf } from '../lib/stats.js'
import { PERCENTILE } from '../lib/scale.js'
import { told } from '../lib/api.js'
import { elastic } from '../lib/elastic.js'
import { dims, groupsOf, indexOf, middleOf, readCell, readUnit, strongest } from './place.js'

class Depth {
  whole = $state.raw(null) // of the channel: explanation with a map a group
  here = $state.raw(null) // of the number under the mark, in the direction of the light
  twin = $state.raw(null) // of the number on the other side of the same node
  values = $state.raw(new Map()) // id → { shape, data } of values that are no columns
  gradients = $state.raw(new Map())
  hovered = $state.raw(null) // a mark that is not pinned
  trouble = $state('')
  words = $state.raw(null) // what the text strip says of it: a function, which comes with the view
  version = $state(0) // of the pass that all this belongs to

  #serial = 0
  #asked = ''
  #busy = false

  /** The unit of the address, if the network has it: value, channel, and the node that makes it. */
  unit = $derived.by(() => {
    const at = readUnit(s.address.at)
    if (!at || !s.info || !s.result) return null
    const value = s.info.values.find((v) => v.name === at.name && !v.constant && v.shape)
    const size = dims(value?.shape)
    if (!value || at.channel >= size.channels) return null
    return { id: value.id, name: value.name, channel: at.channel, node: s.info.nodes.find((n) => n.output === value.id) ?? null, ...size }
  })
  depth = $derived(this.unit ? (s.address.depth === 'number' ? 'number' : 'channel') : '')
  /** A probability of the network's own softmax: every class takes part in it, so both its steps are shown as tables. */
  softmax = $derived(this.depth === 'number' && s.info.head === 'softmax' && this.unit.id === s.info.output && s.info.output !== s.info.scores)
  /** The input has no explanation forwards: it comes from the picture. */
  backward = $derived((s.backward && !this.softmax) || (!!this.unit && !this.unit.node))
  /** The place that is marked: under the pointer, else in the address, else where the map is largest. */
  cell = $derived.by(() => {
    const u = this.unit
    if (!u) return null
    const at = this.hovered ?? readCell(s.address.cell)
    if (at) return { row: Math.min(at.row, u.height - 1), column: Math.min(at.column, u.width - 1) }
    const value = this.numbers(u.id, this.backward)
    if (!value) return { row: 0, column: 0 }
    const from = u.channel * u.height * u.width
    let best = 0
    for (let i = 1; i < u.height * u.width; i++) if (Math.abs(value.data[from + i]) > Math.abs(value.data[from + best])) best = i
    return { row: Math.floor(best / u.width), column: best % u.width }
  })
  index = $derived(this.unit && this.cell ? indexOf(this.unit, { channel: this.unit.channel, ...this.cell }) : -1)
  groups = $derived(this.here && s.info ? groupsOf(this.here, s.info) : [])
  twinGroups = $derived(this.twin && s.info ? groupsOf(this.twin, s.info) : [])
  /** The group that is shown in full: the one in the address, else the one that gives most. */
  shown = $derived.by(() => {
    const wanted = s.address.from === '' ? -1 : Number(s.address.from)
    if (wanted >= 0 && wanted < this.groups.length) return wanted
    return Math.max(0, this.groups.indexOf(strongest(this.groups)))
  })

  /** The numbers of any value: of a column those of the session. */
  numbers(id, gradient) {
    return (gradient ? s.gradients : s.maps).get(id) ?? (gradient ? this.gradients : this.values).get(id)
  }
  #limits = new Map()
  /** The end of the colour scale of a value: shared by its block where it is a column. */
  limit(id, gradient) {
    const value = this.numbers(id, gradient)
    if (!value) return 0
    const key = `${id}${gradient}`
    const known = this.#limits.get(key)
    if (known?.data === value.data && known.of === s.maps) return known.limit
    const column = s.columns.find((c) => c.id === id)
    const list = column ? s.columns.filter((c) => c.block === column.block && c.kind === column.kind).map((c) => this.numbers(c.id, gradient)?.data).filter(Boolean) : [value.data]
    const limit = percentileOf(list.length ? list : [value.data], PERCENTILE)
    this.#limits.set(key, { data: value.data, of: s.maps, limit })
    return limit
  }

  nameOf(id) {
    return s.columns.find((c) => c.id === id)?.name ?? s.info.values.find((v) => v.id === id)?.name ?? ''
  }
  titleOf(node) {
    return said(s.manifest.operators.find((o) => o.name === node?.op)?.summary.split(/[:;]|\s\(/)[0].trim() ?? '')
  }
  formulaOf(node) {
    return s.manifest.operators.find((o) => o.name === node?.op)?.formula ?? ''
  }

  // ------------------------------------------------------------ ways

  unitText = (id, channel) => `${layerText(s.info.values.find((v) => v.id === id).name)}:${channel}`
  /** Opens a unit; a step that Back undoes. `tile`: what stood for it, if anything did. */
  open(id, channel, more = {}, tile = null) {
    if (s.refuses('depth')) return
    elastic(() => {
      this.hovered = null
      s.hover = s.edges = null
      s.go({ at: this.unitText(id, channel), depth: 'channel', cell: '', from: '', lab: '', ...more }, { push: true })
      s.said = `${this.nameOf(id)}, ${channel + 1}`
    }, tile)
  }
  number(from = this.shown) {
    const { row, column } = this.cell
    elastic(() => {
      this.hovered = null
      s.go({ depth: 'number', cell: `${row},${column}`, from: String(from) }, { push: true })
    })
  }
  /** One level out. */
  out() {
    const { depth, unit } = this
    const tile = () => document.querySelector(`.stage [data-column="${CSS.escape(this.nameOf(unit.id))}"] [data-channel="${unit.channel}"]`)
    if (depth === 'number') elastic(() => s.go({ depth: 'channel' }, { push: true }))
    else if (depth) elastic(() => s.go({ at: '', depth: '', cell: '', from: '' }, { push: true }), null, tile)
    return !!depth
  }
  pin(cell = this.cell) {
    this.hovered = null
    s.go({ cell: `${cell.row},${cell.column}` })
  }
  move(rows, columns) {
    const { row, column } = this.cell
    const clamp = (v, n) => Math.max(0, Math.min(n - 1, v))
    this.pin({ row: clamp(row + rows, this.unit.height), column: clamp(column + columns, this.unit.width) })
  }
  /** So many places further, row by row; false where there is none. @param {number} by ±Infinity: the ends */
  step(by) {
    const { width, height } = this.unit
    const last = width * height - 1
    const at = by === -Infinity ? 0 : by === Infinity ? last : this.cell.row * width + this.cell.column + by
    if (at < 0 || at > last) return false
    this.pin({ row: Math.floor(at / width), column: at % width })
    return true
  }
  show(group) {
    s.go({ from: String(group) })
  }

  // ------------------------------------------------------------ numbers

  /** Everything anew for a unit: its channel, and the gradients of the pinned objective. */
  async load() {
    const unit = untrack(() => this.unit)
    const backward = untrack(() => this.backward)
    if (!unit || !s.model) return
    const serial = ++this.#serial
    const { model, pin } = s
    try {
      // The edges of the network under the pointer may have sent another gradient back since.
      await model.backward(pin)
      const whole = await model.explainChannel(unit.id, unit.channel, { gradient: backward })
      if (serial !== this.#serial) return
      this.whole = { ...whole, unit, backward }
      this.values = new Map()
      this.gradients = new Map()
      this.trouble = ''
      this.#asked = ''
      this.version++
    } catch (error) {
      if (serial === this.#serial && error?.code !== 'stale') this.trouble = told(error).message
    }
  }

  /** The number under the mark, and with it its twin on the other side. One at a time; the newest wins. */
  async look() {
    const ask = untrack(() => ({ unit: this.unit, index: this.index, backward: this.backward, depth: this.depth, from: s.address.from }))
    const key = `${this.version} ${ask.unit?.id} ${ask.index} ${ask.backward} ${ask.depth} ${ask.from}`
    if (!ask.unit || ask.index < 0 || this.#asked === key) return
    this.#asked = key
    if (this.#busy) return
    this.#busy = true
    try {
      for (let done = ''; done !== this.#asked; ) {
        done = this.#asked
        await this.#explain(untrack(() => ({ unit: this.unit, index: this.index, backward: this.backward, depth: this.depth })))
      }
    } catch (error) {
      this.#asked = ''
      if (error?.code !== 'stale' && !s.busy) this.trouble = told(error).message // a new pass asks again
    } finally {
      this.#busy = false
    }
  }

  async #explain({ unit, index, backward, depth }) {
    if (!unit || index < 0) return
    const { model, info } = s
    const here = await model.explain(unit.id, index, { gradient: backward })
    if (model !== s.model) return
    const groups = groupsOf(here, info)
    await this.#fetch(groups, unit.id)
    let twin = null
    if (depth === 'number') {
      const wanted = Number(s.address.from || -1)
      const group = groups[wanted] ?? strongest(groups)
      const at = group && group.value >= 0 && !group.constant ? middleOf(group) : null
      if (at) {
        // Forwards the other side is the gradient of what goes in; backwards it is the number that comes out.
        twin = await model.explain(group.value, at.index, { gradient: !backward }).catch(() => null)
        if (twin) await this.#fetch(groupsOf(twin, info), group.value)
      }
    }
    if (model !== s.model) return
    this.here = { ...here, unit, backward }
    this.twin = twin
    this.trouble = ''
  }
  // Maps that are no columns of the network: asked for once a pass.
  async #fetch(groups, own) {
    const need = (gradient) => [...new Set([own, ...groups.map((g) => g.value)])].filter((id) => id >= 0 && !this.numbers(id, gradient) && !(gradient && s.info.values.find((v) => v.id === id)?.constant))
    for (const gradient of [false, true]) {
      const ids = need(gradient)
      if (!ids.length) continue
      const got = await s.model.values(ids, { gradient }).catch(() => [])
      const map = new Map(gradient ? this.gradients : this.values)
      for (const v of got) map.set(v.id, v)
      if (gradient) this.gradients = map
      else this.values = map
    }
  }
}

export const depth = new Depth()
