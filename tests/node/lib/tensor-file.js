// Tensor files as ONNX Runtime reads them: name → { shape, type, data }; float16 as its 16 bits.
import { sessionOf } from './ort.js'

export async function readTensors(bytes) {
  const session = await sessionOf(bytes)
  try {
    const outputs = await session.run({})
    return Object.fromEntries(Object.entries(outputs).map(([name, t]) => [name, { shape: [...t.dims], type: t.type, data: t.type === 'float16' ? new Uint16Array(t.data.buffer, t.data.byteOffset, t.data.length) : t.data }]))
  } finally {
    await session.release()
  }
}

/** The number that 16 bits of IEEE 754 half precision stand for. @param {number} bits */
export function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024))
}

/** The bits of the nearest half-precision number, ties to even; by trying both neighbours. @param {number} x */
export function halfBits(x) {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0
  const size = Math.abs(x)
  let low = 0
  let high = 0x7c00
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (halfToNumber(middle) <= size) low = middle
    else high = middle
  }
  const below = size - halfToNumber(low)
  const above = (high === 0x7c00 ? 65536 : halfToNumber(high)) - size
  return sign | (below < above || (below === above && low % 2 === 0) ? low : high)
}
