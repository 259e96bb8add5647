// What a visitor waits for in the built page, beside the budgets: first maps, another picture, what follows the pointer, the longest
// task while a job runs, nodes. `make bench` writes it into docs/, `make bench-page` it alone.
import { idle, launch, serveSite, until } from '../../tests/browser/lib/page.js'

const TIMES = 40
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]
const round = (x, digits = 1) => Number(x.toFixed(digits))

/** What is measured, its unit, and the most that it may be. */
export const BUDGETS = [
  ['firstMaps', 'cold load until the first maps, localhost, new profile', 'ms', 1000],
  ['pictureTiny', 'from the click on a picture until all maps have followed, Tiny VGG', 'ms', 50],
  ['pictureFlagship', 'the same, network of 200 classes', 'ms', 150],
  ['hover', 'from the move over a tile until it is read out, Tiny VGG', 'ms', 16],
  ['hoverEdges', 'from the move to another tile until its edges are drawn, Tiny VGG', 'ms', 16],
  ['brush', 'from the move of the brush until all maps have followed, Tiny VGG', 'ms', 16],
  ['slider', 'from the move of the slider of the training until all maps have followed', 'ms', 16],
  ['longestTask', 'longest task of the main thread while a dream runs', 'ms', 50],
  ['nodes', 'DOM nodes, the most in any view', '', 1500],
]

// Milliseconds from the start of the navigation until the first maps are drawn, each time in a new, empty profile.
async function firstMaps(url, times) {
  const all = []
  for (let i = 0; i < times; i++) {
    const browser = await launch()
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.addInitScript(() => {
      const watch = () => document.documentElement?.dataset.maps === 'drawn' && (globalThis.firstMaps ??= performance.now())
      new MutationObserver(watch).observe(document, { attributes: true, subtree: true, childList: true })
    })
    await page.goto(url)
    await idle(page)
    all.push(await page.evaluate(() => globalThis.firstMaps))
    await browser.close()
  }
  return median(all)
}

// Milliseconds from an event until the page has changed what it must and has been quiet for two frames. `kind` names the events and
// what must change.
const follow = (page, kind, times) =>
  page.evaluate(async ([what, n]) => {
    let last = 0
    const put = CanvasRenderingContext2D.prototype.putImageData
    const watched = what === 'edges' ? '.edges' : what === 'hover' ? '[data-view=readout]' : '.stage .strip'
    CanvasRenderingContext2D.prototype.putImageData = function (...args) {
      if (this.canvas.closest(watched)) last = performance.now()
      return put.apply(this, args)
    }
    const observer = new MutationObserver(() => (last = performance.now()))
    if (what === 'edges') observer.observe(document.querySelector('.edges'), { childList: true, subtree: true, attributes: true })
    const frame = () => new Promise((done) => requestAnimationFrame(done))
    const send = (element, type, x, y, more = {}) => {
      const box = element.getBoundingClientRect()
      element.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerId: 1, pointerType: 'mouse', button: 0, clientX: box.left + x * box.width, clientY: box.top + y * box.height, ...more }))
    }
    const tiles = [...document.querySelectorAll('.stage [data-column=conv_2_1] .tile')]
    const pad = document.querySelector('[data-view=pad]')
    if (pad) pad.setPointerCapture = () => {} // these pointers are none of the browser's
    const slider = document.querySelector('input[type=range][aria-label]')
    const pictures = [...document.querySelectorAll('[role=listbox] [role=option]')].slice(0, 8)
    const acts = {
      picture: (i) => (pictures[(i + 1) % 8].querySelector('button') ?? pictures[(i + 1) % 8]).click(),
      hover: (i) => send(tiles[0], 'pointermove', ((i * 7) % 50) / 50, ((i * 3) % 50) / 50),
      edges: (i) => (send(tiles[(i + 1) % tiles.length], 'pointerleave', 0.5, 0.5), send(tiles[i % tiles.length], 'pointermove', 0.5, 0.5)),
      brush: (i) => send(pad, i ? 'pointermove' : 'pointerdown', 0.1 + ((i * 11) % 80) / 100, 0.1 + ((i * 29) % 80) / 100),
      slider: (i) => {
        slider.value = String(i % 10)
        slider.dispatchEvent(new Event('input', { bubbles: true }))
      },
    }
    const took = []
    for (let i = 0; i < n + 10; i++) {
      if (what === 'picture') await new Promise((done) => setTimeout(done, 100)) // nobody clicks faster
      await frame()
      last = 0
      const start = performance.now()
      acts[what](i)
      for (let quiet = 0; !last || quiet < 2; quiet++) {
        const before = last
        await frame()
        if (last !== before) quiet = -1
        if (performance.now() - start > 2000) throw new Error(`nothing follows: ${what} ${i}`)
      }
      took.push(last - start)
    }
    if (what === 'brush') send(pad, 'pointerup', 0.5, 0.5)
    CanvasRenderingContext2D.prototype.putImageData = put
    observer.disconnect()
    return took.slice(10) // the first eight decode the pictures
  }, [kind, times])

