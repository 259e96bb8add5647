// The depths of the page: a channel, a number, forwards and backwards, by mouse and by keyboard, on the bundled network and
// on networks that the page has never seen.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { BUILD, choose, give, idle, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

const SAMPLES = new URL('../../public/samples/', import.meta.url).pathname
const MODEL = new URL('../../models/tiny-vgg.onnx', import.meta.url).pathname
opened()
let folder
before(() => (folder = mkdtempSync(join(tmpdir(), 'depth-'))))
after(() => rmSync(folder, { recursive: true }))

const RGB = 'mean 0.5 0.5 0.5\nstd 0.25 0.25 0.25\nchannels RGB\n'
const NETWORKS = {
  deep: `input x 3x32x32\n${RGB}${Array.from({ length: 10 }, (_, i) => `c${i} = conv ${i ? `r${i - 1}` : 'x'} 4 3x3 pad 1\nr${i} = ${['relu', 'sigmoid', 'tanh', 'hardswish', 'leakyrelu'][i % 5]} c${i}${i % 5 === 4 ? ' 0.1' : ''}`).join('\n')}\ng = globalavgpool r9\nf = flatten g\ns = dense f 4\np = softmax s`,
  wide: `input x 3x24x24\n${RGB}a = conv x 64 3x3 stride 2 pad 1\nb = relu a\nc = conv b 512 1x1\nd = clip c 0 6\ne = conv d 512 3x3 stride 2 pad 1 groups 512\nf = conv e 32 3x3 pad 1\ng = lrn f 5 alpha 0.001 beta 0.75 bias 1\nh = globalmaxpool g\ni = flatten h\nscores = dense i 30\np = softmax scores`,
  branching: `input x 3x20x28\n${RGB}a = conv x 8 3x3 pad 1\nn = batchnorm a epsilon 0.001\nb = relu n\nc = conv b 8 3x3 pad 1\nd = add c b\ne = conv d 6 1x1\nf = conv d 4 5x5 pad 2\ng = concat e f\nm = maxpool g 3x3 stride 2 pad 1\nk = avgpool m 2x2 stride 2\nl = sub k k\nq = mul k k\nt = add l q\nu = flatten t\nscores = dense u 7\np = softmax scores`,
  grey: `input x 1x28x28\nmean 0.3\nstd 0.3\nchannels grey\na = conv x 6 5x5\nb = relu a\nc = maxpool b 2x2 stride 2\nd = conv c 12 3x3\ne = relu d\nf = flatten e\ng = dense f 20\nh = relu g\nscores = dense h 10\np = softmax scores`,
}
function onnx(name) {
  const text = join(folder, `${name}.txt`)
  const file = join(folder, `${name}.onnx`)
  writeFileSync(text, NETWORKS[name])
  execFileSync(join(BUILD, 'native/backlight'), ['build', text, '--seed', '3', file])
  return readFileSync(file)
}
async function open(page, name) {
  await give(page, `${name}.onnx`, onnx(name), { kind: 'model' })
  await until(page, () => !location.hash.includes('model=tiny') && document.documentElement.dataset.state === 'idle' && document.querySelector('.toast'))
  await idle(page)
}

const channelReady = (page) => until(page, () => document.querySelector('[data-view=channel]')?.dataset.ready === 'yes')
const numberReady = (page) => until(page, () => document.querySelector('[data-view=number-depth]')?.dataset.ready === 'yes')
const go = (page, hash) => page.evaluate((h) => (location.hash = h), hash)

/** Adds up what a twin card shows. @returns {{ twin, form, error, bar }[]} errors in parts of the products' sizes */
const added = (page) =>
  page.$$eval('[data-twin]', (cards) =>
    cards.map((card) => {
      const list = (q, key) => [...card.querySelectorAll(q)].map((e) => Number(e.dataset[key]))
      const sum = (a) => a.reduce((x, y) => x + y, 0)
      const { number, extras, size, form, twin } = card.dataset
      const products = [...list('[data-cell]', 'cell'), ...list('[data-product]', 'product')]
      const bars = list('.slot', 'sum')
      const whole = (bars.length ? sum(bars) : sum(products)) + Number(extras)
      const shown = bars.length ? Number(card.querySelector('.slot.shown').dataset.sum) : sum(products)
      const scale = Math.max(Number(size), 1e-30)
      return { twin, form, products: products.length, bars: bars.length, error: Math.abs(whole - Number(number)) / scale, bar: Math.abs(sum(products) - shown) / scale, printed: card.querySelector('[data-view=number]')?.textContent ?? '', number: Number(number), size: Number(size) }
    }),
  )
