// Where the single file gets its parts from: text inside itself. A frame with sandbox="allow-scripts" may fetch nothing.
import InlineWorker from '../../../wasm/worker.js?worker&inline'
import list from 'virtual:models'
import pictures from 'virtual:samples'
import module from 'page-module?base64'

const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))

export const single = true
export const wasm = bytesOf(module)
/** One module is enough for one file. @type {false} */
export const relaxed = false
export const worker = () => new InlineWorker()
export const models = list.map((m) => ({ ...m, bytes: async () => bytesOf(m.base64), past: m.past64 ? async () => bytesOf(m.past64) : null }))
export const samples = pictures.map((s) => ({ ...s, url: `data:image/jpeg;base64,${s.base64}`, bytes: async () => bytesOf(s.base64) }))
