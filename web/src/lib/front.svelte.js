// The front of the light: when the direction turns, columns swap their maps one after the other as it passes.
const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches
const SLOW = 400 // ms a column, when it is shown
const QUICK = 45 // … when the direction just turns, 600 ms at most

export class Front {
  position = $state(Infinity) // columns passed, from the source of light; ≥ count: arrived
  moving = $state(false)
  slow = $state(false)
  paused = $state(false)
  #frame = 0
  #count = 0
  #pace = 0

  /** From 0 to `count` columns. Slow, it can be paused and stepped; where motion is unwelcome it waits for steps. */
  run(count, slow = false) {
    cancelAnimationFrame(this.#frame)
    if (still() && !slow) return this.end()
    this.#count = count
    this.#pace = slow ? 1 / SLOW : count / Math.min(600, QUICK * count)
    this.position = 0
    this.moving = true
    this.slow = slow
    this.paused = slow && still()
    if (!this.paused) this.#go()
  }

  #go() {
    let before = performance.now()
    const tick = (now) => {
      this.position += Math.max(0, now - before) * this.#pace
      before = now
      if (this.position >= this.#count) this.end()
      else this.#frame = requestAnimationFrame(tick)
    }
    this.#frame = requestAnimationFrame(tick)
  }

  /** Dragged to where it has passed `part` of `count` columns, and held there; at the end of the way the light has arrived. */
  hold(count, part) {
    if (part >= count) return this.end()
    cancelAnimationFrame(this.#frame)
    this.#count = count
    this.#pace = 1 / SLOW
    this.position = Math.max(0, part)
    this.moving = this.slow = this.paused = true
  }

  pause() {
    cancelAnimationFrame(this.#frame)
    this.paused = !this.paused
    if (!this.paused) this.#go()
  }

  /** One column further. */
  step() {
    cancelAnimationFrame(this.#frame)
    this.paused = true
    this.position = this.reached + 1.01
    if (this.position >= this.#count) this.end()
  }

  end() {
    cancelAnimationFrame(this.#frame)
    this.position = Infinity
    this.moving = this.slow = this.paused = false
  }

  /** How many columns it has passed. */
  get reached() {
    return Math.max(0, Math.ceil(this.position - 0.5))
  }

  /** Has the front passed column i of n, coming from the left (forward) or the right? */
  passed(i, n, backward) {
    return (backward ? n - 1 - i : i) < this.position - 0.5
  }
}