function checkAdded(cards, what) {
  assert.ok(cards.length >= 1, `${what}: no card`)
  for (const c of cards) {
    assert.ok(c.error <= 1e-4, `${what}, ${c.twin}: the bars are ${c.error} off`)
    if (c.products) assert.ok(c.bar <= 1e-4, `${what}, ${c.twin}: the products are ${c.bar} off the bar`)
    if (c.printed) assert.ok(Math.abs(Number(c.printed.replace('−', '-').replace('+', '')) - c.number) <= 0.0051 * Math.max(Math.abs(c.number), c.size / 1000) + 1e-9, `${what}: ${c.printed} is printed for ${c.number}`)
  }
}

test('a click opens a channel: inputs, kernels, results, sum and bias; Escape and Back lead out', async () => {
  await visit(browser, server.url, async (page) => {
    await page.locator('[data-column=conv_2_1] [data-tile="1"]').click()
    await channelReady(page)
    assert.match(page.url(), /at=conv_2_1:1/)
    const view = page.locator('[data-view=channel]')
    assert.equal(await view.locator('[data-group]').count(), 10)
    const sums = await view.locator('[data-group]').evaluateAll((rows) => rows.map((r) => Number(r.dataset.sum)))
    const value = Number(await view.locator('[data-value]').getAttribute('data-value'))
    const total = Number(await view.getAttribute('data-total'))
    assert.ok(Math.abs(total - value) <= 1e-4 * sums.reduce((a, v) => a + Math.abs(v), 0))
    assert.notEqual(total, sums.reduce((a, v) => a + v, 0), 'there is a bias')
    // Hovering a map moves the mark in all of them.
    const before = await page.locator('.c3 small').innerText()
    await view.locator('.in canvas').first().hover({ position: { x: 4, y: 4 } })
    await until(page, (t) => document.querySelector('.c3 small').textContent !== t, before)
    await channelReady(page)
    const other = await view.locator('[data-group]').evaluateAll((rows) => rows.map((r) => Number(r.dataset.sum)))
    assert.notDeepEqual(other, sums)
    await page.keyboard.press('Escape')
    await page.locator('.stage .strip').first().waitFor()
    await page.goBack()
    await channelReady(page)
    assert.match(page.url(), /at=conv_2_1:1/)
    await page.goForward()
    await page.locator('.stage .strip').first().waitFor()
  })
})

test('the keyboard alone: from a tile to its channel, to a number, along the map and out again', async () => {
  await visit(browser, server.url, async (page) => {
    await page.locator('[data-column=conv_1_2] [data-tile="4"]').focus()
    await page.keyboard.press('Enter')
    await channelReady(page)
    await page.locator('[data-group="0"]').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    assert.equal(await page.evaluate(() => document.activeElement.dataset.group), '2')
    assert.equal(await page.locator('[role=listbox] [data-group][tabindex="0"]').count(), 1, 'one tab stop')
    await page.keyboard.press('Enter')
    await numberReady(page)
    assert.match(page.url(), /depth=number/)
    assert.match(page.url(), /from=2/)
    checkAdded(await added(page), 'conv_1_2')
    const was = await page.locator('.way h2').innerText()
    await page.locator('[data-twin=forward] .side:last-child .area').focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Shift+ArrowDown')
    await numberReady(page)
    assert.notEqual(await page.locator('.way h2').innerText(), was)
    checkAdded(await added(page), 'conv_1_2, moved')
    await page.keyboard.press('Home')
    await numberReady(page)
    assert.match(await page.locator('.way h2').innerText(), /row 0, column 0/)
    // Another input by the bars.
    await page.locator('[data-twin=forward] [role=slider]').focus()
    await page.keyboard.press('Home')
    await until(page, () => location.hash.includes('from=0'))
    await numberReady(page)
    await page.keyboard.press('Escape')
    await channelReady(page)
    await page.keyboard.press('Escape')
    await page.locator('.stage .strip').first().waitFor()
  })
})

