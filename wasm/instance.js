// One WebAssembly instance: loading, calls, texts, memory. Only core.js uses it; abi.h describes the exports.
import { BacklightError } from './error.js'

const ABI_VERSION = 4

// A module of one function that uses a SIMD word: valid only where the engine knows WebAssembly SIMD.
const SIMD_PROBE = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]

// The same with a relaxed SIMD word.
export const RELAXED_PROBE = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 0, 253, 17, 65, 0, 253, 17, 253, 128, 2, 11]

/** Can this engine run the module with relaxed SIMD? */
export const hasRelaxedSimd = () => WebAssembly.validate(Uint8Array.from(RELAXED_PROBE))

/** Throws where this engine cannot run the module at all. */
export function checkEngine() {
  if (typeof WebAssembly === 'object' && WebAssembly.validate(Uint8Array.from(SIMD_PROBE))) return
  throw new BacklightError(
    'no-simd',
    "This browser cannot run Backlight's code. It needs WebAssembly SIMD: Chrome 91, Firefox 89, Safari 16.4 or newer.",
  )
}

/**
 * The module from an address; in Node, from a file too.
 * @param {string | URL} url
 * @returns {Promise<WebAssembly.Module>}
 */
export async function fetchModule(url) {
  const address = String(url)
  try {
    return await WebAssembly.compile(await fetchBytes(address))
  } catch (cause) {
    const why = cause instanceof WebAssembly.CompileError ? 'what came is not the module' : cause instanceof Error ? cause.message : String(cause)
    throw new BacklightError('load', `Backlight's code could not be loaded from ${address}: ${why}.`, 'Reload the page; if that does not help, the site is incomplete.', { cause })
  }
}

/** @param {string} address @returns {Promise<BufferSource>} */
async function fetchBytes(address) {
  // Node's fetch reads no files.
  const files = address.startsWith('file:') ? globalThis.process?.getBuiltinModule?.('node:fs') : undefined
  if (files) return new Uint8Array(files.readFileSync(new URL(address)))
  const response = await fetch(address)
  if (!response.ok) throw new Error(`the server answered ${response.status}`)
  // Not compileStreaming: it refuses servers that do not know the .wasm type, and the file is small.
  return await response.arrayBuffer()
}

export class Instance {
  /** @type {Record<string, (...args: any[]) => any>} */
  #exports
  /** @type {WebAssembly.Memory} */
  #memory
  #heap = new Uint8Array(0)
  #outbox = 0
  /** @type {BacklightError | null} */
  #dead = null
  #encoder = new TextEncoder()
  #decoder = new TextDecoder()
  /** The file that is being opened. @type {Uint8Array | null} */
  source = null

  /** @param {WebAssembly.Module} module */
  static async make(module) {
    /** @type {Instance | undefined} */
    let instance
    const env = {
      /** @type {(source: number, low: number, high: number, n: number, to: number) => number} */
      bl_read: (_, low, high, n, to) => instance?.read((high >>> 0) * 2 ** 32 + (low >>> 0), n >>> 0, to >>> 0) ?? 0,
      bl_clock: () => performance.now(),
      // Views of memory are looked at before each use, so there is nothing to do.
      emscripten_notify_memory_growth: () => {},
    }
    instance = new Instance(await WebAssembly.instantiate(module, { env }))
    return instance
  }

  /** @param {WebAssembly.Instance} instance */
  constructor({ exports }) {
    this.#exports = /** @type {Record<string, (...args: any[]) => any>} */ (/** @type {unknown} */ (exports))
    this.#memory = /** @type {WebAssembly.Memory} */ (exports.memory)
    this.#exports._initialize?.()
    const version = this.#exports.bl_abi?.()
    if (version !== ABI_VERSION)
      throw new BacklightError('version', `Backlight's script and its code are not of the same version (${ABI_VERSION}, ${version}).`, 'Reload the page.')
    this.#outbox = this.call('outbox') >>> 0
  }

  /** Bytes of memory; they never become fewer. */
  get memory() {
    return this.#memory.buffer.byteLength
  }

  /**
   * Every call into the module. A trap leaves its state unknown: from then on it refuses.
   * @param {string} name
   * @param {...number} args
   * @returns {number}
   */
  call(name, ...args) {
    if (this.#dead) throw this.#dead
    try {
      return this.#exports[`bl_${name}`](...args)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      this.#dead = new BacklightError('internal', `Backlight's code stopped by a fault of its own (${why}, in ${name}).`, 'What was open must be opened again.', { cause, fatal: true })
      throw this.#dead
    }
  }

  /** Is the instance beyond use? */
  get dead() {
    return this.#dead !== null
  }

  /** What went wrong in the last call. */
  error() {
    const [code, message, hint] = ['error_name', 'error_message', 'error_hint'].map((name) => this.#textAt(this.call(name)))
    return new BacklightError(code, message, hint)
  }

  /** For calls that return a status. @param {string} name @param {...number} args */
  check(name, ...args) {
    if (this.call(name, ...args)) throw this.error()
  }

  /** For calls that return a handle or an address. @param {string} name @param {...number} args */
  make(name, ...args) {
    const made = this.call(name, ...args)
    if (!made) throw this.error()
    return made >>> 0
  }

  /** For calls that return a text. @param {string} name @param {...number} args */
  text(name, ...args) {
    return this.#textAt(this.make(name, ...args))
  }

  /** The text at an address; '' at 0. @param {number} address */
  #textAt(address) {
    const start = address >>> 0
    if (!start) return ''
    const heap = this.#fresh()
    return this.#decoder.decode(heap.subarray(start, heap.indexOf(0, start)))
  }

  /** Texts that go in with the next call: their addresses. @param {...string} texts */
  put(...texts) {
    const encoded = texts.map((text) => this.#encoder.encode(text))
    let address = this.make('inbox', encoded.reduce((sum, text) => sum + text.length + 1, 0))
    return encoded.map((text) => {
      const at = address
      const room = this.bytes(at, text.length + 1)
      room.set(text)
      room[text.length] = 0
      address += text.length + 1
      return { at, length: text.length }
    })
  }

  /** Number i of the outbox. @param {number} i */
  number(i) {
    return new DataView(this.#memory.buffer).getFloat64(this.#outbox + 8 * i, true)
  }

  // Views of memory are made by these and nowhere else, and none is kept over a call.
  /** @param {number} address @param {number} count */
  bytes(address, count) {
    return this.#fresh().subarray(address, address + count)
  }
  /** @param {number} address @param {number} count */
  floats(address, count) {
    return new Float32Array(this.#memory.buffer, address, count)
  }
  /** @param {number} address @param {number} count */
  doubles(address, count) {
    return new Float64Array(this.#memory.buffer, address, count)
  }
  /** 32-bit ones. @param {number} address @param {number} count */
  integers(address, count) {
    return new Int32Array(this.#memory.buffer, address, count)
  }
  #fresh() {
    if (this.#heap.buffer !== this.#memory.buffer) this.#heap = new Uint8Array(this.#memory.buffer)
    return this.#heap
  }

  /**
   * The file's bytes, as the module asks for them.
   * @param {number} offset @param {number} count @param {number} to
   */
  read(offset, count, to) {
    if (!this.source || offset + count > this.source.length) return 0
    this.bytes(to, count).set(this.source.subarray(offset, offset + count))
    return 1
  }
}
