// Batch normalisation as a layer of its own: chosen in the menu, kept by a link, undone by Back; its numbers add up both ways.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idle, strongest, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened()

const columns = (page) => page.$$eval('[data-column]', (all) => all.map((e) => e.dataset.column))

test('batch normalisation is unfolded from the menu; the prediction stays, Back folds it again', async () => {
  await visit(browser, server.url + '#v=1&model=fashion', async (page) => {
    const [folded, before] = [await columns(page), await strongest(page)]
    await page.getByRole('button', { name: /^Fashion/ }).click()
    await page.getByRole('menuitemcheckbox', { name: /Batch normalisation/ }).click()
    await until(page, () => location.hash.includes('norms=keep') && document.querySelector('[data-column=norm1]'))
    await idle(page)
    assert.equal((await columns(page)).length, folded.length + 4, 'a column each')
    const now = await strongest(page)
    assert.equal(now.label, before.label)
    assert.ok(Math.abs(now.p - before.p) < 0.0015, `${now.p} ${before.p}`)
    await page.goBack()
    await until(page, (n) => document.querySelectorAll('[data-column]').length === n, folded.length)
    await idle(page)
  })
})

test('a link opens a number of a normalisation: its product and its shift are the number, forwards and backwards', async () => {
  await visit(browser, server.url + '#v=1&model=fashion&norms=keep&at=norm2:3&depth=number&cell=6,7', async (page) => {
    await until(page, () => document.querySelector('[data-ready=yes]') && document.querySelectorAll('[data-twin]').length === 2)
    for (const side of ['forward', 'backward']) {
      const { number, extras, product } = await page.$eval(`[data-twin=${side}]`, (e) => ({ number: Number(e.dataset.number), extras: Number(e.dataset.extras), product: Number(e.querySelector('[data-cell]').dataset.cell) }))
      assert.ok(Math.abs(product + extras - number) <= 1e-4 * (Math.abs(product) + Math.abs(extras)), `${side}: ${product} + ${extras} is not ${number}`)
      if (side === 'forward') assert.ok(extras !== 0, 'there is a shift')
    }
    assert.match(await page.locator('#text').innerText(), /multiplied by its factor/)
  })
})
