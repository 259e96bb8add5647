// The pages of docs/ that the tables write are up to date.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { pages } from '../../tools/docs.js'
import { commandOf } from '../../tools/method-pages.js'
import { wasmBytes } from './lib/core.js'
import { BacklightCore } from '../../wasm/core.js'
import { files, page } from '../../tools/judging.js'

for (const [file, text] of Object.entries(pages())) {
  test(`${file} says what the tables say`, () => assert.equal(readFileSync(new URL('../../' + file, import.meta.url), 'utf8'), text, 'run `make docs`'))
}

test('docs/judging.md says what its figures say', () => assert.equal(readFileSync(files.page, 'utf8'), page(JSON.parse(readFileSync(files.json, 'utf8')))))

test('docs/methods/ holds a page, a text and a picture of every method and nothing else, of pictures that may be shown, in 4 MB', async () => {
  const { methods } = (await BacklightCore.load({ bytes: wasmBytes() })).manifest
  const folder = new URL('../../docs/methods/', import.meta.url)
  const ids = methods.map((/** @type {any} */ m) => m.id)
  assert.deepEqual(readdirSync(folder).sort(), [...ids.flatMap((/** @type {string} */ id) => [`${id}.md`, `${id}.png`]), 'README.md', 'text'].sort())
  assert.deepEqual(readdirSync(new URL('text/', folder)).sort(), ids.map((/** @type {string} */ id) => `${id}.md`).sort())
  const samples = JSON.parse(readFileSync(new URL('../../public/samples/samples.json', import.meta.url), 'utf8'))
  let bytes = 0
  for (const id of ids) {
    const png = readFileSync(new URL(`${id}.png`, folder))
    bytes += png.length + statSync(new URL(`${id}.md`, folder)).size
    assert.equal(png.subarray(1, 4).toString('latin1'), 'PNG', id)
    const [, , picture] = commandOf(id)
    const sample = samples.find((/** @type {any} */ x) => picture === `public/samples/${x.file}`)
    assert.match(sample?.licence ?? '', /^(CC0|public domain|CC-BY-[234])/, `${id}: ${picture}`)
  }
  assert.ok(bytes <= 4e6, `${bytes} bytes`)
})

test('figures in the cautions are those of docs/judging.json', async () => {
  const { methods } = (await BacklightCore.load({ bytes: wasmBytes() })).manifest
  const { networks } = JSON.parse(readFileSync(files.json, 'utf8'))
  const of = (/** @type {string} */ test, /** @type {string} */ id, /** @type {string} */ name) =>
    networks.map((/** @type {any} */ n) => (/** @type {any} */ (Object.entries(n.tests).find(([key]) => key.startsWith(test))?.[1])).methods[id][name][0])
  const span = (/** @type {number[]} */ x) => [Math.min(...x).toFixed(2), Math.max(...x).toFixed(2)]
  const said = (/** @type {string} */ id) => methods.find((/** @type {any} */ m) => m.id === id).caution.match(/\d\.\d\d/g)
  const left = (/** @type {string} */ id) => span(of('randomisation', id, 'rank'))[1]
  const wrong = (/** @type {string} */ id) => span(of('wrong-class', id, 'signed'))
  assert.deepEqual(said('guided'), [...wrong('guided'), left('guided')])
  assert.deepEqual(said('deconvnet'), wrong('deconvnet'))
  assert.deepEqual(said('guided-gradcam'), [left('guided-gradcam')])
})
