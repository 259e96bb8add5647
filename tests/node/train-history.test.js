// The history of a training: which steps are kept, that frames are the weights of those steps, and what becomes of it when
// the training is cut.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { build, wasmBytes } from './lib/core.js'
import { SIDE, picture } from './lib/dataset.js'
import { halfBits, readTensors } from './lib/tensor-file.js'
import { cut, met } from './lib/training.js'

const command = join(build, 'native/backlight')
const classes = ['green', 'red', 'blue']
let folder
const at = (...names) => join(folder, ...names)
const call = (...args) => spawnSync(command, args, { encoding: 'utf8' })
function succeed(...args) {
  const done = call(...args)
  assert.equal(done.status, 0, done.stderr)
  return done
}
const train = (name, ...more) => ['train', at('net.recipe'), '--data', at('data'), '--out', at(`${name}.onnx`), '--history', at(`${name}.history.onnx`), ...more]
const history = (name) => readTensors(readFileSync(at(`${name}.history.onnx`)))
const steps = ({ 'backlight.step': { data } }) => Array.from(data, Number)

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'backlight-history-'))
  classes.forEach((name, strong) => {
    mkdirSync(at('data', 'train', name), { recursive: true })
    for (let i = 0; i < 20; i++) writeFileSync(at('data', 'train', name, `${i}.png`), picture(strong))
  })
  writeFileSync(at('net.txt'), `input x 3x${SIDE}x${SIDE}
labels ${classes.join('; ')}
c1 = conv x 6 3x3 nobias
n1 = batchnorm c1
r1 = relu n1
p = globalavgpool r1
f = flatten p
out = dense f 3
`)
  writeFileSync(at('net.recipe'), 'network = net.txt\nepochs = 8\nbatch = 12\nshards = 2\noptimiser = sgd\nrate = 0.05\naverage = 0.8\n')
})
after(() => rmSync(folder, { recursive: true, force: true }))

// The network's weights under their names.
async function weightsOf(bytes, options) {
  const core = await BacklightCore.load({ bytes: wasmBytes() })
  const model = core.open(bytes, options)
  const view = model.view()
  const weights = Object.fromEntries(model.info.values.filter(({ constant, type, shape }) => constant && type === 'float' && shape.length).map(({ id, name }) => [name, view.value(id)]))
  view.close()
  model.close()
  return weights
}

for (const kept of [false, true])
  test(`first frame: as drawn; last frame: the trained network, batch normalisation ${kept ? 'kept' : 'folded'}`, async () => {
    const name = kept ? 'kept' : 'folded'
    const more = kept ? ['--set', 'batchnorm=kept'] : []
    succeed(...train(name, ...more))
    const file = await history(name)
    assert.deepEqual(steps(file), [0, 1, 2, 3, 4, 5, 6, 10, 15, 22, 30, 40])
    assert.equal(Number(file['backlight.epoch_steps'].data[0]), 5)
    const trained = await weightsOf(readFileSync(at(`${name}.onnx`)), { keepBatchnorm: kept })
    assert.deepEqual(Object.keys(file).filter((name) => !name.startsWith('backlight.')).sort(), Object.keys(trained).sort())
    // the network itself keeps the weights of layers in half precision, the others in single
    for (const [name, { data, shape }] of Object.entries(trained)) {
      assert.deepEqual(file[name].shape, [12, ...shape])
      assert.equal(file[name].type, 'float16')
      assert.deepEqual(Array.from(file[name].data.slice(-data.length)), Array.from(data, halfBits), name)
    }
    // a training of no step at all would have these
    succeed('build', at('net.txt'), '--seed', '1', at('drawn.onnx'))
    const drawn = await weightsOf(readFileSync(at('drawn.onnx')), { keepBatchnorm: kept })
    const first = file['out.weight'] ? 'out.weight' : Object.keys(drawn).find((name) => drawn[name].shape.length === 2)
    assert.deepEqual(Array.from(file[first].data.slice(0, drawn[first].data.length)), Array.from(drawn[first].data, halfBits))
  })

