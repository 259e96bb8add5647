// The synchronous API over one instance: opening, passes, jobs, errors, closed objects.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { fetchModule } from '../../wasm/instance.js'
import { parameterText, quoted } from '../../wasm/text.js'
import { NETWORK, picture, refused, wasmBytes } from './lib/core.js'
import { Graph } from './lib/onnx-writer.js'

/** @type {BacklightCore} */
let core
before(async () => {
  core = await BacklightCore.load({ bytes: wasmBytes() })
})

const close = (a, b, tolerance = 1e-5) => Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b))

test('manifest, colours and families come from the module', () => {
  const { methods, operators } = core.manifest
  assert.ok(methods.some(({ id }) => id === 'gradient'))
  assert.ok(operators.some(({ name }) => name === 'Conv'))
  assert.ok(core.families.includes('gradient'))
  const light = core.colours('gradient', 'light')
  assert.equal(light.length, 1024)
  assert.ok(light.every((byte, i) => i % 4 !== 3 || byte === 255), 'colours are opaque')
  assert.notDeepEqual(light, core.colours('gradient', 'dark'))
})

test('what does not exist is refused by name', async () => {
  assert.match((await refused('usage', () => core.colours('mauve', 'light'))).hint, /gradient/)
  await refused('usage', () => core.colours('size', 'dusk'))
  const model = core.openText(NETWORK)
  await refused('usage', () => model.job('no-such-method'))
  const view = model.view()
  await refused('usage', () => view.backward('class:0', { rule: 'magic' }))
  view.close()
  model.close()
})

test('info describes input, labels, values, nodes and costs', () => {
  const model = core.openText(NETWORK)
  const { info } = model
  assert.equal(info.title, 'a small network')
  assert.deepEqual(info.input, { id: info.input.id, name: 'x', channels: 3, height: 32, width: 32 })
  assert.deepEqual(info.labels, ['cat', 'dog', 'red panda', 'teapot', 'kite'])
  assert.equal(info.head, 'softmax')
  assert.equal(info.values[info.scores].name, 'scores')
  assert.equal(info.values[info.output].name, 'prob')
  assert.equal(info.preprocessing.channels, 'RGB')
  const conv = info.nodes.find(({ name }) => name === 'conv1')
  assert.equal(conv.op, 'Conv')
  assert.equal(conv.mixesChannels, true)
  assert.equal(conv.params, 8 * 3 * 9 + 8)
  assert.equal(conv.macs, 8 * 3 * 9 * 32 * 32)
  assert.deepEqual(conv.attributes.pads, [1, 1, 1, 1])
  assert.deepEqual(info.values[conv.output].shape, [1, 8, 32, 32])
  for (const node of info.nodes) assert.equal(info.values[node.output].producer, node.id)
  assert.equal(info.parameters, info.nodes.reduce((sum, node) => sum + node.params, 0))
  assert.equal(info.macs, info.nodes.reduce((sum, node) => sum + node.macs, 0))
  model.close()
})

test('forward gives probabilities, scores and the picture as the network saw it', () => {
  const model = core.openText(NETWORK)
  const view = model.view()
  const { probabilities, scores, input } = view.forward(picture(70, 50))
  assert.equal(probabilities.length, 5)
  assert.ok(close(probabilities.reduce((a, b) => a + b), 1))
  const sum = scores.reduce((a, s) => a + Math.exp(s), 0)
  scores.forEach((s, i) => assert.ok(close(probabilities[i], Math.exp(s) / sum)))
  assert.deepEqual([input.width, input.height, input.pixels.length], [32, 32, 32 * 32 * 4])
  const x = view.value(model.info.input.id)
  assert.deepEqual(x.shape, [1, 3, 32, 32])
  assert.ok(close(x.data[0], (input.pixels[0] / 255 - 0.48) / 0.28))
  assert.notDeepEqual(view.forward(picture(32, 32, 2)).scores, scores)
  view.close()
  model.close()
})

test('backward gives the objective in full and gradients that predict the score', () => {
  const model = core.openText(NETWORK)
  const view = model.view()
  const { scores } = view.forward(picture(32, 32))
  const { objective, value } = view.backward('class:"red panda"')
  assert.match(objective, /^class:(2|"red panda")$/)
  assert.ok(close(value, scores[2]))
  // The dense layer is linear, so the score is weights · input + bias.
  const dense = model.info.nodes.find(({ name }) => name === 'scores')
  const gradient = view.gradient(dense.inputs[0]).data
  const activation = view.value(dense.inputs[0]).data
  const [, , bias] = dense.inputs
  const sum = gradient.reduce((total, g, i) => total + g * activation[i], 0)
  assert.ok(close(sum + view.value(bias).data[2], scores[2], 1e-4))
  view.backward('class:2', { rule: 'guided' })
  const guided = view.gradient(model.info.input.id).data
  view.backward('class:2', { rule: 'deconvnet' })
  assert.notDeepEqual(view.gradient(model.info.input.id).data, guided)
  view.backward('conv2:3@4,5')
  assert.equal(view.gradient(model.info.nodes.find(({ name }) => name === 'conv2').output).data.filter((g) => g !== 0).length, 1)
  view.close()
  model.close()
})

