// The tolerances of tests/tolerances.h, which has the reasons: one table for the tests in C and in JavaScript.
import { readFileSync } from 'node:fs'

const text = readFileSync(new URL('../../tolerances.h', import.meta.url), 'utf8')

/** @param {string} name as in the header @returns {number} */
export function tolerance(name) {
  const found = new RegExp(`^#define ${name} +(\\S+)`, 'm').exec(text)
  if (!found) throw new Error(`tests/tolerances.h has no ${name}`)
  return Number(found[1])
}

/** The error of a tensor, max|a−b| / max|b|. Infinite where the shapes differ or a number is not finite. */
export function tensorError(a, b) {
  if (a.shape.join() !== b.shape.join() || a.data.length !== b.data.length) return Infinity
  let most = 0
  let difference = 0
  for (let i = 0; i < b.data.length; i++) {
    if (!Number.isFinite(a.data[i]) || !Number.isFinite(b.data[i])) return Infinity
    most = Math.max(most, Math.abs(b.data[i]))
    difference = Math.max(difference, Math.abs(a.data[i] - b.data[i]))
  }
  return difference === 0 ? 0 : difference / most
}

// Scores by the last frame of a history beside those by the network itself, relative to the largest: in the history every weight is float16
// (half a step is 2^-11 = 4.9e-4 of it), in the network's file the small ones are exact.
export const FRAME = 5e-4
