// The session: the address (what a link restores), what is open, and what was computed of it. Components read it and call
// its methods; they compute nothing of the network themselves.
import { SvelteMap } from 'svelte/reactivity'
import { load, models, samples, sentence, told } from './lib/api.js'
import { parse, print } from './lib/hash.js'
import { columnsOf } from './lib/layout.js'
import { describe, layerText } from './lib/objective.js'
import { contributions, orderOf } from './lib/stats.js'
import { store, stored } from './lib/store.js'
import { toPictureFile } from './lib/files.js'
import { LabJob } from './lib/job.svelte.js'
import { groupsOf } from './lib/lab.js'
import { t } from './texts/en.js'

class Session {
  address = $state(parse(location.hash))
  theme = $state(['light', 'dark'].includes(stored('theme')) ? stored('theme') : 'auto')
  systemDark = $state(matchMedia('(prefers-color-scheme: dark)').matches)
  dark = $derived(this.theme === 'auto' ? this.systemDark : this.theme === 'dark')
  width = $state(innerWidth)
  height = $state(innerHeight)
  phone = $derived(this.width < 780)
  tab = $state(this.address.lab ? 'lab' : 'network') // of the phone

  status = $state('loading') // loading, ready, failed
  failure = $state.raw(null)
  trouble = $state.raw(null) // a pass that went wrong: { message }
  busy = $state(0)
  passes = $state(0) // pictures and pins shown so far

  manifest = $state.raw({ methods: [] })
  model = $state.raw(null)
  info = $state.raw(null)
  modelName = $state('')
  columns = $state.raw([])
  picture = $state.raw(null) // { id, title, width, height, pixels, notes }
  result = $state.raw(null) // of the last forward pass
  maps = $state.raw(new Map()) // value id → { shape, data }
  gradients = $state.raw(new Map())
  objective = $state.raw(null) // { text, value, ms } of the last backward pass
  orders = new SvelteMap() // column id → channels in the order shown
  sorts = new SvelteMap() // column id → 'index', 'contribution', 'mean'
  open = new SvelteMap() // column id → all channels shown

  hover = $state.raw(null) // { id, channel, row, column } of a tile, by pointer, focus or tap
  edges = $state.raw(null) // { id, channel, shares } for the tile hovered
  toasts = $state.raw([])
  dialog = $state.raw(null) // { kind, … }
  said = $state('')
  showMe = $state(0) // counts up when the way of the light is asked for
  findClass = $state(0) // counts up when the class search is asked for

  #jobs = new Map()
  #samples = new Map()
  #backlight = null
  #tables = new Map()
  #serial = 0
  #running = null

