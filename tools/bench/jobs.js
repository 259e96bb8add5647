// Measures jobs: what SmoothGrad costs beside its passes (WebAssembly in Node, one thread), and how much faster two
// workers are than one (Chromium). Prints both; nothing else may run meanwhile. `make bench-jobs`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BUILD, ROOT } from '../../tests/browser/lib/page.js'
import { BacklightCore } from '../../wasm/core.js'
import { networks } from './networks.js'
import { SAMPLES, twoWorkers } from './pool.js'

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

const rounds = Number(process.env.ROUNDS || 3)
for (const [name, ratio] of Object.entries(await overhead(rounds))) console.log(`SmoothGrad over its passes, ${name}: ${ratio.toFixed(3)}`)
const { ratio, machine } = await twoWorkers(rounds)
console.log(`${SAMPLES} noisy copies on a VGG-like network of 64×64, one worker over two, Chromium: ${ratio.toFixed(2)}; what the machine allows: ${machine.toFixed(2)}`)
