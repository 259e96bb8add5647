// The session: the address (what a link restores), what is open, and what was computed of it. Components read it and call
// it and its parts in state/; they compute nothing of the network themselves.
import { SvelteMap } from 'svelte/reactivity'
import { load, models, told } from './lib/api.js'
import { settle } from './lib/figures.js'
import { CONTROLS, ownerOf, readFlags, REGIONS } from './lib/flags.js'
import { DEFAULTS, parse, print } from './lib/hash.js'
import { LabJob } from './lib/job.svelte.js'
import { groupsOf } from './lib/lab.js'
import { describe, layerText } from './lib/objective.js'
import { store, stored } from './lib/store.js'
import { Hands } from './state/hands.svelte.js'
import { Networks } from './state/networks.js'
import { Passes } from './state/passes.svelte.js'
import { Pictures } from './state/pictures.svelte.js'
import { spoken, t } from './texts/texts.js'

class Session {
  address = $state(settle(parse(location.hash)))
  theme = $state(['light', 'dark'].includes(stored('theme')) ? stored('theme') : 'auto')
  systemDark = $state(matchMedia('(prefers-color-scheme: dark)').matches)
  printing = $state(false)
  dark = $derived(!this.printing && (this.theme === 'auto' ? this.systemDark : this.theme === 'dark'))
  width = $state(innerWidth)
  height = $state(innerHeight)
  phone = $derived(this.width < 780)
  tab = $state(this.address.lab ? 'lab' : 'network') // of the phone

  #hidden = $derived(readFlags(this.address.hide, [...Object.keys(CONTROLS), ...REGIONS]))
  #locked = $derived(readFlags(this.address.lock, Object.keys(CONTROLS)))

  status = $state('loading') // loading, ready, failed
  failure = $state.raw(null)
  trouble = $state.raw(null) // a pass that went wrong: { message }
  busy = $state(0)

