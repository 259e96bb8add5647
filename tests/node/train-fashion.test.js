// The whole path on real data: Debian's Fashion-MNIST is trained on, and the file that comes out is measured by another
// runtime. And data sets in MNIST's files that are not as they should be.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { build, root, wasmBytes } from './lib/core.js'
import { BacklightCore } from '../../wasm/core.js'
import { FASHION as fashion, fashionTest, rightByOrt } from './lib/accuracy.js'

const command = join(build, 'native/backlight')
let folder
const at = (...names) => join(folder, ...names)
before(() => { folder = mkdtempSync(join(tmpdir(), 'backlight-fashion-')) })
after(() => rmSync(folder, { recursive: true, force: true }))

function backlight(...args) {
  const done = spawnSync(command, args, { encoding: 'utf8' })
  assert.equal(done.error, undefined)
  return done
}

test('Fashion-MNIST is learnt in two minutes, and ONNX Runtime finds the same accuracy', async (t) => {
  assert.ok(existsSync(fashion), `${fashion} is missing: tools/setup.sh test installs it`)
  const out = at('fashion.onnx')
  // `times` tells the processor's time, which does not hang on what else the machine does.
  const done = spawnSync('bash', ['-c', '"$@" && times', 'bash', command, 'train', join(root, 'models/fashion-quick.recipe'), '--data', fashion, '--out', out], { encoding: 'utf8' })
  assert.equal(done.status, 0, done.stderr)
  assert.match(done.stderr, /^60000 pictures of 10 classes to train on/m)
  const result = JSON.parse(backlight('eval', out, '--data', fashion, '--json').stdout)
  assert.equal(result.pictures, 10000)
  assert.ok(result.accuracy >= 0.88, `only ${result.accuracy}`)
  const [, minutes, rest] = /(\d+)m([\d.]+)s \S+\s*$/.exec(done.stdout)
  const seconds = 60 * Number(minutes) + Number(rest)
  assert.ok(seconds < 120, `${seconds} s of one processor`)
  // A tie may fall otherwise there.
  const core = await BacklightCore.load({ bytes: wasmBytes() })
  const { right: theirs } = await rightByOrt(readFileSync(out), core, core.open(readFileSync(out)), fashionTest())
  assert.ok(Math.abs(theirs - result.correct) <= 2, `${theirs} right there, ${result.correct} here`)
  t.diagnostic(`${(100 * result.accuracy).toFixed(1)} % after ${seconds.toFixed(0)} s of one processor; ${theirs} right by ONNX Runtime`)
})

test('MNIST files that are not as they should be are refused with a reason', () => {
  const images = Buffer.concat([Buffer.from([0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 28, 0, 0, 0, 28]), Buffer.alloc(7840, 7)])
  const labels = Buffer.concat([Buffer.from([0, 0, 8, 1, 0, 0, 0, 10]), Buffer.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])])
  const changed = (bytes, place, value) => { const copy = Buffer.from(bytes); copy[place] = value; return copy }
  const cases = [
    [images, labels, 0, /./],
    [images.subarray(0, 5000), labels, 3, /images-idx3-ubyte\.gz is cut short, or is no IDX file of bytes with 3 dimensions/],
    [changed(images, 2, 9), labels, 3, /is no IDX file/],
    [images, labels.subarray(0, 12), 3, /labels-idx1-ubyte\.gz is cut short/],
    [changed(images, 11, 14), labels, 3, /cut short/],
    [changed(changed(images, 11, 14), 15, 56), labels, 1, /pictures of 56×14 pixels, but the network takes 28×28/],
    [images, changed(labels, 10, 10), 3, /picture 2 of "train" has label 10, but the network knows 10 classes/],
    [images, changed(labels, 8, 1), 3, /no pictures of class "T-shirt"/],
  ]
  for (const [i, [x, y, status, message]] of cases.entries()) {
    const dir = at(`bad-${i}`)
    mkdirSync(dir)
    writeFileSync(join(dir, 'train-images-idx3-ubyte.gz'), gzipSync(x))
    writeFileSync(join(dir, 'train-labels-idx1-ubyte.gz'), gzipSync(y))
    const done = backlight('train', join(root, 'models/fashion-quick.recipe'), '--data', dir, '--out', at('x.onnx'), '--set', 'batch=8', '--set', 'shards=1')
    assert.equal(done.status, status, `${i}: ${done.stderr}`)
    assert.match(done.stderr, message)
  }
  const broken = at('bad-0', 'train-images-idx3-ubyte.gz')
  writeFileSync(broken, readFileSync(broken).subarray(0, 30))
  const done = backlight('train', join(root, 'models/fashion-quick.recipe'), '--data', at('bad-0'), '--out', at('x.onnx'))
  assert.equal(done.status, 3)
  assert.match(done.stderr, /cannot be unpacked: gzip failed/)
})
