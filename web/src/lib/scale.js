// The ends of the colour scales: symmetric, the 99.5th percentile of |v|, shared by tile, block or network.
import { percentileOf } from './stats.js'

export const PERCENTILE = 99.5

/** @returns {(column) => number[]} for each channel of a column its limit */
export function limitsOf(columns, values, by) {
  const cache = new Map()
  const shared = (key, list) => {
    if (!cache.has(key)) cache.set(key, percentileOf(list.map((c) => values.get(c.id)?.data).filter(Boolean), PERCENTILE))
    return cache.get(key)
  }
  return (column) => {
    if (by === 'unit') {
      const value = values.get(column.id)
      if (!value) return []
      const n = value.data.length / column.channels
      return Array.from({ length: column.channels }, (_, k) => percentileOf([value.data.subarray(k * n, (k + 1) * n)], PERCENTILE))
    }
    const limit = by === 'network' ? shared('all', columns.filter((c) => c.kind !== 'input')) : shared(column.block, columns.filter((c) => c.block === column.block))
    return new Array(column.channels).fill(limit)
  }
}
