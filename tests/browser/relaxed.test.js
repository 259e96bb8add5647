// The module with relaxed SIMD, in Chromium: it passes its self-test, says what it is, and computes what the plain module
// computes, but for the last digits. It is taken by itself where the engine can run it, and not where one said no.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Backlight } from '../../wasm/backlight.js'
import { build, root, wasmBytes } from '../node/lib/core.js'
import { tensorError, tolerance } from '../node/lib/tolerances.js'
import { serve } from '../../tools/serve.js'
import { launch } from './lib/page.js'

const relaxedBytes = () => readFileSync(join(build, 'wasm/backlight-relaxed.wasm'))
/** @type {import('playwright-core').Browser} */
let browser
/** @type {Awaited<ReturnType<typeof serve>>} */
let server
before(async () => {
  browser = await launch()
  server = await serve(root)
})
after(async () => {
  await browser?.close()
  await server?.close()
})

async function emptyPage(t) {
  const page = await browser.newPage()
  t.after(() => page.close())
  const files = { 'backlight.wasm': Buffer.from(wasmBytes()), 'backlight-relaxed.wasm': relaxedBytes() }
  for (const [name, body] of Object.entries(files)) await page.route(`**/${name}`, (route) => route.fulfill({ contentType: 'application/wasm', body }))
  await page.route('**/empty.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><link rel="icon" href="data:,">' }))
  await page.goto(new URL('empty.html', server.url).href)
  return page
}

// Wide 3×3 layers (Winograd, both directions), columns, 1×1, depthwise, dense; smooth, so that no rounding decides about
// a ReLU or a pool.
const NETWORK = `input x 3x21x19
mean 0.48 0.45 0.40
std 0.28 0.27 0.28
channels RGB
conv1 = conv x 24 3x3 pad 1
t1 = tanh conv1
conv2 = conv t1 33 3x3 pad 1
t2 = sigmoid conv2
deep = conv t2 33 3x3 pad 1 groups 33
flat = conv deep 10 1x1
conv3 = conv flat 18 5x5 stride 2 pad 2
pool = avgpool conv3 2x2 stride 2
f = flatten pool
scores = dense f 6
`

// In the page: every value forward and every gradient, for one module.
async function compute({ url, network }) {
  const { BacklightCore } = await import('/wasm/core.js')
  const { picture } = await import('/tests/node/lib/bits.js')
  const core = await BacklightCore.load({ url })
  const model = core.openText(network, 5)
  const view = model.view()
  view.forward(picture(19, 21))
  view.backward('class:2')
  const values = []
  for (const { id, name, constant } of model.info.values) {
    if (constant) continue
    for (const [what, tensor] of [['value', view.value(id)], ['gradient', view.gradient(id)]]) values.push({ name: `${what} ${name}`, shape: tensor.shape, data: Array.from(tensor.data) })
  }
  return { kernels: core.kernels, values }
}

test('the relaxed module computes what the plain one computes', async (t) => {
  const page = await emptyPage(t)
  const [plain, relaxed] = [await page.evaluate(compute, { url: '/backlight.wasm', network: NETWORK }), await page.evaluate(compute, { url: '/backlight-relaxed.wasm', network: NETWORK })]
  assert.deepEqual([plain.kernels, relaxed.kernels], ['exact', 'relaxed SIMD'])
  assert.ok(plain.values.length > 15)
  let differ = 0
  plain.values.forEach((expected, i) => {
    const error = tensorError(relaxed.values[i], expected)
    assert.ok(error <= tolerance('TOL_RELAXED'), `${expected.name}: ${error}`)
    if (error > 0) differ++
  })
  assert.ok(differ > 5, 'the two are the same module')
})

test('it is chosen where the engine can run it, unless it is switched off', async (t) => {
  const page = await emptyPage(t)
  const chosen = await page.evaluate(async (network) => {
    const { Backlight } = await import('/wasm/backlight.js')
    const { picture } = await import('/tests/node/lib/bits.js')
    const result = []
    const load = async (options) => {
      const backlight = await Backlight.load({ ...options, workers: 2 })
      const model = await backlight.open(network)
      const { legend } = await model.run('gradient', { picture: picture(19, 21), objective: 'class:2' }).result
      result.push(`${backlight.kernels}, ${legend.kernels}`)
      backlight.close()
    }
    await load({ wasm: '/backlight.wasm', relaxed: '/backlight-relaxed.wasm' })
    await load({ wasm: '/backlight.wasm', relaxed: false })
    await load({ wasm: '/backlight.wasm' })
    const { validate } = WebAssembly
    WebAssembly.validate = (bytes) => !new Uint8Array(bytes).includes(17) && validate(bytes) // as an engine without it
    await load({ wasm: '/backlight.wasm', relaxed: '/backlight-relaxed.wasm' })
    return result
  }, NETWORK)
  assert.deepEqual(chosen, ['relaxed SIMD, relaxed SIMD', 'exact, exact', 'exact, exact', 'exact, exact'])
})

test('the two modules have the same doors', async () => {
  const [plain, relaxed] = await Promise.all([wasmBytes(), relaxedBytes()].map((bytes) => exportsOf(bytes)))
  assert.ok(plain.length > 30)
  assert.deepEqual(relaxed, plain)
})

// Read by a page: Node knows the relaxed words only behind a flag.
async function exportsOf(bytes) {
  const page = await browser.newPage()
  const names = await page.evaluate(async (base64) => {
    const module = await WebAssembly.compile(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)))
    return WebAssembly.Module.exports(module).map(({ name }) => name).filter((name) => name.startsWith('bl_')).sort()
  }, Buffer.from(bytes).toString('base64'))
  await page.close()
  return names
}

test('an engine without it, as this Node, takes the plain module', async () => {
  const backlight = await Backlight.load({ wasm: wasmBytes(), relaxed: new Uint8Array(8), workers: 2 })
  assert.equal(backlight.kernels, 'exact')
  backlight.close()
})
