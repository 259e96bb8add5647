// Beside an attribution map: the same for another class and with weights drawn anew, against maps that Node computes of the same
// network; the verdict follows the rank correlation.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Backlight } from '../../wasm/backlight.js'
import { BUILD, idle, ROOT, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened()
let backlight, model, picture
before(async () => {
  backlight = await Backlight.load({ wasm: readFileSync(join(BUILD, 'wasm/backlight.wasm')), workers: 2 })
  model = await backlight.open(readFileSync(join(ROOT, 'models/tiny-vgg.onnx')))
  picture = await backlight.decode(readFileSync(join(ROOT, 'public/samples/red-panda.jpg')))
})
after(() => backlight?.close())

const map = async (method, request) => (await model.run(method, { picture, ...request }).result).results.find((r) => r.kind === 'map').data
const fresh = (page) => until(page, () => document.querySelector('[data-view=sanity]')?.dataset.state === 'fresh' && !document.querySelector('.sanity .blank') && document.querySelectorAll('[data-rank]').length === 2)
const rank = async (page, of) => Number(await page.locator(`[data-check=${of}] [data-rank]`).getAttribute('data-rank'))
const told = async (page, r) => assert.match(await page.locator('[data-check=scrambled]').innerText(), Math.abs(r) < 0.3 ? /as it should/ : Math.abs(r) < 0.6 ? /in part/ : /hardly changes/)

// One whose maps stay nearly as they are, one whose maps change, and one with signs, which the correlation leaves out.
for (const method of ['gradient', 'gradcam', 'gradient-input'])
  test(`another class, and weights drawn anew down to a layer, by ${method}: the rank correlations are those of the maps`, async () => {
    const pass = await model.forward(picture)
    const [first, second, third] = pass.predictions.map((p) => p.index)
    const own = await map(method, { objective: `class:${first}` })
    const like = async (request) => backlight.rankCorrelation(own, await map(method, request), { sizes: true })
    // The plain module, so that page and Node compute the same bits.
    await visit(browser, server.url + '?module=plain#v=1&lab=saliency&dir=backward&method=' + method, async (page) => {
      await fresh(page)
      assert.equal(await rank(page, 'other'), await like({ objective: `class:${second}` }))
      const all = await like({ objective: `class:${first}`, edits: '*~7' })
      assert.equal(await rank(page, 'scrambled'), all)
      await told(page, all)
      await page.locator('[data-check=other] select').selectOption(String(third))
      const slider = page.getByRole('slider', { name: /drawn anew/ })
      await slider.focus()
      await page.keyboard.press('Home')
      await until(page, () => document.querySelector('[data-check=scrambled] label').innerText.includes('1 of 5'))
      await fresh(page)
      const last = model.info.nodes.filter((n) => n.hasWeights).at(-1)
      const name = model.info.values.find((v) => v.id === last.output).name
      const alone = await like({ objective: `class:${first}`, edits: `${name}~7` })
      assert.equal(await rank(page, 'scrambled'), alone)
      assert.equal(await rank(page, 'other'), await like({ objective: `class:${third}` }))
      await told(page, alone)
      // The network that is shown stays as it was.
      assert.match(await page.locator('.prediction').innerText(), new RegExp(model.info.labels[first]))
      await idle(page)
    })
  })

test('a method of many passes is checked when it is asked for, and again after it has changed', async () => {
  await visit(browser, server.url + '#v=1&lab=saliency&dir=backward&method=smoothgrad&params=samples=5', async (page) => {
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    const check = page.getByRole('button', { name: /^Check/ })
    await check.click()
    await fresh(page)
    await page.getByRole('button', { name: 'Again', exact: true }).click()
    await check.waitFor()
    assert.equal(await page.locator('[data-rank]').count(), 0, 'nothing old stands beside a new map')
  })
})
