// A network that computes with the weights of a frame of its history: the bits of a network that was opened with them, in
// views, in jobs and in the workers that help; its own weights come back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Backlight } from '../../wasm/backlight.js'
import { BacklightCore } from '../../wasm/core.js'
import { picture, refused, wasmBytes } from './lib/core.js'
import { FRAMES, history, network, OWN, SHAPES } from './lib/history-cases.js'
import { Graph } from './lib/onnx-writer.js'

const shown = picture(32, 32)

// All that a view and a job say of a network.
function answers(model) {
  const view = model.view()
  const { scores } = view.forward(shown)
  view.backward('class:2')
  const values = model.info.values.filter(({ type }) => type === 'float').map(({ id, constant }) => [view.value(id).data, constant ? null : view.gradient(id).data])
  view.close()
  const job = model.job('smoothgrad', { picture: shown, objective: 'class:1', params: { samples: 5 } })
  while (!job.step().done);
  const results = job.results()
  job.end()
  return { scores, values, results }
}

test('every frame gives the bits of a network opened with its weights; its own come back', async () => {
  const core = await BacklightCore.load({ bytes: wasmBytes() })
  const model = core.open(network(OWN))
  const own = answers(model)
  assert.deepEqual(model.setHistory(history()), { steps: [0, 10, 40], epochSteps: 20 })
  assert.deepEqual(answers(model), own)
  for (const [i, weights] of FRAMES.entries()) {
    const other = core.open(network(weights))
    model.setFrame(i)
    const now = answers(model)
    assert.deepEqual(now, answers(other))
    assert.notDeepEqual(now.scores, own.scores)
    other.close()
  }
  const before = model.view() // made with the last frame's
  const { scores } = before.forward(shown)
  model.setFrame(null)
  assert.deepEqual(answers(model), own)
  assert.deepEqual(before.forward(shown).scores, scores)
  model.close()
  assert.deepEqual(before.forward(shown).scores, scores, 'the frames went with the handle')
  before.close()
  assert.equal(core.openHandles, 0)
})

test('what is no history of this network is refused and changes nothing', async () => {
  const core = await BacklightCore.load({ bytes: wasmBytes() })
  const model = core.open(network(OWN))
  const own = answers(model)
  const { w1 } = SHAPES
  const bad = [
    ['shape', history({ shapes: { w1: [8, 3, 3, 3], b1: [4, 2] } }), /has no weight "b1" of that shape/],
    ['shape', history({ more: (g) => g.weight([3, 1], [1, 2, 3], { name: 'other' }) }), /no weight "other"/],
    ['shape', history({ more: (g) => g.weight([3, 1], [1, 2, 3], { name: 'relu1' }) }), /no weight "relu1"/],
    ['shape', history({ steps: [0, 10], shapes: { w1 } }), /"w1"/],
    ['format', history({ steps: [0, 10, 10] }), /in no order/],
    ['format', network(OWN), /a network, not a file of tensors/],
    ['format', new Graph().bytes(), /no tensor/],
    ['format', history().slice(0, 200), /./],
  ]
  for (const [code, bytes, words] of bad) {
    const error = await refused(code, () => model.setHistory(bytes))
    assert.match(error.message, words)
  }
  await refused('usage', () => model.setFrame(0))
  assert.deepEqual(answers(model), own)
  model.setHistory(history())
  await refused('usage', () => model.setHistory(history()))
  for (const frame of [3, -2]) await refused('usage', () => model.setFrame(frame))
  assert.deepEqual(answers(model), own)
  model.close()
})

test('workers follow: passes, edits and jobs; a job that runs keeps its weights, and so do its helpers', async (t) => {
  const backlight = await Backlight.load({ wasm: wasmBytes(), worker: () => new Worker(new URL('../../wasm/worker.js', import.meta.url)), workers: 3 })
  t.after(() => backlight.close())
  const [model, ...others] = await Promise.all([OWN, ...FRAMES].map((weights) => backlight.open(network(weights))))
  const run = async (which, samples = 24) => (await which.run('smoothgrad', { picture: shown, objective: 'class:1', samples }).result).results[0].data
  assert.deepEqual(await run(model), await run(model))
  await refused('shape', () => model.setHistory(history({ shapes: { b1: [4, 2] } })))
  assert.deepEqual((await model.setHistory(history())).steps, [0, 10, 40])
  const own = (await model.forward(shown)).scores
  for (const [i, other] of others.entries()) {
    await model.setFrame(i)
    assert.deepEqual((await model.forward(shown)).scores, (await other.forward(shown)).scores)
    for (const m of [model, other]) await m.intervene('relu1:3*0')
    assert.deepEqual((await model.forward(shown)).scores, (await other.forward(shown)).scores)
    for (const m of [model, other]) await m.intervene('')
    assert.deepEqual(await run(model), await run(other))
  }
  // begun with frame 2, while it runs another is chosen
  const long = model.run('smoothgrad', { picture: shown, objective: 'class:1', samples: 400 }, { onprogress: () => changed ??= model.setFrame(0) })
  let changed
  const { results } = await long.result
  await changed
  assert.deepEqual(results[0].data, await run(others[2], 400))
  assert.deepEqual(await run(model), await run(others[0]))
  await model.setFrame(null)
  assert.deepEqual((await model.forward(shown)).scores, own)
})
