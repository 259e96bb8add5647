// The worker: one core, one request at a time (protocol.js). The same file is a module worker of a page, a classic worker
// when bundled, and a worker thread of Node; so it uses neither import.meta nor a top-level await.
import { BacklightCore } from './core.js'
import { Crew, help } from './crew.js'
import { BacklightError, errorData } from './error.js'
import { buffersOf, INTERVAL_MS, PROTOCOL } from './protocol.js'

/**
 * @typedef {{ id: number, cancelled: boolean, wanted: boolean, crew?: Crew, wake?: () => void }} Current  wanted: a preview was asked for
 * @typedef {object} Opened
 * @property {import('./core.js').Model} model
 * @property {import('./core.js').View | null} view
 * @property {string} size  of the view
 * @property {string} changes  interventions in force
 * @property {string} settings  in force
 * @property {number | null} frame  of the history; null: its own weights
 * @property {import('./types.js').History | null} history
 * @property {number} forward  ticket of the last pass; 0: none
 * @property {number} backward
 */

/** @type {any} */
const port = globalThis.process?.getBuiltinModule?.('node:worker_threads')?.parentPort ?? globalThis

/** @type {BacklightCore | undefined} */
let loaded
/** @type {Map<string, Opened>} */
const models = new Map()
/** Searches for examples that go on. @type {Map<string, import('./core.js').Examples>} */
const searches = new Map()
/** @type {Current | null} */
let current = null

/** @param {Record<string, unknown>} message @param {unknown} [given] what is transferred */
function post(message, given) {
  port.postMessage({ v: PROTOCOL, ...message }, buffersOf(given))
}

// Lets the messages that wait come in. A timer would wait 4 ms; in Node, a ping would keep all other ports waiting.
const immediately = /** @type {any} */ (globalThis).setImmediate
const ping = immediately ? null : new MessageChannel()
const lookUp = () => new Promise((resume) => {
  if (!ping) return immediately(resume)
  ping.port1.onmessage = resume
  ping.port2.postMessage(null)
})

function core() {
  if (!loaded) throw new BacklightError('usage', 'this worker has not been given its module yet')
  return loaded
}

/** @param {string} key */
function opened(key) {
  const found = models.get(key)
  if (!found) throw new BacklightError('usage', 'this network is closed', 'Open it again.')
  return found
}

/** @param {Opened} entry @param {import('./pool.js').Settings} settings @param {Uint8Array | null} history */
function configure(entry, settings, history) {
  const { model } = entry
  const { preprocessing, labels, frame } = settings
  if (history) entry.history ??= model.setHistory(history)
  const words = JSON.stringify(settings)
  if (words !== entry.settings) entry.forward = entry.backward = 0 // the passes made were with others
  entry.settings = words
  if (preprocessing) model.setPreprocessing(preprocessing)
  if (labels) model.setLabels(labels)
  if (frame !== entry.frame) {
    model.setFrame(frame)
    entry.frame = frame
    entry.view?.close()
    entry.view = null
  }
  return { info: model.info, history: entry.history }
}

/** The network's view at a size, made anew for another one, with the changes that are in force. @param {Opened} entry @param {{ height?: number, width?: number }} [size] */
function viewOf(entry, size = {}) {
  const wanted = `${size.height ?? 0}×${size.width ?? 0}`
  if (entry.view && entry.size === wanted) return entry.view
  entry.view?.close()
  entry.view = null
  const view = entry.model.view(size)
  entry.view = view
  entry.size = wanted
  if (entry.changes) view.intervene(entry.changes)
  return view
}

/** @param {Opened} entry @param {number | undefined} of @param {'forward' | 'backward'} pass */
function checkTicket(entry, of, pass) {
  if (of !== undefined && of !== entry[pass]) throw new BacklightError('stale', `these numbers are gone: another ${pass} pass followed`, 'Ask again with the newer result.')
}

/** How long the passes of a profile may take together, and their number. */
const PROFILE_MS = 400
const PROFILE_PASSES = [4, 200]

