// The asynchronous API over worker threads: passes, jobs, previews, stopping, stale answers, lost workers.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Backlight } from '../../wasm/backlight.js'
import { BacklightCore } from '../../wasm/core.js'
import { buffersOf, PROTOCOL } from '../../wasm/protocol.js'
import { NETWORK, picture, refused, wasmBytes } from './lib/core.js'
import { shortest, taken } from './lib/times.js'

const script = new URL('../../wasm/worker.js', import.meta.url)
/** The workers, in the order they were started. @type {Worker[]} */
const workers = []
/** What the workers were asked and what they answered. @type {any[]} */
const log = []

function startWorker() {
  const worker = new Worker(script)
  workers.push(worker)
  const post = worker.postMessage.bind(worker)
  worker.postMessage = (message, ...rest) => {
    log.push({ to: worker, ...message })
    post(message, ...rest)
  }
  worker.on('message', (message) => log.push({ from: worker, ...message }))
  return worker
}

/** @type {Backlight} */
let backlight
/** @type {import('../../wasm/backlight.js').Model} */
let model
before(async () => {
  backlight = await Backlight.load({ wasm: wasmBytes(), worker: startWorker, workers: 2 })
  model = await backlight.open(NETWORK, { seed: 7 })
})
after(() => backlight?.close())

// A job of many short steps, far longer than any test waits.
const endless = () => ({ picture: picture(32, 32), objective: 'conv2:3', size: 128, steps: 200, octaves: 8 })
const pause = (/** @type {number} */ ms) => new Promise((resume) => setTimeout(resume, ms))

test('the defaults find module and worker by themselves', async () => {
  const other = await Backlight.load()
  assert.ok(other.manifest.methods.length > 0)
  other.close()
})

test('the client gives what the core gives', async () => {
  const core = await BacklightCore.load({ bytes: wasmBytes() })
  const same = core.openText(NETWORK, 7)
  const view = same.view()
  const photo = picture(70, 50)
  assert.deepEqual(model.info, same.info)
  assert.deepEqual(backlight.manifest, core.manifest)
  assert.deepEqual(backlight.colours('size', 'dark'), core.colours('size', 'dark'))

  const pass = await model.forward(photo)
  const expected = view.forward(photo)
  assert.deepEqual(pass.scores, expected.scores)
  assert.deepEqual(pass.input, expected.input)
  assert.deepEqual(pass.predictions.map(({ index }) => index), [0, 1, 2, 3, 4].sort((a, b) => expected.probabilities[b] - expected.probabilities[a]))
  assert.equal(pass.predictions[0].label, same.info.labels[pass.predictions[0].index])
  assert.equal(pass.predictions[0].score, expected.scores[pass.predictions[0].index])
  const { data, shape } = await pass.value('conv2')
  assert.deepEqual(shape, [1, 12, 8, 8])
  assert.deepEqual(data, view.value(model.id('conv2')).data)

  const back = await model.backward('class:"red panda"', { rule: 'guided' })
  assert.equal(back.value, view.backward('class:"red panda"', { rule: 'guided' }).value)
  const [x, conv1] = await model.values(['x', 'conv1'], { gradient: true })
  assert.deepEqual(x, { id: model.id('x'), ...view.gradient(model.id('x')) })
  assert.deepEqual(conv1.data, view.gradient(model.id('conv1')).data)
  assert.deepEqual((await back.gradient('x')).data, x.data)

  const result = await model.run('fgsm', { picture: photo, eps: 4 }).result
  const job = same.job('fgsm', { picture: photo, params: { eps: 4 } })
  while (!job.step().done);
  assert.deepEqual(result.results, job.results())
  assert.deepEqual(result.legend, job.legend)
  assert.deepEqual(result.adversarial, result.results.find(({ name }) => name === 'adversarial'))
})

test('pictures go through decode and png', async () => {
  const photo = picture(13, 9)
  const file = await backlight.png(photo)
  assert.deepEqual((await backlight.decode(new Blob([file]), 'photo.png')).pixels, photo.pixels)
  assert.deepEqual((await backlight.decode(file)).width, 13)
  assert.match((await refused('format', () => backlight.decode(new Uint8Array([1, 2, 3]), 'x.png'))).message, /x\.png/)
})

