// Several workers at one job: the worker that has the job (the lead) gives steps of an independent phase to helpers, does
// steps itself, and merges all parts in order of number, so that the bits are those of one worker. Lead and helper talk by
// a port of their own (protocol.js), past the page.
import { BacklightError } from './error.js'

/** Help is asked for when the rest of a phase would take longer than this; when nobody came, again so long after. */
const WORTH_MS = 50
/** Steps set aside for helpers that are asked for, one each, so that they begin while the lead is at a step of its own. */
const ASIDE = 3
/** Steps that a helper has in hand at most: one at work and one that waits. */
const IN_HAND = 2
/** Parts that wait for an earlier one, a worker at most. */
const AHEAD = 6

/** @typedef {{ port: any, ready: boolean, steps: Set<number> }} Helper */
/** @typedef {{ phase: number, steps: number, next: number }} Share */

export class Crew {
  #job
  #ask
  #wake = () => {}
  /** @type {Map<number, Helper>} */
  #helpers = new Map()
  /** Parts that came before their turn. @type {Map<number, Float32Array>} */
  #parts = new Map()
  /** Steps that a helper took and never gave. @type {number[]} */
  #returned = []
  /** Steps set aside until it is known who comes. @type {number[]} */
  #aside = []
  #phase = -1
  #given = 0
  /** When help may be asked for: not while an answer is awaited, nor while somebody helps. */
  #askAt = 0
  /** Milliseconds of the step before. */
  #took = 0

  /**
   * @param {import('./core.js').Job} job
   * @param {(share: import('./pool.js').Offer) => void} ask asks for helpers
   */
  constructor(job, ask) {
    this.#job = job
    this.#ask = ask
  }

