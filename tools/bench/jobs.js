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
const since = (/** @type {() => void} */ work) => {
  const from = performance.now()
  work()
  return performance.now() - from
}

// What a job's steps take over as many single passes, which are made between them so that both meet the same machine: the median of
// all steps. What it takes to begin, and the first step, are left out.
function beside(model, method, picture, params, pass) {
  const job = model.job(method, { picture, objective: 'class:0', params })
  const ratios = []
  for (let done = false, before = 0; !done; ) {
    const ms = since(() => (done = job.step().done))
    const { forwards } = job.legend
    let passes = 0
    for (let i = before; i < forwards; i++) passes += since(pass)
    if (before && forwards > before) ratios.push(ms / passes)
    before = forwards
  }
  job.close()
  return median(ratios)
}

// Grad-CAM's one step; what it takes to begin is left out.
function gradcam(model, picture) {
  const job = model.job('gradcam', { picture, objective: 'class:0' })
  const ms = since(() => job.step())
  job.close()
  return ms
}

/**
 * What jobs take over passes that a run of their own does one by one, warm: SmoothGrad over passes there and back, whose memory was
 * taken before; the others over passes forward. Below 1 is what batches of pictures bring.
 * @param {number} rounds
 */
async function costs(rounds) {
  const core = await BacklightCore.load({ bytes: readFileSync(join(BUILD, 'wasm/backlight.wasm')) })
  const picture = core.decode(readFileSync(join(ROOT, 'public/samples/red-panda.jpg')), 'red-panda.jpg')
  const networks = { tinyVgg: { file: 'models/tiny-vgg.onnx', samples: 64 }, flagship: { file: FLAGSHIP, samples: 12 } }
  const batches = { occlusion: {}, rise: { masks: 128 }, lime: { samples: 128 } }
  const figures = {}
  for (const [name, { file, samples }] of Object.entries(networks)) {
    const model = core.open(readFileSync(join(ROOT, file)))
    const [scores, gradient] = ['scores', 'gradient'].map((keep) => model.view({ keep }))
    for (const view of [scores, gradient]) view.forward(picture)
    const forward = () => since(() => scores.forward(null))
    const both = () => since(() => (gradient.forward(null), gradient.backward('class:0')))
    const all = Object.fromEntries(['smoothgrad', 'forwardMs', 'gradcamMs', ...Object.keys(batches)].map((of) => [of, []]))
    for (let i = 0; i < rounds + 1; i++) {
      all.smoothgrad.push(beside(model, 'smoothgrad', picture, { samples }, both))
      all.forwardMs.push(median(Array.from({ length: 24 }, forward)))
      all.gradcamMs.push(median(Array.from({ length: 9 }, () => gradcam(model, picture))))
      for (const [method, params] of Object.entries(batches)) all[method].push(beside(model, method, picture, params, forward))
    }
    model.close()
    figures[name] = Object.fromEntries(Object.entries(all).map(([of, list]) => [of, Number(median(list.slice(1)).toPrecision(4))]))
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
