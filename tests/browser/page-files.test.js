// Bad and unusual files in the page: each with its message, nothing lost, the page still usable.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { network } from './lib/networks.js'
import { choose, give, idle, pixels, predictions, ROOT, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened()

const picture = (name) => readFileSync(join(ROOT, 'tests/data/pictures', name))
const tiny = readFileSync(join(ROOT, 'models/tiny-vgg.onnx'))
const toast = (page) => page.locator('.toast').last().innerText()

async function shown(page, work) {
  const passes = await page.locator('html').getAttribute('data-passes')
  await work()
  await until(page, (n) => document.documentElement.dataset.passes !== n, passes)
  await idle(page)
}

test('a picture may be dropped or pasted anywhere; a dropped network opens', async () => {
  await visit(browser, server.url, async (page) => {
    const hand = (event, name, bytes) =>
      page.evaluate(([event, name, base64]) => {
        const data = new DataTransfer()
        data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name))
        if (event === 'paste') dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }))
        else document.body.dispatchEvent(new DragEvent(event, { dataTransfer: data, bubbles: true, cancelable: true }))
      }, [event, name, Buffer.from(bytes).toString('base64')])
    await hand('dragenter', 'plain.png', picture('plain.png'))
    await page.getByText('Let go to use this picture').waitFor()
    await shown(page, () => hand('drop', 'plain.png', picture('plain.png')))
    assert.match(await page.locator('.column .name').innerText(), /plain\.png/)
    await shown(page, () => hand('paste', 'grey.png', picture('grey.png')))
    assert.match(await page.locator('.column .name').innerText(), /grey\.png/)
    await shown(page, () => hand('drop', 'mine.onnx', tiny))
    assert.match(await toast(page), /is open/)
  })
})

test('what is not a picture is refused by name, with the reason, and the old picture stays', async () => {
  const wrong = {
    'notes.png': Buffer.from('Shopping list: light bulbs, amber filter'),
    'empty.jpg': Buffer.alloc(0),
    'cut.png': picture('plain.png').subarray(0, 60),
    'random.bmp': Buffer.from(Array.from({ length: 999 }, (_, i) => (i * 7919) % 251)),
  }
  await visit(browser, server.url, async (page) => {
    const was = await pixels(page, '.strip canvas')
    for (const [name, bytes] of Object.entries(wrong)) {
      const before = await page.locator('.toast').count()
      await give(page, name, bytes)
      await until(page, (n) => [...document.querySelectorAll('.toast')].at(-1)?.textContent.includes(n), name)
      assert.match(await toast(page), /Red panda stays\./, `${name} (${before})`)
      assert.deepEqual(await pixels(page, '.strip canvas'), was)
    }
    await choose(page, 'Goldfish')
    assert.notDeepEqual(await pixels(page, '.strip canvas'), was)
  })
})

test('unusual pictures are read, and it is said what was done', async () => {
  await visit(browser, server.url, async (page) => {
    for (const name of ['one.png', 'deep.png', 'alpha.png', 'moving.gif', 'grey.jpg', 'progressive.jpg', 'palette.png']) {
      await shown(page, () => give(page, name, picture(name)))
      assert.equal((await predictions(page)).length, 10)
      assert.match(await page.locator('.column .name').innerText(), new RegExp(name))
      if (name === 'alpha.png') assert.match(await toast(page), /white/)
      if (name === 'moving.gif') assert.match(await toast(page), /first/i)
    }
  })
})

test('a CMYK file and one of 12,000×9,000 pixels are shown or refused in words; the page answers after both', async () => {
  await visit(browser, server.url, async (page) => {
    for (const name of ['cmyk.jpg', 'large.png']) {
      const passes = await page.locator('html').getAttribute('data-passes')
      await give(page, name, picture(name))
      await until(page, ([n, p]) => document.documentElement.dataset.passes !== p || [...document.querySelectorAll('.toast')].some((x) => x.textContent.includes(n)), [name, passes], 90000)
    }
    await choose(page, 'Goldfish')
  })
})

test('networks that are none are refused in a dialog, and Tiny VGG stays', async () => {
  const random = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919 + (i >> 3)) % 256))
  await visit(browser, server.url, async (page) => {
    const was = await predictions(page)
    for (const [name, bytes] of [['empty.onnx', Buffer.alloc(0)], ['cut.onnx', tiny.subarray(0, tiny.length >> 1)], ['random.onnx', random], ['text.onnx', Buffer.from('this is text')]]) {
      await give(page, name, bytes, { kind: 'model' })
      await page.getByRole('dialog').waitFor()
      const said = await page.getByRole('dialog').innerText()
      assert.match(said, /cannot be opened/)
      assert.match(said, /Tiny VGG stays open\./)
      assert.ok(said.length > 80, said)
      await page.getByRole('button', { name: 'Close', exact: true }).click()
    }
    assert.deepEqual(await predictions(page), was)
    await choose(page, 'Goldfish')
  })
})

