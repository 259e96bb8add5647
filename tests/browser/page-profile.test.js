// The time of every layer: asked for from the network's menu, in a part of the page that comes only then.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened()
const number = (text) => (text === '' ? 0 : Number(text))
async function open(page, phone = false) {
  if (phone) await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('button', { name: /Tiny VGG/ }).first().focus()
  await page.keyboard.press('Enter')
  const item = page.getByRole('menuitem', { name: /Time of every layer/ })
  for (let i = 0; i < 30 && !(await item.evaluate((x) => x === document.activeElement)); i++) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByRole('table').waitFor()
}

test('every layer has its kernel, time and speed, forward and backward; they add up; CSV holds the same', async () => {
  await visit(browser, server.url, async (page) => {
    const fetched = []
    page.on('request', (request) => fetched.push(request.url()))
    await open(page)
    assert.ok(fetched.some((url) => /Profile-[^/]*\.js$/.test(url)), 'the panel is fetched when it is asked for')
    const dialog = page.getByRole('dialog', { name: /Where Tiny VGG spends its time/ })
    assert.match(await dialog.getByRole('status').innerText(), /gradient of .* faster half of \d+ passes/)
    const rows = await dialog.locator('tbody tr').evaluateAll((list) => list.map((row) => [...row.cells].map((cell) => cell.innerText.replaceAll('\n', ' '))))
    const conv = rows.filter(([name]) => /\bConv\b/.test(name))
    assert.equal(conv.length, 4)
    for (const [name, by, ms, gflops, backBy, backMs, backGflops] of conv) {
      assert.ok(by && backBy, `${name} names its kernels`)
      for (const cell of [ms, gflops, backMs, backGflops]) assert.ok(number(cell) > 0, `${name}: ${cell}`)
    }
    assert.ok(rows.some(([name, by]) => /Relu/.test(name) && /^with conv/.test(by)), 'a ReLU says that its convolution does it')
    const foot = await dialog.locator('tfoot tr').evaluate((row) => [...row.cells].map((cell) => cell.innerText))
    for (const column of [2, 5]) {
      const sum = rows.reduce((all, row) => all + number(row[column]), 0)
      assert.ok(Math.abs(sum - number(foot[column])) <= 0.0005 * (rows.length + 1), `${sum} is ${foot[column]}`)
    }
    const [file] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: 'CSV' }).click()])
    const lines = (await readFile(await file.path(), 'utf8')).trim().split('\n').map((line) => line.split(','))
    assert.deepEqual(lines.slice(1).map((line) => line[0]), rows.map(([name]) => name.split(' ')[0]))
    assert.ok(lines.every((line) => line.length === 8))
    await dialog.getByRole('button', { name: 'Measure again' }).click()
    await until(page, () => /faster half/.test(document.querySelector('dialog [role=status]').innerText))
    await page.keyboard.press('Escape')
    await until(page, () => !document.querySelector('dialog'))
  })
})

for (const dark of [false, true])
  test(`on a phone it scrolls inside its own frame, ${dark ? 'dark' : 'light'}; nothing serious for axe`, async () => {
    await visit(browser, server.url, async (page) => {
      await open(page, true)
      const { dialog, scroll, table } = await page.evaluate(() => ({ dialog: document.querySelector('dialog').getBoundingClientRect().right, scroll: document.querySelector('dialog .scroll').clientWidth, table: document.querySelector('[data-view=profile]').offsetWidth }))
      assert.ok(dialog <= 390 && table > scroll, `${dialog} ${scroll} ${table}`)
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390)
      const first = page.locator('[data-view=profile] tbody th').first()
      const at = (await first.boundingBox()).x
      await page.locator('dialog .scroll').focus()
      await page.keyboard.press('End')
      for (let i = 0; i < 8; i++) await page.keyboard.press('ArrowRight')
      await until(page, () => document.querySelector('dialog .scroll').scrollLeft > 40)
      assert.ok(Math.abs((await first.boundingBox()).x - at) < 1, 'the names of the layers stay')
      const { violations } = await new AxeBuilder({ page }).include('dialog').analyze()
      assert.deepEqual(violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `${v.id} ${v.nodes.map((n) => n.target)}`), [])
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/phone-${dark}.png` })
    }, { width: 390, height: 844, dark })
  })
