// Receptive fields as JavaScript looks them up: a pixel reaches exactly the places that can see it, and both are what the core
// sends gradient to.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { Fields } from '../../wasm/fields.js'
import { wasmBytes } from './lib/core.js'

const TEXT = 'input x 1x24x20\nmean 0\nstd 1\nchannels grey\nc1 = conv x 3 3x5 stride 2 pad 1\nr1 = sigmoid c1\np1 = avgpool r1 3x3 stride 2\nc2 = conv p1 4 3x3 pad 2 dilation 2\na1 = add c2 c2\ng = globalavgpool a1\nf = flatten g\nout = dense f 3\n'

test('a place sees the pixels that its gradient reaches; a pixel reaches the places that see it', async () => {
  const core = await BacklightCore.load({ bytes: wasmBytes() })
  const model = core.openText(TEXT)
  const view = model.view()
  view.forward({ width: 20, height: 24, pixels: Uint8Array.from({ length: 4 * 480 }, (_, i) => (i * 7919) % 256) })
  const input = model.info.input.id
  const fields = new Fields({ ...view.fields(), input })
  const id = (/** @type {string} */ name) => model.info.values.find((/** @type {any} */ v) => v.name === name).id
  const box = (/** @type {Float32Array} */ data) => {
    const most = Math.max(...data.map(Math.abs))
    const at = [...data.keys()].filter((i) => Math.abs(data[i]) > 1e-6 * most)
    const [rows, columns] = [at.map((i) => Math.floor(i / 20)), at.map((i) => i % 20)]
    return { r0: Math.min(...rows), r1: Math.max(...rows), c0: Math.min(...columns), c1: Math.max(...columns) }
  }
  let seen = 0
  for (const name of ['c1', 'p1', 'c2', 'a1']) {
    const [, , height, width] = view.value(id(name)).shape
    for (let row = 0; row < height; row += 2)
      for (let column = 0; column < width; column++) {
        view.backward(`${name}:0@${row},${column}`)
        assert.deepEqual(fields.of(id(name), row, column), box(view.gradient(input).data), `${name} ${row},${column}`)
        seen++
      }
  }
  assert.ok(seen > 60)
  for (const [row, column] of [[0, 0], [7, 3], [12, 19], [21, 8], [23, 19]]) {
    const reached = fields.reach(row, column)
    for (const name of ['x', 'c1', 'r1', 'p1', 'c2', 'out']) {
      const [, , height = 1, width = 1] = view.value(id(name)).shape
      const places = []
      for (let r = 0; r < height; r++)
        for (let c = 0; c < width; c++) {
          const field = fields.of(id(name), r, c)
          if (field && field.r0 <= row && row <= field.r1 && field.c0 <= column && column <= field.c1) places.push([r, c])
        }
      const told = reached.get(id(name))
      if (!places.length) assert.equal(told, undefined, `${name} from ${row},${column}`)
      else assert.deepEqual(told, { r0: Math.min(...places.map(([r]) => r)), r1: Math.max(...places.map(([r]) => r)), c0: Math.min(...places.map(([, c]) => c)), c1: Math.max(...places.map(([, c]) => c)) })
    }
  }
  assert.equal(fields.of(id('c1'), 99, 0), null)
  assert.deepEqual(fields.of(id('out'), 0, 0), { r0: 0, r1: 21, c0: 0, c1: 19 }, 'behind global pooling a place sees all that the windows before it read')
  view.close()
  model.close()
})
