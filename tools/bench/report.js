// docs/bench.md from the figures of docs/bench.json.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../tests/browser/lib/page.js'
import { BUDGETS } from './page.js'

const NAMES = { backlight: 'Backlight', 'backlight-relaxed': 'Backlight, relaxed SIMD', 'onnxruntime-web': 'ONNX Runtime Web', tfjs: 'TensorFlow.js' }
const kB = (n) => `${(n / 1000).toFixed(1)} kB`
const d = (x, digits = 2) => (x == null ? '–' : x.toFixed(digits))
const table = (list) => list.map((r) => `| ${r.join(' | ')} |`).join('\n')

function passes(rows, platform, work) {
  const some = rows.filter((row) => row.platform === platform && row.work === work)
  return table(
    some.map((row) => {
      const ours = row.engine.startsWith('backlight')
      const ratios = ours ? Object.entries(row.ratios).map(([peer, x]) => `${NAMES[peer]} ${d(x)}`).join(', ') || '–' : ''
      const spread = ours && row.ratio_quartiles ? `${d(row.ratio_quartiles[0])} … ${d(row.ratio_quartiles[1])}` : ''
      if (row.fails) return [row.network, NAMES[row.engine], 'fails', '', '', '', '', ...(work === 'forward' ? [] : ['', ''])]
      const cells = [row.network, NAMES[row.engine], d(row.median_ms), d(row.gflops, 1), `${d(100 * row.share_of_peak, 0)} %`, ratios, spread]
      if (work !== 'forward') cells.push(...(ours ? [d(row.of_forward), d(row.of_kept)] : ['', '']))
      return cells
    }),
  )
}

function networks(rows) {
  const parts = []
  for (const platform of new Set(rows.map((row) => row.platform)))
    for (const work of ['forward', 'forward+input-gradient']) {
      const more = work === 'forward' ? ['', ''] : [' of own forward | of one that keeps |', '---:|---:|']
      parts.push(`### ${platform === 'node' ? 'Node' : 'Chromium'}, ${work === 'forward' ? 'forward' : 'forward and gradient to the input'}

| network | engine | ms | GFLOP/s | of the peak | peer's time / ours | quartiles of the least |${more[0]}
|---|---|---:|---:|---:|---|---|${more[1]}
${passes(rows, platform, work)}`)
    }
  return parts.join('\n\n')
}

function memory(rows) {
  const names = [...new Set(rows.map((row) => row.network))]
  const engines = [...new Set(rows.map((row) => row.engine))]
  const most = (network, engine) => Math.max(...rows.filter((row) => row.network === network && row.engine === engine && row.memory_mb).map((row) => row.memory_mb))
  return `| network | ${engines.map((engine) => NAMES[engine]).join(' | ')} |
|---|${engines.map(() => '---:|').join('')}
${table(names.map((network) => [network, ...engines.map((engine) => d(most(network, engine), 0))]))}`
}

function jobs({ tinyVgg, flagship, pool }) {
  const row = (name, of) => [name, d(tinyVgg[of]), d(flagship[of])]
  return `## Jobs

WebAssembly in Node, one thread, medians; what a job takes beside the passes it is made of, and what batches of pictures take of as
many passes of one.

| | Tiny VGG | 200 classes |
|---|---:|---:|
${table([
  row('SmoothGrad over its passes', 'smoothgrad'),
  row('occlusion over its passes, one by one', 'occlusion'),
  row('RISE over its passes, one by one', 'rise'),
  row('LIME over its passes, one by one', 'lime'),
  row('a pass forward, ms', 'forwardMs'),
  row('Grad-CAM, ms', 'gradcamMs'),
])}

SmoothGrad of ${pool.samples} copies on the network of 200 classes in Chromium takes ${d(pool.oneMs, 0)} ms with one worker and ${d(pool.twoMs, 0)} ms with two
(${d(pool.ratio)} times as fast; the machine allows ${d(pool.machine)}).
`
}

const file = (name) => join(ROOT, 'docs', name)
export const readFigures = () => JSON.parse(readFileSync(file('bench.json'), 'utf8'))
/** Writes docs/bench.json and docs/bench.md. */
export function writeFigures(figures) {
  const text = report(figures)
  writeFileSync(file('bench.json'), JSON.stringify(figures, null, 2) + '\n')
  writeFileSync(file('bench.md'), text)
}