test('the window plays, pauses when the pointer arrives, steps, and goes to the end', async () => {
  await visit(browser, server.url + '#v=1&at=conv_1_1:2&depth=number&cell=0,0', async (page) => {
    await numberReady(page)
    const forward = page.locator('[data-twin=forward]')
    await forward.getByRole('button', { name: 'One place further' }).click()
    await until(page, () => location.hash.includes('cell=0,1'))
    await forward.getByRole('slider', { name: 'speed' }).fill('6')
    await forward.getByRole('button', { name: 'Play' }).click()
    await until(page, () => Number(/cell=0,(\d+)/.exec(location.hash)?.[1]) > 6)
    await forward.locator('.side:last-child .area').click({ position: { x: 100, y: 100 } })
    assert.equal(await forward.getByRole('button', { name: 'Play' }).count(), 1, 'paused')
    await numberReady(page)
    checkAdded(await added(page), 'after playing')
    await forward.getByRole('button', { name: 'To the last place' }).click()
    await until(page, () => location.hash.includes('cell=61,61'))
    await numberReady(page)
    checkAdded(await added(page), 'the last place')
  })
})

test('backwards: what sends a channel gradient, and how much arrives', async () => {
  await visit(browser, server.url + '#v=1&dir=backward&pin=class:7&at=max_pool_1:3', async (page) => {
    await channelReady(page)
    const view = page.locator('[data-view=channel]')
    assert.equal(await view.locator('[data-group]').count(), 10, 'ten outputs of the convolution behind it')
    await view.getByRole('button', { name: 'Open this number' }).click()
    await numberReady(page)
    const cards = await added(page)
    assert.equal(cards.length, 2)
    checkAdded(cards, 'max_pool_1 backward')
    assert.match(await page.locator('[data-twin=backward]').innerText(), /kernel, turned by 180°/)
    await page.keyboard.press('b')
    await until(page, () => document.documentElement.dataset.dir === 'forward')
    await numberReady(page)
    checkAdded(await added(page), 'max_pool_1 forward')
    assert.ok(await page.locator('[data-twin=forward] .winner').count(), 'the winner is framed')
  })
})

// What no column shows by its own name: activations in folded columns, a normalisation that was folded, the scores.
const MORE = { '': ['output'], deep: ['r0', 'r1', 'r2', 'r3', 'r4', 's'], wide: ['scores'], branching: ['n', 'scores'], grey: ['scores'] }

for (const name of ['', ...Object.keys(NETWORKS)])
  test(`every layer explains its numbers, both ways: ${name || 'Tiny VGG'}`, async () => {
    await visit(browser, server.url, async (page) => {
      if (name) await open(page, name)
      const columns = (await page.$$eval('[data-column]', (all) => all.map((s) => s.dataset.column))).filter((c) => c !== 'input' && !(name === 'branching' && c === 'a'))
      assert.ok(columns.length >= 7)
      const forms = new Set()
      for (const dir of ['forward', 'backward'])
        for (const layer of [...columns, ...MORE[name], ...(dir === 'backward' ? ['x'] : [])]) {
          await go(page, `v=1${name ? '&model=' : ''}&dir=${dir}&at=${layer}:${layer === 'x' ? 0 : 1}&depth=number`)
          await until(page, (h) => location.hash.includes(h) && document.querySelector('[data-view=number-depth]')?.dataset.ready === 'yes' && document.querySelector('[data-view=number-depth]').dataset.unit === h.slice(3), `at=${layer}:`.slice(0, -1), 20000)
          const cards = await added(page)
          checkAdded(cards, `${name || 'Tiny VGG'}, ${layer}, ${dir}`)
          cards.forEach((c) => forms.add(c.form))
          assert.ok((await page.$$eval('*', (all) => all.length)) <= 1500, `${name} ${layer}: nodes`)
        }
      assert.ok(forms.size >= (name === 'deep' ? 2 : 3), [...forms].join())
    })
  })

