// The site without its server, and the single file from disk and in a bare sandboxed frame.
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { BUILD, choose, idle, launch, pixels, predictions, serveSite, SINGLE, until, visit } from './lib/page.js'
import { serve } from '../../tools/serve.js'

let browser
before(async () => (browser = await launch()))
after(() => browser.close())

test('the site reloads and works with its server stopped', async () => {
  const server = await serveSite()
  let running = true
  try {
    await visit(browser, server.url, async (page) => {
      await page.evaluate(() => navigator.serviceWorker.ready)
      await until(page, async () => (await caches.keys()).length > 0 && (await (await caches.open((await caches.keys())[0])).keys()).some((r) => r.url.endsWith('.onnx')))
      const said = await predictions(page)
      await page.reload()
      await idle(page)
      await server.close()
      running = false
      await page.reload()
      await idle(page)
      assert.deepEqual(await predictions(page), said)
      await choose(page, 'Koala, Perth Zoo')
      assert.notDeepEqual(await predictions(page), said)
      await page.locator('[data-lab=attack]').click()
      await until(page, () => document.querySelector('#lab')?.dataset.status === 'done')
    }, { workers: true, allow: /ERR_CONNECTION_REFUSED|Failed to load resource/ })
  } finally {
    if (running) await server.close()
  }
})

test('the single file works from disk, is one file, and asks for nothing', async () => {
  assert.ok(statSync(SINGLE).size < 8e6)
  await visit(browser, pathToFileURL(SINGLE).href, async (page) => {
    const was = await pixels(page, '.strip canvas')
    assert.ok(was.length >= 11)
    await choose(page, 'Koala, Perth Zoo')
    assert.notDeepEqual(await pixels(page, '.strip canvas'), was)
    await page.keyboard.press('b')
    await page.locator('[data-lab=attack]').click()
    await until(page, () => document.querySelector('#lab')?.dataset.status === 'done')
    const resources = await page.evaluate(() => performance.getEntriesByType('resource').map((e) => e.name).filter((n) => !/^(data|blob):/.test(n)))
    assert.deepEqual(resources, [])
  })
})

test('the single file works in a frame with sandbox="allow-scripts"', async () => {
  const folder = join(BUILD, 'tests/frame')
  mkdirSync(folder, { recursive: true })
  copyFileSync(SINGLE, join(folder, 'backlight.html'))
  writeFileSync(join(folder, 'index.html'), '<!doctype html><html data-state="idle"><title>Course</title><link rel="icon" href="data:,"><iframe sandbox="allow-scripts" src="backlight.html" width="1300" height="850"></iframe>')
  const server = await serve(folder)
  try {
    await visit(browser, server.url, async (page) => {
      const frame = await (await page.waitForSelector('iframe')).contentFrame()
      await frame.waitForFunction(() => document.documentElement.dataset.state === 'idle', null, { polling: 100, timeout: 60000 })
      assert.equal(await frame.evaluate(() => { try { return String(localStorage) } catch { return 'refused' } }), 'refused', 'the frame is a bare one')
      const was = await pixels(frame, '.strip canvas')
      await frame.getByRole('option', { name: 'Koala, Perth Zoo' }).click()
      await frame.waitForFunction(() => document.documentElement.dataset.passes === '2', null, { polling: 100 })
      assert.notDeepEqual(await pixels(frame, '.strip canvas'), was)
      await frame.locator('[data-lab=dream]').click()
      await frame.getByRole('button', { name: 'Run' }).click()
      await frame.waitForFunction(() => document.querySelector('#lab')?.dataset.status === 'done', null, { polling: 100, timeout: 60000 })
    })
  } finally {
    await server.close()
  }
})
