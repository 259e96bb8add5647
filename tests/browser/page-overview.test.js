// The overview for networks that the page has never seen, and what can be opened and pinned in it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { give, idle, pixels, until, visit } from './lib/page.js'
import { network, TEXTS } from './lib/networks.js'
import { browser, opened, server } from './lib/site.js'

opened()

async function open(page, name) {
  const passes = await page.locator('html').getAttribute('data-passes')
  await give(page, `${name}.onnx`, network(name, TEXTS[name]()), { kind: 'model' })
  await until(page, (n) => document.documentElement.dataset.passes !== n, passes)
  await idle(page)
}
const nodes = (page) => page.evaluate(() => document.querySelectorAll('*').length)
// Boxes of the network that lie over each other, by name.
const overlaps = (page, selector) =>
  page.$$eval(selector, (all) => {
    const boxes = all.map((e) => ({ name: e.dataset.column ?? e.textContent, r: e.getBoundingClientRect() })).filter(({ r }) => r.width > 0 && r.height > 0)
    const found = []
    boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => {
      const x = Math.min(a.r.right, b.r.right) - Math.max(a.r.left, b.r.left)
      const y = Math.min(a.r.bottom, b.r.bottom) - Math.max(a.r.top, b.r.top)
      if (x > 1 && y > 1) found.push(`${a.name} and ${b.name}: ${x.toFixed(0)}×${y.toFixed(0)}`)
    }))
    return found
  })
// Every block in the column view, opened: its layers and channels.
async function openBlocks(page, name) {
  const n = await page.locator('.more').count()
  for (const i of [...new Set([0, n >> 1, n - 1])].filter((k) => k >= 0 && k < n)) {
    await page.locator('.more').nth(i).click()
    await page.locator('[data-view=open]').waitFor()
    assert.match(await page.locator('[data-view=open] .head').innerText(), /showing \d+ of \d+/)
    for (const where of ['.scroll > .inner .strip', '[data-view=open] .lanes .strip', '[data-view=open] .sheet .strip']) assert.deepEqual(await overlaps(page, where), [], `${name}, ${where}`)
    assert.ok((await nodes(page)) <= 1500, `${name}: ${await nodes(page)} nodes with a layer open`)
    await page.keyboard.press('Escape')
    await until(page, () => !document.querySelector('[data-view=open]'))
  }
}

for (const name of Object.keys(TEXTS))
  test(`${name} lays out without overlap in at most 1,500 nodes, opens up, and turns`, async () => {
    await visit(browser, server.url, async (page) => {
      await open(page, name)
      for (const [width, height] of [[1440, 900], [1024, 768]]) {
        await page.setViewportSize({ width, height })
        await page.waitForTimeout(100)
        assert.deepEqual(await overlaps(page, '.inner .strip'), [], `${width} px`)
        assert.deepEqual(await overlaps(page, '.inner .head b'), [], `${width} px, names`)
        assert.ok((await nodes(page)) <= 1500, `${await nodes(page)} nodes`)
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width)
      }
      await openBlocks(page, name)
      const forward = await pixels(page, '.inner .strip canvas')
      await page.keyboard.press('b')
      await until(page, () => document.documentElement.dataset.dir === 'backward' && document.querySelector('[data-front]').dataset.front === 'still')
      const backward = await pixels(page, '.inner .strip canvas')
      assert.ok(forward.filter((f, i) => f !== backward[i]).length >= 0.8 * forward.length)
      await page.setViewportSize({ width: 390, height: 844 })
      await page.locator('.phone .strip').first().waitFor()
      assert.ok((await nodes(page)) <= 1500, `${await nodes(page)} nodes on a phone`)
    })
  })

test('a wide layer is paged and sorted, says what is shown and what the rest makes up, and a link restores it', async () => {
  let hash
  await visit(browser, server.url, async (page) => {
    await open(page, 'wide')
    await page.locator('.more').nth(5).click()
    const sheet = page.locator('[data-view=open] .sheet')
    await sheet.waitFor()
    assert.match(await sheet.innerText(), /showing 32 of 512, page 1 of 16/)
    assert.match(await sheet.innerText(), /480 more make up \d+ % of the contribution to class \d+/)
    const numbers = () => sheet.locator('.label i').allInnerTexts().then((all) => all.map(Number))
    const shares = await sheet.locator('.label b').allInnerTexts()
    const sizes = shares.map((x) => Math.abs(Number(x.replace('−', '-'))))
    sizes.forEach((v, i) => i && assert.ok(v <= sizes[i - 1] * 1.02, 'the largest first'))
    await sheet.getByRole('combobox', { name: 'Sort' }).selectOption({ label: 'index' })
    assert.deepEqual(await numbers(), Array.from({ length: 32 }, (_, i) => i + 1))
    await sheet.getByRole('button', { name: 'Next 32' }).click()
    assert.deepEqual((await numbers())[0], 33)
    await sheet.getByRole('spinbutton').fill('300')
    await sheet.getByRole('spinbutton').press('Enter')
    assert.deepEqual((await numbers())[0], 289)
    hash = new URL(page.url()).hash
    assert.match(hash, /sort=index/)
    assert.match(hash, /open=\w+&page=10/)
    await page.goBack()
    await until(page, () => !document.querySelector('[data-view=open]'))
  })
  await visit(browser, server.url + '#v=1&open=relu_1_2&sort=mean', async (page) => {
    assert.match(await page.locator('[data-view=open] h2').innerText(), /relu_1_2/)
    assert.equal(await page.getByRole('combobox', { name: 'Sort' }).inputValue(), 'mean')
  })
})

