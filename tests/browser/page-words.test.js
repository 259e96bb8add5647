// Words that are half as long again, accented, break no layout in any view: a third language, made of the first while its files are fetched.
// One page goes from state to state by its address, so that all of it is quick.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch, ROOT, serveSite, until } from './lib/page.js'

/** @type {import('playwright-core').Browser} */
let browser
let server
before(async () => {
  ;[browser, server] = await Promise.all([launch(), serveSite()])
})
after(async () => {
  await browser?.close()
  await server?.close()
})

const dialog = (kind) => async (page) => {
  await page.evaluate(() => document.activeElement?.blur())
  if (kind === 'keys') await page.keyboard.press('?')
  else await page.locator('.under .crop').click()
  await page.locator('dialog h2').waitFor()
}
const lab = (id) => [id, `lab=${id}`]
const DEPTHS = [['channel', 'at=conv_2_1:1'], ['channel backwards', 'dir=backward&at=max_pool_1:3'], ['number', 'at=conv_1_2:1&depth=number&cell=0,11'], ['curve', 'at=relu_2_2:1&depth=number'], ['pool', 'at=max_pool_2:0&depth=number'], ['score', 'at=output:7'], ['softmax', 'at=softmax:7&depth=number']]
const LABS = ['maps', 'saliency', 'attack', 'dream', 'cue', 'classes', 'guess', 'edit', 'play'].map(lab)
const settled = (page) => until(page, () => ['idle', 'failed'].includes(document.documentElement.dataset.state) && (!document.querySelector('#lab') || ['done', 'ready', 'failed'].includes(document.querySelector('#lab').dataset.status)) && (!document.querySelector('[data-depth]') || document.querySelector('[data-ready=yes]')))
async function to(page, [, hash, act], more) {
  await page.evaluate(() => document.querySelector('dialog')?.close())
  await page.keyboard.press('Escape')
  await page.evaluate((text) => (location.hash = text), `#v=1&${more}${hash && '&' + hash}`)
  await page.waitForTimeout(60) // the address is followed
  await settled(page)
  await act?.(page)
}

const ACCENTED = { a: 'á', e: 'ë', i: 'ï', o: 'ö', u: 'ü', A: 'Å', E: 'É', I: 'Ï', O: 'Ø', U: 'Ü', c: 'ç', n: 'ñ' }
/** What a text of the page becomes, in code as it is served: accents, and half as many letters again. */
const longer = (text) => `${text.replace(/[aeiouAEIOUcn]/g, (c) => ACCENTED[c])}${'·'.repeat(Math.ceil(text.replace(/\s/g, '').length / 2.2))}`

// The built texts with every string of at least one word made longer; templates keep what is filled in.
async function pseudo(page) {
  const source = ['en', 'en-views'].map((name) => readFileSync(join(ROOT, `web/src/texts/${name}.js`), 'utf8')).join('\n')
  const words = [...new Set([...source.matchAll(/'((?:[^'\\\n]|\\.)*)'/g)].map((m) => m[1].replace(/\\'/g, '’')))].filter((w) => /[A-Za-z]{3}/.test(w) && !/[<>*_&]/.test(w))
  await page.route(/\/assets\/.*\.js$/, async (route) => {
    const answer = await route.fetch()
    let code = await answer.text()
    if (!/see a network work, forwards and backwards|Sanity check: another class/.test(code)) return route.fulfill({ response: answer })
    for (const w of words) for (const q of ['`', '"', "'"]) code = code.replaceAll(`:${q}${w}${q}`, `:${q}${longer(w)}${q}`).replaceAll(`,${q}${w}${q}`, `,${q}${longer(w)}${q}`).replaceAll(`[${q}${w}${q}`, `[${q}${longer(w)}${q}`)
    return route.fulfill({ response: answer, body: code })
  })
}
// What reaches over the edge of the page.
const broken = (page) => page.evaluate(() => {
  const out = []
  if (document.documentElement.scrollWidth > innerWidth) out.push(`page ${document.documentElement.scrollWidth} > ${innerWidth}`)
  const seen = (x) => x.getClientRects().length && !x.closest('.scroll, .layers, .strip, .groups, .sr, .skip, [hidden]')
  for (const x of document.querySelectorAll('button, h1, h2, h3, p, label, .seg, summary')) {
    if (!seen(x)) continue
    const box = x.getBoundingClientRect()
    if (box.right > innerWidth + 1 || box.left < -1) out.push(`${x.tagName} ${x.textContent.trim().slice(0, 40)}: ${Math.round(box.left)}…${Math.round(box.right)}`)
  }
  return out
})
for (const [width, height] of [[1440, 900], [1024, 768], [390, 844], [320, 640]])
  test(`words half as long again break no layout at ${width}`, async () => {
    const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce', serviceWorkers: 'block' })
    try {
      const page = await context.newPage()
      await pseudo(page)
      await page.goto(`${server.url}#v=1`)
      await settled(page)
      assert.match(await page.evaluate(() => document.body.innerText), /[·]{3}/, 'the words are the longer ones')
      const found = []
      const states = [['network', ''], ['backward', 'dir=backward'], ['bigger type', 'type=large'], ...DEPTHS, ...LABS, ...(width > 780 ? ['keys', 'crop'].map((kind) => [kind, '', dialog(kind)]) : [])]
      for (const state of states) {
        await to(page, state, 'scale=block')
        found.push(...(await broken(page)).map((line) => `${state[0]}: ${line}`))
      }
      assert.deepEqual(found, [])
    } finally {
      await context.close()
    }
  })
