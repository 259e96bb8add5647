// Sizes of what is loaded, passes of the shipped Tiny VGG, the trainer, and what a visitor of the page waits for.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { BUILD, ROOT, SINGLE, SITE } from '../../tests/browser/lib/page.js'
import { BacklightCore } from '../../wasm/core.js'
import { measurePage } from './page.js'

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]
const round = (x, digits = 1) => Number(x.toFixed(digits))

export function sizes() {
  const of = (file) => ({ raw: readFileSync(file).length, gzip: gzipSync(readFileSync(file), { level: 9 }).length })
  const assets = readdirSync(join(SITE, 'assets'))
  const html = readFileSync(join(SITE, 'index.html'), 'utf8')
  // What the page itself names, and the worker; views that come later have files of their own.
  const first = assets.filter((f) => html.includes(`assets/${f}`) || /^worker-.*\.js$/.test(f))
  const all = (pattern, names) => names.filter((f) => pattern.test(f)).map((f) => of(join(SITE, 'assets', f)))
  const sum = (list) => list.reduce((s, x) => ({ raw: s.raw + x.raw, gzip: s.gzip + x.gzip }), { raw: 0, gzip: 0 })
  // Of the two modules a browser loads one: the larger is counted.
  const modules = all(/\.wasm$/, assets).sort((a, b) => b.gzip - a.gzip)
  const parts = { module: modules[0], scripts: sum(all(/\.js$/, first)), styles: sum(all(/\.css$/, first)), page: of(join(SITE, 'index.html')) }
  return { ...parts, firstLoad: sum(Object.values(parts)), singleFile: of(SINGLE), tinyVgg: of(join(ROOT, 'models/tiny-vgg.onnx')) }
}

/** The files that the service worker keeps on the first visit. */
export const kept = () => [...readFileSync(join(SITE, 'sw.js'), 'utf8').matchAll(/url:\s*"([^"]+)"/g)].map((m) => m[1])
export const precached = () => kept().reduce((sum, url) => sum + readFileSync(join(SITE, url)).length, 0)

async function passes(times) {
  const core = await BacklightCore.load({ bytes: readFileSync(join(BUILD, 'wasm/backlight.wasm')) })
  const model = core.open(readFileSync(join(ROOT, 'models/tiny-vgg.onnx')))
  const picture = core.decode(readFileSync(join(ROOT, 'public/samples/red-panda.jpg')), 'red-panda.jpg')
  const view = model.view()
  const [forward, backward] = [[], []]
  for (let i = 0; i < times + 20; i++) {
    forward.push(view.forward(picture).ms)
    backward.push(view.backward('class:7').ms)
  }
  return { forward: median(forward.slice(20)), backward: median(backward.slice(20)) }
}

// Images a second of the third of three epochs, by the trainer's own log.
export function trainer(data) {
  const folder = mkdtempSync(join(tmpdir(), 'backlight-bench-'))
  try {
    const log = join(folder, 'log.csv')
    const args = ['train', join(ROOT, 'models/tiny-vgg.recipe'), '--data', data, '--out', join(folder, 'x.onnx'), '--log', log, '--set', 'epochs=3']
    execFileSync(join(BUILD, 'native/backlight'), args, { stdio: 'ignore' })
    const [head, ...lines] = readFileSync(log, 'utf8').trim().split('\n').map((l) => l.split(','))
    return Number(lines.at(-1)[head.indexOf('images_per_second')])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Milliseconds of the passes of Tiny VGG, and what a visitor of the page waits for. */
export async function waits() {
  return { page: await measurePage(), ...Object.fromEntries(Object.entries(await passes(200)).map(([k, v]) => [k, round(v, 2)])) }
}
