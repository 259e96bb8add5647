// Explanations: the terms of a number add up to it, forwards and backwards, for every operator in all its forms, whole
// channels too.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { NETWORK, refused, wasmBytes } from './lib/core.js'
import { operatorCases } from './lib/operator-cases.js'
import { Random } from './lib/random.js'
import { tolerance } from './lib/tolerances.js'

let core
before(async () => {
  core = await BacklightCore.load({ bytes: wasmBytes() })
})

const noise = (width, height, seed) => {
  const random = new Random(seed)
  return { width, height, pixels: Uint8Array.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : random.int(0, 255))) }
}

/** Is every sum its number? The error in parts of the products' sizes, or of the largest number of the tensor. */
function worst(view, id, gradient, numbers) {
  const largest = numbers.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  const step = 1 + Math.floor(numbers.data.length / 12)
  let error = 0
  for (let i = 0; i < numbers.data.length; i += step) {
    const { parts, number, sum } = view.explain(id, i, { gradient })
    assert.equal(number, numbers.data[i])
    let total = 0
    let size = 0
    for (const p of parts) {
      assert.equal(p.role.filter((r) => r <= 1).length, p.groups * p.rows * p.columns)
      p.product.forEach((v, k) => {
        if (p.role[k] === 3) return
        total += v
        size += Math.abs(v)
      })
    }
    assert.ok(Math.abs(total - sum) <= 1e-12 * (1 + size))
    if (size || largest) error = Math.max(error, Math.abs(total - number) / Math.max(size, largest))
  }
  return error
}

test('every operator explains its numbers, and their gradients', async (t) => {
  let explained = 0
  for (const { name, bytes, input } of operatorCases()) {
    const model = core.open(bytes, { keepBatchnorm: true })
    const view = model.view()
    try {
      view.forward(noise(input[3], input[2], 7))
      const { info } = model
      const layer = info.values.find((v) => v.id === info.output).name
      let back = true
      try {
        view.backward(`"${layer}"`)
      } catch (error) {
        if (error.code !== 'shape') throw error
        back = false // an objective needs one part for each picture
      }
      for (const value of info.values.filter((v) => !v.constant && v.type === 'float' && v.shape)) {
        if (value.producer >= 0) {
          const error = worst(view, value.id, false, view.value(value.id))
          assert.ok(error <= tolerance('TOL_EXPLAIN'), `${name}: ${value.name} is ${error} off`)
        }
        if (!back) continue
        const error = worst(view, value.id, true, view.gradient(value.id))
        assert.ok(error <= tolerance('TOL_EXPLAIN'), `${name}: the gradient at ${value.name} is ${error} off`)
        explained++
      }
    } catch (error) {
      throw new Error(`${name}: ${error.message}`, { cause: error })
    } finally {
      view.close()
      model.close()
    }
  }
  t.diagnostic(`${explained} values`)
  assert.ok(explained > 300)
})

test('a channel is what its inputs give it, place by place', () => {
  const model = core.openText(NETWORK)
  const view = model.view()
  view.forward(noise(32, 32, 3))
  view.backward('class:2')
  for (const value of model.info.values.filter((v) => !v.constant && v.shape?.length === 4))
    for (const gradient of value.producer < 0 ? [true] : [false, true]) {
      const numbers = (gradient ? view.gradient(value.id) : view.value(value.id)).data
      const { maps, plane, parts } = view.explainChannel(value.id, 1, { gradient })
      const groups = parts.reduce((n, p) => n + p.groups, 0) + 1
      assert.equal(maps.length, groups * plane)
      const largest = numbers.reduce((m, v) => Math.max(m, Math.abs(v)), 0)
      for (let i = 0; i < plane; i++) {
        let sum = 0
        for (let g = 0; g < groups; g++) sum += maps[g * plane + i]
        assert.ok(Math.abs(sum - numbers[plane + i]) <= tolerance('TOL_EXPLAIN') * 10 * largest, `${value.name}, gradient ${gradient}, cell ${i}: ${sum}, ${numbers[plane + i]}`)
      }
    }
  view.close()
  model.close()
})

