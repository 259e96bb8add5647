// Numbers to pixels: pure functions on arrays. A map larger than its tile is averaged before it is coloured; a smaller one
// shows its cells. Colours come from the core's 256-entry tables.

/** The bytes of a table as one word a colour. */
export const words = (table) => new Uint32Array(table.buffer, table.byteOffset, 256)

/**
 * Draws one h×w map (data from `at` on) into `out` (stride pixels wide), W×H pixels large with its corner at x, y.
 * limit ≤ 0 draws the neutral entry. unsigned: 0…limit over the whole table.
 */
export function paintMap(out, stride, x, y, W, H, data, at, w, h, table, limit, unsigned = false) {
  const scale = limit > 0 ? (unsigned ? 255 : 127.5) / limit : 0
  const zero = unsigned ? 0 : 127.5
  const columns = spans(w, W)
  const rows = spans(h, H)
  const neutral = table[Math.round(zero)]
  const sums = rowSums.length >= w ? rowSums : (rowSums = new Float64Array(w))
  for (let j = 0; j < H; j++) {
    const r0 = rows[2 * j]
    const r1 = rows[2 * j + 1]
    // The rows under this line of pixels are added up first, then the columns of the sums.
    let from = at + r0 * w
    for (let c = 0; c < w; c++) sums[c] = data[from++]
    for (let r = r0 + 1; r < r1; r++) for (let c = 0; c < w; c++) sums[c] += data[from++]
    let to = (y + j) * stride + x
    for (let i = 0; i < W; i++) {
      const c0 = columns[2 * i]
      const c1 = columns[2 * i + 1]
      let v = sums[c0]
      for (let c = c0 + 1; c < c1; c++) v += sums[c]
      const index = zero + (v / ((r1 - r0) * (c1 - c0))) * scale
      out[to++] = index >= 0 ? table[index > 255 ? 255 : (index + 0.5) | 0] : index < 0 ? table[0] : neutral
    }
  }
}
let rowSums = new Float64Array(512)

const spanCache = new Map()
// For each of W pixels the source cells [from, to) under it, never empty.
function spans(w, W) {
  const key = w * 65536 + W
  let s = spanCache.get(key)
  if (!s) {
    s = new Int32Array(2 * W)
    for (let i = 0; i < W; i++) {
      const from = Math.floor((i * w) / W + 1e-9)
      s[2 * i] = from
      s[2 * i + 1] = Math.max(from + 1, Math.min(w, Math.ceil(((i + 1) * w) / W - 1e-9)))
      if (W >= w) s[2 * i + 1] = from + 1
    }
    if (spanCache.size > 500) spanCache.clear()
    spanCache.set(key, s)
  }
  return s
}

/** A whole map at its own size, for enlarged views (CSS enlarges with `image-rendering: pixelated`). */
export function mapImage(data, at, w, h, table, limit, unsigned = false) {
  const image = new ImageData(w, h)
  paintMap(new Uint32Array(image.data.buffer), w, 0, 0, w, h, data, at, w, h, table, limit, unsigned)
  return image
}

/** The map over a photograph of the same size: colour of the size family with alpha (|v|/limit)^0.6. */
export function overlayImage(photo, data, w, h, table, limit) {
  const image = new ImageData(w, h)
  const colour = new Uint8Array(table.buffer, table.byteOffset, 1024)
  for (let i = 0; i < w * h; i++) {
    const v = limit > 0 ? Math.min(1, Math.abs(data[i]) / limit) : 0
    const alpha = v ** 0.6
    const k = 4 * Math.round(255 * v)
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = photo[4 * i + c] * (1 - alpha) + colour[k + c] * alpha
    image.data[4 * i + 3] = 255
  }
  return image
}

const TINTS = [[1, 0.42, 0.38], [0.42, 0.86, 0.4], [0.5, 0.5, 1]]
/** One colour channel of a picture as a tinted grey, W×H pixels. */
export function paintChannel(out, stride, x, y, W, H, picture, channel, grey) {
  const { width: w, height: h, pixels } = picture
  const tint = grey ? [1, 1, 1] : TINTS[channel]
  const columns = spans(w, W)
  const rows = spans(h, H)
  for (let j = 0; j < H; j++) {
    let to = (y + j) * stride + x
    for (let i = 0; i < W; i++) {
      let v = 0
      let n = 0
      for (let r = rows[2 * j]; r < rows[2 * j + 1]; r++) {
        for (let c = columns[2 * i]; c < columns[2 * i + 1]; c++, n++) v += pixels[4 * (r * w + c) + channel]
      }
      v /= n
      out[to++] = (255 << 24) | ((v * tint[2]) << 16) | ((v * tint[1]) << 8) | (v * tint[0])
    }
  }
}

/** Puts pixels on a canvas, which takes their size. */
export function show(canvas, image) {
  if (canvas.width !== image.width) canvas.width = image.width
  if (canvas.height !== image.height) canvas.height = image.height
  canvas.getContext('2d').putImageData(image, 0, 0)
}

export const toImage = (picture) => new ImageData(new Uint8ClampedArray(picture.pixels.buffer, picture.pixels.byteOffset, picture.pixels.length), picture.width, picture.height)

/** Where a pointer is on a grid of w×h cells that an element shows. box: the element's, where it is known already. */
export function cellAt(event, element, w, h, box = element.getBoundingClientRect()) {
  const column = Math.floor(((event.clientX - box.left) / box.width) * w)
  const row = Math.floor(((event.clientY - box.top) / box.height) * h)
  return { row: Math.max(0, Math.min(h - 1, row)), column: Math.max(0, Math.min(w - 1, column)) }
}
