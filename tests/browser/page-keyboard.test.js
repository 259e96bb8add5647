// The keyboard alone: Tab comes to every control of every view and goes on, what has the focus is seen to have it, Escape leads out again;
// on the page, on a phone's width, and through a figure in a page of somebody else.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { serve } from '../../tools/serve.js'
import { BUILD, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'
import { PHONE, STATES, to } from './lib/states.js'

const MOST = 400 // steps of Tab that no view needs
const RING = 2 // px that a ring is wide at least
const CONTRAST = 3 // of the ring with what it stands on (WCAG 2.2, 1.4.11)

opened()

// In the page: notes what gets the focus, and how that is seen.
function watch([RING, CONTRAST]) {
  const rgb = (text) => (text.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = ([r, g, b]) => [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
  const contrast = (a, b) => (Math.max(luminance(a), luminance(b)) + 0.05) / (Math.min(luminance(a), luminance(b)) + 0.05)
  const ground = (x) => {
    for (; x; x = x.parentElement) {
      const colour = rgb(getComputedStyle(x).backgroundColor)
      if (colour.length === 3 || colour[3] > 0.9) return colour
    }
    return [255, 255, 255]
  }
  const nameOf = (x) => `${x.tagName.toLowerCase()}${x.className && typeof x.className === 'string' ? '.' + x.className.split(' ').filter((c) => !c.startsWith('svelte-')).join('.') : ''} "${(x.getAttribute('aria-label') || x.textContent || x.id).trim().slice(0, 40)}"`
  // How many sides of the ring are not cut off by what scrolls or clips around it.
  const sides = (x, box, out) => {
    const ring = { left: box.left - out, right: box.right + out, top: box.top - out, bottom: box.bottom + out }
    const clip = { left: 0, top: 0, right: innerWidth, bottom: innerHeight }
    for (let p = x.parentElement; p && p !== document.body; p = p.parentElement) {
      const style = getComputedStyle(p)
      if (style.overflowX === 'visible' && style.overflowY === 'visible') continue
      const b = p.getBoundingClientRect()
      Object.assign(clip, { left: Math.max(clip.left, b.left), top: Math.max(clip.top, b.top), right: Math.min(clip.right, b.right), bottom: Math.min(clip.bottom, b.bottom) })
    }
    return ['left', 'top'].filter((k) => ring[k] >= clip[k] - 1).length + ['right', 'bottom'].filter((k) => ring[k] <= clip[k] + 1).length
  }
  // Controls that can be seen and used.
  const controls = () => {
    const root = document.querySelector('dialog[open]') ?? document
    const seen = (x) => x.checkVisibility({ visibilityProperty: true }) && x.getClientRects().length && !x.closest('[aria-hidden=true], [inert]') && !x.matches(':disabled, input.sr')
    return [...root.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"], [role=option], [role=slider], [role=application]')].filter(seen)
  }
  // Tiles of a strip, and rows of a list, share one stop; arrows go from one to the next (tested below).
  const shared = (x, reached) => x.matches('[role=listbox] [role=option][tabindex="-1"]') && [...x.closest('[role=listbox]').querySelectorAll('[role=option]')].some((y) => reached.has(y))
  globalThis.walk = { order: [], wrong: [] }
  globalThis.missed = () => {
    const reached = new Set(globalThis.walk.order)
    const gone = new Set(globalThis.walk.order.filter((x) => !x.isConnected).map(nameOf)) // made anew meanwhile, for another layer
    return [...new Set(controls().filter((x) => !reached.has(x) && !shared(x, reached) && !gone.has(nameOf(x))).map(nameOf))]
  }
  addEventListener('focusin', ({ target: x }) => {
    const { order, wrong } = globalThis.walk
    order.push(x)
    // The ring may be that of the box around a field.
    const ringed = [x, x.parentElement].find((y) => getComputedStyle(y).outlineStyle !== 'none' && parseFloat(getComputedStyle(y).outlineWidth) >= RING)
    if (!ringed) return void wrong.push(`${nameOf(x)}: no ring`)
    const style = getComputedStyle(ringed)
    const [width, offset] = [parseFloat(style.outlineWidth), parseFloat(style.outlineOffset)]
    const box = ringed.getBoundingClientRect()
    if (box.width < 2 || box.height < 2) return void wrong.push(`${nameOf(x)}: not seen`)
    const on = offset < 0 ? ground(ringed) : ground(ringed.parentElement)
    if (contrast(rgb(style.outlineColor), on) < CONTRAST) wrong.push(`${nameOf(x)}: its ring ${style.outlineColor} on ${on}`)
    if (sides(ringed, box, Math.max(0, offset + width)) < 3) wrong.push(`${nameOf(x)}: its ring is cut off`)
  }, true)
}
/** Steps through everything with Tab. @returns {Promise<{ missed: string[], wrong: string[], steps: number }>} */
async function walk(page, press, frame = page) {
  await frame.evaluate(() => Object.assign(globalThis.walk, { order: [], wrong: [] }))
  let steps = 0
  // Until a dozen steps bring nothing new.
  for (let known = -1, now = 0; steps < MOST && now > known; now = await frame.evaluate(() => new Set(globalThis.walk.order).size)) {
    known = now
    for (let i = 0; i < 12; i++, steps++) await press('Tab')
  }
  return { steps, ...(await frame.evaluate(() => ({ missed: globalThis.missed(), wrong: [...new Set(globalThis.walk.wrong)] }))) }
}

for (const [what, states, size] of [['wide', STATES, { width: 1440, height: 900 }], ['on a phone', PHONE, { width: 390, height: 844, touch: true }]])
  test(`${what}: Tab comes to every control of every view, and its ring is seen`, async (t) => {
    await visit(browser, server.url, async (page) => {
      await page.evaluate(watch, [RING, CONTRAST])
      const found = []
      let steps = 0
      for (const state of states.filter(([name]) => !name.startsWith('figure') && !/bigger|training|more pictures/.test(name))) {
        await to(page, state)
        const { missed, wrong, steps: n } = await walk(page, (key) => page.keyboard.press(key))
        steps += n
        found.push(...[...missed.map((x) => `${x}: not reached`), ...wrong].map((line) => `${state[0]}: ${line}`))
      }
      t.diagnostic(`${steps} steps`)
      assert.deepEqual([...new Map(found.map((line) => [line.replace(/^[^:]*: |"[^"]*"/g, ''), line])).values()], []) // of each kind one
    }, { ...size, allow: /Failed to load resource/ })
  })

test('arrows go from tile to tile: every tile of every layer, and its ring is seen', async () => {
  await visit(browser, server.url, async (page) => {
    await page.evaluate(watch, [RING, CONTRAST])
    const strips = await page.$$eval('#network .strip', (all) => all.map((x) => x.querySelectorAll('.tile').length))
    await page.locator('#network .strip .tile[tabindex="0"]').first().focus()
    for (const [i, tiles] of strips.entries()) {
      await page.keyboard.press('Home')
      for (let k = 1; k < tiles; k++) await page.keyboard.press('ArrowDown')
      if (i + 1 < strips.length) await page.keyboard.press('ArrowRight')
    }
    const { reached, wrong } = await page.evaluate(() => ({ reached: new Set(globalThis.walk.order.filter((x) => x.matches('#network .tile'))).size, wrong: globalThis.walk.wrong }))
    assert.equal(reached, strips.reduce((a, b) => a + b))
    assert.deepEqual(wrong, [])
  })
})

// What is entered, and how; Escape goes back out, and the focus is where it was.
const WAYS = [
  ['a panel beside the network', '[data-lab=saliency]', ['Enter'], () => !!document.querySelector('#lab')],
  ['a panel in its place', '[data-lab=attack]', ['Enter'], () => !!document.querySelector('#lab')],
  ['a channel', '[data-column=conv_1_2] [data-tile="0"]', ['Enter'], () => !!document.querySelector('[data-depth=channel] [data-ready=yes]')],
  ['a menu', '.chip', ['Enter'], () => !!document.querySelector('.pop')],
  ['a dialog', '.under .crop', ['Enter'], () => !!document.querySelector('dialog h2')],
  ['the keys', '.chip', ['?'], () => !!document.querySelector('dialog h2')],
  ['a map as a table', '[data-column=conv_1_2] [data-tile="0"]', ['t'], () => !!document.querySelector('dialog table')],
]
test('Escape leads out again, to where the focus was', async () => {
  await visit(browser, server.url, async (page) => {
    for (const [what, from, keys, there] of WAYS) {
      await page.locator(from).first().focus()
      for (const key of keys) await page.keyboard.press(key)
      await until(page, there)
      await page.keyboard.press('Escape')
      await until(page, () => !document.querySelector('#lab, [data-depth], .pop'), null, 5000).catch(() => assert.fail(`${what}: Escape does not lead out`))
      await until(page, (selector) => document.activeElement?.matches(selector), from, 5000).catch(async () => assert.fail(`${what}: the focus is on ${await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 80))}`))
    }
    // Two levels: from the number to its channel, from there to the network.
    await page.locator('[data-column=conv_1_2] [data-tile="0"]').focus()
    await page.keyboard.press('Enter')
    await page.locator('[data-depth=channel] [data-ready=yes]').waitFor()
    await page.evaluate(() => (location.hash = location.hash.replace('depth=channel', 'depth=number')))
    await page.locator('[data-depth=number] [data-ready=yes]').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('[data-depth=channel]').waitFor()
    await page.keyboard.press('Escape')
    await until(page, () => !document.querySelector('[data-depth]'))
  })
})

test('through a figure in a page of somebody else: in with Tab, to all of its controls, and out again', async () => {
  const folder = join(BUILD, 'tests/keys')
  mkdirSync(folder, { recursive: true })
  const host = await serve(folder, { host: '127.0.0.1' })
  try {
    for (const figure of ['network', 'channel', 'number', 'saliency', 'attack', 'edit']) {
      writeFileSync(join(folder, 'index.html'), `<!doctype html><html lang="en" data-state="idle"><title>Course</title><link rel="icon" href="data:,"><button id="before">before</button><iframe title="Figure" width="900" height="900" sandbox="allow-scripts allow-same-origin allow-downloads allow-popups" src="${server.url}#v=1&embed=${figure}"></iframe><button id="after">after</button>`)
      await visit(browser, host.url, async (page) => {
        const frame = await (await page.waitForSelector('iframe')).contentFrame()
        await frame.waitForFunction(() => document.documentElement?.dataset.state === 'idle' && (!document.querySelector('#lab') || ['done', 'ready'].includes(document.querySelector('#lab').dataset.status)) && (!document.querySelector('[data-depth]') || document.querySelector('[data-ready=yes]')), null, { polling: 100, timeout: 60000 })
        await frame.evaluate(watch, [RING, CONTRAST])
        await page.locator('#before').focus()
        let steps = 0
        while (steps++ < MOST && !(await page.evaluate(() => document.activeElement?.id === 'after'))) await page.keyboard.press('Tab')
        assert.ok(steps < MOST, `${figure}: no way out`)
        const { missed, wrong } = await frame.evaluate(() => ({ missed: globalThis.missed(), wrong: [...new Set(globalThis.walk.wrong)] }))
        assert.deepEqual({ missed, wrong }, { missed: [], wrong: [] }, figure)
      }, { hosts: [new URL(server.url).host] })
    }
  } finally {
    await host.close()
  }
})
