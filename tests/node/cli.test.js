// The command `backlight` as a shell user meets it: help from the tables, results, messages, exit codes.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BacklightCore } from '../../wasm/core.js'
import { wasmBytes } from './lib/core.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = join(root, process.env.BACKLIGHT_BUILD || 'build', 'native/backlight')
const panda = join(root, 'public/samples/red-panda.jpg')
const folder = mkdtempSync(join(tmpdir(), 'backlight-cli-'))
const net = join(folder, 'net.onnx')
after(() => rmSync(folder, { recursive: true }))

const TEXT = `input x 3x32x32
title a small network
labels cat; red panda; kite
mean 0.5 0.5 0.5
std 0.25 0.25 0.25
conv1 = conv x 4 3x3 pad 1
relu1 = relu conv1
pool1 = maxpool relu1 2x2 stride 2
flat = flatten pool1
scores = dense flat 3
prob = softmax scores
`

function run(...args) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 })
  return { code: status, out: stdout, err: stderr }
}
// Runs, wants that exit code, and text in the given stream.
function expect(code, stream, pattern, ...args) {
  const r = run(...args)
  assert.equal(r.code, code, `backlight ${args.join(' ')}: ${r.err}${r.out}`)
  assert.match(r[stream], pattern)
  return r
}
const PLOT = 24 + 200 // rows of a figure of curves above their axis: its margin and its height
const pngSize = (file) => {
  const bytes = readFileSync(file)
  assert.equal(bytes.toString('latin1', 1, 4), 'PNG')
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
}

before(() => {
  writeFileSync(join(folder, 'net.txt'), TEXT)
  expect(0, 'err', /net\.onnx: \d+ bytes/, 'build', 'net.txt', net, '--seed', '3')
})

describe('help', () => {
  test('lists every command and every method of the tables', () => {
    const { out } = expect(0, 'out', /Usage: backlight COMMAND/, '--help')
    const manifest = JSON.parse(run('methods', '--json').out)
    assert.ok(manifest.methods.length >= 5)
    for (const m of manifest.methods) assert.ok(out.includes(`  ${m.id}`), m.id)
  })
  test('of every command names its options, of every method its parameters with range and default', () => {
    for (const name of ['info', 'profile', 'predict', 'build', 'methods', 'train', 'eval', 'judge']) expect(0, 'out', /Options:/, name, '--help')
    for (const m of JSON.parse(run('methods', '--json').out).methods) {
      const { out } = expect(0, 'out', /Examples:/, 'help', m.id)
      for (const p of m.params) assert.match(out, new RegExp(`--${p.name} .*`), `${m.id} ${p.name}`)
    }
  })
  test('without a command is wrong usage', () => expect(2, 'err', /Usage/))
})

