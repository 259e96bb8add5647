// Tests of explanations through the API and the command, and the command's table over pictures.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Backlight } from '../../wasm/backlight.js'
import { build, NETWORK, root, wasmBytes } from './lib/core.js'
import { picture as png } from './lib/dataset.js'

const folder = mkdtempSync(join(tmpdir(), 'backlight-judge-'))
const net = join(folder, 'net.txt')
const photos = ['koala', 'espresso', 'orange'].map((name) => join(root, `public/samples/${name}.jpg`))
/** @type {Backlight} */
let backlight
before(async () => {
  writeFileSync(net, NETWORK)
  backlight = await Backlight.load({ wasm: wasmBytes(), workers: 1 })
})
after(() => {
  backlight?.close()
  rmSync(folder, { recursive: true })
})

const run = (/** @type {string[]} */ ...args) => {
  const { status, stdout, stderr } = spawnSync(join(build, 'native/backlight'), args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  return { status, out: stdout, err: stderr }
}
const judge = (/** @type {string[]} */ ...args) => run('judge', net, ...args)
const figures = (/** @type {any} */ result) => Object.fromEntries(result.rows.filter((/** @type {any} */ r) => typeof r.value === 'number').map((/** @type {any} */ r) => [r.name, r.value]))

test('every test of explanations runs in the module and gives what the command gives', async () => {
  const model = await backlight.open(NETWORK, { seed: 1 })
  const { readFile } = await import('node:fs/promises')
  const photo = await backlight.decode(await readFile(photos[0]), 'koala.jpg')
  const tests = backlight.manifest.methods.filter((/** @type {any} */ m) => m.family === 'judging' && m.id !== 'control')
  assert.ok(tests.length >= 3)
  for (const { id, params } of tests) {
    const choices = params.find((/** @type {any} */ p) => p.name === 'method').choices
    assert.ok(choices.includes('gradcam') && choices.includes('control') && !choices.includes('dream') && !choices.includes(id))
    const { facts } = await model.run(id, { picture: photo, objective: 'class:1', method: 'gradient' }).result
    const native = JSON.parse(run(id, net, photos[0], '--objective', 'class:1', '--method', 'gradient', '--json').out).results.facts
    const [a, b] = [figures({ rows: facts.rows ?? JSON.parse(facts.text) }), figures(native)]
    assert.deepEqual(Object.keys(a), Object.keys(b))
    for (const name in a) assert.ok(Math.abs(a[name] - b[name]) <= 1e-4 * Math.max(1, Math.abs(b[name])), `${id} ${name}: ${a[name]}, ${b[name]}`)
  }
})

test('the table: means of single runs, the same for any number of threads, as text, CSV and JSON', () => {
  const items = ['--test', 'randomisation seeds=2', '--test', 'deletion points=8 compare=no', '--method', 'gradient', '--method', 'smoothgrad samples=5', '--method', 'control kind=edges']
  const one = judge(...photos, ...items, '--json', '--threads', '1')
  assert.equal(one.status, 0, one.err)
  assert.equal(judge(...photos, ...items, '--json', '--threads', '3').out, one.out)
  const table = JSON.parse(one.out)
  assert.equal(table.pictures, 3)
  assert.deepEqual(table.tests.map((/** @type {any} */ t) => [t.id, t.parameters]), [['randomisation', 'seeds=2'], ['deletion', 'points=8 compare=no']])
  const single = photos.map((photo) => figures(JSON.parse(run('deletion', net, photo, '--points', '8', '--compare', 'no', '--method', 'smoothgrad', '--with', 'samples=5', '--json').out).results.facts).deletion)
  const mean = single.reduce((a, b) => a + b) / 3
  const deviation = Math.sqrt(single.reduce((a, b) => a + (b - mean) ** 2, 0) / 2)
  const smooth = table.tests[1].methods[1].figures.deletion
  assert.ok(Math.abs(smooth.mean - mean) < 1e-6 && Math.abs(smooth.deviation - deviation) < 1e-6)
  assert.equal(smooth.pictures, 3)
  assert.equal(table.tests[0].methods[2].figures.rank.mean, 1)
  const csv = judge(...photos, ...items, '--csv').out.trim().split('\n')
  assert.equal(csv.length, 1 + 3 * 3 + 3 * 3)
  assert.match(csv[0], /^network,test,/)
  const row = csv.find((line) => line.includes('"deletion","points=8 compare=no","smoothgrad"') && line.includes('"deletion","deletion'))
  assert.ok(row && Math.abs(Number(row.split(',').at(-3)) - mean) < 1e-6)
  assert.match(judge(...photos, ...items).out, /control kind=edges +1\.000 ± 0\.000/)
})

test('boxes of a data set: the class that the data tell, and only pictures that have a box', () => {
  for (const name of ['cat', 'dog']) {
    mkdirSync(join(folder, 'set/val', name), { recursive: true })
    for (let i = 0; i < 3; i++) writeFileSync(join(folder, 'set/val', name, `${i}.png`), png(i))
  }
  const labels = join(folder, 'labels.txt')
  writeFileSync(labels, 'cat\ndog\n')
  writeFileSync(net, NETWORK.replace('dense flat 5', 'dense flat 2').replace(/labels .*\n/, 'labels cat; dog\n'))
  // 32×32 pixels: the right half of one picture, a quarter of another
  const boxes = join(folder, 'boxes.tsv')
  writeFileSync(boxes, 'file\tx0\ty0\tx1\ty1\nval/cat/1.png\t16\t0\t31\t31\nval/dog/2.png\t0\t0\t15\t15\n')
  const args = ['--data', join(folder, 'set'), '--boxes', boxes, '--test', 'pointing', '--method', 'control kind=centre', '--json']
  const { out, err, status } = judge(...args)
  assert.equal(status, 0, err)
  const { figures: f } = JSON.parse(out).tests[0].methods[0]
  assert.equal(f.area.pictures, 2)
  assert.ok(Math.abs(f.area.mean - (0.5 + 0.25) / 2) < 1e-6, `${f.area.mean}`)
  assert.equal(judge(...args, '--pictures', '1').status, 0)
  writeFileSync(net, NETWORK)
})

test('what makes no sense is said', () => {
  assert.match(judge(photos[0], '--test', 'randomization').err, /is it "randomisation"/)
  assert.match(judge(photos[0], '--test', 'gradient').err, /no such test/)
  assert.match(judge(photos[0], '--method', 'dream').err, /no such method/)
  assert.match(judge(photos[0], '--method', 'gradient sigma=1', '--test', 'pointing').err, /no parameter "sigma"/)
  assert.equal(judge(photos[0], '--data', folder).status, 2)
  assert.equal(judge().status, 2)
  assert.equal(judge(photos[0], '--boxes', net).status, 2)
  assert.equal(judge(join(folder, 'none.png'), '--test', 'pointing').status, 3)
})
