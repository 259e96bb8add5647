// Long trainings: cut and taken up again, on a full disk, with bad pictures and numbers that run away.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { build } from './lib/core.js'
import { SIDE, picture, tarEntry } from './lib/dataset.js'
import { cut, met } from './lib/training.js'

const command = join(build, 'native/backlight')
const classes = ['green', 'red', 'blue']
let folder
const at = (...names) => join(folder, ...names)

function backlight(...args) {
  const done = spawnSync(command, args, { encoding: 'utf8' })
  assert.equal(done.error, undefined)
  return done
}
function succeed(...args) {
  const done = backlight(...args)
  assert.equal(done.status, 0, done.stderr)
  return done
}
const train = (out, ...more) => ['train', at('net.recipe'), '--data', at('data'), '--out', at(out), ...more]

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'backlight-run-'))
  classes.forEach((name, strong) => {
    for (const [split, n] of [['train', 40], ['val', 6]]) {
      mkdirSync(at('data', split, name), { recursive: true })
      for (let i = 0; i < n; i++) writeFileSync(at('data', split, name, `${i}.png`), picture(strong))
    }
  })
  writeFileSync(at('net.txt'), `input x 3x${SIDE}x${SIDE}
labels ${classes.join('; ')}
c1 = conv x 12 3x3 pad 1 nobias
n1 = batchnorm c1
r1 = relu n1
c2 = conv r1 12 3x3 pad 1 nobias
n2 = batchnorm c2
s = add n2 r1
r2 = relu s
p = globalavgpool r2
f = flatten p
d = dropout f 0.1
out = dense d 3
`)
  writeFileSync(at('net.recipe'), `network = net.txt
epochs = 8
batch = 12
shards = 2
optimiser = sgd
rate = 0.05
weight_decay = 0.001
average = 0.9
clip = 2
held_back = 4
shift = 2
early = 0.4
early_side = 10
`)
})
after(() => rmSync(folder, { recursive: true, force: true }))

test('killed or ended and taken up again, a training gives the same network and log', async () => {
  const args = (epochs) => [...train('cut.onnx', '--set', `epochs=${epochs}`, '--log', at('cut.csv'), '--curves', at('cut.png')), '--checkpoint', at('cut.check'), '--every', '0']
  const step = () => Number(readFileSync(at('cut.check')).readBigUInt64LE(16))
  let first, ended
  const epochs = await met(20, async (epochs) => {
    for (const name of ['cut.onnx', 'cut.csv', 'cut.check']) rmSync(at(name), { force: true })
    if ((await cut(command, args(epochs), at('cut.check'), 'SIGKILL')).by !== 'SIGKILL') return false
    first = step()
    ended = await cut(command, args(epochs), at('cut.check'), 'SIGTERM')
    return !existsSync(at('cut.onnx')) // or it was through first
  })
  assert.equal(ended.code, 130, ended.text)
  assert.match(ended.text, new RegExp(`going on from .*cut\\.check, step ${first} of ${9 * epochs}`))
  assert.match(ended.text, new RegExp(`stopped at step ${step()}; the same call goes on from there`))
  assert.ok(step() > first, 'the second call went nowhere')
  succeed(...args(epochs))
  succeed(...train('straight.onnx', '--set', `epochs=${epochs}`, '--log', at('straight.csv')))
  assert.ok(readFileSync(at('cut.onnx')).equals(readFileSync(at('straight.onnx'))), 'the networks differ')
  const rows = (name) => readFileSync(at(name), 'utf8').trim().split('\n').map((row) => row.split(',').slice(0, 7).join())
  assert.equal(rows('straight.csv').length, epochs + 1)
  assert.deepEqual(rows('cut.csv'), rows('straight.csv'))
  assert.ok(readFileSync(at('cut.png')).subarray(1, 4).toString() === 'PNG')
})

test('a training goes on from the small file, a quarter of a checkpoint', () => {
  succeed(...train('small.onnx', '--small', at('small'), '--checkpoint', at('whole'), '--stop-after', '4'))
  const ratio = statSync(at('small')).size / statSync(at('whole')).size
  assert.ok(ratio < 0.27, `${ratio} of a checkpoint`)
  const done = succeed(...train('small.onnx', '--small', at('small'), '--log', at('small.csv')))
  assert.match(done.stderr, /going on from .*small, step 36 of 72/)
  assert.equal(readFileSync(at('small.csv'), 'utf8').trim().split('\n').length, 5)
  const right = JSON.parse(succeed('eval', at('small.onnx'), '--data', at('data'), '--json').stdout).accuracy
  assert.ok(right > 0.8, `${right} right`)
})

