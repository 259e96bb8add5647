// Hands on: painting, channels switched off, kernels changed, the playground; undone, and restored from a link.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idle, pixels, predictions, redrawn, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened()

async function follow(page, work) {
  const passes = await page.locator('html').getAttribute('data-passes')
  await work()
  await until(page, (n) => document.documentElement.dataset.passes !== n, passes)
  await idle(page)
}
const changed = (page, column) => page.locator(`.inner [data-column=${column}] .tile.changed`).count()

test('painting on the input changes everything behind it, the difference is marked, a link restores it, undo takes it back', async () => {
  let hash, was, is, said
  await visit(browser, server.url + '#v=1&lab=edit', async (page) => {
    was = await pixels(page, '.inner .strip canvas')
    const first = await predictions(page)
    const pad = page.locator('[data-view=pad]')
    const box = await pad.boundingBox()
    await follow(page, async () => {
      await page.mouse.move(box.x + 0.3 * box.width, box.y + 0.4 * box.height)
      await page.mouse.down()
      for (let i = 1; i <= 8; i++) await page.mouse.move(box.x + (0.3 + 0.05 * i) * box.width, box.y + (0.4 + 0.03 * i) * box.height)
      await page.mouse.up()
    })
    is = await pixels(page, '.inner .strip canvas')
    is.forEach((x, i) => assert.notEqual(x, was[i], `column ${i} follows`))
    assert.ok((await changed(page, 'relu_1_1')) >= 5, 'changed tiles have their corner')
    said = await predictions(page)
    assert.notDeepEqual(said, first)
    assert.match(await page.locator('[data-view=changes]').innerText(), /1 change\b/)
    assert.match(await page.locator('.moved').innerText(), /before/)
    hash = new URL(page.url()).hash
    assert.match(hash, /paint=6\.mean\./)
  })
  await visit(browser, server.url + hash, async (page) => {
    assert.deepEqual(await pixels(page, '.inner .strip canvas'), is)
    assert.deepEqual(await predictions(page), said)
    await follow(page, () => page.getByRole('button', { name: 'Undo all' }).click())
    assert.deepEqual(await pixels(page, '.inner .strip canvas'), was)
    assert.doesNotMatch(page.url(), /paint=/)
    assert.equal(await page.locator('.tile.changed').count(), 0)
  })
})

test('the brush by keyboard: arrows, Space, plus; U undoes', async () => {
  await visit(browser, server.url + '#v=1&lab=edit', async (page) => {
    const was = await pixels(page, '.inner .strip canvas')
    await page.locator('[data-view=pad]').focus()
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('+')
    await page.keyboard.press('+')
    await follow(page, () => page.keyboard.press('Space'))
    assert.match(page.url(), /paint=8\.mean\.0v0w/)
    assert.notDeepEqual(await pixels(page, '.inner .strip canvas'), was)
    await follow(page, () => page.keyboard.press('u'))
    assert.deepEqual(await pixels(page, '.inner .strip canvas'), was)
  })
})

test('a channel is switched off by click and by key, only what follows changes, and one click switches it on', async () => {
  await visit(browser, server.url, async (page) => {
    const names = await page.$$eval('.inner .strip', (all) => all.map((x) => x.dataset.column))
    const was = await pixels(page, '.inner .strip canvas')
    const first = await predictions(page)
    await page.locator('.inner [data-column=relu_1_2] [data-tile="4"]').focus()
    await follow(page, () => page.keyboard.press('x'))
    assert.match(page.url(), /edits=relu_1_2:4\*0/)
    const is = await pixels(page, '.inner .strip canvas')
    const at = names.indexOf('relu_1_2')
    names.forEach((name, i) => (i < at ? assert.equal(is[i], was[i], `${name} lies before it`) : assert.notEqual(is[i], was[i], `${name} follows`)))
    assert.equal(await changed(page, 'relu_1_2'), 1)
    assert.equal(await page.locator('.inner [data-column=relu_1_2] .tile.off').count(), 1)
    assert.notDeepEqual(await predictions(page), first)
    // What a class had before stands beside what it has now.
    const [moved] = (await predictions(page)).filter(({ p, index }) => p !== first[index].p)
    assert.ok((await page.locator(`.prediction [data-class="${moved.index}"] .end`).innerText()).replaceAll(/[\s<]/g, '').endsWith(`${first[moved.index].p.toFixed(3)}→${moved.p.toFixed(3)}`))
    await follow(page, () => page.locator('.toast').getByRole('button', { name: 'Undo' }).click())
    assert.deepEqual(await pixels(page, '.inner .strip canvas'), was)
    // By click, in the panel.
    await page.locator('[data-lab=edit]').click()
    await page.getByRole('combobox', { name: 'Layer' }).selectOption('max_pool_2')
    const beneath = await predictions(page)
    await follow(page, () => page.locator('#lab .strip .tile').nth(3).click())
    assert.match(page.url(), /edits=max_pool_2:3\*0/)
    assert.notDeepEqual(await predictions(page), beneath)
    // As differences, everything before the change is silent.
    await page.getByRole('checkbox', { name: 'show the difference' }).check()
    assert.match(page.url(), /diff=on/)
    const silent = await page.$$eval('.inner .strip', (all) => all.map((x) => [x.dataset.column, [...x.querySelectorAll('.tile')].map((tile) => tile.textContent.includes('0'))]))
    for (const [name, zeros] of silent) assert.deepEqual(zeros, zeros.map((_, k) => name !== 'max_pool_2' || k !== 3), name)
    await page.getByRole('checkbox', { name: 'show the difference' }).uncheck()
    await follow(page, () => page.locator('#lab li').getByRole('button', { name: 'Undo' }).click())
    assert.deepEqual(await predictions(page), beneath)
  })
})