describe('results', () => {
  test('info shows shapes, parameters and work', () => {
    const { out } = expect(0, 'out', /a small network/, 'info', net)
    assert.match(out, /conv1 .*1×4×32×32 +112 +110592/)
    const j = JSON.parse(run('info', net, '--json').out)
    assert.equal(j.schema, 1)
    assert.deepEqual(j.nodes[0].shape, [1, 4, 32, 32])
  })
  test('profile shows a time, a speed and a kernel for every layer', () => {
    const { out } = expect(0, 'out', /forward [\d.]+ ms, backward to the input [\d.]+ ms/, 'profile', net, '--passes', '3')
    assert.match(out, /^conv1 +Conv +[\d.]+ +[\d.]+ +products +[\d.]+ +[\d.]+ products$/m)
    assert.match(out, /^relu1 +Relu .*with the one before/m)
    const { nodes } = JSON.parse(run('profile', net, '--json', '--forward', '--passes', '1').out)
    assert.deepEqual(nodes.map(({ name }) => name).filter((name) => name !== 'prob'), ['conv1', 'relu1', 'pool1', 'flat', 'scores'])
    assert.ok(nodes.every(({ backward }) => backward === 0))
    expect(2, 'err', /passes/, 'profile', net, '--passes', '0')
  })
  test('predict gives probabilities that add up, largest first', () => {
    const { predictions } = JSON.parse(run('predict', net, panda, '--json').out)
    assert.equal(predictions.length, 3)
    assert.ok(Math.abs(predictions.reduce((s, p) => s + p.probability, 0) - 1) < 1e-5)
    assert.ok(predictions[0].probability >= predictions[1].probability && predictions[1].probability >= predictions[2].probability)
  })
  test('every method writes a sheet, JSON and CSV', () => {
    for (const { id } of JSON.parse(run('methods', '--json').out).methods) {
      const quick = id === 'dream' ? ['--size', '64', '--octaves', '1', '--steps', '2'] : []
      expect(0, 'err', new RegExp(`${id}\\.png: 1280×`), id, net, panda, ...quick)
      const [width, height] = pngSize(join(folder, `${id}.png`))
      assert.ok(width === 1280 && height > 120)
      const j = JSON.parse(run(id, net, panda, ...quick, '--json').out)
      assert.equal(j.legend.method, id)
      assert.ok(Object.keys(j.results).length > 0)
      expect(0, 'out', /,/, id, net, panda, ...quick, '--csv')
    }
  })
  test('a folder holds every result and the legend', () => {
    expect(0, 'err', /png/, 'fgsm', net, panda, '--folder', 'attack', '--eps', '12')
    const files = readdirSync(join(folder, 'attack'))
    assert.ok(files.includes('legend.json') && files.filter((f) => f.endsWith('.png')).length >= 4, files.join())
    assert.equal(JSON.parse(readFileSync(join(folder, 'attack/legend.json'), 'utf8')).parameters.eps, '12')
  })
  test('of curves that coincide all are seen', async () => {
    // Nothing gets through to the scores, whatever is deleted.
    const shut = [0, 1, 2, 3].map((k) => `relu1:${k}*0`).join(';')
    expect(0, 'err', /curves\.png/, 'deletion', net, panda, '--points', '8', '--edits', shut, '--out', 'curves.png', '--result', 'curves')
    const core = await BacklightCore.load({ bytes: wasmBytes() })
    const { width, pixels } = core.decode(readFileSync(join(folder, 'curves.png')))
    const seen = new Map()
    for (let i = 0; i < 4 * width * PLOT; i += 4) {
      const ink = pixels.slice(i, i + 3).join()
      seen.set(ink, (seen.get(ink) ?? 0) + 1)
    }
    const inks = [...seen.values()].sort((a, b) => b - a).slice(1, 1 + 4) // after the ground
    assert.ok(inks.length === 4 && inks[3] > 40, [...seen].join(' '))
  })
  test('the attacked picture, read again, is what the attack said it is', () => {
    const j = JSON.parse(run('pgd', net, panda, '--out', 'adv.png', '--json').out)
    assert.deepEqual(pngSize(join(folder, 'adv.png')), [32, 32])
    const row = (name) => j.results.facts.rows.find((r) => r.name === name).value
    const [first] = JSON.parse(run('predict', net, 'adv.png', '--json').out).predictions
    assert.equal(first.label, row('after'))
    assert.ok(Math.abs(first.probability - row('p_after')) < 1e-6)
  })
  test('a class can be named', () => {
    const j = JSON.parse(run('gradient', net, panda, '--objective', 'class:"red panda"', '--json').out)
    assert.equal(j.legend.class, 1)
  })
  test('the same seed gives the same bytes', () => {
    for (const name of ['a.onnx', 'b.onnx']) run('build', 'net.txt', name, '--seed', '9')
    assert.deepEqual(readFileSync(join(folder, 'a.onnx')), readFileSync(join(folder, 'b.onnx')))
    assert.notDeepEqual(readFileSync(join(folder, 'a.onnx')), readFileSync(net))
  })
})

describe('what is wrong is said', () => {
  test('unknown command, option, method parameter', () => {
    expect(2, 'err', /no command "gradeint"; is it "gradient"/, 'gradeint', net)
    expect(2, 'err', /no option --sheeet; is it "sheet"/, 'gradient', net, panda, '--sheeet', 'x.png')
    expect(2, 'err', /--sheet wants a value/, 'gradient', net, panda, '--sheet')
    expect(2, 'err', /--json takes no value/, 'gradient', net, panda, '--json=yes')
    expect(2, 'err', /one argument too many/, 'gradient', net, panda, panda)
    expect(2, 'err', /missing/, 'gradient', net)
    expect(2, 'err', /two dashes/, 'gradient', net, panda, '-x')
    expect(2, 'err', /ε|eps/, 'fgsm', net, panda, '--eps', '300')
    expect(2, 'err', /whole number/, 'build', 'net.txt', 'x.onnx', '--seed', 'many')
  })
  test('unknown layers and classes, with the nearest', () => {
    expect(2, 'err', /relu1/, 'maps', net, panda, '--layer', 'relu11')
    expect(2, 'err', /red panda/, 'gradient', net, panda, '--objective', 'class:"red pandas"')
  })
  test('files that are missing or not what they should be', () => {
    expect(3, 'err', /nowhere\.onnx/, 'info', 'nowhere.onnx')
    expect(3, 'err', /nowhere\.png/, 'predict', net, 'nowhere.png')
    writeFileSync(join(folder, 'notes.png'), 'just some words\n')
    expect(3, 'err', /notes\.png is not a picture: it begins like a text file/, 'predict', net, 'notes.png')
    writeFileSync(join(folder, 'empty.png'), '')
    expect(3, 'err', /empty/, 'predict', net, 'empty.png')
    copyFileSync(net, join(folder, 'cut.onnx'))
    truncateSync(join(folder, 'cut.onnx'), 700)
    expect(3, 'err', /cut|end|byte/, 'info', 'cut.onnx')
    writeFileSync(join(folder, 'random.onnx'), Buffer.from(Array.from({ length: 999 }, (_, i) => (i * 7919) % 251)))
    const { code } = run('info', 'random.onnx')
    assert.ok(code === 3 || code === 4)
  })
  test('as JSON where JSON was asked for', () => {
    const { error } = JSON.parse(expect(3, 'out', /error/, 'predict', net, 'notes.png', '--json').out)
    assert.equal(error.code, 'format')
    assert.match(error.message, /notes\.png/)
  })
  test('places that cannot be written', () => expect(3, 'err', /cannot/, 'gradient', net, panda, '--out', join(folder, 'no/where.png')))
})
