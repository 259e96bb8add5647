// Strokes on the picture as the network gets it, and their text in the address: SIZE.COLOUR.POINTS joined by _, where size is
// the brush's width in pixels, colour six hex digits or "mean", and each point four digits to the base 36, two for x, two for y.

const LIMIT = 36 * 36
const two = (n) => Math.max(0, Math.min(LIMIT - 1, n)).toString(36).padStart(2, '0')

/** @typedef {{ size: number, colour: string, points: [number, number][] }} Stroke */

/** @param {string} text @returns {Stroke[]} what does not fit is left out */
export function readPaint(text) {
  return text.split('_').flatMap((part) => {
    const m = /^(\d{1,3})\.(mean|[0-9a-f]{6})\.((?:[0-9a-z]{4})+)$/.exec(part)
    if (!m || Number(m[1]) < 1) return []
    const points = m[3].match(/.{4}/g).map((p) => [parseInt(p.slice(0, 2), 36), parseInt(p.slice(2), 36)])
    return [{ size: Number(m[1]), colour: m[2], points }]
  })
}

/** @param {Stroke[]} strokes */
export const writePaint = (strokes) => strokes.map((s) => `${s.size}.${s.colour}.${s.points.map(([x, y]) => two(x) + two(y)).join('')}`).join('_')

/** The picture with strokes: a copy. @param {{ width: number, height: number, pixels: Uint8ClampedArray | Uint8Array }} picture @param {Stroke[]} strokes */
export function painted(picture, strokes) {
  const { width, height } = picture
  const pixels = new Uint8ClampedArray(picture.pixels)
  const mean = [0, 0, 0]
  if (strokes.some((s) => s.colour === 'mean')) for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) mean[c] += picture.pixels[4 * i + c] / (width * height)
  for (const { size, colour, points } of strokes) {
    const rgb = colour === 'mean' ? mean.map(Math.round) : [0, 2, 4].map((i) => parseInt(colour.slice(i, i + 2), 16))
    const r = size / 2
    const middle = size % 2 ? 0.5 : 0 // an odd brush is centred on a pixel, an even one on a corner
    const dab = (px, py) => {
      for (let y = Math.max(0, Math.floor(py + middle - r)); y < Math.min(height, py + middle + r); y++)
        for (let x = Math.max(0, Math.floor(px + middle - r)); x < Math.min(width, px + middle + r); x++) {
          if ((x + 0.5 - px - middle) ** 2 + (y + 0.5 - py - middle) ** 2 > r * r) continue
          const at = 4 * (y * width + x)
          pixels[at] = rgb[0]
          pixels[at + 1] = rgb[1]
          pixels[at + 2] = rgb[2]
          pixels[at + 3] = 255
        }
    }
    points.forEach(([x, y], i) => {
      const [x0, y0] = points[i - 1] ?? [x, y]
      const n = Math.max(1, Math.ceil(Math.hypot(x - x0, y - y0) / Math.max(1, r / 2)))
      for (let k = 1; k <= n; k++) dab(Math.round(x0 + ((x - x0) * k) / n), Math.round(y0 + ((y - y0) * k) / n))
    })
  }
  return { width, height, pixels }
}
