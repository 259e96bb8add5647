// Builds the page: `vite build -c web/vite.config.js` → build/site/, with `--mode single` → build/single/backlight.html.
// What the two differ in lies in src/lib/sources.site.js and src/lib/sources.single.js.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import temml from 'temml'
import { VitePWA } from 'vite-plugin-pwa'
import { viteSingleFile } from 'vite-plugin-singlefile'
import { readCard } from './card.js'
import { css } from './css.js'
import { hosts } from './host/plugin.js'
import { FORMULAS } from './src/texts/formulas.js'

const web = dirname(fileURLToPath(import.meta.url))
const root = resolve(web, '..')
const build = resolve(root, process.env.BACKLIGHT_BUILD ?? 'build')
const wasm = join(build, 'wasm/backlight.wasm')
const MOST_BESIDE = 5e5 // bytes of what belongs to a network, in the single file
const FIRST_SAMPLES = 12 // in the single file and in the first load of the service worker

const SITE_POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; connect-src 'self'; img-src 'self' blob: data:"
const singlePolicy = (hash) =>
  `default-src 'none'; script-src '${hash}' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; worker-src blob:; img-src data: blob:`

// A canvas with role="img" and a name is a picture here, not a control.
const onwarn = (warning, handler) => warning.code === 'a11y_no_interactive_element_to_noninteractive_role' || handler(warning)

const samples = () => JSON.parse(readFileSync(join(root, 'public/samples/samples.json'), 'utf8'))

// `import text from './file?base64'`: the bytes of a file as text; `?gzip64`: the same, packed.
const base64 = () => ({
  name: 'base64',
  enforce: 'pre',
  async resolveId(id, importer) {
    const [, path, kind] = /^(.*)\?(base64|gzip64)$/.exec(id) ?? []
    return path ? `\0${kind}:` + (path.startsWith('.') ? resolve(dirname(importer), path) : path) : null
  },
  load(id) {
    const [, kind, file] = /^\0(base64|gzip64):(.*)$/.exec(id) ?? []
    if (!file) return null
    this.addWatchFile(file)
    return `export default ${JSON.stringify((kind === 'gzip64' ? gzipSync(readFileSync(file), { level: 9 }) : readFileSync(file)).toString('base64'))}`
  },
})

