// `backlight train` and `backlight eval`, as a user calls them: on a data set made here, and on the shipped Tiny VGG.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SIDE as side, picture, tarEntry } from './lib/dataset.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const command = join(root, process.env.BACKLIGHT_BUILD || 'build', 'native/backlight')
const classes = ['green frog', 'red brick', 'blue bird']

let folder // of this test
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

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'backlight-train-'))
  const shards = [[], []]
  const strong = { n01: 1, n02: 0, n03: 2, n99: 2 } // n99: a class the network does not know
  for (const [split, n] of [['train', 24], ['val', 6]]) {
    for (const [wnid, colour] of Object.entries(strong)) {
      mkdirSync(at('folders', split, wnid, 'images'), { recursive: true })
      for (let i = 0; i < n; i++) {
        const bytes = picture(colour)
        const name = `${split}/${wnid}/images/${wnid}_${i}.png`
        writeFileSync(at('folders', name), bytes)
        shards[i % 2].push(tarEntry(name, bytes))
      }
    }
  }
  const names = 'n01\tgreen frog, Rana\nn02\tred brick\nn03\tbird, blue bird\nn99\twhale\n'
  writeFileSync(at('folders', 'words.txt'), names)
  mkdirSync(at('tars'))
  writeFileSync(at('tars', 'words.txt'), names)
  shards.forEach((s, i) => writeFileSync(at('tars', `part-${i}.tar`), Buffer.concat([...s.reverse(), Buffer.alloc(1024)])))
  writeFileSync(at('net.txt'), `input x 3x${side}x${side}
title Colours
labels ${classes.join('; ')}
c = conv x 6 3x3
r = relu c
p = globalavgpool r
f = flatten p
d = dropout f 0.1
s = dense d 3
q = softmax s
`)
  writeFileSync(at('net.recipe'), 'network = net.txt\nepochs = 6\nbatch = 12\nshards = 4\nrate = 0.05\nheld_back = 3\nshift = 2\n')
})
after(() => rmSync(folder, { recursive: true, force: true }))

test('folders, tar files and numbers of threads give the same network', () => {
  succeed('train', at('net.recipe'), '--data', at('folders'), '--out', at('a.onnx'), '--threads', '1')
  succeed('train', at('net.recipe'), '--data', at('tars'), '--out', at('b.onnx'), '--threads', '3')
  succeed('train', at('net.recipe'), '--data', at('tars'), '--out', at('c.onnx'), '--set', 'seed=2')
  assert.ok(readFileSync(at('a.onnx')).equals(readFileSync(at('b.onnx'))))
  assert.ok(!readFileSync(at('a.onnx')).equals(readFileSync(at('c.onnx'))))
})

test('a training that was stopped goes on as if it had not been', () => {
  const call = ['train', at('net.recipe'), '--data', at('folders'), '--out', at('stopped.onnx'), '--checkpoint', at('check'), '--log', at('log.csv')]
  const first = succeed(...call, '--stop-after', '4')
  assert.match(first.stderr, /stopped before epoch 5/)
  assert.throws(() => statSync(at('stopped.onnx')))
  succeed(...call)
  succeed('train', at('net.recipe'), '--data', at('folders'), '--out', at('straight.onnx'), '--log', at('straight.csv'))
  assert.ok(readFileSync(at('stopped.onnx')).equals(readFileSync(at('straight.onnx'))))
  // the logs agree but for the times, which are the last three columns
  const rows = (name) => readFileSync(at(name), 'utf8').trim().split('\n').map((row) => row.split(',').slice(0, -3).join())
  assert.equal(rows('log.csv').length, 7)
  assert.deepEqual(rows('log.csv'), rows('straight.csv'))
  const other = backlight(...call, '--set', 'rate=0.01')
  assert.equal(other.status, 2)
  assert.match(other.stderr, /is of another training/)
})

