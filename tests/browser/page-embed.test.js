// One figure in a page of another origin: what it shows, what it tells its host, whom it listens to.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { merged } from '../../web/src/embed/host.js'
import { settle } from '../../web/src/lib/figures.js'
import { DEFAULTS } from '../../web/src/lib/hash.js'
import { serve } from '../../tools/serve.js'
import { BUILD, idle, launch, predictions, serveSite, until, visit } from './lib/page.js'

let browser, site, host
const folder = join(BUILD, 'tests/host')
before(async () => {
  mkdirSync(folder, { recursive: true })
  // Another site than the figure's: 127.0.0.1 beside localhost.
  ;[browser, site, host] = await Promise.all([launch(), serveSite(), serve(folder, { host: '127.0.0.1' })])
})
after(async () => {
  await browser?.close()
  await Promise.all([site?.close(), host?.close()])
})

const SANDBOX = 'allow-scripts allow-same-origin allow-downloads allow-popups'
// A page of somebody else that keeps what it is told and follows the height.
const page = (name, body) => {
  writeFileSync(join(folder, `${name}.html`), `<!doctype html><html lang="en" data-state="idle"><meta charset="utf-8"><title>Course</title><link rel="icon" href="data:,"><script>
    globalThis.told = []
    addEventListener('message', (e) => {
      told.push(e.data)
      if (e.data?.type === 'backlight:resize') for (const f of document.querySelectorAll('iframe')) if (f.contentWindow === e.source) f.style.height = e.data.height + 'px'
    })</script><body>${body}`)
  return `${host.url}${name}.html`
}
const within = (name, body, work, options) => visit(browser, page(name, body), work, { hosts: [new URL(site.url).host], ...options })
const frameOf = async (page) => {
  const frame = await (await page.waitForSelector('iframe')).contentFrame()
  await frame.waitForFunction(() => document.documentElement?.dataset.state === 'idle', null, { polling: 100, timeout: 60000 })
  return frame
}

test('a figure sets its panel or depth; what the parent asks for keeps what makes it an embed', () => {
  assert.equal(settle({ ...DEFAULTS, embed: 'saliency' }).lab, 'saliency')
  assert.equal(settle({ ...DEFAULTS, embed: 'number' }).depth, 'number')
  assert.equal(settle({ ...DEFAULTS, embed: 'network', lab: 'attack' }).lab, '')
  assert.deepEqual(settle({ ...DEFAULTS }), DEFAULTS)
  const q = new URLSearchParams(merged('#v=1&embed=network&lock=pin&picture=koala', '#v=1&picture=orange').slice(1))
  assert.deepEqual(Object.fromEntries(q), { v: '1', picture: 'orange', embed: 'network', lock: 'pin' })
})

test('in a page of another origin the figure works, tells its height in three dialects, and is as high as it says', async () => {
  await within('plain', `<iframe sandbox="${SANDBOX}" width="900" height="150" title="Figure" src="${site.url}#v=1&embed=network&title=What+a+network+sees"></iframe>`, async (page) => {
    const frame = await frameOf(page)
    assert.equal(await frame.locator('h1').textContent(), 'What a network sees')
    assert.ok(await frame.locator('.strip canvas').count() > 5)
    await until(page, () => told.some((m) => m?.type === 'backlight:ready') && told.some((m) => m?.subject === 'lti.frameResize'))
    await frame.waitForFunction(() => document.scrollingElement.scrollHeight <= innerHeight + 1, null, { polling: 100, timeout: 10000 })
    const last = (test) => page.evaluate((text) => told.findLast((m) => new Function('m', `return ${text}`)(m)), test)
    const { height } = await last("m?.type === 'backlight:resize'")
    assert.ok(height > 400 && height < 1500, String(height))
    assert.equal((await last("m?.subject === 'lti.frameResize'")).height, height)
    assert.deepEqual(Object.keys(await last('m?.height && !m.type && !m.subject')), ['height'])
    const sent = await page.evaluate(() => told.length)
    await page.waitForTimeout(600)
    assert.ok((await page.evaluate(() => told.length)) - sent <= 3, 'it does not go on telling')
  })
})