const loads = (rows) => `With the processor throttled to a quarter (1440×900, localhost, medians of new profiles; blocking is what main-thread tasks take beyond 50 ms each, from the
first paint until two seconds after the maps; shift is the browser's layout-shift score):

| | first paint | first maps | blocking | longest task | shift |
|---|---:|---:|---:|---:|---:|
${table(rows.map((r) => [r.title, `${r.paint} ms`, `${r.maps} ms`, `${r.blocking} ms`, `${r.longest} ms`, r.shift]))}`

export function report(figures) {
  const { bytes: b, milliseconds: ms, pool, rows } = figures
  const peaks = (platform) => d(rows.find((row) => row.platform === platform && row.peak_gflops)?.peak_gflops, 1)
  const gain = (platform) => {
    const all = rows.filter((row) => row.platform === platform && row.peak_of_plain).map((row) => row.peak_of_plain)
    return `${d(Math.min(...all))} to ${d(Math.max(...all))}`
  }
  return `# Measured

Written by \`make bench\` on ${figures.date}: ${figures.processor}, ${figures.cores} cores; load ${figures.loadBefore} before and ${figures.loadAfter} after.

| what is loaded | raw | gzip |
|---|---:|---:|
${table([
  ['WebAssembly module', kB(b.module.raw), kB(b.module.gzip)],
  ['scripts', kB(b.scripts.raw), kB(b.scripts.gzip)],
  ['styles', kB(b.styles.raw), kB(b.styles.gzip)],
  ['first load without network and pictures', kB(b.firstLoad.raw), kB(b.firstLoad.gzip)],
  ['Tiny VGG', kB(b.tinyVgg.raw), kB(b.tinyVgg.gzip)],
  ['single file', kB(b.singleFile.raw), kB(b.singleFile.gzip)],
  ['what the first visit keeps for the next, without a network', kB(b.precached), ''],
])}

What one waits for in the page, medians, beside the most that it may be:

| what | measured | budget |
|---|---:|---:|
${table([
  ['first load, gzip', kB(b.firstLoad.gzip), '300 kB'],
  ...BUDGETS.filter(([key]) => key in ms.page).map(([key, what, unit, most]) => [what, `${ms.page[key]} ${unit}`.trim(), `${most} ${unit}`.trim()]),
])}

| passes | |
|---|---:|
${table([
  ['Tiny VGG forward, every value kept (WebAssembly in Node, one thread)', `${ms.forward} ms`],
  ['Tiny VGG backward to every value', `${ms.backward} ms`],
  ...(figures.trainerImagesPerSecond ? [['trainer, Tiny VGG', `${figures.trainerImagesPerSecond} images a second`]] : []),
])}

${figures.loading ? `${loads(figures.loading)}\n\n` : ''}SmoothGrad of ${pool.samples} copies on the VGG-like network in Chromium takes ${d(pool.oneMs, 0)} ms with one worker and ${d(pool.twoMs, 0)} ms with two:
${d(pool.ratio)} times as fast. The machine allows ${d(pool.machine)}: two such jobs of a worker each, one after the other over both at once.
Least times of five rounds.

${figures.jobs ? `${jobs(figures.jobs)}\n` : ''}## Whole networks beside the peers

Weights are drawn from seed 1 and given to all; one picture at a time, one thread, medians of ${figures.launches} launches of
${figures.rounds} rounds, in which every engine has its turn. Ratios are medians of pairs of one round. GFLOP/s count a
multiply-add of the plain convolution as two (a gradient as much as the pass forward), so that Winograd's may exceed the peak:
what the 4×8 inner loop reaches on panels in the first cache, ${peaks('node')} GFLOP/s in Node, ${peaks('chromium')} in Chromium; with product and sum in one step,
which bounds what the relaxed module gains, ${gain('node')} and ${gain('chromium')} times that, by network.
A pass that is to go back keeps the values that the way back looks at, in memory of their own; the last column compares with it.
Outputs agree to ${Math.max(...rows.filter((row) => row.work === 'forward' && row.difference).map((row) => row.difference)).toExponential(1)} of the largest score.

${networks(rows)}

### Memory, MB of WebAssembly, most in a launch

${memory(rows)}
`
}
