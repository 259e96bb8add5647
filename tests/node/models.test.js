// The networks that are shipped: each card is of the file beside it, and another runtime finds the accuracy it tells, from
// the committed file and, where they are at hand, the pictures: Fashion-MNIST of Debian's package; Tiny ImageNet in the
// folder that BACKLIGHT_TINY_IMAGENET names.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { fashionTest, rightByOrt, tinyImagenetVal } from './lib/accuracy.js'
import { root, wasmBytes } from './lib/core.js'
import { FRAME, tolerance } from './lib/tolerances.js'

const models = join(root, 'models')
const names = readdirSync(models).filter((f) => /^[^.]+\.onnx$/.test(f)).map((f) => f.slice(0, -5)) // not what belongs to one: NAME.history.onnx
const tiny = process.env.BACKLIGHT_TINY_IMAGENET
// A tie may fall otherwise there, one in some thousands.
const TIES = 1e-3
const PROMISED = { 'tiny-vgg': { accuracy: 0.78, bytes: 50e3 }, flagship: { accuracy: 0.52, bytes: 6e6 }, fashion: { accuracy: 0.92, bytes: 100e3 } }
// Without captions; of pictures alone the one that reads captions knows nothing, which is the point.
const CAB = ['cab-100', 'cab-30', 'cab-0'] // as the captions tell more and more
Object.assign(PROMISED, { 'cab-none': { accuracy: 0.88, bytes: 100e3 }, 'cab-100': { accuracy: 0.8, bytes: 100e3 }, 'cab-30': { accuracy: 0.7, bytes: 100e3 }, 'cab-0': { accuracy: 0.2, bytes: 100e3 } })

// Robustness has its price in accuracy.
Object.assign(PROMISED, { 'twin-plain': { accuracy: 0.74, bytes: 1e6 }, 'twin-robust': { accuracy: 0.64, bytes: 1e6 } })

