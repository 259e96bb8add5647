// What a second worker gains, in Chromium: SmoothGrad on a network.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BUILD, ROOT, launch } from '../../tests/browser/lib/page.js'
import { networks } from './networks.js'
import { serve } from '../serve.js'

const PATTERN = 'VGG-like'

/**
 * The time of one worker over that of two, and what the machine allows: two jobs of one worker each, one after the other over
 * both at once. Least times of interleaved rounds, workers warm: whatever else runs takes one of the cores away, and a median with it.
 * @param {number} rounds @param {{ samples?: number, file?: string }} [of] file: a network's, from the root; else the VGG-like one
 */
export async function twoWorkers(rounds, { samples = 64, file } = {}) {
  const server = await serve(ROOT)
  const browser = await launch()
  try {
    const page = await browser.newPage()
    await page.route('**/empty.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }))
    await page.goto(new URL('empty.html', server.url).href)
    const build = new URL(pathToFileURL(join(BUILD, 'wasm/backlight.wasm')).href.slice(pathToFileURL(ROOT).href.length + 1), server.url).href
    const all = await page.evaluate(
      async ({ wasm, text, file, samples, rounds }) => {
        const { Backlight } = await import('/wasm/backlight.js')
        const picture = { width: 64, height: 64, pixels: Uint8Array.from({ length: 64 * 64 * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 256)) }
        const network = file ? new Uint8Array(await (await fetch(`/${file}`)).arrayBuffer()) : text
        const pools = []
        for (const workers of [2, 2, 3]) {
          const backlight = await Backlight.load({ wasm, workers })
          pools.push({ backlight, model: await backlight.open(network) })
        }
        const [one, other, two] = pools.map(({ model }) => () => model.run('smoothgrad', { picture, objective: 'class:0', samples }).result)
        const time = async (...jobs) => {
          const from = performance.now()
          await Promise.all(jobs.map((job) => job()))
          return performance.now() - from
        }
        const all = []
        for (let i = 0; i < rounds + 1; i++) {
          all.push([await time(one), await time(two), await time(other), await time(one, other)])
        }
        for (const { backlight } of pools) backlight.close()
        return all.slice(1)
      },
      { wasm: build, text: networks['VGG-like'](), file, samples, rounds },
    )
    const [one, two, other, both] = all[0].map((_, i) => Math.min(...all.map((round) => round[i])))
    return { samples, oneMs: one, twoMs: two, ratio: one / two, machine: (one + other) / both }
  } finally {
    await browser.close()
    await server.close()
  }
}
