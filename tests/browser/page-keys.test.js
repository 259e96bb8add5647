// Without a pointer: overview, channel, number and the panels of methods, at three widths; and what the address and Back do in every view.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choose, idle, pixels, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened()

/** Tab until what has the focus matches; on the way the focus is always somewhere, in sight, and ringed. */
async function tabTo(page, selector, key = 'Tab') {
  for (let i = 0; i < 150; i++) {
    await page.keyboard.press(key)
    const at = await page.evaluate((wanted) => {
      const x = document.activeElement
      const box = x.getBoundingClientRect()
      const seen = box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight && box.width > 0
      return { found: x.matches(wanted), body: x === document.body, what: `${x.tagName} ${x.className} ${x.ariaLabel ?? x.textContent.slice(0, 30)}`, seen, ring: getComputedStyle(x).outlineStyle !== 'none' || getComputedStyle(x.parentElement).outlineStyle !== 'none' }
    }, selector)
    if (!at.body) assert.ok(at.seen && at.ring, `${at.what}: ${at.seen ? 'no ring' : 'out of sight'}`)
    if (at.found) return
  }
  assert.fail(`no way to ${selector} with ${key}`)
}

const channelReady = (page) => until(page, () => document.querySelector('[data-view=channel]')?.dataset.ready === 'yes')
const numberReady = (page) => until(page, () => document.querySelector('[data-view=number-depth]')?.dataset.ready === 'yes')

for (const [width, height] of [[1440, 900], [1024, 768], [390, 844]])
  test(`the keyboard alone at ${width} px: overview, channel, number, a method's panel, its map, and out again`, async () => {
    await visit(browser, server.url, async (page) => {
      const phone = width < 780
      // From the top of the page to a tile, its channel, one of its inputs, its number.
      await tabTo(page, '[data-column=conv_1_2] .tile')
      await page.keyboard.press(phone ? 'ArrowRight' : 'ArrowDown')
      await page.keyboard.press('Enter')
      await channelReady(page)
      assert.match(page.url(), /at=conv_1_2:1/)
      await tabTo(page, '[data-group]')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await numberReady(page)
      assert.match(page.url(), /depth=number/)
      await tabTo(page, '[data-twin=forward] .side:last-child .area')
      const was = await page.locator('.way h2').innerText()
      await page.keyboard.press('ArrowRight')
      await until(page, (text) => document.querySelector('.way h2').textContent !== text, was)
      await numberReady(page)
      await page.keyboard.press('b')
      await until(page, () => document.documentElement.dataset.dir === 'backward')
      await numberReady(page)
      await page.keyboard.press('b')
      await page.keyboard.press('Escape')
      await channelReady(page)
      await page.keyboard.press('Escape')
      await page.locator('.strip').first().waitFor()
      assert.doesNotMatch(page.url(), /at=/)
      // A method: its panel, another method of it, a parameter, the run, the map.
      await tabTo(page, phone ? 'nav.tabs button:nth-child(2)' : '[data-lab=saliency]')
      await page.keyboard.press('Enter')
      await page.locator('#lab').waitFor()
      if (phone) {
        await tabTo(page, '.groups [role=radio][aria-checked=false]')
        await page.keyboard.press('Enter')
      }
      await until(page, () => location.hash.includes('lab=saliency') && document.querySelector('#lab')?.dataset.status === 'done')
      await tabTo(page, '#lab .picker button')
      await page.keyboard.press('Enter')
      const chosen = () => page.evaluate(() => document.activeElement.textContent)
      for (let i = 0; i < 60 && !(await chosen()).startsWith('SmoothGrad'); i++) await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await until(page, () => location.hash.includes('method=smoothgrad'))
      await tabTo(page, '#lab input[type=range]')
      await page.keyboard.press('ArrowLeft')
      await until(page, () => /params=/.test(location.hash))
      await tabTo(page, '#lab [data-job] .main')
      await page.keyboard.press('Enter')
      await until(page, () => document.querySelector('#lab')?.dataset.status === 'done' && document.querySelector('#lab')?.dataset.stale === 'no')
      await tabTo(page, '#lab .map')
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('ArrowDown')
      assert.match(await page.locator('#lab').innerText(), /row \d+, column \d+/)
      if (!phone) {
        await page.keyboard.press('Escape')
        await until(page, () => !document.querySelector('#lab'))
        // The band of the light is a slider; the panel turned the light round.
        await tabTo(page, '[role=slider][aria-label^=Strength]')
        await page.keyboard.press('Home')
        await until(page, () => document.querySelector('[data-front]').dataset.front === 'moving')
        await page.keyboard.press('ArrowLeft')
        assert.equal(await page.evaluate(() => document.activeElement.ariaValueNow), '1')
        await page.keyboard.press('End')
        await until(page, () => document.querySelector('[data-front]').dataset.front === 'still')
      }
    }, { width, height })
  })

