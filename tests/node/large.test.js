// A large network runs forward and back to its input within a gigabyte of WebAssembly memory. That one which cannot fit says
// so before anything is computed is tested in wasm-memory.test.js.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { picture, wasmBytes } from './lib/core.js'

/** Simonyan & Zisserman 2015, configuration D. */
function vgg16(size) {
  const lines = [`input x 3x${size}x${size}`, 'mean 0.5 0.5 0.5', 'std 0.25 0.25 0.25', 'channels RGB']
  let x = 'x'
  const add = (words) => {
    x = `n${lines.length}`
    lines.push(`${x} = ${words}`)
  }
  for (const [channels, times] of [[64, 2], [128, 2], [256, 3], [512, 3], [512, 3]]) {
    for (let i = 0; i < times; i++) {
      add(`conv ${x} ${channels} 3x3 pad 1`)
      add(`relu ${x}`)
    }
    add(`maxpool ${x} 2x2 stride 2`)
  }
  add(`flatten ${x}`)
  for (const width of [4096, 4096]) {
    add(`dense ${x} ${width}`)
    add(`relu ${x}`)
  }
  add(`dense ${x} 1000`)
  return lines.join('\n') + '\n'
}

test('VGG-16 at 224×224 runs forward and backward within 1 GB', async (t) => {
  const core = await BacklightCore.load({ bytes: wasmBytes() })
  const model = core.openText(vgg16(224), 1)
  assert.ok(model.info.macs > 15e9)
  const view = model.view({ keep: 'gradient' })
  const { scores } = view.forward(picture(224, 224))
  assert.equal(scores.length, 1000)
  assert.ok(scores.every(Number.isFinite) && new Set(scores).size > 900)
  view.backward('class:7')
  const gradient = view.gradient(model.info.input.id).data
  assert.ok(gradient.every(Number.isFinite) && gradient.some((g) => g !== 0))
  t.diagnostic(`${(core.memory / 1e6).toFixed(0)} MB`)
  assert.ok(core.memory <= 1e9, `${core.memory} bytes`)
  view.close()
  model.close()
})
