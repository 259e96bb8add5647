// Errors as the API throws them. `code` is the core's word for whose fault it is (usage, format, unsupported, shape,
// memory, nan, io, stopped, internal) or one of JavaScript's own: no-simd, self-test, version, load, stale, worker-lost.

/** @typedef {{ name: string, code: string, message: string, hint: string, fatal: boolean, stack?: string }} ErrorData */

export class BacklightError extends Error {
  /**
   * @param {string} code
   * @param {string} message what was wrong and where
   * @param {string} [hint] what to do
   * @param {{ cause?: unknown, fatal?: boolean }} [options] fatal: the instance cannot be used any more
   */
  constructor(code, message, hint = '', { cause, fatal = false } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'BacklightError'
    this.code = code
    this.hint = hint
    this.fatal = fatal
  }
}

/**
 * An error as plain data, to cross from a worker.
 * @param {unknown} error
 * @returns {ErrorData}
 */
export function errorData(error) {
  if (error instanceof BacklightError) {
    const { name, code, message, hint, fatal, stack } = error
    return { name, code, message, hint, fatal, stack }
  }
  const { name = 'Error', message = String(error), stack } = error instanceof Error ? error : {}
  return { name, code: 'internal', message, hint: '', fatal: error instanceof WebAssembly.RuntimeError, stack }
}

/**
 * The error again, with the worker's stack in its cause.
 * @param {ErrorData} data
 * @returns {BacklightError}
 */
export function errorFrom({ name, code, message, hint, fatal, stack }) {
  return new BacklightError(code, message, hint, { fatal, cause: { name, stack } })
}
