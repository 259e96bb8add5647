// Takes pictures of the built page in its main views, sizes and themes: node tools/screens.js [part of a name]
// They come out in build/screens/, as NAME-WIDTH-THEME.png. Fails when the page complains on its console.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { serve } from './serve.js'

const build = process.env.BACKLIGHT_BUILD ?? 'build'
const only = process.argv[2] ?? ''
const SIZES = [[1440, 900], [1024, 768], [390, 844]]
const done = (page) => page.waitForFunction(() => document.querySelector('#lab')?.dataset.status === 'done', null, { polling: 100, timeout: 60000 })
const run = async (page) => {
  await page.getByRole('button', { name: /^(Run|Again)$/ }).first().click()
  await done(page)
}

// name, address, what to do before the picture is taken
const VIEWS = [
  ['network', ''],
  ['tile', '', (page) => page.locator('[data-column=conv_2_1] [data-tile="3"]').hover()],
  ['backward', '#v=1&dir=backward', async (page) => page.locator('.main, .stage').first().waitFor()],
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
      if (!file.includes(only) || (name === 'tile' && width === 390)) continue
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
