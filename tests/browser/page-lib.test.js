// The page's own arithmetic, without a browser: addresses, columns and places, colour scales, pixels, numbers.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { arrange, openedBy } from '../../web/src/lib/arrange.js'
import { blocksOf, foldGroups, lanesOf } from '../../web/src/lib/blocks.js'
import { readCrop, writeCrop } from '../../web/src/lib/crop.js'
import { changedChannels, readEdits, withEdit, writeEdits } from '../../web/src/lib/edits.js'
import { painted, readPaint, writePaint } from '../../web/src/lib/paint.js'
import { windowOf } from '../../web/src/lib/window.js'
import { paintMap } from '../../web/src/lib/draw.js'
import { middle, number, probability, signed } from '../../web/src/lib/format.js'
import { DEFAULTS, parse, print } from '../../web/src/lib/hash.js'
import { arcsOf, channelsOf, columnsOf, foldBlocks, place } from '../../web/src/lib/layout.js'
import { describe, layerText } from '../../web/src/lib/objective.js'
import { contributions, orderOf, percentileOf, summary } from '../../web/src/lib/stats.js'

const core = await BacklightCore.load({ bytes: readFileSync(join(process.env.BACKLIGHT_BUILD ?? 'build', 'wasm/backlight.wasm')) })
const random = (seed) => () => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32)

test('an address survives being printed and read, whatever it holds; garbage gives the defaults', () => {
  const r = random(7)
  const letters = 'abcXYZ019 _-./:;,"\\=&#%+é日'
  const word = () => Array.from({ length: Math.floor(r() * 12) }, () => letters[Math.floor(r() * letters.length)]).join('')
  for (let i = 0; i < 500; i++) {
    const address = { ...structuredClone(DEFAULTS), model: word() || 'x', picture: word() || 'y', pin: word(), lab: word(), method: word(), goal: word(), unit: word() }
    address.dir = r() < 0.5 ? 'forward' : 'backward'
    address.params = Object.fromEntries([['eps', String(Math.floor(r() * 9))], ['layer', word()]].filter(([, v]) => v !== ''))
    const back = parse(print(address))
    assert.deepEqual(back, address)
    assert.equal(print(back), print(address))
  }
  for (const text of ['', '#', '#v=99&dir=backward', '#dir=up&scale=huge&params=%%%', '#%E0%A4%A', '#' + '&='.repeat(999)]) {
    const got = parse(text)
    assert.equal(got.dir, 'forward')
    assert.equal(got.scale, 'block')
    assert.deepEqual(got.params, {})
  }
})

// A network as the API describes it: c1 r1 c2 a1(r1, c2) r2 g flatten dense softmax.
const value = (id, name, shape) => ({ id, name, shape, constant: false, producer: id - 1 })
const node = (id, name, op, inputs, mixesChannels) => ({ id, name, op, inputs, output: id + 1, attributes: {}, mixesChannels, alias: op === 'Flatten' })
const residual = {
  input: { id: 0, name: 'x', channels: 3, height: 32, width: 32 }, output: 9, scores: 8,
  values: [value(0, 'x', [1, 3, 32, 32]), value(1, 'c1', [1, 24, 32, 32]), value(2, 'r1', [1, 24, 32, 32]), value(3, 'c2', [1, 24, 32, 32]), value(4, 'a1', [1, 24, 32, 32]), value(5, 'r2', [1, 24, 32, 32]), value(6, 'g', [1, 24, 1, 1]), value(7, 'f', [1, 24]), value(8, 'out', [1, 5]), value(9, 'p', [1, 5])],
  nodes: [node(0, 'c1', 'Conv', [0], true), node(1, 'r1', 'Relu', [1], false), node(2, 'c2', 'Conv', [2], true), node(3, 'a1', 'Add', [2, 3], false), node(4, 'r2', 'Relu', [4], false), node(5, 'g', 'GlobalAveragePool', [5], false), node(6, 'f', 'Flatten', [6], false), node(7, 'out', 'Gemm', [7], true), node(8, 'p', 'Softmax', [8], false)],
}

