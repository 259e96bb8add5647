// Receptive fields, both ways, looked up in the table that the core makes of a network (core/field.c).

/** @typedef {{ r0: number, r1: number, c0: number, c1: number }} Field  first and last row and column */

export class Fields {
  /** @param {{ at: Int32Array, spans: Int32Array, input: number }} table  input: the value of the picture */
  constructor({ at, spans, input }) {
    this.at = at
    this.spans = spans
    this.input = input
  }

  /** Height and width of a value, and where its rows and columns begin; null: it has no field. @param {number} id */
  #of(id) {
    const at = this.at[id] ?? -1
    if (at < 0) return null
    const [height, width] = this.spans.subarray(at, at + 2)
    return { height, width, rows: at + 2, columns: at + 2 + 2 * height }
  }

  /** The part of the picture that a place of a value can see; null: none of it. @param {number} id @param {number} row @param {number} column @returns {Field | null} */
  of(id, row, column) {
    const value = this.#of(id)
    if (!value || row < 0 || column < 0 || row >= value.height || column >= value.width) return null
    const [r0, r1] = this.spans.subarray(value.rows + 2 * row)
    const [c0, c1] = this.spans.subarray(value.columns + 2 * column)
    return r0 <= r1 && c0 <= c1 ? { r0, r1, c0, c1 } : null
  }

  /** The places of every value that can see a pixel, as the rectangle around them. @param {number} row @param {number} column @returns {Map<number, Field>} by value */
  reach(row, column) {
    /** @type {Map<number, Field>} */
    const reached = new Map()
    for (let id = 0; id < this.at.length; id++) {
      const value = this.#of(id)
      if (!value) continue
      const [r0, r1] = this.#seeing(value.rows, value.height, row)
      const [c0, c1] = this.#seeing(value.columns, value.width, column)
      if (r0 <= r1 && c0 <= c1) reached.set(id, { r0, r1, c0, c1 })
    }
    return reached
  }

  /** First and last of n spans that hold a cell. @param {number} at @param {number} n @param {number} cell */
  #seeing(at, n, cell) {
    let first = n
    let last = -1
    for (let i = 0; i < n; i++) {
      if (this.spans[at + 2 * i] > cell || this.spans[at + 2 * i + 1] < cell) continue
      first = Math.min(first, i)
      last = i
    }
    return [first, last]
  }
}
