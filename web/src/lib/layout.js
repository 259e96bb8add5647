// From a graph to columns, from columns to places on the screen. Knows operators only by what the core says of them
// (mixesChannels; alias: the same numbers as before) and by the shapes of values: no name of any layer.

const SIZES = [64, 56, 48, 44, 40, 36, 32]
const SMALL = [28, 24] // where the only other way is to scroll
export const FULL = 16 // up to so many channels a column shows all
export const FEW = 6 // of more it shows these, or as many as there is height for
const WHOLE = 12 // up to so many channels a column shows all, however small the tiles get
const READABLE = 44 // px: below it columns show fewer channels rather than smaller tiles

/**
 * The columns of a network, in topological order.
 * @returns {{id:number,name:string,node:object|null,kind:'input'|'maps'|'numbers',channels:number,height:number,width:number,block:number,sources:number[]}[]}
 *   block: columns of one block share it (what mixes channels opens one); sources: ids of the columns it is computed from
 */
export function columnsOf(info) {
  const values = new Map(info.values.map((v) => [v.id, v]))
  const input = info.values.find((v) => v.name === info.input.name) ?? info.values[0]
  const shown = new Map() // value id → column ids that stand for it
  const columns = []
  const add = (value, node, sources) => {
    const [, channels = 1, height = 1, width = 1] = value.shape
    const kind = node ? (height * width > 1 ? 'maps' : 'numbers') : 'input'
    const mixes = !node || node.mixesChannels || sources.length > 1 || columns.find((c) => c.id === sources[0])?.kind !== kind
    const block = mixes ? (columns.at(-1)?.block ?? -1) + 1 : (columns.find((c) => c.id === sources[0])?.block ?? columns.at(-1).block)
    columns.push({ id: value.id, name: node ? label(node, value) : 'input', node, kind, channels, height, width, block, sources })
    shown.set(value.id, [value.id])
  }
  const c = info.input
  add({ ...input, shape: input.shape ?? [1, c.channels, c.height, c.width] }, null, [])
  const scores = values.get(info.scores) ? info.scores : info.values.find((v) => v.name === info.scores)?.id
  for (const node of info.nodes) {
    const value = values.get(node.output)
    const sources = [...new Set(node.inputs.flatMap((i) => shown.get(i) ?? []))]
    if (!sources.length || !value.shape) continue
    const before = columns.find((x) => x.id === sources[0])
    const same = sources.length === 1 && size(value.shape) === before.channels * before.height * before.width
    const reshapes = same && !node.mixesChannels && value.shape.length !== 4 && before.kind !== 'numbers'
    if (node.output === scores || reshapes || node.alias) shown.set(value.id, sources)
    else if (value.shape.length === 4 || value.shape.length === 2) add(value, node, sources)
    else shown.set(value.id, sources)
    if (node.output === scores) break
  }
  return columns
}

const size = (shape) => shape.slice(1).reduce((a, b) => a * b, 1)
// The node's name, else the value's; of paths the last part that says something.
function label(node, value) {
  const name = node.name || value.name
  const parts = name.split(/[/.]/).filter((p) => p && !/^\d+$/.test(p))
  return name.length > 16 && parts.length > 1 ? parts.slice(-2).join('/') : name
}

/** Every block as one column: its last value, under the name of the layer that opens it. */
export function foldBlocks(columns) {
  const out = []
  for (const c of columns) {
    const last = out.at(-1)
    if (last && last.block === c.block && c.sources.length === 1) {
      Object.assign(last, { ...c, name: last.name, stands: [...last.stands, c.name], ids: [...last.ids, c.id], sources: last.sources })
    } else out.push({ ...c, stands: [c.name], ids: [c.id] })
  }
  return out
}

/** The channels a column shows, in order: all, or the `few` that count most for the objective when there are more than `full`. */
export function channelsOf(column, order, full = FULL, few = FEW) {
  const n = column.channels
  const all = order ?? Array.from({ length: n }, (_, i) => i)
  return n <= full ? all : all.slice(0, few)
}

