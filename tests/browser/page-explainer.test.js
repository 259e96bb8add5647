// What CNN Explainer lets its visitors do, one after the other, by pointer and by keyboard: on Tiny VGG, and on a network that the
// page has never seen. The eleven are those of its own page (Wang and others 2020): overview and hover, choosing the picture, the switch
// of details, the ranges of colours, the convolution drawn apart, its formula, those of ReLU and pooling, flattening, softmax, the
// widget of sizes, leaving.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choose, give, idle, pixels, until, visit } from './lib/page.js'
import { network, TEXTS } from './lib/networks.js'
import { browser, opened, server } from './lib/site.js'

opened()

// The layers that are played through: a convolution that reads several channels, an activation, a pool, the last convolution's reader.
const CASES = [
  { name: 'Tiny VGG', conv: 'conv_2_1', before: 'max_pool_1', relu: 'relu_2_1', relus: 'conv_2_1', pool: 'max_pool_2', channels: 10, classes: 10 },
  { name: 'grey', conv: 'c', before: 'p', relu: 'd', relus: 'c', pool: 'q', channels: 8, classes: 10 },
]
const channelReady = (page) => until(page, () => document.querySelector('[data-view=channel]')?.dataset.ready === 'yes')
const numberReady = (page) => until(page, () => document.querySelector('[data-view=number-depth]')?.dataset.ready === 'yes')
const tile = (page, layer, k) => page.locator(`.stage [data-column="${layer}"] [data-tile="${k}"]`)
const sources = (page) => page.$$eval('.stage .source', (all) => [...new Set(all.map((e) => e.closest('.strip').dataset.column))].map((name) => [name, all.filter((e) => e.closest('.strip').dataset.column === name).length]))
const overview = (page) => page.locator('.stage .strip').first().waitFor()
const legends = (page) => page.$$eval('.stage .legend', (all) => all.map((e) => e.textContent.trim()))
const near = (a, b, size, what) => assert.ok(Math.abs(a - b) <= 1e-4 * Math.max(size, 1e-9), `${what}: ${a} is not ${b}`)
const sum = (list) => list.reduce((a, v) => a + v, 0)
async function scale(page, name) {
  await page.getByRole('button', { name: /^Scale/ }).click()
  await page.getByRole('menuitemradio', { name: new RegExp(`^${name}`) }).click()
  await until(page, (n) => document.querySelector('.bar .right').textContent.includes(`Scale: ${n}`), name)
}

