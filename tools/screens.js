// Takes pictures of the built page in its main views, sizes and themes: node tools/screens.js [expression that matches some names]
// They come out in build/screens/, as NAME-WIDTH-THEME.png. Fails when the page complains on its console.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { networks } from './bench/networks.js'
import { serve } from './serve.js'

const build = process.env.BACKLIGHT_BUILD ?? 'build'
const only = new RegExp(process.argv[2] ?? '')
const SIZES = [[1440, 900], [1024, 768], [390, 844]]
const done = (page) => page.waitForFunction(() => document.querySelector('#lab')?.dataset.status === 'done', null, { polling: 100, timeout: 60000 })
const run = async (page) => {
  await page.getByRole('button', { name: /^(Run|Again)$/ }).first().click()
  await done(page)
}

// A network of the benchmarks, given to the page like a visitor's own.
async function drop(page, name) {
  const text = join(build, 'screens', 'network.net.txt')
  writeFileSync(text, networks[name]())
  execFileSync(join(build, 'native/backlight'), ['build', text, '--seed', '1', join(build, 'screens', 'network.onnx')])
  const passes = await page.locator('html').getAttribute('data-passes')
  await page.setInputFiles('input[type=file]', { name: `${name}.onnx`, mimeType: 'application/octet-stream', buffer: readFileSync(join(build, 'screens', 'network.onnx')) })
  await page.waitForFunction((n) => document.documentElement.dataset.passes !== n, passes, { polling: 100, timeout: 60000 })
  await page.waitForFunction(() => document.documentElement.dataset.state === 'idle', null, { polling: 50, timeout: 60000 })
  await page.waitForFunction(() => !document.querySelector('.toast'), null, { polling: 200, timeout: 20000 })
}

const model = (id, more = '') => `#v=1&model=${id}${more}`
// A menu's entry; on a phone it is behind the menu button.
async function entry(page, name) {
  const menu = page.getByRole('button', { name: 'Menu', exact: true })
  if (await menu.count() && (await menu.first().isVisible())) await menu.first().click()
  await page.getByRole('button', { name: /Tiny VGG/ }).first().click()
  await page.getByRole('menuitem', { name }).click()
}

const measured = (page) => page.waitForFunction(() => document.querySelectorAll('[data-share]:not([data-share=""])').length > 0 && document.querySelector('#lab')?.dataset.status === 'done', null, { polling: 100, timeout: 60000 })
const asking = (page) => page.locator('[data-question=asking]').waitFor({ timeout: 60000 })
const deep = (page) => page.waitForFunction(() => document.querySelector('[data-ready=yes]'), null, { polling: 100, timeout: 20000 })

