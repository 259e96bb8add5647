// Frames of a picture that grows: at most eight, thinned so that they lie evenly over all that came.
const MOST = 8

export class Film {
  frames = $state.raw([]) // { id, result, url, label }
  #seen = 0
  #every = 1

  clear() {
    this.frames = []
    this.#seen = 0
    this.#every = 1
  }

  /** Takes a preview; when the film is full every second frame goes. The newest is always the last. */
  add(result, label) {
    const keep = this.#seen++ % this.#every === 0
    const frame = { id: this.#seen, result, url: thumbnail(result), label }
    let frames = keep || !this.frames.length ? [...this.frames, frame] : [...this.frames.slice(0, -1), frame]
    if (frames.length > MOST) {
      frames = frames.filter((_, i) => i % 2 === 0 || i === frames.length - 1)
      this.#every *= 2
    }
    this.frames = frames
  }
}

function thumbnail(result) {
  const [h, w] = result.shape.slice(-2)
  const whole = document.createElement('canvas')
  whole.width = w
  whole.height = h
  whole.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(result.pixels), w, h), 0, 0)
  const small = document.createElement('canvas')
  small.width = small.height = 136
  const side = Math.min(w, h)
  const context = small.getContext('2d')
  context.imageSmoothingQuality = 'high'
  context.drawImage(whole, (w - side) / 2, (h - side) / 2, side, side, 0, 0, 136, 136)
  return small.toDataURL('image/jpeg', 0.85)
}
