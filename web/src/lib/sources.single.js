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
export const models = list.map((m) => ({ ...m, bytes: () => unpacked(m.base64), past: m.past64 ? () => unpacked(m.past64) : null }))
export const samples = pictures.map((s) => ({ ...s, url: `data:image/jpeg;base64,${s.base64}`, bytes: async () => bytesOf(s.base64) }))
