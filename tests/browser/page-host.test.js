// What the site has for other pages: the poster, the bare sandboxed frame, the custom element, the anywidget module, oEmbed.
import assert from 'node:assert/strict'
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import { build } from 'vite'
import { folderOf, oembed, oembedLink } from '../../web/host/oembed.js'
import { hosts } from '../../web/host/plugin.js'
import { serve } from '../../tools/serve.js'
import { BUILD, launch, predictions, ROOT, serveSite, SITE, until, visit } from './lib/page.js'

let browser, site, host
const folder = join(BUILD, 'tests/hosts')
before(async () => {
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(SITE, 'anywidget.js'), join(folder, 'anywidget.js'))
  // Another site than the figure's: 127.0.0.1 beside localhost.
  ;[browser, site, host] = await Promise.all([launch(), serveSite(), serve(folder, { host: '127.0.0.1' })])
})
after(async () => {
  await browser?.close()
  await Promise.all([site?.close(), host?.close()])
})

const within = (name, head, body, work, options) => {
  writeFileSync(join(folder, `${name}.html`), `<!doctype html><html lang="en" data-state="idle"><meta charset="utf-8"><title>Course</title><link rel="icon" href="data:,">${head}<body>${body}`)
  return visit(browser, `${host.url}${name}.html`, work, { hosts: [new URL(site.url).host], ...options })
}
const frameOf = async (page, selector = 'iframe') => await (await page.waitForSelector(selector)).contentFrame()
const ready = (frame) => frame.waitForFunction(() => document.documentElement?.dataset.state === 'idle', null, { polling: 100, timeout: 60000 })

test('the poster is a few kilobytes, starts what is small by itself, and asks before more than 1 MB', async () => {
  assert.ok(statSync(join(SITE, 'embed.html')).size < 8000, `${statSync(join(SITE, 'embed.html')).size} bytes`)
  const frame = (hash) => `<iframe id="figure" title="Figure" width="700" height="600" src="${site.url}embed.html#${hash}"></iframe>`
  await within('small', '', frame('v=1&embed=network'), async (page) => {
    const inner = await frameOf(page)
    await ready(inner)
    assert.ok(await inner.locator('.strip canvas').count() > 5)
  })
  await within('large', '', frame('v=1&embed=network&model=flagship&title=Two+hundred+classes'), async (page) => {
    const inner = await frameOf(page)
    const asked = []
    page.on('request', (r) => asked.push(r.url()))
    await inner.getByRole('heading', { name: 'Two hundred classes' }).waitFor()
    await page.waitForTimeout(500)
    assert.deepEqual(asked, [])
    assert.match(await inner.locator('button').textContent(), /^Start \([34](\.\d)? MB\)$/)
    const { violations } = await new AxeBuilder({ page }).analyze()
    assert.deepEqual(violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => v.id), [])
    await inner.locator('button').click()
    await ready(inner)
    assert.ok(asked.some((url) => url.endsWith('flagship.onnx')))
  })
})