test('a caption is written as training writes it: a black box, white letters, what is outside cut off', async () => {
  const grey = { width: 24, height: 12, pixels: new Uint8ClampedArray(24 * 12 * 4).fill(128) }
  const lines = (picture) => Array.from({ length: picture.height }, (_, y) => Array.from({ length: picture.width }, (_, x) => ({ 0: '.', 255: '#', 128: ' ' })[picture.pixels[4 * (y * picture.width + x)]]).join(''))
  const written = await backlight.caption(grey, 'CAT', 2, 2)
  assert.deepEqual(lines(written), [
    '                        ', '                        ',
    '  ....................  ',
    '  ..####..###..#####..  ', '  .#.....#...#...#....  ', '  .#.....#...#...#....  ', '  .#.....#####...#....  ', '  .#.....#...#...#....  ', '  .#.....#...#...#....  ', '  ..####.#...#...#....  ',
    '                        ', '                        ',
  ])
  assert.ok(grey.pixels.every((v) => v === 128), 'the picture that was given stays as it was')
  assert.deepEqual(lines(await backlight.caption(grey, 'CAT', -3, 9)).slice(8), ['                        ', '.................       ', '###..###..#####..       ', '....#...#...#....       '])
  await refused('usage', () => backlight.caption(grey, 'cat', 0, 0))
  await refused('usage', () => backlight.caption(grey, 'CAT', 0.5, 0))
})

test('a refused network leaves the others usable', async () => {
  await refused('format', () => backlight.open(new Uint8Array(100)))
  const error = await refused('format', () => backlight.open('input x 3x8x8\nnonsense'))
  assert.ok(error.cause.stack.includes('worker.js'), 'the stack of the worker is kept')
  assert.equal((await model.forward(picture(9, 9))).scores.length, 5)
})

test('answers are transferred, and belong to the caller', async () => {
  const { input, probabilities } = await model.forward(picture(32, 32))
  assert.equal(buffersOf({ input, deeper: [{ probabilities }], none: null, text: 'x' }).length, 2)
  const moved = probabilities.buffer
  structuredClone(probabilities, { transfer: buffersOf(probabilities) })
  assert.equal(moved.byteLength, 0)
})

test('intervene() answers with the pass of the picture shown, or null before there is one', async () => {
  const model = await backlight.open(NETWORK)
  const photo = picture(32, 32)
  assert.equal(await model.intervene('conv1:2*0'), null)
  const off = await model.forward(photo)
  const on = await model.intervene('')
  assert.ok(on)
  assert.notDeepEqual(on.scores, off.scores)
  assert.deepEqual(on.scores, (await model.forward(photo)).scores)
  const again = await model.intervene('conv1:2*0')
  assert.deepEqual(again?.scores, off.scores)
  assert.deepEqual((await again.value('conv1')).data.subarray(2 * 1024, 3 * 1024), new Float32Array(1024))
  await assert.rejects(model.intervene('nowhere:1*0'), /nowhere/)
  await model.close()
})

test('profile() measures on a worker for jobs and leaves nothing open there', async () => {
  const { passes, rows } = await model.profile(picture(32, 32), { objective: 'class:1' })
  assert.ok(passes >= 4)
  const conv = rows.filter(({ op }) => op === 'Conv')
  assert.ok(conv.length > 0 && conv.every(({ forward, backward, forwardKernel, backwardKernel }) => forward > 0 && backward > 0 && forwardKernel && backwardKernel))
  const asked = log.findLast(({ to, type }) => to && type === 'profile')
  assert.notEqual(asked.to, workers[0])
  assert.equal((await backlight.memory())[1].open, 1) // the network
  await refused('usage', () => model.profile(picture(32, 32), { objective: 'class:99' }))
  assert.equal((await backlight.memory())[1].open, 1)
})