test('columns follow the graph: reshaping and the head are left out, branches keep both sources, blocks begin at what mixes', () => {
  const columns = columnsOf(residual)
  assert.deepEqual(columns.map((c) => c.name), ['input', 'c1', 'r1', 'c2', 'a1', 'r2', 'g'])
  assert.deepEqual(columns.map((c) => c.kind), ['input', 'maps', 'maps', 'maps', 'maps', 'maps', 'numbers'])
  assert.deepEqual(columns[4].sources, [2, 3])
  assert.deepEqual(columns.map((c) => c.block), [0, 1, 1, 2, 3, 3, 4])
  assert.deepEqual(arcsOf(columns), [[2, 4]])
  const folded = foldBlocks(columns)
  assert.deepEqual(folded.map((c) => c.name), ['input', 'c1', 'c2', 'a1', 'g'])
  assert.deepEqual(arcsOf(folded), [[1, 3]], 'the shortcut begins at the block that holds its source')
  assert.equal(channelsOf(columns[1], null).length, 6)
  assert.equal(channelsOf(columns[0], null).length, 3)
})

test('places: every column inside, none over another, long gaps before what mixes', () => {
  const columns = columnsOf(residual)
  for (const width of [420, 560, 752, 964, 1400]) {
    const g = place(columns, { width, height: 744, rows: 5, top: 84, bottom: 44, inset: 28, right: 62 })
    if (!g.fits) continue
    g.xs.forEach((x, i) => i && assert.ok(x >= g.xs[i - 1] + g.tile + 8, `${width}: columns ${i - 1} and ${i}`))
    assert.ok(g.right <= width - 62 + 1, `${width}: ${g.right}`)
    assert.ok(g.xs[3] - g.xs[2] > g.xs[2] - g.xs[1], 'the gap before c2 is the longer one')
    assert.ok(g.top + g.rows * g.pitch <= 744 - 44)
  }
})

// Four times the residual block, each with its own shortcut, and two layers that branch and are joined.
function deep(times) {
  const values = [value(0, 'x', [1, 3, 32, 32])]
  const nodes = []
  const add = (name, op, inputs, mixes) => {
    const id = values.length
    values.push(value(id, name, [1, 24, 32, 32]))
    nodes.push({ ...node(nodes.length, name, op, inputs, mixes), output: id, attributes: op === 'Conv' ? { kernel_shape: [3, 3] } : {} })
    return id
  }
  let x = add('stem', 'Conv', [0], true)
  for (let i = 0; i < times; i++) x = add(`b${i}.r`, 'Relu', [add(`b${i}.a`, 'Add', [add(`b${i}.c2`, 'Conv', [add(`b${i}.r1`, 'Relu', [add(`b${i}.c1`, 'Conv', [x], true)], false)], true), x], false)], false)
  const [l, r] = [add('left', 'Conv', [x], true), add('right', 'Conv', [x], true)]
  x = add('both', 'Concat', [l, r], false)
  return { input: residual.input, output: x, scores: -1, values, nodes }
}

test('blocks: each holds its shortcut, branches are joined inside, what repeats is folded until it fits', () => {
  const columns = columnsOf(deep(4))
  const groups = blocksOf(columns)
  assert.deepEqual(groups.map((g) => g.map((c) => c.name)), [['input'], ['stem'], ...[0, 1, 2, 3].map((i) => [`b${i}.c1`, `b${i}.r1`, `b${i}.c2`, `b${i}.a`, `b${i}.r`]), ['left', 'right', 'both']])
  assert.deepEqual(foldGroups(groups).map((c) => c.name), ['input', 'stem', 'b0', 'b1', 'b2', 'b3', 'left'])
  assert.deepEqual(arcsOf(foldGroups(groups)), [], 'no shortcut leaves its block')
  assert.deepEqual(groups.flat(), columns, 'every column once, in order')
  const lanes = lanesOf(foldBlocks(groups.at(-1)))
  assert.deepEqual(lanes.map((l) => [l.column.name, l.step, l.lane]), [['left', 0, 0], ['right', 0, 1], ['both', 1, 0.5]])
  // A chain without branches: what occurs together most often.
  const chain = columnsOf({ ...deep(0), nodes: deep(0).nodes.slice(0, 1), values: deep(0).values.slice(0, 2) })
  assert.equal(blocksOf(chain, 1).length, 2)
})

