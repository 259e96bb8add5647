// Showing a view elsewhere: the dialog's link, frame and element, the QR code, the panel as a picture, what is said about the page.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { pixels, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened()

async function axe(page, what) {
  const { violations } = await new AxeBuilder({ page }).analyze()
  assert.deepEqual(violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `${v.id}: ${v.nodes.map((n) => n.target).slice(0, 3).join(' | ')}`), [], what)
}
const share = async (page) => {
  await page.getByRole('button', { name: 'Show this elsewhere' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Link', { exact: true }).waitFor()
  return dialog
}
const downloaded = async (page, name) => {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()])
  return readFileSync(await file.path())
}

test('the dialog makes link, frame and element of this view, with what visitors may change', async () => {
  await visit(browser, `${server.url}#v=1&picture=koala&lab=saliency&dir=backward`, async (page) => {
    await until(page, () => document.querySelector('#lab')?.dataset.status === 'done')
    const dialog = await share(page)
    assert.match(await dialog.getByLabel('Link', { exact: true }).inputValue(), /#v=1&picture=koala&dir=backward&lab=saliency$/)
    await dialog.getByRole('combobox', { name: 'Show', exact: true }).selectOption('saliency')
    await dialog.getByLabel('with the heading').fill('Where "it" is <koala>')
    await dialog.getByText('What visitors may change').click()
    await dialog.getByRole('combobox', { name: 'network', exact: true }).selectOption('hide')
    await dialog.getByRole('combobox', { name: 'direction', exact: true }).selectOption('lock')
    await axe(page, 'share')
    const link = await dialog.getByLabel('Link', { exact: true }).inputValue()
    assert.match(link, /embed\.html#v=1&picture=koala.*embed=saliency.*hide=model&lock=dir/)
    const codes = [await dialog.getByLabel('A frame for a course page').inputValue(), await dialog.getByLabel('An element').inputValue()]
    // The code as a browser reads it.
    const read = await page.evaluate(([frame, element]) => {
      const f = new DOMParser().parseFromString(frame, 'text/html').querySelector('iframe')
      const e = new DOMParser().parseFromString(element, 'text/html')
      return { src: f.getAttribute('src'), title: f.title, sandbox: f.getAttribute('sandbox'), view: e.querySelector('backlight-figure').getAttribute('view'), script: e.querySelector('script').src }
    }, codes)
    assert.equal(read.src, link)
    assert.equal(read.title, 'Where "it" is <koala>')
    assert.equal(read.view, new URL(link).hash)
    assert.equal(read.script, `${server.url}backlight-figure.js`)
    await page.goto('about:blank')
    await page.goto(link)
    await page.getByRole('heading', { name: 'Where "it" is <koala>' }).waitFor()
    assert.equal(await page.getByRole('button', { name: /Tiny VGG/ }).count(), 0)
    assert.ok(await page.getByRole('radio', { name: 'Forward' }).isDisabled())
  })
})

// What a camera does: finds the grid, samples the middle of each cell, undoes the mask, reads the bytes. Version and mask are read from
// the code itself; error correction is not needed for a clean picture.
function read(cells) {
  const n = cells.length
  const version = (n - 17) / 4
  const format = [0, 1, 2, 3, 4, 5, 7, 8].map((c) => cells[8][c]).concat([7, 5, 4, 3, 2, 1, 0].map((r) => cells[r][8]))
  const mask = [2, 3, 4].reduce((m, i) => 2 * m + (format[i] ^ [1, 0, 1, 0, 1][i]), 0)
  const MASKS = [(r, c) => (r + c) % 2, (r) => r % 2, (r, c) => c % 3, (r, c) => (r + c) % 3, (r, c) => ((r >> 1) + Math.floor(c / 3)) % 2, (r, c) => ((r * c) % 2) + ((r * c) % 3), (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2, (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2]
  const count = version === 1 ? 0 : Math.floor(version / 7) + 2
  const step = version === 32 ? 26 : Math.ceil((4 * version + 4) / (2 * count - 2)) * 2
  const centres = count ? [6, ...Array.from({ length: count - 1 }, (_, i) => 4 * version + 10 - step * (count - 2 - i))] : []
  const taken = (r, c) => {
    if (r === 6 || c === 6) return true
    if ((r < 9 && (c < 9 || c >= n - 8)) || (r >= n - 8 && c < 9)) return true
    if (version >= 7 && ((r < 6 && c >= n - 11) || (c < 6 && r >= n - 11))) return true
    return centres.some((y) => centres.some((x) => !((y === 6 && x === 6) || (y === 6 && x === n - 7) || (y === n - 7 && x === 6)) && Math.abs(r - y) <= 2 && Math.abs(c - x) <= 2))
  }
  const bits = []
  for (let right = n - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right--
    for (let i = 0; i < n; i++) for (const c of [right, right - 1]) {
      const r = up ? n - 1 - i : i
      if (!taken(r, c)) bits.push(cells[r][c] ^ (MASKS[mask](r, c) === 0 ? 1 : 0))
    }
  }
  return { version, bytes: Array.from({ length: bits.length >> 3 }, (_, i) => bits.slice(8 * i, 8 * i + 8).reduce((v, b) => 2 * v + b, 0)) }
}

test('the QR code holds the link', async () => {
  await visit(browser, `${server.url}#v=1&picture=koala`, async (page) => {
    const dialog = await share(page)
    await dialog.getByRole('button', { name: 'QR code' }).click()
    await dialog.locator('[data-view=qr]').waitFor()
    const link = await dialog.getByLabel('Link', { exact: true }).inputValue()
    const cells = await page.evaluate(() => {
      const svg = document.querySelector('[data-view=qr]')
      const n = svg.viewBox.baseVal.width - 8
      const grid = Array.from({ length: n }, () => new Array(n).fill(0))
      for (const [, c, r] of svg.querySelector('path').getAttribute('d').matchAll(/M(\d+) (\d+)/g)) grid[r][c] = 1
      return grid
    })
    const { version, bytes } = read(cells)
    assert.ok(version < 6, 'short enough that one block holds it')
    // Byte mode: four bits 0100, eight of length, then the bytes.
    assert.equal(bytes[0] >> 4, 4)
    const at = (i) => ((bytes[i] & 15) << 4) | (bytes[i + 1] >> 4)
    const text = String.fromCharCode(...Array.from({ length: at(0) }, (_, i) => at(i + 1)))
    assert.equal(text, link)
  })
})

test('a panel is kept as SVG and PNG, with its maps, its scale, a caption and the credit of the picture', async () => {
  await visit(browser, `${server.url}#v=1&picture=koala&lab=saliency&dir=backward`, async (page) => {
    await until(page, () => document.querySelector('#lab')?.dataset.status === 'done')
    await share(page)
    const svg = (await downloaded(page, 'Panel as SVG')).toString()
    const png = await downloaded(page, 'Panel as PNG')
    assert.deepEqual([...png.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47])
    const width = png.readUInt32BE(16)
    assert.ok(width > 900, String(width))
    const found = await page.evaluate(async (text) => {
      const doc = new DOMParser().parseFromString(text, 'image/svg+xml')
      const words = [...doc.querySelectorAll('text')].map((x) => x.textContent).join(' ')
      const size = doc.documentElement.viewBox.baseVal
      const inside = [...doc.querySelectorAll('image, text')].every((x) => Number(x.getAttribute('x')) < size.width && Number(x.getAttribute('y')) < size.height)
      // The largest map in the file is pixel for pixel the one on screen.
      const canvas = document.querySelector('#lab canvas[data-view=result]')
      const urls = [...doc.querySelectorAll('image')].map((x) => x.getAttributeNS('http://www.w3.org/1999/xlink', 'href'))
      return { bad: doc.querySelector('parsererror')?.textContent ?? '', words, inside, same: urls.includes(canvas.toDataURL()), scale: doc.querySelectorAll('image').length }
    }, svg)
    assert.equal(found.bad, '')
    assert.ok(found.same)
    assert.ok(found.inside)
    assert.ok(found.scale >= 2, 'the map and its scale')
    assert.match(found.words, /Gradient/i)
    assert.match(found.words, /Koala, Perth Zoo\. BurningWell, public domain/)
    assert.match(found.words, /backward pass/)
    assert.doesNotMatch(svg, /https?:\/\/(?!www\.w3\.org|localhost)/)
    // The PNG is not empty: it holds the map's colours.
    const colours = await page.evaluate(async (bytes) => {
      const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]))
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
      const context = canvas.getContext('2d')
      context.drawImage(bitmap, 0, 0)
      return new Set(new Uint32Array(context.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer)).size
    }, [...png])
    assert.ok(colours > 50, String(colours))
  })
})

test('about: five sentences of privacy, a citation, credits of every picture; and the sentences are true', async () => {
  await visit(browser, server.url, async (page) => {
    await page.keyboard.press('?')
    await page.getByRole('button', { name: /^About/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('How to cite').waitFor()
    assert.equal(await dialog.locator('[data-view=privacy] li').count(), 5)
    assert.match(await dialog.getByLabel('BibTeX').inputValue(), /@software\{backlight[\s\S]*version = \{\d+\.\d+\.\d+\}/)
    const samples = JSON.parse(readFileSync(new URL('../../public/samples/samples.json', import.meta.url), 'utf8'))
    const text = await dialog.textContent()
    for (const { title, author } of samples) assert.ok(text.includes(title) && text.includes(author), title)
    await axe(page, 'about')
    await page.keyboard.press('Escape')
    // What is kept here: the theme and the language, and no cookie.
    await page.getByRole('button', { name: /theme/ }).click()
    await page.setInputFiles('input[data-file=picture]', { name: 'secret.png', mimeType: 'image/png', buffer: await page.locator('[data-view=picture]').screenshot() })
    await page.getByText('secret.png').first().waitFor()
    const kept = await page.evaluate(async () => ({ local: Object.keys(localStorage).sort(), session: Object.keys(sessionStorage), cookies: document.cookie, databases: await indexedDB.databases(), url: location.href, history: JSON.stringify(history.state) }))
    assert.deepEqual(kept.local.filter((key) => !['theme', 'language'].includes(key)), [])
    assert.deepEqual([kept.session, kept.cookies, kept.databases], [[], '', []])
    assert.doesNotMatch(kept.url + kept.history, /secret/)
    assert.ok((await pixels(page, '.strip canvas')).length > 5)
  })
})
