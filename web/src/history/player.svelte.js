// The history of a training, played: a frame, its pass, a pause, the next.
import { session as s } from '../state.svelte.js'

const PAUSE_MS = 600 // between two frames: long enough to see what has changed

export class Player {
  playing = $state(false)
  #timer = 0

  get last() {
    return s.history.steps.length - 1
  }
  get at() {
    return s.frame ?? this.last
  }

  async #go() {
    await s.networks.setFrame(this.at + 1)
    if (!this.playing) return
    if (this.at === this.last) this.playing = false
    else this.#timer = setTimeout(() => this.#go(), PAUSE_MS)
  }

  /** From where it stands; from the beginning when it stands at the end. */
  async play() {
    if (this.playing) return this.stop()
    this.playing = true
    if (this.at < this.last) return this.#go()
    await s.networks.setFrame(0)
    if (this.playing) this.#timer = setTimeout(() => this.#go(), PAUSE_MS)
  }

  /** One frame further, and from the last to the first. */
  step() {
    this.stop()
    return s.networks.setFrame(this.at === this.last ? 0 : this.at + 1)
  }

  stop() {
    this.playing = false
    clearTimeout(this.#timer)
  }
}