// `virtual:formulas`: LaTeX to MathML, of the page's own texts and of every method in the command's manifest, by id.
const formulas = () => ({
  name: 'formulas',
  resolveId: (id) => (id === 'virtual:formulas' ? '\0formulas' : null),
  async load(id) {
    if (id !== '\0formulas') return null
    const latex = { ...FORMULAS }
    const { methods } = JSON.parse(execFileSync(join(build, 'native/backlight'), ['methods', '--json'], { encoding: 'utf8', maxBuffer: 1 << 24 }))
    for (const method of methods) latex['method.' + method.id] = method.formula
    const out = {}
    // Without what no browser looks at (MathML Core 3.2.4: fence and separator say nothing of layout) and classes of a style sheet not used here.
    for (const [key, text] of Object.entries(latex)) out[key] = temml.renderToString(text, { throwOnError: true, annotate: false }).replaceAll(/ (?:(?:fence|separator)="\w+"|class="(?:tml|wbk)-[^"]*")/g, '').replaceAll('></mspace>', '/>')
    return `export default ${JSON.stringify(out)}`
  },
})

// The networks in the order of the menu; the single file carries the first three alone, and the others can be dropped on it.
const FIRST_NETWORKS = ['tiny-vgg.onnx', 'flagship.onnx', 'fashion.onnx']
const OTHER_NETWORKS = ['twin-plain', 'twin-robust', 'cab-none', 'cab-0', 'cab-30', 'cab-100'].map((name) => name + '.onnx')
const networks = () => {
  const all = readdirSync(join(root, 'models')).filter((f) => /^[^.]+\.onnx$/.test(f)) // what belongs to one is NAME.history.onnx
  const inOrder = [...FIRST_NETWORKS, ...OTHER_NETWORKS]
  return [...inOrder.filter((f) => all.includes(f)), ...all.filter((f) => !inOrder.includes(f))]
}

// A network's title: its recipe's, or that of the network text which the recipe names.
const titleOf = (id) => {
  const text = (file) => readFileSync(join(root, 'models', file), 'utf8')
  const key = (name) => new RegExp(`^${name} = (.*)$`, 'm').exec(text(`${id}.recipe`))?.[1]
  return key('title') ?? /^title (.*)$/m.exec(text(key('network')))[1]
}

// What may be fetched later, with sizes, and the name of the cache that keeps it: another when any of it changes, so that a new build
// never takes an old network.
const everything = [
  ...readdirSync(join(root, 'models')).filter((f) => f.endsWith('.onnx')).map((f) => `models/${f}`),
  ...readdirSync(join(root, 'public/samples')).filter((f) => /\.(jpg|png|json)$/.test(f)).map((f) => `samples/${f}`),
].map((file) => ({ file, bytes: readFileSync(join(root, file.startsWith('samples') ? 'public' : '.', file)) }))
const fetched = `fetched-${everything.reduce((hash, { file, bytes }) => hash.update(file).update(bytes), createHash('sha256')).digest('hex').slice(0, 12)}`
const later = (single) => ({
  name: 'later',
  resolveId: (id) => (id === 'virtual:everything' ? '\0virtual:everything' : null),
  load: (id) => (id === '\0virtual:everything' ? `export const cache = ${JSON.stringify(fetched)}\nexport const everything = ${JSON.stringify((single ? [] : everything).map(({ file, bytes }) => ({ file, size: bytes.length })))}` : null),
})

// `virtual:cue`: the networks that differ in the captions of their training pictures alone, in the order of the menu: by which chance
// a caption was drawn (null: there was none), and what their cards measured; and the captions, one a class.
const cue = () => ({
  name: 'cue',
  resolveId: (id) => (id === 'virtual:cue' ? '\0virtual:cue' : null),
  load(id) {
    if (id !== '\0virtual:cue') return null
    const text = (file) => readFileSync(join(root, 'models', file), 'utf8')
    const cards = networks().map((f) => f.replace('.onnx', '')).flatMap((id) => {
      const { captions, right, of } = readCard(text(`${id}.md`))
      const recipe = text(`${id}.recipe`)
      const noise = /^captions = /m.test(recipe) ? Number(/^caption_noise = (.*)$/m.exec(recipe)?.[1] ?? 0) : null
      return captions ? [{ id, noise, right: right / of, followed: captions.followed }] : []
    })
    const codes = cards.map(({ id }) => /^captions = (.*)$/m.exec(text(`${id}.recipe`))?.[1]).find(Boolean)?.split(' ') ?? []
    return `export const cards = ${JSON.stringify(cards)}\nexport const codes = ${JSON.stringify(codes)}`
  },
})

// `virtual:cards`: of every network what its card says in figures, and its most frequent mistakes.
const cards = () => ({
  name: 'cards',
  resolveId: (id) => (id === 'virtual:cards' ? '\0virtual:cards' : null),
  load(id) {
    if (id !== '\0virtual:cards') return null
    const of = (name) => [name, readCard(readFileSync(join(root, 'models', `${name}.md`), 'utf8'))]
    return `export const cards = ${JSON.stringify(Object.fromEntries(networks().map((f) => f.replace('.onnx', '')).filter((name) => existsSync(join(root, 'models', `${name}.md`))).map(of)))}`
  },
})

// `virtual:samples` and `virtual:models`: what lies in public/samples and models, with the bytes of what is in the single file.
const bundled = (single) => ({
  name: 'bundled',
  resolveId: (id) => (id === 'virtual:samples' || id === 'virtual:models' ? '\0' + id : null),
  load(id) {
    if (id === '\0virtual:samples') {
      const list = single ? samples().slice(0, FIRST_SAMPLES) : samples()
      const lines = single ? list.map((s, i) => `import b${i} from ${JSON.stringify(join(root, 'public/samples', s.file) + '?base64')}`) : []
      const items = list.map((s, i) => `{...${JSON.stringify(s)}, id: ${JSON.stringify(s.file.replace(/\.\w+$/, ''))}${single ? `, base64: b${i}` : ''}}`)
      return `${lines.join('\n')}\nexport default [${items.join(',\n')}]`
    }
    if (id === '\0virtual:models') {
      const files = networks()
      // What belongs to a network: the history of its training, and what its channels answer to each class; the single file
      // leaves out what is large.
      const beside = (f, kind) => {
        const file = join(root, 'models', f.replace('.onnx', `.${kind}.onnx`))
        return existsSync(file) && (!single || (FIRST_NETWORKS.includes(f) && statSync(file).size < MOST_BESIDE)) ? basename(file) : ''
      }
      const lines = []
      const inline = (f) => f && lines.push(`import b${lines.length} from ${JSON.stringify(join(root, 'models', f) + '?gzip64')}`) && `b${lines.length - 1}`
      const items = files.map((f) => {
        const id = f.replace(/\.onnx$/, '')
        const [past, statistics] = ['history', 'statistics'].map((kind) => beside(f, kind))
        return single && FIRST_NETWORKS.includes(f) ? `{...${JSON.stringify({ id, file: f, title: titleOf(id) })}, base64: ${inline(f)}, past64: ${inline(past) || "''"}, statistics64: ${inline(statistics) || "''"}}` : JSON.stringify({ id, file: f, title: titleOf(id), past, statistics })
      })
      return `${lines.join('\n')}\nexport default [${items.join(',\n')}]`
    }
    return null
  },
})

// The policy as a meta tag, before anything that loads; in the single file with the hash of its one script.
const policy = (single) => ({
  name: 'policy',
  enforce: 'post',
  // Last of all: the single file's plugin has put everything inside by then.
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      const page = bundle['index.html']
      const tag = (text) => `<meta http-equiv="Content-Security-Policy" content="${text}">`
      const put = (html, text) => html.replace('<meta charset="utf-8" />', (m) => `${m}\n    ${tag(text)}`)
      const html = String(page.source)
      if (!single) {
        page.source = put(html, SITE_POLICY)
        return
      }
      const script = html.match(/<script type="module"[^>]*>([\s\S]*?)<\/script>/)
      page.source = put(html, singlePolicy('sha256-' + createHash('sha256').update(script[1]).digest('base64')))
      page.fileName = 'backlight.html'
      // The worker is inside the page too.
      for (const name of Object.keys(bundle)) if (bundle[name] !== page) delete bundle[name]
    },
  },
})