test('a block is called what the names of its layers share; two of one name, and names that share nothing, by their first layer', () => {
  const column = (id, name, sources, mixesChannels = true) => ({ id, name, sources, kind: 'maps', channels: 8, height: 4, width: 4, block: id, node: { op: 'Conv', attributes: {}, mixesChannels } })
  const names = (...groups) => foldGroups(groups.map((list, g) => list.map(([name, sources, mixes], i) => column(100 * g + i, name, sources, mixes)))).map((c) => c.name)
  const mixed = (n) => [[`mixed${n}_3x3`, [9]], [`mixed${n}_relu`, [9], false], [`mixed${n}_join`, [8, 9]], [`mixed${n}`, [9], false], [`pool${n}`, [9], false]]
  assert.deepEqual(names(mixed(3), mixed(4)), ['mixed3', 'mixed4'])
  assert.deepEqual(names([...mixed(3), ...mixed(4)], [['conv', [9]], ['relu', [9], false]]), ['mixed3…mixed4', 'conv'])
  assert.deepEqual(names([['a.one', [9]], ['a.two', [9]]], [['a.three', [9]], ['a.four', [9]]], [['x', [9]], ['y', [9]]]), ['a.one', 'a.three', 'x'])
  assert.deepEqual(names([['layer1.0.conv1', [9]], ['layer1.0.conv2', [9]]], [['layer1.1.conv1', [9]], ['layer1.1.conv2', [9]]]), ['layer1.0', 'layer1.1'])
})
test('height that is left holds more channels; channels are left out before tiles get too small to read', () => {
  const wide = (channels) => [[3, 'input'], ...[1, 2, 3, 4, 5, 6, 7, 8].map(() => [channels, 'maps'])].map(([n, kind], i) => ({ id: i, name: `c${i}`, kind, channels: n, height: 8, width: 8, block: i, sources: i ? [i - 1] : [], node: i ? { op: 'Conv', attributes: {}, mixesChannels: true } : null }))
  const box = { width: 924, height: 744, rows: 5, top: 84, bottom: 44, inset: 28, right: 62 }
  const many = arrange(wide(64), box)
  assert.equal(many.tile, 64)
  assert.ok(many.few >= 8 && many.rows === many.few && many.few * many.pitch <= 744 - 84 - 44, `${many.few} of ${many.pitch}`)
  const some = arrange(wide(16), box)
  assert.ok(some.tile >= 44 && some.few < 16, `${some.few} of ${some.tile}`)
  assert.equal(arrange(wide(10), box).rows, 10, 'ten are all shown')
  assert.equal(arrange(wide(12), { ...box, height: 600 }).rows, 12, 'however small')
})
test('arranging: every layer where there is room, blocks where there is none; two rows stay above an opened layer', () => {
  const columns = columnsOf(deep(6))
  const box = { width: 924, height: 744, rows: 5, top: 84, bottom: 44, inset: 28, right: 62 }
  const wide = arrange(columns, { ...box, width: 3000 })
  assert.equal(wide.columns.length, columns.length)
  const some = arrange(columns, box)
  assert.equal(some.blocks, true)
  assert.ok(some.fits && some.tile >= 36, `${some.tile}`)
  some.xs.forEach((x, i) => i && assert.ok(x >= some.xs[i - 1] + some.wide + 8, `columns ${i - 1} and ${i}`))
  const opened = arrange(columns, { ...box, height: 290, rows: 2 }, true)
  assert.equal(opened.rows, 2)
  assert.deepEqual(openedBy(columns, opened, 'b2.c2').layers.map((c) => c.name), ['b2.c1', 'b2.r1', 'b2.c2', 'b2.a', 'b2.r'])
  assert.equal(openedBy(columns, opened, 'nowhere'), null)
})

