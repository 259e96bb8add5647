// What the figure and the page around it tell each other. Out, to any page that embeds it: that it is ready, how high it is (in the
// words of plain pages, of Observable and of Canvas LMS) and, when asked or after a change, its address; never anything of a
// picture. In, from the parent alone: `{ type: 'backlight:set', hash }` and `{ type: 'backlight:get' }`.
const LEAST = 120 // px
const MOST_HASH = 32000 // characters

/** The three dialects in which hosts are told a height. @param {number} height px */
export const heights = (height) => [{ type: 'backlight:resize', height }, { height }, { subject: 'lti.frameResize', height }]

/** The address that the parent asks for: what makes this an embed stays unless it says otherwise. @returns {string} a hash */
export function merged(now, wanted) {
  const q = new URLSearchParams(wanted.replace(/^#/, ''))
  const old = new URLSearchParams(now.replace(/^#/, ''))
  for (const key of ['embed', 'title', 'hide', 'lock']) if (!q.has(key) && old.has(key)) q.set(key, old.get(key))
  return '#' + q
}

/**
 * Talks with the parent until the function returned is called.
 * @param {HTMLElement} root whose height is told
 * @param {(hash: string) => void} set
 */
export function talk(root, set) {
  if (parent === self) return () => {}
  const say = (message) => parent.postMessage(message, '*')
  let told = 0
  const measure = new ResizeObserver(() => {
    const height = Math.max(LEAST, Math.ceil(root.getBoundingClientRect().height))
    if (Math.abs(height - told) <= 1) return // no ping-pong with a host that rounds
    told = height
    heights(height).forEach(say)
  })
  const listen = ({ source, data }) => {
    if (source !== parent || typeof data !== 'object' || !data) return
    if (data.type === 'backlight:get') say({ type: 'backlight:state', hash: location.hash })
    if (data.type === 'backlight:set' && typeof data.hash === 'string' && data.hash.length <= MOST_HASH) set(merged(location.hash, data.hash))
  }
  measure.observe(root)
  addEventListener('message', listen)
  say({ type: 'backlight:ready' })
  return () => {
    measure.disconnect()
    removeEventListener('message', listen)
  }
}

/** Tells the parent the address after a change. */
export const tell = (hash) => parent !== self && parent.postMessage({ type: 'backlight:state', hash }, '*')
