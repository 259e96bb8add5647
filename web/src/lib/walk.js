// Arrow keys over tiles: along a strip and from strip to strip.

/**
 * @param {KeyboardEvent} event
 * @param {NodeListOf<Element>} strips
 * @param {number} i  which of them
 * @param {number} j  which of its tiles
 * @param {boolean} [lying]  strips lie: left and right go along them, up and down to another
 */
export function walk(event, strips, i, j, lying = false) {
  const along = { Home: 0, End: Infinity, [lying ? 'ArrowLeft' : 'ArrowUp']: j - 1, [lying ? 'ArrowRight' : 'ArrowDown']: j + 1 }[event.key]
  const other = { '[': i - 1, ']': i + 1, [lying ? 'ArrowUp' : 'ArrowLeft']: i - 1, [lying ? 'ArrowDown' : 'ArrowRight']: i + 1 }[event.key]
  if (along === undefined && other === undefined) return
  event.preventDefault()
  const tiles = strips[other ?? i]?.querySelectorAll('.tile')
  tiles?.[Math.max(0, Math.min(tiles.length - 1, along ?? j))]?.focus()
}
