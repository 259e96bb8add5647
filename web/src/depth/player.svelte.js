// A window that slides by itself: play, pause, step, any speed. Stops when the pointer arrives, and at the end.
export class Player {
  playing = $state(false)
  speed = $state(4) // places a second
  #timer = 0
  #step

  /** @param {() => boolean} step one place further; false: that was the last */
  constructor(step) {
    this.#step = step
  }
  play() {
    this.playing = true
    this.#next()
  }
  pause() {
    this.playing = false
    clearTimeout(this.#timer)
  }
  toggle() {
    this.playing ? this.pause() : this.play()
  }
  #next() {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      if (!this.playing) return
      if (this.#step()) this.#next()
      else this.pause()
    }, 1000 / this.speed)
  }
}
