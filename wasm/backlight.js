// Backlight in a page or in Node: networks forwards and backwards, computed in workers.
//
//   const backlight = await Backlight.load()
//   const model = await backlight.open(bytes)
//   const picture = await backlight.decode(file, 'panda.jpg')
//   const { predictions } = await model.forward(picture)
//   const job = model.run('dream', { picture, objective: 'conv3:12' }, { signal, preview: true })
//   for await (const preview of job) draw(preview)
//   const { results, legend } = await job.result
//
// The first worker holds what one looks at and answers at once; jobs run on the others. Everything that comes back belongs
// to the caller. Errors are BacklightError with code, message and hint (error.js).
import { BacklightError } from './error.js'
import { Fields } from './fields.js'
import { checkEngine, fetchModule, hasRelaxedSimd } from './instance.js'
import { Lane, lending, startWorker } from './pool.js'
import { parameterText } from './text.js'

export { BacklightError } from './error.js'
export { parameterText, quoted } from './text.js'

/** @import { Backward, DecodedPicture, Example, Explanation, Forward, History, Manifest, ModelInfo, Picture, Preprocessing, Progress, Result, Rule, Tensor, Theme } from './types.js' */

/** Closing a network larger than this starts its workers afresh, since WebAssembly memory never shrinks. */
const LARGE_BYTES = 128 * 2 ** 20

/** @typedef {{ index: number, label: string, probability: number, score: number }} Prediction */
/** @typedef {Tensor & { id: number }} Value */
/** @typedef {{ results: Result[], legend: any, [name: string]: any }} JobResult  the results also under their names */

export class Backlight {
  #lanes
  #memory
  /** @type {Record<string, Record<Theme, Uint8Array>>} */
  #colours
  #models = 0

  /**
   * @param {{ wasm?: string | URL | BufferSource, relaxed?: string | URL | BufferSource | false, worker?: string | URL | (() => any), workers?: number, memory?: number }} [options]
   *   wasm: where the module is, or its bytes; relaxed: the same of the module with relaxed SIMD, which is taken where the
   *   engine can run it: faster, but its last digits depend on the machine; false: never; worker: where worker.js is, or a
   *   function that starts one;
   *   workers: how many at most, 2 or more: one that answers what is looked at, the others for jobs (otherwise one more
   *   than there are cores, up to 5); memory: bytes that the workers at one job may take together (otherwise 2 GiB)
   * @returns {Promise<Backlight>}
   */
  static async load(options = {}) {
    const { wasm, relaxed, worker, workers = 1 + Math.min(4, globalThis.navigator?.hardwareConcurrency ?? 2), memory = 2 * 2 ** 30 } = known(options, ['wasm', 'relaxed', 'worker', 'workers', 'memory'])
    checkEngine()
    const plain = wasm ?? new URL('../build/wasm/backlight.wasm', import.meta.url)
    // Whoever names the one alone wants that one.
    const faster = relaxed ?? (wasm ? false : new URL('../build/wasm/backlight-relaxed.wasm', import.meta.url))
    const chosen = faster && hasRelaxedSimd() ? faster : plain
    const make = typeof worker === 'function' ? worker : () => startWorker(worker)
    // The first worker starts while the module is fetched and compiled.
    const hello = (typeof chosen === 'string' || chosen instanceof URL ? fetchModule(chosen) : WebAssembly.compile(chosen)).then((module) => ({ module }))
    hello.catch(() => {}) // told by the lane
    const lanes = Array.from({ length: Math.max(2, workers) }, () => new Lane(make, hello))
    try {
      return new Backlight(lanes, await lanes[0].greet(), memory)
    } catch (error) {
      for (const lane of lanes) lane.close()
      throw error
    }
  }

