// The network in the page: pictures, direction, pins, keys, links.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choose, idle, pixels, predictions, strongest, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened()

test('another picture changes the pixels of every column and the prediction', async () => {
  await visit(browser, server.url, async (page) => {
    const was = await pixels(page, '.strip canvas')
    const said = await predictions(page)
    assert.ok(was.length >= 11)
    assert.equal(said.length, 10)
    assert.ok(Math.abs(said.reduce((a, r) => a + r.p, 0) - 1) < 0.02, 'probabilities sum to 1')
    await choose(page, 'Koala, Perth Zoo')
    const is = await pixels(page, '.strip canvas')
    was.forEach((w, i) => assert.notEqual(is[i], w, `column ${i} did not change`))
    assert.notDeepEqual(await predictions(page), said)
    assert.match(page.url(), /picture=koala/)
    await page.goBack()
    await until(page, () => document.querySelector('[aria-label="Red panda"]').ariaSelected === 'true')
    await idle(page)
    await until(page, async () => document.documentElement.dataset.state === 'idle')
    assert.deepEqual(await predictions(page), said, 'Back restores the picture')
    assert.deepEqual(await pixels(page, '.strip canvas'), was)
  })
})

test('the direction switch turns every map into its gradient, and back', async () => {
  await visit(browser, server.url, async (page) => {
    const forward = await pixels(page, '.strip canvas')
    await page.getByRole('radio', { name: 'Backward' }).click()
    await until(page, () => document.documentElement.dataset.dir === 'backward' && document.querySelector('[data-front]').dataset.front === 'still')
    const backward = await pixels(page, '.strip canvas')
    forward.forEach((f, i) => assert.notEqual(backward[i], f, `column ${i} stayed`))
    assert.match(page.url(), /dir=backward/)
    await page.keyboard.press('b')
    await until(page, () => document.documentElement.dataset.dir === 'forward')
    assert.deepEqual(await pixels(page, '.strip canvas'), forward)
  })
})

test('a click pins a class: the gradients are of that class, the link says it', async () => {
  await visit(browser, server.url + '#v=1&dir=backward', async (page) => {
    const was = await pixels(page, '.strip canvas')
    const top = await strongest(page)
    const other = (await predictions(page)).find((r) => r.p === 0 && r.index !== top.index)
    const passes = await page.locator('html').getAttribute('data-passes')
    await page.locator(`[data-class="${other.index}"]`).click()
    await until(page, (n) => document.documentElement.dataset.passes !== n, passes)
    assert.equal(await page.locator(`[data-class="${other.index}"]`).getAttribute('aria-pressed'), 'true')
    assert.match(await page.locator('.chip').innerText(), new RegExp(other.label))
    assert.match(page.url(), new RegExp(`pin=class:${other.index}`))
    const is = await pixels(page, '.strip canvas')
    assert.ok(was.filter((w, i) => w !== is[i]).length >= was.length - 1, 'the gradients changed')
    // A margin by Shift-click
    const third = (await predictions(page)).find((r) => r.index !== other.index).index
    await page.locator(`[data-class="${third}"]`).click({ modifiers: ['Shift'] })
    await until(page, (h) => location.hash.includes(h), `pin=class:${other.index}-${third}`)
  })
})

test('an objective as text is pinned, a wrong one is refused with the reason and changes nothing', async () => {
  await visit(browser, server.url, async (page) => {
    await page.locator('.chip').click()
    const box = page.getByLabel('A layer, a channel or a sum, as text')
    await box.fill('nowhere:3')
    await page.getByRole('button', { name: 'Use', exact: true }).click()
    await until(page, () => document.querySelector('.text [role=alert]')?.textContent.length > 10)
    assert.doesNotMatch(page.url(), /nowhere/)
    await box.fill('conv_2_1:3')
    await page.getByRole('button', { name: 'Use', exact: true }).click()
    await until(page, () => location.hash.includes('pin=conv_2_1:3'))
    assert.match(await page.locator('.chip').innerText(), /conv_2_1, channel 4/)
  })
})

