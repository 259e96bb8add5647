// Where a window lies.

/** The cells of the input under output cell (row, column); outside of it is padding. @returns {{ row: number, column: number, at: number }[]} */
export function windowOf({ k, stride, pad, dilation }, row, column) {
  return Array.from({ length: k * k }, (_, at) => ({ at, row: row * stride - pad + Math.floor(at / k) * dilation, column: column * stride - pad + (at % k) * dilation }))
}
