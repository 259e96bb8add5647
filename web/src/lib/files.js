// Files out of the page and into it.

/** Offers bytes or text as a download. */
export function download(name, content, type) {
  const url = URL.createObjectURL(new Blob([content], { type }))
  const a = document.createElement('a')
  a.href = url
  a.download = name
  a.click()
  setTimeout(() => URL.revokeObjectURL(url), 10000)
}

/** A picture in a format that the core does not read, decoded by the browser (its rounding may differ between browsers). */
export async function toPictureFile(file) {
  const bitmap = await createImageBitmap(file)
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
  const context = canvas.getContext('2d', { willReadFrequently: true })
  context.fillStyle = '#fff'
  context.fillRect(0, 0, bitmap.width, bitmap.height)
  context.drawImage(bitmap, 0, 0)
  bitmap.close()
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
  return { width: canvas.width, height: canvas.height, pixels: data, notes: ['decoded by the browser'] }
}

/** A map as comma-separated rows. */
export function csv(data, at, w, h) {
  const rows = []
  for (let r = 0; r < h; r++) rows.push(Array.from(data.subarray(at + r * w, at + (r + 1) * w)).join(','))
  return rows.join('\n') + '\n'
}