test('numbers that are not there yet are refused, not read', async () => {
  const model = core.openText(NETWORK)
  const view = model.view()
  await refused('usage', () => view.value(model.info.scores))
  await refused('usage', () => view.backward('class:0'))
  view.forward(picture(32, 32))
  await refused('usage', () => view.gradient(0))
  view.backward('class:0')
  view.forward(picture(32, 32, 2)) // the gradient belongs to the picture before
  await refused('usage', () => view.gradient(0))
  await refused('usage', () => view.value(-1))
  await refused('usage', () => view.value(1e6))
  await refused('usage', () => view.backward('class:99'))
  await refused('usage', () => view.backward('nowhere:1'))
  view.close()
  model.close()
})

test('a view that keeps less gives the same numbers in less memory, and repeats its pass without a picture', async () => {
  const model = core.openText(NETWORK)
  const [all, gradient, scores] = ['everything', 'gradient', 'scores'].map((keep) => model.view({ keep }))
  await refused('usage', () => model.view({ keep: 'nothing' }))
  await refused('usage', () => scores.forward(null)) // there was none before
  const expected = all.forward(picture(32, 32)).scores
  all.backward('class:2')
  assert.deepEqual(gradient.forward(picture(32, 32)).scores, expected)
  gradient.backward('class:2')
  assert.deepEqual(gradient.gradient(model.info.input.id), all.gradient(model.info.input.id))
  assert.deepEqual(scores.forward(picture(32, 32)).scores, expected)
  assert.deepEqual(scores.forward(null).scores, expected)
  const { output } = model.info.nodes.find(({ name }) => name === 'conv1')
  assert.equal(all.value(output).shape[1], 8)
  await refused('usage', () => scores.value(output))
  await refused('usage', () => scores.backward('class:2'))
  // The value between a convolution and its ReLU exists for those who change it, whether it is kept or not.
  for (const changes of ['conv1:2*-3', 'relu1:1*0 conv1:*@1,2,3,4=0.5', 'conv2:3*2', '']) {
    for (const view of [all, gradient, scores]) view.intervene(changes)
    const changed = all.forward(picture(32, 32)).scores
    all.backward('class:2')
    assert.equal(changes === '', changed.every((s, i) => s === expected[i]), changes)
    assert.deepEqual(scores.forward(picture(32, 32)).scores, changed, changes)
    assert.deepEqual(gradient.forward(picture(32, 32)).scores, changed, changes)
    gradient.backward('class:2')
    assert.deepEqual(gradient.gradient(model.info.input.id), all.gradient(model.info.input.id), changes)
  }
  for (const view of [all, gradient, scores]) view.close()
  model.close()
})

test('a profile has a row for every node computed, with its time and kernel', async () => {
  const model = core.openText(NETWORK)
  const view = model.view({ keep: 'gradient' })
  await refused('usage', () => view.profile())
  view.forward(picture(32, 32))
  const rows = view.profile({ objective: 'class:1', passes: 5 })
  const named = Object.fromEntries(rows.map((row) => [row.name, row]))
  assert.deepEqual(named.conv1.shape, [1, 8, 32, 32])
  assert.equal(named.conv1.macs, 8 * 3 * 9 * 32 * 32)
  assert.equal(named.conv1.forwardKernel, 'products')
  assert.equal(named.conv1.fused, -1)
  assert.equal(named.relu1.fused, named.conv1.node)
  assert.equal(named.relu1.forward, 0)
  assert.ok(rows.reduce((sum, row) => sum + row.forward, 0) > 0)
  assert.ok(rows.reduce((sum, row) => sum + row.backward, 0) > 0)
  assert.ok(view.profile({ passes: 1 }).every((row) => row.backward === 0))
  await refused('usage', () => view.profile({ passes: 0 }))
  await refused('usage', () => view.profile({ objective: 'class:99' }))
  view.close()
  model.close()
})