test('folded or kept, batch normalisation computes the same', () => {
  succeed(...train('folded.onnx'))
  succeed(...train('kept.onnx', '--set', 'batchnorm=kept'))
  const nodes = (name, ...more) => succeed('info', at(name), ...more).stdout.match(/BatchNormalization/g)?.length ?? 0
  assert.equal(nodes('folded.onnx', '--keep-batchnorm'), 0)
  assert.equal(nodes('kept.onnx', '--keep-batchnorm'), 2)
  assert.match(succeed('info', at('folded.onnx')).stdout, /^n1 +Conv /m)
  const measure = (name) => JSON.parse(succeed('eval', at(name), '--data', at('data'), '--json').stdout)
  const [a, b] = [measure('folded.onnx'), measure('kept.onnx')]
  assert.equal(a.correct, b.correct)
  // half-precision weights are rounded after folding there, before it here
  assert.ok(Math.abs(a.loss - b.loss) < 2e-3, `${a.loss} and ${b.loss}`)
})

test('a full disk ends no training, and the checkpoint before it stays', () => {
  succeed(...train('disk.onnx', '--checkpoint', at('disk'), '--stop-after', '1'))
  const before = readFileSync(at('disk'))
  // No file may grow beyond a kilobyte, which is less than a checkpoint and less than the network.
  const limited = spawnSync('bash', ['-c', 'trap "" XFSZ; ulimit -f 1; exec "$@"', 'bash', command,
    ...train('disk.onnx', '--checkpoint', at('disk'), '--every', '1000')], { encoding: 'utf8' })
  assert.match(limited.stderr, /no checkpoint at step 72: .*disk cannot be written: .*; the one before is kept/)
  assert.match(limited.stderr, /disk\.onnx cannot be written/)
  assert.equal(limited.status, 3)
  assert.ok(readFileSync(at('disk')).equals(before))
  assert.ok(!existsSync(at('disk.new')) && !existsSync(at('disk.onnx')))
})

test('numbers that run away stop a training, with the last good checkpoint kept', () => {
  const call = train('nan.onnx', '--checkpoint', at('nan'), '--every', '1000', '--set', 'rate=100', '--set', 'clip=0', '--set', 'schedule=constant', '--set', 'epochs=400', '--set', 'weight_decay=10')
  const done = backlight(...call)
  assert.equal(done.status, 1, done.stderr)
  assert.match(done.stderr, /NaN|not finite/)
  assert.match(done.stderr, /smaller rate/)
  assert.ok(!existsSync(at('nan.onnx')))
  if (existsSync(at('nan'))) {
    const bytes = readFileSync(at('nan'))
    const n = Number(bytes.readBigUInt64LE(24))
    for (let i = 0; i < n; i++) assert.ok(Number.isFinite(bytes.readFloatLE(56 + 4 * i)))
  }
})

test('bad data is told by name', () => {
  const bad = (...names) => at('bad', ...names)
  const call = ['train', at('net.recipe'), '--data', at('bad'), '--out', at('bad.onnx')]
  classes.forEach((name, strong) => {
    mkdirSync(bad('train', name), { recursive: true })
    for (let i = 0; i < 20; i++) writeFileSync(bad('train', name, `${i}.png`), picture(strong))
  })
  writeFileSync(bad('train/red/text.png'), 'no picture at all')
  writeFileSync(bad('train/red/empty.jpg'), '')
  writeFileSync(bad('train/blue/half.png'), picture(2).subarray(0, 200))
  const done = succeed(...call)
  assert.match(done.stderr, /3 of the pictures cannot be read and are left out:/)
  for (const name of ['blue/half.png', 'red/text.png', 'red/empty.jpg']) assert.match(done.stderr, new RegExp(`^  train/${name}: .{10}`, 'm'))
  assert.match(done.stderr, /48 pictures of 3 classes to train on, 12 held back/)
  mkdirSync(bad('val'))
  writeFileSync(bad('twin.png'), readFileSync(bad('train/green/3.png')))
  for (const name of classes) {
    mkdirSync(bad('val', name))
    writeFileSync(bad('val', name, 'a.png'), readFileSync(name === 'red' ? bad('twin.png') : at('data/val', name, '0.png')))
  }
  assert.match(succeed(...call, '--set', 'apart_from=val').stderr, /1 pictures that are in "val" too are left out\n47 pictures/)

  rmSync(bad('train/green'), { recursive: true })
  mkdirSync(bad('train/green'))
  const empty = backlight(...call)
  assert.equal(empty.status, 3)
  assert.match(empty.stderr, /bad\/train has no pictures of class "green"/)
  writeFileSync(bad('train/green/0.png'), 'broken')
  assert.match(backlight(...call).stderr, /has no pictures of class "green" that can be read/)

  const tar = Buffer.concat([...classes.flatMap((name, i) => [0, 1].map((k) => tarEntry(`train/${name}/${k}.png`, picture(i)))), Buffer.alloc(1024)])
  mkdirSync(at('cut'))
  writeFileSync(at('cut/part.tar'), tar.subarray(0, tar.length - 1600))
  const short = backlight('train', at('net.recipe'), '--data', at('cut'), '--out', at('bad.onnx'))
  assert.equal(short.status, 3)
  assert.match(short.stderr, /part\.tar is cut short/)
})