test('a frame in the middle is what a training that ends there has', async () => {
  // A constant rate, so that the end is not seen from afar.
  const constant = ['--set', 'schedule=constant', '--set', 'warmup=0']
  succeed(...train('long', ...constant))
  const long = await history('long')
  succeed(...train('short', ...constant, '--set', 'epochs=2', '--history-count', '3'))
  const short = await history('short')
  assert.deepEqual(steps(short), [0, 1, 10])
  for (const name of Object.keys(short).filter((name) => !name.startsWith('backlight.'))) {
    const n = short[name].data.length / 3
    assert.deepEqual(short[name].data.slice(2 * n), long[name].data.slice(7 * n, 8 * n), name) // step 10
    assert.notDeepEqual(long[name].data.slice(7 * n, 8 * n), long[name].data.slice(8 * n, 9 * n), name)
  }
})

test('more frames than steps: every step once', async () => {
  succeed(...train('few', '--set', 'epochs=1', '--history-count', '100'))
  assert.deepEqual(steps(await history('few')), [0, 1, 2, 3, 4, 5])
})

test('killed and taken up again, a training gives the same history', async () => {
  const args = (epochs) => [...train('cut', '--set', `epochs=${epochs}`), '--checkpoint', at('cut.check'), '--every', '0']
  const epochs = await met(60, async (epochs) => {
    for (const name of ['cut.check', 'cut.history.onnx']) rmSync(at(name), { force: true })
    return (await cut(command, args(epochs), at('cut.check'), 'SIGKILL')).by === 'SIGKILL'
  })
  const early = steps(await history('cut'))
  assert.ok(early.length < 12, 'it was not cut')
  assert.match(succeed(...args(epochs)).stderr, /going on from/)
  succeed(...train('straight', '--set', `epochs=${epochs}`))
  assert.ok(readFileSync(at('cut.history.onnx')).equals(readFileSync(at('straight.history.onnx'))), 'the histories differ')
})

test('frames beyond the checkpoint come again; those that are lost are told; another history is refused', async () => {
  const args = [...train('back'), '--checkpoint', at('back.check')]
  succeed(...args, '--stop-after', '2')
  copyFileSync(at('back.check'), at('early.check'))
  copyFileSync(at('back.history.onnx'), at('early.history.onnx'))
  succeed(...args)
  const whole = readFileSync(at('back.history.onnx'))
  // the file is ahead of the checkpoint
  copyFileSync(at('early.check'), at('back.check'))
  succeed(...args)
  assert.ok(readFileSync(at('back.history.onnx')).equals(whole))
  // the file is gone
  copyFileSync(at('early.check'), at('back.check'))
  rmSync(at('back.history.onnx'))
  assert.match(succeed(...args).stderr, /7 frames of before are not in .*back\.history\.onnx: the history goes without them/)
  assert.deepEqual(steps(await history('back')), [10, 15, 22, 30, 40])
  // the file is of another training, or none
  copyFileSync(at('early.check'), at('back.check'))
  succeed(...train('other', '--set', 'seed=2', '--set', 'epochs=1'))
  for (const [file, words] of [['other.history.onnx', 'is the history of another training'], ['other.onnx', 'this is a network, not a file of tensors alone']]) {
    copyFileSync(at(file), at('back.history.onnx'))
    const refused = call(...args)
    assert.notEqual(refused.status, 0)
    assert.ok(refused.stderr.includes(words), refused.stderr)
    assert.ok(readFileSync(at('back.history.onnx')).equals(readFileSync(at(file))))
  }
})

test('a history that cannot be written ends the training at its end alone', () => {
  const done = call(...train('none').map((arg) => arg.replace('none.history.onnx', 'no/such/folder.onnx')))
  assert.match(done.stderr, /no history at step 0: .*folder\.onnx cannot be written/)
  assert.equal(done.status, 3)
})