test('of passes that wait, the newest takes the place of the others', async () => {
  const passes = [1, 2, 3, 4].map((seed) => model.forward(picture(32, 32, seed)))
  const outcomes = await Promise.allSettled(passes)
  assert.deepEqual(outcomes.map(({ status }) => status), ['fulfilled', 'rejected', 'rejected', 'fulfilled'])
  for (const { reason } of outcomes.slice(1, 3)) assert.equal(reason.code, 'stale')
  // Every answer is that of its own question.
  const alone = await model.forward(picture(32, 32, 4))
  assert.deepEqual(outcomes[3].value.scores, alone.scores)
  await refused('stale', () => outcomes[0].value.value('conv1'))
  assert.equal((await alone.value('conv1')).shape[1], 8)
})

test('progress rises to the end, and is told about ten times a second', async () => {
  /** @type {any[]} */
  const told = []
  const started = performance.now()
  const job = model.run('dream', { ...endless(), size: 64, steps: 100, octaves: 1 }, { onprogress: (progress) => told.push(progress) })
  await job.result
  const seconds = (performance.now() - started) / 1000
  assert.ok(told.length >= 2 && told.length <= seconds * 10 + 3, `${told.length} in ${seconds} s`)
  told.forEach(({ done }, i) => assert.ok(i === 0 || done > told[i - 1].done))
  assert.equal(told.at(-1).done, told.at(-1).total)
  assert.deepEqual(job.progress, told.at(-1))
})

test('previews come as they are asked for, one ahead at most', async () => {
  const job = model.run('dream', endless(), { preview: true })
  let seen = 0
  for await (const preview of job) {
    assert.ok(preview.some(({ pixels, data }) => pixels || data))
    assert.equal(job.preview, preview)
    if (++seen === 1) {
      const before = log.length
      await pause(450) // a slow reader gets no queue of previews
      assert.ok(log.slice(before).filter((message) => message.preview).length <= 1)
    }
    if (seen === 3) break
  }
  await assert.rejects(job.result, { name: 'AbortError' }) // leaving the loop stopped it
  assert.ok(job.preview.length > 0)
})

test('Stop really stops: no step follows, and the worker is free at once', async () => {
  const controller = new AbortController()
  const job = model.run('dream', endless(), { signal: controller.signal, preview: true, onprogress: () => {} })
  while (!(job.progress?.done && job.preview?.length)) await pause(20)
  const reason = new Error('enough')
  controller.abort(reason)
  await assert.rejects(job.result, (error) => error === reason)
  assert.ok(job.preview.length > 0, 'the last preview stays')
  const { done } = job.progress
  const before = log.length
  await pause(250)
  assert.equal(log.slice(before).filter((message) => message.progress || message.preview).length, 0)
  assert.equal(job.progress.done, done)
  const sent = log.filter((message) => message.to && message.type)
  assert.equal(workers.length, new Set(workers).size)
  await model.run('gradient', { picture: picture(32, 32) }).result // the same worker goes on
  assert.equal(log.filter((message) => message.to && message.type).length, sent.length + 1, 'one request: the worker kept its network')
  const waited = await shortest(500, async () => {
    const job = model.run('dream', endless(), { onprogress: () => {} })
    while (!job.progress?.done) await pause(20)
    job.stop()
    return taken(() => assert.rejects(job.result, { name: 'AbortError' }))
  })
  assert.ok(waited < 500, `stopped after ${waited} ms`)
})

test('50 jobs that are stopped leave the memory as it was', async () => {
  const stopped = async (/** @type {number} */ i) => {
    const job = model.run('dream', endless(), { preview: true })
    for await (const _ of job) if (i % 2) break
    else job.stop()
    await assert.rejects(job.result, { name: 'AbortError' })
  }
  await stopped(0)
  await stopped(1)
  const before = await backlight.memory()
  assert.equal(before.length, 2)
  for (let i = 2; i < 52; i++) await stopped(i)
  assert.deepEqual(await backlight.memory(), before)
})

