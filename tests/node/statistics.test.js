// Class statistics: the command's means are those of the maps that the module computes, summed up here in another order.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { build, wasmBytes } from './lib/core.js'
import { SIDE, picture } from './lib/dataset.js'
import { halfToNumber, readTensors } from './lib/tensor-file.js'
import { tolerance } from './lib/tolerances.js'

const command = join(build, 'native/backlight')
const classes = ['green', 'red', 'blue']
const EACH = [7, 12, 20] // pictures of a class: not all alike, and no multiple of a batch
let folder
const at = (...names) => join(folder, ...names)
const statistics = (...more) => spawnSync(command, ['statistics', at('net.onnx'), '--data', at('data'), ...more], { encoding: 'utf8' })

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'backlight-statistics-'))
  classes.forEach((name, strong) => {
    mkdirSync(at('data', 'val', name), { recursive: true })
    for (let i = 0; i < EACH[strong]; i++) writeFileSync(at('data', 'val', name, `${i}.png`), picture(strong))
  })
  writeFileSync(at('net.txt'), `input x 3x${SIDE}x${SIDE}
labels ${classes.join('; ')}
mean 0.5 0.4 0.3
std 0.3 0.2 0.25
channels RGB
c1 = conv x 6 3x3
r1 = relu c1
p1 = maxpool r1 2x2 stride 2
f = flatten p1
out = dense f 3
prob = softmax out
`)
  assert.equal(spawnSync(command, ['build', at('net.txt'), '--seed', '3', at('net.onnx')]).status, 0)
})
after(() => rmSync(folder, { recursive: true, force: true }))

test('means of every class and channel, for any number of threads', async () => {
  for (const threads of [1, 3]) {
    const done = statistics('--out', at(`${threads}.onnx`), '--threads', String(threads), '--kernels', 'exact')
    assert.equal(done.status, 0, done.stderr)
    assert.match(done.stderr, /5 layers, 3 classes, 39 pictures/)
  }
  assert.ok(readFileSync(at('1.onnx')).equals(readFileSync(at('3.onnx'))))
  const file = await readTensors(readFileSync(at('1.onnx')))
  assert.deepEqual(Object.keys(file).sort(), ['backlight.pictures', 'c1', 'out', 'p1', 'prob', 'r1'])
  assert.deepEqual(Array.from(file['backlight.pictures'].data, Number), EACH)
  const core = await BacklightCore.load({ bytes: wasmBytes() })
  // The module reads the same file.
  const told = core.tensors(readFileSync(at('1.onnx')))
  assert.deepEqual(Object.keys(told), Object.keys(file))
  for (const [name, { shape, data }] of Object.entries(file)) assert.deepEqual(told[name], { shape, data: Float32Array.from(data, (x) => (name === 'backlight.pictures' ? Number(x) : halfToNumber(x))) }, name)
  assert.throws(() => core.tensors(readFileSync(at('net.onnx'))), /a network, not a file of tensors/)
  const model = core.open(readFileSync(at('net.onnx')))
  const view = model.view()
  for (const [k, name] of classes.entries()) {
    const sums = {}
    for (let i = EACH[k] - 1; i >= 0; i--) {
      view.forward(core.decode(readFileSync(at('data', 'val', name, `${i}.png`))))
      for (const layer of ['c1', 'r1', 'p1', 'out', 'prob']) {
        const { data, shape } = view.value(model.info.values.find((v) => v.name === layer).id)
        sums[layer] ??= new Float64Array(shape[1])
        const plane = data.length / shape[1]
        data.forEach((v, j) => (sums[layer][Math.floor(j / plane)] += v / plane / EACH[k]))
      }
    }
    for (const [layer, means] of Object.entries(sums)) {
      const { data, shape } = file[layer]
      assert.deepEqual(shape, [3, means.length])
      const most = Math.max(...Array.from(means, Math.abs))
      means.forEach((mean, c) => {
        const told = halfToNumber(data[k * means.length + c])
        assert.ok(Math.abs(told - mean) <= tolerance('TOL_HALF') * most, `${name}, ${layer}:${c}: ${told}, but ${mean}`)
      })
    }
  }
  view.close()
  model.close()
})

test('what is missing is told', () => {
  assert.match(statistics().stderr, /--out FILE\.onnx is missing/)
  const done = statistics('--out', at('none.onnx'), '--split', 'nowhere')
  assert.notEqual(done.status, 0)
  assert.match(done.stderr, /nowhere/)
})
