// A panel of the page as one SVG, with a caption beneath: maps as pictures, words as words, so that it can be scaled and edited.
// Whatever the panel shows comes along, its colour scales too; what only serves the hand (sliders, buttons to press) as it looks.
const NS = 'http://www.w3.org/2000/svg'
const XLINK = 'http://www.w3.org/1999/xlink'
const CAPTION = 13 // px, size of its letters
const MARGIN = 16

const make = (name, attributes = {}) => {
  const element = document.createElementNS(NS, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value))
  return element
}
const clear = (colour) => colour === 'transparent' || /, 0\)$|\/ 0\)$/.test(colour)
const round = (v) => Math.round(v * 100) / 100

// The lines of a text node as the browser broke them: [{ text, box }].
function linesOf(node) {
  const range = document.createRange()
  const lines = []
  for (const { index, 0: word } of node.data.matchAll(/\S+/g)) {
    range.setStart(node, index)
    range.setEnd(node, index + word.length)
    const box = range.getBoundingClientRect()
    if (!box.width) continue
    const last = lines.at(-1)
    if (last && Math.abs(last.box.top - box.top) < 2) {
      last.text += ' ' + word
      last.right = box.right
    } else lines.push({ text: word, box, right: box.right })
  }
  return lines
}

function picture(element) {
  if (element instanceof HTMLCanvasElement) return element.width && element.height ? element.toDataURL() : ''
  const canvas = document.createElement('canvas')
  canvas.width = element.naturalWidth
  canvas.height = element.naturalHeight
  if (!canvas.width) return ''
  canvas.getContext('2d').drawImage(element, 0, 0)
  return canvas.toDataURL()
}

// A drawing inside the page, with the colours that its style sheet gives it.
function drawing(element, box) {
  const copy = element.cloneNode(true)
  const [from, to] = [[element, ...element.querySelectorAll('*')], [copy, ...copy.querySelectorAll('*')]]
  from.forEach((x, i) => {
    const style = getComputedStyle(x)
    to[i].removeAttribute('class')
    to[i].removeAttribute('style')
    for (const key of ['fill', 'stroke', 'stroke-width', 'opacity', 'stroke-dasharray', 'font-size', 'font-family', 'text-anchor']) to[i].setAttribute(key, style.getPropertyValue(key))
  })
  for (const [key, value] of Object.entries({ x: box.left, y: box.top, width: box.width, height: box.height, overflow: 'visible' })) copy.setAttribute(key, value)
  return copy
}

// `move`: where the panel begins, and how far what is drawn reaches; a panel that scrolls is drawn whole.
function draw(element, out, move) {
  const style = getComputedStyle(element)
  if (style.display === 'none' || style.visibility === 'hidden' || style.opacity === '0' || element.classList.contains('sr')) return
  const rect = element.getBoundingClientRect()
  const box = { left: round(rect.left - move.x), top: round(rect.top - move.y), width: round(rect.width), height: round(rect.height) }
  if (rect.width && rect.height) {
    move.top = Math.min(move.top, box.top)
    move.bottom = Math.max(move.bottom, box.top + box.height)
    move.right = Math.max(move.right, box.left + box.width)
  }
  const place = { x: box.left, y: box.top, width: box.width, height: box.height }
  if (rect.width && rect.height && !clear(style.backgroundColor)) out.append(make('rect', { ...place, rx: parseFloat(style.borderTopLeftRadius) || 0, fill: style.backgroundColor }))
  if (parseFloat(style.borderTopWidth) && style.borderTopStyle !== 'none' && !clear(style.borderTopColor)) out.append(make('rect', { ...place, rx: parseFloat(style.borderTopLeftRadius) || 0, fill: 'none', stroke: style.borderTopColor }))
  if (element instanceof HTMLCanvasElement || element instanceof HTMLImageElement) {
    const data = picture(element)
    const image = make('image', { ...place, preserveAspectRatio: style.objectFit === 'contain' ? 'xMidYMid meet' : 'none', style: `image-rendering: ${style.imageRendering}` })
    image.setAttributeNS(XLINK, 'href', data)
    if (data) out.append(image)
    return
  }
  if (element instanceof SVGSVGElement) return void out.append(drawing(element, box))
  const write = (text, x, y) => {
    const line = make('text', { x: round(x), y: round(y), fill: style.color, 'font-size': style.fontSize, 'font-weight': style.fontWeight, 'font-family': style.fontFamily })
    line.textContent = text
    out.append(line)
  }
  if (element instanceof HTMLSelectElement || (element instanceof HTMLInputElement && /text|number|search/.test(element.type))) {
    write(element instanceof HTMLSelectElement ? (element.selectedOptions[0]?.text ?? '') : element.value, box.left + 7, box.top + box.height / 2 + parseFloat(style.fontSize) * 0.36)
    return
  }
  for (const child of element.childNodes) {
    if (child instanceof Element) draw(child, out, move)
    else if (child instanceof Text) for (const { text, box: b } of linesOf(child)) write(text, b.left - move.x, b.top - move.y + b.height / 2 + parseFloat(style.fontSize) * 0.36)
  }
}

// Words in lines of a width, measured in the caption's letters.
function wrapped(text, width) {
  const context = document.createElement('canvas').getContext('2d')
  context.font = `${CAPTION}px sans-serif`
  const lines = ['']
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trim()
    if (context.measureText(longer).width > width && lines.at(-1)) lines.push(word)
    else lines[lines.length - 1] = longer
  }
  return lines
}

/**
 * @param {HTMLElement} element the panel
 * @param {string[]} caption paragraphs
 * @returns {{ svg: string, width: number, height: number }}
 */
export function snapshot(element, caption) {
  const rect = element.getBoundingClientRect()
  const body = make('g')
  const move = { x: rect.left, y: rect.top, top: 0, right: rect.width, bottom: rect.height }
  draw(element, body, move)
  body.setAttribute('transform', `translate(${MARGIN} ${MARGIN - move.top})`)
  const width = Math.ceil(move.right) + 2 * MARGIN
  const lines = caption.filter(Boolean).flatMap((text) => wrapped(text, width - 2 * MARGIN))
  const tall = Math.ceil(move.bottom - move.top) + MARGIN
  const height = tall + lines.length * 1.4 * CAPTION + 2 * MARGIN
  const root = getComputedStyle(document.body)
  const own = getComputedStyle(element).backgroundColor
  const svg = make('svg', { xmlns: NS, 'xmlns:xlink': XLINK, viewBox: `0 0 ${width} ${round(height)}`, width, height: round(height) })
  svg.append(make('rect', { width, height: round(height), fill: clear(own) ? root.backgroundColor : own }))
  svg.append(body)
  lines.forEach((text, i) => {
    const line = make('text', { x: MARGIN, y: round(tall + MARGIN + (i + 0.8) * 1.4 * CAPTION), fill: root.color, 'font-size': CAPTION, 'font-family': 'sans-serif' })
    line.textContent = text
    svg.append(line)
  })
  return { svg: new XMLSerializer().serializeToString(svg), width, height: Math.round(height) }
}

/** The same as pixels. @param {{ svg: string, width: number, height: number }} shot @param {number} [scale] @returns {Promise<Blob>} PNG */
export async function toPng({ svg, width, height }, scale = 2) {
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = width * scale
  canvas.height = height * scale
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height)
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error('no picture'))), 'image/png'))
}
