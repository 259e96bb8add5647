// Two classes in the means that every channel gives to each class (`backlight statistics`): plain numbers, nothing drawn.

/** The means of one class: a row of the tensor. @param {{ shape: number[], data: Float32Array }} tensor classes × channels */
export const meansOf = ({ shape: [, channels], data }, k) => data.subarray(k * channels, (k + 1) * channels)

const length = (list) => Math.sqrt(list.reduce((sum, x) => sum + x * x, 0))

/**
 * How two classes differ in a layer.
 * @param {{ shape: number[], data: Float32Array }} tensor @param {number} a @param {number} b
 * @returns {{ a: Float32Array, b: Float32Array, differences: Float32Array, apart: number }} apart: the length of the difference of the two
 *   lists of means over the mean of their lengths, 0: alike; 2: opposite
 */
export function contrast(tensor, a, b) {
  const [x, y] = [meansOf(tensor, a), meansOf(tensor, b)]
  const differences = x.map((v, i) => v - y[i])
  const size = (length(x) + length(y)) / 2
  return { a: x, b: y, differences, apart: size > 0 ? length(differences) / size : 0 }
}

/** The channels that answer more to the first class, and those that answer more to the second: largest difference first, `most` of each. */
export function parting(differences, most) {
  const order = Array.from(differences.keys()).sort((i, j) => differences[j] - differences[i])
  return { first: order.filter((k) => differences[k] > 0).slice(0, most), second: order.reverse().filter((k) => differences[k] < 0).slice(0, most) }
}