  get backward() {
    return this.address.dir === 'backward'
  }
  get classes() {
    return this.result?.scores.length ?? this.info?.labels?.length ?? 0
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

  get backlight() {
    return this.#backlight
  }

  async start() {
    try {
      this.#backlight = await load()
    } catch (error) {
      const e = told(error)
      this.failure = e.code === 'no-simd' ? { title: t.states.noSimd, text: t.states.noSimdText } : { title: t.states.failed, text: `${e.message} ${e.hint}`.trim() }
      this.status = 'failed'
      return
    }
    this.manifest = this.#backlight.manifest
    const known = models.find((m) => m.id === this.address.model) ?? models[0]
    const picture = samples.find((s) => s.id === this.address.picture) ?? samples.find((s) => s.id === 'red-panda') ?? samples[0]
    try {
      const [bytes] = await Promise.all([known.bytes(), this.#loadSample(picture)])
      await this.#open(bytes, known.file, known.id)
      this.status = 'ready'
      await this.refresh()
    } catch (error) {
      this.failure = { title: t.states.failed, text: told(error).message }
      this.status = 'failed'
    }
  }

  // ------------------------------------------------------------ address

  /** Changes the address. `push` makes a step that Back undoes. */
  go(changes, { push = false } = {}) {
    Object.assign(this.address, changes)
    const hash = print($state.snapshot(this.address))
    try {
      if (hash !== location.hash) history[push ? 'pushState' : 'replaceState'](null, '', hash)
    } catch {
      // A frame without an address of its own.
    }
  }

  /** Back, forward, or a link typed over: the page follows the address. */
  async follow() {
    const next = parse(location.hash)
    const before = $state.snapshot(this.address)
    Object.assign(this.address, next)
    this.tab = next.lab ? 'lab' : 'network'
    if (next.model !== before.model && models.some((m) => m.id === next.model)) await this.chooseModel(next.model, false)
    if (next.picture !== before.picture && samples.some((s) => s.id === next.picture)) {
      await this.#loadSample(samples.find((s) => s.id === next.picture))
      this.refresh()
    } else if (next.pin !== before.pin) this.refresh({ forward: false })
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
    // A panel in the network's place gives it back, so that one sees the light turn.
    const group = groupsOf(this.manifest).find((g) => g.id === this.address.lab)
    const full = group && (group.full || this.width < 960)
    if (full) this.tab = 'network'
    this.go(full ? { dir, lab: '' } : { dir }, { push: !!full })
  }

  /** Pins an objective; '' lets the strongest class follow the picture. */
  async setPin(text) {
    if (text === this.address.pin) return true
    const before = this.address.pin
    this.go({ pin: text })
    const error = await this.refresh({ forward: false })
    if (!error) return true
    this.go({ pin: before })
    this.refresh({ forward: false })
    return error
  }

  openLab(lab, more = {}) {
    more = { ...more }
    const push = lab !== this.address.lab
    const group = groupsOf(this.manifest).find((g) => g.id === lab)
    if (push && group?.back) more.dir = 'backward'
    this.go({ lab, ...(push ? { method: '', params: {}, unit: '', goal: '' } : {}), ...more }, { push })
    this.tab = lab ? 'lab' : 'network'
  }

  // ------------------------------------------------------------ models and pictures

  async #open(bytes, file, id) {
    const model = await this.#backlight.open(bytes, { name: file })
    this.model?.close()
    this.model = model
    this.#modelChanged(id, model.info.title || file.replace(/\.onnx$/i, ''))
  }

  #modelChanged(id, name) {
    this.info = this.model.info
    this.modelName = name
    this.columns = columnsOf(this.info)
    this.orders.clear()
    this.sorts.clear()
    this.open.clear()
    this.hover = this.edges = null
    this.result = null
    this.maps = new Map()
    this.gradients = new Map()
    this.trouble = null
    for (const job of this.#jobs.values()) job.forget()
    this.address.model = id
    if (!this.info.preprocessing) this.dialog = { kind: 'setup' }
  }

  async chooseModel(id, push = true) {
    const known = models.find((m) => m.id === id)
    try {
      await this.#open(await known.bytes(), known.file, id)
      if (push) this.go({ model: id, pin: '', method: '', params: {}, unit: '', goal: '' }, { push })
      await this.refresh()
    } catch (error) {
      this.refuseModel(error)
    }
  }

  refuseModel(error) {
    this.dialog = { kind: 'refused', ...told(error), stays: this.modelName }
  }

  async setUp(preprocessing, labels) {
    try {
      if (preprocessing) await this.model.setPreprocessing(preprocessing)
      if (labels?.length) await this.model.setLabels(labels)
      this.info = this.model.info
      await this.refresh()
      return ''
    } catch (error) {
      return told(error).message
    }
  }

  /** A bundled picture, decoded; kept, so that pointing at one already fetches it. */
  sample(sample) {
    if (!this.#samples.has(sample.id)) {
      const decoded = sample.bytes().then((bytes) => this.#backlight.decode(bytes, sample.file))
      decoded.catch(() => this.#samples.delete(sample.id))
      this.#samples.set(sample.id, decoded)
    }
    return this.#samples.get(sample.id)
  }

  async #loadSample(sample) {
    this.picture = { ...(await this.sample(sample)), id: sample.id, title: sample.title, sample }
  }

  async choosePicture(id) {
    if (id === this.picture?.id) return
    const sample = samples.find((s) => s.id === id)
    try {
      await this.#loadSample(sample)
      this.go({ picture: id }, { push: true })
      await this.refresh()
    } catch (error) {
      this.toast(told(error).message)
    }
  }

  /** Any file: a network or a picture. What is refused leaves everything as it was. */
  async useFile(file) {
    const name = file.name || 'picture'
    const bytes = new Uint8Array(await file.arrayBuffer())
    if (/\.onnx$/i.test(name)) {
      try {
        await this.#open(bytes, name, '')
        this.go({ model: '', pin: '', method: '', params: {}, unit: '', goal: '' }, { push: true })
        this.toast(t.model.opened(this.modelName))
        await this.refresh()
      } catch (error) {
        this.refuseModel(error)
      }
      return
    }
    try {
      const picture = await this.#decode(bytes, name, file)
      await this.usePicture({ ...picture, title: name })
      if (picture.notes?.length) this.toast([].concat(picture.notes).join('. '))
    } catch (error) {
      const stays = this.picture ? ' ' + t.toast.stays(this.picture.title) : ''
      this.toast(sentence(told(error).message) + stays, 'bad')
    }
  }

  async usePicture(picture) {
    const before = this.picture
    this.picture = { id: '', ...picture }
    this.go({ picture: '' }, { push: true })
    await this.refresh()
    if (this.trouble && !this.result) this.picture = before
  }

  // The core reads PNG, JPEG, BMP and GIF; what it does not know the browser may.
  async #decode(bytes, name, file) {
    try {
      return await this.#backlight.decode(bytes, name)
    } catch (error) {
      const other = /^image\/(webp|avif|svg\+xml|heic|tiff)/.test(file.type) || /\.(webp|avif|svg|heic|tiff?)$/i.test(name)
      if (!other) throw error
      return await toPictureFile(file).catch(() => Promise.reject(error))
    }
  }

  // ------------------------------------------------------------ passes

  /** Computes forward and backward anew. One at a time; of those that wait only the last is done. Resolves with an error or null. */
  refresh({ forward = true } = {}) {
    const serial = ++this.#serial
    const before = this.#running ?? Promise.resolve()
    const run = before.then(() => (serial === this.#serial || forward ? this.#pass(serial, forward) : null))
    this.#running = run
    return run
  }

  async #pass(serial, forward) {
    if (!this.model || !this.picture || serial !== this.#serial) return null
    this.busy++
    const { model, picture, columns } = this
    try {
      const result = forward || !this.result ? await model.forward(picture) : this.result
      const pin = this.address.pin || `class:${result.predictions[0].index}`
      const ids = columns.map((c) => c.id)
      const forwards = model.values(ids) // asked for at once: it needs not wait for the way back
      // The first maps of a network are shown as soon as they are there; later ones change together with everything else.
      const first = this.result === null
      const show = (values) => {
        this.result = result
        this.maps = new Map(values.map((v) => [v.id, v]))
      }
      forwards.then((values) => first && !this.backward && model === this.model && show(values), () => {})
      let refused = null
      const objective = await model.backward(pin).catch(async (error) => {
        refused = error
        this.address.pin = ''
        return model.backward(`class:${result.predictions[0].index}`)
      })
      const [values, gradients] = await Promise.all([forwards, model.values(ids, { gradient: true })])
      if (model !== this.model) return null
      const strongest = result.predictions[0]
      const changed = first || this.result?.predictions[0].index !== strongest.index
      show(values)
      this.gradients = new Map(gradients.map((v) => [v.id, v]))
      this.objective = objective
      this.edges = null
      this.passes++
      this.trouble = null
      this.#sortAll()
      if (changed) this.said = t.prediction.spoken(strongest.label, (strongest.probability ?? strongest.score).toFixed(2))
      return refused ? told(refused).message : null
    } catch (error) {
      const e = told(error)
      this.trouble = { message: `${e.message} ${e.hint}`.trim() }
      return e.message
    } finally {
      this.busy--
    }
  }

  // The order inside a column stays while the picture changes: made once, and when the visitor sorts.
  #sortAll() {
    for (const c of this.columns) if (!this.orders.has(c.id)) this.sort(c, c.channels > 16 ? 'contribution' : 'index')
  }

  sort(column, by) {
    this.orders.set(column.id, orderOf(by, column.channels, this.maps.get(column.id), this.gradients.get(column.id)))
    this.sorts.set(column.id, by)
  }

  /** Where one channel's mean comes from: what each input channel adds to it, Σ activation × gradient. */
  async #edgesOf(column, channel) {
    const node = column.node
    if (!node?.mixesChannels || column.sources.length !== 1) return null
    const source = this.maps.get(column.sources[0])
    const pass = await this.model.backward(`${this.layerText(column)}:${channel}`)
    const gradient = await pass.gradient(column.sources[0])
    return { id: column.id, channel, source: column.sources[0], shares: contributions(source, gradient) }
  }

  /** Shows a tile in the read-out; null leaves. Edges follow when the pass is quick. */
  async show(place) {
    const before = this.hover
    this.hover = place
    if (!place) {
      this.edges = null
      return
    }
    if (before?.id === place.id && before?.channel === place.channel) return
    this.edges = null
    if (this.backward || !this.result || this.objective?.ms > 120 || this.busy) return
    const column = this.columns.find((c) => c.id === place.id)
    const serial = this.#serial
    const edges = await this.#edgesOf(column, place.channel).catch(() => null)
    if (serial === this.#serial && this.hover?.id === place.id && this.hover?.channel === place.channel) this.edges = edges
  }

  // ------------------------------------------------------------ words

  toast(text, kind = '', action = null) {
    const item = { id: Math.random(), text, kind, action }
    this.toasts = [...this.toasts.slice(-2), item]
    return item
  }
  dismiss(id) {
    this.toasts = this.toasts.filter((x) => x.id !== id)
  }
}


export const session = new Session()
