// How large elements are, inside: told when they are there and whenever that changes; and at once for paper, which is laid out before any observer runs.
const all = new Map()
const watch = new ResizeObserver((changes) => changes.forEach(({ target }) => all.get(target)?.()))

/** Attached to an element it says its width and height in px. @param {(width: number, height: number) => void} tell */
export const sized = (tell) => (element) => {
  const now = () => tell(element.clientWidth, element.clientHeight)
  all.set(element, now)
  watch.observe(element)
  now()
  return () => (all.delete(element), watch.unobserve(element))
}
/** Tells all of them. */
export const measure = () => all.forEach((now) => now())