test('percentiles are those of a full sort; contributions add up', () => {
  const r = random(3)
  for (const n of [1, 2, 7, 100, 5001]) {
    const v = Float32Array.from({ length: n }, () => r() * 4 - 2)
    const sorted = Float32Array.from(v, Math.abs).sort()
    for (const q of [0, 50, 99.5, 100]) {
      const at = (q / 100) * (n - 1)
      const low = Math.floor(at)
      const want = sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low])
      assert.ok(Math.abs(percentileOf([v.slice(0, n >> 1), v.slice(n >> 1)], q) - want) < 1e-6, `${n} ${q}`)
    }
  }
  const a = { shape: [1, 2, 1, 2], data: Float32Array.of(1, 2, 3, 4) }
  const g = { shape: [1, 2, 1, 2], data: Float32Array.of(1, -1, 0.5, 0) }
  assert.deepEqual([...contributions(a, g)], [-1, 1.5])
  assert.deepEqual(['index', 'contribution', 'mean'].map((by) => orderOf(by, 2, a, g)), [[0, 1], [1, 0], [1, 0]])
  assert.deepEqual(summary(Float32Array.of(9, 0, 2, -1), 1, 3), { low: -1, high: 2, mean: 1 / 3, above: 1 / 3, silent: false })
})

test('a map larger than its tile is averaged before it is coloured; a smaller one keeps its cells', () => {
  const table = Uint32Array.from({ length: 256 }, (_, i) => i)
  const out = new Uint32Array(4)
  paintMap(out, 2, 0, 0, 2, 2, Float32Array.from({ length: 16 }, (_, i) => (i % 2 ? 1 : -1)), 0, 4, 4, table, 1)
  assert.deepEqual([...out], [128, 128, 128, 128], 'plus and minus cancel to zero')
  paintMap(out, 2, 0, 0, 2, 2, new Float32Array(16).fill(0.5), 0, 4, 4, table, 1)
  assert.deepEqual([...out], [191, 191, 191, 191], 'a mean, not a sum')
  const large = new Uint32Array(16)
  paintMap(large, 4, 0, 0, 4, 4, Float32Array.of(1, -1, 0, 2), 0, 2, 2, table, 1)
  assert.deepEqual([...large], [255, 255, 0, 0, 255, 255, 0, 0, 128, 128, 255, 255, 128, 128, 255, 255])
  paintMap(out, 2, 0, 0, 2, 2, Float32Array.of(NaN, 1, 1, 1), 0, 2, 2, table, 1)
  assert.equal(out[0], 128, 'what is no number is drawn neutral')
})

test('strokes, edits and crops survive being written and read; what does not fit is left out', () => {
  const r = random(11)
  const pick = (n) => Math.floor(r() * n)
  for (let i = 0; i < 200; i++) {
    const strokes = Array.from({ length: pick(4) }, () => ({ size: 1 + pick(40), colour: ['mean', 'ff0010', '000000'][pick(3)], points: Array.from({ length: 1 + pick(5) }, () => [pick(300), pick(300)]) }))
    assert.deepEqual(readPaint(writePaint(strokes)), strokes)
    const edits = Array.from({ length: pick(4) }, (_, k) => [{ layer: '"a b"', channel: k, input: -1, factor: 0, numbers: null }, { layer: 'x/y.1', channel: k, input: 2, factor: null, numbers: [1.5, -0.25, 0, 1e-5] }, { layer: 'c', channel: k, input: -1, factor: null, numbers: null }][pick(3)])
    assert.deepEqual(readEdits(writeEdits(edits)), edits)
    const [w, h] = [8 + pick(500), 8 + pick(500)]
    const crop = readCrop(`${pick(2000)},${pick(2000)},${pick(1200)}`, w, h)
    assert.ok(crop.x >= 0 && crop.y >= 0 && crop.side >= 1 && crop.x + crop.side <= w && crop.y + crop.side <= h, JSON.stringify(crop))
    const again = readCrop(writeCrop(crop, w, h), w, h)
    for (const key of ['x', 'y', 'side']) assert.ok(Math.abs(again[key] - crop[key]) <= 1, `${key} of ${JSON.stringify(crop)}`)
  }
  assert.deepEqual(readPaint('9_x.y.z_0.mean.0000_5.mean.00_3.ffffff.0102'), [{ size: 3, colour: 'ffffff', points: [[1, 2]] }])
  assert.deepEqual(readEdits('c:1*;c:x*0;c:2*0;nonsense'), [{ layer: 'c', channel: 2, input: -1, factor: 0, numbers: null }])
  assert.equal(withEdit(readEdits('c:2*0;c:3*0'), { layer: 'c', channel: 2, input: -1, factor: 1, numbers: null }, true).length, 1)
})

