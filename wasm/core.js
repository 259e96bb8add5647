// The core over one WebAssembly instance: synchronous, for workers and Node. Everything comes back as a copy that the
// caller owns; addresses and handles stay in here and in instance.js.
import { BacklightError } from './error.js'
import { checkEngine, fetchModule, Instance } from './instance.js'
import { selfTest } from './self-test.js'
import { parameterText } from './text.js'

/** @import { Backward, DecodedPicture, Example, Explanation, ExplainedPart, Forward, History, Manifest, ModelInfo, Picture, Preprocessing, ProfileRow, Progress, Result, Rule, Tensor, Theme } from './types.js' */

const RULES = ['plain', 'guided', 'deconvnet']
const CHANNELS = ['RGB', 'BGR', 'grey']
const THEMES = ['light', 'dark']
const KEEP = ['everything', 'gradient', 'scores']
const FORMS = ['sum', 'largest', 'curve', 'share', 'scaled']
const PART_NUMBERS = 9
const TERM_NUMBERS = 8

/** @param {string} message @param {string} [hint] */
const usage = (message, hint) => new BacklightError('usage', message, hint)

/** @param {string} what @param {string} word @param {string[]} words @returns {number} */
function position(what, word, words) {
  const i = words.indexOf(word)
  if (i < 0) throw usage(`there is no ${what} "${word}"`, `There are ${words.join(', ')}.`)
  return i
}

export class BacklightCore {
  #instance
  /** @type {Manifest | undefined} */
  #manifest

  /**
   * @param {{ bytes?: BufferSource, module?: WebAssembly.Module, url?: string | URL }} from one of them
   * @returns {Promise<BacklightCore>}
   */
  static async load({ bytes, module, url }) {
    checkEngine()
    if (!module && !bytes && !url) throw new TypeError('BacklightCore.load needs bytes, module or url')
    const compiled = module ?? (bytes ? await WebAssembly.compile(bytes) : await fetchModule(url ?? ''))
    const core = new BacklightCore(await Instance.make(compiled))
    selfTest(core)
    return core
  }

  /** @param {Instance} instance */
  constructor(instance) {
    this.#instance = instance
    /** Names of the colour families. @type {readonly string[]} */
    this.families = Object.freeze(instance.text('families').split(' '))
  }

  /** Which module computes: 'exact', or 'relaxed SIMD', whose last digits are the machine's. */
  get kernels() {
    return this.#instance.text('kernels')
  }

  /** Bytes of WebAssembly memory; they never become fewer. */
  get memory() {
    return this.#instance.memory
  }
  /** How many models, views and jobs are open. */
  get openHandles() {
    return this.#instance.call('handles')
  }

  /** Methods, operators and result kinds. @returns {Manifest} */
  get manifest() {
    this.#manifest ??= /** @type {Manifest} */ (JSON.parse(this.#instance.text('manifest')))
    return this.#manifest
  }

  /** 256 colours, RGBA. @param {string} family @param {Theme} theme */
  colours(family, theme) {
    const i = position('colour family', family, [...this.families])
    return this.#instance.bytes(this.#instance.make('colours', i, position('theme', theme, THEMES)), 1024).slice()
  }

  /**
   * Opens an ONNX file.
   * @param {Uint8Array} bytes
   * @param {{ keepBatchnorm?: boolean }} [options]
   */
  open(bytes, { keepBatchnorm = false } = {}) {
    if (!(bytes instanceof Uint8Array)) throw new TypeError('open() takes the bytes of an ONNX file as a Uint8Array')
    const core = this.#instance
    core.source = bytes
    try {
      return this.#model(core.make('model_open', 0, bytes.length >>> 0, Math.floor(bytes.length / 2 ** 32), Number(keepBatchnorm)))
    } finally {
      core.source = null
    }
  }

  /**
   * Makes a network from its text, with weights drawn from the seed.
   * @param {string} text
   * @param {number} [seed]
   */
  openText(text, seed = 1) {
    const [lines] = this.#instance.put(text)
    return this.#model(this.#instance.make('model_text', lines.at, lines.length, seed))
  }

  /** @param {number} handle */
  #model(handle) {
    const model = new Model(this.#instance, handle)
    try {
      model.info // refuses what does not fit its own declared size
    } catch (error) {
      model.close()
      throw error
    }
    return model
  }

