// Measures jobs: what they cost beside their passes (WebAssembly in Node, one thread), and SmoothGrad of the network of 200 classes
// on one worker and on two (Chromium). `make bench-jobs` prints it and writes it into docs/bench.*; nothing else may run meanwhile.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BUILD, ROOT } from '../../tests/browser/lib/page.js'
import { BacklightCore } from '../../wasm/core.js'
import { twoWorkers } from './pool.js'
import { readFigures, writeFigures } from './report.js'

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]
const FLAGSHIP = 'models/flagship.onnx'

// Milliseconds of all steps of a job, and its passes; what it takes to begin is left out.
function run(model, method, picture, params = {}) {
  const job = model.job(method, { picture, objective: 'class:0', params })
  const from = performance.now()
  while (!job.step().done);
  const ms = performance.now() - from
  const { forwards } = job.legend
  job.close()
  return { ms, forwards }
}

/**
 * SmoothGrad over its passes: 1.00 is no cost of its own. A pass is the gradient's job without the making of its map and table,
 * which is measured with a network of nearly no passes. The others over as many passes of one picture: below 1 is what batches bring.
 * @param {number} rounds
 */
async function costs(rounds) {
  const core = await BacklightCore.load({ bytes: readFileSync(join(BUILD, 'wasm/backlight.wasm')) })
  const picture = core.decode(readFileSync(join(ROOT, 'public/samples/red-panda.jpg')), 'red-panda.jpg')
  const none = core.openText('input x 3x64x64\nmean 0.5\nstd 0.25\nchannels RGB\ny = globalavgpool x\nf = flatten y\ns = dense f 2\n')
  const open = (file) => core.open(readFileSync(join(ROOT, file)))
  const networks = { tinyVgg: { model: open('models/tiny-vgg.onnx'), samples: 64 }, flagship: { model: open(FLAGSHIP), samples: 12 } }
  const figures = {}
  for (const [name, { model, samples }] of Object.entries(networks)) {
    const [smoothgrad, gradcam, forward] = [[], [], []]
    const batches = { occlusion: [], rise: [], lime: [] }
    const few = { occlusion: {}, rise: { masks: 128 }, lime: { samples: 128 } }
    const view = model.view()
    for (let i = 0; i < rounds + 1; i++) {
      let passes = 0
      for (let k = 0; k < samples; k++) passes += run(model, 'gradient', picture).ms - run(none, 'gradient', picture).ms
      smoothgrad.push(run(model, 'smoothgrad', picture, { samples }).ms / passes)
      const single = median(Array.from({ length: 9 }, () => view.forward(picture).ms))
      forward.push(single)
      gradcam.push(median(Array.from({ length: 9 }, () => run(model, 'gradcam', picture).ms)))
      for (const [method, list] of Object.entries(batches)) {
        const { ms, forwards } = run(model, method, picture, few[method])
        list.push(ms / (forwards * single))
      }
    }
    view.close()
    const of = (/** @type {number[]} */ list) => Number(median(list.slice(1)).toPrecision(4))
    figures[name] = { smoothgrad: of(smoothgrad), forwardMs: of(forward), gradcamMs: of(gradcam), ...Object.fromEntries(Object.entries(batches).map(([m, list]) => [m, of(list)])) }
  }
  return figures
}

/** @param {number} rounds */
export async function jobs(rounds) {
  const pool = await twoWorkers(rounds, { samples: 50, file: FLAGSHIP })
  return { ...(await costs(rounds)), pool }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const figures = { ...readFigures(), jobs: await jobs(Number(process.env.ROUNDS || 3)) }
  console.log(JSON.stringify(figures.jobs, null, 1))
  writeFigures(figures)
  process.exit(0)
}