/** @type {Record<string, (args: any, state: Current) => any>} */
const requests = {
  async hello({ module, bytes }) {
    loaded = await BacklightCore.load({ module, bytes })
    /** @type {Record<string, Record<string, Uint8Array>>} */
    const colours = {}
    for (const family of loaded.families) colours[family] = { light: loaded.colours(family, 'light'), dark: loaded.colours(family, 'dark') }
    return { manifest: loaded.manifest, kernels: loaded.kernels, colours }
  },

  open({ model: key, bytes, options, settings, history }) {
    const model = typeof bytes === 'string' ? core().openText(bytes, options.seed) : core().open(bytes, options)
    const entry = { model, view: null, size: '', changes: '', settings: '', frame: null, history: null, forward: 0, backward: 0 }
    try {
      const told = configure(entry, settings, history)
      models.set(key, entry)
      return told
    } catch (error) {
      entry.model.close()
      throw error
    }
  },

  configure({ model, settings, history }) {
    return configure(opened(model), settings, history)
  },

  close({ model }) {
    const entry = opened(model)
    models.delete(model)
    entry.view?.close()
    entry.model.close()
  },

  memory: () => ({ bytes: core().memory, open: core().openHandles }),
  decode: ({ bytes, name }) => core().decode(bytes, name),
  png: ({ picture }) => core().png(picture),
  tensors: ({ bytes }) => core().tensors(bytes),
  caption: ({ picture, code, x, y }) => core().caption(picture, code, x, y),
  rankCorrelation: ({ a, b, sizes }) => core().rankCorrelation(a, b, { sizes }),

  forward({ model, ticket, picture, size }) {
    const entry = opened(model)
    entry.forward = entry.backward = 0
    const result = viewOf(entry, size).forward(picture)
    entry.forward = ticket
    return result
  },

  backward({ model, ticket, objective, rule }) {
    const entry = opened(model)
    if (!entry.view || !entry.forward) throw new BacklightError('usage', 'no picture was shown to this network yet', 'Call forward() first.')
    const result = entry.view.backward(objective, { rule })
    entry.backward = ticket
    return result
  },

  values({ model, ids, gradient, of }) {
    const entry = opened(model)
    checkTicket(entry, of, gradient ? 'backward' : 'forward')
    const view = entry.view ?? viewOf(entry)
    return ids.map((/** @type {number} */ id) => ({ id, ...(gradient ? view.gradient(id) : view.value(id)) }))
  },

  explain({ model, id, at, gradient, whole, of }) {
    const entry = opened(model)
    checkTicket(entry, of, gradient ? 'backward' : 'forward')
    const view = entry.view ?? viewOf(entry)
    return whole ? view.explainChannel(id, at, { gradient }) : view.explain(id, at, { gradient })
  },
  fields({ model }) {
    const entry = opened(model)
    return (entry.view ?? viewOf(entry)).fields()
  },
  shares({ model, temperature, of, k }) {
    const entry = opened(model)
    return (entry.view ?? viewOf(entry)).shares(temperature, { of, k })
  },

  intervene({ model, ticket, changes }) {
    const entry = opened(model)
    const view = entry.view ?? viewOf(entry)
    const shown = entry.forward !== 0
    view.intervene(changes)
    entry.changes = changes
    entry.forward = entry.backward = 0
    if (!shown) return null
    const result = view.again()
    entry.forward = ticket
    return result
  },

  async examples({ model, search, id, each, pictures, first, channels, end }, state) {
    const entry = opened(model)
    const examples = searches.get(search) ?? entry.model.examples(id, each)
    searches.set(search, examples)
    let over = end
    try {
      for (const [i, picture] of pictures.entries()) {
        await lookUp()
        if (state.cancelled) throw new BacklightError('stopped', 'the search was stopped')
        examples.add(picture, first + i)
      }
      return channels.map((/** @type {number} */ channel) => examples.of(channel))
    } catch (error) {
      over = true
      throw error
    } finally {
      if (over) {
        searches.delete(search)
        examples.close()
      }
    }
  },

  profile({ model, picture, size, objective }) {
    const view = opened(model).model.view({ ...size, keep: 'gradient' })
    try {
      const pass = () => view.forward(picture).ms + view.backward(objective).ms
      pass() // the first one warms
      const passes = Math.max(PROFILE_PASSES[0], Math.min(PROFILE_PASSES[1], Math.round(PROFILE_MS / pass())))
      return { passes, rows: view.profile({ objective, passes }) }
    } finally {
      view.close()
    }
  },

  async run({ model, method, picture, objective, edits, params, preview }, state) {
    const job = opened(model).model.job(method, { picture, objective, edits, params })
    const crew = (state.crew = new Crew(job, (share) => post({ id: state.id, share })))
    state.wake = () => crew.wake()
    state.wanted = preview
    let told = -Infinity
    let shown = -Infinity
    try {
      for (;;) {
        await lookUp()
        if (state.cancelled) throw Object.assign(new BacklightError('stopped', 'the job was stopped'), { preview: preview ? job.results() : undefined })
        const taken = crew.step()
        if (!taken) {
          await crew.wait()
          continue
        }
        const { done, progress } = taken
        const now = performance.now()
        if (done || now - told >= INTERVAL_MS) {
          told = now
          post({ id: state.id, progress })
        }
        if (done) return { results: job.results(), legend: job.legend }
        if (!state.wanted || now - shown < INTERVAL_MS) continue
        const results = job.results()
        if (results.length === 0) continue
        shown = now
        state.wanted = false
        post({ id: state.id, preview: results }, results)
      }
    } finally {
      crew.end()
      job.end()
    }
  },

  async help({ model, method, picture, objective, edits, params, phase, steps, port }, state) {
    const job = opened(model).model.job(method, { picture, objective, edits, params })
    try {
      await help(job, phase, steps, port, state, lookUp)
    } finally {
      job.end()
    }
  },
}

/** @param {any} message */
async function receive({ v, id, type, args, cancel, next, helpers, lost }) {
  if (!type) {
    if (current?.id !== id || !current) return helpers?.forEach((/** @type {any} */ { port: its }) => its.close()) // an answer was on its way
    if (cancel) current.cancelled = true
    if (next) current.wanted = true
    if (helpers) current.crew?.join(helpers)
    if (lost) current.crew?.lose(lost)
    current.wake?.()
    return
  }
  const state = { id, cancelled: false, wanted: false }
  current = state
  try {
    if (v !== PROTOCOL) throw new BacklightError('version', 'The page and its worker are not of the same version.', 'Reload the page.')
    const result = await requests[type](args, state)
    post({ id, ok: true, result }, type === 'open' || type === 'configure' ? undefined : result)
  } catch (error) {
    const preview = /** @type {any} */ (error)?.preview
    post({ id, ok: false, error: errorData(error), preview }, preview)
  }
  if (current === state) current = null
}

port.onmessage = (/** @type {{ data: any }} */ event) => void receive(event.data)
