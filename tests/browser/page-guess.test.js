// Predict, then reveal: the map is not in the page before the guess, what is right is computed anew in Node, the score stays on the
// device as ten numbers, and lasts without storage too.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { Backlight } from '../../wasm/backlight.js'
import { BUILD, idle, ROOT, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened()
let backlight
before(async () => {
  backlight = await Backlight.load({ wasm: readFileSync(join(BUILD, 'wasm/backlight.wasm')), workers: 2 })
})
after(() => backlight?.close())

const asking = (page) => page.locator('[data-question=asking]').waitFor({ timeout: 60000 })
const score = (page, kind) => page.locator(`[data-score=${kind}] b`).innerText()
const at = (kind, round, more = '') => `?module=plain#v=1&lab=guess&params=kind%3D${kind}+round%3D${round}${more}`
const axe = async (page, what) => {
  const { violations } = await new AxeBuilder({ page }).analyze()
  assert.deepEqual(violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `${v.id}: ${v.nodes.map((n) => n.target).slice(0, 4).join(' | ')}`), [], what)
}

test('where it looked: the map comes after the guess, and the guess is judged by the map', async () => {
  const model = await backlight.open(readFileSync(join(ROOT, 'models/tiny-vgg.onnx')))
  await visit(browser, server.url + at('where', 11, '+by%3Dgradient'), async (page) => {
    await asking(page)
    assert.equal(await page.locator('#lab canvas[data-view=result]').count(), 0, 'nothing of the map is there yet')
    const id = await page.locator('[data-sample]').getAttribute('data-sample')
    const picture = await backlight.decode(readFileSync(join(ROOT, 'public/samples', `${id}.jpg`)))
    const { results, legend } = await model.run('gradient', { picture }).result
    const { data } = results.find((r) => r.kind === 'map')
    assert.match(await page.locator('.question').innerText(), new RegExp(legend.className))
    const strongest = data.indexOf(Math.max(...data))
    const stage = page.locator('[data-view=guess-picture]')
    const box = await stage.boundingBox()
    await page.mouse.click(box.x + (box.width * ((strongest % 64) + 0.5)) / 64, box.y + (box.height * (Math.floor(strongest / 64) + 0.5)) / 64)
    await page.getByRole('button', { name: 'Show the map' }).click()
    await page.locator('[data-question=told]').waitFor()
    assert.equal(await page.locator('[data-part]').getAttribute('data-part'), '0')
    assert.equal(await score(page, 'where'), '1 of 1')
    await page.getByRole('button', { name: 'Next question' }).click()
    await asking(page)
    assert.match(decodeURIComponent(page.url()), /round=12/)
    // By keys: the middle, then to the corner, whose place in the map Node counts.
    await page.locator('[data-view=guess-picture]').focus()
    for (let i = 0; i < 6; i++) await page.keyboard.press('Shift+ArrowLeft')
    for (let i = 0; i < 6; i++) await page.keyboard.press('Shift+ArrowUp')
    await page.keyboard.press('Enter')
    await page.locator('[data-question=told]').waitFor()
    const other = await backlight.decode(readFileSync(join(ROOT, 'public/samples', `${await page.locator('[data-sample]').getAttribute('data-sample')}.jpg`)))
    const map = (await model.run('gradient', { picture: other }).result).results.find((r) => r.kind === 'map').data
    const part = map.filter((x) => x > map[0]).length / map.length
    assert.equal(Number(await page.locator('[data-part]').getAttribute('data-part')), part)
    assert.equal(await page.locator('[data-hit]').getAttribute('data-hit'), String(part < 0.2))
    assert.equal(await score(page, 'where'), `${part < 0.2 ? 2 : 1} of 2`)
    const kept = await page.evaluate(() => Object.fromEntries(Object.entries(localStorage)))
    assert.deepEqual(kept, { guesses: `${part < 0.2 ? 2 : 1} 2 0 0 0 0 0 0 0 0` })
    await page.reload()
    await asking(page)
    assert.equal(await score(page, 'where'), `${part < 0.2 ? 2 : 1} of 2`)
    await page.getByRole('button', { name: 'Forget them' }).click()
    assert.equal(await score(page, 'where'), '–')
  })
})

test('which one is honest: the network whose answer does not follow a wrong caption; without maps every other time', async () => {
  const names = ['bee', 'tabby cat', 'triumphal arch', 'red panda']
  await visit(browser, server.url + at('honest', 20, '+by%3Dgradient'), async (page) => {
    const honest = new Set()
    for (let round = 20; round < 28; round++) {
      await asking(page)
      assert.equal(await page.locator('#lab canvas[data-view=result]').count(), round % 2 ? 2 : 0)
      await page.locator('[data-side="0"]').getByRole('button').click()
      await page.locator('[data-question=told]').waitFor()
      const right = Number(await page.locator('[data-honest]').getAttribute('data-honest'))
      honest.add(right)
      // The other one was trained with right captions and says what the wrong one says.
      const text = await page.locator(`[data-side="${1 - right}"]`).innerText()
      const [, code, said] = /With ([A-Z]{3}) in the corner it says ([a-z ]+),/.exec(text)
      assert.equal(names.indexOf(said), ['BEE', 'CAT', 'ARC', 'PAN'].indexOf(code))
      assert.match(text, /Captions always right/)
      assert.match(await page.getByRole('status').filter({ hasText: /goes by the picture/ }).innerText(), right === 0 ? /^Right: A/ : /^No: it is B/)
      await page.getByRole('button', { name: 'Next question' }).click()
    }
    assert.equal(honest.size, 2, 'it is not always on one side')
    await asking(page)
    const [bare, maps] = [await score(page, 'bare'), await score(page, 'maps')]
    assert.match(bare, /^\d of 4$/)
    assert.match(maps, /^\d of 4$/)
    const kept = await page.evaluate(() => localStorage.getItem('guesses'))
    assert.equal(kept, `0 0 ${bare.replace(' of', '')} ${maps.replace(' of', '')} 0 0 0 0`)
  })
})

