// What is wrong with a layout, looked for inside the page. Each function is sent there whole, so it names nothing outside itself.

/** Every word that is seen, with its box, and those that lie upon others. @returns {{ words: { text: string, right: number }[], upon: string[] }} */
export function wordsUpon() {
  const over = [...document.querySelectorAll('*')].filter((x) => (x.matches('dialog[open], .pop, .toasts > *, .foot, .under') || getComputedStyle(x).position === 'sticky') && x.checkVisibility())
  const skipped = '.sr, .skip, noscript, script, style, math, option, [aria-hidden=true]'
  const cut = (a, b) => ({ left: Math.max(a.left, b.left), right: Math.min(a.right, b.right), top: Math.max(a.top, b.top), bottom: Math.min(a.bottom, b.bottom) })
  const meet = (a, b, x, y) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > x && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > y
  const words = []
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    const x = n.parentElement
    if (!n.data.trim() || x.closest(skipped) || !x.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue
    const range = document.createRange()
    range.selectNodeContents(n)
    for (let box of range.getClientRects()) {
      for (let p = x; p; p = p.parentElement) if (getComputedStyle(p).overflowX !== 'visible') box = cut(box, p.getBoundingClientRect())
      if (box.right - box.left <= 2 || box.bottom - box.top <= 2) continue
      if (over.some((o) => !o.contains(x) && !x.contains(o) && meet(box, o.getBoundingClientRect(), 0, 0))) continue // what has been opened lies upon it
      words.push({ text: n.data.trim(), right: box.right, box, x })
    }
  }
  const upon = []
  words.forEach((a, i) => words.slice(i + 1).forEach((b) => a.text !== b.text && meet(a.box, b.box, 2, 4) && upon.push(`“${a.text.slice(0, 30)}” upon “${b.text.slice(0, 30)}”`)))
  return { words: words.map(({ text, right }) => ({ text, right })), upon }
}

/** What reaches over the edge of the page, is cut off, or lies beneath something else though one presses it. @returns {string[]} */
export function broken() {
  const out = []
  if (document.documentElement.scrollWidth > innerWidth) out.push(`page ${document.documentElement.scrollWidth} > ${innerWidth}`)
  const root = document.querySelector('dialog[open]') ?? document
  const seen = (x) => x.checkVisibility({ visibilityProperty: true }) && x.getClientRects().length && !x.closest('.sr, .skip, [aria-hidden=true]')
  const say = (x) => `${x.tagName.toLowerCase()} “${(x.getAttribute('aria-label') || x.textContent).trim().slice(0, 40)}”`
  const clips = (x) => {
    for (let p = x.parentElement; p; p = p.parentElement) if (getComputedStyle(p).overflowX !== 'visible') return p
    return null
  }
  for (const x of root.querySelectorAll('button, h1, h2, h3, p, label, .seg, summary, select, input')) {
    if (!seen(x)) continue
    const box = x.getBoundingClientRect()
    const p = clips(x)
    const scrolls = p && /auto|scroll/.test(getComputedStyle(p).overflowX)
    if (!scrolls && (box.right > innerWidth + 1 || box.left < -1)) out.push(`${say(x)}: ${Math.round(box.left)}…${Math.round(box.right)}`)
    const style = getComputedStyle(x)
    if (x.matches('button, summary, label, h1, h2, h3') && style.overflowX !== 'visible' && style.textOverflow !== 'ellipsis' && x.scrollWidth > x.clientWidth + 2) out.push(`${say(x)}: cut off, ${x.scrollWidth} in ${x.clientWidth}`)
    if (!x.matches('button, input, select, summary') || x.closest('.strip')) continue
    const [cx, cy] = [box.left + box.width / 2, box.top + box.height / 2]
    if (p) {
      const b = p.getBoundingClientRect()
      if (cx < b.left || cx > b.right || cy < b.top || cy > b.bottom) continue
    }
    const hit = document.elementFromPoint(cx, cy)
    if (hit && !x.contains(hit) && !hit.contains(x) && !hit.closest('label')?.contains(x) && !hit.closest('.toast, .pop, .sheet, nav.tabs, .foot, .time')) out.push(`${say(x)}: beneath ${hit.tagName.toLowerCase()}.${hit.className}`)
  }
  return out
}
