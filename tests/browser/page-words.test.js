// Words half as long again, accented, break no layout in any state: a language made of the first one, put in the place of German while its
// files are fetched, so that the page, its later views and the core's own words all speak it, and what is made of words and numbers too.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { broken, wordsUpon } from './lib/layout.js'
import { ROOT, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'
import { PHONE, STATES, to } from './lib/states.js'

opened()

// In the page: every text of `english` in the place of `other`, its vowels twice and accented; templates give what they gave, longer.
function stretch(other, english) {
  const ACCENTED = { a: 'áá', e: 'ëë', i: 'ïï', o: 'öö', u: 'üü', A: 'ÅÅ', E: 'ÉÉ', I: 'ÏÏ', O: 'ØØ', U: 'ÜÜ', c: 'ç', n: 'ñ' }
  const longer = (text) => (/\p{L}{2}/u.test(text) && !/[áëïöü]{2}/.test(text) ? text.replace(/<.*?>|[aeiouAEIOUcn]/g, (c) => ACCENTED[c] ?? c) : text)
  const all = (x) => (typeof x === 'string' ? longer(x) : Array.isArray(x) ? x.map(all) : x)
  for (const [key, value] of Object.entries(english)) {
    if (/^(name|decimal)$/.test(key) && english === globalThis.__words) continue // the page's own name, and a sign
    if (value && typeof value === 'object' && !Array.isArray(value)) stretch(other[key], value)
    else other[key] = typeof value === 'function' ? (...given) => all(value(...given)) : all(value)
  }
}
// The built files of German, with this behind them.
async function speakLonger(page) {
  const source = (file) => readFileSync(join(ROOT, 'web/src/texts', file), 'utf8').replace(/^import .* from '\.\/(.*)'$/gm, (_, other) => source(other)).replace(/^export const/gm, 'const')
  const words = (file, name) => `(() => { ${source(file)}; return ${name} })()`
  await page.route(/\/assets\/(de|views)-[^/]*\.js$/, async (route) => {
    const answer = await route.fetch()
    const code = await answer.text()
    const local = (name) => new RegExp(`(\\w+) as ${name}\\b`).exec(code.slice(code.lastIndexOf('export{')))?.[1]
    const later = /(\w+)=\{en:\w+,de:\w+\}/.exec(code)?.[1]
    const body = /\/views-/.test(route.request().url())
      ? `stretch(${later}.de.v, ${words('en-views.js', 'v')});`
      : `globalThis.__words = ${words('en.js', 't')}; stretch(${local('t')}, globalThis.__words); stretch(${local('core')}, Object.fromEntries(Object.keys(${local('core')}).map((x) => [x, x])));`
    await route.fulfill({ response: answer, body: `${code}\n${stretch}\n${body}` })
  })
}

for (const [width, height] of [[1440, 900], [1024, 768], [390, 844], [320, 640]])
  test(`words half as long again break no layout at ${width}`, async () => {
    await visit(browser, `${server.url}#v=1&lang=de`, async (page) => {
      await until(page, () => /Föörwáárd/.test(document.body.innerText)) // the words are the longer ones
      const found = []
      for (const state of width < 780 ? PHONE : STATES) {
        await to(page, state, 'lang=de')
        found.push(...[...(await page.evaluate(broken)), ...(await page.evaluate(wordsUpon)).upon].map((line) => `${state[0]}: ${line}`))
      }
      assert.deepEqual(found, [])
    }, { width, height, touch: width < 780, allow: /Failed to load resource/, prepare: speakLonger })
  })
