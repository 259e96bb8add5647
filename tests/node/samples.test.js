// The pictures that are served: each opens, has its credit and a licence under which it may be changed, and all are light.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { root, wasmBytes } from './lib/core.js'

const folder = join(root, 'public/samples')
const bytes = (file) => readFileSync(join(folder, file))
const samples = JSON.parse(bytes('samples.json'))
const sheet = JSON.parse(bytes('fashion-mnist.json'))
const credits = bytes('CREDITS.md').toString()
const LICENCES = ['CC0-1.0', 'public domain', 'CC-BY-2.0', 'CC-BY-4.0'] // nothing that binds whoever makes a dream of it
const MOST_BYTES = 3e6

test('every sample opens and is credited', async () => {
  const backlight = await BacklightCore.load({ bytes: wasmBytes() })
  for (const s of samples) {
    const picture = backlight.decode(bytes(s.file), s.file)
    assert.deepEqual([picture.width, picture.height], [256, 256], s.file)
    assert.ok(LICENCES.includes(s.licence), `${s.file}: ${s.licence}`)
    const row = credits.split('\n').find((line) => line.startsWith(`| ${s.file} `))
    assert.ok(row, `${s.file} has no credit`)
    for (const part of [s.title, s.author, s.licence, s.source]) assert.ok(row.includes(part), `${s.file}: ${part}`)
  }
})

test('the sheet of Fashion-MNIST holds what its list says', async () => {
  const picture = (await BacklightCore.load({ bytes: wasmBytes() })).decode(bytes(sheet.file), sheet.file)
  assert.equal(picture.width, sheet.columns * sheet.side)
  assert.equal((picture.width / sheet.side) * (picture.height / sheet.side), sheet.classes.length)
  assert.ok(sheet.classes.every((c) => Number.isInteger(c) && c >= 0 && c < sheet.labels.length))
  assert.ok(credits.includes('`' + sheet.file + '`') && sheet.licence === 'MIT')
})

test('nothing lies there unlisted, and all together is light', () => {
  const listed = [...samples.map((s) => s.file), sheet.file, 'samples.json', 'fashion-mnist.json', 'CREDITS.md']
  assert.deepEqual(readdirSync(folder).sort(), listed.sort())
  const total = listed.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)
  assert.ok(total <= MOST_BYTES, `${total} bytes`)
})
