// The oEmbed answer (oembed.com, 2.3.4 and 4) as a file, and the page's link to it: for a build that knows where it will lie.
import { frameCode } from '../src/share/links.js'

const [WIDTH, HEIGHT, ICON] = [900, 640, 512]

/** The folder that the site will lie in. @param {string} text what was given as URL @returns {string} an address that ends with a slash */
export function folderOf(text) {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash) throw new Error(`URL is "${text}"; give the folder that the site will lie in, like https://example.org/backlight/`)
  return url.href.replace(/\/?$/, '/')
}

/** @param {string} url the site's folder @param {string} name of the page @param {string} label of the frame */
export const oembed = (url, name, label) => ({
  version: '1.0', type: 'rich', title: name, provider_name: name, provider_url: url, width: WIDTH, height: HEIGHT,
  thumbnail_url: new URL('icons/icon-512.png', url).href, thumbnail_width: ICON, thumbnail_height: ICON,
  html: frameCode(new URL('embed.html#v=1&embed=network', url).href, label, HEIGHT),
})

/** The element that leads to it, for the page's head. @param {string} url the site's folder @param {string} name */
export const oembedLink = (url, name) => ({ tag: 'link', attrs: { rel: 'alternate', type: 'application/json+oembed', href: new URL('oembed.json', url).href, title: name }, injectTo: /** @type {const} */ ('head') })