// The longest task of the main thread while a dream runs, whose pictures are shown as they come.
async function longestTask(page) {
  await page.evaluate(() => {
    globalThis.longest = 0
    new PerformanceObserver((list) => list.getEntries().forEach((e) => (globalThis.longest = Math.max(globalThis.longest, e.duration)))).observe({ type: 'longtask' })
  })
  await page.getByRole('button', { name: 'Run' }).click()
  await until(page, () => document.querySelector('#lab')?.dataset.status === 'done')
  return page.evaluate(() => globalThis.longest)
}

const VIEWS = ['', 'dir=backward', 'open=relu_1_2', 'at=conv_2_1:1', 'at=conv_1_2:1&depth=number', 'at=softmax:7&depth=number', ...['maps', 'saliency', 'attack', 'dream', 'cue', 'classes', 'guess', 'edit', 'play'].map((id) => `lab=${id}`), 'model=flagship', 'model=flagship&dir=backward']

const nodesOf = (page) => page.evaluate(() => document.querySelectorAll('*').length)

/** The figures of BUDGETS, or some of them. @param {string[]} [keys] */
export async function measurePage(keys = BUDGETS.map(([key]) => key)) {
  const server = await serveSite()
  const browser = await launch()
  const view = async (hash, work) => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', serviceWorkers: 'block' })
    const page = await context.newPage()
    await page.goto(`${server.url}#v=1&${hash}`)
    await idle(page)
    await page.waitForTimeout(600) // the views that come later have come
    try {
      return await work(page)
    } finally {
      await context.close()
    }
  }
  const following = (kind, hash = '', times = TIMES) => () => view(hash, async (page) => (hash.includes('frame') && (await page.locator('[data-view=frame]').waitFor()), median(await follow(page, kind, times))))
  const measures = {
    firstMaps: () => firstMaps(server.url, 7),
    pictureTiny: following('picture'), pictureFlagship: following('picture', 'model=flagship', 16),
    hover: following('hover'), hoverEdges: following('edges'), brush: following('brush', 'lab=edit'), slider: following('slider', 'frame=3'),
    longestTask: () => view('dir=backward&lab=dream&params=steps%3D12', longestTask),
    async nodes() {
      let most = 0
      for (const hash of VIEWS)
        most = Math.max(most, await view(hash, async (page) => {
          if (hash.includes('lab=')) await until(page, () => ['done', 'ready'].includes(document.querySelector('#lab')?.dataset.status))
          return nodesOf(page)
        }))
      return most
    },
  }
  try {
    const figures = {}
    for (const key of keys) figures[key] = round(await measures[key]())
    return figures
  } finally {
    await browser.close()
    await server.close()
  }
}
