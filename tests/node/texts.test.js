// Every language says everything that English says: the page's words, key by key, and the core's, text by text.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'svelte/compiler'
import * as en from '../../web/src/texts/en.js'
import { BacklightCore } from '../../wasm/core.js'
import { root, wasmBytes } from './lib/core.js'

const folder = join(root, 'web/src/texts')
const others = readdirSync(folder).map((f) => f.match(/^([a-z]{2})\.js$/)?.[1]).filter((id) => id && id !== 'en')
const file = (/** @type {string} */ id) => import(join(folder, `${id}.js`))
const later = (/** @type {string} */ id) => import(join(folder, `${id}-views.js`))

/** @param {any} x @param {string} at @returns {[string, string][]} the leaves by their path, with their kinds */
function leaves(x, at = '') {
  if (typeof x === 'function') return [[at, `function of ${x.length}`]]
  if (x && typeof x === 'object') return Object.entries(x).flatMap(([key, part]) => leaves(part, at ? `${at}.${key}` : key))
  return [[at, typeof x]]
}

test('there is another language', () => assert.ok(others.includes('de')))

for (const id of others)
  test(`${id}: the page's words are those of en.js, none empty, with as many blanks to fill`, async () => {
    const words = await file(id)
    for (const [own, english] of [[words.t, en.t], [words.elsewhere, en.elsewhere], [(await later(id)).v, (await later('en')).v]]) {
      assert.deepEqual(leaves(own).map((l) => l.join(': ')).sort(), leaves(english).map((l) => l.join(': ')).sort())
      for (const [at] of leaves(own)) assert.notEqual(at.split('.').reduce((x, key) => x[key], own), '', at)
    }
  })

for (const id of others)
  test(`${id}: every word of the core is said: manifest, operators, phases and results of every method, choices, pictures`, async () => {
    const { core: words } = await file(id)
    const core = await BacklightCore.load({ bytes: wasmBytes() })
    const { methods, operators } = core.manifest
    const wanted = new Set()
    for (const m of methods) {
      for (const text of [m.title, m.purpose, m.caution, ...(/[a-z]{2}/.test(m.cost) ? [m.cost] : [])]) wanted.add(text)
      for (const p of m.params) for (const text of [p.title, p.meaning, ...(p.choices ?? [])]) wanted.add(text)
    }
    const model = core.open(readFileSync(join(root, 'models/tiny-vgg.onnx')))
    const picture = core.decode(readFileSync(join(root, 'public/samples/red-panda.jpg')), 'red-panda.jpg')
    for (const m of methods) {
      const few = Object.fromEntries(m.params.filter((/** @type {any} */ p) => p.type === 'integer' && ['samples', 'steps', 'masks', 'restarts', 'octaves'].includes(p.name)).map((/** @type {any} */ p) => [p.name, p.least]))
      const job = model.job(m.id, { picture, params: few })
      for (let told; !told?.done; ) {
        told = job.step()
        wanted.add(told.progress.title)
      }
      for (const result of job.results()) {
        wanted.add(result.title)
        if (result.kind === 'series') for (const label of result.text.split('\n')) if (!model.info.labels.includes(label)) wanted.add(label)
        if (result.kind === 'table') for (const row of JSON.parse(result.text)) wanted.add(row.title)
      }
      job.close()
    }
    for (const { title } of JSON.parse(readFileSync(join(root, 'public/samples/samples.json'), 'utf8'))) wanted.add(title)
    // An operator's title is its summary up to the first stop, as the page prints it; formulas and names are for all languages.
    for (const { summary } of operators) if (/^[A-Z]/.test(summary) && !/shape arithmetic/.test(summary)) wanted.add(summary.split(/[:;]|\s\(/)[0].trim())
    // What is written alike everywhere: a proper name, a sign, a name of a layer.
    const same = /^$|^[αγεßL∞2]+$|^(conv|relu|max_pool)_\d|^(HiResCAM|gradcam|gradcam\+\+|hirescam|layercam|xgradcam|cam|L2|z⁺)$/
    assert.deepEqual([...wanted].filter((text) => text && !same.test(text) && !Object.hasOwn(words, text)), [])
  })

test('components and lib read the words of the page from texts.js and views.js alone', () => {
  const all = (/** @type {string} */ dir) => readdirSync(join(root, 'web/src', dir), { recursive: true, encoding: 'utf8' }).filter((f) => /\.(svelte|js)$/.test(f)).map((f) => join(dir, f))
  for (const name of all('.').filter((f) => !f.startsWith('texts/'))) assert.doesNotMatch(readFileSync(join(root, 'web/src', name), 'utf8'), /texts\/[a-z]{2}(-core|-views)?\.js/, name)
})

// Names and units are for all languages.
const NAMES = /^(BibTeX|GFLOP\/s|CSV|PNG|SVG|RGB|px|ms|MB|Esc|exp|max|log)$/
test('no component has words of its own: texts between tags, and what is spoken or shown with them, come from the catalogue', () => {
  const found = /** @type {string[]} */ ([])
  const word = (/** @type {string} */ text) => text.split(/[\s·,:()]+/).find((x) => /[A-Za-z]{2}/.test(x) && !NAMES.test(x))
  for (const name of readdirSync(join(root, 'web/src'), { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.svelte'))) {
    const own = (/** @type {string} */ text) => word(text) && found.push(`${name}: ${text.trim()}`)
    const walk = (/** @type {any} */ node) => {
      if (!node || typeof node !== 'object' || /^Style/.test(node.type)) return
      if (Array.isArray(node)) return node.forEach(walk)
      if (node.type === 'Text') own(node.data)
      if (node.type === 'Attribute') {
        // Of attributes those that are read out or shown; in them what is between braces is looked at like all else.
        if (/^(aria-label|aria-description|aria-roledescription|title|alt|placeholder|label)$/.test(node.name)) [node.value].flat().forEach((part) => part?.type === 'Text' && own(part.data))
        return [node.value].flat().forEach((part) => part?.type !== 'Text' && walk(part))
      }
      // A text of several words in an expression is said to somebody.
      if (node.type === 'Literal' && typeof node.value === 'string' && !/^[#.[]/.test(node.value) && /[A-Za-z]{3,} [A-Za-z]{2,}/.test(node.value)) found.push(`${name}: '${node.value}'`)
      for (const key of Object.keys(node)) if (key !== 'type') walk(node[key])
    }
    walk(parse(readFileSync(join(root, 'web/src', name), 'utf8'), { modern: true }).fragment)
  }
  assert.deepEqual(found, [])
})
