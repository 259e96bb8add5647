// The module computes the same bits in Chromium as in Node, and the API works there in each way it is shipped: as modules
// with a module worker, and as one classic script with a worker made from text and the module's bytes, from a file.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { build } from 'vite'
import { computeBits } from '../node/lib/bits.js'
import { NETWORK, root, wasmBytes } from '../node/lib/core.js'
import { shortest } from '../node/lib/times.js'
import { serve } from '../../tools/serve.js'
import { launch } from './lib/page.js'

/** @type {import('playwright-core').Browser} */
let browser
/** @type {Awaited<ReturnType<typeof serve>>} */
let server
const folder = mkdtempSync(join(tmpdir(), 'backlight-bits-'))
before(async () => {
  browser = await launch()
  server = await serve(root)
})
after(async () => {
  await browser?.close()
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

// A page of that address with nothing in it; what goes wrong in it fails the test.
async function emptyPage(t, address, html = '<!doctype html><link rel="icon" href="data:,"><title>empty</title>') {
  const page = await browser.newPage()
  t.after(() => page.close())
  const wrong = []
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()))
  page.on('pageerror', (error) => wrong.push(error.message))
  if (address.startsWith('http')) {
    await page.route('**/empty.html', (route) => route.fulfill({ contentType: 'text/html', body: html }))
    await page.route('**/backlight.wasm', (route) => route.fulfill({ contentType: 'application/wasm', body: Buffer.from(wasmBytes()) }))
  } else writeFileSync(new URL(address), html)
  await page.goto(address)
  return { page, wrong }
}

test('Chromium computes the bits that Node computes', async (t) => {
  const { page, wrong } = await emptyPage(t, new URL('empty.html', server.url).href)
  const inNode = await computeBits({ bytes: wasmBytes() })
  const inChromium = await page.evaluate(async () => {
    const { computeBits } = await import('/tests/node/lib/bits.js')
    return computeBits({ url: '/backlight.wasm' })
  })
  assert.ok(Object.keys(inNode).length > 80)
  assert.ok(new Set(Object.values(inNode)).size > 50, 'the parts differ from one another')
  assert.deepEqual(inChromium, inNode)
  assert.deepEqual(wrong, [])
})

// Opens a network, shows it a picture, stops a job, and finishes another: what every way of shipping must do.
async function exercise({ Backlight, options, network, shortest }) {
  const backlight = await Backlight.load(options())
  const model = await backlight.open(network, { seed: 7 })
  const pixels = Uint8ClampedArray.from({ length: 32 * 32 * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 256))
  const photo = { width: 32, height: 32, pixels }
  const { scores, value } = await model.forward(photo)
  const { shape } = await value('conv2')
  const long = model.run('dream', { picture: photo, objective: 'conv2:3', size: 128, steps: 200, octaves: 8 }, { preview: true })
  let previews = 0
  for await (const _ of long) if (++previews === 2) break
  const stopped = await long.result.then(() => 'finished', (error) => error.name)
  const { done } = long.progress
  const { adversarial } = await model.run('fgsm', { picture: photo, eps: 8 }).result
  const longest = await shortest(500, async () => {
    let most = 0 // how long the page did nothing else while a job ran
    let last = performance.now()
    const timer = setInterval(() => {
      most = Math.max(most, performance.now() - last)
      last = performance.now()
    }, 4)
    await model.run('pgd', { picture: photo, steps: 20 }).result
    clearInterval(timer)
    return most
  })
  const refused = await backlight.open(new Uint8Array(50)).then(() => '', (error) => error.code)
  backlight.close()
  return { scores: Array.from(scores), shape, previews, stopped, done, bytes: adversarial.pixels.length, refused, longest }
}

function check({ scores, shape, previews, stopped, done, bytes, refused, longest }) {
  assert.equal(scores.length, 5)
  assert.ok(scores.every(Number.isFinite))
  assert.deepEqual(shape, [1, 12, 8, 8])
  assert.equal(previews, 2)
  assert.equal(stopped, 'AbortError')
  assert.ok(done > 0 && done < 1407)
  assert.equal(bytes, 32 * 32 * 4)
  assert.equal(refused, 'format')
  assert.ok(longest < 500, `the page stood still for ${longest} ms`)
}

test('a page with modules and module workers', async (t) => {
  const { page, wrong } = await emptyPage(t, new URL('empty.html', server.url).href)
  const result = await page.evaluate(async ([work, network, shortest]) => {
    const { Backlight } = await import('/wasm/backlight.js')
    return await (0, eval)(work)({ Backlight, network, options: () => ({ wasm: '/backlight.wasm' }), shortest: (0, eval)(shortest) })
  }, [`(${exercise})`, NETWORK, `(${shortest})`])
  check(result)
  assert.deepEqual(wrong, [])
})

// One file of the API as a classic script.
async function classic(file, name) {
  const [{ output }] = await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: { write: false, minify: true, target: 'es2022', lib: { entry: join(root, 'wasm', file), formats: ['iife'], name } },
  })
  return output[0].code
}

test('one file on disk: classic scripts, a worker made from text, the bytes posted in', async (t) => {
  const worker = await classic('worker.js', 'worker')
  assert.doesNotMatch(worker, /import\.meta|\bimport\(|\bexport\b/)
  // The page's own bundle; the default addresses in it are not used.
  const client = await classic('backlight.js', 'api')
  const script = (text) => `<script>${text.replaceAll('</script', '<\\/script')}</script>`
  const html = `<!doctype html><link rel="icon" href="data:,"><title>one file</title>${script(client)}`
  const { page, wrong } = await emptyPage(t, pathToFileURL(join(folder, 'one.html')).href, html)
  const base64 = Buffer.from(wasmBytes()).toString('base64')
  const result = await page.evaluate(async ([work, network, shortest, worker, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
    const url = URL.createObjectURL(new Blob([worker], { type: 'text/javascript' }))
    const options = () => ({ wasm: bytes, worker: () => new Worker(url) })
    return await (0, eval)(work)({ Backlight: globalThis.api.Backlight, network, options, shortest: (0, eval)(shortest) })
  }, [`(${exercise})`, NETWORK, `(${shortest})`, worker, base64])
  check(result)
  assert.deepEqual(wrong, [])
})

test('a browser without SIMD gets the message', async (t) => {
  const { page } = await emptyPage(t, new URL('empty.html', server.url).href)
  const message = await page.evaluate(async () => {
    WebAssembly.validate = () => false
    const { Backlight } = await import('/wasm/backlight.js')
    return Backlight.load({ wasm: '/backlight.wasm' }).then(() => '', (error) => `${error.code}: ${error.message}`)
  })
  assert.equal(message, "no-simd: This browser cannot run Backlight's code. It needs WebAssembly SIMD: Chrome 91, Firefox 89, Safari 16.4 or newer.")
})
