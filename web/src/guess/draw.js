// What a question is about is drawn from its number alone, so that a link asks the same again.

/** Numbers in 0 … 1 that follow from a seed (mulberry32). @param {number} seed */
export function drawn(seed) {
  let state = (seed + 0x9e3779b9) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}
/** @template T @param {() => number} next @param {T[]} list @returns {T} */
export const oneOf = (next, list) => list[Math.floor(next() * list.length)]

/** Which part of a map's places has more than that one. @param {Float32Array} data @param {number} at */
export function above(data, at) {
  let more = 0
  for (const v of data) if (v > data[at]) more++
  return more / data.length
}
/** A guess is right when its place is among the strongest fifth of the map. */
export const STRONGEST = 0.2

/**
 * The picture nine times, each with another part hidden: a square of half its width and height, in the network's mean colour.
 * @param {{ width: number, height: number, pixels: Uint8ClampedArray }} picture @param {{ mean: number[], channels: string }} network
 */
export function hidden({ width, height, pixels }, { mean, channels }) {
  const colour = [0, 1, 2].map((c) => Math.round(255 * mean[mean.length === 1 ? 0 : channels === 'BGR' ? 2 - c : c]))
  const [w, h] = [Math.ceil(width / 2), Math.ceil(height / 2)]
  return Array.from({ length: 9 }, (_, k) => {
    const [left, top] = [Math.round(((k % 3) * (width - w)) / 2), Math.round((Math.floor(k / 3) * (height - h)) / 2)]
    const changed = new Uint8ClampedArray(pixels)
    for (let y = top; y < top + h; y++) for (let x = left; x < left + w; x++) changed.set(colour, 4 * (y * width + x))
    return { width, height, pixels: changed }
  })
}
