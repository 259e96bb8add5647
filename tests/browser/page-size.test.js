// What is fetched before the first maps keeps to its budget, and the views that come later come.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sizes } from '../../tools/bench/site.js'
import { idle, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

const FIRST_LOAD = 300_000 // bytes gzip, without networks and pictures

opened()

test('the first load is within its budget, and is all that the first maps need', async (t) => {
  const { firstLoad, module, scripts, styles } = sizes()
  t.diagnostic(`${firstLoad.gzip} bytes gzip: module ${module.gzip}, scripts ${scripts.gzip}, styles ${styles.gzip}`)
  assert.ok(firstLoad.gzip <= FIRST_LOAD, `${firstLoad.gzip} bytes gzip, ${FIRST_LOAD} allowed`)
  // The maps are drawn though every other script is refused.
  await visit(browser, server.url, async (page) => {
    const html = await (await fetch(server.url)).text()
    await page.route(/\/assets\/(?!worker-).*\.(js|css)$/, (route) => (html.includes(new URL(route.request().url()).pathname.slice(1)) ? route.continue() : route.abort()))
    await page.reload()
    await idle(page)
    assert.equal(await page.locator('html').getAttribute('data-maps'), 'drawn')
  }, { allow: /Failed to load resource/ })
})

test('the module is asked for before the page has its code, and once', async () => {
  await visit(browser, server.url, async (page) => {
    await idle(page)
    const fetched = await page.evaluate(() => performance.getEntriesByType('resource').map((e) => ({ name: e.name.split('/').pop(), by: /** @type {PerformanceResourceTiming} */ (e).initiatorType })))
    assert.deepEqual(fetched.filter(({ name }) => name?.endsWith('.wasm')).map(({ name, by }) => [name?.split('-')[1], by]), [['relaxed', 'link']])
  })
})

test('a view that cannot be fetched says so, and comes when asked again', async () => {
  await visit(browser, server.url, async (page) => {
    await page.route(/\/assets\/PlayPanel-.*\.js$/, (route) => route.abort())
    await page.reload()
    await idle(page)
    await page.locator('[data-lab=play]').click()
    const missing = page.getByRole('alert').filter({ hasText: 'could not be fetched' })
    await missing.waitFor()
    await page.unroute(/\/assets\/PlayPanel-.*\.js$/)
    await missing.getByRole('button', { name: 'Try again' }).click()
    await missing.waitFor({ state: 'detached' })
    await page.locator('#lab[data-status=done]').waitFor()
  }, { allow: /Failed to load resource/ })
})