test('in a frame with a bare sandbox the poster leads on to the single file, its size said; nothing else is fetched before', async () => {
  for (const start of ['embed.html', '']) {
    await within('bare', '', `<iframe id="figure" title="Figure" sandbox="allow-scripts" width="700" height="600" src="${site.url}${start}#v=1&embed=saliency&picture=koala&lang=de"></iframe>`, async (page) => {
      const inner = await frameOf(page)
      await inner.locator('button').waitFor()
      const size = (statSync(join(SITE, 'backlight.html')).size / 1e6).toLocaleString('de', { maximumFractionDigits: 1 })
      assert.equal(await inner.locator('button').textContent(), `Starten (${size} MB)`)
      assert.equal(await inner.evaluate(() => { try { return String(localStorage) } catch { return 'refused' } }), 'refused', 'the frame is a bare one')
      await inner.locator('button').click()
      await ready(inner)
      assert.match(inner.url(), /backlight\.html#/)
      await inner.waitForFunction(() => document.querySelector('#lab')?.dataset.status === 'done', null, { polling: 100, timeout: 60000 })
      assert.equal(await inner.locator('[data-view=embed]').count(), 1)
      await inner.evaluate(() => navigator.mediaDevices?.getUserMedia?.({ video: true })).then(() => assert.fail('the camera was given'), () => {})
    }, { allow: /has been blocked by CORS policy|Failed to load resource|ERR_FAILED|sandboxed|camera is not allowed/ })
  }
})

test('the site opened from a disk leads to the single file', async () => {
  await visit(browser, pathToFileURL(join(SITE, 'index.html')).href, async (page) => {
    await page.waitForURL(/backlight\.html/)
    await page.locator('.strip canvas').first().waitFor()
  }, { allow: /CORS policy|Failed to load resource|ERR_FAILED|origin 'null'/, hosts: [pathToFileURL(SITE).href] })
})

const HOSTILE = `<style>
  body * { all: unset !important; display: inline !important; color: red !important; font: 60px serif !important; transform: rotate(3deg) !important; max-width: 10px !important; height: 7px !important; opacity: .1 !important; visibility: hidden !important; }
  iframe, backlight-figure, backlight-figure * { display: none !important; width: 3px !important; height: 3px !important; filter: blur(9px) !important; pointer-events: none !important; }
</style>`

test('the element stands in a page with hostile rules, as high as its figure; attributes are followed', async () => {
  await within('element', `${HOSTILE}<script src="${site.url}backlight-figure.js"></script>`, '<p>before</p><backlight-figure figure="network" picture="koala" heading="A koala" lock="model" hide="text"></backlight-figure>', async (page) => {
    const inner = await frameOf(page, 'backlight-figure iframe')
    await ready(inner)
    assert.equal(await inner.locator('h1').textContent(), 'A koala')
    const was = await predictions(inner)
    const frame = page.locator('backlight-figure iframe')
    await inner.waitForFunction(() => document.scrollingElement.scrollHeight <= innerHeight + 1 && innerHeight > 300, null, { polling: 100, timeout: 10000 })
    const box = await frame.boundingBox()
    assert.ok(box.width > 900 && box.height > 300, JSON.stringify(box))
    const look = await frame.evaluate((f) => { const s = getComputedStyle(f); return [s.display, s.opacity, s.visibility, s.filter, s.transform, s.pointerEvents] })
    assert.deepEqual(look, ['block', '1', 'visible', 'none', 'none', 'auto'])
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('backlight-figure')).display), 'block')
    assert.match(await frame.getAttribute('sandbox'), /allow-scripts/)
    assert.ok((await frame.getAttribute('title')).length > 0)
    const told = page.evaluate(() => new Promise((done) => document.querySelector('backlight-figure').addEventListener('state', (e) => e.detail.hash.includes('picture=orange') && done(e.detail.hash))))
    await page.evaluate(() => document.querySelector('backlight-figure').setAttribute('picture', 'orange'))
    assert.match(await told, /embed=network/)
    await ready(inner)
    assert.notDeepEqual(await predictions(inner), was)
    await page.evaluate(() => document.querySelector('backlight-figure').remove())
    assert.equal(await page.locator('iframe').count(), 0)
  })
})

test('the anywidget module keeps its contract: renders into el, follows the model, tells it the state, and cleans up', async () => {
  await within('widget', '', `<div id="out"></div><script type="module">
    import widget from './anywidget.js'
    // A model as the contract has it: get, set, save_changes, on, off; what is set reaches the listeners and, once saved, the kernel.
    const traits = { site: '${site.url}', figure: 'saliency', picture: 'koala', state: '' }
    const listeners = new Map()
    globalThis.saved = []
    globalThis.model = {
      get: (name) => traits[name],
      set(name, value) { traits[name] = value; for (const f of listeners.get('change:' + name) ?? []) f() },
      save_changes() { saved.push({ ...traits }) },
      on(event, f) { listeners.set(event, [...(listeners.get(event) ?? []), f]) },
      off(event, f) { listeners.set(event, (listeners.get(event) ?? []).filter((x) => x !== f)) },
    }
    globalThis.listening = () => [...listeners.values()].flat().length
    globalThis.clean = await widget.render({ model, el: document.querySelector('#out') })
  </script>`, async (page) => {
    const inner = await frameOf(page, '#out iframe')
    await ready(inner)
    await inner.waitForFunction(() => document.querySelector('#lab')?.dataset.status === 'done', null, { polling: 100, timeout: 60000 })
    await until(page, () => saved.length && model.get('state').includes('picture=koala'))
    assert.ok((await page.locator('#out iframe').boundingBox()).height > 400)
    await page.evaluate(() => model.set('picture', 'orange'))
    await until(page, () => saved.at(-1).state.includes('picture=orange'))
    await inner.getByRole('option', { name: 'Koala, Perth Zoo' }).click()
    await until(page, () => saved.at(-1).state.includes('picture=koala'))
    assert.ok(await page.evaluate(() => listening()) > 5)
    await page.evaluate(() => clean())
    assert.deepEqual(await page.evaluate(() => [listening(), document.querySelectorAll('iframe').length]), [0, 0])
  })
})

