// Every method of the manifest through the API, whatever it is: stopped after its first step it leaves the network as it was and nothing
// open, and a parameter that is out of its range, or no value of its kind, is refused in words that name it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Backlight } from '../../wasm/backlight.js'
import { NETWORK, picture, refused, wasmBytes } from './lib/core.js'

/** @type {Backlight} */
let backlight
/** @type {import('../../wasm/backlight.js').Model} */
let model
before(async () => {
  backlight = await Backlight.load({ wasm: wasmBytes(), workers: 2 })
  model = await backlight.open(NETWORK, { seed: 7 })
})
after(() => backlight?.close())

const FEW = 6
const LEAST_STOPPED = 5 // of some thirty, of which Stop reaches two thirds in time, and fewer when the machine is busy
const photo = picture(32, 32)
/** A request of few steps: whole numbers are small. @param {any} method @param {object} [more] */
const brief = (method, more = {}) => ({
  picture: photo,
  ...Object.fromEntries(method.params.filter((/** @type {any} */ p) => p.type === 'integer' && p.default > FEW).map((/** @type {any} */ p) => [p.name, Math.max(p.least, FEW)])),
  ...more,
})

test('Stop after the first step: the same request, and another one, give what they gave before', async () => {
  const gradient = () => model.run('gradient', { picture: photo, objective: 'class:1' }).result
  const before = await gradient()
  const open = async () => (await backlight.memory()).map((worker) => worker.open)
  const were = await open()
  let stopped = 0
  for (const method of backlight.manifest.methods) {
    const whole = await model.run(method.id, brief(method)).result
    const controller = new AbortController()
    const job = model.run(method.id, brief(method), { signal: controller.signal, preview: true, onprogress: () => controller.abort() })
    await job.result.catch((error) => {
      assert.equal(error.name, 'AbortError', `${method.id}: ${error}`)
      stopped++
    }) // or it was over in a step
    assert.deepEqual(await open(), were, `${method.id} leaves something open`)
    const [again, other] = [await model.run(method.id, brief(method)).result, await gradient()]
    assert.deepEqual(again.results, whole.results, method.id)
    assert.deepEqual(other.results, before.results, `gradient after ${method.id}`)
  }
  assert.ok(stopped >= LEAST_STOPPED, `Stop came in time at ${stopped} methods`)
})

test('a value that no parameter may have is refused, and named', async () => {
  for (const method of backlight.manifest.methods)
    for (const p of method.params) {
      const wrong = p.type === 'number' || p.type === 'integer' ? [p.least - 1, p.most + 1 + p.most / 1000, NaN, Infinity, 'many', ''] : ['nonsense']
      if (p.type === 'integer') wrong.push(p.least + 0.5)
      for (const value of wrong) {
        const { message } = await refused('usage', () => model.run(method.id, brief(method, { [p.name]: value })).result)
        assert.ok(message.includes(p.name) || message.includes(String(value)), `${method.id} ${p.name}=${value}: ${message}`)
      }
    }
})
