// Chromium with the built page, for the tests of the page. Every page fails its test on a console error, an uncaught
// exception or a request to another host or, from a disk, to another file.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { serve } from '../../../tools/serve.js'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')
export const BUILD = resolve(root, process.env.BACKLIGHT_BUILD ?? 'build')
export const SITE = join(BUILD, 'site')
export const SINGLE = join(BUILD, 'single/backlight.html')
export const ROOT = root

const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => existsSync(p))
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

export const launch = (more = []) => chromium.launch({ executablePath, headless: true, args: [...ARGS, ...more] })
export const serveSite = () => serve(SITE)

/**
 * Opens a page and hands it to `work`, then checks that nothing went wrong behind its back.
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {(page: import('playwright-core').Page) => Promise<void>} work
 * @param {{ width?: number, height?: number, dark?: boolean, touch?: boolean, locale?: string, workers?: boolean, allow?: RegExp, hosts?: string[], prepare?: (page: import('playwright-core').Page) => Promise<any> }} [options]
 *   touch: a phone's browser, with fingers; allow: console errors that the test expects; hosts: others that may be asked, and folders (file://…); prepare: done before the page is opened
 */
export async function visit(browser, url, work, { width = 1440, height = 900, dark = false, touch = false, locale, workers = false, allow, hosts = [], prepare } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, hasTouch: touch, isMobile: touch, locale, colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce', serviceWorkers: workers ? 'allow' : 'block', acceptDownloads: true })
  const wrong = []
  const host = /^https?:/.test(url) ? new URL(url).host : ''
  const page = await context.newPage()
  page.on('console', (m) => m.type() === 'error' && !allow?.test(m.text()) && wrong.push(`console: ${m.text()}`))
  page.on('pageerror', (e) => wrong.push(`exception: ${e.message}`))
  // A page from a disk asks for itself alone.
  const own = (r) => (/^https?:/.test(r) ? [host, ...hosts].includes(new URL(r).host) : !/^file:/.test(r) || r.split('#')[0] === url.split('#')[0] || hosts.some((folder) => r.startsWith(folder)))
  context.on('request', (r) => own(r.url()) || wrong.push(`request to ${r.url()}`))
  try {
    await prepare?.(page)
    await page.goto(url)
    await idle(page)
    await work(page)
    assert.deepEqual(wrong, [])
  } finally {
    await context.close()
  }
}

/** Until the page has drawn what it was asked for. */
export const idle = (page) => page.waitForFunction(() => ['idle', 'failed'].includes(document.documentElement.dataset.state), null, { polling: 50, timeout: 60000 })

/** Until a condition in the page holds. */
export const until = (page, condition, argument, timeout = 60000) => page.waitForFunction(condition, argument, { polling: 50, timeout })

/** Chooses a bundled picture by its title and waits for its maps. */
export async function choose(page, title) {
  const before = await page.locator('html').getAttribute('data-passes')
  await page.getByRole('listbox', { name: 'Bundled pictures' }).getByRole('option', { name: title, exact: true }).click()
  await until(page, (n) => document.documentElement.dataset.passes !== n, before)
  await idle(page)
}

/** Gives the page a file as its File button does. */
export async function give(page, name, buffer, { kind = 'picture', type = 'application/octet-stream' } = {}) {
  await page.setInputFiles(`input[data-file=${kind}]`, { name, mimeType: type, buffer: Buffer.from(buffer) })
}

/** A number for what every canvas that matches shows; equal pictures give equal numbers. */
export const pixels = (page, selector) =>
  page.$$eval(selector, (all) =>
    all.map((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      let h = 2166136261
      for (let i = 0; i < data.length; i++) h = Math.imul(h ^ data[i], 16777619)
      return h >>> 0
    }),
  )

/** Until canvases show something else. */
export async function redrawn(page, selector, was) {
  for (let i = 0; i < 200; i++) {
    const is = await pixels(page, selector)
    if (is.length && String(is) !== String(was)) return is
    await page.waitForTimeout(50)
  }
  assert.fail(`${selector} shows what it showed before`)
}

/** The prediction as the page prints it: [{ label, text }] of its rows. */
export const predictions = (page) =>
  page.$$eval('.prediction [data-class]', (rows) => rows.map((r) => ({ index: Number(r.dataset.class), label: r.querySelector('.name').textContent.trim(), p: Number(r.querySelector('.value').textContent.replace(/[<>]/, '')) })))
export const strongest = async (page) => (await predictions(page)).reduce((a, b) => (b.p > a.p ? b : a))
