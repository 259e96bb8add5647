// Who uses the page, and on what: fingers, a projector, paper, forced colours; without motion.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { broken, wordsUpon } from './lib/layout.js'
import { choose, idle, pixels, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'
import { STATES, to } from './lib/states.js'

opened()

const phone = (hash, work) => visit(browser, server.url + hash, async (page) => work(page, await page.context().newCDPSession(page)), { width: 390, height: 844, touch: true })

test('fingers on a phone: a tap looks at a channel, a second opens it; a long one sets a class against another; two fingers go closer into a map, and what they hold stays there', async () => {
  await phone('#v=1', async (page) => {
    const tile = page.locator('[data-column=conv_1_2] [data-tile="2"]')
    await tile.tap()
    await page.locator('.foot').getByText('conv_1_2').first().waitFor()
    assert.doesNotMatch(page.url(), /at=/)
    await tile.tap()
    await page.locator('[data-depth=channel] [data-ready=yes]').waitFor()
    assert.match(page.url(), /at=conv_1_2:2/)
  })
  // A tap pins a class, a finger that stays down sets it against the one that is pinned.
  await phone('#v=1', async (page, cdp) => {
    const rows = page.locator('.prediction button')
    await rows.nth(1).tap()
    await until(page, () => /pin=class:\d+(&|$)/.test(location.hash))
    const [a, b] = [await rows.nth(0).getAttribute('data-class'), await rows.nth(2).getAttribute('data-class')]
    const box = await rows.nth(2).boundingBox()
    await cdp.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: box.x + 20, y: box.y + 8 }] })
    await until(page, ([x, y]) => location.hash.includes(`pin=class:${x}-${y}`), [a, b])
    await cdp.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
    assert.equal(await page.locator('.prediction [aria-pressed=true]').count(), 2)
  })
  await phone('#v=1&lab=saliency', async (page, cdp) => {
    await until(page, () => document.querySelector('#lab')?.dataset.status === 'done')
    const map = page.locator('#lab .map').first()
    await map.scrollIntoViewIfNeeded()
    const box = await map.boundingBox()
    const at = (x, y) => ({ x: box.x + x * box.width, y: box.y + y * box.height })
    const touch = (type, ...touchPoints) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints: touchPoints.map((p, id) => ({ ...p, id })) })
    const value = () => map.locator('b').textContent()
    const tap = async (p) => {
      await touch('touchStart', p)
      await touch('touchEnd')
    }
    await tap(at(0.4, 0.6))
    const was = await value()
    // Two fingers around that place, drawn apart evenly.
    await touch('touchStart', at(0.35, 0.55), at(0.45, 0.65))
    for (const d of [0.1, 0.15, 0.2]) await touch('touchMove', at(0.4 - d, 0.6 - d), at(0.4 + d, 0.6 + d))
    await touch('touchEnd')
    await until(page, () => Number(document.querySelector('#lab .map').dataset.zoom) > 3)
    await tap(at(0.4, 0.6))
    assert.equal(await value(), was, 'the place between the fingers stayed')
    const box2 = await map.locator('canvas').boundingBox()
    assert.ok(box2.width > 3 * box.width)
    await page.getByRole('button', { name: 'The whole map' }).tap()
    await until(page, () => document.querySelector('#lab .map').dataset.zoom === '1.00')
    // By keys too.
    await map.focus()
    await page.keyboard.press('+')
    await until(page, () => document.querySelector('#lab .map').dataset.zoom === '1.50')
    await page.keyboard.press('0')
    await until(page, () => document.querySelector('#lab .map').dataset.zoom === '1.00')
  })
})

