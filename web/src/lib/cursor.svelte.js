// One cursor for all enlarged maps of a panel: a place as parts of width and height, by pointer or arrow keys.
import { cellAt } from './draw.js'

class Cursor {
  at = $state.raw(null) // { x, y } in 0…1, the middle of a cell

  move(event, element, w, h) {
    const { row, column } = cellAt(event, element, w, h)
    this.at = { x: (column + 0.5) / w, y: (row + 0.5) / h }
  }
  leave() {
    this.at = null
  }
  key(event, w, h) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key]
    if (!step) return
    event.preventDefault()
    event.stopPropagation()
    const far = event.shiftKey ? 8 : 1
    const { row, column } = this.cell(w, h) ?? { row: h >> 1, column: w >> 1 }
    const clamp = (v, n) => (Math.max(0, Math.min(n - 1, v)) + 0.5) / n
    this.at = { x: clamp(column + far * step[0], w), y: clamp(row + far * step[1], h) }
  }
  /** The cell of a w×h map at the cursor. */
  cell(w, h) {
    return this.at && { row: Math.min(h - 1, Math.floor(this.at.y * h)), column: Math.min(w - 1, Math.floor(this.at.x * w)) }
  }
}
export const cursor = new Cursor()