/**
 * Places of columns and rows in CSS px.
 * @param {{id:number,channels:number,kind:string,block:number}[]} columns
 * @param {{width:number,height:number,rows:number,top:number,bottom:number,inset:number,right:number,full?:number,few?:number,cols?:number,small?:boolean}} box
 *   rows: at least so many rows are wanted (class rows); right: kept free at the right for edges;
 *   full, few: as channelsOf takes them; cols: tiles side by side in a column; grows: these two follow the height;
 *   small: tiles may be smaller than usual
 */
export function place(columns, box) {
  const { width, height, top, bottom, inset, right, cols = 1, grows = false, small = false } = box
  let { full = FULL, few = FEW } = box
  const branches = arcsOf(columns).length ? 34 : 0
  const free = width - inset - right
  if (grows && full > few) full = Math.min(full, cols * Math.max(WHOLE, Math.floor((height - top - bottom - branches) / (READABLE + 4))))
  const more = columns.some((c) => c.channels > full) ? 18 : 0 // the line "+58" under a column
  const room = height - top - bottom - more - branches
  const rowsOf = () => Math.max(box.rows, ...columns.map((c) => Math.ceil(Math.min(c.channels, c.channels <= full ? full : few) / cols)))
  let rows = rowsOf()
  const pitchOf = () => Math.floor(room / rows)
  const short = (tile) => (tile >= 56 ? 12 : 10)
  let longs = 0
  let shorts = 0
  for (let i = 1; i < columns.length; i++) columns[i].block !== columns[i - 1].block ? longs++ : shorts++
  const across = (tile) => cols * tile + (cols - 1) * 4 // a column
  const need = (tile, long) => columns.length * across(tile) + shorts * short(tile) + longs * long
  const tile = (small ? [...SIZES, ...SMALL] : SIZES).find((s) => s <= pitchOf() - 4 && need(s, 18) <= free) ?? Math.min(32, Math.max(20, pitchOf() - 3))
  if (grows) {
    // Height that is left holds more channels.
    few = Math.max(few, Math.min(FULL * cols, cols * Math.floor(room / (tile + (cols > 1 ? 4 : 6)))))
    full = Math.max(full, few)
    rows = rowsOf()
  }
  const pitchMost = pitchOf()
  const fits = need(tile, 18) <= free
  // Room that is left: first until names have it, then to the long gaps.
  const spare = free - need(tile, 24)
  const gap = Math.max(short(tile), Math.min(58 - tile, short(tile) + (shorts ? Math.max(0, spare) / shorts : 0)))
  const long = fits && longs ? Math.max(18, Math.min(68, (free - columns.length * across(tile) - shorts * gap) / longs)) : 18
  const pitch = Math.min(pitchMost, cols > 1 ? tile + 4 : tile >= 56 ? tile + 6 : tile + Math.min(rows <= 8 ? 40 : 17, Math.max(4, pitchMost - tile)))
  const wide = across(tile)
  let x = inset
  const xs = columns.map((c, i) => {
    if (i) x += wide + (c.block !== columns[i - 1].block ? long : gap)
    return Math.round(x)
  })
  return { tile, pitch, rows, cols, full, few, wide, xs, top, gap, long, fits, right: x + wide, end: Math.max(width, x + wide + right), legendY: top + rows * pitch + 6 + more }
}

/** Connections that skip columns: [from, to] as places in the list. */
export function arcsOf(columns) {
  const at = (id) => columns.findIndex((o) => o.id === id || o.ids?.includes(id))
  return columns.flatMap((c, i) => c.sources.map(at).filter((j) => j >= 0 && j < i - 1).map((j) => [j, i]))
}

/** Where the n tiles of a column begin: in the middle of the rows when they are few. */
export const firstRow = (n, rows, cols = 1) => (Math.ceil(n / cols) < Math.min(6, rows) ? (rows - Math.ceil(n / cols)) / 2 : 0)

/** Half heights of the light line: 2 + 10·(log(v/min)/log(max/min))^1.15 of each layer's root mean square. */
export function lightHeights(sizes) {
  const some = sizes.filter((v) => v > 0)
  const low = Math.min(...some)
  const high = Math.max(...some)
  return sizes.map((v) => (v > 0 ? (high > low ? 2 + 10 * (Math.log(v / low) / Math.log(high / low)) ** 1.15 : 7) : 0))
}