test('a table behind every enlarged map, by T and, for fingers, by a button; what a parameter means is told when its name is pressed', async () => {
  const states = [['#v=1&lab=saliency', '#lab .map', 2], ['#v=1&lab=maps', '#lab .map', 1], ['#v=1&lab=cue', '#lab .map', 16], ['#v=1&at=conv_1_2:1', '.out-card .area', 1], ['#v=1&at=conv_1_2:1&depth=number&cell=0,11', '.twin .area', 4]]
  const calm = async (page) => {
    await until(page, () => !document.querySelector('#lab') || document.querySelector('#lab').dataset.status === 'done')
    await until(page, () => !document.querySelector('[data-depth]') || document.querySelector('[data-ready=yes]'))
  }
  await visit(browser, server.url, async (page) => {
    for (const [hash, maps, least] of states) {
      await page.evaluate((to) => (location.hash = to), hash)
      await page.locator(maps).nth(least - 1).waitFor()
      await calm(page)
      const n = await page.locator(maps).count()
      for (let i = 0; i < n; i += Math.max(1, n - 1)) {
        await page.locator(maps).nth(i).focus()
        await page.keyboard.press('t')
        await page.locator('dialog td').first().waitFor()
        assert.equal(await page.locator('dialog td').count(), 64, hash)
        await page.keyboard.press('Escape')
        await until(page, () => !document.querySelector('dialog'))
      }
    }
  })
  await phone('#v=1&lab=saliency&method=smoothgrad&params=samples%3D3', async (page) => {
    const meaning = page.locator('#lab .row small').first()
    assert.ok((await meaning.boundingBox()).height <= 1)
    await page.locator('#lab .row label').first().tap()
    await until(page, () => document.querySelector('#lab .row small').getBoundingClientRect().height > 10)
    for (const hash of ['#v=1&lab=saliency', '#v=1&at=conv_1_2:1']) {
      await page.evaluate((to) => (location.hash = to), hash)
      await page.locator(hash.includes('lab') ? '#lab[data-status=done]' : '[data-ready=yes]').waitFor()
      await page.getByRole('button', { name: 'Table' }).first().tap()
      await page.locator('dialog td').first().waitFor()
      await page.getByRole('button', { name: 'Close', exact: true }).tap()
      await until(page, () => !document.querySelector('dialog'))
    }
  })
})

test('what happens is said: the network and its answer, another picture, what is pinned, and how a computation begins, ends and is stopped', async () => {
  await visit(browser, server.url, async (page) => {
    // Everything that a live region has said.
    await page.evaluate(() => {
      globalThis.said = []
      const note = () => document.querySelectorAll('[role=status], [role=alert], [aria-live]').forEach((x) => x.textContent.trim() && said.at(-1) !== x.textContent.trim() && said.push(x.textContent.trim()))
      new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true })
      note()
    })
    const hears = (words) => until(page, ([source]) => said.some((x) => new RegExp(source).test(x)), [words])
    await hears('^Tiny VGG\\. .*red panda')
    await page.waitForTimeout(1100) // not more than once a second
    await choose(page, 'Koala, Perth Zoo')
    await hears('^Prediction.*koala|^koala')
    await page.locator('.prediction [data-class="0"]').click()
    await until(page, () => /pin=class/.test(location.hash))
    await hears('^pinned ')
    await page.evaluate(() => (location.hash = '#v=1&lab=dream&params=steps%3D200+octaves%3D6'))
    await page.getByRole('button', { name: 'Run' }).click()
    await hears('^The computation runs')
    await page.getByRole('button', { name: 'Stop' }).click()
    await hears('^stopped($| at \\d)') // before its first step without a number
    await page.evaluate(() => (location.hash = '#v=1&lab=dream&params=steps%3D1+octaves%3D1'))
    await page.locator('#lab .bar .btn').first().click()
    await hears('^The computation is done')
  })
})

const SHORT = 80 // ms that a colour may take to change where motion is unwelcome (tokens.css)
// The smallest letter that is seen, apart from formulas, whose indices are small by nature.
const smallest = (page) => page.evaluate(() => {
  const sizes = []
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    const x = n.parentElement
    if (n.data.trim() && x.getClientRects().length && !x.closest('math, .sr, noscript, script, style')) sizes.push(parseFloat(getComputedStyle(x).fontSize))
  }
  return Math.min(...sizes)
})

test('for a projector: no letter under 14 px, by the menu and by a link', async () => {
  await visit(browser, server.url, async (page) => {
    assert.ok((await smallest(page)) < 12)
    await page.getByRole('button', { name: 'Language' }).click()
    await page.getByRole('menuitemcheckbox', { name: /Bigger type/ }).click()
    await until(page, () => /type=large/.test(location.hash))
    assert.ok((await smallest(page)) >= 14, `${await smallest(page)}`)
  })
})

test('for a projector, in every state: no letter under 14 px, nothing beyond the edge, cut off or beneath something else', async () => {
  await visit(browser, `${server.url}#v=1&type=large`, async (page) => {
    const found = []
    for (const state of STATES.filter(([name]) => !name.startsWith('figure'))) { // figures are made of the same parts
      await to(page, state, 'type=large')
      const least = await smallest(page)
      if (!(least >= 14)) found.push(`${state[0]}: ${least} px`)
      found.push(...(await page.evaluate(broken)).map((line) => `${state[0]}: ${line}`))
    }
    assert.deepEqual(found, [])
  }, { allow: /Failed to load resource/ })
})

