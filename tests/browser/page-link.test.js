// Links made for others: what they hide and lock.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFlags } from '../../web/src/lib/flags.js'
import { give, idle, predictions, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened()

test('flags are names in a list; what is not known is left out', () => {
  assert.deepEqual([...readFlags('pin, dir,nonsense,,pin', ['dir', 'pin'])], ['pin', 'dir'])
  assert.equal(readFlags('', ['dir']).size, 0)
})

test('what a link locks is shown, but neither pointer nor key nor file changes it', async () => {
  await visit(browser, `${server.url}#v=1&lock=dir,picture,model,pin,edits,depth`, async (page) => {
    const hash = new URL(page.url()).hash
    const said = await predictions(page)
    assert.ok(await page.getByRole('radio', { name: 'Backward' }).isDisabled())
    assert.ok(await page.locator('.column').getByRole('button', { name: 'File' }).isDisabled())
    assert.ok(await page.getByRole('button', { name: /Tiny VGG/ }).isDisabled())
    await page.locator('[data-column=conv_1_2] [data-tile="2"]').focus()
    for (const key of ['b', 'p', 'o', 'x', 'Enter']) await page.keyboard.press(key)
    await page.locator('[data-class="3"]').click()
    await give(page, 'mine.png', await page.locator('[data-view=picture]').screenshot())
    await page.getByText('This link keeps the picture as it is.').first().waitFor()
    await idle(page)
    assert.equal(new URL(page.url()).hash, hash)
    assert.deepEqual(await predictions(page), said)
    // The rest is free.
    await page.locator('[data-lab=maps]').click()
    await until(page, () => document.querySelector('#lab')?.dataset.status === 'done')
  })
})

test('what a link hides is not there, on a screen and on a phone; a class pinned stays pinned', async () => {
  const address = `${server.url}#v=1&dir=backward&pin=class:5&hide=dir,pin,scale,model,picture,prediction,text,tools,lab,readout`
  for (const width of [1440, 390]) {
    await visit(browser, address, async (page) => {
      assert.equal(await page.getByRole('radiogroup', { name: 'Direction of the light' }).count(), 0)
      assert.equal(await page.locator('.prediction, .chip .what, [data-view=readout], #text, #lab-rail').count(), 0)
      assert.equal(await page.getByRole('button', { name: /Copy a link|Keys|Change|File/ }).count(), 0)
      assert.ok(await page.locator('.strip canvas').count() > 5)
      await page.keyboard.press('b')
      assert.equal(await page.locator('html').getAttribute('data-dir'), 'backward')
      assert.match(new URL(page.url()).hash, /pin=class:5/)
    }, { width, height: 800 })
  }
})

test('a parameter that is locked stands as the link says; edits that do not fit a locked link do no harm', async () => {
  await visit(browser, `${server.url}#v=1&lab=attack&method=fgsm&dir=backward&params=eps%3D2&lock=params,method,lab,edits&edits=nowhere:1*0`, async (page) => {
    await until(page, () => document.querySelector('#lab')?.dataset.status === 'done')
    const slider = page.locator('.attack input[type=range]').first()
    assert.ok(await slider.isDisabled())
    assert.equal(await slider.inputValue(), '2')
    await page.keyboard.press('Escape')
    assert.equal(await page.locator('#lab').count(), 1)
  })
})