test('the anywidget module says what is missing where it cannot know its site', async () => {
  const code = readFileSync(join(SITE, 'anywidget.js'), 'utf8')
  assert.ok(code.length < 6000)
  await within('inline', '', '<div id="out"></div>', async (page) => {
    await page.evaluate(async (code) => {
      const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' })) // as JupyterLab loads it
      const { default: widget } = await import(url)
      widget.render({ model: { get: () => undefined, set() {}, save_changes() {}, on() {}, off() {} }, el: document.querySelector('#out') })
    }, code)
    assert.match(await page.locator('#out').textContent(), /site/)
  })
})

test('the oEmbed answer is what the specification asks for, its addresses are the site\'s, and its code shows the figure', async () => {
  assert.equal(folderOf('https://example.org/backlight'), 'https://example.org/backlight/')
  for (const wrong of ['example.org/backlight', 'ftp://example.org/', 'https://example.org/?a', '']) assert.throws(() => folderOf(wrong), /give the folder/, wrong)
  const link = oembedLink('https://example.org/backlight/', 'Backlight')
  assert.deepEqual([link.attrs.rel, link.attrs.type, link.attrs.href], ['alternate', 'application/json+oembed', 'https://example.org/backlight/oembed.json'])
  const answer = oembed(site.url, 'Backlight', 'A figure')
  // What rich answers must have, and what goes together (2.3.4.1 to 2.3.4.4).
  assert.deepEqual([answer.version, answer.type], ['1.0', 'rich'])
  for (const key of ['width', 'height', 'thumbnail_width', 'thumbnail_height']) assert.ok(Number.isInteger(answer[key]) && answer[key] > 0, key)
  for (const key of ['html', 'title', 'provider_name']) assert.ok(typeof answer[key] === 'string' && answer[key], key)
  for (const key of ['provider_url', 'thumbnail_url']) assert.equal((await fetch(answer[key])).status, 200, answer[key])
  const icon = Buffer.from(await (await fetch(answer.thumbnail_url)).arrayBuffer())
  assert.deepEqual([icon.readUInt32BE(16), icon.readUInt32BE(20)], [answer.thumbnail_width, answer.thumbnail_height])
  await within('oembed', '', JSON.parse(JSON.stringify(answer)).html, async (page) => {
    const frame = page.locator('iframe')
    assert.ok((await frame.getAttribute('src')).startsWith(site.url))
    const inner = await frameOf(page)
    await ready(inner)
    assert.ok(await inner.locator('.strip canvas').count() > 5)
    assert.equal((await frame.boundingBox()).height, answer.height)
  })
})

test('a build that knows its place writes oembed.json and leads to it: the file as built is the answer for that place, and its figure opens', async () => {
  const place = join(BUILD, 'tests/oembed')
  rmSync(place, { recursive: true, force: true })
  cpSync(SITE, place, { recursive: true })
  const server = await serve(place)
  const page = join(BUILD, 'tests/oembed-page')
  try {
    // The plugin of the site's build, in a build of a page without anything.
    mkdirSync(page, { recursive: true })
    writeFileSync(join(page, 'index.html'), '<!doctype html><html><head></head><body></body></html>')
    await build({ configFile: false, logLevel: 'error', root: page, build: { outDir: 'out', emptyOutDir: true }, plugins: [hosts({ build: BUILD, models: [join(ROOT, 'models/tiny-vgg.onnx')], url: server.url.slice(0, -1) })] })
    const [, href] = /<link rel="alternate" type="application\/json\+oembed" href="([^"]*)"/.exec(readFileSync(join(page, 'out/index.html'), 'utf8'))
    assert.equal(href, `${server.url}oembed.json`)
    copyFileSync(join(page, 'out/oembed.json'), join(place, 'oembed.json'))
    const answer = await (await fetch(href)).json()
    assert.deepEqual(answer, oembed(server.url, 'Backlight', answer.html.match(/title="([^"]*)"/)[1]))
    for (const url of [answer.provider_url, answer.thumbnail_url, /src="([^"]*)"/.exec(answer.html)[1].replaceAll('&amp;', '&')]) assert.ok(url.startsWith(server.url) && (await fetch(url)).ok, url)
    await within('oembed-built', '', answer.html, async (page) => {
      const inner = await frameOf(page)
      await ready(inner)
      assert.ok(await inner.locator('.strip canvas').count() > 5)
    }, { hosts: [new URL(server.url).host] })
  } finally {
    await server.close()
  }
})

test('everything lies in the site, and names nobody else', () => {
  for (const name of ['embed.html', 'backlight.html', 'backlight-figure.js', 'anywidget.js', 'first.js']) assert.ok(existsSync(join(SITE, name)), name)
  for (const name of ['embed.html', 'backlight-figure.js', 'anywidget.js', 'first.js']) assert.doesNotMatch(readFileSync(join(SITE, name), 'utf8').replaceAll('http://www.w3.org/', ''), /https?:\/\/\w/, name)
})
