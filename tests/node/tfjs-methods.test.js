// The simple methods against TensorFlow.js on the same network: its passes, its gradients, its resizing, and noise drawn here from
// the published generator. Kinks as in tfjs.test.js: the median over the inputs counts.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { picture, wasmBytes } from './lib/core.js'
import { normals, philox } from './lib/philox.js'
import { layers, loadTfjs, median } from './lib/tfjs.js'
import { tolerance } from './lib/tolerances.js'

const [INPUTS, HEIGHT, WIDTH, PIXELS, CLASSES] = [5, 24, 20, 480, 5]
const [MEAN, STD] = [[0.5, 0.4, 0.3], [0.25, 0.3, 0.5]]
const NETWORK = `input x 3x${HEIGHT}x${WIDTH}\nmean ${MEAN.join(' ')}\nstd ${STD.join(' ')}\nchannels RGB
c1 = conv x 8 3x3\nr1 = relu c1\np1 = maxpool r1 2x2 stride 2\nc2 = conv p1 12 3x3\nr2 = relu c2\nf = flatten r2\nout = dense f ${CLASSES}`

/** @type {BacklightCore} */
let core
/** @type {any} */
let tf
let model, features, tail, score, gradient
before(async () => {
  tf = await loadTfjs()
  const { conv, dense } = layers(tf)
  core = await BacklightCore.load({ bytes: wasmBytes() })
  model = core.openText(NETWORK, 11)
  const view = model.view()
  const weights = Object.fromEntries(['c1', 'c2', 'out'].map((name) => [name, model.info.nodes.find((n) => n.name === name).inputs.slice(1).map((id) => {
    const { data, shape } = view.value(id)
    return tf.tensor(data, shape)
  })]))
  view.close()
  // Channels last; in and out of these as the core has them, channels first.
  const last = (x, shape) => tf.transpose(tf.tensor(x, [1, ...shape]), [0, 2, 3, 1])
  const first = (x) => tf.transpose(x, [0, 3, 1, 2]).dataSync()
  const shape = [3, HEIGHT, WIDTH]
  features = (x) => tf.relu(conv(tf.maxPool(tf.relu(conv(x, weights.c1)), 2, 2, 'valid'), weights.c2))
  tail = (a, k) => tf.sum(tf.mul(dense(a, weights.out), tf.oneHot(tf.tensor1d([k], 'int32'), CLASSES)))
  score = (x, k) => tf.tidy(() => tail(features(last(x, shape)), k).dataSync()[0])
  gradient = (x, k) => tf.tidy(() => first(tf.grad((one) => tail(features(one), k))(last(x, shape))))
  features.of = (x) => features(last(x, shape))
})

const input = ({ pixels }) => Float32Array.from({ length: 3 * PIXELS }, (_, i) => {
  const c = Math.floor(i / PIXELS)
  return (pixels[4 * (i % PIXELS) + c] / 255 - MEAN[c]) / STD[c]
})
const black = Float32Array.from({ length: 3 * PIXELS }, (_, i) => -MEAN[Math.floor(i / PIXELS)] / STD[Math.floor(i / PIXELS)])
const pixel = (of) => Float64Array.from({ length: PIXELS }, (_, i) => of([i, i + PIXELS, i + 2 * PIXELS]))
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0)
const average = (list) => list[0].map((_, i) => sum(list.map((one) => one[i])) / list.length)

const methods = {
  'gradient-input': {
    params: { baseline: 'black' },
    map: (x, k) => {
      const g = gradient(x, k)
      return pixel((at) => sum(at.map((i) => (x[i] - black[i]) * g[i])))
    },
  },
  smoothgrad: {
    params: { samples: 6, sigma: 0.1, seed: 5 },
    map: (x, k, { pixels }) => {
      const colours = [...pixels].filter((_, i) => i % 4 !== 3)
      const sigma = (0.1 * (Math.max(...colours) - Math.min(...colours))) / 255
      const mean = average(Array.from({ length: 6 }, (_, sample) => {
        const noise = normals({ seed: 5, stream: 1, sample, step: 0 }, 3 * PIXELS)
        return Array.from(gradient(x.map((v, i) => v + (sigma / STD[Math.floor(i / PIXELS)]) * noise[i]), k))
      }))
      return pixel((at) => Math.max(...at.map((i, c) => Math.abs(mean[i]) / STD[c])))
    },
  },
  integrated: {
    params: { steps: 8 },
    map: (x, k) => {
      const mean = average(Array.from({ length: 8 }, (_, step) => Array.from(gradient(x.map((v, i) => black[i] + ((step + 0.5) / 8) * (v - black[i])), k))))
      return pixel((at) => sum(at.map((i) => (x[i] - black[i]) * mean[i])))
    },
  },
  gradcam: {
    params: {},
    map: (x, k) => tf.tidy(() => {
      const maps = features.of(x)
      const weights = tf.mean(tf.grad((a) => tail(a, k))(maps), [1, 2], true)
      const cells = tf.relu(tf.sum(tf.mul(maps, weights), 3, true))
      return tf.image.resizeBilinear(cells, [HEIGHT, WIDTH], false, true).dataSync()
    }),
  },
  occlusion: {
    params: { size: 6, stride: 4 },
    map: (x, k) => {
      const [fell, over, whole] = [new Float64Array(PIXELS), new Float64Array(PIXELS), score(x, k)]
      const starts = (length) => [...new Set(Array.from({ length: Math.ceil((length - 6) / 4) + 1 }, (_, i) => Math.min(4 * i, length - 6)))]
      for (const top of starts(HEIGHT))
        for (const left of starts(WIDTH)) {
          const inside = (i) => Math.floor(i / WIDTH) >= top && Math.floor(i / WIDTH) < top + 6 && i % WIDTH >= left && i % WIDTH < left + 6
          const d = whole - score(x.map((v, i) => (inside(i % PIXELS) ? 0 : v)), k)
          for (let i = 0; i < PIXELS; i++) if (inside(i)) (fell[i] += d), over[i]++
        }
      return fell.map((d, i) => d / over[i])
    },
  },
}

for (const [method, { params, map }] of Object.entries(methods))
  test(`${method} is what TensorFlow.js makes of it`, (t) => {
    const errors = []
    for (let i = 0; i < INPUTS; i++) {
      const photo = picture(WIDTH, HEIGHT, i + 1)
      const job = model.job(method, { picture: photo, objective: `class:${i}`, params })
      while (!job.step().done);
      const ours = job.results().find((r) => r.kind === 'map').data
      job.close()
      const theirs = map(input(photo), i, photo)
      assert.equal(theirs.length, PIXELS)
      const length = Math.sqrt(sum(Array.from(theirs, (v) => v ** 2)))
      assert.ok(length > 0)
      errors.push(Math.sqrt(sum(Array.from(theirs, (v, k) => (ours[k] - v) ** 2))) / length)
    }
    t.diagnostic(`relative errors ${errors.map((e) => e.toExponential(1)).join(', ')}`)
    assert.ok(median(errors) <= tolerance('TOL_PEER_GRADIENT'), `${method}: ${errors}`)
  })

test('the generator used here gives the published numbers', () => {
  const ones = 0xffffffff
  assert.deepEqual(philox([0, 0, 0, 0], [0, 0]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8])
  assert.deepEqual(philox([ones, ones, ones, ones], [ones, ones]), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd])
})