test('a signal that was aborted before starts nothing; one that waits never begins', async () => {
  const before = log.length
  const gone = model.run('dream', endless(), { signal: AbortSignal.abort(new Error('before')) })
  await assert.rejects(gone.result, /before/)
  assert.equal(log.slice(before).filter((message) => message.type === 'run').length, 0)

  const first = model.run('dream', endless())
  const controller = new AbortController()
  const second = model.run('dream', endless(), { signal: controller.signal })
  await pause(50)
  controller.abort(new Error('changed my mind'))
  await assert.rejects(second.result, /changed my mind/)
  first.stop()
  await assert.rejects(first.result, { name: 'AbortError' })
  assert.equal(log.slice(before).filter((message) => message.type === 'run').length, 1)
})

test('what is looked at is answered while a job runs', async () => {
  const job = model.run('dream', endless())
  await pause(50)
  const waited = await shortest(400, () =>
    taken(async () => {
      await model.forward(picture(32, 32))
      const [{ shape }] = await model.values(['relu1'])
      assert.deepEqual(shape, [1, 8, 32, 32])
    }),
  )
  assert.ok(waited < 400, `answered after ${waited} ms`)
  job.stop()
  await assert.rejects(job.result)
})

test('mistakes of the caller are told before anything runs', async () => {
  await assert.rejects(Backlight.load({ wasn: 1 }), TypeError)
  await assert.rejects(backlight.open(NETWORK, { sede: 1 }), /"sede"/)
  await assert.rejects(backlight.open(7), TypeError)
  assert.throws(() => model.run('dream', {}, { onProgress() {} }), /"onProgress"/)
  await refused('usage', () => model.values(['nowhere']))
  await refused('usage', () => model.run('pgd', { picture: picture(9, 9), stesp: 3 }).result)
  await refused('usage', () => model.run('nothing').result)
  await refused('usage', () => backlight.colours('mauve', 'light'))
})