test('eval counts what the network gets right and writes its card', () => {
  succeed('train', at('net.recipe'), '--data', at('folders'), '--out', at('net.onnx'), '--set', 'epochs=20')
  const done = succeed('eval', at('net.onnx'), '--data', at('folders'), '--json', '--card', at('net.md'), '--confusion', at('confusion.csv'), '--recipe', at('net.recipe'))
  assert.match(done.stderr, /6 pictures of other classes are left out/)
  const result = JSON.parse(done.stdout)
  assert.deepEqual(result.labels, classes)
  assert.equal(result.pictures, 18)
  assert.ok(result.accuracy > 0.8, `only ${result.accuracy} right`)
  assert.ok(result.accuracy_low < result.accuracy && result.accuracy <= result.accuracy_high)
  assert.equal(result.confusion.reduce((sum, row, i) => sum + row[i], 0), result.correct)
  for (const row of result.confusion) assert.equal(row.reduce((a, b) => a + b), 6)
  assert.equal(result.calibration.length, 15)
  assert.equal(result.calibration.reduce((n, bin) => n + bin.pictures, 0), 18)
  assert.equal(result.calibration.reduce((n, bin) => n + bin.correct, 0), result.correct)
  const gap = result.calibration.reduce((sum, bin) => sum + Math.abs(bin.correct - bin.pictures * bin.confidence), 0) / 18
  assert.ok(Math.abs(gap - result.calibration_error) < 1e-6)
  for (const [i, bin] of result.calibration.entries()) assert.ok(!bin.pictures || (bin.confidence >= i / 15 && bin.confidence <= (i + 1) / 15))
  assert.deepEqual(readFileSync(at('confusion.csv'), 'utf8').trim().split('\n').slice(1).map((row) => row.split(',').slice(1).map(Number)), result.confusion)
  const card = readFileSync(at('net.md'), 'utf8')
  assert.match(card, /^# Colours\n/)
  assert.ok(card.includes(`**${(100 * result.accuracy).toFixed(1)} %** (${result.correct} of 18;`))
  assert.ok(card.includes(`| file | ${statSync(at('net.onnx')).size} bytes |`))
  assert.ok(card.includes('held_back = 3'))
  // Both variants of the kernels, by name; they differ in rounding, not in what they see.
  assert.ok(card.includes(`| measured with kernels | ${result.kernels} |`))
  const exact = JSON.parse(succeed('eval', at('net.onnx'), '--data', at('folders'), '--json', '--kernels', 'exact').stdout)
  assert.equal(exact.kernels, 'exact')
  assert.equal(exact.correct, result.correct)
  assert.ok(Math.abs(exact.loss - result.loss) < 1e-5 * exact.loss)
  if (result.kernels !== 'exact') assert.notEqual(exact.loss, result.loss)
  const text = succeed('eval', at('net.onnx'), '--data', at('tars')).stdout
  assert.ok(text.startsWith(`${result.correct} of 18 right`))
})

test('wrong calls say what is wrong', () => {
  const cases = [
    [['train', at('net.recipe'), '--out', at('x.onnx')], 2, /--data DIR is missing/],
    [['eval', at('net.onnx'), '--data', at('folders'), '--kernels', 'quick'], 2, /--kernels is auto, exact or fast, not "quick"/],
    [['train', at('none.recipe'), '--data', at('folders'), '--out', at('x.onnx')], 3, /none\.recipe cannot be opened/],
    [['train', at('net.recipe'), '--data', at('nowhere'), '--out', at('x.onnx')], 3, /nowhere cannot be read/],
    [['train', at('net.recipe'), '--data', at('folders'), '--out', at('x.onnx'), '--set', 'speed=2'], 2, /no key "speed"/],
    [['train', at('net.recipe'), '--data', at('folders'), '--out', at('x.onnx'), '--set', 'held_back=24'], 2, /held_back = 24 leaves/],
    [['eval', at('net.onnx')], 2, /--data DIR is missing/],
    [['eval', at('net.onnx'), '--data', at('folders'), '--split', 'test'], 3, /holds no pictures for "test"/],
    [['eval', at('net.recipe'), '--data', at('folders')], 3, /./],
    [['eval', at('net.onnx'), '--data', at('folders'), '--classes', at('net.recipe')], 3, /has no pictures of class "green frog"/],
  ]
  for (const [args, status, message] of cases) {
    const done = backlight(...args)
    assert.equal(done.status, status, `${args.join(' ')}: ${done.stderr}`)
    assert.match(done.stderr, message)
    assert.equal(done.stdout, '')
  }
})

test('train --help explains every key of a recipe', () => {
  const { stdout } = succeed('train', '--help')
  const table = readFileSync(join(root, 'src/train/recipe.def'), 'utf8')
  const keys = [...table.matchAll(/^(?:TEXT|INTEGER|NUMBER|CHOICE)\((\w+),/gm)].map((m) => m[1])
  assert.ok(keys.length > 20)
  for (const key of keys) assert.match(stdout, new RegExp(`^  ${key} = `, 'm'))
})