  /**
   * Decodes PNG, JPEG, BMP or GIF.
   * @param {Uint8Array} bytes
   * @param {string} [name] for messages
   * @returns {DecodedPicture}
   */
  decode(bytes, name = 'the file') {
    const core = this.#instance
    const end = new TextEncoder().encode(name + '\0')
    const inbox = core.make('inbox', bytes.length + end.length)
    core.bytes(inbox, bytes.length).set(bytes)
    core.bytes(inbox + bytes.length, end.length).set(end)
    let handle = 0
    try {
      handle = core.make('picture_decode', inbox, bytes.length, inbox + bytes.length)
      const notes = core.text('picture_notes')
      core.check('picture_pixels', handle)
      return { ...pictureOut(core), notes: notes.split('\n').filter(Boolean) }
    } finally {
      if (!core.dead) {
        if (handle) core.call('close', handle)
        core.call('inbox', 0)
      }
    }
  }

  /**
   * The tensors of a file that holds nothing else, as `backlight statistics` writes it, by name.
   * @param {Uint8Array} bytes
   * @returns {Record<string, Tensor>}
   */
  tensors(bytes) {
    const core = this.#instance
    core.source = bytes
    try {
      /** @type {{ name: string, dims: number[], floats?: number, integers?: number }[]} */
      const list = JSON.parse(core.text('tensors', 0, bytes.length >>> 0, 0))
      return Object.fromEntries(list.map(({ name, dims, floats, integers = 0 }) => {
        const n = dims.reduce((all, d) => all * d, 1)
        return [name, { shape: dims, data: floats ? core.floats(floats, n).slice() : Float32Array.from(new BigInt64Array(core.bytes(integers, 8 * n).slice().buffer), Number) }]
      }))
    } finally {
      core.source = null
    }
  }

  /**
   * Do two lists put their places in the same order? −1 … 1, NaN where one of them is all one number (Spearman).
   * @param {Float32Array} a @param {Float32Array} b as long
   * @param {{ sizes?: boolean }} [options] sizes: of the numbers' sizes, whatever their signs
   */
  rankCorrelation(a, b, { sizes = false } = {}) {
    if (!(a instanceof Float32Array) || !(b instanceof Float32Array) || a.length !== b.length)
      throw usage('rankCorrelation() takes two Float32Arrays of the same length')
    const core = this.#instance
    const inbox = core.make('inbox', 8 * a.length + 8)
    core.floats(inbox, a.length).set(a)
    core.floats(inbox + 4 * a.length, b.length).set(b)
    try {
      core.check('rank_correlation', inbox, a.length, Number(sizes))
      return core.number(0)
    } finally {
      if (!core.dead) core.call('inbox', 0)
    }
  }

  /** A picture as a PNG file, 8-bit RGB. @param {Picture} picture */
  png(picture) {
    const core = this.#instance
    return withPicture(core, picture, (handle) => {
      const address = core.make('picture_png', handle)
      return core.bytes(address, core.number(0)).slice()
    })
  }

  /**
   * A copy of a picture with a caption written into it, as training writes them: three white letters on a black box of 20×8 pixels.
   * @param {Picture} picture @param {string} code three capital letters
   * @param {number} x of its left edge, in pixels; what lies outside the picture is cut off @param {number} y of its upper edge
   * @returns {Picture}
   */
  caption(picture, code, x, y) {
    if (!/^[A-Z]{3}$/.test(code)) throw usage(`a caption is three capital letters, not "${code}"`)
    if (!Number.isInteger(x) || !Number.isInteger(y)) throw usage(`a caption stands at a whole column and row, not at ${x}, ${y}`)
    const core = this.#instance
    return withPicture(core, picture, (handle) => {
      const [text] = core.put(code)
      core.check('picture_caption', handle, text.at, x, y)
      core.check('picture_pixels', handle)
      return pictureOut(core)
    })
  }
}

/** The picture that the outbox names. @param {Instance} core */
function pictureOut(core) {
  const [address, bytes, width, height] = [0, 1, 2, 3].map((i) => core.number(i))
  return { width, height, pixels: new Uint8ClampedArray(core.bytes(address, bytes)) }
}

/**
 * Puts a picture into the instance for as long as `use` runs.
 * @template T
 * @param {Instance} core
 * @param {Picture} picture
 * @param {(handle: number) => T} use
 * @returns {T}
 */
function withPicture(core, picture, use) {
  const { width, height, pixels } = picture ?? {}
  if (!Number.isInteger(width) || !Number.isInteger(height) || pixels?.length !== width * height * 4)
    throw usage('a picture is { width, height, pixels } with four bytes a pixel', 'Give the result of decode(), or an ImageData with its data as pixels.')
  const handle = core.make('picture_new', width, height)
  try {
    core.check('picture_pixels', handle)
    core.bytes(core.number(0), pixels.length).set(pixels)
    return use(handle)
  } finally {
    if (!core.dead) core.call('close', handle)
  }
}

