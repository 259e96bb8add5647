// Workers and their queues. A lane is one worker and the requests that wait for it; it starts its worker when it is first
// needed, and again after a crash, opening models anew from the bytes that the client keeps.
import { BacklightError, errorFrom } from './error.js'
import { PROTOCOL } from './protocol.js'

/** A worker that does not look up for so long after a cancel is ended. */
const HARD_STOP_MS = 1500

/** @typedef {{ preprocessing: any, labels: string[] | null, frame: number | null }} Settings  frame: of the history, null: its own weights */
/**
 * @typedef {object} OpenModel  What a lane needs of a model to open it by itself.
 * @property {string} key
 * @property {Uint8Array | string} bytes  a file, or a network text
 * @property {{ keepBatchnorm: boolean, seed: number }} options
 * @property {Settings} settings
 * @property {{ bytes: Uint8Array, version: number } | null} history  of its training, and the version that brought it
 * @property {import('./types.js').History | null} frames  what the history says
 * @property {number} version  of the settings
 * @property {import('./types.js').ModelInfo | null} info
 * @property {boolean} closed
 */
/**
 * @typedef {object} Request
 * @property {string} type
 * @property {any} args
 * @property {OpenModel} [model]
 * @property {string} [key]  a newer request with the same key takes the place of one that waits
 * @property {AbortSignal} [signal]
 * @property {(progress: any) => void} [onprogress]
 * @property {(preview: any) => void} [onpreview]
 * @property {(offer: Offer) => void} [onshare]
 */
/** @typedef {{ phase: number, steps: number, bytes: number, aside: number[] }} Offer  what others may do of a job (protocol.js) */
/** @typedef {Request & { id: number, resolve: (result: any) => void, reject: (reason: unknown) => void, onabort?: () => void, timer?: any }} Entry */
/** @typedef {{ id: number, resolve: (result: any) => void, reject: (reason: unknown) => void, entry: Entry | null }} Sent */

export class Lane {
  #make
  #hello
  /** @type {any} */
  #worker = null
  /** @type {Entry[]} */
  #waiting = []
  /** @type {Entry | null} */
  #entry = null
  /** @type {Sent | null} */
  #sent = null
  /** What the worker said when it started. @type {any} */
  #greeting = null
  #ids = 0
  #closed = false
  /** Versions of the models that the worker has open. @type {Map<string, number>} */
  #open = new Map()

  /**
   * @param {() => any} make starts a worker: a page's Worker or Node's
   * @param {Promise<{ module: WebAssembly.Module }>} hello  a worker is started before it is there
   */
  constructor(make, hello) {
    this.#make = make
    this.#hello = hello
  }

  /** Requests at work and waiting; help that is given counts little, since it ends when the lane is wanted. */
  get load() {
    return this.#waiting.length + (!this.#entry ? 0 : this.#entry.type === 'help' ? 0.5 : 1)
  }

  get started() {
    return this.#worker !== null
  }

  /** @param {string} key Is the model open in the worker? */
  has(key) {
    return this.#open.has(key)
  }

