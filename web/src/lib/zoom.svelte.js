// Looking closer at one map: by pinching, by the wheel with Ctrl (a pinch on a touch pad), by + − 0. What lies under the fingers stays there.
const MOST = 16

export class Zoom {
  k = $state(1) // so many times as large
  x = $state(0) // its corner, in parts of the frame, at most 0
  y = $state(0)
  #touches = new Map()

  #put(k, x, y) {
    this.k = k
    this.x = Math.min(0, Math.max(1 - k, x))
    this.y = Math.min(0, Math.max(1 - k, y))
  }
  /** Larger by a factor; the point px, py of the frame (0…1) stays, and then moves by dx, dy. */
  by(factor, px = 0.5, py = 0.5, dx = 0, dy = 0) {
    const k = Math.min(MOST, Math.max(1, this.k * factor))
    this.#put(k, px - ((px - this.x) * k) / this.k + dx, py - ((py - this.y) * k) / this.k + dy)
  }
  whole() {
    this.#put(1, 0, 0)
  }

  down(event) {
    if (event.pointerType === 'touch') this.#touches.set(event.pointerId, { x: event.clientX, y: event.clientY })
  }
  up(event) {
    this.#touches.delete(event.pointerId)
  }
  /** @returns {boolean} whether this is a pinch, and no pointing */
  move(event) {
    if (!this.#touches.has(event.pointerId)) return false
    const before = [...this.#touches.values()]
    this.#touches.set(event.pointerId, { x: event.clientX, y: event.clientY })
    if (before.length !== 2) return before.length > 2
    const after = [...this.#touches.values()]
    const box = event.currentTarget.getBoundingClientRect()
    const apart = ([a, b]) => Math.max(8, Math.hypot(a.x - b.x, a.y - b.y))
    const middle = ([a, b]) => [((a.x + b.x) / 2 - box.left) / box.width, ((a.y + b.y) / 2 - box.top) / box.height]
    const [from, to] = [middle(before), middle(after)]
    this.by(apart(after) / apart(before), from[0], from[1], to[0] - from[0], to[1] - from[1])
    return true
  }
  wheel(event) {
    if (!event.ctrlKey) return
    event.preventDefault()
    const box = event.currentTarget.getBoundingClientRect()
    this.by(Math.exp(-event.deltaY / 100), (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height)
  }
  key(event) {
    const factor = { '+': 1.5, '-': 1 / 1.5, 0: 0 }[event.key]
    if (factor === undefined) return
    event.preventDefault()
    if (factor) this.by(factor)
    else this.whole()
  }
}
