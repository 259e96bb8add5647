// Every word of the page in the visitor's language: what the link asks for (`lang=de`), what was chosen here before, or what
// the browser prefers. A language is one file with the keys of en.js (`t`), the core's own words (`core`, by the English) and its
// messages of what does not work (`retold`).
// Who reads a word in a component is told when the language changes.
import { SvelteMap } from 'svelte/reactivity'
import { store, stored } from '../lib/store.js'
import { t as english } from './en.js'

export const LANGUAGES = { en: 'English', de: 'Deutsch' }
const en = { t: english }
const files = { en: async () => en, de: () => import('./de.js') }

const now = new SvelteMap([['id', 'en'], ['file', en]])
export const language = () => now.get('id')
export const t = new Proxy(english, { get: (_, key) => now.get('file').t[key] })

/** Words of the core, in the language of the page; what has no translation stays English. @param {string} english */
export const said = (english) => now.get('file').core?.[english] ?? english

/** A message of the core that something does not work, in the language of the page; what has no translation stays English. @param {string} english */
export const retold = (english) => now.get('file').retold?.(english) ?? english

/** A printed number with the language's decimal sign. @param {string} text */
export const decimals = (text) => (t.decimal === '.' ? text : text.replaceAll('.', t.decimal))

/** The words of a manifest (titles, purposes, cautions, costs, meanings) in the language of the page. */
export const spoken = (manifest) => {
  const words = (x) => ({ ...x, ...Object.fromEntries(['title', 'purpose', 'caution', 'cost', 'meaning'].filter((k) => x[k]).map((k) => [k, said(x[k])])) })
  return { ...manifest, methods: manifest.methods.map((m) => ({ ...words(m), inputs: m.inputs.map(words), params: m.params.map(words) })) }
}

async function speak(id) {
  const file = await files[id]().catch(() => null)
  now.set('id', file ? id : 'en')
  now.set('file', file ?? en)
}

/** Changes the language, and keeps it for the next visit. @param {string} id */
export async function choose(id) {
  store('language', id)
  await speak(id)
}

/** The language that this visit begins with. @param {string} asked by the link */
export function begin(asked) {
  const preferred = (globalThis.navigator?.languages ?? []).map((tag) => tag.slice(0, 2).toLowerCase())
  return speak([asked, stored('language'), ...preferred].find((id) => id && Object.hasOwn(files, id)) ?? 'en')
}