test('a wide layer is paged, its rows sorted, and the count is said', async () => {
  await visit(browser, server.url, async (page) => {
    await open(page, 'wide')
    await go(page, 'v=1&model=&at=f:5')
    await channelReady(page)
    const view = page.locator('[data-view=channel]')
    assert.equal(await view.locator('[data-group]').count(), 32)
    assert.match(await view.innerText(), /showing 32 of 512/)
    assert.match(await view.innerText(), /480 more make up \d+ %/)
    const first = await view.locator('[data-group]').first().getAttribute('data-group')
    await view.getByRole('button', { name: 'Next 32' }).click()
    assert.notEqual(await view.locator('[data-group]').first().getAttribute('data-group'), first)
    await view.getByRole('radio', { name: 'index' }).click()
    assert.equal(await view.locator('[data-group]').first().getAttribute('data-group'), '0')
    assert.ok((await page.$$eval('*', (all) => all.length)) <= 1500)
    await view.getByRole('button', { name: 'Open this number' }).click()
    await numberReady(page)
    checkAdded(await added(page), '512 inputs')
    assert.match(await page.locator('[data-twin=forward]').innerText(), /last bar: 48\d more/)
  })
})

test('softmax: every term, a temperature, and what its logarithm sends back', async () => {
  await visit(browser, server.url + '#v=1&pin=class:7', async (page) => {
    await page.locator('[data-how=share]').click()
    await page.locator('[data-view=shares]').waitFor()
    await until(page, () => document.querySelectorAll('[data-share]').length === 10)
    const read = () => page.$$eval('[data-share]', (rows) => rows.map((r) => [Number(r.dataset.share), Number(r.querySelector('[data-term]').dataset.term)]))
    const warm = await read()
    const sum = Number(await page.locator('[data-view=shares] [data-sum]').getAttribute('data-sum'))
    assert.ok(Math.abs(warm.reduce((a, [, e]) => a + e, 0) - sum) < 1e-9)
    warm.forEach(([p, e]) => assert.ok(Math.abs(p - e / sum) < 1e-9))
    await page.getByRole('slider', { name: 'temperature' }).fill('3')
    await until(page, (p) => Math.max(...[...document.querySelectorAll('[data-share]')].map((r) => Number(r.dataset.share))) < p, Math.max(...warm.map(([p]) => p)) * 0.9)
    const hot = await read()
    assert.ok(Math.abs(hot.reduce((a, [p]) => a + p, 0) - 1) < 1e-9)
    await page.keyboard.press('Escape')
    await until(page, () => !location.hash.includes('depth=number'))
  })
})

