// What a visitor on a slow device waits for, of the site, of the installed page and of the single file: with the processor throttled to a
// quarter, when something is painted, when the first maps are there, how long the page cannot answer, how much moves.
import { pathToFileURL } from 'node:url'
import { SINGLE, idle, launch, serveSite, until } from '../../tests/browser/lib/page.js'

export const THROTTLE = 4
const AFTER = 2000 // ms that are still watched once the maps are there: other views are fetched then

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]

function watch() {
  const seen = (globalThis.seen = { paint: 0, maps: 0, tasks: [], shift: 0 })
  const each = (type, f) => new PerformanceObserver((list) => list.getEntries().forEach(f)).observe({ type, buffered: true })
  each('paint', (e) => e.name === 'first-contentful-paint' && (seen.paint = e.startTime))
  each('longtask', (e) => seen.tasks.push({ at: e.startTime, ms: e.duration }))
  each('layout-shift', (e) => e.hadRecentInput || (seen.shift += e.value))
  new MutationObserver(() => document.documentElement?.dataset.maps === 'drawn' && (seen.maps ||= performance.now())).observe(document, { attributes: true, subtree: true, childList: true })
}

async function visit(context, url) {
  const page = await context.newPage()
  await page.addInitScript(watch)
  const session = await context.newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate: THROTTLE })
  await page.goto(url)
  await idle(page)
  await page.waitForTimeout(AFTER)
  const { paint, maps, tasks, shift } = await page.evaluate(() => globalThis.seen)
  await page.close()
  const blocking = tasks.filter(({ at }) => at >= paint).reduce((sum, { ms }) => sum + Math.max(0, ms - 50), 0)
  return { paint, maps, blocking, longest: Math.max(0, ...tasks.map(({ ms }) => ms)), shift }
}

// The page of the service worker: the first visit keeps everything, the next one is measured.
async function install(context, url) {
  const page = await context.newPage()
  await page.goto(url)
  await page.evaluate(() => navigator.serviceWorker.ready)
  await page.reload()
  await idle(page)
  await until(page, () => !!navigator.serviceWorker.controller)
  await page.close()
}

const WAYS = {
  site: { title: 'site, first visit', url: (site) => site },
  installed: { title: 'installed page, from its own cache', url: (site) => site, prepare: install },
  single: { title: 'single file, from disk', url: () => pathToFileURL(SINGLE).href },
}

/** @param {number} times @returns {Promise<{ title: string, paint: number, maps: number, blocking: number, longest: number, shift: number }[]>} medians: ms, and the score of what moved */
export async function loading(times) {
  const server = await serveSite()
  const rounds = Object.fromEntries(Object.keys(WAYS).map((way) => [way, []]))
  try {
    for (let i = 0; i < times; i++)
      for (const [way, { url, prepare }] of Object.entries(WAYS)) {
        const browser = await launch()
        const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, serviceWorkers: prepare ? 'allow' : 'block' })
        await prepare?.(context, server.url)
        rounds[way].push(await visit(context, url(server.url)))
        await browser.close()
      }
  } finally {
    await server.close()
  }
  return Object.entries(WAYS).map(([way, { title }]) => ({ title, ...Object.fromEntries(['paint', 'maps', 'blocking', 'longest', 'shift'].map((key) => [key, Number(median(rounds[way].map((r) => r[key])).toFixed(key === 'shift' ? 4 : 0))])) }))
}