/** Something open in the instance. After close() every call says so. */
class Handle {
  /** @param {Instance} core @param {number} handle */
  constructor(core, handle) {
    /** @protected */ this.core = core
    /** @protected */ this.handle = handle
  }
  /** A second time does nothing. */
  close() {
    const handle = this.handle
    this.handle = 0
    if (handle && !this.core.dead) this.core.call('close', handle)
  }
}

export class Model extends Handle {
  /** @type {ModelInfo | undefined} */
  #info

  /** Title, input, labels, preprocessing, values, nodes, costs. @returns {ModelInfo} */
  get info() {
    this.#info ??= /** @type {ModelInfo} */ (JSON.parse(this.core.text('model_info', this.handle)))
    return this.#info
  }

  /** @param {Preprocessing} preprocessing */
  setPreprocessing({ mean, std, channels }) {
    const order = position('channel order', channels, CHANNELS)
    const count = channels === 'grey' ? 1 : 3
    for (const numbers of [mean, std])
      if (!Array.isArray(numbers) || numbers.length !== count || !numbers.every(Number.isFinite))
        throw usage(`for ${channels}, mean and std take ${count} number${count > 1 ? 's' : ''} each`)
    const inbox = this.core.make('inbox', 32)
    this.core.floats(inbox, 4).set([...mean, 0, 0, 0].slice(0, 4))
    this.core.floats(inbox + 16, 4).set([...std, 1, 1, 1].slice(0, 4))
    this.core.check('model_preprocessing', this.handle, inbox, order)
    this.#info = undefined
  }

  /**
   * The history of the network's training, as `backlight train --history` writes it; once. One that is refused changes nothing.
   * @param {Uint8Array} bytes
   * @returns {History}
   */
  setHistory(bytes) {
    this.core.source = bytes
    try {
      return JSON.parse(this.core.text('model_history', this.handle, 0, bytes.length >>> 0, 0))
    } finally {
      this.core.source = null
    }
  }

  /** The weights of a frame of the history, null: the network's own. Views and jobs made before keep theirs. @param {number | null} frame */
  setFrame(frame) {
    this.core.check('model_frame', this.handle, frame ?? -1)
  }

  /** @param {string[]} labels one a class */
  setLabels(labels) {
    const [lines] = this.core.put(labels.map((label) => label.replaceAll('\n', ' ')).join('\n'))
    this.core.check('model_labels', this.handle, lines.at, lines.length)
    this.#info = undefined
  }

  /**
   * Memory for passes at one input size. What it keeps can be read after a pass: everything with all gradients; the scores
   * and the gradient of the picture; the scores alone. The numbers are the same; keeping less takes less memory and time.
   * @param {{ height?: number, width?: number, keep?: 'everything' | 'gradient' | 'scores' }} [options] size: as the file declares, if not given
   */
  view({ height = 0, width = 0, keep = 'everything' } = {}) {
    const handle = this.core.make('view_new', this.handle, height, width, position('way to keep', keep, KEEP))
    return new View(this.core, handle, this.info.scores)
  }

  /** A search over pictures: for each channel of a value, `each` places that move it most. @param {number} value @param {number} [each] */
  examples(value, each = 9) {
    return new Examples(this.core, this.core.make('examples_new', this.handle, value, each))
  }

  /**
   * A method at work. The picture is copied.
   * @param {string} method
   * @param {{ picture?: Picture | null, objective?: string, edits?: string, params?: Record<string, unknown> | string }} [request]
   *   edits: changes to the network, as View.intervene takes them
   */
  job(method, { picture, objective = '', edits = '', params = {} } = {}) {
    const core = this.core
    const words = typeof params === 'string' ? params : parameterText(params)
    const start = (/** @type {number} */ handle) => {
      const texts = core.put(method, objective, edits, words).map(({ at }) => at)
      return core.make('job_start', this.handle, texts[0], handle, texts[1], texts[2], texts[3])
    }
    return new Job(core, picture ? withPicture(core, picture, start) : start(0))
  }
}

export class View extends Handle {
  #scores
  /** @param {Instance} core @param {number} handle @param {number} scores the value */
  constructor(core, handle, scores) {
    super(core, handle)
    this.#scores = scores
  }

  /** Runs the network. @param {Picture | null} picture fitted to the network's size; null: the one before @returns {Forward} */
  forward(picture) {
    const core = this.core
    const run = (/** @type {number} */ shown) => core.check('view_forward', this.handle, shown)
    const started = performance.now()
    if (picture) withPicture(core, picture, run)
    else run(0)
    return this.#passed(performance.now() - started)
  }

