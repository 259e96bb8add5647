// Numbers as they are printed: two or three digits, a true minus, a sign where sign matters.
import { grouped } from '../texts/grouped.js'
import { decimals, language, t } from '../texts/texts.js'

const MINUS = '−'

/** A plain number with about three digits. */
export function number(v, digits = 3) {
  if (!Number.isFinite(v)) return Number.isNaN(v) ? t.notANumber : v < 0 ? `${MINUS}∞` : '∞'
  const a = Math.abs(v)
  if (a === 0) return '0'
  if (a < 1e5 && Number.isInteger(a)) return (v < 0 ? MINUS : '') + a
  if (a >= 1e5 || a < 5e-4) return power(v, digits)
  const places = Math.max(0, Math.min(4, digits - 1 - Math.floor(Math.log10(a))))
  return (v < 0 ? MINUS : '') + decimals(a.toFixed(places))
}

function power(v, digits) {
  const [m, e] = Math.abs(v).toExponential(digits - 2).split('e')
  const up = [...String(Number(e))].map((c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[c])).join('')
  return `${v < 0 ? MINUS : ''}${decimals(m)}·10${up}`
}

/** With its sign: +0.36, −1.2. Two decimals from 0.1 on. */
export function signed(v, digits = 3) {
  return v > 0 ? '+' + number(v, digits) : number(v, digits)
}

/** Bytes as megabytes. */
export const megabytes = (bytes) => fixed(bytes / 1e6, 1)

/** So many decimals, without a sign of its own making. */
export const fixed = (v, places) => decimals(v.toFixed(places))

/** The end of a scale, for legends. */
export function limit(v) {
  const a = Math.abs(v)
  if (a === 0) return '0'
  return a >= 100 ? a.toFixed(0) : a >= 10 ? decimals(a.toFixed(1)) : a >= 0.095 ? decimals(a.toFixed(2)) : number(a, 2)
}

/** A probability: 0.905, <0.001, >0.999. */
export function probability(p) {
  if (!Number.isFinite(p)) return t.notANumber
  if (p < 0.0005) return p === 0 ? '0' : decimals('<0.001')
  if (p > 0.9995) return p === 1 ? '1' : decimals('>0.999')
  return decimals(p.toFixed(3))
}

/** A share as percent: 34 %, with a sign where it may be negative. */
export const percent = (part, withSign = false) => `${part < 0 ? MINUS : withSign ? '+' : ''}${Math.abs(part) < 0.01 ? decimals((100 * Math.abs(part)).toFixed(1)) : Math.round(100 * Math.abs(part))} %`

export const milliseconds = (ms) => (ms < 10 ? decimals(`${ms.toFixed(1)} ms`) : ms < 1000 ? `${Math.round(ms)} ms` : decimals(`${(ms / 1000).toFixed(1)} s`))
export const seconds = (s) => (s < 10 ? decimals(`${s.toFixed(1)} s`) : s < 90 ? `${Math.round(s)} s` : `${Math.round(s / 60)} min`)
export const count = (n) => grouped(n, language())
export const bytes = (n) => (n < 1e6 ? `${Math.round(n / 1000)} kB` : decimals(`${(n / 1e6).toFixed(1)} MB`))

/** A layer's long name: its last words if they say what it is, else the middle is left out: max_pool_1 as …pool_1. */
export function layerName(text, most) {
  if (text.length <= most) return text
  const tail = text.split(/(?<=[._/-])/).map((_, i, parts) => parts.slice(i).join('')).find((rest) => rest.length < most && /\p{L}{3}/u.test(rest))
  return tail ? `…${tail}` : middle(text, most)
}

/** A long name, cut in the middle. */
export function middle(text, most = 12) {
  if (text.length <= most) return text
  const head = Math.ceil((most - 1) / 2)
  return text.slice(0, head) + '…' + text.slice(text.length - (most - 1 - head))
}
