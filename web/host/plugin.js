// What the site has for other pages, made when it is built: embed.html (the poster), backlight-figure.js (the element), anywidget.js,
// first.js (runs before all else), the single file, and an oEmbed answer where the site's address is known.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as bundle, transformWithOxc } from 'vite'
import { RELAXED_PROBE } from '../../wasm/instance.js'
import * as de from '../src/texts/de.js'
import * as en from '../src/texts/en.js'
import { folderOf, oembed, oembedLink } from './oembed.js'

const here = dirname(fileURLToPath(import.meta.url))
const LANGUAGES = { en, de }
const MOST = 1e6 // bytes that a figure may take before somebody asks for it

const inEach = (pick) => Object.fromEntries(Object.entries(LANGUAGES).map(([id, { t, elsewhere }]) => [id, pick({ ...t, ...elsewhere })]))
const minified = async (code) => (await transformWithOxc(code, 'x.js', {})).code

// A script of its own, with nothing of the page in it.
async function script(name, format) {
  const [{ output }] = [].concat(await bundle({
    configFile: false, logLevel: 'warn', publicDir: false, define: { WORDS: JSON.stringify(inEach((t) => t.host)) },
    build: { write: false, target: 'es2022', lib: { entry: join(here, `${name}.js`), formats: [format], name: 'backlight', fileName: () => `${name}.js` } },
  }))
  return output[0].code
}

// What the first view of a figure takes, uncompressed: what the page itself names, the worker, the larger module, the embed.
function firstBytes(files) {
  const html = String(files['index.html'].source)
  const size = (file) => Buffer.byteLength(file.code ?? file.source)
  const all = Object.values(files)
  const first = all.filter((f) => (f.fileName !== 'index.html' && html.includes(f.fileName)) || /assets\/(worker|Embed)-/.test(f.fileName))
  const modules = all.filter((f) => f.fileName.endsWith('.wasm')).map(size)
  return html.length + first.reduce((sum, f) => sum + size(f), 0) + Math.max(...modules)
}

async function poster(sizes, first) {
  const words = inEach((t) => ({ ...t.poster, start: undefined, starts: t.poster.start('%') }))
  const code = (await minified(`const POSTER = ${JSON.stringify({ words, sizes, first, most: MOST })}\n${readFileSync(join(here, 'poster.js'), 'utf8')}`)).trim()
  const policy = `default-src 'none'; script-src 'sha256-${createHash('sha256').update(code).digest('base64')}'; style-src 'unsafe-inline'`
  const put = (html, mark, text) => html.replace(mark, () => text)
  let html = readFileSync(join(here, 'poster.html'), 'utf8')
  html = put(html, '<meta charset="utf-8" />', `<meta charset="utf-8" />\n<meta http-equiv="Content-Security-Policy" content="${policy}" />`)
  return put(put(html, '%NOSCRIPT%', en.elsewhere.poster.noscript), '%SCRIPT%', code)
}

// What runs before all else: a frame that may load no modules goes to the poster; elsewhere the module of this engine is asked for at
// once, not when the page's code is there and starts the worker.
function firstWords(files) {
  const faster = Object.keys(files).find((name) => /backlight-relaxed-[^/]*\.wasm$/.test(name))
  return `if (self.origin === 'null') location.replace((location.protocol === 'file:' ? 'backlight.html' : 'embed.html') + location.hash)
else if (self.WebAssembly?.validate(Uint8Array.of(${RELAXED_PROBE}))) document.head.append(Object.assign(document.createElement('link'), { rel: 'preload', as: 'fetch', crossOrigin: '', href: './${faster}' }))\n`
}

/** @param {{ build: string, models: string[], url?: string }} options where things are built; the networks in the order of the menu; where the site will lie */
export const hosts = ({ build, models, url }) => ({
  name: 'hosts',
  enforce: 'post',
  transformIndexHtml: () => (url ? [oembedLink(folderOf(url), en.t.name)] : []),
  generateBundle: {
    order: 'post',
    async handler(_, files) {
      const single = join(build, 'single/backlight.html')
      if (!existsSync(single)) throw new Error(`${single} is missing: the site carries the single file too, so make it first (make single-file)`)
      const emit = (fileName, source) => this.emitFile({ type: 'asset', fileName, source })
      const networks = Object.fromEntries(models.map((f) => [basename(f, '.onnx'), statSync(f).size]))
      emit('backlight.html', readFileSync(single))
      emit('embed.html', await poster({ page: firstBytes(files), networks, single: statSync(single).size }, Object.keys(networks)[0]))
      emit('backlight-figure.js', await script('backlight-figure', 'iife'))
      emit('anywidget.js', await script('anywidget', 'es'))
      emit('first.js', firstWords(files))
      if (url) emit('oembed.json', JSON.stringify(oembed(folderOf(url), en.t.name, en.t.host.frame)))
    },
  },
})
