// The command and the WebAssembly module are the same C: their numbers are the same, and the pixels of their results too.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { build, NETWORK, root, wasmBytes } from './lib/core.js'
import { tensorError, tolerance } from './lib/tolerances.js'

const program = join(build, 'native/backlight')
const folder = mkdtempSync(join(tmpdir(), 'backlight-native-'))
const native = (...args) => execFileSync(program, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'pipe'] })
const photos = ['koala', 'red-panda', 'espresso'].map((name) => join(root, 'public/samples', `${name}.jpg`))
after(() => rmSync(folder, { recursive: true }))

/** @type {BacklightCore} */
let core
const networks = { small: join(folder, 'small.onnx'), 'tiny-vgg': join(root, 'models/tiny-vgg.onnx') }
before(async () => {
  assert.ok(existsSync(program), `${program} is not built: run \`make native\``)
  core = await BacklightCore.load({ bytes: wasmBytes() })
  writeFileSync(join(folder, 'small.txt'), NETWORK)
  native('build', '--seed', '7', 'small.txt', networks.small)
})

// The numbers of a CSV of maps, and how many of them differ in any bit from the module's.
const numbersOf = (csv) => Float32Array.from(csv.replace(/^#.*$/gm, '').split(/[,\n]+/).filter(Boolean).map(Number))
function same(name, text, data, counts) {
  const theirs = numbersOf(text)
  const error = tensorError({ data, shape: [data.length] }, { data: theirs, shape: [theirs.length] })
  assert.ok(error <= tolerance('TOL_NATIVE'), `${name}: ${error}`)
  counts.numbers += data.length
  for (let i = 0; i < data.length; i++) if (data[i] !== theirs[i]) counts.differ++
}

test('a network text gives the same network to both', () => {
  const fromText = core.openText(NETWORK, 7)
  const fromFile = core.open(new Uint8Array(readFileSync(networks.small)))
  const [a, b] = [fromText.view(), fromFile.view()]
  const find = (model, name) => model.info.values.find((value) => value.name === name).id
  for (const { name, constant } of fromText.info.values) if (constant) assert.deepEqual(b.value(find(fromFile, name)), a.value(find(fromText, name)))
  for (const one of [a, b, fromText, fromFile]) one.close()
})

for (const [name, path] of Object.entries(networks)) {
  test(`${name}: forward, gradients and pixels of methods`, (t) => {
    const model = core.open(new Uint8Array(readFileSync(path)))
    const view = model.view()
    const { info } = model
    const layers = info.nodes.filter(({ op }) => op === 'Conv' || op === 'MaxPool').map((node) => info.values[node.output].name)
    const counts = { numbers: 0, differ: 0 }
    for (const photo of photos) {
      const picture = core.decode(new Uint8Array(readFileSync(photo)), photo)
      const { scores, probabilities } = view.forward(picture)
      const { predictions } = JSON.parse(native('predict', path, photo, '--json', '--top', String(scores.length)))
      const inOrder = predictions.toSorted((a, b) => a.class - b.class)
      same('scores', inOrder.map(({ score }) => score).join(), scores, counts)
      same('probabilities', inOrder.map(({ probability }) => probability).join(), probabilities, counts)
      for (const layer of layers) {
        const { output } = info.nodes.find((node) => info.values[node.output].name === layer)
        same(layer, native('maps', path, photo, '--layer', layer, '--csv'), view.value(output).data, counts)
      }
      view.backward('class:1')
      const [gradient, height, width] = [view.gradient(info.input.id).data, info.input.height, info.input.width]
      const { std } = info.preprocessing
      const largest = Float32Array.from({ length: height * width }, (_, i) => Math.max(...[0, 1, 2].map((c) => Math.abs(Math.fround(gradient[c * height * width + i] / Math.fround(std[c]))))))
      same('saliency', native('gradient', path, photo, '--objective', 'class:1', '--csv'), largest, counts)
    }
    t.diagnostic(`${counts.differ} of ${counts.numbers} numbers differ in any bit`)
    view.close()

    const picture = core.decode(new Uint8Array(readFileSync(photos[0])), photos[0])
    const conv = layers[1]
    for (const [method, result, params, objective] of [
      ['fgsm', 'adversarial', { eps: 6 }],
      ['pgd', 'adversarial', { eps: 4, steps: 8, restarts: 2, seed: 5 }],
      ['dream', 'dream', { size: 64, octaves: 2, steps: 4 }, conv],
    ]) {
      const options = Object.entries(params).flatMap(([key, value]) => [`--${key}`, String(value)])
      if (objective) options.push('--objective', objective)
      native(method, path, photos[0], ...options, '--result', result, '--out', join(folder, 'out.png'))
      const theirs = core.decode(new Uint8Array(readFileSync(join(folder, 'out.png'))), 'out.png')
      const job = model.job(method, { picture, params, objective })
      while (!job.step().done);
      const ours = job.results().find((one) => one.name === result)
      job.end()
      assert.equal(theirs.pixels.length, ours.pixels.length)
      const apart = ours.pixels.reduce((most, byte, i) => Math.max(most, Math.abs(byte - theirs.pixels[i])), 0)
      assert.ok(apart <= 1, `${method}: pixels are ${apart} apart`)
      t.diagnostic(`${method}: ${apart === 0 ? 'the same pixels' : 'pixels 1 apart'}`)
    }
    for (const [method, params] of [
      ['smoothgrad', { samples: 9, seed: 4 }],
      ['integrated', { steps: 9, baseline: 'noise', percentile: 95 }],
      ['lrp', { rule: 'alpha-beta' }],
      ['deeplift', { baseline: 'white' }],
      ['gradcam', { keep: 'signed', layer: conv }],
      ['score-cam', { layer: conv }],
      ['occlusion', { fill: 'blur', size: 12 }],
      ['rise', { masks: 120 }],
      ['gradient-shap', { samples: 9 }],
      ['lime', { samples: 120 }],
      ['shap', { samples: 130, fill: 'blur' }],
    ]) {
      const options = Object.entries(params).flatMap(([key, value]) => [`--${key}`, String(value)])
      const job = model.job(method, { picture, params, objective: 'class:1' })
      while (!job.step().done);
      const threads = (count) => (['gradcam', 'lrp', 'deeplift'].includes(method) ? [] : ['--threads', count]) // a single pass has nothing to share
      const alone = native(method, path, photos[0], ...options, '--objective', 'class:1', '--csv', ...threads('1'))
      same(method, alone, job.results()[0].data, counts)
      assert.equal(native(method, path, photos[0], ...options, '--objective', 'class:1', '--csv', ...threads('3')), alone, `${method}: the same bits by three threads`)
      job.end()
    }
    model.close()
  })
}