test('the band of the light is dragged: what the front has not reached is veiled, at the end all is there', async () => {
  await visit(browser, server.url, async (page) => {
    const end = await pixels(page, '.stage .strip canvas')
    const box = await page.locator('[role=slider][aria-label^=Strength]').boundingBox()
    const xs = await page.$$eval('.stage [data-column]', (all) => all.map((x) => x.getBoundingClientRect().left))
    await page.mouse.move(box.x + 20, box.y + 12)
    await page.mouse.down()
    await page.mouse.move((xs[3] + xs[4]) / 2 + 26, box.y + 12, { steps: 5 })
    await until(page, () => document.querySelector('[data-front]').dataset.front === 'moving')
    const veiled = await page.$$eval('.stage .strip', (all) => all.map((x) => x.classList.contains('veiled')))
    assert.ok(!veiled[0] && veiled.at(-1), veiled.join())
    assert.equal(veiled.indexOf(true), 4, 'four columns are passed')
    await page.mouse.move(box.x + box.width + 40, box.y + 12, { steps: 5 })
    await page.mouse.up()
    await until(page, () => document.querySelector('[data-front]').dataset.front === 'still')
    assert.deepEqual(await pixels(page, '.stage .strip canvas'), end)
  })
})

test('names alone, without shapes and scales: kept by the link', async () => {
  await visit(browser, server.url, async (page) => {
    assert.ok((await page.locator('.stage .legend').count()) > 3)
    await page.getByRole('button', { name: /^Scale/ }).click()
    await page.getByRole('menuitemcheckbox', { name: /Shapes and scales/ }).click()
    await until(page, () => location.hash.includes('detail=off') && !document.querySelector('.stage .legend'))
    assert.doesNotMatch(await page.locator('.stage .head').nth(2).innerText(), /62×62/)
    await page.reload()
    await idle(page)
    assert.equal(await page.locator('.stage .legend').count(), 0)
  })
})

test('Back undoes what opens or leaves a level, a layer, a panel, a picture, and nothing else', async () => {
  await visit(browser, server.url, async (page) => {
    const hash = () => page.evaluate(() => location.hash)
    const length = () => page.evaluate(() => history.length)
    const steps = []
    const step = async (what, work, pushes) => {
      const before = [await length(), await hash()]
      await work()
      await page.waitForTimeout(30)
      await idle(page)
      assert.equal((await length()) - before[0], pushes, `${what}: ${before[1]} → ${await hash()}`)
      if (pushes) steps.push(before[1])
      else assert.notEqual(await hash(), before[1], `${what} stands in the address`)
    }
    await step('a picture', () => choose(page, 'Goldfish'), 1)
    await step('the direction', () => page.keyboard.press('b'), 0)
    await step('a pin', () => page.locator('[data-class="4"]').click(), 0)
    await step('the scale', async () => {
      await page.getByRole('button', { name: /^Scale/ }).click()
      await page.getByRole('menuitemradio', { name: /^network/ }).click()
    }, 0)
    await step('a layer', () => page.evaluate(() => [...document.querySelectorAll('.head button')][5].click()).then(() => page.getByRole('menuitem', { name: /^Open/ }).click()), 1)
    await step('its sorting', () => page.getByRole('combobox', { name: 'Sort' }).selectOption('mean'), 0)
    await step('out of the layer', () => page.keyboard.press('Escape'), 1)
    await step('a channel', () => page.locator('[data-column=conv_1_2] [data-tile="2"]').click(), 1)
    await channelReady(page)
    await step('a number', () => page.getByRole('button', { name: 'Open this number' }).click(), 1)
    await numberReady(page)
    await step('another place', () => page.getByRole('button', { name: 'To the last place' }).first().click(), 0)
    const deepest = await hash()
    await step('one level out', () => page.keyboard.press('Escape'), 1)
    await step('out of the depths', () => page.keyboard.press('Escape'), 1)
    await step('a panel', () => page.locator('[data-lab=saliency]').click(), 1)
    await until(page, () => document.querySelector('#lab')?.dataset.status === 'done')
    await step('another method', async () => {
      await page.locator('#lab .picker button').click()
      await page.getByRole('menuitemradio', { name: /^SmoothGrad/ }).click()
    }, 0)
    await step('a channel switched off', async () => {
      await page.locator('.stage [data-column=relu_1_2] .tile').first().focus()
      await page.keyboard.press('x')
    }, 0)
    await step('another network', async () => {
      await page.getByRole('button', { name: /Tiny VGG/ }).click()
      await page.getByRole('menuitemradio', { name: /Fashion/ }).click()
      await until(page, () => location.hash.includes('model=fashion'))
    }, 1)
    // All the way back: each view as it was when it was left.
    const seen = []
    for (let i = 0; i < steps.length; i++) {
      const from = await hash()
      await page.goBack()
      await until(page, (h) => location.hash !== h, from)
      await idle(page)
      seen.push(await hash())
    }
    assert.ok(seen.includes(deepest), 'the number where it was left')
    assert.equal(seen.at(-1), steps[0], 'the first view')
    assert.equal(await page.locator('.stage .strip').first().isVisible(), true)
  })
})

