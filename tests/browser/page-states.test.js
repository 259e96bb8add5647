// axe-core finds nothing, however light, in any state of the page: wide and on a phone, in every language, light, dark and in forced colours.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audit } from './lib/axe.js'
import { until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'
import { PHONE, STATES, to } from './lib/states.js'

opened()

const LOOKS = [{ colorScheme: 'light', forcedColors: 'none' }, { colorScheme: 'dark', forcedColors: 'none' }, { colorScheme: 'dark', forcedColors: 'active' }]
async function look(page, i) {
  await page.emulateMedia(LOOKS[i])
  await until(page, (theme) => document.documentElement.dataset.theme === theme && document.getAnimations().every((x) => x.playState !== 'running' || x.effect.getTiming().iterations === Infinity), LOOKS[i].colorScheme)
}

const SIZES = [['wide', STATES, {}], ['on a phone', PHONE, { width: 390, height: 844, touch: true }]]
const over = (lang, states, size, each) => visit(browser, `${server.url}#v=1&lang=${lang}`, async (page) => {
  const found = []
  for (const state of states) {
    await to(page, state, `lang=${lang}`)
    found.push(...(await each(page, state[3])).map((line) => `${state[0]}: ${line}`))
  }
  assert.deepEqual(found, [])
}, { ...size, allow: /Failed to load resource/ })

for (const [what, states, size] of SIZES) {
  test(`${what}: axe finds nothing in ${states.length} states, light, dark, and in forced colours`, async () => {
    await over('en', states, size, async (page, within) => {
      await look(page, 0) // what has just been pressed is still changing its colours
      const found = await audit(page, { within })
      if (await page.evaluate(() => !!document.querySelector('[data-view=embed]'))) return found // made of the same parts
      for (const i of [1, 2]) {
        await look(page, i)
        found.push(...(await audit(page, { within, only: ['color-contrast'] })).map((line) => `${i === 1 ? 'dark' : 'forced'}, ${line}`)) // the rest does not hang on colours
      }
      await look(page, 0)
      return found
    })
  })
  test(`${what}: nor in German`, async () => {
    await over('de', states.filter(([name]) => !name.startsWith('figure')), size, (page, within) => audit(page, { within, without: ['color-contrast'] })) // colours do not hang on the language
  })
}
