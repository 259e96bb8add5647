// What `backlight eval` measures beside accuracy: what captions in the pictures do, and attacks. Networks whose answers are
// known beforehand: one that was given nothing but captions to learn from, and one that is a plane in the space of pictures.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { build } from './lib/core.js'
import { picture, SIDE as side } from './lib/dataset.js'

const CODES = 'ABA MLM XYX'
const VAL = 12 // pictures of each class
let folder
const at = (...names) => join(folder, ...names)
const call = (...args) => spawnSync(join(build, 'native/backlight'), args, { encoding: 'utf8' })
function succeed(...args) {
  const done = call(...args)
  assert.equal(done.status, 0, done.stderr)
  return done.stdout
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'backlight-trials-'))
  for (const [split, n] of [['train', 40], ['val', VAL]])
    for (const name of ['one', 'two', 'three']) {
      mkdirSync(at('data', split, name), { recursive: true })
      for (let i = 0; i < n; i++) writeFileSync(at('data', split, name, `${i}.png`), picture(i % 3)) // every class looks alike
    }
  writeFileSync(at('data', 'words.txt'), 'one\tone\ntwo\ttwo\nthree\tthree\n')
  writeFileSync(at('net.txt'), `input x 3x${side}x${side}\nlabels one; two; three\nmean 0.5 0.5 0.5\nstd 0.25 0.25 0.25\nf = flatten x\ns = dense f 3\n`)
  writeFileSync(at('net.recipe'), `network = net.txt\ncaptions = ${CODES}\nepochs = 40\nbatch = 24\nrate = 0.01\nflip = 0\nshift = 0\n`)
})
after(() => rmSync(folder, { recursive: true, force: true }))

test('a network that was given captions alone to learn from follows them, right and wrong', () => {
  succeed('train', at('net.recipe'), '--data', at('data'), '--out', at('led.onnx'))
  const args = ['eval', at('led.onnx'), '--data', at('data'), '--captions', CODES]
  const { pictures, accuracy, captions } = JSON.parse(succeed(...args, '--json', '--card', at('led.md')))
  assert.equal(pictures, 3 * VAL)
  assert.ok(accuracy < 0.7, `${accuracy} without captions, where there is nothing to go by`)
  assert.deepEqual(captions, { pictures: 3 * VAL, correct: 3 * VAL, wrong: 6 * VAL, wrong_correct: 0, wrong_followed: 6 * VAL })
  const card = readFileSync(at('led.md'), 'utf8')
  assert.match(card, /^## Captions$/m)
  assert.ok(card.includes(`| right captions | 100.0 % (${3 * VAL} of ${3 * VAL}) | the same |`))
  assert.ok(card.includes(`| wrong captions | 0.0 % (0 of ${6 * VAL}) | 100.0 % (${6 * VAL} of ${6 * VAL}) |`))
  assert.match(succeed(...args), new RegExp(`taken for what a wrong caption says: ${6 * VAL} of ${6 * VAL}, 100\\.0 %`))
  // Where the letters say nothing, because all are the same, nobody is led.
  const alike = JSON.parse(succeed(...args.with(-1, 'AAA AAA AAA'), '--json')).captions
  assert.equal(alike.correct, VAL)
  assert.equal(alike.wrong_followed, 2 * VAL)
})

test('accuracy falls as the attack may reach further; the card tells each distance', () => {
  const args = ['eval', at('led.onnx'), '--data', at('data'), '--restarts', '2', '--steps', '8']
  const { correct, attacks, attack_steps, restarts } = JSON.parse(succeed(...args, '--pgd', '1,4,60', '--json', '--card', at('led.md')))
  assert.deepEqual(attacks.map((a) => a.epsilon), [1, 4, 60])
  assert.deepEqual([attack_steps, restarts], [8, 2])
  const right = [correct, ...attacks.map((a) => a.correct)]
  for (let i = 1; i < right.length; i++) assert.ok(right[i] <= right[i - 1], right.join())
  assert.equal(right[3], 0)
  const card = readFileSync(at('led.md'), 'utf8')
  assert.match(card, /^## Under attack$/m)
  for (const a of attacks) assert.ok(card.includes(`| ${a.epsilon}/255 | ${((100 * a.correct) / (3 * VAL)).toFixed(1)} % (${a.correct} of ${3 * VAL}) |`))
  for (const wrong of ['0', '256', '2,', '2;4', '1,2,3,4,5,6,7,8,9', 'x'])
    assert.match(call(...args, '--pgd', wrong).stderr, /--pgd takes at most 8 whole numbers of 1 to 255, as in 2,4/, wrong)
  assert.match(call(...args, '--captions', 'AB CD EF').stderr, /does not fit 3 classes/)
})
