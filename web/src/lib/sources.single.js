// Where the single file gets its parts from: text inside itself. A frame with sandbox="allow-scripts" may fetch nothing.
import InlineWorker from '../../../wasm/worker.js?worker&inline'
import list from 'virtual:models'
import pictures from 'virtual:samples'
import module from 'page-module?gzip64'

const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
const unpacked = async (base64) => new Uint8Array(await new Response(new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer())

export const single = true
export const wasm = unpacked(module)
/** One module is enough for one file. @type {false} */
export const relaxed = false
export const worker = () => new InlineWorker()

// Networks that are not inside can be dropped on the page: a file of that name is taken for one, and kept as long as the page is open.
const dropped = new Map()
const absent = (m) => !m.base64 && !dropped.has(m.file)
const other = (base64) => (base64 ? () => unpacked(base64) : null)
/** bytes: of a network; of several that are wanted `together` what is not here is named at once. keep: takes the bytes of one that was dropped. */
export const models = list.map((m) => ({
  ...m,
  async bytes(together = [m]) {
    const names = together.filter(absent).map(({ file }) => file)
    if (names.length) throw Object.assign(new Error(`not in this file: ${names.join(', ')}`), { hint: 'Drop here what is missing: it lies in the folder models of the site.' })
    return m.base64 ? unpacked(m.base64) : dropped.get(m.file)
  },
  keep: m.base64 ? null : (bytes) => dropped.set(m.file, bytes),
  past: other(m.past64),
  statistics: other(m.statistics64),
}))
export const samples = pictures.map((s) => ({ ...s, url: `data:image/jpeg;base64,${s.base64}`, bytes: async () => bytesOf(s.base64) }))
