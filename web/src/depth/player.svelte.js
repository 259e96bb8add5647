// A window that slides by itself: play, pause, step, any speed. Stops when the pointer arrives, and at the end, from
// where it begins again.
export class Player {
  playing = $state(false)
  speed = $state(4) // places a second
  #timer = 0
  #step

  /** @param {(by: number) => boolean} step so many places further, −Infinity: to the first; false: that was the last */
  constructor(step) {
    this.#step = step
  }
  play() {
    this.playing = true
    if (!this.#step(1)) this.#step(-Infinity)
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
      if (this.#step(1)) this.#next()
      else this.pause()
    }, 1000 / this.speed)
  }
}
