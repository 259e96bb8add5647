// What the core says when something does not work is said in every language: each message of src/ and wasm/ that can reach the page, read
// from the sources, and what files and texts of the fuzzers' seeds really get to hear.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { root, wasmBytes } from './lib/core.js'

const texts = join(root, 'web/src/texts')
const languages = readdirSync(texts).map((f) => f.match(/^([a-z]{2})-errors\.js$/)?.[1]).filter((id) => id !== undefined)
const file = (/** @type {string | undefined} */ id) => import(join(texts, `${id}-errors.js`))

// Rooms whose messages no visitor meets. src/cli and src/train are no part of the module; the page writes its network texts itself (the
// window of the convolution alone can be wrong there, and that is the operator's message), and it writes no network.
const ELSEWHERE = /^src\/(cli|train)\/|^src\/onnx\/(nettext|tensors_write|writer)/
// Questions that the page never asks: they are told to who writes a program against the core or the API.
const NEVER = [
  /^%$|^usage$/, // a message, or a code, that is handed on
  /^a rule is given for node|^the plan was not made for this rule|^a backward pass, but no|^name the gradients when|^the plan has no room for a gradient|^name it as a seed|^a seed at element/,
  /^there is no layer number|^% examples of a channel|^an explanation needs|^there is no computed value|^"%" has % %, and none with/,
  /^a constant was given no value|input % is no value$|^a batch of|^the last value|^value % is |^"%" is wanted but comes after|^plan up to|^% passes; 1 to|^a partial pass|^there is no node/,
  /^step % has % items|has ended with an error already|has no step % of phase|cannot take step|wants more than % runs/,
  /^an empty picture cannot be written/, /^there is no (colour family|rule|value|result) number|^there is nothing open with|^only plain gradients|^% is no number of an element|^a temperature of|^this % is closed, or never|after close\(\)/,
  /^no (gradient was computed|picture was shown)|^Call (%|forward)\(\) first/, /^there are no colours|^Families:|^this network has no layer "|^info\.values|^there is no % "%"$|^There are %\.|takes two Float32Arrays|^a picture is \{|^Give the result of decode|^for %, mean and std/,
  /^there is no phase|^a newer request took|^Backlight is closed|^Load it again|^this worker has not|^these numbers are gone|^Ask again with|was stopped$/,
  /^softmax sends back|^there is no class % among|^a caption (is three|stands at)|^there is no kind/,
  /^Its own WebAssembly|^It needs WebAssembly|^This browser (cannot|has no)/, // the page says this itself (states.noSimd)
]

