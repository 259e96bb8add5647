// Changes to the network as the core writes them (`relu_1_1:3*0;conv_1_2/0,1=…`): read for the page's controls, one a kind and
// place, and written again.

/** @typedef {{ layer: string, channel: number, input: number, factor: number | null, numbers: number[] | null }} Edit
 *  layer: as written, quoted where need be; numbers: a kernel from `input` to `channel`; factor: of a channel; both null: its mean */

const split = (text) => text.match(/(?:"[^"]*"|[^;\s"])+/g) ?? []

/** @param {string} text @returns {Edit[]} */
export function readEdits(text) {
  return split(text).flatMap((part) => {
    const m = /^("[^"]*"|[A-Za-z0-9_./]+?)(?::(\d+)(?:\*([-+\d.e]+)|=mean)|\/(\d+),(\d+)=([-+\d.e,]+))$/.exec(part)
    if (!m) return []
    const numbers = m[6] ? m[6].split(',').map(Number) : null
    const factor = m[3] === undefined ? null : Number(m[3])
    if (numbers?.some((n) => !Number.isFinite(n)) || (factor !== null && !Number.isFinite(factor))) return []
    return [{ layer: m[1], channel: Number(m[2] ?? m[4]), input: Number(m[5] ?? -1), factor, numbers }]
  })
}

const short = (v) => String(Number(v.toPrecision(4)))
/** @param {Edit[]} edits */
export const writeEdits = (edits) =>
  edits.map((e) => (e.numbers ? `${e.layer}/${e.channel},${e.input}=${e.numbers.map(short).join(',')}` : e.factor === null ? `${e.layer}:${e.channel}=mean` : `${e.layer}:${e.channel}*${short(e.factor)}`)).join(';')

const same = (a, b) => a.layer === b.layer && a.channel === b.channel && a.input === b.input
/** With this edit in place of an earlier one of the same place; null numbers and factor 1 take it away. @param {Edit[]} edits @param {Edit} edit */
export const withEdit = (edits, edit, remove = false) => [...edits.filter((e) => !same(e, edit)), ...(remove ? [] : [edit])]
export const findEdit = (edits, layer, channel, input = -1) => edits.find((e) => same(e, { layer, channel, input })) ?? null

/** Which channels of two values differ by more than rounding. @returns {Uint8Array} one a channel */
export function changedChannels(before, now, channels) {
  const out = new Uint8Array(channels)
  if (!before || before.data.length !== now.data.length) return out
  const [a, b] = [before.data, now.data]
  const n = b.length / channels
  if (!largest.has(a)) {
    let most = 0
    for (let i = 0; i < a.length; i++) if (Math.abs(a[i]) > most) most = Math.abs(a[i])
    largest.set(a, most)
  }
  const least = 1e-5 * largest.get(a)
  for (let k = 0; k < channels; k++) {
    let i = k * n
    while (i < (k + 1) * n && Math.abs(b[i] - a[i]) <= least) i++
    out[k] = i < (k + 1) * n ? 1 : 0
  }
  return out
}
const largest = new WeakMap() // of arrays that many are compared with
