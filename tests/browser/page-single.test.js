// The single file from a disk, without anything else: every view, every method; what needs a network that is not inside names the file to
// drop, and works once it was dropped.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { BacklightCore } from '../../wasm/core.js'
import { groupsOf } from '../../web/src/lib/lab.js'
import { BUILD, idle, launch, pixels, predictions, ROOT, serveSite, SINGLE, until, visit } from './lib/page.js'
import { STATES, to } from './lib/states.js'

const single = pathToFileURL(SINGLE).href
const { manifest } = await BacklightCore.load({ bytes: readFileSync(join(BUILD, 'wasm/backlight.wasm')) })
/** @type {import('playwright-core').Browser} */
let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const INSIDE = ['tiny-vgg', 'flagship', 'fashion']
const CUE = ['cab-none.onnx', 'cab-0.onnx', 'cab-30.onnx', 'cab-100.onnx']

test('every view is there', async () => {
  await visit(browser, single, async (page) => {
    // What is about the site alone, or wants networks that are not inside, is told of below.
    for (const state of STATES.filter(([name]) => !/offline|cue|honesty/.test(name))) {
      await to(page, state)
      const trouble = await page.locator('.missing, .failed, [data-job=failed], .trouble').allInnerTexts()
      assert.deepEqual(trouble, [], state[0])
      assert.ok((await pixels(page, 'canvas')).length > 0, `${state[0]}: no map`)
    }
  })
})

test('its policy, and that of the site, refuse to ask for what is not theirs', async () => {
  const server = await serveSite()
  try {
    for (const url of [single, server.url])
      await visit(browser, url, async (page) => {
        const refused = await page.evaluate(() => new Promise((resolve) => {
          addEventListener('securitypolicyviolation', (e) => resolve(e.effectiveDirective), { once: true })
          fetch('data:,').then(() => resolve('nothing'), () => setTimeout(resolve, 5000, 'nothing'))
        }))
        assert.equal(refused, 'connect-src', url)
      }, { allow: /data:,|Fetch API/ })
  } finally {
    await server.close()
  }
})

// Few enough passes that all methods are quick; names of parameters that count passes.
const FEW = /^(samples|steps|masks|restarts|octaves|pairs|copies|trials|points|segments|count|directions|jitters|iterations|permutations|subsets|perturbations)$/
const few = (method) => method.params.filter((p) => p.type === 'integer' && FEW.test(p.name)).map((p) => `${p.name}=${p.least}`).join(' ')
for (const model of INSIDE)
  test(`every method works on ${model}`, async (t) => {
    const groups = groupsOf(manifest).filter((g) => g.methods.length)
    assert.equal(groups.flatMap((g) => g.methods).length, manifest.methods.length)
    await visit(browser, `${single}#v=1&model=${model}`, async (page) => {
      for (const group of groups)
        for (const method of group.methods) {
          const start = Date.now()
          await to(page, [method.id, `model=${model}&lab=${group.id}&method=${method.id}${few(method) && `&params=${encodeURIComponent(few(method))}`}`])
          const button = page.locator('#lab .bar[data-job] > .btn')
          if (await button.count()) await button.click()
          await until(page, () => ['done', 'failed'].includes(document.querySelector('#lab')?.dataset.status) && document.querySelector('#lab').dataset.stale !== 'yes')
          assert.deepEqual(await page.locator('#lab [role=alert]').allInnerTexts(), [], method.id)
          const shown = await page.locator('#lab canvas, #lab table, #lab [role=img] > svg, #lab .bars').count()
          assert.ok(shown > 0, `${method.id} shows nothing`)
          if (process.env.TIMES) t.diagnostic(`${method.id}: ${Date.now() - start} ms`)
        }
    })
  })

const drop = (page, names) => page.evaluate((files) => {
  const dataTransfer = new DataTransfer()
  for (const { name, base64 } of files) dataTransfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name))
  dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
}, names.map((name) => ({ name, base64: readFileSync(join(ROOT, 'models', name)).toString('base64') })))

test('a link to a network that is not inside names its file; dropped, it is that network', async () => {
  await visit(browser, `${single}#v=1&model=twin-robust&lang=de`, async (page) => {
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Nicht in dieser Datei: twin-robust.onnx.').waitFor()
    await dialog.getByText('Lass hier los, was fehlt').waitFor()
    await page.keyboard.press('Escape')
    assert.equal((await predictions(page)).length, 10, 'Tiny VGG stays')
    await drop(page, ['twin-robust.onnx'])
    await until(page, () => /model=twin-robust/.test(location.hash))
    await idle(page)
    await page.locator('header .left .menu > button').click()
    await page.locator('header .left [role=menuitemradio]').first().click()
    await until(page, () => !/model=/.test(location.hash))
    await idle(page)
    // Kept as long as the page is open.
    await page.evaluate(() => history.back())
    await until(page, () => /model=twin-robust/.test(location.hash))
    await idle(page)
    assert.equal(await page.locator('dialog').count(), 0)
  })
})

test('the planted cue names its four files, and works once they were dropped, in two goes', async () => {
  await visit(browser, `${single}#v=1&lab=cue`, async (page) => {
    const trouble = page.locator('#lab [role=alert]')
    await trouble.waitFor()
    assert.match(await trouble.innerText(), new RegExp(`Not in this file: ${CUE.join(', ')}\\. Drop here what is missing`))
    await drop(page, CUE.slice(0, 3))
    await page.getByText(`Not in this file: ${CUE[3]}.`).waitFor()
    await drop(page, CUE.slice(3))
    await until(page, () => document.querySelector('#lab')?.dataset.status === 'done')
    assert.equal(new Set(await pixels(page, '#lab canvas')).size > 8, true, 'the maps of four networks')
    await page.evaluate(() => (location.hash = '#v=1&lab=guess&params=kind%3Dhonest+round%3D5'))
    await page.locator('[data-question=asking]').waitFor()
  })
})