/** The text of a C string, its pieces joined, with % for what is filled in. @param {string} text */
const plain = (text) => text.replace(/%[-+ #0]*[\d*]*(\.[\d*]+)?(ll|z|h|l)?[a-zA-Z]/g, '%').replace(/%%/g, '%').replace(/\\"/g, '"').replace(/\\n/g, '\n')
/** The arguments of the call whose parenthesis opens before `at`. @param {string} code @param {number} at */
function call(code, at) {
  let depth = 1
  let i = at
  for (let quoted = ''; depth; i++) {
    const c = code[i]
    if (quoted) {
      if (c === '\\') i++
      else if (c === quoted) quoted = ''
    } else if (c === '"' || c === "'") quoted = c
    else depth += c === '(' ? 1 : c === ')' ? -1 : 0
  }
  return code.slice(at, i - 1)
}
const strings = (/** @type {string} */ code) => [...code.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*/g)].map((m) => plain([...m[0].matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((x) => x[1]).join('')))

/** Every message of the core and the API, with where it stands. */
function messages() {
  const found = /** @type {Map<string, string>} */ (new Map())
  for (const name of ['src', 'wasm'].flatMap((dir) => readdirSync(join(root, dir), { recursive: true, encoding: 'utf8' }).map((f) => join(dir, f)))) {
    if (ELSEWHERE.test(name) || !/\.(c|h|js)$/.test(name)) continue
    const code = readFileSync(join(root, name), 'utf8')
    if (/\.[ch]$/.test(name)) {
      const bare = code.replace(/\/\*[\s\S]*?\*\//g, '')
      // The first string of these is the message; where it is one of two (a ? "…" : "…"), both are.
      for (const m of bare.matchAll(/\b(bl_fail|bl_hint|bl_op_fail|bl_wire_fail|bl_cursor_fail|bl_job_note|node_fail|attr_fail|add_note|report)\s*\(/g)) {
        const args = call(bare, m.index + m[0].length)
        const choice = /\?\s*("(?:[^"\\]|\\.)*")\s*:\s*("(?:[^"\\]|\\.)*")/.exec(args)
        const all = strings(args)
        for (const text of choice && args.indexOf('"') >= args.indexOf('?') ? strings(choice[1]).concat(strings(choice[2])) : all.slice(0, 1)) found.set(text, name)
      }
      for (const m of bare.matchAll(/(?:problem|unusable|why) = [^;]*;/g)) for (const text of strings(m[0])) found.set(text, name)
    } else if (name.endsWith('.js')) {
      for (const m of code.matchAll(/\b(?:new BacklightError|usage)\(\s*(?:'[a-z-]+',)?\s*((?:`[^`]*`|'[^'\n]*'|"[^"\n]*"))(?:,\s*((?:`[^`]*`|'[^'\n]*'|"[^"\n]*")))?/g))
        for (const text of m.slice(1)) if (text) found.set(text.slice(1, -1).replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, '%').replace(/\\'/g, "'"), name)
    }
  }
  return found
}

const all = messages()
const read = (/** @type {string} */ dir) => readdirSync(join(root, dir), { recursive: true, encoding: 'utf8' }).filter((f) => /\.(c|h|js|svelte)$/.test(f)).map((f) => readFileSync(join(root, dir, f), 'utf8')).join('\n')
const sources = [read('src'), read('wasm'), read('web/src/lib')].join('\n').replace(/"\s*\n\s*"/g, '').replace(/\\(["'])/g, '$1')
// Said of names in a row, put together at run time; by the browser.
const MADE = /^(nearest: |Did you mean )|^Failed to fetch$/
const due = [...all.keys()].filter((text) => /[a-zA-Z]{2}/.test(text) && !NEVER.some((never) => never.test(text)))

test('there are messages, and a language that has them', () => {
  assert.ok(due.length > 250, `${due.length}`)
  assert.ok(languages.includes('de'))
})

for (const id of languages) {
  test(`${id}: every message that can reach the page is there, with all that is filled in, and none that nobody says`, async () => {
    const { errors } = await file(id)
    assert.deepEqual(due.filter((text) => !Object.hasOwn(errors, text)).map((text) => `${all.get(text)}: ${text}`), [])
    for (const [english, other] of Object.entries(errors)) {
      const longest = english.split('%').reduce((a, b) => (b.length > a.length ? b : a)).trim()
      assert.ok(sources.includes(longest) || MADE.test(english), `nobody says: ${english}`)
      const count = english.split('%').length - 1
      for (let n = 1; n <= count; n++) assert.ok(other.includes(`%${n}`) || english.includes('% %:'), `${english}: %${n} is missing`)
      assert.ok(![...other.matchAll(/%(\d)/g)].some((m) => Number(m[1]) > count), english)
    }
  })

  test(`${id}: what the seeds of the fuzzers get to hear is retold, names and numbers kept`, async () => {
    const { retold } = await file(id)
    const core = await BacklightCore.load({ bytes: wasmBytes() })
    const heard = new Set()
    const hear = (/** @type {() => any} */ work) => {
      try {
        return work()
      } catch (error) {
        heard.add(/** @type {any} */ (error).message).add(/** @type {any} */ (error).hint)
      }
    }
    const seeds = (/** @type {string} */ kind) => readdirSync(join(root, 'tests/fuzz/corpus', kind)).map((f) => readFileSync(join(root, 'tests/fuzz/corpus', kind, f)))
    for (const bytes of seeds('onnx')) hear(() => core.open(bytes))?.close()
    for (const bytes of [...seeds('picture'), ...seeds('nettext')]) hear(() => core.decode(bytes, 'mine.png'))
    const model = core.open(readFileSync(join(root, 'models/tiny-vgg.onnx')))
    const picture = core.decode(readFileSync(join(root, 'public/samples/koala.jpg')), 'koala.jpg')
    for (const bytes of seeds('tensors')) hear(() => model.setHistory(bytes))
    const view = model.view()
    view.forward(picture)
    for (const text of seeds('objective').map(String).concat('class:99', 'class:"panda"', 'conv_1_1:77', 'nowhere:1', 'class:', '"open', 'class:1 +')) hear(() => view.backward(text))
    for (const edits of ['conv_1_1', 'nowhere:1*0', 'conv_1_1:99*0', 'conv_1_1:1*', 'conv_1_1:1@0,0=3', 'relu_1_1/0,0=1', 'conv_1_1/0,0=1', 'conv_1_1/99,0=1,1,1,1,1,1,1,1,1', 'conv_1_1*~', 'softmax*~3']) hear(() => view.forward(picture, { edits }))
    for (const [method, params] of [['smoothgrad', { samples: 0 }], ['smoothgrad', { samples: 'many' }], ['smoothgrad', { sampels: 3 }], ['gradcam', { layer: 'output' }], ['pgd', { target: 99 }], ['cam', {}], ['dream', { start: 'air' }]]) hear(() => model.job(/** @type {string} */ (method), { picture, objective: '', params: /** @type {any} */ (params) }))
    for (const nothing of ['', undefined]) heard.delete(nothing)
    assert.ok(heard.size > 60, `${heard.size}`)
    assert.deepEqual([...heard].filter((text) => text && !retold(text)), [])
    // English that is left inside one that was retold.
    const left = [...heard].filter(Boolean).map((text) => /** @type {string} */ (retold(text))).filter((text) => /\b(the|is|not|has|with|of|than|there)\b/.test(text.replace(/„[^“]*“/g, '')))
    assert.deepEqual(left, [])
    // Numbers stay, with the language's sign.
    for (const text of heard) for (const number of text?.match(/\d+/g) ?? []) assert.ok(retold(text)?.includes(number), `${text}: ${number}`)
  })
}
