// The page's own arithmetic, without a browser: addresses, columns and places, colour scales, pixels, numbers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { paintMap } from '../../web/src/lib/draw.js'
import { middle, number, probability, signed } from '../../web/src/lib/format.js'
import { DEFAULTS, parse, print } from '../../web/src/lib/hash.js'
import { arcsOf, channelsOf, columnsOf, foldBlocks, place } from '../../web/src/lib/layout.js'
import { describe, layerText } from '../../web/src/lib/objective.js'
import { contributions, orderOf, percentileOf, summary } from '../../web/src/lib/stats.js'

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
const node = (id, name, op, inputs, mixesChannels) => ({ id, name, op, inputs, output: id + 1, attributes: {}, mixesChannels })
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

test('numbers and objectives in words', () => {
  assert.deepEqual([0.3571, -0.05, 12.345, 0, 3, -1e-7, 123456].map((v) => number(v)), ['0.357', '−0.0500', '12.3', '0', '3', '−1.0·10⁻⁷', '1.2·10⁵'])
  assert.equal(signed(2), '+2')
  assert.deepEqual([0.0001, 0.9051, 0.99999, 0, 1].map(probability), ['<0.001', '0.905', '>0.999', '0', '1'])
  assert.equal(middle('max_pool_2', 8).length, 8)
  const label = (k) => ['pizza', 'koala'][k]
  assert.deepEqual(describe('class:1-0', label), { text: 'class:1-0', name: 'koala − pizza', index: 1, other: 0 })
  assert.equal(describe('conv_2_1:3', label).name, 'conv_2_1, channel 4')
  assert.equal(describe('"a b":0', label).name, 'a b, channel 1')
  assert.equal(layerText('a b'), '"a b"')
})