  #manifest = $state.raw({ methods: [] })
  manifest = $derived(spoken(this.#manifest))
  model = $state.raw(null)
  info = $state.raw(null)
  modelName = $state('')
  past = $state.raw(null) // gives the bytes of the history of its training; null: there is none
  history = $state.raw(null) // { steps, epochSteps } once that was opened
  columns = $state.raw([])
  picture = $state.raw(null) // { id, title, width, height, pixels, notes }
  result = $state.raw(null) // of the last forward pass
  maps = $state.raw(new Map()) // value id → { shape, data }
  gradients = $state.raw(new Map())
  objective = $state.raw(null) // { text, value, ms } of the last backward pass
  orders = new SvelteMap() // column id → channels in the order shown

  hover = $state.raw(null) // { id, channel, row, column } of a tile, by pointer, focus or tap
  looked = $state.raw(null) // the last of these: what the objective menu offers
  edges = $state.raw(null) // { id, channel, shares } for the tile hovered
  kept = new SvelteMap() // lab group → results kept to be compared
  pixel = $state.raw(null) // { row, column } of the input under the pointer
  fields = $state.raw(null) // receptive fields of the network, to be looked up
  field = $derived.by(() => (this.hover?.row !== undefined && this.fields ? this.fields.of(this.hover.id, this.hover.row, this.hover.column) : null)) // what the unit hovered can see
  reach = $derived.by(() => (this.pixel && this.fields ? this.fields.reach(this.pixel.row, this.pixel.column) : null)) // what the pixel hovered can reach
  toasts = $state.raw([])
  dialog = $state.raw(null) // { kind, … }
  said = $state('')
  showMe = $state(0) // counts up when the way of the light is asked for
  findClass = $state(0) // counts up when the class search is asked for

  // What is done with all this.
  networks = new Networks(this)
  pictures = new Pictures(this)
  passes = new Passes(this)
  hands = new Hands(this)

  #jobs = new Map()
  #backlight = null
  loading = null // the promise of it
  #tables = new Map()

  get backward() {
    return this.address.dir === 'backward'
  }
  get classes() {
    return this.result?.scores.length ?? this.info?.labels?.length ?? 0
  }
  /** The frame of the history whose weights are shown; null: the trained network. */
  get frame() {
    const { history, address: { frame } } = this
    return history && /^\d+$/.test(frame) && Number(frame) < history.steps.length - 1 ? Number(frame) : null
  }

  label = (k) => this.info?.labels?.[k] ?? `class ${k}`

  /** What is pinned: the text in the address, else the class that is strongest now. */
  pin = $derived(this.address.pin || (this.result ? `class:${this.result.predictions[0].index}` : ''))
  pinned = $derived.by(() => this.describe(this.pin))

  describe = (text) => describe(text, this.label)

  /** The 256 colours of a family in the theme shown. */
  table(family, theme = this.dark ? 'dark' : 'light') {
    const key = family + theme
    if (!this.#tables.has(key)) {
      const bytes = this.#backlight.colours(family, theme)
      this.#tables.set(key, new Uint32Array(bytes.slice().buffer))
    }
    return this.#tables.get(key)
  }

  /** The job of a panel, kept while the visitor looks elsewhere. */
  job(id) {
    if (!this.#jobs.has(id)) this.#jobs.set(id, new LabJob())
    return this.#jobs.get(id)
  }
  forgetJobs() {
    for (const job of this.#jobs.values()) job.forget()
  }

  get backlight() {
    return this.#backlight
  }

  async start() {
    // Network and picture are fetched while the core starts.
    this.loading = load()
    let known = models.find((m) => m.id === this.address.model) ?? models[0]
    const bytes = known.bytes().catch(async (error) => {
      if (known === models[0]) throw error
      known = models[0] // what a link names may not be here; then it is said, in the words of the page
      await this.loading
      this.dialog = { kind: 'refused', ...told(error), stays: known.title }
      return known.bytes()
    })
    const wanted = Promise.all([bytes, this.pictures.take(this.pictures.knows(this.address.picture) ? this.address.picture : DEFAULTS.picture)])
    wanted.catch(() => {}) // told of below
    try {
      this.#backlight = await this.loading
    } catch (error) {
      const e = told(error)
      this.failure = e.code === 'no-simd' ? { title: t.states.noSimd, text: t.states.noSimdText } : { title: t.states.failed, text: `${e.message} ${e.hint}`.trim() }
      this.status = 'failed'
      return
    }
    this.#manifest = { ...this.#backlight.manifest, networks: models.map((m) => m.id) }
    try {
      const [bytes] = await wanted
      await this.networks.open(bytes, known.file, known.id, this.address.norms === 'keep')
      this.status = 'ready'
      await this.passes.refresh()
    } catch (error) {
      this.failure = { title: t.states.failed, text: told(error).message }
      this.status = 'failed'
    }
  }

  // ------------------------------------------------------------ address

  /** Does the link leave this control or region out? Does it lock this control? */
  hides = (name) => this.#hidden.has(name)
  locks = (name) => this.#locked.has(name)
  fixed = (name) => this.hides(name) || this.locks(name) || (name === 'lab' && !!this.address.embed) // a figure is one panel

  /** Is what this control changes kept by the link? Then it says so. @param {string} name */
  refuses(name) {
    if (!this.fixed(name)) return false
    this.toast(t.link.kept(t.link.controls[name]))
    return true
  }

  /** Changes the address, but for what the link keeps. `push` makes a step that Back undoes; `later` leaves the browser's bar to the next change: browsers
   *  count how often it is written. */
  go(changes, { push = false, later = false } = {}) {
    for (const [key, value] of Object.entries(changes)) if (!this.fixed(ownerOf(key))) this.address[key] = value
    if (later) return
    const hash = print($state.snapshot(this.address))
    try {
      const { own } = this.networks
      if (hash !== location.hash || own !== (history.state?.own ?? 0)) history[push ? 'pushState' : 'replaceState']({ own }, '', hash)
    } catch {
      // A frame without an address of its own.
    }
  }

  /** Back, forward, or a link typed over: the page follows the address. */
  async follow() {
    const next = settle(parse(location.hash))
    if (history.state?.own && history.state.own === this.networks.own) next.model = ''
    const before = $state.snapshot(this.address)
    Object.assign(this.address, next)
    this.tab = next.lab ? 'lab' : 'network'
    // The picture first: a network that is opened shows it at once.
    const { model } = this
    const pictured = next.picture !== before.picture && this.pictures.knows(next.picture)
    this.busy++
    try {
      if (pictured) await this.pictures.take(next.picture)
      if (next.model !== before.model && models.some((m) => m.id === next.model)) await this.networks.choose(next.model, false)
      else if (next.norms !== before.norms) await this.networks.fold(next.norms === 'keep', false)
    } catch (error) {
      this.toast(told(error).message, 'bad') // not on this device, and no network
    } finally {
      this.busy--
    }
    if (model === this.model) {
      if (pictured || next.edits !== before.edits || next.paint !== before.paint || next.crop !== before.crop || next.frame !== before.frame) this.passes.refresh()
      else if (next.pin !== before.pin) this.passes.refresh({ forward: false })
    }
    if (next.sort !== before.sort) this.passes.sort(next.sort)
  }

  /** The name of a column's value in the file: what layer parameters take. */
  valueName = (column) => this.info.values.find((v) => v.id === column.id).name

  /** The same as objectives write it. */
  layerText = (column) => layerText(this.valueName(column))

  setTheme(theme) {
    this.theme = theme
    store('theme', theme)
  }

  turn(dir = this.backward ? 'forward' : 'backward') {
    if (this.refuses('dir')) return
    // A panel in the network's place gives it back, so that one sees the light turn.
    const group = groupsOf(this.manifest).find((g) => g.id === this.address.lab)
    const full = group && (group.full || this.width < 960)
    if (full) this.tab = 'network'
    this.go(full ? { dir, lab: '' } : { dir }, { push: !!full })
  }

  /** Pins an objective; '' lets the strongest class follow the picture. */
  async setPin(text) {
    if (text === this.address.pin || this.refuses('pin')) return true
    const before = this.address.pin
    this.go({ pin: text })
    const error = await this.passes.refresh({ forward: false })
    if (!error) this.said = `${t.bar.pinned} ${this.pinned.name}`
    if (!error) return true
    this.go({ pin: before })
    this.passes.refresh({ forward: false })
    return error
  }

  openLab(lab, more = {}) {
    if (this.refuses('lab')) return
    more = { ...more }
    const push = lab !== this.address.lab
    const group = groupsOf(this.manifest).find((g) => g.id === lab)
    if (push && group?.back) more.dir = 'backward'
    this.go({ lab, ...(push ? { method: '', params: {}, unit: '', goal: '' } : {}), ...more }, { push })
    this.tab = lab ? 'lab' : 'network'
  }

  /** Opens a layer, or the block it is in, with all its channels; '' closes. */
  openLayer(name) {
    this.go({ open: name, page: '' }, { push: true })
  }

  /** Any file: a network or a picture. What is refused leaves everything as it was. */
  async useFile(file) {
    const name = file.name || 'picture'
    const network = /\.onnx$/i.test(name)
    if (this.refuses(network ? 'model' : 'picture')) return
    const bytes = new Uint8Array(await file.arrayBuffer())
    if (/\.history\.onnx$/i.test(name) && this.model) return this.networks.openHistory(async () => bytes)
    return network ? this.networks.use(bytes, name) : this.pictures.open(bytes, name, file)
  }

  // ------------------------------------------------------------ words

  toast(text, kind = '', action = null) {
    const item = { id: Math.random(), text, kind, action }
    this.toasts = [...this.toasts.filter((x, i, all) => x.text !== text && (x.action || i >= all.length - 2)), item]
    return item
  }
  dismiss(id) {
    this.toasts = this.toasts.filter((x) => x.id !== id)
  }
}

export const session = new Session()
