// The page in another language: by the link, by the browser, by choice; nothing that is open is lost by choosing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import AxeBuilder from '@axe-core/playwright'
import { idle, predictions, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened()

test('a link may ask for German: words, numbers and the words of the core', async () => {
  await visit(browser, server.url + '#v=1&lang=de&lab=saliency', async (page) => {
    assert.equal(await page.locator('html').getAttribute('lang'), 'de')
    assert.match(await page.title(), /^Backlight: sieh/)
    await page.getByRole('radio', { name: 'Rückwärts' }).waitFor()
    await page.getByText('Was eine kleine Änderung jedes Pixels mit dem Wert täte').first().waitFor()
    await page.getByText('größtes in der Karte', { exact: false }).waitFor()
    const values = await page.$$eval('.prediction .value', (all) => all.map((x) => x.textContent))
    for (const v of values) assert.doesNotMatch(v, /\./)
    const { violations } = await new AxeBuilder({ page }).analyze()
    assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes[0].html}`), [])
  })
})

test('choosing a language keeps what is open, and is kept for the next visit', async () => {
  await visit(browser, server.url, async (page) => {
    const before = await predictions(page)
    const tiles = await page.locator('html').getAttribute('data-passes')
    await page.getByRole('button', { name: 'Language' }).click()
    await page.getByRole('menuitemradio', { name: 'Deutsch' }).click()
    await page.getByText('Was du siehst').waitFor()
    assert.equal(await page.locator('html').getAttribute('data-passes'), tiles, 'nothing is computed again')
    const now = await page.$$eval('.prediction [data-class] .value', (all) => all.map((x) => x.textContent.replace(',', '.').replace(/[<>]/, '')))
    assert.deepEqual(now.map(Number), before.map(({ p }) => p))
    await page.reload()
    await idle(page)
    await page.getByText('Was du siehst').waitFor()
    await page.getByRole('button', { name: 'Sprache' }).click()
    await page.getByRole('menuitemradio', { name: 'English' }).click()
    await page.getByText('What you see').waitFor()
  })
})

test('the browser’s language is taken where nothing else is said; on a phone it is in the menu', async () => {
  await visit(browser, server.url, async (page) => {
    await page.getByRole('button', { name: 'Lesen' }).waitFor()
    await page.getByRole('button', { name: 'Menü' }).tap()
    await page.getByRole('radio', { name: 'English' }).tap()
    await page.getByRole('button', { name: 'Read' }).waitFor()
  }, { locale: 'de-AT', width: 390, height: 844, touch: true })
})

for (const width of [1440, 1024, 390])
  test(`German words fit: nothing is wider than the page at ${width}`, async () => {
    await visit(browser, server.url + '#v=1&lang=de', async (page) => {
      const wide = () => page.evaluate(() => [...document.querySelectorAll('button, h1, h2, h3, p, label, .seg')].filter((x) => x.getClientRects().length && !x.closest('.scroll, .layers, .strip, .groups, .sr, .pop') && x.getBoundingClientRect().right > innerWidth + 1).map((x) => x.textContent.trim().slice(0, 40)))
      assert.deepEqual(await wide(), [])
      for (const lab of ['saliency', 'attack', 'dream', 'cue', 'guess', 'edit', 'play', 'maps']) {
        await page.evaluate((id) => (location.hash = `#v=1&lang=de&lab=${id}`), lab)
        await page.locator('#lab').waitFor()
        await page.waitForTimeout(150)
        assert.deepEqual(await wide(), [], lab)
      }
    }, { width, height: width < 500 ? 844 : 900 })
  })