for (const c of CASES)
  test(`the eleven interactions: ${c.name}`, async (t) => {
    await visit(browser, server.url, async (page) => {
      if (c.name !== 'Tiny VGG') {
        const passes = await page.locator('html').getAttribute('data-passes')
        await give(page, `${c.name}.onnx`, network(c.name, TEXTS[c.name]()), { kind: 'model' })
        await until(page, (n) => document.documentElement.dataset.passes !== n, passes)
        await idle(page)
      }
      await t.test('1 overview and hover: what goes in is framed and led in, the number under the pointer is read, both go again', async () => {
        await tile(page, c.conv, 2).hover()
        await until(page, (n) => document.querySelectorAll('.stage .source').length === n, c.channels)
        assert.deepEqual(await sources(page), [[c.before, c.channels]])
        assert.match(await page.locator('[data-view=readout]').innerText(), new RegExp(`${c.conv}[^]*channel \\d+ of[^]*row \\d+, column \\d+[^]*highest`))
        await tile(page, c.relu, 1).hover()
        await until(page, () => document.querySelectorAll('.stage .source').length === 1)
        assert.deepEqual(await sources(page), [[c.relus, 1]])
        await page.mouse.move(5, 895)
        await until(page, () => document.querySelectorAll('.stage .source').length === 0)
        // A bar is as long as its probability, not as its part of the strongest.
        const bars = await page.$$eval('.prediction [data-class]', (rows) => rows.map((r) => [Number(r.querySelector('.value').textContent.replace('<', '')), r.querySelector('i')?.getBoundingClientRect().width ?? 0, r.querySelector('.track').getBoundingClientRect().width]))
        assert.equal(bars.length, c.classes)
        for (const [p, wide, track] of bars) assert.ok(Math.abs(wide / track - p) < 0.02, `a bar of ${wide} in ${track} px for ${p}`)
      })
      const first = await legends(page)
      await t.test('2 another picture: every map, the legends and the bars follow', async () => {
        const was = await pixels(page, '.stage .strip canvas')
        await choose(page, 'Goldfish')
        const now = await pixels(page, '.stage .strip canvas')
        assert.ok(now.filter((p, i) => p !== was[i]).length >= now.length - 2, 'all columns; of a pooled one all may be silent')
        assert.notDeepEqual(await legends(page), first)
        await choose(page, 'Red panda')
        assert.deepEqual(await legends(page), first, 'the scales of a picture are its own, whatever was shown before')
      })
      await t.test('3 names alone, and names with shapes and scales', async () => {
        const toggle = async () => {
          await page.getByRole('button', { name: /^Scale/ }).click()
          await page.getByRole('menuitemcheckbox', { name: /Shapes and scales/ }).click()
        }
        await toggle()
        await until(page, () => !document.querySelector('.stage .legend'))
        await toggle()
        await until(page, () => document.querySelector('.stage .legend'))
        assert.deepEqual(await legends(page), first)
        await page.locator('.stage .head button').nth(1).click()
        assert.match(await page.locator('.stage .head .pop').innerText(), /Conv, \d+×\d+×\d+/, 'a name tells what its layer is')
        await page.keyboard.press('Escape')
      })
      await t.test('4 ranges of a tile, a block and the network: the maps follow, and the legends stay right after another picture', async () => {
        const block = await pixels(page, '.stage .strip canvas')
        for (const [name, ends] of [['network', 1], ['unit', 2]]) {
          await scale(page, name)
          const here = await legends(page)
          if (ends === 1) assert.equal(new Set(here.slice(1).map((x) => /[\d.]+$/.exec(x)[0])).size, 1, `one range for the network: ${here}`)
          assert.notDeepEqual(await pixels(page, '.stage .strip canvas'), block)
          await choose(page, 'Goldfish')
          await choose(page, 'Red panda')
          assert.deepEqual(await legends(page), here)
        }
        await scale(page, 'block')
        assert.deepEqual(await pixels(page, '.stage .strip canvas'), block)
      })
      await t.test('5 a convolution drawn apart: inputs, kernels, what comes of each, their sum and the bias; the mark walks, and stops for the pointer', async () => {
        await tile(page, c.conv, 1).click()
        await channelReady(page)
        const view = page.locator('[data-view=channel]')
        const rows = await view.locator('[data-group]').evaluateAll((all) => all.map((r) => ({ sum: Number(r.dataset.sum), tiles: r.querySelectorAll('canvas').length })))
        assert.equal(rows.length, c.channels)
        assert.ok(rows.every((r) => r.tiles === 3))
        near(Number(await view.getAttribute('data-total')), Number(await view.locator('[data-value]').getAttribute('data-value')), sum(rows.map((r) => Math.abs(r.sum))), 'sum and bias')
        await view.locator('.kernel').nth(2).hover()
        assert.match(await view.locator('.kernel .numbers').getByRole('img').getAttribute('aria-label'), /: (−?[\d.·⁻⁰-⁹]+(, )?){9,}$/)
        await page.mouse.move(5, 895)
        await view.getByRole('button', { name: 'Play' }).click()
        const place = () => page.evaluate(() => location.hash.match(/cell=([\d,]+)/)?.[1])
        const from = await place()
        await until(page, (f) => ![undefined, f].includes(location.hash.match(/cell=([\d,]+)/)?.[1]), from)
        await view.locator('.in canvas').first().hover({ position: { x: 3, y: 3 } })
        await view.getByRole('button', { name: 'Play' }).waitFor()
        await page.mouse.move(5, 895)
        await channelReady(page)
      })
      const added = (what) =>
        page.$eval('[data-twin=forward]', (card) => {
          const list = (q, key) => [...card.querySelectorAll(q)].map((e) => Number(e.dataset[key]))
          return { products: [...list('[data-cell]', 'cell'), ...list('[data-product]', 'product')], bars: list('.slot', 'sum'), shown: Number(card.querySelector('.slot.shown')?.dataset.sum), extras: Number(card.dataset.extras), number: Number(card.dataset.number), size: Number(card.dataset.size) }
        }).then((a) => ({ ...a, what }))
      await t.test('6 its formula: window times kernel, summed over all inputs with the bias; plays, stops for the pointer, steps', async () => {
        await page.locator('[data-group="3"]').click()
        await numberReady(page)
        const card = page.locator('[data-twin=forward]')
        const a = await added('convolution')
        near(sum(a.products), a.shown, a.size, 'products of the input shown')
        near(sum(a.bars) + a.extras, a.number, a.size, 'all inputs and the bias')
        await card.getByRole('button', { name: 'Play' }).click()
        const from = await page.evaluate(() => location.hash)
        await until(page, (h) => location.hash !== h, from)
        await card.locator('.side:last-child .area').click({ position: { x: 40, y: 40 } })
        await card.getByRole('button', { name: 'Play' }).waitFor()
        await page.keyboard.press('Escape')
        await channelReady(page)
        await page.keyboard.press('Escape')
        await overview(page)
      })
      await t.test('7 ReLU: what goes in, what comes out; another row by the arrows', async () => {
        await tile(page, c.relu, 0).click()
        await channelReady(page)
        await page.getByRole('button', { name: 'Open this number' }).click()
        await numberReady(page)
        const card = page.locator('[data-twin=forward]')
        assert.equal(await card.getAttribute('data-form'), 'curve')
        assert.match(await card.innerText(), /max\(0, x\)[^]*goes in[^]*comes out/)
        const here = page.url()
        await page.getByRole('button', { name: 'Channel after' }).click()
        await until(page, (url) => location.href !== url, here)
        await numberReady(page)
        for (let i = 0; i < 3; i++) {
          const url = page.url()
          await page.goBack()
          await until(page, (before) => location.href !== before, url)
          await idle(page)
        }
        await overview(page)
        assert.match(await page.locator('.bar .left').innerText(), new RegExp(c.name), 'Back leaves the network there is')
      })
      await t.test('8 pooling: the winner is framed, and it is the value', async () => {
        await tile(page, c.pool, 0).focus()
        await page.keyboard.press('Enter')
        await channelReady(page)
        await page.getByRole('button', { name: 'Open this number' }).press('Enter')
        await numberReady(page)
        const card = page.locator('[data-twin=forward]')
        assert.equal(await card.getAttribute('data-form'), 'largest')
        const winner = await card.locator('.cells .winner').first().innerText()
        assert.match(await card.locator('[data-view=number]').innerText(), new RegExp(`^${winner.replace('+', '\\+').replace(/0+$/, '')}`))
        await page.keyboard.press('Escape')
        await page.keyboard.press('Escape')
        await overview(page)
      })
      await t.test('9 flattened: every cell with its own weight, read under the pointer; the score is their sum', async () => {
        await page.locator('[data-how=score]').click()
        await channelReady(page)
        const view = page.locator('[data-view=channel]')
        const sums = await view.locator('[data-group]').evaluateAll((all) => all.map((r) => Number(r.dataset.sum)))
        near(Number(await view.getAttribute('data-total')), Number(await view.locator('[data-value]').getAttribute('data-value')), sum(sums.map(Math.abs)), 'score')
        if (c.name === 'Tiny VGG') {
          await view.locator('.kernel canvas').first().hover({ position: { x: 20, y: 20 } })
          const said = view.locator('[data-view=weighed]')
          await until(page, () => document.querySelector('[data-view=weighed]').textContent.includes('×'))
          const [, x, w, p] = /: (\S+) × (\S+) = (\S+)$/.exec((await said.innerText()).replaceAll('−', '-'))
          assert.ok(Math.abs(Number(x) * Number(w) - Number(p)) <= 2e-3 * Math.abs(Number(p)) + 1e-4, `${x} × ${w} = ${p}`)
          assert.equal(await view.locator('[data-group="0"] .mark').count(), 3, 'the same cell in all three')
        }
        await page.keyboard.press('Escape')
        await overview(page)
      })
      await t.test('10 softmax: the terms over their sum; a class pointed at stands out in both tables', async () => {
        await page.locator('[data-how=share]').click()
        await until(page, (n) => document.querySelectorAll('[data-share]').length === n, c.classes)
        const terms = await page.$$eval('[data-share]', (rows) => rows.map((r) => [Number(r.dataset.share), Number(r.querySelector('[data-term]').dataset.term)]))
        const all = sum(terms.map(([, e]) => e))
        for (const [p, e] of terms) near(p, e / all, 1, 'a share')
        await page.locator('[data-view=shares] [data-share]').nth(2).hover()
        await until(page, () => document.querySelectorAll('tr.hot').length === 2)
        await page.keyboard.press('Escape')
        await page.keyboard.press('Escape')
        await overview(page)
      })
      await t.test('11 sizes: window, stride, padding and dilation on real pixels; red with the reason, and the picture, where they do not fit', async () => {
        await page.locator('[data-lab=play]').click()
        await page.locator('[data-view=sum]').waitFor()
        await page.getByRole('slider', { name: 'input', exact: true }).fill('8')
        await page.getByRole('slider', { name: 'kernel', exact: true }).fill('7')
        await page.getByRole('slider', { name: 'dilation' }).fill('2')
        await page.locator('.problem').waitFor()
        assert.match(await page.locator('.problem').innerText(), /window of 13 does not fit into 8 cells/)
        const shades = () => page.$eval('[data-map=grey] canvas', (canvas) => (canvas.width === 8 ? new Set(canvas.getContext('2d').getImageData(0, 0, 8, 8).data.filter((_, i) => i % 4 === 0)).size : 0))
        await until(page, () => document.querySelector('[data-map=grey] canvas').width === 8)
        assert.ok((await shades()) > 4, 'the picture is seen')
        await page.getByRole('slider', { name: 'padding' }).fill('4')
        await until(page, () => !document.querySelector('.problem'))
        await page.locator('[data-lab=play]').click()
        await overview(page)
      })
      await t.test('leaving: a click beside, Escape and Back lead out, level by level', async () => {
        await tile(page, c.conv, 0).click()
        await channelReady(page)
        await page.locator('[data-group="1"]').click()
        await numberReady(page)
        const box = await page.locator('[data-view=number-depth]').boundingBox()
        await page.mouse.click(box.x + box.width / 2, box.y + box.height - 3)
        await channelReady(page)
        await page.goBack()
        await numberReady(page)
        await page.keyboard.press('Escape')
        await channelReady(page)
        await page.keyboard.press('Escape')
        await overview(page)
        assert.doesNotMatch(page.url(), /at=/)
      })
    })
  })