test('the parent sets and asks for the view; nobody else does; nothing of a picture is told', async () => {
  await within('ask', `<iframe sandbox="${SANDBOX}" width="900" height="700" title="Figure" src="${site.url}#v=1&embed=network&lock=dir"></iframe><iframe id="other" title="Other" srcdoc="<p>other</p>"></iframe>`, async (page) => {
    const frame = await frameOf(page)
    const was = await predictions(frame)
    await page.evaluate(() => frames[0].postMessage({ type: 'backlight:set', hash: '#v=1&picture=koala' }, '*'))
    await frame.waitForFunction(() => document.documentElement.dataset.passes === '2', null, { polling: 50 })
    assert.notDeepEqual(await predictions(frame), was)
    assert.match(frame.url(), /embed=network/)
    assert.ok(await frame.getByRole('radio', { name: 'Backward' }).isDisabled())
    await page.evaluate(() => frames[0].postMessage({ type: 'backlight:get' }, '*'))
    await until(page, () => told.some((m) => m?.type === 'backlight:state' && m.hash.includes('picture=koala')))
    // Another frame of the same page, and nonsense from the parent.
    await page.frames().find((f) => f.parentFrame() && f !== frame).evaluate(() => parent.frames[0].postMessage({ type: 'backlight:set', hash: '#v=1&picture=orange' }, '*'))
    await page.evaluate(() => [null, 7, 'text', {}, { type: 'backlight:set' }, { type: 'backlight:set', hash: 7 }].forEach((m) => frames[0].postMessage(m, '*')))
    await page.waitForTimeout(400)
    assert.equal(await frame.locator('html').getAttribute('data-passes'), '2')
    const keys = await page.evaluate(() => [...new Set(told.flatMap((m) => Object.keys(m ?? {})))].sort())
    assert.deepEqual(keys, ['hash', 'height', 'subject', 'type'])
  })
})

test('a figure works where storage is refused', async () => {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, serviceWorkers: 'block' })
  await context.addInitScript(() => self !== top && Object.defineProperty(self, 'localStorage', { get() { throw new DOMException('refused', 'SecurityError') } }))
  const tab = await context.newPage()
  const wrong = []
  tab.on('pageerror', (e) => wrong.push(e.message))
  await tab.goto(page('refused', `<iframe sandbox="${SANDBOX}" width="900" height="700" title="Figure" src="${site.url}#v=1&embed=saliency"></iframe>`))
  const frame = await frameOf(tab)
  await frame.waitForFunction(() => document.querySelector('#lab')?.dataset.status === 'done', null, { polling: 100, timeout: 30000 })
  assert.deepEqual(wrong, [])
  await context.close()
})

for (const [figure, width] of [['network', 1000], ['network', 340], ['channel', 760], ['number', 340], ['maps', 420], ['saliency', 760], ['attack', 340], ['dream', 760], ['cue', 760], ['cue', 340], ['guess', 760], ['guess', 340], ['edit', 420], ['play', 900]])
  test(`the figure "${figure}", ${width} wide: within its frame, and nothing serious for axe`, async () => {
    await visit(browser, `${site.url}#v=1&embed=${figure}&title=A+figure`, async (page) => {
      await page.locator('[data-view=embed]').waitFor()
      if (figure === 'channel' || figure === 'number') await page.locator(`[data-depth=${figure}] [data-ready=yes]`).waitFor()
      else if (figure !== 'network') await until(page, () => ['done', 'ready'].includes(document.querySelector('#lab')?.dataset.status))
      await idle(page)
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scroll')
      await page.keyboard.press('l')
      assert.equal(await page.locator('#lab').count(), ['network', 'channel', 'number'].includes(figure) ? 0 : 1, 'a figure stays one')
      const { violations } = await new AxeBuilder({ page }).analyze()
      assert.deepEqual(violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `${v.id}: ${v.nodes.map((n) => n.target).slice(0, 4).join(' | ')}`), [])
    }, { width, height: 700 })
  })