test('a link restores picture, direction, pin, panel and parameters', async () => {
  const hash = '#v=1&picture=goldfish&dir=backward&pin=class:4&scale=unit&lab=attack&method=pgd&params=eps%3D5+steps%3D7'
  await visit(browser, server.url + hash, async (page) => {
    assert.equal(await page.getByRole('option', { name: 'Goldfish', exact: true }).getAttribute('aria-selected'), 'true')
    assert.match(await page.locator('.epsilon').innerText(), /ε = 5\/255/)
    assert.equal(await page.getByRole('textbox', { name: 'steps' }).inputValue(), '7')
    assert.match(await page.locator('.bar').first().innerText(), /Scale: unit/)
  })
  await visit(browser, server.url + '#v=1&picture=%00&dir=sideways&pin=class:99999&lab=%3Cscript%3E&params=%25%25', async (page) => {
    assert.equal((await predictions(page)).length, 10, 'garbage gives a usable page')
  })
})

test('the keyboard alone: arrows between tiles, Enter opens the channel, Escape leaves, read-out follows', async () => {
  await visit(browser, server.url, async (page) => {
    await page.locator('[data-column=conv_1_1] [data-tile="0"]').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowRight')
    assert.match(await page.locator('[data-view=readout]').innerText(), /relu_1_1\s*channel 2 of 10/)
    await page.keyboard.press('Enter')
    await until(page, () => location.hash.includes('at=relu_1_1:1'))
    await until(page, () => document.querySelector('[data-view=channel]')?.dataset.ready === 'yes')
    assert.match(await page.locator('.way').innerText(), /channel 2 of 10/)
    await page.keyboard.press('Escape')
    await until(page, () => !location.hash.includes('at='))
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await until(page, () => !document.querySelector('dialog'))
  })
})

test('edges lead into the tile under the pointer, and go with it', async () => {
  await visit(browser, server.url, async (page) => {
    await page.locator('[data-column=conv_2_1] [data-tile="2"]').hover()
    await until(page, () => document.querySelectorAll('.edges path').length > 10)
    await page.locator('header').hover()
    await until(page, () => document.querySelectorAll('.edges path').length <= 10)
  })
})

test('on a phone and at 1024 px nothing is cut off sideways', async () => {
  for (const [width, height] of [[390, 844], [1024, 768]]) {
    await visit(browser, server.url, async (page) => {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      assert.ok(wide <= width, `${wide} px in ${width}`)
      const strips = await page.locator('.strip canvas').count()
      assert.ok(strips >= 11)
    }, { width, height })
  }
})

test('the way of the light can be stepped through, layer by layer, to its end', async () => {
  await visit(browser, server.url + '#v=1&dir=backward', async (page) => {
    const end = await pixels(page, '.strip canvas')
    await page.getByRole('button', { name: 'Show me its way, layer by layer' }).click()
    const front = page.getByRole('group', { name: 'The front of the light' })
    await front.waitFor()
    const begin = await pixels(page, '.strip canvas')
    assert.equal(begin.filter((b, i) => b === end[i]).length, 0, 'nothing is reached yet')
    await front.getByRole('button', { name: 'One layer further' }).click()
    await front.getByRole('button', { name: 'One layer further' }).click()
    assert.match(await front.innerText(), /layer 2 of 11/)
    const now = await pixels(page, '.strip canvas')
    assert.deepEqual(now.map((n, i) => n === end[i]), end.map((_, i) => i >= end.length - 2), 'two columns from the right')
    await front.getByRole('button', { name: 'To the end' }).click()
    await until(page, () => document.querySelector('[data-front]').dataset.front === 'still')
    assert.deepEqual(await pixels(page, '.strip canvas'), end)
  })
})