  /**
   * @param {Lane[]} lanes
   * @param {{ manifest: Manifest, kernels: string, colours: Record<string, Record<Theme, Uint8Array>> }} greeting
   * @param {number} memory
   */
  constructor(lanes, { manifest, kernels, colours }, memory) {
    this.#lanes = lanes
    this.#memory = memory
    this.#colours = colours
    /** Methods, operators and result kinds. */
    this.manifest = manifest
    /** Which module computes: 'exact' or 'relaxed SIMD'. Results say it too, in their legend. */
    this.kernels = kernels
  }

  /** 256 colours, RGBA. @param {string} family @param {Theme} theme @returns {Uint8Array} */
  colours(family, theme) {
    const table = this.#colours[family]?.[theme]
    if (!table) throw new BacklightError('usage', `there are no colours "${family}" for the theme "${theme}"`, `Families: ${Object.keys(this.#colours).join(', ')}.`)
    return table
  }

  /**
   * Opens an ONNX file, or a network text with weights drawn from the seed. One that is refused leaves everything else as it
   * was. The bytes are kept, for workers that open the network later: do not change them.
   * @param {Uint8Array | ArrayBuffer | Blob | string} file
   * @param {{ name?: string, keepBatchnorm?: boolean, seed?: number }} [options]
   */
  async open(file, options = {}) {
    const { name = '', keepBatchnorm = false, seed = 1 } = known(options, ['name', 'keepBatchnorm', 'seed'])
    const bytes = typeof file === 'string' ? file : await bytesOf(file, 'the network')
    /** @type {import('./pool.js').OpenModel} */
    const record = {
      key: `model${++this.#models}`,
      bytes,
      options: { keepBatchnorm, seed },
      settings: { preprocessing: null, labels: null, frame: null },
      history: null,
      frames: null,
      version: 1,
      info: null,
      closed: false,
    }
    await this.#lanes[0].prepare(record)
    return new Model(this.#lanes, record, name, this.#memory)
  }

  /**
   * Decodes PNG, JPEG, BMP or GIF.
   * @param {Uint8Array | ArrayBuffer | Blob} file
   * @param {string} [name] for messages
   * @returns {Promise<DecodedPicture>}
   */
  async decode(file, name = 'the picture') {
    return await this.#lanes[0].request({ type: 'decode', args: { bytes: await bytesOf(file, name), name } })
  }

  /** A picture as a PNG file, 8-bit RGB. @param {Picture} picture @returns {Promise<Uint8Array>} */
  async png(picture) {
    return await this.#lanes[0].request({ type: 'png', args: { picture } })
  }

  /**
   * The tensors of a file that holds nothing else, as `backlight statistics` writes it, by name.
   * @param {Uint8Array | ArrayBuffer | Blob} file
   * @returns {Promise<Record<string, Tensor>>}
   */
  async tensors(file) {
    return await this.#lanes[0].request({ type: 'tensors', args: { bytes: await bytesOf(file, 'the file of tensors') } })
  }

  /**
   * A copy of a picture with a caption in it, as those that the training of the caption networks writes (20×8 pixels).
   * @param {Picture} picture @param {string} code three capital letters
   * @param {number} x of its left edge, in pixels @param {number} y of its upper edge
   * @returns {Promise<Picture>}
   */
  async caption({ width, height, pixels }, code, x, y) {
    return await this.#lanes[0].request({ type: 'caption', args: { picture: { width, height, pixels }, code, x, y } })
  }

  /**
   * Do two lists of numbers, such as the data of two maps, put their places in the same order? −1 … 1, NaN where one of them
   * is all one number (Spearman's rank correlation; ties share their mean rank).
   * @param {Float32Array} a @param {Float32Array} b as long
   * @param {{ sizes?: boolean }} [options] sizes: of the numbers' sizes, whatever their signs
   * @returns {Promise<number>}
   */
  async rankCorrelation(a, b, options = {}) {
    const { sizes = false } = known(options, ['sizes'])
    return await this.#lanes[0].request({ type: 'rankCorrelation', args: { a, b, sizes } })
  }

  /**
   * The memory of each worker that was started: bytes, which never become fewer, and how many networks, views and jobs are
   * open in it.
   * @returns {Promise<{ bytes: number, open: number }[]>}
   */
  async memory() {
    return await Promise.all(this.#lanes.filter((lane) => lane.started).map((lane) => lane.request({ type: 'memory', args: null })))
  }

  /** Ends all workers; what is pending is rejected. */
  close() {
    for (const lane of this.#lanes) lane.close()
  }
}

export class Model {
  #lanes
  #memory
  #record
  #tickets = 0
  /** @type {Set<Job>} */
  #jobs = new Set()

  /** @param {Lane[]} lanes @param {import('./pool.js').OpenModel} record @param {string} name @param {number} memory */
  constructor(lanes, record, name, memory) {
    this.#lanes = lanes
    this.#memory = memory
    this.#record = record
    this.name = name
  }

  /** Title, input, labels, preprocessing, values, nodes, costs. @returns {ModelInfo} */
  get info() {
    return /** @type {ModelInfo} */ (this.#record.info)
  }

  /** @param {Preprocessing} preprocessing */
  async setPreprocessing(preprocessing) {
    await this.#configure({ ...this.#record.settings, preprocessing })
  }
  /** @param {string[]} labels one a class */
  async setLabels(labels) {
    await this.#configure({ ...this.#record.settings, labels })
  }
  /**
   * The history of the network's training, as `backlight train --history` writes it. One that does not fit is refused and changes
   * nothing. The bytes are kept, for workers that open the network later.
   * @param {Uint8Array | ArrayBuffer | Blob} file
   * @returns {Promise<History>}
   */
  async setHistory(file) {
    const record = this.#record
    if (record.history) throw new BacklightError('usage', 'this network has its history already')
    record.history = { bytes: await bytesOf(file, 'the history'), version: record.version + 1 }
    try {
      await this.#configure(record.settings)
    } catch (error) {
      record.history = null
      throw error
    }
    return /** @type {History} */ (record.frames)
  }
  /**
   * From now on the network computes with the weights of a frame of its history; null: with its own again. Passes must be made
   * anew, with forward(); a job that runs keeps the weights it began with.
   * @param {number | null} frame
   */
  async setFrame(frame) {
    await this.#configure({ ...this.#record.settings, frame })
  }
  /** @param {import('./pool.js').Settings} settings */
  async #configure(settings) {
    const before = this.#record.settings
    this.#record.settings = settings
    this.#record.version++
    try {
      await this.#lanes[0].prepare(this.#record)
    } catch (error) {
      this.#record.settings = before
      this.#record.version++
      throw error
    }
  }

  /** The name of a class, "class 7" where there is none. @param {number} index */
  label(index) {
    return this.info.labels[index] ?? `class ${index}`
  }

  /** The number of a value, by its name or the name of the node that makes it. @param {number | string} nameOrId */
  id(nameOrId) {
    if (typeof nameOrId === 'number') return nameOrId
    const found = this.info.values.find(({ name }) => name === nameOrId)?.id ?? this.info.nodes.find(({ name }) => name === nameOrId)?.output
    if (found === undefined) throw new BacklightError('usage', `this network has no layer "${nameOrId}"`, 'info.values and info.nodes list all.')
    return found
  }

  /**
   * Shows a picture to the network. While one is being shown, only the newest of those that come after waits: the others are
   * rejected with the code `stale`. value() reads a layer of this very pass, and is `stale` too when another followed.
   * @param {Picture} picture
   * @param {{ height?: number, width?: number }} [size] of the input, where the file leaves it open
   */
  async forward(picture, size = {}) {
    known(size, ['height', 'width'])
    const ticket = ++this.#tickets
    const { width, height, pixels } = picture
    return this.#passed(ticket, await this.#ask('forward', { ticket, picture: { width, height, pixels }, size }, 'forward'))
  }

  /** @param {number} ticket @param {Forward} pass */
  #passed(ticket, pass) {
    const predictions = Array.from(pass.probabilities, (probability, index) => ({ index, label: this.label(index), probability, score: pass.scores[index] }))
    predictions.sort((a, b) => b.probability - a.probability || b.score - a.score || a.index - b.index)
    return {
      ...pass,
      predictions,
      /** @param {number | string} nameOrId @returns {Promise<Value>} */
      value: async (nameOrId) => (await this.#values([nameOrId], false, ticket))[0],
    }
  }

  /**
   * Sends the gradient of an objective back through the pass that forward() made.
   * @param {string} objective as `class:7`, `conv3:12`
   * @param {{ rule?: Rule }} [options]
   */
  async backward(objective, options = {}) {
    const { rule = 'plain' } = known(options, ['rule'])
    const ticket = ++this.#tickets
    /** @type {Backward} */
    const pass = await this.#ask('backward', { ticket, objective, rule }, 'backward')
    return {
      ...pass,
      /** @param {number | string} nameOrId @returns {Promise<Value>} */
      gradient: async (nameOrId) => (await this.#values([nameOrId], true, ticket))[0],
    }
  }

  /**
   * The numbers, or gradients, of several values in the last pass.
   * @param {(number | string)[]} ids
   * @param {{ gradient?: boolean }} [options]
   * @returns {Promise<Value[]>}
   */
  async values(ids, options = {}) {
    return await this.#values(ids, known(options, ['gradient']).gradient ?? false, undefined)
  }

  /** @param {(number | string)[]} ids @param {boolean} gradient @param {number | undefined} of @returns {Promise<Value[]>} */
  #values(ids, gradient, of) {
    return this.#ask('values', { ids: ids.map((id) => this.id(id)), gradient, of })
  }

  /**
   * The terms that add up to one number of the last pass: element `index` of a value, or of its gradient.
   * @param {number | string} nameOrId @param {number} index
   * @param {{ gradient?: boolean }} [options]
   * @returns {Promise<Explanation>}
   */
  async explain(nameOrId, index, options = {}) {
    return await this.#ask('explain', { id: this.id(nameOrId), at: index, gradient: known(options, ['gradient']).gradient ?? false, whole: false })
  }
  /**
   * What each input gives to a channel, or each reader to its gradient: a map each, and one for the rest.
   * @param {number | string} nameOrId @param {number} channel
   * @param {{ gradient?: boolean }} [options]
   * @returns {Promise<Explanation>}
   */
  async explainChannel(nameOrId, channel, options = {}) {
    return await this.#ask('explain', { id: this.id(nameOrId), at: channel, gradient: known(options, ['gradient']).gradient ?? false, whole: true })
  }
  /** What every place of every value can see of the picture, and which places a pixel can reach, to be looked up at once. */
  async fields() {
    return new Fields({ ...(await this.#ask('fields', {})), input: this.info.input.id })
  }

  /**
   * The softmax of the scores, term by term: of each class its score z, e^((z − largest)/T), its probability p, and what a number
   * of class `k` (`of`: its logp, prob or loss) sends back to z, as two terms that add up: one for the class itself, one for p.
   * @param {number} [temperature] T
   * @param {{ of?: 'logp' | 'prob' | 'loss', k?: number }} [options]
   * @returns {Promise<Float64Array>} five numbers a class
   */
  async shares(temperature = 1, options = {}) {
    const { of = 'logp', k = 0 } = known(options, ['of', 'k'])
    return await this.#ask('shares', { temperature, of, k }, 'shares')
  }

  /**
   * Changes that every forward pass from now on applies; '' removes all. Where a picture has been shown, what they change is
   * computed at once: the pass as of forward(), else null. While one is computed, only the newest of those that come after waits.
   * @param {string} changes
   */
  async intervene(changes) {
    const ticket = ++this.#tickets
    const pass = await this.#ask('intervene', { ticket, changes }, 'intervene')
    return pass && this.#passed(ticket, pass)
  }

  /**
   * Of many pictures, the places that move channels of a layer most, on a worker that is not in the way of forward(). Each
   * picture counts once a channel.
   * @param {number | string} nameOrId
   * @param {Iterable<Picture> | AsyncIterable<Picture>} pictures taken one after another
   * @param {{ each?: number, channels?: number[], signal?: AbortSignal, onprogress?: (pictures: number, found: Example[][]) => void }} [options]
   *   channels: those whose places are told; all, if not given
   * @returns {Promise<Example[][]>} of each of these channels: largest first
   */
  async examples(nameOrId, pictures, options = {}) {
    const { each = 9, channels, signal, onprogress } = known(options, ['each', 'channels', 'signal', 'onprogress'])
    const id = this.id(nameOrId)
    const shape = this.info.values.find((value) => value.id === id)?.shape ?? []
    const told = channels ?? Array.from({ length: shape[1] ?? 0 }, (_, i) => i)
    const lane = this.#lanes[this.#lanes.length - 1]
    const search = `${this.#record.key} ${++this.#tickets}`
    let n = 0
    /** @param {Picture[]} some @param {boolean} end @returns {Promise<Example[][]>} */
    const ask = (some, end) => lane.request({ type: 'examples', args: { model: this.#record.key, search, id, each, pictures: some, first: n, channels: told, end }, model: this.#record, signal })
    try {
      for await (const { width, height, pixels } of pictures) {
        signal?.throwIfAborted()
        const found = await ask([{ width, height, pixels }], false)
        n++
        onprogress?.(n, found)
      }
    } catch (error) {
      ask([], true).catch(() => {}) // gives the memory back
      throw error
    }
    return await ask([], true)
  }

  /**
   * The time of every node, forward and back from the objective to the picture, as a job runs them: on a worker for jobs, keeping
   * nothing else; means over the faster half of as many passes as take some tenths of a second.
   * @param {Picture} picture
   * @param {{ objective?: string, height?: number, width?: number }} [options] size of the input, where the file leaves it open
   * @returns {Promise<{ passes: number, rows: import('./types.js').ProfileRow[] }>}
   */
  async profile(picture, options = {}) {
    const { objective = 'class:0', ...size } = known(options, ['objective', 'height', 'width'])
    const { width, height, pixels } = picture
    const args = { model: this.#record.key, picture: { width, height, pixels }, size, objective }
    return await this.#free().request({ type: 'profile', args, model: this.#record })
  }

  /** The worker for jobs that has least to do. */
  #free() {
    const [first, ...others] = this.#lanes.slice(1)
    return others.reduce((least, other) => (other.load < least.load ? other : least), first)
  }

  /** A request to the first worker. @param {string} type @param {any} args @param {string} [key] */
  async #ask(type, args, key) {
    return await this.#lanes[0].request({ type, args: { ...args, model: this.#record.key }, model: this.#record, key: key && `${key} ${this.#record.key}` })
  }

  /**
   * Starts a method on a worker of its own; others that have nothing to do help where its steps allow it. The results are the
   * same bits for any number of workers.
   * @param {string} method
   * @param {{ picture?: Picture, objective?: string, edits?: string, [param: string]: unknown }} [request] edits: changes to the
   *   network for this job alone, as intervene() takes them; anything else is a parameter of the method
   * @param {{ signal?: AbortSignal, onprogress?: (progress: Progress) => void, preview?: boolean }} [options]
   */
  run(method, { picture, objective = '', edits = '', ...params } = {}, options = {}) {
    known(options, ['signal', 'onprogress', 'preview'])
    const lane = this.#free()
    const { key } = this.#record
    const sent = picture && { width: picture.width, height: picture.height, pixels: picture.pixels }
    const args = { model: key, method, picture: sent, objective, edits, params: parameterText(params), preview: options.preview ?? false }
    // Whoever helps later takes the settings and the weights of now.
    const { settings, version } = this.#record
    const record = Object.assign(Object.create(this.#record), { settings, version })
    const job = new Job(lane, this.#lanes.slice(1), { type: 'run', args, model: record }, this.#memory, options)
    const over = () => void this.#jobs.delete(job)
    this.#jobs.add(job)
    job.result.then(over, over)
    return job
  }

  /** Stops the network's jobs and gives its memory back. */
  async close() {
    if (this.#record.closed) return
    this.#record.closed = true
    for (const job of this.#jobs) job.stop()
    const { key, bytes } = this.#record
    const large = bytes.length > LARGE_BYTES
    this.#record.bytes = ''
    await Promise.all(this.#lanes.filter((lane) => lane.has(key)).map((lane) => (large ? lane.renew() : lane.request({ type: 'close', args: { model: key } }))))
  }
}

/**
 * A method at work. Iterate over it for previews: it computes at most one ahead of the reader. Leaving the loop early stops the
 * job; when the job ends, fails or is stopped, the loop just ends, and `result` says which.
 */
export class Job {
  #lane
  #controller = new AbortController()
  #fresh = false
  #ended = false
  #wake = () => {}

  /**
   * @param {Lane} lane
   * @param {Lane[]} lanes that may help
   * @param {import('./pool.js').Request & { model: import('./pool.js').OpenModel }} request
   * @param {number} memory
   * @param {{ signal?: AbortSignal, onprogress?: (progress: Progress) => void }} options
   */
  constructor(lane, lanes, request, memory, { signal, onprogress }) {
    this.#lane = lane
    /** The last preview; it stays after the end. @type {Result[] | null} */
    this.preview = null
    /** @type {Progress | null} */
    this.progress = null
    const stop = () => this.stop(signal?.reason)
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop)
    const lent = lending(lane, lanes, { ...request, signal: this.#controller.signal }, memory)
    const answer = lane.request({
      ...request,
      signal: this.#controller.signal,
      onshare: lent.onshare,
      onprogress: (progress) => {
        this.progress = progress
        onprogress?.(progress)
      },
      onpreview: (preview) => {
        this.preview = preview
        this.#fresh = true
        this.#wake()
      },
    })
    /** @type {Promise<JobResult>} */
    this.result = answer
      .then(({ results, legend }) => ({ ...Object.fromEntries(results.map((/** @type {Result} */ result) => [result.name, result])), results, legend }))
      .finally(() => {
        lent.end()
        signal?.removeEventListener('abort', stop)
        this.#ended = true
        this.#wake()
      })
    this.result.catch(() => {}) // who only reads previews need not handle it
  }

  /** Stops within one step; result is rejected with the reason. @param {unknown} [reason] */
  stop(reason = new DOMException('The job was stopped.', 'AbortError')) {
    this.#controller.abort(reason)
  }

  /** @returns {AsyncGenerator<Result[], void, void>} */
  async *[Symbol.asyncIterator]() {
    try {
      for (;;) {
        while (!this.#fresh && !this.#ended) await new Promise((resume) => (this.#wake = () => resume(undefined)))
        if (this.#ended) return
        this.#fresh = false
        this.#lane.next(this.#controller.signal)
        yield /** @type {Result[]} */ (this.preview)
      }
    } finally {
      if (!this.#ended) this.stop()
    }
  }
}

/**
 * Refuses options that do not exist.
 * @template {object} T
 * @param {T} options
 * @param {string[]} names
 */
function known(options, names) {
  for (const name of Object.keys(options))
    if (!names.includes(name)) throw new TypeError(`there is no option "${name}"; there ${names.length > 1 ? 'are' : 'is'} ${names.join(', ')}`)
  return options
}

/** @param {unknown} file @param {string} what @returns {Promise<Uint8Array>} a copy, or the caller's own bytes */
async function bytesOf(file, what) {
  if (file instanceof Uint8Array) return file
  if (file instanceof ArrayBuffer) return new Uint8Array(file)
  if (typeof Blob === 'function' && file instanceof Blob) return new Uint8Array(await file.arrayBuffer())
  throw new TypeError(`${what} must be a Uint8Array, an ArrayBuffer or a Blob`)
}