test('weights that are not numbers are refused with their name; numbers that go wrong on the way are named, and another network can be chosen', async () => {
  const broken = Buffer.from(tiny)
  broken.fill(0x7e, broken.length >> 1, (broken.length >> 1) + 80) // 0x7e7e is not a number in half precision, wherever it begins
  const divides = network('divides', 'input x 3x32x32\ntitle Divides\nmean 0 0 0\nstd 1 1 1\nchannels RGB\nc1 = conv x 4 3x3\nr1 = relu c1\nd1 = div r1 r1\nf = flatten d1\nout = dense f 3\n')
  await visit(browser, server.url, async (page) => {
    await give(page, 'broken.onnx', broken, { kind: 'model' })
    await page.getByRole('dialog').waitFor()
    assert.match(await page.getByRole('dialog').innerText(), /NaN[\s\S]*Tiny VGG stays open/)
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await give(page, 'divides.onnx', divides, { kind: 'model' })
    await page.locator('.trouble').waitFor()
    assert.match(await page.locator('.trouble').innerText(), /d1/)
    await page.getByRole('banner').getByRole('button', { name: /Divides/ }).click()
    await shown(page, () => page.getByRole('menuitemradio', { name: /Tiny VGG/ }).first().click())
    assert.equal(await page.locator('.trouble').count(), 0)
    assert.equal((await predictions(page)).length, 10)
  })
})

test('a residual network with wide layers, no labels, no preprocessing and no softmax', async () => {
  const bytes = network('residual', `input x 3x32x32
title Residual
c1 = conv x 24 3x3 pad 1
r1 = relu c1
c2 = conv r1 24 3x3 pad 1
a1 = add r1 c2
r2 = relu a1
c3 = conv r2 64 3x3 pad 1 stride 2
r3 = relu c3
g = globalavgpool r3
f = flatten g
out = dense f 40
`)
  await visit(browser, server.url, async (page) => {
    await give(page, 'residual.onnx', bytes, { kind: 'model' })
    await page.getByRole('dialog').waitFor()
    await idle(page)
    await until(page, () => document.querySelector('.prediction [data-class]'))
    const unit = await predictions(page)
    assert.equal(unit.length, 5)
    await shown(page, () => page.getByRole('radio', { name: 'ImageNet' }).click())
    assert.notDeepEqual(await predictions(page), unit, 'the prediction follows the preset')
    await page.getByLabel('Names of the classes, one a line').fill(Array.from({ length: 40 }, (_, i) => `thing ${i}`).join('\n'))
    await page.getByRole('button', { name: 'Use', exact: true }).click()
    await until(page, () => document.querySelector('.prediction .name').textContent.includes('thing'))
    assert.equal(await page.locator('[data-column]').count(), 9, 'a column each, g as numbers, flatten none')
    const first = await page.locator('[data-column]').nth(1).locator('.tile').count()
    assert.equal(await page.locator('.more').first().innerText(), `+${24 - first}`)
    assert.match(await page.locator('.prediction').innerText(), /scores, not probabilities/)
    assert.match(await page.locator('.prediction').innerText(), /35 more classes/)
    await page.getByRole('button', { name: 'Find a class' }).click()
    await page.getByRole('searchbox', { name: 'Find a class' }).fill('thing 37')
    await page.getByRole('option', { name: /thing 37/ }).click()
    await until(page, () => location.hash.includes('pin=class:37') && document.querySelector('[data-class="37"]'))
  })
})

test('grey input and one class', async () => {
  const bytes = network('grey', 'input x 1x28x28\ntitle Grey\nmean 0.5\nstd 0.5\nchannels grey\nc1 = conv x 4 3x3 pad 1\nr1 = relu c1\nf = flatten r1\nout = dense f 1\n')
  await visit(browser, server.url, async (page) => {
    await shown(page, () => give(page, 'grey.onnx', bytes, { kind: 'model' }))
    assert.equal(await page.locator('[data-column]').first().locator('.tile').count(), 1)
    assert.equal((await predictions(page)).length, 1)
    await page.getByRole('radio', { name: 'Backward' }).click()
    await choose(page, 'Goldfish')
  })
})
