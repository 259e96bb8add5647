// Two classes compared in the means that were measured over the validation set, and the card of every network in the page's words.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { BacklightCore } from '../../wasm/core.js'
import { contrast, parting } from '../../web/src/classes/contrast.js'
import { v as english } from '../../web/src/texts/en-views.js'
import { BUILD, ROOT, idle, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened()
let core
before(async () => {
  core = await BacklightCore.load({ bytes: readFileSync(join(BUILD, 'wasm/backlight.wasm')) })
})
const file = (name) => readFileSync(join(ROOT, 'models', name))
const ready = (page) => until(page, () => document.querySelector('#lab[data-status=done] [data-layer]'))
const rows = (page) => page.$$eval('#lab [data-side]', (sides) => sides.map((side) => ({ of: Number(side.dataset.side), channels: [...side.querySelectorAll('[data-a]')].map((e) => ['channel', 'a', 'b'].map((key) => Number(e.dataset[key]))) })))

test('the difference of two lists of means, by hand', () => {
  const tensor = { shape: [3, 2], data: Float32Array.of(3, 4, 0, 0, 3, -4) }
  const { differences, apart } = contrast(tensor, 0, 2)
  assert.deepEqual([...differences], [0, 8])
  assert.equal(apart, 8 / 5, 'eight, over the mean of two lists of length five')
  assert.equal(contrast(tensor, 1, 1).apart, 0, 'no number at all is no difference')
  assert.equal(contrast(tensor, 0, 0).apart, 0)
  assert.deepEqual(parting(Float32Array.of(1, -2, 0, 5, -1), 1), { first: [3], second: [1] })
  assert.deepEqual(parting(Float32Array.of(1, -2, 0, 5, -1), 9), { first: [3, 0], second: [1, 4] })
})

test('the channels that answer more to one class than to the other, layer by layer, are those of the file; the link keeps the question', async () => {
  const tensors = core.tensors(file('tiny-vgg.statistics.onnx'))
  const due = (layer, a, b) => {
    const { a: x, b: y, differences } = contrast(tensors[layer], a, b)
    const { first, second } = parting(differences, 5)
    return [[a, first], [b, second]].map(([of, list]) => ({ of, channels: list.map((k) => [k, x[k], y[k]]) }))
  }
  await visit(browser, `${server.url}#v=1&lab=classes&params=a%3D7+b%3D5`, async (page) => {
    await ready(page)
    assert.deepEqual(await rows(page), due('max_pool_2', 7, 5))
    const bars = await page.$$eval('[data-layer]', (all) => all.map((e) => [e.dataset.layer, Number(e.dataset.apart)]))
    assert.ok(bars.length >= 10)
    for (const [layer, apart] of bars) assert.ok(Math.abs(apart - contrast(tensors[layer], 7, 5).apart) < 1e-9, layer)
    await page.locator('[data-layer=conv_1_2]').click()
    assert.deepEqual(await rows(page), due('conv_1_2', 7, 5))
    await page.getByRole('button', { name: 'Swap' }).click()
    await page.getByLabel('Another').selectOption({ label: 'espresso' })
    await until(page, () => /b%3D6|b=6/.test(location.hash))
    const is = await rows(page)
    assert.deepEqual(is, due('conv_1_2', 5, 6))
    assert.match(await page.locator('#lab').innerText(), /Means over 50 and 50 pictures/)
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV of this layer' }).click()])
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n')
    assert.equal(lines[0], 'channel,"koala","espresso",difference')
    assert.equal(lines.length, 11)
    // The link brings it back; one class alone is no comparison.
    const hash = new URL(page.url()).hash
    await page.goto(server.url)
    await page.goto(server.url + hash)
    await ready(page)
    assert.deepEqual(await rows(page), is)
    await page.getByLabel('One class').selectOption({ label: 'espresso' })
    await page.getByText('These are one class.').waitFor()
    // A tile opens its channel.
    await page.getByLabel('One class').selectOption({ label: 'koala' })
    await page.locator('#lab .tile').first().click()
    await until(page, () => /at=conv_1_2:\d/.test(location.hash))
  })
})

test('a network without class means says so and names those that have them', async () => {
  await visit(browser, `${server.url}#v=1&lab=classes`, async (page) => {
    await ready(page)
    await page.setInputFiles('input[data-file=model]', { name: 'mine.onnx', mimeType: 'application/octet-stream', buffer: file('tiny-vgg.onnx') })
    await page.locator('#lab').getByText('There are no class means for this network.').waitFor()
    await page.locator('#lab').getByRole('button', { name: 'Fashion' }).click()
    await ready(page)
    assert.match(await page.locator('#lab').innerText(), /Means over 1000 and 1000 pictures/)
  })
})

for (const [what, options] of [['light', {}], ['dark', { dark: true, width: 1024, height: 768 }], ['on a phone', { width: 390, height: 844 }]])
  test(`class means, ${what}: nothing beside the window, nothing serious for axe`, async () => {
    await visit(browser, `${server.url}#v=1&lab=classes&lang=${options.dark ? 'de' : 'en'}`, async (page) => {
      await ready(page)
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
      assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('#lab .body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.className)), [])
      const { violations } = await new AxeBuilder({ page }).analyze()
      assert.deepEqual(violations.map((x) => `${x.id}: ${x.nodes.map((n) => n.target).slice(0, 3).join(' | ')}`), [])
    }, options)
  })

test('every network of the menu says how often it is right; its card, in English and German, says what the file beside it says', async () => {
  await visit(browser, server.url, async (page) => {
    const menu = async () => {
      await page.locator('.bar .menu > button').first().click()
      await page.getByRole('menu', { name: /^(Network|Netz)$/ }).waitFor()
    }
    await menu()
    const entries = await page.getByRole('menuitemradio').allInnerTexts()
    assert.ok(entries.length >= 9)
    for (const entry of entries) assert.match(entry, /\d+ classes, \d+ % of [\d,]+ right/)
    await page.keyboard.press('Escape')
    for (const id of ['tiny-vgg', 'twin-robust', 'cab-0', 'fashion'])
      for (const lang of ['en', 'de']) {
        await page.goto(`${server.url}#v=1&model=${id}&lang=${lang}`)
        await page.reload()
        await idle(page)
        await menu()
        await page.getByRole('menuitem', { name: /^(What this network is|Was dieses Netz ist)/ }).click()
        const card = page.locator('[data-view=card]')
        await card.waitFor()
        const text = await card.innerText()
        const written = file(`${id}.md`).toString()
        const [, share, right, of, low, high] = /\*\*([\d.]+) %\*\* \((\d+) of (\d+); 95 % Wilson interval ([\d.]+) to ([\d.]+) %/.exec(written)
        const number = (x) => (lang === 'de' ? x.replace('.', ',') : x)
        for (const part of [share, low, high].map((x) => `${number(x)} %`)) assert.ok(text.includes(part), `${id}, ${lang}: ${part}`)
        const grouped = (n) => Number(n).toLocaleString(lang)
        assert.ok(text.includes(lang === 'en' ? `${grouped(right)} of ${grouped(of)}` : `${grouped(right)} von ${grouped(of)}`))
        const mistakes = [...written.matchAll(/^- (.+) taken for (.+): (\d+) of (\d+)$/gm)].slice(0, 6)
        for (const [, is, taken, n, all] of mistakes) assert.ok(text.includes(lang === 'en' ? `${is} taken for ${taken}: ${n} of ${all}` : `${is} für ${taken} gehalten: ${n} von ${all}`), `${id}: ${is}`)
        for (const [, epsilon, part] of written.matchAll(/^\| (\d+)\/255 \| ([\d.]+) %/gm)) assert.match(text, new RegExp(`${epsilon}/255\\s+${number(part)} %`))
        if (lang === 'en') assert.ok(written.includes(english.card.knows(/\| classes \| (\d+)/.exec(written)[1], /(\d+×\d+) pixels/.exec(written)[1])), 'the warning is the card\'s own')
        assert.deepEqual((await new AxeBuilder({ page }).include('dialog').analyze()).violations.map((x) => `${x.id}: ${x.nodes[0].target} ${x.nodes[0].failureSummary}`), [])
        await page.keyboard.press('Escape')
      }
  })
})