  /** Runs again what interventions have changed, for the picture of the last pass; the same bits as forward(). @returns {Forward} */
  again() {
    const started = performance.now()
    this.core.check('view_again', this.handle)
    return this.#passed(performance.now() - started)
  }

  /** @param {number} ms @returns {Forward} */
  #passed(ms) {
    const core = this.core
    core.check('view_probabilities', this.handle)
    const probabilities = core.floats(core.number(0), core.number(1)).slice()
    core.check('view_picture', this.handle)
    const input = pictureOut(core)
    return { probabilities, scores: this.value(this.#scores).data, input, ms }
  }

  /**
   * The gradient of an objective, sent back to every value.
   * @param {string} objective
   * @param {{ rule?: Rule }} [options]
   * @returns {Backward}
   */
  backward(objective, { rule = 'plain' } = {}) {
    const number = position('rule', rule, RULES)
    const [text] = this.core.put(objective)
    const started = performance.now()
    const canonical = this.core.text('view_backward', this.handle, text.at, number)
    return { objective: canonical, value: this.core.number(1), ms: performance.now() - started }
  }

  /** The numbers of a value. @param {number} id @returns {Tensor} */
  value(id) {
    return this.#tensor(id, 0)
  }
  /** The gradient at a value. @param {number} id @returns {Tensor} */
  gradient(id) {
    return this.#tensor(id, 1)
  }
  /** @param {number} id @param {0 | 1} gradient */
  #tensor(id, gradient) {
    const core = this.core
    core.check('view_value', this.handle, id, gradient)
    const shape = Array.from({ length: core.number(2) }, (_, i) => core.number(3 + i))
    return { data: core.floats(core.number(0), core.number(1)).slice(), shape }
  }

  /**
   * The terms that add up to one number: element `index` of a value, or of its gradient.
   * @param {number} id @param {number} index @param {{ gradient?: boolean }} [options]
   * @returns {Explanation}
   */
  explain(id, index, { gradient = false } = {}) {
    return this.#explanation(id, index, gradient, false)
  }

  /**
   * What each input, or each reader, gives to a whole channel: a map each, and one for the rest (bias, seed, edits).
   * @param {number} id @param {number} channel @param {{ gradient?: boolean }} [options]
   * @returns {Explanation}
   */
  explainChannel(id, channel, { gradient = false } = {}) {
    return this.#explanation(id, channel, gradient, true)
  }

  /** @param {number} id @param {number} at @param {boolean} gradient @param {boolean} whole @returns {Explanation} */
  #explanation(id, at, gradient, whole) {
    const core = this.core
    core.check('view_explain', this.handle, id, Number(gradient), at, Number(whole))
    const [address, count, nParts, nTerms, number, sum, size, maps, nMaps] = Array.from({ length: 9 }, (_, i) => core.number(i))
    const all = core.doubles(address, count)
    const row = (/** @type {number} */ i) => PART_NUMBERS * nParts + TERM_NUMBERS * i
    /** @type {ExplainedPart[]} */
    const parts = []
    for (let i = 0; i < nParts; i++) {
      const [node, input, place, form, groups, rows, columns, first, n] = all.subarray(PART_NUMBERS * i, PART_NUMBERS * (i + 1))
      const column = (/** @type {number} */ k) => Float64Array.from({ length: n }, (_, j) => all[row(first + j) + k])
      const [product, value, factor, role, operand, index, factorOperand, factorIndex] = [0, 1, 2, 3, 4, 5, 6, 7].map(column)
      parts.push({ node, input, place, form: FORMS[form], groups, rows, columns, first, n, product, value, factor, role, operand, index, factorOperand, factorIndex })
    }
    if (!whole) return { id, at, gradient, number, sum, size, parts }
    core.check('view_value', this.handle, id, Number(gradient))
    const rank = core.number(2)
    const plane = [2, 3].reduce((product, axis) => product * (axis < rank ? core.number(3 + axis) : 1), 1)
    return { id, at, gradient, number, sum, size, parts, maps: core.floats(maps, nMaps * plane).slice(), plane }
  }

  /** The table of receptive fields, as Fields takes it. */
  fields() {
    const core = this.core
    core.check('view_fields', this.handle)
    const [at, n, spans, count] = [0, 1, 2, 3].map((i) => core.number(i))
    return { at: core.integers(at, n).slice(), spans: core.integers(spans, count).slice() }
  }

  /**
   * The softmax of the scores, term by term: of each class z, e^((z − largest)/T), p, and what a number of class `k` (`of`: its
   * logp, prob or loss) sends back to z as two terms that add up, one for the class itself, one for its share.
   * @param {number} temperature @param {{ of?: 'logp' | 'prob' | 'loss', k?: number }} [options]
   * @returns {Float64Array} five numbers a class
   */
  shares(temperature = 1, { of = 'logp', k = 0 } = {}) {
    this.core.check('view_shares', this.handle, temperature, position('number of a class', of, ['logp', 'prob', 'loss']), k)
    return this.core.doubles(this.core.number(0), this.core.number(1)).slice()
  }

  /**
   * Where the time goes: repeats a pass over the picture shown, and one back from the objective ('' leaves it out).
   * @param {{ objective?: string, passes?: number }} [options]
   * @returns {ProfileRow[]} the nodes computed, in order; times are means over the faster half of the passes
   */
  profile({ objective = '', passes = 20 } = {}) {
    const [text] = this.core.put(objective)
    return JSON.parse(this.core.text('view_profile', this.handle, text.at, passes))
  }

  /** Changes that every pass from now on applies; '' removes all. Numbers may be read after forward() or again(). @param {string} changes */
  intervene(changes) {
    const [text] = this.core.put(changes)
    this.core.check('view_intervene', this.handle, text.at)
  }
}

