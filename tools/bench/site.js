// What a visitor waits for: sizes of what is loaded, cold load, a picture change, passes of the shipped Tiny VGG, the trainer.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { BUILD, ROOT, SINGLE, SITE, idle, launch, serveSite } from '../../tests/browser/lib/page.js'
import { BacklightCore } from '../../wasm/core.js'

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

// Milliseconds from the start of the navigation until the first maps are drawn, each time in a new, empty profile.
async function coldLoad(url, times) {
  const all = []
  for (let i = 0; i < times; i++) {
    const browser = await launch()
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.addInitScript(() => {
      const watch = () => document.documentElement?.dataset.maps === 'drawn' && (globalThis.firstMaps ??= performance.now())
      new MutationObserver(watch).observe(document, { attributes: true, subtree: true, childList: true })
    })
    await page.goto(url)
    await idle(page)
    all.push(await page.evaluate(() => globalThis.firstMaps))
    await browser.close()
  }
  return median(all)
}

// Milliseconds from the click on a picture until the frame that shows its maps.
async function pictureChange(url, times) {
  const browser = await launch()
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await page.goto(url)
  await idle(page)
  const all = await page.evaluate(async (n) => {
    const options = [...document.querySelectorAll('[role=listbox] [role=option]')].slice(0, 8)
    const took = []
    for (let i = 0; i < n; i++) {
      const before = document.documentElement.dataset.passes
      const start = performance.now()
      const pick = options[(i + 1) % options.length]
      ;(pick.querySelector('button') ?? pick).click()
      while (document.documentElement.dataset.passes === before) await new Promise((done) => requestAnimationFrame(done))
      took.push(performance.now() - start)
      await new Promise((done) => setTimeout(done, 100))
    }
    return took.slice(8) // the first round decodes the pictures
  }, times + 8)
  await browser.close()
  return median(all)
}

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


/** Milliseconds of each thing that one waits for. */
export async function waits() {
  const server = await serveSite()
  try {
    return {
      coldLoad: round(await coldLoad(server.url, 7)),
      pictureChange: round(await pictureChange(server.url, 24)),
      ...Object.fromEntries(Object.entries(await passes(200)).map(([k, v]) => [k, round(v, 2)])),
    }
  } finally {
    await server.close()
  }
}
