// Which columns the network is drawn with, and where: every layer if there is room, else a column a convolution with what
// follows it, else a column a block.
import { blocksOf, foldGroups } from './blocks.js'
import { FEW, foldBlocks, FULL, place } from './layout.js'

const LEAST = 36 // px: smaller tiles only where folding does not help

/**
 * @param {ReturnType<import('./layout.js').columnsOf>} columns
 * @param {Parameters<typeof place>[1]} box
 * @param {boolean} opened  a layer stands open beneath: two rows of tiles are enough
 */
export function arrange(columns, box, opened = false) {
  const few = (cols, rows, whole = true) => (opened ? { cols, full: 2 * cols, few: 2 * cols } : { cols, full: whole ? FULL : rows * cols, few: rows * cols, grows: true })
  const shown = (list, how, folded) => ({ columns: list, folded, ...place(list, { ...box, ...how, bottom: folded ? box.bottom + 18 : box.bottom }) })
  const every = shown(columns, few(1, FEW), false)
  if (every.fits || columns.length < 8) return every
  const some = foldBlocks(columns)
  const convolutions = shown(some, few(1, FEW), true)
  if (convolutions.fits && (convolutions.tile >= LEAST || columns.length <= 16)) return convolutions
  let best = convolutions.fits ? convolutions : null
  for (const cols of [2, 1]) {
    const most = Math.max(4, Math.floor((box.width - box.inset - box.right) / (cols * LEAST + 22)))
    const groups = foldGroups(blocksOf(columns, most))
    if (groups.length >= some.length) continue
    const how = few(cols, FEW, false)
    let blocks = { ...shown(groups, how, true), blocks: true }
    if (!blocks.fits && cols === 1) blocks = { ...shown(groups, { ...how, small: true }, true), blocks: true }
    if (blocks.fits && (cols === 1 || blocks.tile >= LEAST)) return blocks
    if (!best || (!best.fits && blocks.end < best.end)) best = blocks
  }
  return best ?? convolutions
}

/** The layers that stand open with the one named: those folded into one column with it, or its block. Null: none of that name. */
export function openedBy(columns, arranged, name) {
  const column = name && columns.find((c) => c.name === name)
  if (!column) return null
  const at = arranged.columns.findIndex((c) => c.id === column.id || c.ids?.includes(column.id))
  const ids = arranged.columns[at]?.ids ?? columns.filter((c) => c.block === column.block).map((c) => c.id)
  return { column, at, layers: columns.filter((c) => ids.includes(c.id)) }
}