  /** One step of any phase; null: all that is left is in other hands. */
  step() {
    const share = this.#job.share
    if ((share?.phase ?? -1) !== this.#phase) this.#begin(share)
    const part = share && this.#parts.get(share.next)
    if (part) {
      this.#parts.delete(share.next)
      const result = this.#job.merge(share.next, part)
      this.#feedAll()
      return result
    }
    const step = share && (this.#take(share) ?? this.#takeBack())
    if (share && step === null) return null
    if (share) this.#askIfWorth(share)
    const started = performance.now()
    const early = share && step !== null && step !== share.next
    if (early) this.#parts.set(step, this.#job.part(share.phase, step))
    const result = early ? { done: false, progress: this.#job.progress } : this.#job.step()
    this.#took = performance.now() - started
    this.#feedAll()
    return result
  }

  /** Until a part comes, a helper goes, or wake() is called. @returns {Promise<void>} */
  wait() {
    return new Promise((resume) => (this.#wake = () => resume()))
  }
  wake() {
    this.#wake()
  }

  /** The answer to what was asked: who comes, each with steps of those set aside. @param {{ number: number, port: any, steps: number[] }[]} helpers */
  join(helpers) {
    for (const { number, port, steps } of helpers) this.#add(number, port, steps.filter((step) => this.#aside.includes(step)))
    this.#returned.push(...this.#aside.filter((step) => !helpers.some(({ steps }) => steps.includes(step))))
    this.#aside = []
    this.#askAgain()
    this.#wake()
  }

  /** @param {number} number @param {any} port @param {number[]} steps */
  #add(number, port, steps) {
    /** @type {Helper} */
    const helper = { port, ready: false, steps: new Set(steps) }
    this.#helpers.set(number, helper)
    port.onmessage = (/** @type {{ data: any }} */ { data: { ready, step, part } }) => {
      if (ready !== undefined) helper.ready = ready === this.#phase
      else if (helper.steps.delete(step)) this.#parts.set(step, part)
      this.#feed(helper)
      this.#wake()
    }
  }

  /** A helper is gone: what it had in hand is to be done again. @param {number} number */
  lose(number) {
    const helper = this.#helpers.get(number)
    if (!helper) return
    this.#helpers.delete(number)
    helper.port.close()
    this.#returned.push(...helper.steps)
    this.#returned.sort((a, b) => a - b)
    this.#askAgain()
    this.#wake()
  }

  /** A lane that was busy a moment ago may be free by then. */
  #askAgain() {
    if (!this.#helpers.size) this.#askAt = performance.now() + WORTH_MS
  }

  /** Sends all helpers home. */
  end() {
    for (const { port } of this.#helpers.values()) {
      port.postMessage({ end: true })
      port.close()
    }
    this.#helpers.clear()
  }

  /** @param {Share | null} share */
  #begin(share) {
    this.end()
    this.#parts.clear()
    this.#returned = []
    this.#aside = []
    this.#phase = share?.phase ?? -1
    this.#given = share?.next ?? 0
    this.#askAt = 0
  }

  /** The next step that nobody has, or null. @param {Share} share */
  #take(share) {
    const returned = this.#returned.shift()
    if (returned !== undefined) return returned
    const most = Math.min(share.steps, share.next + AHEAD * (this.#helpers.size + 1))
    return this.#given < most ? this.#given++ : null
  }

  /** What a helper has not begun, when nothing else is left: the part that comes second is dropped. @returns {number | null} */
  #takeBack() {
    const aside = this.#aside.shift()
    if (aside !== undefined) return aside
    for (const { ready, steps } of this.#helpers.values()) {
      const last = [...steps].at(-1)
      if (last === undefined || (ready && steps.size === 1)) continue
      steps.delete(last)
      return last
    }
    return null
  }

  /** Before the lead's own step, so that helpers come meanwhile. @param {Share} share */
  #askIfWorth({ phase, steps }) {
    const left = steps - this.#given
    if (performance.now() < this.#askAt || left * this.#took <= WORTH_MS) return
    this.#askAt = Infinity
    for (const end = this.#given + Math.min(ASIDE, Math.ceil(left / 2)); this.#given < end; ) this.#aside.push(this.#given++)
    this.#ask({ phase, steps: left + 1, bytes: this.#job.progress.bytes, aside: [...this.#aside] })
  }

  /** @param {Helper} helper */
  #feed(helper) {
    const share = this.#job.share
    if (!helper.ready || share?.phase !== this.#phase) return
    const steps = []
    while (helper.steps.size < IN_HAND) {
      const step = this.#take(share)
      if (step === null) break
      helper.steps.add(step)
      steps.push(step)
    }
    if (steps.length) helper.port.postMessage({ steps })
  }

  #feedAll() {
    for (const helper of this.#helpers.values()) this.#feed(helper)
  }
}

/**
 * Helps with a phase until the lead sends it home, or `stopped` says so.
 * @param {import('./core.js').Job} job begun with the lead's request
 * @param {number} phase
 * @param {number[]} first steps of the phase
 * @param {any} port to the lead
 * @param {{ cancelled: boolean, wake?: () => void }} state
 * @param {() => Promise<unknown>} lookUp lets messages come in
 */
export async function help(job, phase, first, port, state, lookUp) {
  const steps = [...first]
  let over = false
  let wake = () => {}
  state.wake = () => wake()
  port.onmessage = (/** @type {{ data: any }} */ { data }) => {
    if (data.end) over = true
    else steps.push(...data.steps)
    wake()
  }
  const ended = () => over || state.cancelled
  try {
    // Phases before this one are short, and every worker does them by itself.
    for (let share = job.share; share?.phase !== phase && !ended(); share = job.share) {
      if (share || job.step().done) throw new BacklightError('internal', `there is no phase ${phase} to help with`)
      await lookUp()
    }
    port.postMessage({ ready: phase })
    for (;;) {
      if (!steps.length && !ended()) await new Promise((resume) => (wake = () => resume(undefined)))
      // Always, even when woken by a message: Node hands on the messages of one port as long as there are any, and a lead that
      // answers each part with a step would keep the page's word from coming through.
      await lookUp()
      if (ended()) return
      const step = steps.shift()
      if (step === undefined) continue
      const part = job.part(phase, step)
      port.postMessage({ step, part }, [part.buffer])
    }
  } finally {
    port.close()
  }
}