test('does it still say so: what is told is what the network says of the changed picture; without the map every other time', async () => {
  const model = await backlight.open(readFileSync(join(ROOT, 'models/tiny-vgg.onnx')))
  await visit(browser, server.url + at('still', 30, '+by%3Dgradient'), async (page) => {
    const answers = new Set()
    const right = { still: 0, stillMaps: 0 }
    for (let round = 30; round < 38; round++) {
      await asking(page)
      assert.equal(await page.locator('#lab canvas[data-view=result]').count(), round % 2)
      const question = await page.locator('.question').innerText()
      // The picture with its hidden part, as it stands on the page, asked in Node.
      const { width, height, pixels } = await page.locator('#lab .photo canvas').last().evaluate((canvas) => {
        const { width, height, data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
        return { width, height, pixels: [...data] }
      })
      const { predictions: [now] } = await model.forward({ width, height, pixels: Uint8ClampedArray.from(pixels) })
      const said = /The network says ([^.]+)\./.exec(question)[1]
      await page.getByRole('button', { name: `Still ${said}` }).click()
      await page.locator('[data-question=told]').waitFor()
      const still = now.label === said
      assert.equal(await page.locator('[data-still]').getAttribute('data-still'), String(still))
      assert.match(await page.locator('#lab figure').last().innerText(), new RegExp(`says ${now.label},`))
      assert.match(await page.getByRole('status').filter({ hasText: /^(Right|No): it/ }).innerText(), still ? /^Right/ : /^No/)
      answers.add(still)
      if (still) right[round % 2 ? 'stillMaps' : 'still']++
      await page.getByRole('button', { name: 'Next question' }).click()
    }
    assert.equal(answers.size, 2, 'it is not always the same answer')
    await asking(page)
    for (const kind of ['still', 'stillMaps']) assert.equal(await score(page, kind), `${right[kind]} of 4`)
    assert.equal(await page.evaluate(() => localStorage.getItem('guesses')), `0 0 0 0 0 0 ${right.still} 4 ${right.stillMaps} 4`)
  })
})

test('a score of fewer kinds of questions is kept', async () => {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, serviceWorkers: 'block' })
  await context.addInitScript(() => localStorage.setItem('guesses', '3 4 1 2 0 0'))
  const page = await context.newPage()
  await page.goto(server.url + at('where', 3, '+by%3Dgradient'))
  await idle(page)
  await asking(page)
  assert.deepEqual(await Promise.all(['where', 'bare', 'maps', 'still'].map((kind) => score(page, kind))), ['3 of 4', '1 of 2', '–', '–'])
  await context.close()
})

test('without storage, and with nonsense in it, the score begins at nothing and lasts as long as the page', async () => {
  for (const spoil of [() => Object.defineProperty(self, 'localStorage', { get() { throw new DOMException('refused', 'SecurityError') } }), () => localStorage.setItem('guesses', '2 5 x 1')]) {
    const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, serviceWorkers: 'block' })
    await context.addInitScript(spoil)
    const page = await context.newPage()
    const wrong = []
    page.on('pageerror', (e) => wrong.push(e.message))
    await page.goto(server.url + at('where', 3, '+by%3Dgradient'))
    await idle(page)
    await asking(page)
    assert.equal(await score(page, 'where'), '–')
    await page.locator('[data-view=guess-picture]').click()
    await page.getByRole('button', { name: 'Show the map' }).click()
    assert.match(await score(page, 'where'), /^[01] of 1$/)
    assert.deepEqual(wrong, [])
    await context.close()
  }
})

for (const [what, options] of [['light', {}], ['dark', { dark: true }], ['on a phone', { width: 390, height: 844 }]])
  test(`no serious violation before and after the answer, ${what}`, async () => {
    await visit(browser, server.url + at('honest', 5, '+by%3Dgradient'), async (page) => {
      await asking(page)
      await axe(page, 'honest, asking')
      await page.locator('[data-side="1"]').getByRole('button').click()
      await page.locator('[data-question=told]').waitFor()
      await axe(page, 'honest, told')
      await page.getByRole('radio', { name: 'Where did it look?' }).click()
      await asking(page)
      await page.locator('[data-view=guess-picture]').click()
      await page.getByRole('button', { name: 'Show the map' }).click()
      await page.locator('[data-question=told]').waitFor()
      await axe(page, 'where, told')
      await page.getByRole('radio', { name: 'Does it still say so?' }).click()
      await asking(page)
      await axe(page, 'still, asking')
      await page.getByRole('button', { name: 'Something else' }).click()
      await page.locator('[data-question=told]').waitFor()
      await axe(page, 'still, told')
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
    }, options)
  })
