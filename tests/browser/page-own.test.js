// The visitor's own: the crop, the exact input, the live camera.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { shortest, taken } from '../node/lib/times.js'
import { choose, give, idle, launch, pixels, predictions, ROOT, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'])

async function follow(page, work) {
  const passes = await page.locator('html').getAttribute('data-passes')
  await work()
  await until(page, (n) => document.documentElement.dataset.passes !== n, passes)
  await idle(page)
}

test('the crop moves with pointer and keys, the exact input is shown, a link keeps it', async () => {
  let hash, said
  await visit(browser, server.url, async (page) => {
    const first = await predictions(page)
    await page.getByRole('button', { name: 'Choose the part that the network gets' }).click()
    const dialog = page.getByRole('dialog')
    const input = await pixels(page, 'dialog figure canvas')
    const crop = dialog.getByRole('application')
    await crop.focus()
    await follow(page, async () => {
      for (let i = 0; i < 8; i++) await page.keyboard.press('-')
    })
    await follow(page, () => page.keyboard.press('ArrowRight'))
    assert.notDeepEqual(await pixels(page, 'dialog figure canvas'), input)
    assert.deepEqual(await page.locator('dialog figure canvas').evaluate((c) => [c.width, c.height]), [64, 64])
    const before = new URL(page.url()).hash
    const box = await crop.boundingBox()
    await follow(page, async () => {
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
      await page.mouse.down()
      await page.mouse.move(box.x + box.width / 2 - 20, box.y + box.height / 2 - 15, { steps: 3 })
      await page.mouse.up()
    })
    hash = new URL(page.url()).hash
    assert.notEqual(hash, before)
    assert.match(hash, /crop=\d+,\d+,\d+/)
    await dialog.getByRole('button', { name: 'Done' }).click()
    said = await predictions(page)
    assert.notDeepEqual(said, first)
  })
  await visit(browser, server.url + hash, async (page) => {
    assert.deepEqual(await predictions(page), said)
    await choose(page, 'Goldfish')
    assert.doesNotMatch(page.url(), /crop=/, 'another picture begins with its middle')
  })
})

test('an uploaded picture of any shape can be cropped', async () => {
  await visit(browser, server.url, async (page) => {
    await follow(page, () => give(page, 'plain.png', readFileSync(join(ROOT, 'tests/data/pictures/plain.png'))))
    await page.getByRole('button', { name: 'Choose the part that the network gets' }).click()
    await page.getByRole('slider', { name: 'Size' }).focus()
    await follow(page, () => page.keyboard.press('Home'))
    await follow(page, () => page.getByRole('button', { name: 'The middle' }).click())
    assert.doesNotMatch(page.url(), /crop=/)
  })
})

for (const dir of ['forward', 'backward'])
  test(`the live camera: maps ${dir === 'forward' ? '' : 'and the pinned gradient '}follow, and stay when it is stopped`, async () => {
    await visit(browser, server.url + `#v=1&dir=${dir}&pin=class:4`, async (page) => {
      await page.getByRole('button', { name: 'Camera' }).click()
      await until(page, () => /Live, \d+/.test(document.querySelector('[data-view=camera]')?.textContent ?? ''))
      const was = await pixels(page, '.inner .strip canvas')
      const passes = async () => Number(await page.locator('html').getAttribute('data-passes'))
      const period = await shortest(400, async () => {
        const start = await passes()
        const time = await taken(() => page.waitForTimeout(2000))
        return time / ((await passes()) - start)
      })
      assert.ok(period <= 400, `a picture in ${period} ms`) // 100 on a machine of its own
      const is = await pixels(page, '.inner .strip canvas')
      assert.ok(is.filter((x, i) => x !== was[i]).length >= is.length - 1, 'the maps follow')
      await page.getByRole('button', { name: 'Keep this' }).click()
      await idle(page)
      const kept = await predictions(page)
      await page.waitForTimeout(300)
      assert.deepEqual(await predictions(page), kept)
      await choose(page, 'Goldfish')
    })
  })

test('a camera that is refused says so, and the picture stays', async () => {
  const refusing = await launch(['--use-fake-device-for-media-stream', '--deny-permission-prompts'])
  try {
    await visit(refusing, server.url, async (page) => {
      const was = await predictions(page)
      await page.getByRole('button', { name: 'Camera' }).click()
      await page.getByText(/The camera was not allowed/).waitFor()
      assert.deepEqual(await predictions(page), was)
    })
  } finally {
    await refusing.close()
  }
})
