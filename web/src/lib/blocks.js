// Blocks of a graph: what branches and joins again, and what repeats. Only operators and connections are looked at.

const signature = (c) => {
  const a = c.node?.attributes ?? {}
  return `${c.node?.op ?? 'input'}${[].concat(a.kernel_shape ?? []).join('x')}${Number(a.group) > 1 ? 'g' : ''}`
}
const MOST_MIXING = 8 // layers that mix channels, in one block

/**
 * Groups of columns, each one column of the folded network: all in order, every column in one of them. A group begins where
 * nothing but the value before is read by what follows. While there are more than `most`, the neighbours that occur together
 * most often are joined, wherever they do.
 * @param {ReturnType<import('./layout.js').columnsOf>} columns
 */
export function blocksOf(columns, most = 16) {
  const at = new Map(columns.map((c, i) => [c.id, i]))
  const lastUse = columns.map((_, i) => i)
  columns.forEach((c, i) => c.sources.forEach((id) => (lastUse[at.get(id)] = Math.max(lastUse[at.get(id)], i))))
  const units = []
  let reach = -1 // the last reader of anything before the value just made
  columns.forEach((c, i) => {
    const clean = i === 0 || reach < i
    if (i > 0) reach = Math.max(reach, lastUse[i - 1])
    // From here on only columns[i-1] may be read; what it is read by later opens a branch.
    const last = units.at(-1)
    const follows = last && c.sources.length === 1 && !c.node?.mixesChannels && last.columns[0].kind !== 'input' && last.columns[0].kind === c.kind
    if (last && (!clean || follows)) last.columns.push(c)
    else units.push({ columns: [c] })
  })
  for (const u of units) {
    // What a block is known by: activations and pools at its end make no other kind of block.
    u.signature = u.columns.filter((c) => c.node?.mixesChannels || c.sources.length > 1).map(signature).join(' ') || signature(u.columns[0])
    u.joins = u.columns.filter((c) => c.sources.length > 1).length ? 1 : 0
    u.mixing = u.columns.filter((c) => c.node?.mixesChannels).length
  }
  let out = units
  while (out.length > most) {
    const pair = commonest(out)
    if (!pair) break
    out = joined(out, pair)
  }
  return out.map((u) => u.columns)
}

const fits = (a, b) => a.columns[0].node && b.columns[0].kind !== 'numbers' && a.joins + b.joins <= 1 && a.mixing + b.mixing <= MOST_MIXING
// The pair of neighbours that occurs most often, without overlaps; at least twice.
function commonest(units) {
  const counts = new Map()
  const until = new Map()
  for (let i = 0; i + 1 < units.length; i++) {
    if (!fits(units[i], units[i + 1])) continue
    const key = `${units[i].signature}|${units[i + 1].signature}`
    if (i < (until.get(key) ?? 0)) continue
    until.set(key, i + 2)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const [key, count] = [...counts].reduce((best, one) => (one[1] > best[1] ? one : best), ['', 1])
  return count > 1 ? key : null
}
function joined(units, pair) {
  const out = []
  for (let i = 0; i < units.length; i++) {
    const [a, b] = [units[i], units[i + 1]]
    if (b && fits(a, b) && `${a.signature}|${b.signature}` === pair) {
      out.push({ columns: [...a.columns, ...b.columns], signature: `(${pair})`, joins: a.joins + b.joins, mixing: a.mixing + b.mixing })
      i++
    } else out.push(a)
  }
  return out
}

/** Every group as one column: its last value, under the block's name. */
export function foldGroups(groups) {
  const names = groups.map(nameOf)
  // A name that says as much of another block says too little.
  const told = names.map((name, i) => (names.indexOf(name) === names.lastIndexOf(name) ? name : groups[i][0].name))
  return groups.map((list, i) => ({ ...list.at(-1), kind: list.length > 1 && list.at(-1).kind === 'input' ? 'maps' : list.at(-1).kind, name: told[i], layer: list.at(-1).name, stands: list.map((c) => c.name), ids: list.map((c) => c.id), sources: outside(list) }))
}
const outside = (list) => {
  const own = new Set(list.map((c) => c.id))
  return [...new Set(list.flatMap((c) => c.sources))].filter((id) => !own.has(id))
}
// A block is named by what the names of its layers share (mixed3_3x3, mixed3_join: mixed3); of several blocks in one by the
// first and the last (mixed3 … mixed4). Layers that follow, as activations and pools do, have no say.
function nameOf(list) {
  const say = list.filter((c) => c.node?.mixesChannels || c.sources.length > 1)
  if (say.length < 2) return (say[0] ?? list[0]).name
  const all = shared(say)
  if (all) return all
  const of = (c) => say.filter((o) => words(o)[0] === words(c)[0])
  const ends = [say[0], say.at(-1)].map((c) => shared(of(c)) || c.name)
  return ends[0] === ends[1] || ends.every((name, i) => name === [say[0], say.at(-1)][i].name) ? list[0].name : ends.join('…')
}
const words = (c) => c.name.split(/(?<=[./_-])/)
/** The words that all names begin with, at least one word less than the shortest; '' when there are none. */
function shared(list) {
  const parts = list.map(words)
  let n = 0
  while (parts.every((p) => p.length > n + 1 && p[n] === parts[0][n])) n++
  const name = parts[0].slice(0, n).join('').replace(/[./_-]+$/, '')
  return list.length > 1 && name.length > 1 ? name : ''
}

/**
 * Places of a block's layers in its own picture: how many steps from its entry, and in which lane.
 * @returns {{ column: object, step: number, lane: number, from: number[] }[]} from: places in this list it is computed from
 */
export function lanesOf(columns) {
  const place = new Map()
  const out = []
  const open = new Set() // lanes whose last layer has been read
  let lanes = 0
  for (const c of columns) {
    const from = c.sources.map((id) => place.get(id)).filter((i) => i !== undefined)
    const step = from.length ? 1 + Math.max(...from.map((i) => out[i].step)) : 0
    let lane
    if (from.length > 1) lane = from.reduce((sum, i) => sum + out[i].lane, 0) / from.length
    else {
      const source = from.length ? out[from[0]] : null
      if (source && !open.has(from[0]) && Number.isInteger(source.lane)) lane = source.lane
      else {
        // Beside what is already at this step.
        const taken = out.filter((o) => o.step >= step).map((o) => o.lane)
        lane = source && !taken.includes(source.lane) ? source.lane : taken.length ? Math.floor(Math.max(...taken)) + 1 : lanes
      }
    }
    for (const i of from) open.add(i)
    lanes = Math.max(lanes, Math.ceil(lane))
    place.set(c.id, out.length)
    out.push({ column: c, step, lane, from })
  }
  return out
}