test('a brush paints its cells and no other; erasing takes the mean colour', () => {
  const picture = { width: 8, height: 8, pixels: new Uint8ClampedArray(256).fill(255) }
  picture.pixels.fill(55, 0, 128)
  const cells = (p) => Array.from({ length: 64 }, (_, i) => p.pixels[4 * i]).join('')
  const one = painted(picture, [{ size: 1, colour: '070809', points: [[3, 2]] }])
  assert.deepEqual([...one.pixels.subarray(4 * 19, 4 * 20)], [7, 8, 9, 255])
  assert.equal(one.pixels.filter((v, i) => v !== picture.pixels[i]).length, 4, 'one cell: three colours and its opacity')
  const line = painted(picture, [{ size: 1, colour: '000000', points: [[0, 5], [7, 5]] }])
  for (let x = 0; x < 8; x++) assert.equal(line.pixels[4 * (40 + x)], 0, `cell ${x} of the line`)
  const erased = painted(picture, [{ size: 16, colour: 'mean', points: [[4, 4]] }])
  assert.equal(new Set(cells(erased).match(/.{3}/g)).size, 1)
  assert.equal(erased.pixels[0], 155, 'the mean of 55 and 255')
  assert.equal(picture.pixels[0], 55, 'the picture itself stays')
})

test('channels that differ are found; a window covers the cells it should', () => {
  const value = (...data) => ({ data: Float32Array.from(data) })
  assert.deepEqual([...changedChannels(value(1, 2, 3, 4), value(1, 2, 3, 4.5), 2)], [0, 1])
  assert.deepEqual([...changedChannels(value(1, 2, 3, 4), value(1, 2, 3, 4 + 1e-6), 2)], [0, 0])
  assert.deepEqual(windowOf({ k: 3, stride: 2, pad: 1, dilation: 2 }, 0, 1).map((c) => [c.row, c.column]), [-1, 1, 3].flatMap((r) => [1, 3, 5].map((c) => [r, c])))
})

test('numbers and objectives in words', () => {
  assert.deepEqual([0.3571, -0.05, 12.345, 0, 3, -1e-7, 123456].map((v) => number(v)), ['0.357', '−0.0500', '12.3', '0', '3', '−1.0·10⁻⁷', '1.2·10⁵'])
  assert.equal(signed(2), '+2')
  assert.deepEqual([0.0001, 0.9051, 0.99999, 0, 1].map(probability), ['<0.001', '0.905', '>0.999', '0', '1'])
  assert.equal(middle('max_pool_2', 8).length, 8)
  const label = (k) => ['pizza', 'koala'][k]
  assert.deepEqual(describe('class:1-0', label), { text: 'class:1-0', name: 'koala − pizza', index: 1, other: 0, layer: '', channel: -1 })
  assert.equal(describe('conv_2_1:3', label).name, 'conv_2_1, channel 4')
  assert.equal(describe('"a b":0', label).name, 'a b, channel 1')
  assert.equal(describe('c:4@2,3', label).name, 'c, channel 5, row 2, column 3')
  assert.equal(layerText('a b'), '"a b"')
})
