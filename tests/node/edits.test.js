// Interventions in requests, through the API and the command; rank correlation of two maps.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Backlight } from '../../wasm/backlight.js'
import { build, NETWORK, picture, refused, root, wasmBytes } from './lib/core.js'

/** @type {Backlight} */
let backlight
/** @type {import('../../wasm/backlight.js').Model} */
let model
const folder = mkdtempSync(join(tmpdir(), 'backlight-edits-'))
before(async () => {
  backlight = await Backlight.load({ wasm: wasmBytes(), workers: 4 })
  model = await backlight.open(NETWORK, { seed: 7 })
})
after(() => {
  backlight?.close()
  rmSync(folder, { recursive: true })
})

const photo = picture(40, 40)
const saliency = async (/** @type {string} */ edits, method = 'gradient', more = {}) => (await model.run(method, { picture: photo, objective: 'class:1', edits, ...more }).result).results.find((r) => r.kind === 'map')?.data

test('a request carries changes of its own, and the network stays as it was', async () => {
  const pass = await model.forward(photo)
  const own = await saliency('')
  const drawn = await saliency('*~3')
  assert.notDeepEqual(drawn, own)
  assert.deepEqual(await saliency('*~3'), drawn)
  assert.notDeepEqual(await saliency('*~4'), drawn)
  assert.deepEqual(await saliency(''), own)
  assert.deepEqual((await model.forward(photo)).scores, pass.scores)
  const { legend } = await model.run('gradient', { picture: photo, objective: 'class:1', edits: '*~3' }).result
  assert.equal(legend.edits, '*~3')
  assert.match((await refused('usage', () => saliency('nowhere:1*0'))).message, /nowhere/)
})

test('a view and a job with the same changes see the same network', async () => {
  const edited = await model.intervene('*~3') ?? (await model.forward(photo))
  const { results } = await model.run('gradient', { picture: photo, objective: 'class:1', edits: '*~3' }).result
  await model.backward('class:1')
  const [{ data, shape }] = await model.values([model.info.input.id], { gradient: true })
  const std = model.info.preprocessing?.std ?? []
  const plane = shape[2] * shape[3]
  const map = results.find((r) => r.kind === 'map')?.data ?? []
  for (let i = 0; i < plane; i += 7) {
    let most = 0
    for (let c = 0; c < shape[1]; c++) most = Math.max(most, Math.abs(data[c * plane + i] / std[c]))
    assert.ok(Math.abs(most - map[i]) <= 1e-5 * most + 1e-12, `${most} ${map[i]}`)
  }
  assert.notDeepEqual(edited.scores, (await model.intervene(''))?.scores)
})

test('helpers of a shared job see the changes too: the same bits for any number of workers', async () => {
  const alone = await Backlight.load({ wasm: wasmBytes(), workers: 2 })
  const other = await alone.open(NETWORK, { seed: 7 })
  const request = { picture: photo, objective: 'class:1', edits: '*~3', samples: 60 }
  const { results } = await other.run('smoothgrad', request).result
  const many = await model.run('smoothgrad', request).result
  assert.deepEqual(many.results[0].data, results[0].data)
  alone.close()
})

test('rank correlation of two maps', async () => {
  const f = (/** @type {number[]} */ ...numbers) => Float32Array.from(numbers)
  assert.equal(await backlight.rankCorrelation(f(1, 2, 3), f(10, 20, 900)), 1)
  assert.equal(await backlight.rankCorrelation(f(1, 2, 3), f(3, 2, 1)), -1)
  assert.equal(await backlight.rankCorrelation(f(1, 2, 3), f(-1, -2, -3), { sizes: true }), 1)
  assert.ok(Number.isNaN(await backlight.rankCorrelation(f(1, 2, 3), f(5, 5, 5))))
  await refused('usage', () => backlight.rankCorrelation(f(1, 2), f(1)))
})

test('the command: --off, --redraw and --edits are one thing in three ways', () => {
  const program = join(build, 'native/backlight')
  const run = (/** @type {string[]} */ ...args) => spawnSync(program, ['gradient', join(folder, 'net.txt'), join(root, 'public/samples/koala.jpg'), '--objective', 'class:1', '--json', ...args], { encoding: 'utf8', maxBuffer: 1 << 26 })
  writeFileSync(join(folder, 'net.txt'), NETWORK)
  const map = (/** @type {string[]} */ ...args) => JSON.parse(run(...args).stdout).results.saliency.data
  const [own, drawn] = [map(), map('--redraw', 'all')]
  assert.notDeepEqual(own, drawn)
  assert.deepEqual(map('--edits', '*~1'), drawn)
  assert.notDeepEqual(map('--redraw', 'all', '--redraw-seed', '2'), drawn)
  assert.deepEqual(map('--off', 'conv2:1', '--off', 'conv2:0'), map('--edits', 'conv2:0*0;conv2:1*0'))
  assert.deepEqual(map('--redraw', 'conv2', '--off', 'conv2:1'), map('--edits', 'conv2:1*0;conv2~1'))
  assert.match(run('--off', 'conv9:1').stdout, /conv9/)
  assert.equal(run('--off', 'conv9:1').status, 2)
  assert.equal(run('--redraw-seed', 'x').status, 2)
})
