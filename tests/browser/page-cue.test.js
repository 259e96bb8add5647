// The laboratory of the planted cue: predictions, maps and what of them lies in the caption, against the same computed in Node with
// the command's own captions; the caption dragged, moved by keys, changed, taken away; the table; in both themes and on a phone.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { Backlight } from '../../wasm/backlight.js'
import { BUILD, idle, ROOT, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

const NETWORKS = ['cab-none', 'cab-0', 'cab-30', 'cab-100']
const CODES = ['BEE', 'CAT', 'ARC', 'PAN']
const CLASSES = ['bee', 'tabby cat', 'triumphal arch', 'red panda']
const QUICK = ['gradient', 'guided', 'gradient-input', 'gradcam']
const QUICK_MAPS = `maps=${encodeURIComponent(`"${QUICK.join(',')}"`)}`

opened()
let backlight
const models = []
const inputs = new Map()
before(async () => {
  backlight = await Backlight.load({ wasm: readFileSync(join(BUILD, 'wasm/backlight.wasm')), workers: 2 })
  for (const name of NETWORKS) models.push(await backlight.open(readFileSync(join(ROOT, `models/${name}.onnx`))))
})
after(() => backlight?.close())

/** A bundled picture as the networks get it, with a caption. */
async function written(file, code, x = 2, y = 54) {
  if (!inputs.has(file)) inputs.set(file, (await models[0].forward(await backlight.decode(readFileSync(join(ROOT, 'public/samples', file))))).input)
  return code ? await backlight.caption(inputs.get(file), code, x, y) : inputs.get(file)
}
const said = async (picture) => Promise.all(models.map(async (m) => (await m.forward(picture)).predictions[0].index))
async function share(model, method, picture, k, x = 2, y = 54) {
  const { data } = (await model.run(method, { picture, objective: `class:${k}` }).result).results.find((r) => r.kind === 'map')
  let inside = 0
  let all = 0
  for (let row = 0; row < 64; row++)
    for (let column = 0; column < 64; column++) {
      const v = Math.abs(data[64 * row + column])
      all += v
      if (row >= y && row < y + 8 && column >= x && column < x + 20) inside += v
    }
  return inside / all
}
const settled = (page) => until(page, () => document.querySelector('#lab.cue')?.dataset.stale === 'no' && document.querySelectorAll('[data-share]').length >= 16)
const answers = (page) => page.$$eval('[data-network]', (rows) => rows.map((r) => Number(r.dataset.said)))
const shares = (page) => page.$$eval('[data-network]', (rows) => rows.map((r) => [...r.querySelectorAll('[data-method]')].map((f) => Number(f.dataset.share))))
const close = (a, b) => Math.abs(a - b) < 1e-9 // sums of the same numbers in the same order

test('what each network says, and what of its maps lies in the caption', async () => {
  await visit(browser, `${server.url}?module=plain#v=1&lab=cue&params=caption%3DCAT+${QUICK_MAPS}`, async (page) => {
    await settled(page)
    const picture = await written('red-panda.jpg', 'CAT')
    const classes = await said(picture)
    assert.deepEqual(await answers(page), classes)
    assert.equal(classes[1], CODES.indexOf('CAT'), 'the network of right captions follows this one')
    assert.equal(classes[0], CLASSES.indexOf('red panda'))
    assert.deepEqual(await page.$$eval('[data-network]', (rows) => rows.map((r) => r.dataset.verdict)).then((v) => [v[0], v[1]]), ['picture', 'follows'])
    const seen = await shares(page)
    for (const [i, model] of models.entries()) for (const [j, method] of QUICK.entries()) assert.ok(close(seen[i][j], await share(model, method, picture, classes[i])), `${NETWORKS[i]}, ${method}`)
    assert.ok(seen[1][0] > 3 * seen[0][0])
    // Of one class in place of what is said.
    await page.getByLabel('Maps of').selectOption({ label: 'bee' })
    await settled(page)
    assert.ok(close((await shares(page))[0][0], await share(models[0], 'gradient', picture, 0)))
  })
})

test('the caption is dragged, moved by keys, changed and taken away; the link keeps it', async () => {
  let hash, before
  await visit(browser, `${server.url}?module=plain#v=1&lab=cue&params=${QUICK_MAPS}`, async (page) => {
    await settled(page)
    const stage = page.locator('[data-view=cue-picture]')
    const box = await stage.boundingBox()
    const at = (x, y) => [box.x + (box.width * x) / 64, box.y + (box.height * y) / 64]
    await page.mouse.move(...at(12, 58))
    await page.mouse.down()
    await page.mouse.move(...at(30, 30), { steps: 4 })
    await page.mouse.up()
    await stage.focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Shift+ArrowUp')
    assert.match(await stage.getAttribute('aria-label'), /caption BEE at column 21, row 18/)
    await page.getByRole('radio', { name: /^ARC/ }).click()
    await settled(page)
    before = await answers(page)
    const moved = await written('red-panda.jpg', 'ARC', 21, 18)
    assert.deepEqual(before, await said(moved))
    assert.ok(close((await shares(page))[0][0], await share(models[0], 'gradient', moved, before[0], 21, 18)))
    hash = new URL(page.url()).hash
    await stage.focus()
    await page.keyboard.press('Delete')
    await settled(page)
    assert.deepEqual(await answers(page), await said(await written('red-panda.jpg', '')))
    assert.ok(await page.getByRole('radio', { name: 'none' }).isChecked())
    await page.getByRole('radio', { name: /^PAN/ }).click()
    await page.getByRole('button', { name: 'Back to its place' }).click()
    await page.getByRole('group', { name: 'Pictures of the four classes' }).getByRole('button', { name: 'Tabby cat on the floor' }).click()
    await idle(page)
    await until(page, (names) => document.querySelector('[data-view=cue-picture]').getAttribute('aria-label').includes('row 54') && document.querySelector('#lab').dataset.stale === 'no' && names, true)
    await settled(page)
    assert.deepEqual(await answers(page), await said(await written('tabby-cat-lying.jpg', 'PAN')))
  })
  await visit(browser, `${server.url}?module=plain${hash}`, async (page) => {
    await settled(page)
    assert.deepEqual(await answers(page), before)
  })
})

test('the table: who follows, what lies in the caption, and how well the one tells the other; the cards\' numbers beside them', async () => {
  const list = JSON.parse(readFileSync(join(ROOT, 'public/samples/samples.json'), 'utf8')).filter((x) => CLASSES.includes(x.class))
  const follows = [0, 0, 0, 0]
  const inBox = [0, 0, 0, 0]
  const cells = new Map()
  for (const { file, class: name } of list) {
    const own = CLASSES.indexOf(name)
    for (const step of [1, 2, 3]) {
      const k = (own + step) % 4
      const picture = await written(file, CODES[k])
      const classes = await said(picture)
      for (const [i, c] of classes.entries()) {
        const cell = cells.get(`${i} ${own}`) ?? { trials: 0, followed: 0, pictures: 0, share: 0 }
        cells.set(`${i} ${own}`, cell)
        cell.trials++
        if (c === k) (follows[i]++, cell.followed++)
        if (step > 1) continue
        const part = await share(models[i], 'gradient', picture, c)
        inBox[i] += part / list.length
        cell.pictures++
        cell.share += part
      }
    }
  }
  const rates = [...cells.values()]
  const rank = await backlight.rankCorrelation(Float32Array.from(rates, (c) => c.followed / c.trials), Float32Array.from(rates, (c) => c.share / c.pictures))
  await visit(browser, `${server.url}?module=plain#v=1&lab=cue&params=${QUICK_MAPS}`, async (page) => {
    await page.getByRole('button', { name: 'Measure on the pictures here' }).click()
    await page.locator('[data-view=cue-measured][data-status=done]').waitFor({ timeout: 120000 })
    const rows = await page.$$eval('[data-row]', (all) => all.map((r) => ({ cells: [...r.querySelectorAll('td')].map((d) => d.innerText), share: Number(r.querySelector('[data-share]').dataset.share) })))
    for (const [i, row] of rows.entries()) {
      const card = readFileSync(join(ROOT, `models/${NETWORKS[i]}.md`), 'utf8')
      assert.equal(row.cells[0], card.match(/no caption \| ([\d.]+ %)/)[1])
      assert.equal(row.cells[1], card.match(/wrong captions \|[^|]*\| ([\d.]+ %)/)[1])
      assert.equal(row.cells[2], `${follows[i]} of ${3 * list.length}`)
      assert.ok(Math.abs(row.share - inBox[i]) < 1e-9, NETWORKS[i])
    }
    // Pictures are taken in another order here: the correlation of the same pairs.
    assert.ok(Math.abs(Number(await page.locator('[data-rank]').first().getAttribute('data-rank')) - rank) < 1e-6)
    assert.ok(follows[1] === 3 * list.length && inBox[1] > 0.2 && inBox[0] < 0.08, 'the network of right captions alone follows, and shows it')
  })
})

test('a measurement stops, and the four methods can be others', async () => {
  await visit(browser, `${server.url}#v=1&lab=cue&params=${QUICK_MAPS}`, async (page) => {
    await settled(page)
    await page.getByRole('button', { name: 'Explain with LIME, as they did' }).click()
    await page.locator('[data-network=cab-none] [data-method=lime]').waitFor()
    assert.match(decodeURIComponent(page.url()), /gradient-input,lime/)
    await page.getByLabel('Method of column 4').selectOption('smoothgrad')
    await page.getByRole('button', { name: 'Measure on the pictures here' }).click()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.locator('[data-view=cue-measured][data-status=stopped]').waitFor()
    await page.locator('[data-lab=saliency]').click()
    await page.locator('#lab:not(.cue)').waitFor()
    // Its networks are given back.
    await until(page, () => document.querySelector('#lab')?.dataset.status === 'done')
  })
})

for (const [what, options] of [['light', {}], ['dark', { dark: true }], ['on a phone', { width: 390, height: 844 }]])
  test(`no serious violation, nothing beside the window, ${what}`, async () => {
    await visit(browser, `${server.url}#v=1&lab=cue&params=${QUICK_MAPS}`, async (page) => {
      await settled(page)
      const { violations } = await new AxeBuilder({ page }).analyze()
      assert.deepEqual(violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `${v.id}: ${v.nodes.map((n) => n.target).slice(0, 4).join(' | ')}`), [])
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
    }, options)
  })
