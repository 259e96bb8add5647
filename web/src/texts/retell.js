// Messages of the core in another language. A catalogue is keyed by the English, in which % stands for what is filled in.
import { decimals } from './texts.js'

const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/**
 * @param {Record<string, string>} catalogue English with % → the same with %1, %2 …
 * @returns {(english: string) => string | undefined} the message retold; undefined: the catalogue does not have it
 */
export function retell(catalogue) {
  // Those that say most by themselves first: what they have for a reason the others have for a name.
  let patterns = null
  const compiled = () =>
    (patterns ??= Object.entries(catalogue)
      .filter(([english]) => english.includes('%'))
      .sort(([a], [b]) => b.replaceAll('%', '').length - a.replaceAll('%', '').length)
      // A name stands in quotes and stays; anything else may be a message itself.
      .map(([english, other]) => ({ test: new RegExp(`^${english.split('%').map(literal).join('(.*?)')}$`, 's'), other, names: [...english.matchAll(/%/g)].map((m) => english[m.index - 1] === '"') })))
  const one = (english) => {
    if (Object.hasOwn(catalogue, english)) return catalogue[english]
    for (const { test, other, names } of compiled()) {
      const found = test.exec(english)
      if (found) return other.replace(/%(\d)/g, (_, n) => (names[n - 1] ? found[n] : (one(found[n]) ?? (/^-?\d+\.\d+$/.test(found[n]) ? decimals(found[n]) : found[n]))))
    }
    return undefined
  }
  return one
}