test('edges say the share of each input, the shares make up the whole', async () => {
  await visit(browser, server.url, async (page) => {
    await page.locator('[data-column=conv_2_1] [data-tile="2"]').hover()
    await until(page, () => document.querySelectorAll('.edges text').length > 3)
    const said = (await page.locator('.edges text').allTextContents()).map((x) => Math.abs(Number(x.replace(/^.*more |[^0-9.]/g, ''))))
    const sum = said.reduce((a, v) => a + v, 0)
    assert.ok(Math.abs(sum - 100) < 6, `${said} make ${sum} %`)
  })
})

test('layer, channel and unit looked at can be pinned, with pointer and keyboard', async () => {
  await visit(browser, server.url, async (page) => {
    await page.locator('[data-column=conv_2_1] [data-tile="3"]').hover({ position: { x: 20, y: 12 } })
    await page.keyboard.press('o')
    await until(page, () => location.hash.includes('pin=conv_2_1:3'))
    await page.locator('.chip').click()
    await page.getByRole('group', { name: 'What you looked at last' }).getByRole('button', { name: /row \d+, column \d+/ }).click()
    await until(page, () => /pin=conv_2_1:3%40\d+,\d+/.test(location.hash))
    await idle(page)
    assert.match(await page.locator('.chip').getAttribute('title'), /conv_2_1, channel 4, row \d+, column \d+/)
    await page.keyboard.press('b')
    await until(page, () => document.documentElement.dataset.dir === 'backward')
    // One unit's gradient is zero in the layers behind it and beyond its field in those before.
    const zero = await page.evaluate(() => [...document.querySelectorAll('[data-column=relu_2_2] .tile')].every((x) => x.textContent.trim() === '0'))
    assert.ok(zero, 'layers behind get nothing')
    await page.locator('.chip').click()
    await page.getByRole('group', { name: 'What you looked at last' }).getByRole('button', { name: /all channels/ }).click()
    await until(page, () => /pin=conv_2_1(&|$)/.test(location.hash))
  })
})

test('the lens: a unit marks its field in the picture, a place in the picture marks what it reaches', async () => {
  await visit(browser, server.url, async (page) => {
    const tile = page.locator('[data-column=conv_1_1] [data-tile="1"]')
    const box = await tile.boundingBox()
    // Unit (row 20, column 40) of 62×62: rows 20…22, columns 40…42 of 64×64.
    await page.mouse.move(box.x + (40.5 / 62) * box.width, box.y + (20.5 / 62) * box.height)
    await page.locator('[data-view=field]').waitFor()
    const part = (text) => Number.parseFloat(text)
    const field = await page.locator('[data-view=field]').evaluate((e) => [e.style.left, e.style.top, e.style.width, e.style.height])
    assert.deepEqual(field.map(part), [(100 * 40) / 64, (100 * 20) / 64, (100 * 3) / 64, (100 * 3) / 64])
    const photo = await page.locator('[data-view=picture]').boundingBox()
    await page.mouse.move(photo.x + (30.5 / 64) * photo.width, photo.y + (30.5 / 64) * photo.height)
    await until(page, () => document.querySelectorAll('.tile em').length > 100)
    const wide = await page.$eval('[data-column=conv_1_2] .tile em', (e) => Number.parseFloat(e.style.width) / e.parentElement.clientWidth)
    assert.ok(Math.abs(wide - 5 / 60) < 1e-3, `${wide}: five of sixty`)
    assert.ok((await nodes(page)) <= 1500)
  })
})

test('an opened block with the keyboard alone: from tile to tile and layer to layer, out with Escape', async () => {
  await visit(browser, server.url, async (page) => {
    await open(page, 'branching')
    await page.locator('.inner .head button').nth(3).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    const sheet = page.locator('[data-view=open] .sheet')
    await sheet.waitFor()
    await sheet.locator('.tile').first().focus()
    await page.keyboard.press('ArrowRight')
    const looked = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    const second = await looked()
    await page.keyboard.press('ArrowLeft')
    assert.notEqual(await looked(), second)
    await page.keyboard.press('End')
    assert.ok(await page.evaluate(() => document.activeElement === document.activeElement.parentElement.querySelector('.tile:last-of-type')))
    await page.keyboard.press('Escape')
    await until(page, () => !document.querySelector('[data-view=open]'))
  })
})