test('settings reach the workers that have the network open, and those that open it later', async () => {
  const other = await backlight.open(NETWORK, { seed: 7 })
  const run = () => other.run('fgsm', { picture: picture(32, 32), eps: 2 }).result
  const before = await run()
  await other.setLabels(['a', 'b', 'c', 'd', 'e'])
  await other.setPreprocessing({ mean: [0, 0, 0], std: [1, 1, 1], channels: 'BGR' })
  assert.equal(other.info.preprocessing.channels, 'BGR')
  assert.match((await other.forward(picture(9, 9))).predictions[0].label, /^[a-e]$/)
  const later = await run()
  assert.notDeepEqual(later.adversarial.pixels, before.adversarial.pixels)
  const { legend } = await other.run('gradient', { picture: picture(9, 9), objective: 'class:"c"' }).result
  assert.match(JSON.stringify(legend), /class:(2|\\"c\\")"/)
  await refused('usage', () => other.setPreprocessing({ mean: [0, 0, 0], std: [0, 0, 0], channels: 'RGB' }))
  assert.equal((await other.forward(picture(9, 9))).scores.length, 5)
  await other.close()
})

test('a closed network says so, and others go on', async () => {
  const other = await backlight.open(NETWORK)
  const job = other.run('dream', endless())
  await pause(50)
  await other.close() // stops the job
  await assert.rejects(job.result, { name: 'AbortError' })
  await other.close()
  await refused('usage', () => other.forward(picture(9, 9)))
  await refused('usage', () => other.run('gradient', { picture: picture(9, 9) }).result)
  assert.equal((await model.forward(picture(9, 9))).scores.length, 5)
})

test('closing a very large network gives its worker\'s memory back, and others go on', async () => {
  const large = await backlight.open(`${NETWORK}# ${' '.repeat(130 * 2 ** 20)}`)
  const { length } = workers
  assert.equal((await large.forward(picture(9, 9))).scores.length, 5)
  const pass = await model.forward(picture(9, 9))
  await large.close()
  await refused('stale', () => pass.value('conv1'))
  assert.deepEqual((await model.forward(picture(9, 9))).scores, pass.scores)
  assert.equal(workers.length, length + 1)
})

test('a lost worker is told and started anew, with its networks', async () => {
  const job = model.run('dream', endless())
  await pause(100)
  const { length } = workers
  const runner = log.findLast((message) => message.to && message.type === 'run').to
  await runner.terminate()
  await refused('worker-lost', () => job.result)
  const { results } = await model.run('gradient', { picture: picture(32, 32) }).result
  assert.ok(results.length > 0)
  assert.equal(workers.length, length + 1)

  const viewer = log.findLast((message) => message.to && message.type === 'forward').to
  const waiting = model.forward(picture(32, 32))
  await viewer.terminate()
  await refused('worker-lost', () => waiting)
  assert.equal((await model.forward(picture(32, 32))).scores.length, 5)
})

test('a worker whose code fails is thrown away; a worker that cannot start says why', async () => {
  // A thread that answers the greeting, and then reports a trap to everything.
  const trapping = `
    const { parentPort } = require('node:worker_threads')
    parentPort.on('message', ({ id, type }) => parentPort.postMessage(type === 'hello'
      ? { v: ${PROTOCOL}, id, ok: true, result: { manifest: {}, colours: {} } }
      : { v: ${PROTOCOL}, id, ok: false, error: { name: 'RuntimeError', code: 'internal', message: 'unreachable', hint: '', fatal: true } }))`
  let started = 0
  const make = () => (started++, new Worker(trapping, { eval: true }))
  const broken = await Backlight.load({ wasm: wasmBytes(), worker: make })
  await refused('worker-lost', () => broken.decode(new Uint8Array(1)))
  await refused('worker-lost', () => broken.decode(new Uint8Array(1)))
  assert.equal(started, 2)
  broken.close()

  const old = () => new Worker(`require('node:worker_threads').parentPort.on('message', ({ id }) => require('node:worker_threads').parentPort.postMessage({ v: 0, id, ok: true }))`, { eval: true })
  await refused('version', () => Backlight.load({ wasm: wasmBytes(), worker: old }))
  await refused('worker-lost', () => Backlight.load({ wasm: wasmBytes(), worker: () => new Worker('throw new Error("no")', { eval: true }) }))
})

test('after close() everything pending and everything later is refused', async () => {
  const other = await Backlight.load({ wasm: wasmBytes() })
  const open = await other.open(NETWORK)
  const job = open.run('dream', endless())
  const pass = open.forward(picture(32, 32))
  other.close()
  await refused('usage', () => job.result)
  await refused('usage', () => pass)
  await refused('usage', () => open.forward(picture(32, 32)))
})

test('examples: what every picture gives, sorted, whichever way it is asked', async () => {
  const pictures = Array.from({ length: 7 }, (_, i) => picture(20 + i, 30, i + 1))
  const layer = model.info.nodes.find((node) => node.op === 'Relu')?.output ?? -1
  const value = model.info.values.find((v) => v.id === layer)
  const [, channels, height, width] = value?.shape ?? []
  /** @type {import('../../wasm/types.js').Example[][]} */
  const expected = Array.from({ length: channels }, () => [])
  for (const [p, photo] of pictures.entries()) {
    const pass = await model.forward(photo)
    const { data } = await pass.value(layer)
    for (let c = 0; c < channels; c++) {
      const map = data.subarray(c * height * width, (c + 1) * height * width)
      const at = map.indexOf(map.reduce((a, b) => Math.max(a, b)))
      expected[c].push({ picture: p, row: Math.floor(at / width), column: at % width, value: map[at] })
    }
  }
  for (const list of expected) list.sort((a, b) => b.value - a.value || a.picture - b.picture).splice(3)

  /** @type {number[][]} */
  const seen = []
  const found = await model.examples(layer, pictures, { each: 3, onprogress: (n, so_far) => seen.push([n, so_far.length]) })
  assert.deepEqual(found, expected)
  assert.deepEqual(seen, pictures.map((_, i) => [i + 1, channels]))
  assert.deepEqual(await model.examples(layer, pictures, { each: 3, channels: [2, 0] }), [expected[2], expected[0]])
  await refused('usage', () => model.examples(layer, pictures, { each: 0 }))
  await refused('usage', () => model.examples(layer, pictures, { channels: [channels] }))
  const stop = new AbortController()
  await assert.rejects(model.examples(layer, pictures, { signal: stop.signal, onprogress: (n) => n === 2 && stop.abort() }), { name: 'AbortError' })
})