// name, address, what to do before the picture is taken
const VIEWS = [
  ['network', ''],
  ['tile', '', (page) => page.locator('[data-column=conv_2_1] [data-tile="3"]').hover()],
  ['backward', '#v=1&dir=backward', async (page) => page.locator('.main, .stage').first().waitFor()],
  ['opened', '#v=1&open=relu_1_2'],
  ['blocks', '', (page) => drop(page, 'SqueezeNet 1.1')],
  ['block', '', async (page) => {
    await drop(page, 'SqueezeNet 1.1')
    if (await page.locator('.more').count()) await page.locator('.more').nth(4).click()
  }],
  ['edit', '#v=1&lab=edit&edits=relu_1_1:4*0;conv_1_1/2,0=0,0,0,0,1,0,0,0,0&paint=12.mean.0w0g140k'],
  ['names', '#v=1&detail=off'],
  ['classes', '#v=1&lab=classes&params=a%3D7+b%3D5', done],
  ['card', '', async (page) => {
    await entry(page, /What this network is/)
    await page.locator('[data-view=card]').waitFor()
  }],
  ['menu', '', async (page) => {
    const menu = page.getByRole('button', { name: 'Menu', exact: true })
    if (await menu.count() && (await menu.first().isVisible())) await menu.first().click()
    await page.getByRole('button', { name: /Tiny VGG/ }).first().click()
    await page.getByRole('menuitemradio').first().waitFor()
  }],
  ['cue', '#v=1&lab=cue&params=caption%3DCAT', measured],
  ['guess', '#v=1&lab=guess&params=round%3D4', asking],
  ['honest', '#v=1&lab=guess&params=round%3D5+kind%3Dhonest', asking],
  ['still', '#v=1&lab=guess&params=round%3D5+kind%3Dstill', asking],
  ['kernel', '#v=1&lab=play&params=pad%3D1'],
  ['unfit', '#v=1&lab=play&params=size%3D8+k%3D5+dilation%3D3'],
  ['crop', '#v=1&crop=200,100,600', async (page) => (await page.locator('.crop').count()) && page.locator('.crop').click()],
  ['channel', '#v=1&at=conv_2_1:1', deep],
  ['channel-back', '#v=1&dir=backward&at=max_pool_1:3', deep],
  ['number', '#v=1&at=conv_1_2:1&depth=number&cell=0,11', deep],
  ['relu', '#v=1&at=relu_2_2:1&depth=number', deep],
  ['pool', '#v=1&at=max_pool_2:0&depth=number', deep],
  ['score', '#v=1&at=output:7', deep],
  ['softmax', '#v=1&at=softmax:7&depth=number', deep],
  ['softmax-back', '#v=1&at=softmax:7&depth=number&dir=backward', deep],
  ['flagship', model('flagship')],
  ['flagship-channel', model('flagship'), async (page) => {
    await page.locator('[data-column] [data-tile]').nth(40).click()
    await deep(page)
  }],
  ['fashion', model('fashion')],
  ['twin-plain', model('twin-plain', '&dir=backward&lab=saliency'), done],
  ['twin-robust', model('twin-robust', '&dir=backward&lab=saliency'), done],
  ['history', '#v=1&frame=3', (page) => page.locator('[data-view=frame]').waitFor()],
  ['examples', '#v=1&at=relu_2_2:3', async (page) => {
    await deep(page)
    await page.getByRole('button', { name: 'Search the pictures here' }).click()
    await page.waitForFunction(() => document.querySelector('[data-view=examples]')?.dataset.state === 'done', null, { polling: 100, timeout: 60000 })
  }],
  ['share', '', async (page) => {
    const menu = page.getByRole('button', { name: 'Menu', exact: true })
    if (await menu.count() && (await menu.first().isVisible())) await menu.first().click()
    await page.getByRole('button', { name: 'Show this elsewhere' }).click()
    await page.getByRole('dialog').waitFor()
  }],
  ['profile', '', async (page) => {
    await entry(page, /Time of every layer/)
    await page.getByRole('dialog').getByRole('table').waitFor()
  }],
  ['sanity', '#v=1&lab=saliency&dir=backward', async (page) => {
    await done(page)
    await page.locator('[data-view=sanity]').scrollIntoViewIfNeeded()
  }],
  ...['lime', 'shap', 'occlusion', 'deletion', 'randomisation'].map((id) => [id, `#v=1&lab=saliency&dir=backward&method=${id}`, run]),
  ['mask', '#v=1&lab=saliency&dir=backward&method=mask&params=steps%3D40', run],
  ['maps', '#v=1&lab=maps', done],
  ['saliency', '#v=1&lab=saliency&dir=backward', done],
  ['fgsm', '#v=1&lab=attack&method=fgsm&dir=backward', done],
  ['pgd', '#v=1&lab=attack&method=pgd&dir=backward', run],
  ['dream', '#v=1&lab=dream&dir=backward', run],
]

const server = await serve(join(build, 'site'))
const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => existsSync(p))
const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
mkdirSync(join(build, 'screens'), { recursive: true })
let wrong = 0
for (const [width, height] of SIZES) {
  for (const theme of ['light', 'dark']) {
    for (const [name, hash, act] of VIEWS) {
      const file = `${name}-${width}-${theme}.png`
      if (!only.test(file) || (name === 'tile' && width === 390)) continue
      const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce', serviceWorkers: 'block' })
      const page = await context.newPage()
      page.on('pageerror', (e) => wrong++ || console.error(`${file}: ${e.message}`))
      try {
        await page.goto(server.url + hash)
        await page.waitForFunction(() => document.documentElement.dataset.state === 'idle', null, { polling: 50, timeout: 60000 })
        await act?.(page)
        await page.waitForTimeout(400) // bars and edges have arrived
        await page.screenshot({ path: join(build, 'screens', file) })
        console.log(join(build, 'screens', file))
      } catch (error) {
        wrong++
        console.error(`${file}: ${error.message.split('\n')[0]}`)
      }
      await context.close()
    }
  }
}
await browser.close()
await server.close()
process.exitCode = wrong ? 1 : 0
