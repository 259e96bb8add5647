// What is kept on the device: what the first visit keeps, everything on request, and the way from one build to the next.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { kept, precached } from '../../tools/bench/site.js'
import { serve } from '../../tools/serve.js'
import { BUILD, idle, launch, predictions, SITE, until, visit } from './lib/page.js'

const FIRST = 2_000_000 // bytes that the first visit keeps, at most
const folder = join(BUILD, 'tests/update')
let browser
before(async () => (browser = await launch()))
after(() => browser.close())

// The next build: another page, other names in assets/, the old ones gone.
function rebuild(place) {
  const at = (name) => join(place, name)
  const change = (name, text) => writeFileSync(at(name), text(readFileSync(at(name), 'utf8')))
  change('index.html', (html) => html.replace('<meta charset="utf-8" />', '<meta charset="utf-8" /><meta name="build" content="next" />'))
  change('sw.js', (worker) => {
    const renamed = worker.replace(/(url:\s*"index\.html",\s*revision:\s*")\w+|(revision:\s*")\w+(",\s*url:\s*"index\.html")/, (all, a, b, c) => (a ? a + 'next' : b + 'next' + c))
    assert.notEqual(renamed, worker)
    return renamed
  })
  const names = readdirSync(at('assets'))
  const next = (text) => names.reduce((all, name) => all.replaceAll(name, `next-${name}`), text)
  for (const file of ['index.html', 'sw.js', ...names.map((name) => `assets/${name}`)]) if (/\.(html|js|css)$/.test(file)) change(file, next)
  for (const name of names) renameSync(at(`assets/${name}`), at(`assets/next-${name}`))
}
// A site of two builds. What is served changes in one stroke: the browser looks for a new version when it likes, and must
// not find half of one.
function builds() {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const name of ['first', 'next']) cpSync(SITE, join(folder, name), { recursive: true })
  rebuild(join(folder, 'next'))
  const show = (name) => {
    symlinkSync(name, join(folder, 'link'))
    renameSync(join(folder, 'link'), join(folder, 'site'))
  }
  show('first')
  return { site: join(folder, 'site'), show }
}
const update = (page) => page.evaluate(async () => void (await (await navigator.serviceWorker.getRegistration()).update()))
const told = (page) => page.locator('.toast', { hasText: 'A new version is ready.' })
// A page that the service worker serves: the first visit installs it, the second is its own.
async function served(page) {
  await page.evaluate(() => navigator.serviceWorker.ready)
  await page.reload()
  await idle(page)
  await until(page, () => !!navigator.serviceWorker.controller)
}
const LATER = { workers: true, allow: /ERR_CONNECTION_REFUSED|Failed to load resource/ }

test('the first visit keeps page, module, Tiny VGG and twelve pictures, within 2 MB', (t) => {
  const urls = kept()
  const bytes = precached()
  t.diagnostic(`${bytes} bytes in ${urls.length} files`)
  assert.ok(bytes <= FIRST, `${bytes} bytes, ${FIRST} allowed`)
  assert.equal(urls.filter((url) => url.startsWith('samples/')).length, 12)
  for (const wanted of ['index.html', 'embed.html', 'models/tiny-vgg.onnx']) assert.ok(urls.includes(wanted), wanted)
  assert.ok(!urls.some((url) => /backlight\.html|flagship/.test(url)))
})

test('everything offline: sizes said, all fetched, every network and picture there with the server stopped', async () => {
  const server = await serve(SITE)
  let running = true
  try {
    await visit(browser, server.url, async (page) => {
      await served(page)
      await page.getByRole('button', { name: /Tiny VGG/ }).click()
      await page.getByRole('menuitem', { name: /Everything offline/ }).click()
      const dialog = page.getByRole('dialog')
      const models = readdirSync(join(SITE, 'models')).filter((f) => f.endsWith('.onnx'))
      const samples = readdirSync(join(SITE, 'samples')).filter((f) => /\.(jpg|png|json)$/.test(f))
      const size = models.reduce((sum, f) => sum + statSync(join(SITE, 'models', f)).size, 0)
      await dialog.getByText(new RegExp(`${models.length} networks.*${(size / 1e6).toFixed(1)}`)).waitFor()
      const all = size + samples.reduce((sum, f) => sum + statSync(join(SITE, 'samples', f)).size, 0)
      await dialog.locator('[data-view=offline]').getByText(`of ${(all / 1e6).toFixed(1)}`).waitFor()
      await dialog.getByRole('button', { name: /^Fetch .* MB$/ }).click()
      await dialog.getByText('Everything is on this device').waitFor({ timeout: 20000 })
      await server.close()
      running = false
      await page.goto(`${server.url}#v=1&model=fashion&picture=volleyball`)
      await page.reload()
      await idle(page)
      assert.match(page.url(), /model=fashion&picture=volleyball/)
      await page.getByRole('button', { name: /^Fashion/ }).waitFor()
      await page.goto(`${server.url}#v=1&model=flagship&picture=viaduct`)
      await page.reload()
      await idle(page)
      assert.match(page.url(), /model=flagship&picture=viaduct/)
      await page.getByRole('button', { name: /200 classes/ }).waitFor()
      assert.ok((await predictions(page)).some(({ label }) => label === 'viaduct'), 'the picture too')
    }, LATER)
  } finally {
    if (running) await server.close()
  }
})

test('from one build to the next: the page says so and goes on with its own files; only Reload brings the new one', async () => {
  const { site, show } = builds()
  const server = await serve(site)
  try {
    await visit(browser, server.url, async (page) => {
      await served(page)
      show('next')
      await update(page)
      await told(page).waitFor()
      // Nothing was swapped: the old page runs, and finds a view that it had not opened yet.
      const said = await predictions(page)
      assert.equal(await page.locator('meta[name=build]').count(), 0)
      await page.evaluate(() => (location.hash = '#v=1&at=conv_2_1:1'))
      await page.locator('[data-depth=channel] [data-ready=yes]').waitFor()
      assert.ok(said.length)
      await page.evaluate(async () => { (await navigator.serviceWorker.getRegistration()).waiting || (() => { throw new Error('it did not wait') })() })
      await page.reload() // a reload by hand is no consent either: the notice comes again
      await idle(page)
      assert.equal(await page.locator('meta[name=build]').count(), 0)
      await told(page).getByRole('button', { name: 'Reload' }).click()
      await until(page, () => !!document.querySelector('meta[name=build]'))
      await idle(page)
      await page.locator('[data-depth=channel] [data-ready=yes]').waitFor()
    }, LATER)
  } finally {
    await server.close()
  }
})

test('a version that the browser finds before the page listens is told too', async () => {
  const { site, show } = builds()
  const server = await serve(site)
  // Before it, a server that keeps the files of the next build back for as long as the test says.
  let deliver
  const delivered = new Promise((resolve) => (deliver = resolve))
  const front = createServer(async ({ url }, response) => {
    if (url.includes('/next-')) await delivered
    const answer = await fetch(new URL(url, server.url))
    response.writeHead(answer.status, { 'Content-Type': answer.headers.get('content-type') }).end(Buffer.from(await answer.arrayBuffer()))
  })
  await new Promise((resolve) => front.listen(0, 'localhost', resolve))
  try {
    // The page learns of its registration when the test says so.
    const prepare = (page) =>
      page.addInitScript(() => {
        const register = navigator.serviceWorker.register.bind(navigator.serviceWorker)
        const wait = new Promise((resolve) => (globalThis.listen = resolve))
        navigator.serviceWorker.register = async (...args) => {
          const registration = await register(...args)
          await wait
          return registration
        }
      })
    await visit(browser, `http://localhost:${front.address().port}/`, async (page) => {
      await served(page)
      show('next')
      await update(page)
      await page.evaluate(async () => {
        const registration = await navigator.serviceWorker.getRegistration()
        for (let i = 0; !registration.installing; i++) {
          if (i > 500) throw new Error('the next build is not being installed')
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
        globalThis.listen()
      })
      deliver()
      await told(page).waitFor()
    }, { ...LATER, prepare })
  } finally {
    deliver()
    front.closeAllConnections()
    await new Promise((resolve) => front.close(resolve))
    await server.close()
  }
})

test('the manifest takes networks and pictures that are opened with the installed page', async () => {
  const manifest = JSON.parse(readFileSync(join(SITE, 'manifest.webmanifest'), 'utf8'))
  const taken = manifest.file_handlers.flatMap((h) => Object.values(h.accept).flat())
  for (const ending of ['.onnx', '.png', '.jpg', '.gif', '.bmp']) assert.ok(taken.includes(ending), ending)
  const server = await serve(SITE)
  try {
    const context = await browser.newContext({ serviceWorkers: 'block' })
    // The browser's part: the queue gives the page what was opened with it.
    await context.addInitScript(() => Object.defineProperty(globalThis, 'launchQueue', { value: { setConsumer: (take) => (globalThis.launch = take) } }))
    const page = await context.newPage()
    await page.goto(server.url)
    await idle(page)
    await page.evaluate(async () => {
      const bytes = await (await fetch('./models/fashion.onnx')).arrayBuffer()
      await globalThis.launch({ files: [{ getFile: async () => new File([bytes], 'mine.onnx') }] })
    })
    await page.getByText(/is open\./).first().waitFor()
    await context.close()
  } finally {
    await server.close()
  }
})