test('where motion is unwelcome nothing moves: the light is there at once, a channel too, and a training goes by steps', async () => {
  await visit(browser, `${server.url}#v=1&frame=3`, async (page) => {
    await page.evaluate((most) => {
      globalThis.moved = []
      new MutationObserver((all) => all.forEach(({ target: { dataset } }) => dataset.front !== 'still' && moved.push(`front ${dataset.front}`))).observe(document.body, { subtree: true, attributeFilter: ['data-front'] })
      const start = document.startViewTransition.bind(document)
      document.startViewTransition = (change) => (moved.push('from view to view'), start(change))
      const note = ({ target }) => target.getAnimations().forEach((x) => x.effect.getTiming().duration > most && moved.push(`${target.className} ${x.transitionProperty ?? x.animationName}`))
      for (const event of ['transitionrun', 'animationstart']) addEventListener(event, note, true)
    }, SHORT)
    await page.getByRole('button', { name: 'A frame further' }).click()
    assert.equal(await page.getByRole('button', { name: 'Play the training' }).count(), 0)
    await page.getByRole('radio', { name: 'Backward' }).click()
    await until(page, () => document.documentElement.dataset.dir === 'backward')
    await idle(page)
    await page.locator('[data-column=conv_1_2] [data-tile="2"]').click()
    await page.locator('[data-depth=channel] [data-ready=yes]').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.stage .strip').first().waitFor()
    await choose(page, 'Koala, Perth Zoo')
    assert.deepEqual(await page.evaluate(() => [...new Set(moved)]), [])
  })
})

// How bright the maps are, 0 to 255, on average.
const brightness = (page) => page.$$eval('.strip canvas', (all) => {
  let [sum, n] = [0, 0]
  for (const canvas of all) {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 250) [sum, n] = [sum + (data[i] + data[i + 1] + data[i + 2]) / 3, n + 1]
  }
  return sum / n
})

