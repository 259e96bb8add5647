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