test('interventions change what follows', () => {
  const model = core.openText(NETWORK)
  const view = model.view()
  const before = view.forward(picture(32, 32)).scores
  view.intervene('conv1:2*0')
  const { output } = model.info.nodes.find(({ name }) => name === 'conv1')
  const after = view.forward(picture(32, 32)).scores
  assert.ok(view.value(output).data.subarray(2 * 1024, 3 * 1024).every((x) => x === 0))
  assert.notDeepEqual(after, before)
  view.intervene('')
  assert.deepEqual(view.forward(picture(32, 32)).scores, before)
  view.close()
  model.close()
})

test('again() runs what interventions changed: the same bits as a whole pass, with and without them', async () => {
  const model = core.openText(NETWORK)
  const view = model.view()
  await refused('usage', () => view.again())
  const before = view.forward(picture(32, 32)).scores
  view.intervene('conv1:2*0;conv1:0*0.5')
  await refused('usage', () => view.value(model.info.scores)) // numbers of before the change
  const after = view.again()
  assert.deepEqual(after.scores, view.forward(picture(32, 32)).scores)
  assert.notDeepEqual(after.scores, before)
  assert.equal(after.input.pixels.length, 4 * 32 * 32)
  await refused('usage', () => view.gradient(0))
  view.intervene('')
  assert.deepEqual(view.again().scores, before)
  view.close()
  model.close()
})

test('a job goes step by step to its results', () => {
  const model = core.openText(NETWORK)
  const job = model.job('pgd', { picture: picture(40, 40), params: { steps: 4, eps: 8 } })
  let steps = 0
  let last
  do {
    last = job.step()
    steps++
    assert.ok(last.progress.done >= 0 && last.progress.done <= last.progress.total)
  } while (!last.done)
  assert.ok(steps >= 4)
  assert.equal(last.progress.done, last.progress.total)
  const results = job.results()
  const adversarial = results.find(({ name }) => name === 'adversarial')
  assert.equal(adversarial.pixels.length, 32 * 32 * 4)
  assert.equal(typeof adversarial.title, 'string')
  assert.equal(typeof job.legend, 'object')
  job.end()
  model.close()
})

test('mistakes in a request are told in words', async () => {
  const model = core.openText(NETWORK)
  assert.match((await refused('usage', () => model.job('gradient', { picture: picture(9, 9), params: { smaples: 3 } }))).message, /smaples/)
  await refused('usage', () => model.job('gradient')) // no picture
  await refused('usage', () => model.job('gradient', { picture: { width: 3, height: 3, pixels: new Uint8Array(7) } }))
  assert.throws(() => model.job('pgd', { picture: picture(9, 9), params: { steps: [1] } }), TypeError)
  model.close()
})

test('closed objects and foreign handles say so', async () => {
  const model = core.openText(NETWORK)
  const view = model.view()
  const job = model.job('maps', { picture: picture(9, 9) })
  const { scores } = model.info
  model.close()
  model.close() // harmless
  await refused('usage', () => model.view())
  // View and job outlive the model they were made from.
  assert.equal(view.forward(picture(9, 9)).scores.length, 5)
  while (!job.step().done);
  view.close()
  job.end()
  await refused('usage', () => view.value(scores))
  await refused('usage', () => job.step())
  assert.equal(core.openHandles, 0)
})

test('old, forged and wrong handles reach nothing', async () => {
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(wasmBytes()), { env: { bl_read: () => 0, bl_clock: () => 0, emscripten_notify_memory_growth() {} } })
  exports._initialize()
  const made = []
  for (let i = 0; i < 40; i++) made.push(exports.bl_picture_new(2, 2))
  assert.equal(new Set(made).size, 40)
  for (const handle of made) assert.equal(exports.bl_close(handle), 0)
  const again = exports.bl_picture_new(2, 2) // in an old slot, under another number
  assert.ok(!made.includes(again))
  for (const handle of [...made, 0, -1, again + 1, again ^ 0x10000, 0x7fffffff, -0x80000000]) {
    assert.notEqual(exports.bl_picture_pixels(handle), 0, `handle ${handle}`)
    assert.notEqual(exports.bl_close(handle), 0, `handle ${handle}`)
    assert.equal(exports.bl_job_step(handle), 1)
    assert.equal(exports.bl_view_forward(handle, again), 1)
  }
  assert.notEqual(exports.bl_model_labels(again, 0, 0), 0) // a picture is no model
  assert.equal(exports.bl_picture_pixels(again), 0)
})

