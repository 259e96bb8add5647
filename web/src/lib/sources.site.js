// Where the site gets its parts from: files beside the page.
import list from 'virtual:models'
import pictures from 'virtual:samples'
import url from 'page-module?url'
import relaxedUrl from 'page-module-relaxed?url'

const bytesOf = async (path) => {
  const answer = await fetch(path)
  if (!answer.ok) throw new Error(`${path} could not be fetched (${answer.status}). Connect once to get it.`)
  return new Uint8Array(await answer.arrayBuffer())
}

export const single = false
export const wasm = new URL(url, import.meta.url).href
export const relaxed = new URL(relaxedUrl, import.meta.url).href
export const worker = () => new Worker(new URL('../../../wasm/worker.js', import.meta.url), { type: 'module' })
const other = (file) => (file ? () => bytesOf(`./models/${file}`) : null)
/** past: gives the history of its training; statistics: what its channels answer to each class; null: there is none. */
export const models = list.map((m) => ({ ...m, bytes: other(m.file), past: other(m.past), statistics: other(m.statistics) }))
export const samples = pictures.map((s) => ({ ...s, url: `./samples/${s.file}`, bytes: () => bytesOf(`./samples/${s.file}`) }))
