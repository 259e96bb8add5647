// Memory stays flat: picture after picture, stroke after stroke, setting after setting, job after stopped job.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idle, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened()

// A session of the browser's tools with each of the page's workers; they speak through the page's own.
async function workersOf(cdp) {
  const workers = []
  cdp.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => targetInfo.type === 'worker' && workers.push(sessionId))
  await cdp.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false })
  let id = 0
  return workers.map((sessionId) => (method, params) => new Promise((resolve) => {
    const mine = ++id
    const hear = (answer) => {
      const { id, result } = answer.sessionId === sessionId ? JSON.parse(answer.message) : {}
      if (id !== mine) return
      cdp.off('Target.receivedMessageFromTarget', hear)
      resolve(result)
    }
    cdp.on('Target.receivedMessageFromTarget', hear)
    cdp.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id: mine, method, params }) })
  }))
}
// What lies outside the heap: bytes of all live objects of a kind, put on the page or not.
async function outside(send, kind, bytes) {
  const { result: { objectId: prototypeObjectId } } = await send('Runtime.evaluate', { expression: `${kind}.prototype` })
  const { objects: { objectId } } = await send('Runtime.queryObjects', { prototypeObjectId })
  return (await send('Runtime.callFunctionOn', { objectId, functionDeclaration: `function () { return this.reduce((sum, x) => sum + (${bytes})(x), 0) }`, returnByValue: true })).result.value
}
// Bytes of live objects, of typed arrays, of canvases and of modules' memory, in the page and in its workers, and how many nodes it has.
async function used(page) {
  const cdp = await page.context().newCDPSession(page)
  let bytes = 0
  const workers = await workersOf(cdp)
  assert.ok(workers.length > 0)
  for (const send of [cdp.send.bind(cdp), ...workers]) {
    await send('HeapProfiler.collectGarbage')
    const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await send('Runtime.getHeapUsage')
    const modules = await outside(send, 'WebAssembly.Memory', ({ buffer }) => buffer.byteLength)
    bytes += usedSize + embedderHeapUsedSize + backingStorageSize + modules
  }
  bytes += await outside(cdp.send.bind(cdp), 'HTMLCanvasElement', ({ width, height }) => 4 * width * height)
  await cdp.detach()
  return { bytes, nodes: await page.evaluate(() => document.querySelectorAll('*').length) }
}
async function follow(page, work) {
  const passes = await page.locator('html').getAttribute('data-passes')
  await work()
  await until(page, (n) => document.documentElement.dataset.passes !== n, passes)
  await idle(page)
}
/** Does it often, then twice as often again: the second time nothing may be added. */
async function flat(page, what, times, work, most = 3e6) {
  await twice(page, what, async () => {
    for (let i = 0; i < times; i++) await work(i)
  }, async () => {
    for (let i = 0; i < 2 * times; i++) await work(times + i)
  }, most)
}
async function twice(page, what, some, more, most = 3e6) {
  await some()
  const first = await used(page)
  await more()
  const last = await used(page)
  if (process.env.BACKLIGHT_LONG) console.log(`# ${what}: ${(first.bytes / 1e6).toFixed(2)} MB, then ${(last.bytes / 1e6).toFixed(2)} MB; ${first.nodes} and ${last.nodes} nodes`)
  assert.ok(last.bytes - first.bytes < most, `${what}: from ${(first.bytes / 1e6).toFixed(1)} to ${(last.bytes / 1e6).toFixed(1)} MB`)
  assert.ok(Math.abs(last.nodes - first.nodes) <= 20, `${what}: from ${first.nodes} to ${last.nodes} nodes`)
}

// Every bundled picture once, then two rounds more; with BACKLIGHT_LONG set 500 changes in all, which takes a minute.
test('pictures', async () => {
  await visit(browser, server.url, async (page) => {
    const change = (times) =>
      page.evaluate(async (n) => {
        const { dataset } = document.documentElement
        for (let i = 0; i < n; i++) {
          const before = dataset.passes
          document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'p', bubbles: true }))
          while (dataset.passes === before || dataset.state !== 'idle') await new Promise((resume) => setTimeout(resume, 4))
        }
      }, times)
    await twice(page, 'pictures', () => change(50), () => change(process.env.BACKLIGHT_LONG ? 450 : 100))
  })
})

test('strokes, and channels switched off and on', async () => {
  await visit(browser, server.url + '#v=1&lab=edit', async (page) => {
    await page.locator('[data-view=pad]').focus()
    await flat(page, 'strokes', 12, async () => {
      await page.locator('[data-view=pad]').focus()
      await page.keyboard.press('ArrowRight')
      await follow(page, () => page.keyboard.press('Space'))
      await follow(page, () => page.getByRole('button', { name: 'Undo all' }).click())
    })
  })
})

test('settings of the playground', async () => {
  await visit(browser, server.url + '#v=1&lab=play', async (page) => {
    const slider = page.getByRole('slider', { name: 'padding' })
    await flat(page, 'settings', 12, async (i) => {
      await slider.fill(String(i % 5))
      await until(page, (n) => document.querySelector('[data-map=activation] canvas')?.width === n, 30 + 2 * (i % 5))
    })
  })
})

test('fifty stopped dreams', async () => {
  await visit(browser, server.url + '#v=1&dir=backward&lab=dream&params=steps%3D200+octaves%3D6', async (page) => {
    const stop = (times) =>
      page.evaluate(async (n) => {
        const button = (name) => [...document.querySelectorAll('button')].find((b) => name.test(b.textContent.trim()) && b.offsetParent)
        const until = async (condition) => {
          while (!condition()) await new Promise((resume) => setTimeout(resume, 10))
        }
        for (let i = 0; i < n; i++) {
          await until(() => button(/^(Run|Again)$/)) // the panel comes after the first maps
          button(/^(Run|Again)$/).click()
          await until(() => Number(document.querySelector('[data-job=running] .count b')?.textContent) > 1)
          button(/^Stop$/).click()
          await until(() => document.querySelector('[data-job=stopped]'))
        }
      }, times)
    await twice(page, 'dreams', () => stop(15), () => stop(35))
  })
})
