// Backlight's WebAssembly module against ONNX Runtime's on the same bytes: every operator in all its forms, and random
// networks. BACKLIGHT_GRAPHS=1000 tries more of them; BACKLIGHT_SEED=17 only one, and writes build/random-17.onnx.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BacklightCore } from '../../wasm/core.js'
import { operatorCases } from './lib/operator-cases.js'
import { runOrt } from './lib/ort.js'
import { randomGraph } from './lib/random-graph.js'
import { Random } from './lib/random.js'
import { tensorError, tolerance } from './lib/tolerances.js'

const build = join(fileURLToPath(new URL('../..', import.meta.url)), process.env.BACKLIGHT_BUILD || 'build')
const graphs = Number(process.env.BACKLIGHT_GRAPHS || 400)
const onlySeed = process.env.BACKLIGHT_SEED ? Number(process.env.BACKLIGHT_SEED) : null

let core
before(async () => {
  core = await BacklightCore.load({ bytes: readFileSync(join(build, 'wasm/backlight.wasm')) })
})

/** Backlight's input and output of a network for a picture of noise. */
function runBacklight(bytes, [, , height, width], seed, options) {
  const random = new Random(seed)
  const pixels = Uint8Array.from({ length: width * height * 4 }, () => random.int(0, 255))
  for (let i = 3; i < pixels.length; i += 4) pixels[i] = 255
  const model = core.open(bytes, options)
  try {
    const view = model.view()
    try {
      view.forward({ width, height, pixels })
      return { input: view.value(model.info.input.id), output: view.value(model.info.output) }
    } finally {
      view.close()
    }
  } finally {
    model.close()
  }
}

/** The error between the two, with batch normalisation folded or kept. */
async function compare({ bytes, input: shape }, seed, options) {
  const { input, output } = runBacklight(bytes, shape, seed, options)
  assert.deepEqual(input.shape, shape)
  const peer = await runOrt(bytes, shape, input.data)
  assert.deepEqual(output.shape, peer.shape, 'the shapes differ')
  return tensorError(output, peer)
}

test('every operator against ONNX Runtime', async (t) => {
  const cases = operatorCases()
  const ops = [...new Set(cases.map((c) => c.op))].sort()
  await t.test('every operator of the table has a case', () => {
    assert.deepEqual(core.manifest.operators.map((o) => o.name ?? o).filter((name) => !ops.includes(name)), [])
  })
  for (const op of ops) {
    await t.test(op, async (t) => {
      const problems = []
      let worst = 0
      const own = cases.filter((c) => c.op === op)
      for (const c of own) {
        for (const keepBatchnorm of op === 'BatchNormalization' ? [false, true] : [false]) {
          try {
            const error = await compare(c, c.seed, { keepBatchnorm })
            if (!(error <= tolerance('TOL_ORT'))) problems.push(`${c.name}: error ${error}`)
            worst = Math.max(worst, error)
          } catch (error) {
            problems.push(`${c.name}: ${error.message}`)
          }
        }
      }
      assert.equal(problems.join('\n'), '')
      t.diagnostic(`${own.length} forms, largest error ${worst.toExponential(1)}`)
    })
  }
})

test('random networks against ONNX Runtime', async (t) => {
  const seeds = onlySeed === null ? Array.from({ length: graphs }, (_, i) => i + 1) : [onlySeed]
  const problems = []
  let worst = 0
  for (const seed of seeds) {
    const network = randomGraph(seed)
    if (onlySeed !== null) writeFileSync(join(build, `random-${seed}.onnx`), network.bytes)
    try {
      const error = await compare(network, seed, { keepBatchnorm: seed % 2 === 1 })
      if (!(error <= tolerance('TOL_ORT'))) problems.push(`seed ${seed}: error ${error}`)
      worst = Math.max(worst, error)
    } catch (error) {
      problems.push(`seed ${seed} (opset ${network.opset}): ${error.message}`)
    }
  }
  assert.equal(problems.join('\n'), '')
  t.diagnostic(`${seeds.length} networks, largest error ${worst.toExponential(1)}`)
})