test('a kernel of zeros is the channel without that input; as trained brings it back', async () => {
  await visit(browser, server.url + '#v=1&lab=edit', async (page) => {
    await page.getByRole('combobox', { name: 'Layer' }).selectOption('conv_1_1')
    const first = await predictions(page)
    const was = await pixels(page, '.inner .strip canvas')
    const grid = page.getByRole('group', { name: /Kernel of conv_1_1 from channel 1 to 1/ })
    const trained = await grid.locator('input').evaluateAll((all) => all.map((x) => x.value))
    assert.equal(trained.length, 9)
    await follow(page, () => page.getByRole('button', { name: 'zero', exact: true }).click())
    assert.deepEqual(await grid.locator('input').evaluateAll((all) => all.map((x) => x.value)), new Array(9).fill('0'))
    assert.equal(await changed(page, 'conv_1_1'), 1, 'one output channel alone')
    await follow(page, async () => {
      await grid.locator('input').nth(4).fill('-1.5')
      await grid.locator('input').nth(4).press('Enter')
    })
    assert.match(page.url(), /edits=conv_1_1%2F0,0=0,0,0,0,-1\.5,0,0,0,0|edits=conv_1_1\/0,0=0,0,0,0,-1\.5/)
    await follow(page, () => page.getByRole('button', { name: 'As trained' }).click())
    assert.deepEqual(await predictions(page), first)
    assert.deepEqual(await pixels(page, '.inner .strip canvas'), was)
  })
})

test('edits of a link that do not fit are refused in words and leave the network as it is', async () => {
  await visit(browser, server.url + '#v=1&edits=nowhere:3*0', async (page) => {
    assert.equal((await predictions(page)).length, 10)
    assert.match(await page.locator('.toast').last().innerText(), /nowhere/)
    assert.doesNotMatch(page.url(), /edits=/)
  })
})

test('an empty page to draw on is a picture like any other', async () => {
  await visit(browser, server.url + '#v=1&lab=edit', async (page) => {
    await follow(page, () => page.getByRole('button', { name: 'A black page' }).click())
    const blank = await predictions(page)
    await page.getByRole('radio', { name: 'white' }).click()
    await page.locator('[data-view=pad]').focus()
    await follow(page, () => page.keyboard.press('Space'))
    assert.notDeepEqual(await predictions(page), blank)
    const hash = new URL(page.url()).hash
    assert.match(hash, /picture=pad-black/)
    const is = await predictions(page)
    await page.goto(server.url + hash)
    await page.reload()
    await idle(page)
    assert.deepEqual(await predictions(page), is)
  })
})

const summed = async (page) => {
  const text = await page.locator('[data-view=sum] .terms').innerText()
  const [left, right] = text.split('=')
  const n = (x) => Number(x.replace('−', '-').replace('+', '').trim())
  const products = left.split(' + ').map((x) => x.split('·').map(n)).map(([x, w]) => x * w)
  return { products, sum: products.reduce((a, v) => a + v, 0), value: n(right) }
}

test('the playground: the printed products add up to the value shown, wherever the window is', async () => {
  await visit(browser, server.url + '#v=1&lab=play&params=pad%3D1+stride%3D2', async (page) => {
    await page.locator('[data-view=sum]').waitFor()
    const output = page.getByRole('application', { name: 'Output' })
    for (const keys of [[], ['ArrowRight', 'ArrowDown'], ['Shift+ArrowLeft', 'Shift+ArrowUp', 'Shift+ArrowLeft', 'Shift+ArrowUp']]) {
      await output.focus()
      for (const k of keys) await page.keyboard.press(k)
      const { products, sum, value } = await summed(page)
      assert.equal(products.length, 9)
      const size = products.reduce((a, v) => a + Math.abs(v), 0)
      assert.ok(Math.abs(sum - value) <= 4e-3 * Math.max(size, 0.1), `${sum} is ${value}`) // as printed: three digits
    }
    assert.match(await page.locator('#lab').innerText(), /16×16/)
    const was = await pixels(page, '[data-map=activation] canvas')
    await page.getByRole('button', { name: 'blur' }).click()
    await until(page, () => /kernel=/.test(decodeURIComponent(location.hash)))
    await redrawn(page, '[data-map=activation] canvas', was)
  })
})

test('the playground turns red with the core’s reason when the window does not fit, and comes back', async () => {
  await visit(browser, server.url + '#v=1&lab=play&params=size%3D8+k%3D5+dilation%3D3', async (page) => {
    await page.locator('.problem').waitFor()
    assert.match(await page.locator('.problem').innerText(), /window of 13 does not fit into 8 cells/)
    await page.getByRole('slider', { name: 'padding' }).fill('3')
    await until(page, () => !document.querySelector('.problem'))
    assert.match(await page.locator('#lab').innerText(), /2×2/)
    // What a setting means is told when its name is pressed, too.
    const meaning = page.getByText('how far the window moves at a time')
    assert.equal(await meaning.isVisible(), false)
    await page.locator('.settings').getByText('stride', { exact: true }).click()
    await meaning.waitFor()
  })
})