test('softmax backwards: one-hot less the shares, term by term, is the gradient that the core sends to every score', async () => {
  await visit(browser, server.url + '#v=1&dir=backward&at=softmax:7&depth=number', async (page) => {
    const card = page.locator('[data-view=shares-back]')
    await card.waitFor()
    const read = async (of) => {
      await until(page, (o) => document.querySelector('[data-view=shares-back]')?.dataset.of === o, of)
      return page.$$eval('[data-view=shares-back] [data-slope]', (rows) => rows.map((r) => [r.dataset.slope, r.dataset.own, r.dataset.rest].map(Number)))
    }
    const kinds = { logp: /log p/, prob: /^p$/, loss: /^loss$/ }
    const told = {}
    for (const [of, name] of Object.entries(kinds)) {
      await card.getByRole('radio', { name }).click()
      let rows = await read(of)
      for (let i = 0; i < 40 && (of === 'loss') !== rows[7][1] < 0; i++) rows = await read(of) // the numbers follow the button
      told[of] = rows
      assert.equal(rows.length, 10)
      const size = rows.reduce((a, [, own, rest]) => a + Math.abs(own) + Math.abs(rest), 0)
      for (const [slope, own, rest] of rows) assert.ok(Math.abs(own + rest - slope) <= 1e-4 * size, of)
      assert.ok(Math.abs(rows.reduce((a, [slope]) => a + slope, 0)) <= 1e-6 * size, `${of}: the sum`)
      assert.deepEqual(rows.map(([, own]) => own !== 0), rows.map((_, k) => k === 7), of)
    }
    assert.notDeepEqual(told.logp, told.prob)
    // The same numbers where the pass of that objective arrives at a score.
    for (const of of Object.keys(kinds))
      for (const k of [7, 2]) {
        await go(page, `v=1&dir=backward&pin=${of}:7&at=output:${k}&depth=number`)
        await until(page, (h) => location.hash.includes(h) && document.querySelector('[data-view=number-depth]')?.dataset.ready === 'yes' && document.querySelector('[data-view=number-depth]').dataset.unit === 'output', `at=output:${k}`)
        const slope = told[of][k][0]
        await until(page, ([v, e]) => Math.abs(Number(document.querySelector('[data-twin=backward]')?.dataset.number) - v) <= e, [slope, 1e-5 + 1e-4 * Math.abs(slope)], 10000)
      }
  })
})

test('a link restores a depth; another picture changes its numbers and keeps its place', async () => {
  await visit(browser, server.url + '#v=1&picture=koala&at=conv_2_2:3&depth=number&cell=5,6&from=4', async (page) => {
    await numberReady(page)
    assert.match(await page.locator('.way').innerText(), /conv_2_2[\s\S]*channel 4 of 10[\s\S]*row 5, column 6/)
    assert.match(await page.locator('[data-twin=forward]').innerText(), /relu_2_1 5 of 10/)
    const number = await page.locator('[data-twin=forward]').getAttribute('data-number')
    await choose(page, 'Red panda')
    await until(page, (n) => document.querySelector('[data-twin=forward]')?.dataset.number !== n, number)
    await numberReady(page)
    checkAdded(await added(page), 'another picture')
    assert.match(page.url(), /cell=5,6/)
  })
})

for (const [width, height] of [[1440, 900], [1024, 768], [390, 844]])
  test(`both depths at ${width} px, light and dark: nothing cut off, nothing serious for axe`, async () => {
    for (const dark of [false, true])
      for (const hash of ['at=conv_2_1:1', 'at=conv_1_2:1&depth=number&cell=0,0', 'at=softmax:7&depth=number', ...(dark ? [] : ['dir=backward&at=conv_1_1:1', 'dir=backward&at=relu_2_2:1&depth=number', 'at=output:7'])])
        await visit(browser, `${server.url}#v=1&${hash}`, async (page) => {
          await until(page, () => document.querySelector('[data-ready=yes]'))
          const wide = await page.evaluate(() => document.documentElement.scrollWidth)
          assert.ok(wide <= width, `${hash}: ${wide} px in ${width}`)
          const cut = await page.evaluate(() => [...document.querySelectorAll('.depth .card, .depth .row, .depth .map')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1).length)
          assert.equal(cut, 0, `${hash}: cut off at the side`)
          const { violations } = await new AxeBuilder({ page }).analyze()
          assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary?.split('\n')[1] ?? ''}`).slice(0, 3).join(' | ')}`), [], `${hash}, ${dark ? 'dark' : 'light'}`)
        }, { width, height, dark })
  })

