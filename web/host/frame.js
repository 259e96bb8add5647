// The frame that a host page holds a figure in: its address from a few words, its height as the figure tells it.

/** What of the address a host may say by itself; everything else comes in `view`, a link copied from the page. */
export const KEYS = ['model', 'picture', 'dir', 'pin', 'at', 'method', 'params', 'title', 'hide', 'lock', 'lang', 'type']
const LEAST = 120
/** Words in the language of the host page; put in when the site is built. */
export const words = WORDS[document.documentElement.lang.slice(0, 2)] ?? WORDS.en
const MOST = 6000 // px: a frame that tells more is not believed

/** @param {string} site where the site lies @param {{ figure?: string, view?: string, [key: string]: string | undefined }} what @returns {string} */
export function addressOf(site, { figure = '', view = '', ...rest }) {
  const q = new URLSearchParams(view.slice(view.indexOf('#') + 1))
  q.set('v', q.get('v') || '1')
  q.set('embed', figure || q.get('embed') || 'network')
  for (const key of KEYS) if (rest[key]) q.set(key, rest[key])
  return new URL('embed.html#' + q, site).href
}

/**
 * Fills `root` with the figure.
 * @param {Element | ShadowRoot} root
 * @param {string} label what the frame is called by a screen reader
 * @param {{ height?: string, onstate?: (hash: string) => void }} options height: fixed, in px; else as high as the figure is
 */
export function frameIn(root, label, { height = '', onstate = () => {} } = {}) {
  const frame = document.createElement('iframe')
  frame.title = label
  frame.loading = 'lazy'
  frame.allow = 'camera; clipboard-write; fullscreen'
  frame.referrerPolicy = 'no-referrer'
  frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-downloads allow-popups')
  frame.style.cssText = 'all: initial !important; display: block !important; width: 100% !important; border: 0 !important'
  const high = (px) => frame.style.setProperty('height', `${Math.max(LEAST, Math.min(MOST, px))}px`, 'important')
  high(parseInt(height) || 360)
  let ready = false
  const listen = ({ source, data }) => {
    if (source !== frame.contentWindow || typeof data !== 'object' || !data) return
    if (data.type === 'backlight:ready') ready = true
    if (data.type === 'backlight:resize' && !height && data.height > 0) high(Number(data.height))
    if (data.type === 'backlight:state' && typeof data.hash === 'string') onstate(data.hash)
  }
  addEventListener('message', listen)
  root.append(frame)
  return {
    /** Another view: told to the figure where it runs, else loaded. @param {string} address */
    show(address) {
      if (!ready) return void (frame.src = address)
      const q = new URLSearchParams(new URL(address).hash.slice(1))
      for (const key of ['title', 'hide', 'lock']) if (!q.has(key)) q.set(key, '') // what is not said is taken back
      frame.contentWindow.postMessage({ type: 'backlight:set', hash: '#' + q }, '*')
    },
    remove() {
      removeEventListener('message', listen)
      frame.remove()
    },
  }
}