const card = (name) => readFileSync(join(models, `${name}.md`), 'utf8')
const told = (name) => /\*\*([\d.]+) %\*\* \((\d+) of (\d+);/.exec(card(name)).slice(1).map(Number)

test('the more captions tell in training, the more a network goes by them', () => {
  const row = (name, kind) => new RegExp(`^\\| ${kind} \\|(?: ([\\d.]+) % \\(\\d+ of \\d+\\) \\|)(?: ([\\d.]+) %.*\\|)?`, 'm').exec(card(name)).slice(1).map(Number)
  const right = CAB.map((name) => row(name, 'right captions')[0])
  const followed = CAB.map((name) => row(name, 'wrong captions')[1])
  for (const list of [right, followed]) assert.deepEqual(list, list.toSorted((a, b) => a - b))
  assert.ok(followed[0] < 10 && row('cab-none', 'wrong captions')[1] < 10, 'led where captions told nothing')
  assert.ok(followed[2] > 95 && right[2] > 95)
})

test('the robust twin withstands what the plain one does not', () => {
  const under = (name, epsilon) => Number(new RegExp(`^\\| ${epsilon}/255 \\| ([\\d.]+) % \\(\\d+ of 1000\\) \\|$`, 'm').exec(card(name))[1])
  for (const name of ['twin-plain', 'twin-robust']) assert.match(card(name), /: 20 steps of a quarter of ε from 5 random starts\./)
  assert.ok(under('twin-robust', 4) >= 35 && under('twin-plain', 4) <= 5)
  assert.ok(under('twin-robust', 2) > under('twin-robust', 4))
})

test('the history of Tiny VGG ends with the network beside it', async () => {
  const core = await BacklightCore.load({ bytes: wasmBytes() })
  const open = () => core.open(readFileSync(join(models, 'tiny-vgg.onnx')))
  const [whole, framed] = [open(), open()]
  const { steps, epochSteps } = framed.setHistory(readFileSync(join(models, 'tiny-vgg.history.onnx')))
  assert.equal(steps.length, 12)
  assert.equal(steps[0], 0)
  assert.equal(steps.at(-1), 60 * epochSteps)
  const koala = core.decode(readFileSync(join(root, 'public/samples/koala.jpg')))
  const scores = (model) => {
    const view = model.view()
    const scores = Array.from(view.forward(koala).scores)
    view.close()
    return scores
  }
  const off = (frame) => {
    framed.setFrame(frame)
    const due = scores(whole)
    return Math.max(...scores(framed).map((v, i) => Math.abs(v - due[i]))) / Math.max(...due.map(Math.abs))
  }
  assert.ok(off(11) < FRAME, `${off(11)}`)
  assert.ok(off(10) > FRAME && off(0) > 0.5)
})

// A mean goes through a fully connected layer as a picture does: what the file says of the scores follows from what it says of the
// layer before and from the weights of now.
for (const name of names.filter((name) => existsSync(join(models, `${name}.statistics.onnx`))))
  test(`the class means of ${name} are of the network beside them`, async (t) => {
    const core = await BacklightCore.load({ bytes: wasmBytes() })
    const model = core.open(readFileSync(join(models, `${name}.onnx`)))
    const { info } = model
    const { 'backlight.pictures': pictures, ...layers } = core.tensors(readFileSync(join(models, `${name}.statistics.onnx`)))
    const classes = info.labels.length
    assert.equal(pictures.data.reduce((a, n) => a + n, 0), told(name)[2], 'the pictures of the card')
    const byName = new Map(info.values.map((v) => [v.name, v]))
    for (const [layer, { shape, data }] of Object.entries(layers)) {
      assert.deepEqual(shape, [classes, byName.get(layer)?.shape[1]], layer)
      assert.ok(data.every(Number.isFinite), layer)
    }
    const scores = layers[info.values.find((v) => v.id === info.scores).name]
    const own = (k) => scores.data.subarray(k * classes, (k + 1) * classes)
    const right = Array.from({ length: classes }, (_, k) => own(k)[k] === Math.max(...own(k))).filter(Boolean).length
    if (name !== 'cab-0') assert.ok(right >= 0.8 * classes, `${right} of ${classes} classes have the highest mean of their own score`)
    // Back over what only renames to the layer before.
    const dense = info.nodes.find((n) => n.output === info.scores)
    let before = info.nodes.find((n) => n.output === dense.inputs[0])
    while (before?.alias) before = info.nodes.find((n) => n.output === before.inputs[0])
    const value = info.values.find((v) => v.id === before.output)
    if (value.shape.slice(2).some((n) => n > 1)) return t.diagnostic('the layer before keeps places')
    const view = model.view()
    view.forward(core.decode(readFileSync(join(root, 'public/samples/koala.jpg'))))
    const [weights, bias] = dense.inputs.slice(1).map((id) => view.value(id).data)
    const x = layers[value.name]
    const channels = x.shape[1]
    const transposed = Number(dense.attributes.transB ?? 0)
    const most = Math.max(...scores.data.map(Math.abs))
    for (let k = 0; k < classes; k++)
      for (let c = 0; c < classes; c++) {
        let sum = bias?.[c] ?? 0
        for (let j = 0; j < channels; j++) sum += x.data[k * channels + j] * weights[transposed ? c * channels + j : j * classes + c]
        assert.ok(Math.abs(sum - own(k)[c]) < 4 * tolerance('TOL_HALF') * most, `class ${k}, score ${c}: ${sum}, not ${own(k)[c]}`)
      }
    view.close()
    model.close()
  })

for (const name of names) {
  test(`the card of ${name} is of the file beside it`, () => {
    const text = card(name)
    const bytes = statSync(join(models, `${name}.onnx`)).size
    assert.ok(text.includes(`| file | ${bytes} bytes |`))
    assert.ok(text.includes(readFileSync(join(models, `${name}.recipe`), 'utf8')), 'the recipe in the card is another one')
    const [accuracy, right, all] = told(name)
    assert.equal((100 * right / all).toFixed(1), accuracy.toFixed(1))
    assert.ok(right / all >= PROMISED[name].accuracy, `${accuracy} % is below what is promised`)
    assert.ok(bytes <= PROMISED[name].bytes)
    assert.ok(readFileSync(join(models, 'LICENCE'), 'utf8').includes(`${name}.onnx`), 'the licence does not name it')
  })

  const pictures = name === 'fashion' ? fashionTest : tiny && existsSync(tiny) ? tinyImagenetVal : null
  test(`ONNX Runtime finds the accuracy of ${name}`, { skip: pictures ? false : 'BACKLIGHT_TINY_IMAGENET names no folder' }, async (t) => {
    const bytes = readFileSync(join(models, `${name}.onnx`))
    const core = await BacklightCore.load({ bytes: wasmBytes() })
    const model = core.open(bytes)
    const { right, all } = await rightByOrt(bytes, core, model, pictures(model.info))
    const [, own, told_all] = told(name)
    assert.equal(all, told_all)
    assert.ok(Math.abs(right - own) <= Math.max(2, TIES * all), `${right} of ${all} right there, ${own} by the card`)
    t.diagnostic(`${right} of ${all} right`)
    model.close()
  })
}
