// The session: the address (what a link restores), what is open, and what was computed of it. Components read it and call
// its methods; they compute nothing of the network themselves.
import { SvelteMap } from 'svelte/reactivity'
import { Camera } from './lib/camera.svelte.js'
import { load, models, samples, sentence, told } from './lib/api.js'
import { Hands } from './hands.svelte.js'
import { blank, cut, readCrop } from './lib/crop.js'
import { fieldOf, reachOf } from './lib/field.js'
import { parse, print } from './lib/hash.js'
import { columnsOf } from './lib/layout.js'
import { describe, layerText } from './lib/objective.js'
import { contributions, orderOf } from './lib/stats.js'
import { store, stored } from './lib/store.js'
import { toPictureFile } from './lib/files.js'
import { LabJob } from './lib/job.svelte.js'
import { groupsOf } from './lib/lab.js'
import { t } from './texts/en.js'

const PADS = ['pad', 'pad-black'] // pictures that are empty pages

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

  hover = $state.raw(null) // { id, channel, row, column } of a tile, by pointer, focus or tap
  looked = $state.raw(null) // the last of these: what the objective menu offers
  edges = $state.raw(null) // { id, channel, shares } for the tile hovered
  kept = new SvelteMap() // lab group → results kept to be compared
  pixel = $state.raw(null) // { row, column } of the input under the pointer
  field = $derived.by(() => (this.hover?.row !== undefined && this.info ? fieldOf(this.info, this.hover.id, this.hover.row, this.hover.column) : null)) // what the unit hovered can see
  reach = $derived.by(() => (this.pixel && this.info ? reachOf(this.info, this.pixel.row, this.pixel.column) : null)) // what the pixel hovered can reach
  toasts = $state.raw([])
  dialog = $state.raw(null) // { kind, … }
  said = $state('')
  showMe = $state(0) // counts up when the way of the light is asked for
  findClass = $state(0) // counts up when the class search is asked for

  hands = new Hands(this)
  camera = new Camera((picture) => this.#live(picture))

  #jobs = new Map()
  #seen = null // { picture, crop, part } of the last crop
  #samples = new Map()
  #backlight = null
  #tables = new Map()
  #serial = 0
  #spoken = -Infinity // when a prediction was announced last
  #running = null
  #due = false // something changed since the last way forward

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
    const first = PADS.includes(this.address.picture) ? this.#takePad(this.address.picture) : this.#loadSample(picture)
    try {
      const [bytes] = await Promise.all([known.bytes(), first])
      await this.#open(bytes, known.file, known.id)
      this.status = 'ready'
      await this.refresh()
    } catch (error) {
      this.failure = { title: t.states.failed, text: told(error).message }
      this.status = 'failed'
    }
  }

  // ------------------------------------------------------------ address

  /** Changes the address. `push` makes a step that Back undoes; `later` leaves the browser's bar to the next change: browsers
   *  count how often it is written. */
  go(changes, { push = false, later = false } = {}) {
    Object.assign(this.address, changes)
    if (later) return
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
    const sample = samples.find((s) => s.id === next.picture)
    if (next.picture !== before.picture && (sample || PADS.includes(next.picture))) {
      await (sample ? this.#loadSample(sample) : this.#takePad(next.picture))
      this.refresh()
    } else if (next.edits !== before.edits || next.paint !== before.paint || next.crop !== before.crop) this.refresh()
    else if (next.pin !== before.pin) this.refresh({ forward: false })
    if (next.sort !== before.sort) this.sort(next.sort)
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

  /** Pins what was looked at last: its channel, or its layer, or the one unit under the pointer. */
  pinLooked(what = 'channel') {
    const at = this.looked
    const column = at && this.columns.find((c) => c.id === at.id)
    if (!column?.node) return
    const channel = `${this.layerText(column)}:${at.channel}`
    return this.setPin(what === 'layer' ? this.layerText(column) : what === 'unit' && at.row !== undefined ? `${channel}@${at.row},${at.column}` : channel)
  }

  /** Switches the channel looked at last off, or on again. */
  toggleLooked() {
    const at = this.looked
    const column = at && this.columns.find((c) => c.id === at.id)
    if (!column?.node) return
    const off = this.hands.toggle(this.layerText(column), at.channel)
    this.toast(off ? t.edit.off(at.channel + 1, column.name) : t.edit.on(at.channel + 1, column.name), '', { label: t.edit.undo, run: () => this.hands.undo() })
  }

  /** The numbers of the map looked at last, as a table. */
  tableOfLooked() {
    const at = this.looked
    const column = at && this.columns.find((c) => c.id === at.id)
    const value = column && (this.backward ? this.gradients : this.maps).get(at.id)
    if (!value) return
    const [, channels = 1, h = 1, w = 1] = value.shape
    this.dialog = { kind: 'table', map: { title: `${column.name}, ${t.readout.channel(at.channel + 1, channels)}`, data: value.data, at: at.channel * h * w, w, h } }
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
    this.hover = this.looked = this.edges = null
    this.result = null
    this.maps = new Map()
    this.gradients = new Map()
    this.trouble = null
    this.hands.forget()
    for (const job of this.#jobs.values()) job.forget()
    this.address.model = id
    if (!this.info.preprocessing) this.dialog = { kind: 'setup' }
  }

  async chooseModel(id, push = true) {
    const known = models.find((m) => m.id === id)
    try {
      await this.#open(await known.bytes(), known.file, id)
      if (push) this.go({ model: id, pin: '', open: '', page: '', edits: '', paint: '', method: '', params: {}, unit: '', goal: '' }, { push })
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

  /** A picture file of one's own, decoded. */
  decode(buffer, name) {
    return this.#backlight.decode(new Uint8Array(buffer), name)
  }

  async #loadSample(sample) {
    this.camera.stop()
    this.picture = { ...(await this.sample(sample)), id: sample.id, title: sample.title, sample }
  }

  #takePad(id) {
    this.camera.stop()
    this.picture = { ...blank(id === 'pad-black'), id, title: t.picture.pads[id] }
  }

  /** A bundled picture, or an empty page to draw on ('pad', 'pad-black'). */
  async choosePicture(id) {
    if (id === this.picture?.id) return
    const sample = samples.find((s) => s.id === id)
    try {
      if (sample) await this.#loadSample(sample)
      else this.#takePad(id)
      this.go({ picture: id, crop: '', paint: '' }, { push: true })
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
        this.go({ model: '', pin: '', open: '', page: '', edits: '', paint: '', method: '', params: {}, unit: '', goal: '' }, { push: true })
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
    this.camera.stop()
    this.picture = { id: '', ...picture }
    this.go({ picture: '', crop: '', paint: '' }, { push: true })
    await this.refresh()
    if (this.trouble && !this.result) this.picture = before
  }

  /** Another square of the picture for the network; '' the middle. */
  setCrop(crop) {
    this.go({ crop, paint: '' })
    return this.refresh()
  }

  startCamera() {
    return this.camera.start(Math.max(this.info.input.height ?? 0, this.info.input.width ?? 0))
  }
  async #live(picture) {
    if (this.picture?.id !== 'camera') this.go({ picture: '', crop: '', paint: '' }, { push: true })
    this.picture = { ...picture, id: 'camera', title: t.camera.title }
    await this.refresh()
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

  /** The part of the picture that the network gets; the same object until picture or crop change. */
  get seen() {
    const { picture, address: { crop } } = this
    if (!crop || !picture) return picture
    if (this.#seen?.picture !== picture || this.#seen.crop !== crop) this.#seen = { picture, crop, part: cut(picture, readCrop(crop, picture.width, picture.height)) }
    return this.#seen.part
  }

  /** What methods work on: the cropped picture, with what was painted on it. */
  get fed() {
    return this.hands.fed
  }

  // ------------------------------------------------------------ passes

  /** Computes forward and backward anew. One at a time; of those that wait only the last is done. Resolves with an error or null. */
  refresh({ forward = true } = {}) {
    const serial = ++this.#serial
    this.#due ||= forward
    const before = this.#running ?? Promise.resolve()
    const run = before.then(() => this.#pass(serial))
    this.#running = run
    return run
  }

  async #pass(serial) {
    if (!this.model || !this.picture || serial !== this.#serial) return null
    const forward = this.#due // also when the request for it was overtaken by one for the way back
    this.#due = false
    this.busy++
    const { model, columns, seen: picture } = this
    try {
      const ids = columns.map((c) => c.id)
      const result = forward || !this.result ? await this.hands.forward(model, picture, ids) : this.result
      const pin = this.address.pin || `class:${result.predictions[0].index}`
      const forwards = model.values(ids) // asked for at once: it needs not wait for the way back
      // The first maps of a network are shown as soon as they are there; later ones change together with everything else.
      const first = this.result === null
      const show = (values) => {
        this.result = result
        this.maps = new Map(values.map((v) => [v.id, v]))
        this.hands.compare(this.maps, columns)
      }
      if (this.hands.drawing && !this.backward) {
        // Under the brush the way forward follows by itself; the way back when it is lifted.
        const values = await forwards
        if (model === this.model) show(values)
        return null
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
      if (changed && performance.now() - this.#spoken > 1000) {
        this.#spoken = performance.now()
        this.said = t.prediction.spoken(strongest.label, (strongest.probability ?? strongest.score).toFixed(2))
      }
      return refused ? told(refused).message : null
    } catch (error) {
      const e = told(error)
      this.trouble = { message: `${e.message} ${e.hint}`.trim() }
      return e.message
    } finally {
      this.busy--
    }
  }

  /** How a column is sorted: as the address says, else wide layers by what they contribute. */
  sortOf = (column) => this.address.sort || (column.channels > 16 ? 'contribution' : 'index')

  // The order inside a column stays while the picture changes: made once, and when the visitor sorts.
  #sortAll() {
    for (const c of this.columns) if (!this.orders.has(c.id)) this.orders.set(c.id, orderOf(this.sortOf(c), c.channels, this.maps.get(c.id), this.gradients.get(c.id)))
  }

  /** Sorts every column anew, by the picture and the objective of now. */
  sort(by) {
    this.go({ sort: by, page: '' })
    this.orders.clear()
    this.#sortAll()
  }

  /** Opens a layer, or the block it is in, with all its channels; '' closes. */
  openLayer(name) {
    this.go({ open: name, page: '' }, { push: true })
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
    this.looked = place
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