test('examples: the pictures that move a channel most, cut where it sees them; another channel at once; my own pictures', async () => {
  await visit(browser, `${server.url}#v=1&model=tiny-vgg&picture=koala&at=relu_2_2:3&depth=channel`, async (page) => {
  await channelReady(page)
  const examples = page.locator('[data-view=examples]')
  await examples.getByRole('button', { name: 'Search the pictures here' }).click()
  await until(page, () => document.querySelector('[data-view=examples]')?.dataset.state === 'done')
  const names = await examples.locator('li button').evaluateAll((list) => list.map((b) => b.getAttribute('aria-label')))
  assert.equal(names.length, 9)
  const values = names.map((name) => Number(name.split(': ').at(-1).replace('−', '-')))
  assert.deepEqual(values, values.toSorted((a, b) => b - a))
  // What the command finds in the same files.
  const files = readdirSync(SAMPLES).filter((f) => f.endsWith('.jpg')).map((f) => join(SAMPLES, f))
  const told = JSON.parse(execFileSync(join(BUILD, 'native/backlight'), ['examples', MODEL, 'relu_2_2', ...files, '--channel', '3', '--json']))
  const [first] = told.channels[0].examples
  assert.match(names[0], new RegExp(`row ${first.row}, column ${first.column}: `))
  assert.ok(Math.abs(values[0] - first.value) < 0.01)
  // A patch has something in it.
  const spread = await examples.locator('canvas').first().evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    return Math.max(...data.filter((_, i) => i % 4 === 0)) - Math.min(...data.filter((_, i) => i % 4 === 0))
  })
  assert.ok(spread > 20, `the patch is of one colour (${spread})`)
  assert.deepEqual((await new AxeBuilder({ page }).include('[data-view=examples]').analyze()).violations, [])
  // The sibling's are there already.
  await go(page, 'v=1&model=tiny-vgg&picture=koala&at=relu_2_2:4&depth=channel')
  await channelReady(page)
  await until(page, () => document.querySelectorAll('[data-view=examples] li').length === 9)
  // One of them is chosen: picture and mark follow.
  await examples.locator('li button').nth(1).click()
  await until(page, () => !location.hash.includes('picture=koala') && /cell=\d+/.test(location.hash))
  await channelReady(page)
  // A folder of one's own, with a file that is none.
  await examples.locator('input[type=file]').setInputFiles([...files.slice(0, 3).map((file) => ({ name: file.split('/').at(-1), mimeType: 'image/jpeg', buffer: readFileSync(file) })), { name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('no picture') }])
  await until(page, () => document.querySelector('[data-view=examples]')?.dataset.state === 'done' && document.querySelectorAll('[data-view=examples] li').length === 3)
  assert.match(await examples.innerText(), /1 file could not be read/)
  })
})

test('with motion on, a channel grows out of its tile, goes back into it, and the page takes clicks meanwhile', async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'no-preference', serviceWorkers: 'block' })
  const page = await context.newPage()
  const wrong = []
  page.on('pageerror', (e) => wrong.push(e.message))
  await page.goto(server.url)
  await idle(page)
  // What the browser moves: from the place of the old one to that of the new.
  await page.evaluate(() => {
    window.moves = []
    const start = document.startViewTransition.bind(document)
    document.startViewTransition = (change) => {
      const move = start(change)
      move.ready.then(() => {
        const moved = document.getAnimations().filter((a) => a.effect.pseudoElement === '::view-transition-group(opened)')
        window.moves.push({ from: moved.map((a) => a.effect.getKeyframes()[0].width), to: getComputedStyle(document.documentElement, '::view-transition-group(opened)').width, ms: moved.map((a) => a.effect.getTiming().duration) })
      })
      return move
    }
  })
  const moves = () => page.evaluate(() => window.moves)
  const tile = page.locator('[data-column=conv_2_1] [data-tile="2"]')
  await tile.click()
  await channelReady(page)
  await until(page, () => window.moves.length === 1)
  const [grown] = await moves()
  assert.deepEqual([grown.from, grown.ms], [['56px'], [320]], 'it begins as large as its tile')
  // Clicked while it moves.
  await page.keyboard.press('Escape')
  await page.locator('.stage .strip').first().waitFor()
  await until(page, () => window.moves.length === 2)
  const back = (await moves())[1]
  assert.ok(back.from.length === 1 && parseFloat(back.from[0]) > 100, `it leaves from its card: ${JSON.stringify(back)}`)
  await until(page, () => !document.getAnimations().some((a) => a.effect.pseudoElement?.includes('opened')))
  assert.equal(await tile.evaluate((e) => e.style.viewTransitionName), '')
  assert.deepEqual(wrong, [])
  await context.close()
})
