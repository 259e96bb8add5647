// The rows of a softmax that are shown: all of a few classes, else those with the largest shares and the class that is looked
// at, and what all others give together.

/** @param {Float64Array | null} numbers five a class, as the core gives them @param {number} channel @param {number} most */
export function sharesOf(numbers, channel, most) {
  const all = Array.from({ length: (numbers?.length ?? 0) / 5 }, (_, k) => {
    const [z, power, p, own, rest] = numbers.subarray(5 * k, 5 * k + 5)
    return { k, z, power, p, own, rest, slope: own + rest }
  })
  if (all.length <= most + 2) return { all, rows: all, others: null }
  const top = all.toSorted((a, b) => b.p - a.p).slice(0, most)
  const rows = top.some((r) => r.k === channel) ? top : [...top.slice(0, -1), all[channel]]
  const left = all.filter((r) => !rows.includes(r))
  const sum = (key) => left.reduce((a, r) => a + r[key], 0)
  return { all, rows, others: { n: left.length, power: sum('power'), p: sum('p'), slope: sum('slope') } }
}
