// Where numbers of an explanation lie: values as channels of maps, the cells of a window, groups of terms. No drawing, no
// state, and no operator's name: all is read off shapes and terms.

/** A value's shape as channels × height × width. */
export const dims = (shape) => ({ channels: shape?.[1] ?? 1, height: shape?.[2] ?? 1, width: shape?.[3] ?? 1 })

/** The place of element `index` in maps of that size. */
export function placeOf(index, { channels, height, width }) {
  const plane = height * width
  return { channel: Math.floor(index / plane) % channels, row: Math.floor((index % plane) / width), column: index % width }
}
export const indexOf = ({ height, width }, { channel, row, column }) => (channel * height + row) * width + column

export const ROLE = { product: 0, empty: 1, shift: 2, aside: 3, seed: 4, edit: 5 }
const SIGNAL = -2

/** A unit as the address writes it: `conv_2_1:3`. */
export function readUnit(text) {
  const m = /^(?:"((?:[^"\\]|\\.)*)"|([^":]+)):(\d+)$/.exec(text)
  return m ? { name: m[1] !== undefined ? m[1].replace(/\\(.)/g, '$1') : m[2], channel: Number(m[3]) } : null
}
export function readCell(text) {
  const m = /^(\d+),(\d+)$/.exec(text)
  return m ? { row: Number(m[1]), column: Number(m[2]) } : null
}

/**
 * The groups of an explanation: one a channel that takes part.
 * @param {object} ex an explanation of one number
 * @param {object} info the network
 * @returns {{ part, g, from, to, value, channel, signal, sum, cells, factors }[]} value: id of what the cells lie in, -1: none;
 *   signal: its gradient is meant; from, to: its terms
 */
export function groupsOf(ex, info) {
  const values = new Map(info.values.map((v) => [v.id, v]))
  const nodes = new Map(info.nodes.map((n) => [n.id, n]))
  const out = []
  ex.parts.forEach((part, p) => {
    const size = part.rows * part.columns
    const node = nodes.get(part.node)
    for (let g = 0; g < part.groups; g++) {
      const from = g * size
      const to = from + size
      let sum = 0
      let known = -1
      for (let i = from; i < to; i++) {
        sum += part.product[i]
        if (known < 0 && (part.role[i] === ROLE.product || part.operand[i] !== -1)) known = i
      }
      const signal = known >= 0 && part.operand[known] === SIGNAL
      const operand = known >= 0 ? part.operand[known] : -1
      const value = known < 0 ? -1 : signal || operand === 0 ? part.place : operand > 0 ? node.inputs[operand] : -1
      const shape = values.get(value)?.shape
      out.push({ part, p, g, node, from, to, size, value, signal, sum, channel: shape ? placeOf(part.index[known], dims(shape)).channel : 0, shape: shape ? dims(shape) : { channels: 1, height: 1, width: 1 }, constant: !!values.get(value)?.constant })
    }
  })
  return out
}

/**
 * What a group does, by its factors alone: 'kept' (all are 1), 'mean' (a window of equal ones), 'weighted' (one cell),
 * 'window'; where it adds nothing up, its form.
 */
export function kindOf(group) {
  const { part, from, to, size } = group
  if (part.form !== 'sum') return part.form
  const known = []
  for (let i = from; i < to; i++) if (part.role[i] === ROLE.product) known.push(part.factor[i])
  const equal = known.every((f) => f === known[0])
  if (equal && known[0] === 1) return 'kept'
  return size === 1 ? 'weighted' : equal && known.length > 1 ? 'mean' : 'window'
}

/** The group that gives most, up or down. */
export const strongest = (groups) => groups.reduce((a, g) => (!a || Math.abs(g.sum) > Math.abs(a.sum) ? g : a), null)

/** What is added beside the groups: bias, mean, seed, edit. */
export function extrasOf(ex) {
  return ex.parts.flatMap((part) => {
    const out = []
    for (let i = 0; i < part.n; i++) if ([ROLE.shift, ROLE.seed, ROLE.edit].includes(part.role[i])) out.push({ part, role: part.role[i], value: part.value[i], factor: part.factor[i], product: part.product[i], operand: part.operand[i] })
    return out
  })
}

/** The cells of a group's window: value, factor, product and where each lies; `empty` where nothing is. */
export function cellsOf(group) {
  const { part, from, to, shape } = group
  return Array.from({ length: to - from }, (_, k) => {
    const i = from + k
    const empty = part.role[i] === ROLE.empty
    return { value: part.value[i], factor: part.factor[i], product: part.product[i], empty, index: part.index[i], ...(empty ? { row: -1, column: -1 } : placeOf(part.index[i], shape)) }
  })
}

/** The part of its map that a window lies on, with what sticks out: { top, left, bottom, right }, or null. */
export function windowOf(group) {
  const { part } = group
  const cells = cellsOf(group)
  const line = (length, at, coordinate) => {
    const known = []
    for (let k = 0; k < length; k++) {
      const cell = cells.find((c, i) => !c.empty && at(i) === k)
      if (cell) known.push([k, cell[coordinate]])
    }
    if (!known.length) return null
    const [first, last] = [known[0], known.at(-1)]
    const step = last[0] > first[0] ? (last[1] - first[1]) / (last[0] - first[0]) : 1
    return [first[1] - first[0] * step, last[1] + (length - 1 - last[0]) * step]
  }
  const rows = line(part.rows, (i) => Math.floor(i / part.columns), 'row')
  const columns = line(part.columns, (i) => i % part.columns, 'column')
  return rows && columns ? { top: rows[0], bottom: rows[1], left: columns[0], right: columns[1] } : null
}

/** The cell that stands for a window: of a largest one the winner, else the middle; where nothing is, the nearest there is. */
export function middleOf(group) {
  const { part } = group
  const cells = cellsOf(group)
  const far = (i) => Math.abs(Math.floor(i / part.columns) - (part.rows - 1) / 2) + Math.abs((i % part.columns) - (part.columns - 1) / 2)
  let best = part.form === 'largest' ? cells.findIndex((c) => !c.empty && c.factor === 1) : -1
  if (best >= 0) return cells[best]
  cells.forEach((c, i) => {
    if (!c.empty && (best < 0 || far(i) < far(best))) best = i
  })
  return best < 0 ? null : cells[best]
}

/** Decimals with which these numbers are printed so that they add up as printed. */
export function decimalsFor(numbers, digits = 3) {
  const most = Math.max(...numbers.map(Math.abs), 0)
  return most === 0 ? 1 : Math.max(0, Math.min(9, digits - 1 - Math.floor(Math.log10(most))))
}
