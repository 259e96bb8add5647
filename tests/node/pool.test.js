// Several workers at one job: the same bits for any number, stopping, helpers that are lost or wanted elsewhere.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Backlight } from '../../wasm/backlight.js'
import { picture, wasmBytes } from './lib/core.js'
import { shortest, taken } from './lib/times.js'

// Large enough that a job of some hundred copies takes a second or two.
const NETWORK = `input x 3x48x48
labels a; b; c; d; e
mean 0.5 0.5 0.5
std 0.25 0.25 0.25
channels RGB
conv1 = conv x 24 3x3 pad 1
relu1 = relu conv1
conv2 = conv relu1 24 3x3 pad 1
relu2 = relu conv2
pool = maxpool relu2 2x2 stride 2
flat = flatten pool
scores = dense flat 5
`
const script = new URL('../../wasm/worker.js', import.meta.url)
const pause = (/** @type {number} */ ms) => new Promise((resume) => setTimeout(resume, ms))

/** Until helpers were asked for so many times. @param {() => any[]} helps @param {number} count */
async function until(helps, count) {
  for (let waited = 0; helps().length < count; waited += 5) {
    assert.ok(waited < 5000, 'nobody was asked for help')
    await pause(5)
  }
}

/** @param {import("node:test").TestContext} t @param {number} count @param {object} [options] */
async function pool(t, count, options = {}) {
  /** @type {any[]} */
  const log = []
  /** @type {Worker[]} */
  const workers = []
  const worker = () => {
    const made = new Worker(script)
    workers.push(made)
    const post = made.postMessage.bind(made)
    made.postMessage = (message, ...rest) => {
      log.push({ to: made, ...message })
      post(message, ...rest)
    }
    made.on('message', (message) => log.push({ from: made, ...message }))
    return made
  }
  const backlight = await Backlight.load({ wasm: wasmBytes(), worker, workers: count, ...options })
  t.after(() => backlight.close())
  const model = await backlight.open(NETWORK, { seed: 7 })
  return { backlight, model, log, helps: () => log.filter(({ to, type }) => to && type === 'help'), workers }
}
const request = { picture: picture(48, 48), objective: 'class:1', samples: 240 }

test('results, legend and progress are the same for 1, 2 and 4 workers', async (t) => {
  /** @type {any} */
  let alone
  for (const jobs of [1, 2, 4]) {
    const { backlight, model, helps } = await pool(t, 1 + jobs)
    /** @type {any[]} */
    const told = []
    const { results, legend } = await model.run('smoothgrad', request, { onprogress: (p) => told.push(p) }).result
    assert.equal(helps().length, jobs - 1)
    alone ??= { results, legend, last: told.at(-1) }
    assert.deepEqual(results, alone.results)
    assert.deepEqual(legend, alone.legend)
    assert.deepEqual(told.at(-1), alone.last)
    told.forEach(({ done }, i) => assert.ok(i === 0 || done >= told[i - 1].done))
  }
})

test('helpers do their share, and are sent home', async (t) => {
  const { backlight, model, helps, workers } = await pool(t, 3)
  await model.run('smoothgrad', request).result
  const [{ to, id }] = helps()
  assert.ok(workers.includes(to) && id > 0)
  // Home: the same lanes take other work at once, and nothing of the job is left open in them.
  await Promise.all([1, 2].map(() => model.run('gradient', { picture: picture(32, 32) }).result))
  const memory = await backlight.memory()
  assert.deepEqual(memory.slice(1).map(({ open }) => open), [1, 1]) // the network
})

test('Stop ends all, and leaves a preview', async (t) => {
  const { backlight, model, helps } = await pool(t, 3)
  const waited = await shortest(500, async () => {
    const before = helps().length
    const job = model.run('smoothgrad', request, { preview: true })
    for await (const preview of job) {
      assert.equal(preview[0].name, 'saliency')
      if (helps().length > before) break
    }
    return taken(() => assert.rejects(job.result, { name: 'AbortError' }))
  })
  assert.ok(waited < 500, `stopped after ${waited} ms`)
  await Promise.all([1, 2].map(() => model.run('gradient', { picture: picture(32, 32) }).result))
  assert.deepEqual((await backlight.memory()).slice(1).map(({ open }) => open), [1, 1])
})

test('a helper that is lost leaves the result as it is', async (t) => {
  const { model, helps } = await pool(t, 3)
  const expected = await model.run('smoothgrad', request).result
  const before = helps().length
  await Promise.all([1, 2].map(() => model.run('gradient', { picture: picture(32, 32) }).result)) // the helper is home again

  const job = model.run('smoothgrad', request)
  await until(helps, before + 1)
  await pause(30)
  await helps().at(-1).to.terminate()
  assert.deepEqual((await job.result).saliency, expected.saliency)
})

test('a helper wanted for another job leaves the result as it is, and does not keep that job waiting', async (t) => {
  // Both workers have run once before the clock matters: a worker that starts would be waited for, and the long job be over.
  const { model, helps } = await pool(t, 3)
  await model.run('smoothgrad', request).result
  const before = helps().length
  assert.ok(before > 0)
  const long = { ...request, samples: 500 }
  const job = model.run('smoothgrad', long)
  await until(helps, before + 1)
  await pause(30)
  let over = false
  void job.result.then(() => (over = true))
  await model.run('gradient', { picture: picture(32, 32) }).result
  assert.equal(over, false, 'the other job did not wait for the first')
  const alone = await pool(t, 2)
  assert.deepEqual((await job.result).saliency, (await alone.model.run('smoothgrad', long).result).saliency)
})

test('memory bounds the number of helpers', async (t) => {
  const { backlight, model, helps } = await pool(t, 4, { memory: 1 })
  const few = await model.run('smoothgrad', request).result
  assert.equal(helps().length, 0)
  const more = await pool(t, 4)
  assert.deepEqual((await more.model.run('smoothgrad', request).result).saliency, few.saliency)
  assert.equal(more.helps().length, 2)
})