// Views, and what of them must be the same however one comes there.
const VIEWS = {
  'backward, a channel pinned': 'picture=koala&dir=backward&pin=conv_2_1:3',
  'a unit pinned, scales by unit': 'pin=conv_1_2:3@20,30&scale=unit&dir=backward',
  'a layer opened, sorted': 'open=relu_2_1&sort=mean',
  'a channel': 'picture=goldfish&at=conv_2_1:4&cell=3,5', 'a channel backwards': 'dir=backward&at=max_pool_1:3&cell=7,7',
  'a number': 'at=conv_1_2:1&depth=number&cell=9,11&from=2', 'softmax': 'at=softmax:7&depth=number',
  'maps': 'lab=maps&params=layer%3Dconv_1_2', 'saliency': 'picture=koala&lab=saliency&dir=backward', 'an attack': 'lab=attack&method=fgsm&dir=backward&params=eps%3D3',
  'changes by hand': 'lab=edit&edits=relu_1_1:4*0&paint=12.mean.0w0g140k', 'the kernel': 'lab=play&params=pad%3D1+stride%3D2', 'classes': 'lab=classes&params=a%3D1+b%3D2+layer%3Dconv_2_2', 'a frame of the training': 'frame=2', 'a crop': 'crop=200,100,600', 'weights of another network': 'model=fashion&picture=goldfish',
}
const settled = (page) => until(page, () => {
  const [at, lab] = [location.hash.includes('at='), location.hash.includes('lab=')]
  const panel = document.querySelector('#lab')?.dataset
  return document.documentElement.dataset.state === 'idle' && (!lab || (panel?.status === 'done' && panel.stale === 'no')) && (!at || document.querySelector('[data-ready=yes]')) && (!location.hash.includes('frame=') || document.querySelector('[data-view=frame]'))
})
// What is seen, once it has come to rest.
async function fingerprint(page) {
  await settled(page)
  await page.mouse.move(5, 5)
  let [before, now] = ['', '.']
  for (let i = 0; i < 40 && now !== before; i++) {
    before = now
    await page.waitForTimeout(200)
    const words = await page.evaluate(() => [...document.querySelectorAll('#network, #lab, .time, .prediction')].map((x) => x.innerText.replace(/[\d.,]+ m?s\b/g, '')).join('\n'))
    now = JSON.stringify({ words, maps: await pixels(page, '#network canvas, #lab canvas') })
  }
  return JSON.parse(now)
}
test('every view is a function of its address: opened by a link, or come to from another view', async () => {
  await visit(browser, server.url, async (page) => {
    for (const [name, hash] of Object.entries(VIEWS)) {
      const link = `#v=1&${hash}`
      await page.goto(server.url + '#v=1')
      await page.reload()
      await idle(page)
      const plain = await fingerprint(page)
      await page.evaluate((h) => (location.hash = h), link)
      await page.waitForTimeout(60)
      const come = await fingerprint(page)
      await page.goto(server.url + link)
      await page.reload()
      await idle(page)
      const opened = await fingerprint(page)
      assert.deepEqual(opened, come, name)
      assert.notDeepEqual(opened, plain, `${name} is not the first view`)
      const is = await page.evaluate(() => location.hash)
      for (const part of hash.split('&')) assert.ok(is.includes(part.split('=')[0]), `${name}: ${part} is in ${is}`)
    }
  })
})
