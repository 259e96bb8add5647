// The slider over a network's training: every frame shows what a network with its weights shows; methods follow.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FRAMES, history, network, OWN } from '../node/lib/history-cases.js'
import { give, idle, pixels, predictions, until, visit } from './lib/page.js'
import { browser, opened, server } from './lib/site.js'

opened()

async function follow(page, work) {
  const passes = await page.locator('html').getAttribute('data-passes')
  await work()
  await until(page, (n) => document.documentElement.dataset.passes !== n, passes)
  await idle(page)
}
const open = (page, weights) => follow(page, () => give(page, 'small.onnx', network(weights)))
const seen = async (page) => ({ maps: await pixels(page, '.stage .strip canvas'), said: await predictions(page) })
const slider = (page) => page.getByRole('slider', { name: 'Training' })
async function run(page) {
  await page.locator('#lab').getByRole('button', { name: /^(Run|Again)$/ }).click()
  await until(page, () => document.querySelector('#lab')?.dataset.status === 'done' && document.querySelector('#lab')?.dataset.stale === 'no')
  return pixels(page, '#lab .results canvas')
}
const LAB = '#v=1&lab=saliency&method=smoothgrad&params=samples%3D5'

test('a frame shows the maps, the prediction and the saliency of a network with its weights; old results are marked', async () => {
  const due = []
  await visit(browser, server.url, async (page) => {
    for (const weights of [OWN, ...FRAMES]) {
      await open(page, weights)
      due.push(await seen(page))
      assert.equal(await slider(page).count(), 0)
    }
  })
  assert.notDeepEqual(due[0].maps, due[1].maps)
  await visit(browser, server.url, async (page) => {
    await open(page, OWN)
    await give(page, 'small.history.onnx', history())
    await slider(page).waitFor()
    assert.deepEqual(await seen(page), due[0])
    assert.equal(await slider(page).getAttribute('aria-valuetext'), 'Trained: step 40, epoch 2')
    // by keyboard: to the first frame, one further, and back to the trained network
    await follow(page, () => slider(page).press('Home'))
    assert.deepEqual(await seen(page), due[1])
    assert.equal(await slider(page).getAttribute('aria-valuetext'), 'Before training: random weights')
    assert.match(page.url(), /frame=0/)
    await follow(page, () => slider(page).press('ArrowRight'))
    assert.deepEqual(await seen(page), due[2])
    assert.equal(await page.locator('[data-view=frame]').innerText(), 'After step 10, epoch 0.5')
    await follow(page, () => slider(page).press('End'))
    assert.deepEqual(await seen(page), due[0])
    assert.doesNotMatch(page.url(), /frame=/)
    // where motion is unwelcome there is a step and no play
    assert.equal(await page.getByRole('button', { name: 'Play the training' }).count(), 0)
    await follow(page, () => page.getByRole('button', { name: 'A frame further' }).click())
    assert.deepEqual(await seen(page), due[1])
  })
})

test('methods work on the weights shown; a result of others is marked as old', async () => {
  const results = []
  for (const [i, weights] of [FRAMES[0], OWN].entries())
    await visit(browser, server.url, async (page) => {
      await open(page, weights)
      await page.evaluate((hash) => { location.hash = hash }, LAB.replace('#v=1', '#v=1&model='))
      results[i] = await run(page)
    })
  assert.notDeepEqual(results[0], results[1])
  await visit(browser, server.url, async (page) => {
    await open(page, OWN)
    await give(page, 'small.history.onnx', history())
    await slider(page).waitFor()
    await page.evaluate((hash) => { location.hash = hash }, LAB.replace('#v=1', '#v=1&model='))
    assert.deepEqual(await run(page), results[1])
    await follow(page, () => slider(page).press('Home'))
    assert.equal(await page.locator('#lab').getAttribute('data-stale'), 'yes')
    assert.match(await page.locator('#lab').innerText(), /other weights now/)
    assert.deepEqual(await run(page), results[0])
  })
})

test('played, the frames follow each other to the end; a history of another network is refused', async () => {
  await visit(browser, server.url, async (page) => {
    await page.emulateMedia({ reducedMotion: 'no-preference' })
    await open(page, OWN)
    await give(page, 'small.history.onnx', history({ shapes: { b1: [4, 2] } }))
    await page.getByText(/The history of the training was not taken: .*no weight "b1" of that shape/).waitFor()
    assert.equal(await slider(page).count(), 0)
    await give(page, 'small.history.onnx', history())
    await slider(page).waitFor()
    await page.getByRole('button', { name: 'Play the training' }).click()
    await page.getByRole('button', { name: 'Pause' }).waitFor()
    await until(page, () => document.querySelector('input[aria-label=Training]').value === '1')
    await page.getByRole('button', { name: 'Play the training' }).waitFor()
    await idle(page)
    assert.equal(await slider(page).inputValue(), '2')
    // the network goes, and its slider with it
    await open(page, FRAMES[1])
    assert.equal(await slider(page).count(), 0)
  })
})

test('the bundled history is fetched when it is asked for, by the visitor or by a link', async () => {
  const fetched = (page) => page.evaluate(() => performance.getEntriesByType('resource').filter((e) => e.name.endsWith('.history.onnx')).length)
  let untrained
  await visit(browser, server.url, async (page) => {
    const trained = await seen(page)
    const ask = page.getByRole('button', { name: 'See it being trained' })
    await ask.waitFor()
    assert.equal(await fetched(page), 0)
    await ask.click()
    await slider(page).waitFor()
    assert.equal(await fetched(page), 1)
    assert.equal(await slider(page).getAttribute('max'), '11')
    await idle(page)
    assert.deepEqual(await seen(page), trained) // its last frame is the network itself
    await follow(page, () => slider(page).press('Home'))
    untrained = await seen(page)
    assert.notDeepEqual(untrained.maps, trained.maps)
    assert.ok(untrained.said.every((one) => one.p < 0.3), 'random weights are sure of something')
    // Another network has its own history, or none.
    await follow(page, async () => {
      await page.getByRole('button', { name: /Tiny VGG/ }).first().click()
      await page.getByRole('menuitemradio', { name: /Fashion/ }).click()
    })
    assert.equal(await slider(page).count() + (await ask.count()), 0)
  })
  await visit(browser, server.url + '#v=1&frame=0', async (page) => {
    await slider(page).waitFor()
    await until(page, () => document.querySelector('[data-view=frame]')?.innerText.startsWith('Before training'))
    await idle(page)
    assert.deepEqual(await seen(page), untrained)
  })
})
