// Kernels one knows, of odd sizes from 1×1: numbers row by row, and what they are called in the catalogue.

const BASE = {
  identity: [0, 0, 0, 0, 1, 0, 0, 0, 0],
  blur: new Array(9).fill(1 / 9),
  sharpen: [0, -1, 0, -1, 5, -1, 0, -1, 0],
  upright: [-1, 0, 1, -2, 0, 2, -1, 0, 1], // Sobel
  level: [-1, -2, -1, 0, 0, 0, 1, 2, 1],
  outline: [-1, -1, -1, -1, 8, -1, -1, -1, -1], // Laplace
  emboss: [-2, -1, 0, -1, 1, 1, 0, 1, 2],
  zero: new Array(9).fill(0),
}

/** Those that fit a kernel of kh×kw: the 3×3 ones in its middle; a blur fills it. @returns {{ id: string, numbers: number[] }[]} */
export function presetsFor(kh, kw) {
  return Object.entries(BASE).flatMap(([id, base]) => {
    const numbers = new Array(kh * kw).fill(id === 'blur' ? 1 / (kh * kw) : 0)
    const [top, left] = [(kh >> 1) - 1, (kw >> 1) - 1]
    if (id === 'blur') return [{ id, numbers }]
    if (id === 'identity') numbers[(kh >> 1) * kw + (kw >> 1)] = 1
    else if (id !== 'zero') {
      if (kh < 3 || kw < 3) return []
      base.forEach((v, i) => (numbers[(top + Math.floor(i / 3)) * kw + left + (i % 3)] = v))
    }
    return [{ id, numbers }]
  })
}