// The site's own head: icons and the manifest. The single file has its icon as data.
const head = (single) => ({
  name: 'head',
  transformIndexHtml() {
    if (single) {
      const icon = readFileSync(join(root, 'public/icons/icon.svg')).toString('base64')
      return [{ tag: 'link', attrs: { rel: 'icon', href: `data:image/svg+xml;base64,${icon}` }, injectTo: 'head' }]
    }
    return [
      { tag: 'script', attrs: { src: './first.js' }, injectTo: 'head-prepend' },
      { tag: 'link', attrs: { rel: 'icon', href: './icons/icon.svg', type: 'image/svg+xml' }, injectTo: 'head' },
      { tag: 'link', attrs: { rel: 'apple-touch-icon', href: './icons/icon-192.png' }, injectTo: 'head' },
    ]
  },
})

const models = () => ({
  name: 'models',
  writeBundle({ dir }) {
    mkdirSync(join(dir, 'models'), { recursive: true })
    // not what a training goes on from
    for (const f of readdirSync(join(root, 'models')).filter((name) => !name.endsWith('.training'))) copyFileSync(join(root, 'models', f), join(dir, 'models', f))
  },
})

const pwa = () =>
  VitePWA({
    injectRegister: null,
    registerType: 'prompt',
    includeManifestIcons: false, // they are wanted when the page is installed, and never without a network
    manifest: {
      id: './',
      name: 'Backlight',
      short_name: 'Backlight',
      description: 'See a convolutional network work, forwards and backwards, on your own device',
      start_url: './',
      scope: './',
      display: 'standalone',
      launch_handler: { client_mode: 'focus-existing' },
      file_handlers: [{ action: './', accept: { 'application/octet-stream': ['.onnx'], 'image/png': ['.png'], 'image/jpeg': ['.jpg', '.jpeg'], 'image/gif': ['.gif'], 'image/bmp': ['.bmp'], 'image/webp': ['.webp'] } }],
      background_color: '#f5f5f2',
      theme_color: '#1f63aa',
      icons: [
        { src: 'icons/icon.svg', sizes: 'any', type: 'image/svg+xml' },
        { src: 'icons/icon-192.png', sizes: '192x192', type: 'image/png' },
        { src: 'icons/icon-512.png', sizes: '512x512', type: 'image/png' },
        { src: 'icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
      ],
    },
    workbox: {
      globIgnores: ['backlight.html', 'backlight-figure.js', 'anywidget.js'], // for other pages, and as one file
      navigateFallbackDenylist: [/\/(backlight|embed)\.html$/],
      globPatterns: ['**/*.{html,js,css,wasm}', 'models/tiny-vgg.onnx', 'icons/icon.svg', ...samples().slice(0, FIRST_SAMPLES).map((s) => 'samples/' + s.file)],
      maximumFileSizeToCacheInBytes: 2 * 1024 * 1024,
      cleanupOutdatedCaches: true,
      inlineWorkboxRuntime: true,
      // The other samples and models are kept once they have been fetched.
      runtimeCaching: [{ urlPattern: /\/(samples|models)\//, handler: 'CacheFirst', options: { cacheName: fetched } }],
    },
  })

export default async ({ mode }) => {
  const single = mode === 'single'
  return {
    root: web,
    base: './',
    publicDir: single ? false : join(root, 'public'),
    resolve: {
      alias: [
        { find: 'page-sources', replacement: join(web, `src/lib/sources.${single ? 'single' : 'site'}.js`) },
        { find: /^page-module(?=\?)/, replacement: wasm },
        { find: /^page-module-relaxed(?=\?)/, replacement: join(build, 'wasm/backlight-relaxed.wasm') },
      ],
    },
    define: { 'import.meta.env.VERSION': JSON.stringify(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version), 'import.meta.env.YEAR': JSON.stringify(/Copyright \(c\) (\d+)/.exec(readFileSync(join(root, 'LICENSE'), 'utf8'))[1]) },
    css: { postcss: { plugins: [css] } },
    worker: { format: single ? 'iife' : 'es' },
    build: {
      outDir: single ? join(build, 'single') : join(build, 'site'),
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 20000,
    },
    plugins: [later(single), base64(), formulas(), bundled(single), cue(), cards(), svelte({ onwarn }), head(single), ...(single ? [viteSingleFile({ removeViteModuleLoader: true })] : [hosts({ build, models: networks().map((f) => join(root, 'models', f)), url: process.env.URL }), pwa(), models()]), policy(single)],
  }
}