/** A search for the pictures that move each channel of a layer most. */
export class Examples extends Handle {
  /** Runs a picture, fitted to the network's size. @param {Picture} picture @param {number} number it is called so in what is found */
  add(picture, number) {
    withPicture(this.core, picture, (shown) => this.core.check('examples_add', this.handle, shown, number))
  }
  /** The places of a channel so far, largest first, each of another picture. @param {number} channel @returns {Example[]} */
  of(channel) {
    this.core.check('examples_of', this.handle, channel)
    const all = this.core.doubles(this.core.number(0), this.core.number(1))
    return Array.from({ length: all.length / 4 }, (_, i) => ({ picture: all[4 * i], row: all[4 * i + 1], column: all[4 * i + 2], value: all[4 * i + 3] }))
  }
}

export class Job extends Handle {
  /** One bounded step. @returns {{ done: boolean, progress: Progress }} */
  step() {
    this.core.check('job_step', this.handle)
    return { done: this.core.number(0) !== 0, progress: this.progress }
  }

  /**
   * The phase at work, if its steps may be shared among workers: the job of any of them, begun with the same request, may
   * compute a step's part, and one merges all parts in order of number. `next` is the one to be merged next.
   * @returns {{ phase: number, steps: number, next: number } | null}
   */
  get share() {
    this.core.check('job_share', this.handle)
    const [phase, steps, next] = [0, 1, 2].map((i) => this.core.number(i))
    return phase < 0 ? null : { phase, steps, next }
  }

  /** A step's part. A job that helps has taken its steps before the phase by step(). @param {number} phase @param {number} step */
  part(phase, step) {
    this.core.check('job_part', this.handle, phase, step)
    return this.core.floats(this.core.number(0), this.core.number(1)).slice()
  }

  /** Takes the next step's part in. @param {number} step @param {Float32Array} part @returns {{ done: boolean, progress: Progress }} */
  merge(step, part) {
    const inbox = this.core.make('inbox', part.byteLength)
    this.core.floats(inbox, part.length).set(part)
    this.core.check('job_merge', this.handle, step, inbox, part.length)
    return { done: this.core.number(0) !== 0, progress: this.progress }
  }

  /** @returns {Progress} */
  get progress() {
    const title = this.core.text('job_progress', this.handle)
    const [phase, phases, step, steps, done, total, bytes, forwards, backwards] = Array.from({ length: 9 }, (_, i) => this.core.number(i + 1))
    return { phase, phases, title, step, steps, done, total, bytes, forwards, backwards }
  }

  /** What is worth drawing by now; after the last step, all. @returns {Result[]} */
  results() {
    const core = this.core
    /** @type {(Result & { ready: boolean })[]} */
    const list = JSON.parse(core.text('job_results', this.handle))
    return list.flatMap(({ ready, ...result }, i) => {
      if (!ready) return []
      core.check('job_data', this.handle, i)
      const [address, count, isPixels] = [core.number(0), core.number(1), core.number(2)]
      if (address && isPixels) result.pixels = new Uint8ClampedArray(core.bytes(address, count))
      else if (address) result.data = core.floats(address, count).slice()
      return [result]
    })
  }

  /** The legend in words: method, objective, parameters as used, passes, caution. @returns {any} */
  get legend() {
    return JSON.parse(this.core.text('job_legend', this.handle))
  }

  end() {
    this.close()
  }
}
