// The link, the frame and the element that show a view elsewhere.
import { print } from '../lib/hash.js'

const SANDBOX = 'allow-scripts allow-same-origin allow-downloads allow-popups'
const quoted = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')

/** The address of this very page without what is after it. */
export const here = (location) => new URL('./', location.href).href

/**
 * @param {object} address of the page now
 * @param {{ figure: string, title: string, hide: string[], lock: string[] }} choice figure: '' for the whole page
 * @param {{ href: string }} location
 * @param {boolean} single is this the single file?
 */
export function linkOf(address, { figure, title, hide, lock }, location, single) {
  const hash = print({ ...address, embed: figure, title: figure ? title : '', hide: hide.join(','), lock: lock.join(','), ...(figure ? { lang: address.lang } : {}) })
  const page = new URL(location.href)
  page.hash = ''
  return single ? page.href + hash : here(location) + (figure ? 'embed.html' : '') + hash
}

/** @param {string} link @param {string} title @param {number} height px */
export const frameCode = (link, title, height) =>
  `<iframe src="${quoted(link)}" title="${quoted(title)}" width="100%" height="${height}" style="border: 0" loading="lazy" allow="camera; clipboard-write; fullscreen" referrerpolicy="no-referrer" sandbox="${SANDBOX}"></iframe>`

/** @param {string} link @param {string} title @param {{ href: string }} location */
export const elementCode = (link, title, location) =>
  `<script src="${quoted(here(location))}backlight-figure.js"></script>\n<backlight-figure view="${quoted(new URL(link).hash)}"${title ? ` heading="${quoted(title)}"` : ''}></backlight-figure>`
