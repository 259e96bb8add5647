// Input gradients of whole networks against TensorFlow.js: the same weights, the same pictures, its automatic differentiation.
// A ReLU or a pool near a tie may decide otherwise there, and move a patch of the gradient; so the median of 20 inputs counts.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { picture, wasmBytes } from './lib/core.js'
import { layers, loadTfjs, median } from './lib/tfjs.js'
import { tensorError, tolerance } from './lib/tolerances.js'

const INPUTS = 20
const HEAD = `mean 0.5 0.5 0.5
std 0.25 0.25 0.25
channels RGB
`

/** @type {BacklightCore} */
let core
/** @type {any} */
let tf
/** @type {ReturnType<typeof layers>} */
let of
before(async () => {
  tf = await loadTfjs()
  of = layers(tf)
  core = await BacklightCore.load({ bytes: wasmBytes() })
})

// It has no gradient of a dilated convolution: a 3×3 kernel of dilation 2 is a 5×5 one with zeros between.
function dilated([w, b]) {
  const [outs, ins] = w.shape
  const spread = new Float32Array(outs * ins * 25)
  w.dataSync().forEach((x, i) => (spread[Math.floor(i / 9) * 25 + Math.floor((i % 9) / 3) * 10 + (i % 3) * 2] = x))
  return [tf.tensor(spread, [outs, ins, 5, 5]), b]
}

const networks = {
  'convolutions, ReLU and maximum pools': {
    text: `input x 3x32x32\n${HEAD}c1 = conv x 10 3x3\nr1 = relu c1\nc2 = conv r1 10 3x3\nr2 = relu c2\np1 = maxpool r2 2x2 stride 2
c3 = conv p1 10 3x3\nr3 = relu c3\np2 = maxpool r3 2x2 stride 2\nf = flatten p2\nout = dense f 10`,
    forward(x, w) {
      x = tf.relu(of.conv(x, w('c1')))
      x = tf.maxPool(tf.relu(of.conv(x, w('c2'))), 2, 2, 'valid')
      x = tf.maxPool(tf.relu(of.conv(x, w('c3'))), 2, 2, 'valid')
      return of.dense(x, w('out'))
    },
  },
  'strides, padding, dilation, average pools and a residual sum': {
    text: `input x 3x29x29\n${HEAD}c1 = conv x 16 5x5 stride 2 pad 2\nr1 = relu c1\nc2 = conv r1 16 3x3 pad 2 dilation 2\nr2 = relu c2
s = add r1 r2\na = avgpool s 3x3 stride 2\nc3 = conv a 24 3x3 pad 1\nr3 = relu c3\ng = globalavgpool r3\nf = flatten g\nout = dense f 6`,
    forward(x, w) {
      const first = tf.relu(of.conv(x, w('c1'), { stride: 2, padding: 2 }))
      const second = tf.relu(of.conv(first, dilated(w('c2')), { padding: 2 }))
      x = tf.avgPool(tf.add(first, second), 3, 2, 'valid')
      x = tf.relu(of.conv(x, w('c3'), { padding: 1 }))
      return of.dense(tf.mean(x, [1, 2], true), w('out'))
    },
  },
  'depthwise and pointwise convolutions, smooth activations, concatenation': {
    text: `input x 3x20x24\n${HEAD}c1 = conv x 8 3x3 pad 1\nt = tanh c1\nd = conv t 8 3x3 pad 1 groups 8\nl = leakyrelu d 0.1
p = conv l 12 1x1\nq = sigmoid p\nboth = concat t q\nm = maxpool both 2x2 stride 2\nf = flatten m\nout = dense f 7`,
    forward(x, w) {
      const t = tf.tanh(of.conv(x, w('c1'), { padding: 1 }))
      const q = tf.sigmoid(of.conv(tf.leakyRelu(of.depthwise(t, w('d'), 1), 0.1), w('p')))
      return of.dense(tf.maxPool(tf.concat([t, q], 3), 2, 2, 'valid'), w('out'))
    },
  },
}

// Length of the difference over length, and cosine.
function compare(ours, theirs) {
  let [difference, a, b, product] = [0, 0, 0, 0]
  for (let i = 0; i < theirs.length; i++) {
    difference += (ours[i] - theirs[i]) ** 2
    a += ours[i] ** 2
    b += theirs[i] ** 2
    product += ours[i] * theirs[i]
  }
  return { relative: Math.sqrt(difference / b), cosine: product / Math.sqrt(a * b), length: Math.sqrt(b) }
}

for (const [title, { text, forward }] of Object.entries(networks)) {
  test(`gradients of ${title}`, (t) => {
    const model = core.openText(text, 11)
    const view = model.view()
    const { info } = model
    const node = (name) => info.nodes.find((one) => one.name === name)
    const weights = (name) => node(name).inputs.slice(1).map((id) => {
      const { data, shape } = view.value(id)
      return tf.tensor(data, shape)
    })
    const { channels, height, width } = info.input
    const [relatives, cosines] = [[], []]
    const classes = info.values[info.scores].shape[1]
    for (let i = 0; i < INPUTS; i++) {
      const { scores } = view.forward(picture(width, height, i + 1))
      view.backward(`class:${i % classes}`)
      const x = view.value(info.input.id)
      const ours = view.gradient(info.input.id)
      assert.deepEqual(ours.shape, [1, channels, height, width])
      const theirs = tf.tidy(() => {
        const input = tf.transpose(tf.tensor(x.data, x.shape), [0, 2, 3, 1])
        const seed = tf.oneHot(tf.tensor1d([i % classes], 'int32'), classes).cast('float32')
        const { value, grad } = tf.valueAndGrad((one) => forward(one, weights))(input, seed)
        return { scores: value.dataSync(), gradient: tf.transpose(grad, [0, 3, 1, 2]).dataSync() }
      })
      const error = tensorError({ data: scores, shape: [classes] }, { data: theirs.scores, shape: [classes] })
      assert.ok(error <= tolerance('TOL_ORT'), `scores of input ${i}: ${error}`)
      const { relative, cosine, length } = compare(ours.data, theirs.gradient)
      assert.ok(length > 0)
      relatives.push(relative)
      cosines.push(cosine)
    }
    assert.ok(median(relatives) <= tolerance('TOL_PEER_GRADIENT'), `relative error ${median(relatives)}`)
    assert.ok(median(cosines) >= tolerance('TOL_PEER_COSINE'), `cosine ${median(cosines)}`)
    const beyond = relatives.filter((relative) => relative > tolerance('TOL_PEER_GRADIENT')).length
    assert.ok(beyond <= INPUTS * tolerance('TOL_KINKS'), `${beyond} of ${INPUTS} inputs are apart`)
    t.diagnostic(`median ${median(relatives).toExponential(1)}, ${beyond} of ${INPUTS} beyond the tolerance`)
    view.close()
    model.close()
  })
}
