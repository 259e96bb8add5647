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
