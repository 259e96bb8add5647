// Measures jobs: what SmoothGrad costs beside its passes (WebAssembly in Node, one thread), and how much faster two
// workers are than one (Chromium). Prints both; nothing else may run meanwhile. `make bench-jobs`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BUILD, ROOT, launch } from '../../tests/browser/lib/page.js'
import { BacklightCore } from '../../wasm/core.js'
import { networks } from './networks.js'
import { serve } from '../serve.js'

const SAMPLES = 64
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]

// Milliseconds of all steps of a job; what it takes to begin is left out.
function time(model, method, picture, params = {}) {
  const job = model.job(method, { picture, objective: 'class:0', params })
  const from = performance.now()
  while (!job.step().done);
  const ms = performance.now() - from
  job.end()
  return ms
}

// SmoothGrad over its passes: 1.00 is no cost of its own. A pass is the gradient's job without the making of its map and
// table, which is measured with a network of nearly no passes.
async function overhead(rounds) {
  const core = await BacklightCore.load({ bytes: readFileSync(join(BUILD, 'wasm/backlight.wasm')) })
  const picture = core.decode(readFileSync(join(ROOT, 'public/samples/red-panda.jpg')), 'red-panda.jpg')
  const none = core.openText('input x 3x64x64\nmean 0.5\nstd 0.25\nchannels RGB\ny = globalavgpool x\nf = flatten y\ns = dense f 2\n')
  const models = { 'Tiny VGG': core.open(readFileSync(join(ROOT, 'models/tiny-vgg.onnx'))), 'VGG-like': core.openText(networks['VGG-like']()) }
  return Object.fromEntries(
    Object.entries(models).map(([name, model]) => {
      const samples = name === 'Tiny VGG' ? SAMPLES : 16
      const ratios = []
      for (let i = 0; i < rounds + 1; i++) {
        let passes = 0
        for (let k = 0; k < samples; k++) passes += time(model, 'gradient', picture) - time(none, 'gradient', picture)
        ratios.push(time(model, 'smoothgrad', picture, { samples }) / passes)
      }
      return [name, median(ratios.slice(1))]
    }),
  )
}

// The time of one worker over that of two, and what the machine allows: two jobs of one worker each, one after the other over
// both at once. Least times of interleaved rounds, workers warm: whatever else runs takes one of two cores away, and a median with it.
async function twoWorkers(rounds) {
  const server = await serve(ROOT)
  const browser = await launch()
  try {
    const page = await browser.newPage()
    await page.route('**/empty.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }))
    await page.goto(new URL('empty.html', server.url).href)
    const build = new URL(pathToFileURL(join(BUILD, 'wasm/backlight.wasm')).href.slice(pathToFileURL(ROOT).href.length + 1), server.url).href
    const all = await page.evaluate(
      async ({ wasm, text, samples, rounds }) => {
        const { Backlight } = await import('/wasm/backlight.js')
        const picture = { width: 64, height: 64, pixels: Uint8Array.from({ length: 64 * 64 * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 256)) }
        const pools = []
        for (const workers of [2, 2, 3]) {
          const backlight = await Backlight.load({ wasm, workers })
          pools.push({ backlight, model: await backlight.open(text) })
        }
        const [one, other, two] = pools.map(({ model }) => () => model.run('smoothgrad', { picture, objective: 'class:0', samples }).result)
        const time = async (...jobs) => {
          const from = performance.now()
          await Promise.all(jobs.map((job) => job()))
          return performance.now() - from
        }
        const all = []
        for (let i = 0; i < rounds + 1; i++) {
          all.push([await time(one), await time(two), await time(other), await time(one, other)])
        }
        for (const { backlight } of pools) backlight.close()
        return all.slice(1)
      },
      { wasm: build, text: networks['VGG-like'](), samples: SAMPLES, rounds },
    )
    if (process.env.DEBUG) console.log(all)
    const [one, two, other, both] = all[0].map((_, i) => Math.min(...all.map((round) => round[i])))
    return { pool: one / two, machine: (one + other) / both }
  } finally {
    await browser.close()
    await server.close()
  }
}


const rounds = Number(process.env.ROUNDS || 3)
const only = process.env.ONLY
if (only !== 'pool') for (const [name, ratio] of Object.entries(await overhead(rounds))) console.log(`SmoothGrad over its passes, ${name}: ${ratio.toFixed(3)}`)
const { pool, machine } = await twoWorkers(rounds)
console.log(`${SAMPLES} noisy copies on a VGG-like network of 64×64, one worker over two, Chromium: ${pool.toFixed(2)}; two jobs, one after the other over both at once: ${machine.toFixed(2)}`)
