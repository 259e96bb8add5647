// The first steps of a training against TensorFlow.js: the same first weights, the same batch, its own differentiation, and
// the optimiser written out here. Every batch holds every picture, so that their order does not matter.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { build, wasmBytes } from './lib/core.js'
import { png } from './lib/dataset.js'
import { loadTfjs } from './lib/tfjs.js'
import { tensorError, tolerance } from './lib/tolerances.js'

const [STEPS, CLASSES, EACH, SIDE, SEED] = [20, 3, 4, 16, 5]
const [RATE, MOMENTUM, DECAY, SMOOTHING, SHARE, EPSILON] = [0.05, 0.9, 0.01, 0.1, 0.9, 1e-5]
const N = CLASSES * EACH
const TEXT = `input x 3x${SIDE}x${SIDE}
labels a; b; c
c1 = conv x 8 3x3 pad 1 nobias
n1 = batchnorm c1
r1 = relu n1
p1 = maxpool r1 2x2 stride 2
c2 = conv p1 8 3x3 pad 1 nobias
n2 = batchnorm c2
s2 = add n2 p1
r2 = relu s2
both = concat p1 r2
c3 = conv both 12 5x5 pad 2
r3 = relu c3
g = globalavgpool r3
f = flatten g
out = dense f 3
`
const PARAMETERS = ['c1.weight', 'n1.scale', 'n1.bias', 'n1.mean', 'n1.var', 'c2.weight', 'n2.scale', 'n2.bias', 'n2.mean', 'n2.var', 'c3.weight', 'c3.bias', 'out.weight', 'out.bias']
const isStatistic = (name) => /\.(mean|var)$/.test(name)