  /**
   * @param {Request} request
   * @returns {Promise<any>}
   */
  request(request) {
    return new Promise((resolve, reject) => {
      const { signal, key } = request
      if (this.#closed) return reject(closedError())
      if (signal?.aborted) return reject(signal.reason)
      /** @type {Entry} */
      const entry = { ...request, id: 0, resolve, reject }
      if (key)
        for (const older of this.#waiting.filter((waiting) => waiting.key === key))
          this.#drop(older, new BacklightError('stale', 'a newer request took the place of this one before it was begun'))
      if (signal) {
        entry.onabort = () => this.#abort(entry)
        signal.addEventListener('abort', entry.onabort, { once: true })
      }
      this.#waiting.push(entry)
      if (this.#sent?.entry?.type === 'help') this.#tell({ id: this.#sent.id, cancel: true }) // its own work comes first
      void this.#work()
    })
  }

  /** Asks for one preview of the request with this signal. @param {AbortSignal} signal */
  next(signal) {
    this.add(signal, { next: true })
  }

  /** Says something to the request with this signal, if it is still at work. @param {AbortSignal} signal @param {Record<string, unknown>} message @param {any[]} [transfer] */
  add(signal, message, transfer = []) {
    if (this.#sent?.entry?.signal === signal) this.#tell({ id: this.#sent.id, ...message }, transfer)
  }

  /** Starts the worker, if it is not: manifest and colours. */
  greet() {
    return this.request({ type: 'greet', args: null })
  }

  /** Opens the model if it is not, and tells of new settings: its description. @param {OpenModel} model */
  prepare(model) {
    return this.request({ type: 'prepare', args: null, model })
  }

  /** Ends the worker, so that its memory is given back; the next request starts another. */
  renew() {
    return this.request({ type: 'renew', args: null })
  }

  /** Ends everything; what is pending is rejected. */
  close() {
    this.#closed = true
    for (const entry of [...this.#waiting]) this.#drop(entry, closedError())
    this.#end(closedError())
  }

  /** Works off the queue, one at a time. */
  async #work() {
    if (this.#entry) return
    for (let entry; (entry = this.#waiting.shift()); ) {
      this.#entry = entry
      try {
        entry.resolve(await this.#perform(entry))
      } catch (error) {
        entry.reject(entry.signal?.aborted ? entry.signal.reason : error)
      }
      this.#forget(entry)
      this.#entry = null
    }
  }

  /** @param {Entry} entry */
  async #perform(entry) {
    const { type, args, model, signal } = entry
    if (type === 'renew') return this.#terminate()
    if (type === 'close' && !this.#open.has(args.model)) return
    if (!this.#worker) this.#greeting = await this.#start()
    if (type === 'greet') return this.#greeting
    if (model) await this.#prepare(model)
    if (type === 'prepare') return model?.info
    if (signal?.aborted) throw signal.reason
    const result = await this.#send(type, args, entry)
    if (type === 'close') this.#open.delete(args.model)
    return result
  }

  async #start() {
    const worker = (this.#worker = this.#make())
    /** @type {unknown} */
    let gone = null
    const lost = (/** @type {any} */ cause) => this.#worker === worker && this.#end((gone = lostError(cause)))
    if (typeof worker.on === 'function') {
      worker.on('message', (/** @type {any} */ message) => this.#receive(worker, message))
      worker.on('messageerror', lost)
      worker.on('error', lost)
      worker.on('exit', lost)
    } else {
      worker.onmessage = (/** @type {MessageEvent} */ event) => this.#receive(worker, event.data)
      worker.onmessageerror = lost
      worker.onerror = lost
    }
    try {
      const hello = await this.#hello
      if (gone) throw gone
      return await this.#send('hello', hello, null)
    } catch (error) {
      this.#terminate()
      throw error
    }
  }

  /** Opens the model in the worker, or tells it of new settings. @param {OpenModel} model */
  async #prepare(model) {
    const { key, bytes, options, settings, version } = model
    if (model.closed) throw new BacklightError('usage', 'this network is closed', 'Open it again.')
    const before = this.#open.get(key)
    if (before === version) return
    const history = model.history && !(before !== undefined && before >= model.history.version) ? model.history.bytes : null
    const request = before !== undefined ? { model: key, settings, history } : { model: key, bytes, options, settings, history }
    const told = await this.#send(before !== undefined ? 'configure' : 'open', request, null)
    model.info = told.info
    model.frames = told.history
    this.#open.set(key, version)
  }

  /**
   * @param {string} type
   * @param {any} args
   * @param {Entry | null} entry
   */
  #send(type, args, entry) {
    return new Promise((resolve, reject) => {
      // It may have gone while the request was prepared.
      if (!this.#worker) return reject(this.#closed ? closedError() : lostError(null))
      const id = ++this.#ids
      this.#sent = { id, resolve, reject, entry }
      try {
        this.#tell({ id, type, args }, type === 'help' ? [args.port] : [])
      } catch (error) {
        this.#sent = null
        reject(error)
      }
    })
  }

  /** @param {Record<string, unknown>} message @param {any[]} [transfer] */
  #tell(message, transfer = []) {
    this.#worker?.postMessage({ v: PROTOCOL, ...message }, transfer)
  }

  /** @param {any} worker @param {any} message */
  #receive(worker, { v, id, ok, result, error, progress, preview, share }) {
    const sent = this.#sent
    if (worker !== this.#worker || !sent || id !== sent.id) return // of a request that is over
    if (v !== PROTOCOL) return this.#end(new BacklightError('version', 'The page and its worker are not of the same version.', 'Reload the page.'))
    if (preview) sent.entry?.onpreview?.(preview)
    if (progress) sent.entry?.onprogress?.(progress)
    if (share) sent.entry?.onshare?.(share)
    if (ok === undefined) return
    this.#sent = null
    if (ok) return sent.resolve(result)
    const failure = errorFrom(error)
    if (failure.fatal) {
      this.#sent = sent
      this.#end(lostError(failure))
    } else sent.reject(failure)
  }

  /** @param {Entry} entry */
  #abort(entry) {
    if (this.#waiting.includes(entry)) return this.#drop(entry, entry.signal?.reason)
    const sent = this.#sent
    if (sent?.entry !== entry) return // it is being prepared, and looks at its signal after that
    this.#tell({ id: sent.id, cancel: true })
    entry.timer = setTimeout(() => this.#sent === sent && this.#end(entry.signal?.reason), HARD_STOP_MS)
  }

  /** @param {Entry} entry @param {unknown} reason */
  #drop(entry, reason) {
    this.#waiting = this.#waiting.filter((waiting) => waiting !== entry)
    this.#forget(entry)
    entry.reject(reason)
  }

  /** @param {Entry} entry */
  #forget(entry) {
    clearTimeout(entry.timer)
    if (entry.onabort) entry.signal?.removeEventListener('abort', entry.onabort)
  }

  /** The worker is gone, or has to go: what it was at is rejected; what waits will start another. @param {unknown} reason */
  #end(reason) {
    const sent = this.#sent
    this.#terminate()
    sent?.reject(reason)
  }

  #terminate() {
    const worker = this.#worker
    this.#worker = null
    this.#sent = null
    this.#open.clear()
    void worker?.terminate()
  }
}

/**
 * Lends a job the lanes that have nothing to do, when it asks for helpers.
 * @param {Lane} lead the job's own
 * @param {Lane[]} lanes
 * @param {Request & { model: OpenModel, signal: AbortSignal }} request the job's
 * @param {number} memory bytes that all workers at one job may take together
 * @returns {{ onshare: (offer: Offer) => void, end: () => void }}
 */
export function lending(lead, lanes, { args, model, signal }, memory) {
  const over = new AbortController()
  let number = 0
  const onshare = (/** @type {Offer} */ { phase, steps, bytes, aside }) => {
    const most = Math.min(steps, Math.floor(memory / (bytes + model.bytes.length))) - 1
    const free = lanes.filter((lane) => lane !== lead && lane.load === 0).slice(0, Math.max(0, most))
    const helpers = free.map((lane) => {
      const { port1, port2 } = new MessageChannel()
      const n = ++number
      const its = aside.splice(0, 1)
      const lost = () => lead.add(signal, { lost: n })
      lane.request({ type: 'help', args: { ...args, phase, steps: its, port: port2 }, model, signal: over.signal }).then(lost, lost)
      return { number: n, port: port1, steps: its }
    })
    lead.add(signal, { helpers }, helpers.map(({ port }) => port))
  }
  return { onshare, end: () => over.abort() }
}

const closedError = () => new BacklightError('usage', 'Backlight is closed', 'Load it again.')

/** @param {any} cause an error, an event of the worker, or its exit code */
function lostError(cause) {
  const why = cause?.message ? `: ${cause.message}` : ''
  return new BacklightError('worker-lost', `The worker that computes was lost${why}.`, 'Try again: it is started anew by itself. Very large networks may need more memory than there is.', { cause })
}

/**
 * Starts a worker of this environment.
 * @param {string | URL | undefined} url the script; without one, worker.js beside this file
 */
export function startWorker(url) {
  const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads')
  if (threads) return new threads.Worker(new URL(url ?? './worker.js', import.meta.url))
  return url ? new Worker(url, { type: 'module' }) : new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
}

