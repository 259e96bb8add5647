// The front of the light: when the direction turns, columns swap their maps one after the other as it passes.
const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches

export class Front {
  position = $state(Infinity) // columns passed, from the source of light; ≥ count: arrived
  moving = $state(false)
  #frame = 0

  /** From 0 to `count` columns, 45 ms a column, 600 ms at most. */
  run(count) {
    cancelAnimationFrame(this.#frame)
    if (still()) {
      this.position = Infinity
      this.moving = false
      return
    }
    const time = Math.min(600, 45 * count)
    const start = performance.now()
    this.position = 0
    this.moving = true
    const tick = (now) => {
      const part = Math.max(0, now - start) / time
      this.position = part >= 1 ? Infinity : part * count
      this.moving = part < 1
      if (this.moving) this.#frame = requestAnimationFrame(tick)
    }
    this.#frame = requestAnimationFrame(tick)
  }

  /** Has the front passed column i of n, coming from the left (forward) or the right? */
  passed(i, n, backward) {
    return (backward ? n - 1 - i : i) < this.position - 0.5
  }
}
