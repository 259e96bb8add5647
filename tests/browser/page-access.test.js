// axe-core finds nothing serious in any view, light and dark, wide and narrow.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { launch, serveSite, until, visit } from './lib/page.js'

let browser, server
before(async () => {
  browser = await launch()
  server = await serveSite()
})
after(async () => {
  await browser.close()
  await server.close()
})

async function check(page, what) {
  const { violations } = await new AxeBuilder({ page }).analyze()
  const serious = violations.filter((v) => ['serious', 'critical'].includes(v.impact))
  assert.deepEqual(serious.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary?.split('\n')[1] ?? ''}`).slice(0, 4).join(' | ')}`), [], what)
}
const ready = (page) => until(page, () => ['done', 'ready'].includes(document.querySelector('#lab')?.dataset.status))

for (const dark of [false, true]) {
  test(`no serious violation, ${dark ? 'dark' : 'light'}`, async () => {
    await visit(browser, server.url, async (page) => {
      await check(page, 'network')
      await page.keyboard.press('b')
      await until(page, () => document.documentElement.dataset.dir === 'backward')
      await check(page, 'backward')
      await page.locator('.chip').click()
      await check(page, 'objective menu')
      await page.keyboard.press('Escape')
      await page.keyboard.press('?')
      await check(page, 'keys')
      await page.keyboard.press('Escape')
      await page.keyboard.press('b')
      await page.locator('[data-column=conv_1_2] [data-tile="2"]').focus()
      await page.keyboard.press('x')
      await until(page, () => document.querySelector('.tile.off'))
      await page.keyboard.press('t')
      await page.getByRole('dialog').waitFor()
      await check(page, 'table, with a channel switched off')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Choose the part that the network gets' }).click()
      await check(page, 'crop')
      await page.keyboard.press('Escape')
      await page.goto(server.url + '#v=1&open=relu_1_2')
      await page.locator('[data-view=open]').waitFor()
      await check(page, 'a layer opened')
      for (const lab of ['maps', 'saliency', 'attack', 'dream', 'cue', 'guess', 'edit', 'play']) {
        await page.evaluate((id) => document.querySelector(`[data-lab=${id}]`)?.click(), lab)
        if (!(await page.locator('#lab').count())) await page.goto(server.url + `#v=1&lab=${lab}`)
        await ready(page)
        await check(page, lab)
        await page.keyboard.press('Escape')
      }
    }, { dark })
  })
}

test('no serious violation on a phone', async () => {
  await visit(browser, server.url, async (page) => {
    await check(page, 'network')
    await page.getByRole('button', { name: 'Lab' }).click()
    await ready(page)
    await check(page, 'lab')
    await page.getByRole('radio', { name: 'Edit' }).click()
    await check(page, 'edit')
    await page.getByRole('button', { name: 'Read' }).click()
    await check(page, 'read')
  }, { width: 390, height: 844 })
})