test('on paper: the light colours, the page as wide as the sheet, all of a panel, its address; afterwards everything as before', async () => {
  await visit(browser, `${server.url}#v=1&lab=saliency`, async (page) => {
    await until(page, () => document.querySelector('#lab')?.dataset.status === 'done')
    await page.getByRole('button', { name: /theme/ }).click()
    const light = await brightness(page)
    await page.getByRole('button', { name: /theme/ }).click()
    const dark = await brightness(page)
    assert.ok(light - dark > 60, `${light}, ${dark}`)
    await page.emulateMedia({ media: 'print' })
    await until(page, () => document.documentElement.dataset.theme === 'light')
    const paper = await brightness(page)
    assert.ok(Math.abs(paper - light) < 12, `${paper}, ${light}`)
    const seen = await page.evaluate(() => {
      const app = document.querySelector('.app').getBoundingClientRect()
      const cut = [...document.querySelectorAll('.app .body, .app .text section')].filter((x) => x.scrollHeight > x.clientHeight + 2).map((x) => x.className)
      const shown = [...document.querySelectorAll('.app .btn.small, .rail, .toasts, .buttons')].filter((x) => x.closest('.rail, .toasts, .buttons') && x.getClientRects().length)
      return { width: app.width, cut, shown: shown.length, address: document.querySelector('.printed')?.textContent, formula: !!document.querySelector('#lab math')?.getClientRects().length }
    })
    assert.ok(Math.abs(seen.width - 1040) < 2, `${seen.width}`)
    assert.deepEqual([seen.cut, seen.shown, seen.formula], [[], 0, true])
    assert.equal(seen.address, page.url())
    await page.emulateMedia({ media: 'screen' })
    await until(page, () => document.documentElement.dataset.theme === 'dark')
    assert.ok(Math.abs((await brightness(page)) - dark) < 12)
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
    assert.ok((pdf.match(/\/Type \/Page\b(?!s)/g) ?? []).length <= 4)
    assert.ok(/MediaBox \[0 0 84[12]/.test(pdf), 'A4, its long side level')
  }, { dark: true })
})

// In the page, while it is laid out for paper: maps that are not there or of one colour, and how wide it is.
function sheet() {
  const empty = []
  const maps = [...document.querySelectorAll('canvas')].filter((c) => !c.closest('.column, .pictures, .legend'))
  for (const canvas of maps) {
    const { width, height } = canvas.getBoundingClientRect()
    const colours = new Set(new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer))
    if (!canvas.checkVisibility({ visibilityProperty: true }) || width < 8 || height < 8 || colours.size < 3) empty.push(`${canvas.closest('[data-column]')?.dataset.column ?? canvas.parentElement.className}: ${Math.round(width)}×${Math.round(height)}, ${colours.size} colours`)
  }
  return { empty, maps: maps.length, right: document.querySelector('.app, .phone, .embed').getBoundingClientRect().right }
}
// What a real sheet of paper has: looked at after the page's own listener, in the middle of printing.
async function print(page) {
  await page.evaluate(`globalThis.sheets = []
    globalThis.paper = matchMedia('print')
    paper.addEventListener('change', () => paper.matches && sheets.push({ ...(${sheet})(), ...(${wordsUpon})() }))`)
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
  const pages = (pdf.match(/\/Type \/Page\b(?!s)/g) ?? []).length
  return { ...(await page.evaluate(() => sheets.at(-1))), pages, upright: /MediaBox \[0 0 59[456]/.test(pdf) }
}

for (const [what, hash, width, height, maps, pages, upright = false, wait = null] of [
  ['the page, narrow and dark', '', 800, 900, 11, 1],
  ['the page at 1440', '', 1440, 900, 11, 1],
  ['a layer opened', '#v=1&open=relu_1_1', 1024, 768, 4, 1],
  ['backwards', '#v=1&dir=backward', 1024, 700, 11, 1],
  ['a channel', '#v=1&at=conv_2_1:1', 900, 900, 20, 1, false, '[data-ready=yes]'],
  ['a number', '#v=1&at=conv_1_2:1&depth=number&cell=0,11', 1024, 768, 4, 1, false, '[data-ready=yes]'],
  ['a method beside the network', '#v=1&lab=saliency', 1440, 900, 12, 3, false, '#lab[data-status=done]'],
  ['a method in its place', '#v=1&lab=saliency', 800, 900, 1, 3, false, '#lab[data-status=done]'],
  ['the cue', '#v=1&lab=cue', 1024, 768, 16, 3, false, '#lab[data-status=done]'],
  ['a wide figure', '#v=1&embed=network', 1000, 600, 11, 1],
  ['a narrow figure', '#v=1&embed=saliency', 400, 600, 1, 3, true, '#lab[data-status=done]'],
  ['a phone', '', 390, 844, 11, 2, true],
]) {
  test(`on a real sheet of paper, ${what}: no words upon each other, every map drawn, nothing beyond the edge, no page for nothing`, async () => {
    await visit(browser, server.url + hash, async (page) => {
      if (wait) await page.locator(wait).waitFor()
      const found = await print(page)
      assert.deepEqual([found.upon, found.empty], [[], []])
      assert.ok(found.words.length > 20 && found.maps >= maps, `${found.words.length} words, ${found.maps} maps`)
      const right = Math.max(found.right, ...found.words.map((w) => w.right))
      assert.ok(right <= (upright ? 719 : 1048), `${right} px wide`)
      assert.ok(found.pages <= pages, `${found.pages} pages`)
      assert.equal(found.upright, upright)
    }, { width, height, dark: width < 1000 })
  })
}

test('in forced colours what is colour by nature stays: maps, bars, cells; what is chosen is framed', async () => {
  await visit(browser, server.url, async (page) => {
    const maps = await pixels(page, '.strip canvas')
    await page.emulateMedia({ forcedColors: 'active' })
    assert.deepEqual(await pixels(page, '.strip canvas'), maps)
    const colours = await page.evaluate(() => {
      const of = (selector, what = 'backgroundColor') => getComputedStyle(document.querySelector(selector))[what]
      return { bar: of('.prediction .track i'), ground: of('.prediction .track'), page: of('body'), chosen: of('.strip [aria-selected=true] img, .column [aria-selected=true] img', 'outlineStyle') }
    })
    assert.notEqual(colours.bar, colours.page)
    assert.notEqual(colours.bar, colours.ground)
    assert.equal(colours.chosen, 'solid')
    await page.goto(`${server.url}#v=1&at=conv_1_2:1&depth=number&cell=0,11`)
    await page.locator('[data-depth=number] [data-ready=yes]').waitFor()
    const cells = await page.$$eval('.cells span', (all) => [...new Set(all.map((x) => getComputedStyle(x).backgroundColor))].length)
    assert.ok(cells > 5, `${cells}`)
  })
})