test('preprocessing and labels can be given when the file is silent', async () => {
  const g = new Graph()
  const x = g.input('x', ['N', 3, 8, 8])
  const w = g.weight([4, 3, 1, 1], Array.from({ length: 12 }, (_, i) => (i - 6) / 7))
  const conv = g.node('Conv', [x, w], {}, { name: 'conv' })
  g.node('GlobalAveragePool', [conv], {}, { outputs: ['mean'] })
  g.output(g.node('Flatten', ['mean'], {}, { outputs: ['scores'] }))
  const model = core.open(g.bytes())
  assert.equal(model.info.preprocessing, null)
  assert.equal(model.info.head, 'scores')
  const view = model.view()
  await refused('usage', () => view.forward(picture(8, 8)))
  await refused('usage', () => model.setPreprocessing({ mean: [0, 0, 0], std: [1, 0, 1], channels: 'RGB' }))
  await refused('usage', () => model.setPreprocessing({ mean: [0], std: [1, 1, 1], channels: 'RGB' }))
  await refused('usage', () => model.setPreprocessing({ mean: [0, 0, 0], std: [1, 1, 1], channels: 'HSV' }))
  model.setPreprocessing({ mean: [0, 0, 0], std: [1, 1, 1], channels: 'RGB' })
  model.setLabels(['a', 'b', 'c', 'd'])
  assert.deepEqual(model.info.preprocessing, { mean: [0, 0, 0], std: [1, 1, 1], channels: 'RGB' })
  assert.deepEqual(model.info.labels, ['a', 'b', 'c', 'd'])
  const { probabilities } = view.forward(picture(8, 8))
  assert.ok(close(probabilities.reduce((a, b) => a + b), 1))
  view.close()
  model.close()
})

test('broken files are refused, and what was open stays open', async () => {
  const model = core.openText(NETWORK)
  const view = model.view()
  const { scores } = view.forward(picture(20, 20))
  await refused('format', () => core.open(new Uint8Array(0)))
  await refused('format', () => core.open(new TextEncoder().encode('this is no network at all')))
  await refused('format', () => core.openText('input x 3x8x8\nwhat is this'))
  await refused('format', () => core.decode(new TextEncoder().encode('this is no picture'), 'notes.png'))
  assert.match((await refused('format', () => core.decode(new Uint8Array(0), 'empty.png'))).message, /empty\.png/)
  assert.throws(() => core.open('text'), TypeError)
  assert.deepEqual(view.forward(picture(20, 20)).scores, scores)
  view.close()
  model.close()
  assert.equal(core.openHandles, 0)
})

test('a picture survives PNG and decoding', () => {
  const photo = picture(13, 9)
  const { width, height, pixels, notes } = core.decode(core.png(photo), 'photo.png')
  assert.deepEqual([width, height, notes], [13, 9, []])
  assert.deepEqual(pixels, photo.pixels)
})

test('parameters are written as the core reads them', () => {
  assert.equal(parameterText({ samples: 32, sigma: 0.15, none: undefined, tiny: 1e-7, layer: 'conv3', class: 'red "panda"' }), 'samples=32 sigma=0.15 tiny=1e-7 layer=conv3 class="red \\"panda\\""')
  assert.equal(quoted('a/b.c_1'), 'a/b.c_1')
  assert.equal(quoted('7up'), '"7up"')
})

test('where SIMD is missing, the message names the browsers that have it', async (t) => {
  t.mock.method(WebAssembly, 'validate', () => false)
  const error = await refused('no-simd', () => BacklightCore.load({ bytes: wasmBytes() }))
  assert.equal(error.message, "This browser cannot run Backlight's code. It needs WebAssembly SIMD: Chrome 91, Firefox 89, Safari 16.4 or newer.")
})

test('a module that is not there, or is something else, is told', async () => {
  assert.match((await refused('load', () => fetchModule(new URL('nowhere.wasm', import.meta.url)))).message, /nowhere\.wasm/)
  assert.match((await refused('load', () => fetchModule(new URL(import.meta.url)))).message, /not the module/)
})

test('a module that computes wrong numbers is found out', async () => {
  // Flip one bit of one constant in the code: somewhere a multiplication becomes something else.
  const bytes = wasmBytes()
  const multiply = bytes.findIndex((byte, i) => byte === 0xfd && bytes[i + 1] === 0xe6 && bytes[i + 2] === 0x01) // f32x4.mul
  assert.ok(multiply > 0)
  for (let i = multiply; i < bytes.length - 2; i++)
    if (bytes[i] === 0xfd && bytes[i + 1] === 0xe6 && bytes[i + 2] === 0x01) bytes[i + 1] = 0xe4 // f32x4.add
  await refused('self-test', () => BacklightCore.load({ bytes }))
})