test('twenty steps of SGD, batch normalisation included, as TensorFlow.js takes them', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'backlight-steps-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const at = (...names) => join(folder, ...names)
  const bytes = []
  const labels = []
  let state = 9
  for (let c = 0; c < CLASSES; c++) {
    mkdirSync(at('data/train', 'abc'[c]), { recursive: true })
    for (let i = 0; i < EACH; i++) {
      const rgb = Buffer.alloc(3 * SIDE * SIDE)
      for (let k = 0; k < rgb.length; k++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0
        rgb[k] = (state >>> 24) * 0.8 + (k % 3 === c ? 40 : 0)
      }
      writeFileSync(at('data/train', 'abc'[c], `${i}.png`), png(rgb))
      bytes.push(rgb)
      labels.push(c)
    }
  }
  writeFileSync(at('net.txt'), TEXT)
  writeFileSync(at('steps.recipe'), `network = net.txt
seed = ${SEED}
epochs = ${STEPS}
batch = ${N}
shards = 1
optimiser = sgd
rate = ${RATE}
momentum = ${MOMENTUM}
nesterov = yes
weight_decay = ${DECAY}
statistics = ${SHARE}
schedule = linear
warmup = 0.25
start_factor = 0.2
end_factor = 0.1
label_smoothing = ${SMOOTHING}
flip = 0
shift = 0
brightness = 0
contrast = 0
saturation = 0
`)
  const done = spawnSync(join(build, 'native/backlight'), ['train', at('steps.recipe'), '--data', at('data'), '--out', at('x.onnx'), '--checkpoint', at('check'), '--log', at('log.csv')], { encoding: 'utf8' })
  assert.equal(done.status, 0, done.stderr)
  const losses = readFileSync(at('log.csv'), 'utf8').trim().split('\n').slice(1).map((row) => Number(row.split(',')[3]))
  assert.equal(losses.length, STEPS)

  // the first weights
  const core = await BacklightCore.load({ bytes: wasmBytes() })
  const model = core.openText(TEXT, SEED)
  const view = model.view()
  const shapes = {}
  const weights = {}
  const tf = await loadTfjs()
  for (const name of PARAMETERS) {
    const { data, shape } = view.value(model.info.values.findIndex((v) => v.name === name))
    shapes[name] = shape
    weights[name] = tf.tensor(Float32Array.from(data), shape)
  }

  // the pictures as the network takes them
  const mean = [0, 0, 0]
  const square = [0, 0, 0]
  const count = N * SIDE * SIDE
  for (const rgb of bytes) rgb.forEach((v, k) => (mean[k % 3] += v / 255 / count))
  for (const rgb of bytes) rgb.forEach((v, k) => (square[k % 3] += (v / 255 - mean[k % 3]) ** 2 / count))
  const numbers = Float32Array.from(bytes.flatMap((rgb) => [...rgb].map((v, k) => (v / 255 - mean[k % 3]) / Math.sqrt(square[k % 3]))))
  const x = tf.tensor(numbers, [N, SIDE, SIDE, 3])
  const target = tf.add(tf.mul(tf.oneHot(tf.tensor1d(labels, 'int32'), CLASSES), 1 - SMOOTHING), SMOOTHING / CLASSES)

  const statistics = {}
  const conv = (v, w) => tf.conv2d(v, tf.transpose(w, [2, 3, 1, 0]), 1, 'same')
  const normal = (v, name, w) => {
    const { mean: m, variance } = tf.moments(v, [0, 1, 2])
    statistics[`${name}.mean`] = tf.keep(m.clone())
    statistics[`${name}.var`] = tf.keep(variance.clone())
    return tf.add(tf.mul(tf.mul(tf.sub(v, m), tf.rsqrt(tf.add(variance, EPSILON))), w[`${name}.scale`]), w[`${name}.bias`])
  }
  const trained = PARAMETERS.filter((name) => !isStatistic(name))
  const loss = (...values) => {
    const w = Object.fromEntries(values.map((v, i) => [trained[i], v]))
    const p1 = tf.maxPool(tf.relu(normal(conv(x, w['c1.weight']), 'n1', w)), 2, 2, 'valid')
    const r2 = tf.relu(tf.add(normal(conv(p1, w['c2.weight']), 'n2', w), p1))
    const r3 = tf.relu(tf.add(conv(tf.concat([p1, r2], 3), w['c3.weight']), w['c3.bias']))
    const scores = tf.add(tf.matMul(tf.mean(r3, [1, 2]), w['out.weight'], false, true), w['out.bias'])
    return tf.neg(tf.mean(tf.sum(tf.mul(target, tf.logSoftmax(scores)), 1)))
  }
  // linear: from a fifth up to the whole over a quarter of the steps, then down to a tenth
  const rate = (step) => {
    const rising = 0.25 * (STEPS - 1)
    return RATE * (step < rising ? 0.2 + 0.8 * (step / rising) : 1 - 0.9 * ((step - rising) / (STEPS - 1 - rising)))
  }
  const speed = Object.fromEntries(trained.map((name) => [name, tf.zeros(shapes[name])]))
  for (let step = 0; step < STEPS; step++) {
    const { value, grads } = tf.valueAndGrads(loss)(trained.map((name) => weights[name]))
    const theirs = value.dataSync()[0]
    assert.ok(Math.abs(losses[step] - theirs) <= tolerance('TOL_PEER_STEPS'), `step ${step + 1}: loss ${losses[step]}, theirs ${theirs}`)
    trained.forEach((name, i) => {
      const pulled = shapes[name].length > 1 ? tf.add(grads[i], tf.mul(weights[name], DECAY)) : grads[i]
      speed[name] = tf.add(tf.mul(speed[name], MOMENTUM), pulled)
      weights[name] = tf.sub(weights[name], tf.mul(tf.add(pulled, tf.mul(speed[name], MOMENTUM)), rate(step)))
    })
    for (const name of PARAMETERS.filter(isStatistic)) weights[name] = tf.add(tf.mul(weights[name], SHARE), tf.mul(statistics[name], 1 - SHARE))
  }
  assert.ok(losses[STEPS - 1] < losses[0] - 0.2, 'nothing was learnt')

  const check = readFileSync(at('check'))
  let offset = 56
  let worst = 0
  for (const name of PARAMETERS) {
    const size = weights[name].size
    const ours = Float32Array.from({ length: size }, (_, i) => check.readFloatLE(offset + 4 * i))
    const error = tensorError({ data: ours, shape: shapes[name] }, { data: weights[name].dataSync(), shape: shapes[name] })
    assert.ok(error <= tolerance('TOL_PEER_STEPS'), `${name}: ${error} of its largest weight apart`)
    worst = Math.max(worst, error)
    offset += 64 * Math.ceil((4 * size) / 64)
  }
  t.diagnostic(`loss from ${losses[0]} to ${losses[STEPS - 1]}; weights at most ${worst.toExponential(1)} apart`)
  view.close()
  model.close()
})
