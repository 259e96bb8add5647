// Sweeps the hot loops for slow stack addresses: `make stack-sweep`. An engine that runs out of registers keeps vectors on
// the stack, aligned to 8 bytes only; where such a place lies across a border of 4 KiB, the loop takes several times as
// long, as long as it is called from that depth. So every kernel is run from 541 depths, 8 bytes apart, in Node and in
// Chromium, and a depth that takes more than 1.6 times the median is a slow spot.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { launch } from '../tests/browser/lib/page.js'
import { serve } from './serve.js'

const root = join(import.meta.dirname, '..')
const build = join(root, process.env.BACKLIGHT_BUILD || 'build')
const HEAD = (shape) => `input x ${shape}\nmean 0.5 0.5 0.5\nstd 0.25 0.25 0.25\nchannels RGB\n`
// A network that spends its time in one kernel, forwards and backwards.
const KERNELS = {
  'columns, 3 channels': `${HEAD('3x40x40')}a = conv x 24 5x5 pad 2\n`,
  '1×1': `${HEAD('3x24x24')}a = conv x 32 1x1\nb = conv a 48 1x1\nc = conv b 48 1x1\n`,
  Winograd: `${HEAD('3x24x24')}a = conv x 24 1x1\nb = conv a 24 3x3 pad 1\nc = conv b 24 3x3 pad 1\n`,
  'stride 2': `${HEAD('3x48x48')}a = conv x 16 3x3 stride 2 pad 1\nb = conv a 32 3x3 stride 2 pad 1\n`,
  depthwise: `${HEAD('3x40x40')}a = conv x 12 1x1\nb = conv a 12 3x3 pad 1 groups 12\nc = conv b 12 3x3 pad 1 groups 12\n`,
  'depthwise, stride 2': `${HEAD('3x64x64')}a = conv x 12 3x3 stride 2 pad 1 groups 3\nb = conv a 12 3x3 stride 2 pad 1 groups 12\n`,
  pools: `${HEAD('3x64x64')}a = maxpool x 3x3 stride 2 pad 1\nb = avgpool a 2x2 stride 2\n`,
  curves: `${HEAD('3x40x40')}a = relu x\nb = leakyrelu a 0.1\nc = add a b\nd = sigmoid c\n`,
  dense: `${HEAD('3x64x64')}a = flatten x\nb = dense a 64\nc = dense b 64\n`,
}

// Runs where the module runs: the slowest depth of each kernel over the median, and how many depths are slow.
export async function sweep({ core, bits, module, kernels }) {
  const { BacklightCore } = await import(core)
  const { picture } = await import(bits)
  const DEPTHS = 541
  const u = (n) => (n < 128 ? [n] : [(n & 127) | 128, n >> 7])
  const section = (id, bytes) => [id, ...leb(bytes.length), ...bytes]
  const leb = (n) => { const out = []; do { out.push((n & 127) | (n > 127 ? 128 : 0)); n >>>= 7 } while (n); return out }
  // A function of k numbers that lie on the stack, which calls `f`; and one without, which calls that.
  const deeper = (k, f) => {
    const types = [[0x60, 0, 0], [0x60, ...u(k), ...Array(k).fill(0x7e), 0]]
    const bodies = [[0, 0x10, 0, 0x0b], [0, ...Array(k).fill([0x42, 0]).flat(), 0x10, 1, 0x0b]]
    const bytes = [0, 97, 115, 109, 1, 0, 0, 0,
      ...section(1, [2, ...types.flat()]),
      ...section(2, [1, 1, 101, 1, 102, 0, 0]),
      ...section(3, [2, 1, 0]),
      ...section(7, [1, 1, 103, 0, 2]),
      ...section(10, [2, ...bodies.flatMap((body) => [...leb(body.length), ...body])])]
    return new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)), { e: { f } }).exports.g
  }
  let work = () => {}
  const depths = Array.from({ length: DEPTHS }, (_, k) => deeper(k, () => work()))
  const loaded = await BacklightCore.load(module.url ? { url: module.url } : { bytes: module.bytes })
  const results = []
  for (const [name, network] of Object.entries(kernels)) {
    const model = loaded.openText(network, 3)
    const view = model.view()
    const [, height, width] = /x (\d+)x\d+/.exec(network) && /input x \d+x(\d+)x(\d+)/.exec(network)
    const photo = picture(Number(width), Number(height))
    const last = network.trim().split('\n').at(-1).split(' ')[0]
    work = () => {
      view.forward(photo)
      view.backward(last)
    }
    for (let i = 0; i < 40; i++) work() // until the engine has switched to optimised code
    const best = Array(DEPTHS).fill(Infinity)
    const measure = (k) => {
      const start = performance.now()
      depths[k]()
      best[k] = Math.min(best[k], performance.now() - start)
    }
    for (let round = 0; round < 4; round++) for (let k = 0; k < DEPTHS; k++) measure(k)
    const median = best.toSorted((a, b) => a - b)[DEPTHS >> 1]
    // Whatever else the machine did is not the depth's fault: what was slow is asked again.
    for (let round = 0; round < 40; round++) for (let k = 0; k < DEPTHS; k++) if (best[k] > 1.6 * median) measure(k)
    results.push({ name, ms: median, worst: Math.max(...best) / median, slow: best.filter((t) => t > 1.6 * median).length })
    view.close()
    model.close()
  }
  return results
}

function print(where, results) {
  console.log(`\n${where}\n| kernel | ms | worst depth / median | slow depths of 541 |\n|---|---:|---:|---:|`)
  for (const { name, ms, worst, slow } of results) console.log(`| ${name} | ${ms.toFixed(3)} | ${worst.toFixed(2)} | ${slow} |`)
}

if (process.argv[1] === import.meta.filename) {
  const file = (path) => pathToFileURL(join(root, path)).href
  const modules = ['backlight', 'backlight-relaxed']
  const where = { core: file('wasm/core.js'), bits: file('tests/node/lib/bits.js') }
  print('Node, plain', await sweep({ ...where, module: { bytes: readFileSync(join(build, 'wasm/backlight.wasm')) }, kernels: KERNELS }))
  const [browser, server] = [await launch(), await serve(root)]
  for (const name of modules) {
    const page = await browser.newPage()
    await page.route('**/sweep.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }))
    await page.route('**/module.wasm', (route) => route.fulfill({ contentType: 'application/wasm', body: readFileSync(join(build, `wasm/${name}.wasm`)) }))
    await page.goto(new URL('sweep.html', server.url).href)
    print(`Chromium, ${name}`, await page.evaluate(`(${sweep})(${JSON.stringify({ core: '/wasm/core.js', bits: '/tests/node/lib/bits.js', module: { url: '/module.wasm' }, kernels: KERNELS })})`))
    await page.close()
  }
  await browser.close()
  await server.close()
}
