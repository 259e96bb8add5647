// A table behind every map, and results kept side by side.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { pixels, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened()
const done = (page) => until(page, () => document.querySelector('#lab')?.dataset.status === 'done' && document.querySelector('#lab')?.dataset.stale === 'no')

test('T shows the map in focus as a table whose means are those of its numbers', async () => {
  await visit(browser, server.url, async (page) => {
    await page.locator('.inner [data-column=max_pool_2] [data-tile="3"]').focus()
    await page.keyboard.press('t')
    const dialog = page.getByRole('dialog')
    await dialog.locator('td').first().waitFor() // words and numbers come when they are asked for
    assert.match(await dialog.innerText(), /max_pool_2, channel 4 of 10/)
    const shown = (await dialog.locator('td').allInnerTexts()).map((x) => Number(x.replace('−', '-')))
    assert.equal(shown.length, 64)
    const [download] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: 'CSV' }).click()])
    const rows = (await readFile(await download.path(), 'utf8')).trim().split('\n').map((r) => r.split(',').map(Number))
    assert.deepEqual([rows.length, rows[0].length], [13, 13])
    const cut = (i) => [Math.floor((i * 13) / 8), Math.floor(((i + 1) * 13) / 8)]
    shown.forEach((v, i) => {
      const [[r0, r1], [c0, c1]] = [cut(i >> 3), cut(i % 8)]
      const part = rows.slice(r0, r1).flatMap((r) => r.slice(c0, c1))
      const mean = part.reduce((a, x) => a + x, 0) / part.length
      assert.ok(Math.abs(mean - v) <= 0.006 * Math.abs(mean) + 1e-3, `${i}: ${v} is ${mean}`)
    })
    await page.keyboard.press('Escape')
    await until(page, () => !document.querySelector('dialog'))
  })
})

test('a result is kept beside a later one, on one scale, under one cursor, and taken away', async () => {
  await visit(browser, server.url + '#v=1&dir=backward&lab=saliency', async (page) => {
    await done(page)
    await page.getByRole('button', { name: 'Keep beside' }).click()
    const kept = page.getByRole('group', { name: 'Kept, under one cursor' })
    const was = await pixels(page, '[aria-label="Kept, under one cursor"] canvas')
    await page.locator('[data-class]').nth(3).click()
    await until(page, () => /pin=class/.test(location.hash))
    await done(page)
    assert.match(await kept.innerText(), /one scale/)
    await page.locator('#lab [data-view=result]').first().hover({ position: { x: 50, y: 50 } })
    assert.ok((await kept.locator('.map b').count()) === 1, 'its value under the same cursor')
    assert.equal(was.length, 1)
    await kept.getByRole('button', { name: /Take away/ }).click()
    assert.equal(await kept.count(), 0)
  })
})
