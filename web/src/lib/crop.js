// The square of a picture that the network gets, as text in the address: X,Y,SIDE in thousandths of the shorter side.

/** The middle square, or the one the text names, moved inside. @returns {{ x: number, y: number, side: number }} whole pixels */
export function readCrop(text, width, height) {
  const short = Math.min(width, height)
  const m = /^(\d{1,6}),(\d{1,6}),(\d{1,4})$/.exec(text)
  const least = Math.min(short, 8)
  const side = m ? Math.max(least, Math.min(short, Math.round((Number(m[3]) / 1000) * short))) : short
  const at = (k, room) => (m ? Math.max(0, Math.min(room, Math.round((Number(m[k]) / 1000) * short))) : room >> 1)
  return { x: at(1, width - side), y: at(2, height - side), side }
}

/** @param {{ x: number, y: number, side: number }} crop */
export function writeCrop({ x, y, side }, width, height) {
  const short = Math.min(width, height)
  if (side === short && x === (width - side) >> 1 && y === (height - side) >> 1) return ''
  return [x, y, side].map((v) => Math.round((1000 * v) / short)).join(',')
}

/** That part of a picture. @param {{ width: number, height: number, pixels: Uint8ClampedArray | Uint8Array }} picture */
export function cut(picture, { x, y, side }) {
  const pixels = new Uint8ClampedArray(4 * side * side)
  for (let r = 0; r < side; r++) {
    const from = 4 * ((y + r) * picture.width + x)
    pixels.set(picture.pixels.subarray(from, from + 4 * side), 4 * r * side)
  }
  return { width: side, height: side, pixels }
}

/** An empty page to draw on. @param {boolean} dark */
export function blank(dark, side = 256) {
  const pixels = new Uint8ClampedArray(4 * side * side).fill(dark ? 0 : 255)
  for (let i = 3; i < pixels.length; i += 4) pixels[i] = 255
  return { width: side, height: side, pixels }
}