test('an objective of classes, an intervention and an edited kernel are told as what they are', () => {
  const model = core.openText(NETWORK)
  const view = model.view()
  const id = (name) => model.info.values.find((v) => v.name === name).id
  view.intervene('relu1:3*0.5; conv1/4,1=1,0,0,0,0,0,0,0,-1; relu3:2*0')
  view.forward(noise(32, 32, 5))
  for (const objective of ['logp:3', 'prob:1', 'loss:2', 'class:4-0', '0.5*conv3:2@3,1+2*conv3', 'relu1:3']) {
    view.backward(objective)
    for (const name of ['scores', 'relu3', 'conv3', 'relu1', 'conv1', 'x']) {
      assert.ok(worst(view, id(name), true, view.gradient(id(name))) <= tolerance('TOL_EXPLAIN'), `${objective}: ${name}`)
      if (name !== 'x') assert.ok(worst(view, id(name), false, view.value(id(name))) <= tolerance('TOL_EXPLAIN'), name)
    }
  }
  view.backward('logp:3')
  const seed = view.explain(id('scores'), 3, { gradient: true })
  const shares = view.shares()
  assert.ok(Math.abs(seed.number - (1 - shares[3 * 5 + 2])) < 1e-6, 'one minus the probability')
  assert.equal(seed.parts.at(-1).role[0], 4)
  const plane = 32 * 32
  assert.equal(view.explain(id('relu1'), 3 * plane + 40).parts.at(-1).role[0], 5)
  const kernel = view.explain(id('conv1'), 4 * plane + 40).parts[0]
  assert.deepEqual([...kernel.factor.slice(9, 18)], [1, 0, 0, 0, 0, 0, 0, 0, -1])
  view.close()
  model.close()
})

test('what softmax sends back, term by term, is the gradient of the pass, and that of central differences at any temperature', () => {
  const model = core.openText(NETWORK)
  const view = model.view()
  const { scores } = model.info
  view.forward(noise(32, 32, 9))
  const classes = 5
  const rows = (T, options) => Array.from({ length: classes }, (_, i) => view.shares(T, options).slice(5 * i, 5 * i + 5))
  for (const of of /** @type {const} */ (['logp', 'prob', 'loss']))
    for (let k = 0; k < classes; k++) {
      view.backward(`${of}:${k}`)
      const gradient = view.gradient(scores).data
      rows(1, { of, k }).forEach(([, , , own, rest], i) => assert.ok(Math.abs(own + rest - gradient[i]) <= tolerance('TOL_EXPLAIN'), `${of}:${k}, ${i}: ${own} + ${rest}, ${gradient[i]}`))
      for (const T of [0.25, 3]) {
        const told = rows(T, { of, k })
        const z = told.map((row) => row[0])
        // In double, from the scores alone.
        const value = (/** @type {number[]} */ x) => {
          const sum = x.reduce((a, v) => a + Math.exp(v / T), 0)
          const p = Math.exp(x[k] / T) / sum
          return of === 'prob' ? p : of === 'logp' ? Math.log(p) : -Math.log(p)
        }
        const h = 1e-4
        told.forEach(([, , , own, rest], i) => {
          const moved = (/** @type {number} */ by) => value(z.map((v, j) => (j === i ? v + by : v)))
          const slope = (moved(h) - moved(-h)) / (2 * h)
          assert.ok(Math.abs(own + rest - slope) < 1e-5, `${of}:${k}, T ${T}, ${i}: ${own + rest}, ${slope}`)
        })
      }
    }
  view.close()
  model.close()
})

test('shares follow the temperature; what cannot be explained is refused with the reason', async () => {
  const model = core.openText(NETWORK)
  const view = model.view()
  const x = model.info.input.id
  await refused('usage', () => view.explain(x + 1, 0))
  view.forward(noise(32, 32, 1))
  const warm = view.shares(1)
  const cold = view.shares(0.1)
  const hot = view.shares(50)
  const p = (shares) => Array.from({ length: 5 }, (_, i) => shares[5 * i + 2])
  for (const shares of [warm, cold, hot]) assert.ok(Math.abs(p(shares).reduce((a, b) => a + b) - 1) < 1e-9)
  assert.ok(Math.max(...p(cold)) > Math.max(...p(warm)) && Math.max(...p(warm)) > Math.max(...p(hot)))
  await refused('usage', () => view.shares(0))
  await refused('usage', () => view.shares(1, { of: 'score' }))
  await refused('usage', () => view.shares(1, { k: 5 }))
  await refused('usage', () => view.explain(x, 0))
  await refused('usage', () => view.explain(999999, 0))
  await refused('usage', () => view.explain(x + 1, 1e9))
  await refused('usage', () => view.explain(x, 0, { gradient: true }))
  view.backward('class:1', { rule: 'guided' })
  await refused('usage', () => view.explain(x, 0, { gradient: true }))
  view.close()
  model.close()
})
