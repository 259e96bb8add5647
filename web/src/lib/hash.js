// The address: one object, mirrored in the URL's hash, versioned. Reading is total: whatever does not fit is left out.
export const VERSION = 1
export const DEFAULTS = {
  model: 'tiny-vgg', picture: 'red-panda', dir: 'forward', pin: '', scale: 'block', detail: '', sort: '', open: '', page: '', lab: '', method: '', params: {}, unit: '', goal: '', crop: '', edits: '', paint: '', diff: '', frame: '', at: '', depth: '', cell: '', from: '', norms: '', lang: '', type: '', embed: '', title: '', hide: '', lock: '',
}
const LONG = { edits: 8000, paint: 16000 } // characters; everything else takes 500
const CHOICES = { dir: ['forward', 'backward'], scale: ['unit', 'block', 'network'], sort: ['index', 'contribution', 'mean'], diff: ['on'], detail: ['off'], type: ['large'], norms: ['keep'], depth: ['', 'channel', 'number'] }

/** @returns {typeof DEFAULTS} */
export function parse(hash) {
  const out = structuredClone(DEFAULTS)
  const q = new URLSearchParams(hash.replace(/^#/, ''))
  if (q.has('v') && Number(q.get('v')) > VERSION) return out
  for (const key of Object.keys(DEFAULTS)) {
    const text = q.get(key)
    if (text === null || text.length > (LONG[key] ?? 500)) continue
    if (key === 'params') out.params = readParams(text)
    else if (!CHOICES[key] || CHOICES[key].includes(text)) out[key] = text
  }
  return out
}

/** The canonical text: defaults left out, keys in fixed order. */
export function print(address) {
  const q = new URLSearchParams()
  q.set('v', String(VERSION))
  for (const key of Object.keys(DEFAULTS)) {
    const text = key === 'params' ? writeParams(address.params) : String(address[key])
    if (text && text !== DEFAULTS[key]) q.set(key, text)
  }
  return '#' + q.toString().replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%3D', '=').replaceAll('%22', '"')
}

// Parameters as the core writes them: `samples=32 layer="conv 1"`.
function readParams(text) {
  const out = {}
  for (const m of text.matchAll(/([A-Za-z_][A-Za-z0-9_-]*)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g)) out[m[1]] = m[2] !== undefined ? m[2].replace(/\\(.)/g, '$1') : m[3]
  return out
}
export const writeParams = (params) =>
  Object.entries(params)
    .filter(([, v]) => v !== undefined && v !== '')
    .map(([k, v]) => (/^[A-Za-z0-9_./+-]+$/.test(String(v)) ? `${k}=${v}` : `${k}="${String(v).replace(/(["\\])/g, '\\$1')}"`))
    .join(' ')
