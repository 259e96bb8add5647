// Memory of the module: nothing is lost, and where there is not enough, a call is refused instead of failing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { NETWORK, picture, refused, wasmBytes } from './lib/core.js'

test('the module asks its loader for two functions and no more', async () => {
  const imports = WebAssembly.Module.imports(await WebAssembly.compile(wasmBytes()))
  assert.deepEqual(imports.map(({ module, name }) => `${module}.${name}`).sort(), ['env.bl_clock', 'env.bl_read', 'env.emscripten_notify_memory_growth'])
})

test('memory stays as it is over 500 pictures and 50 jobs that are stopped', async () => {
  const core = await BacklightCore.load({ bytes: wasmBytes() })
  const model = core.openText(NETWORK)
  const view = model.view()
  const large = picture(1200, 800)
  const round = (/** @type {number} */ i) => {
    view.forward(i % 50 === 0 ? large : picture(40 + (i % 7), 30 + (i % 5), i))
    view.backward(`class:${i % 5}`)
    view.gradient(0)
    if (i % 10) return
    core.png(picture(64, 64, i))
    core.decode(core.png(picture(40, 40, i)))
    const job = model.job('dream', { picture: large, objective: 'conv2:3', params: { size: 128, octaves: 2 } })
    for (let step = 0; step < i % 4; step++) job.step()
    job.results()
    job.end()
  }
  for (let i = 0; i < 50; i++) round(i)
  const { memory } = core
  for (let i = 50; i < 550; i++) round(i)
  assert.equal(core.memory, memory)
  for (let i = 0; i < 50; i++) {
    const other = core.openText(NETWORK)
    other.view().close()
    other.close()
    await refused('format', () => core.openText(NETWORK + 'nonsense'))
    await refused('usage', () => model.job('pgd', { picture: large, params: 'steps=many' }))
  }
  assert.equal(core.memory, memory)
  view.close()
  model.close()
  assert.equal(core.openHandles, 0)
})

// The module with another limit: its memory section says how many pages of 64 KiB there may be.
function limited(/** @type {number} */ pages) {
  const bytes = wasmBytes()
  const number = (/** @type {number} */ at) => {
    let value = 0
    let shift = 0
    for (;;) {
      const byte = bytes[at++]
      value |= (byte & 127) << shift
      if (byte < 128) return { value, next: at }
      shift += 7
    }
  }
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at]
    const { value: size, next } = number(at + 1)
    if (id === 5) {
      assert.equal(bytes[next + 1], 1, 'a limit is set')
      const { next: most } = number(next + 2)
      assert.equal(number(most).value, 65536)
      bytes.set([(pages & 127) | 128, (pages >> 7) | 128, 0], most)
      return bytes
    }
    at = next + size
  }
  throw new Error('the module has no memory')
}

test('without memory, calls are refused; nothing is lost and nothing fails', async () => {
  const core = await BacklightCore.load({ bytes: limited(400) }) // 25 MiB
  const model = core.openText(NETWORK)
  const view = model.view()
  const photo = picture(64, 64)
  const { scores } = view.forward(photo)
  await refused('memory', () => core.png({ width: 4000, height: 4000, pixels: new Uint8Array(64e6) }))
  await refused('memory', () => core.decode(new Uint8Array(40e6)))
  await refused('memory', () => core.openText('input x 3x64x64\nc = conv x 4 3x3\nf = flatten c\ns = dense f 2000'))
  await refused('memory', () => model.job('dream', { picture: photo, objective: 'conv2:3', params: { size: 1024 } }))
  const wide = core.openText('input x 3x?x?\nmean 0 0 0\nstd 1 1 1\nchannels RGB\nc = conv x 64 3x3 pad 1\nd = conv c 64 3x3 pad 1')
  await refused('memory', () => wide.view({ height: 512, width: 512 }))
  wide.close()
  // Until it is full: then one is given back, and there is room again.
  const views = []
  const error = await refused('memory', () => {
    for (;;) views.push(model.view())
  })
  assert.ok(error.message.length > 0)
  assert.ok(views.length > 1)
  views.pop()?.close()
  views.push(model.view())
  for (const one of views) one.close()
  assert.deepEqual(view.forward(photo).scores, scores)
  view.close()
  model.close()
  assert.equal(core.openHandles, 0)
})
