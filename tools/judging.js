// Writes docs/judging.json and docs/judging.md: what the tests of explanations say of every method on the bundled
// networks. DATA names Tiny ImageNet, with boxes.tsv in it; FASHION the folder of Fashion-MNIST. What was measured is kept
// in build/judging/, by request and network, so that a call that was stopped goes on. The page is made from the figures alone (docs.test.js).
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(fileURLToPath(import.meta.url), '../..')
const build = resolve(root, process.env.BACKLIGHT_BUILD || 'build')

const METHODS = ['gradient', 'gradient-input baseline=black', 'smoothgrad samples=8', 'integrated steps=8', 'gradient-shap samples=8', 'lrp', 'deeplift', 'guided', 'deconvnet', 'gradcam', 'guided-gradcam', 'control kind=edges', 'control kind=centre', 'control kind=noise']
// Methods of many passes (RISE, LIME, SHAP, optimised masks) are left out, so that the page can be made again in minutes;
// `backlight judge` takes them, too. Each pass of the network of 200 classes takes ten times one of Tiny VGG.
const NETWORKS = [
  { id: 'tiny-vgg', data: 'DATA', methods: [...METHODS.slice(0, -3), 'occlusion fill=black', ...METHODS.slice(-3)], pictures: 8, boxes: 40 },
  { id: 'fashion', data: 'FASHION', methods: [...METHODS.slice(0, -3), 'occlusion fill=black size=4 stride=2', ...METHODS.slice(-3)], pictures: 8, boxes: 0 },
  { id: 'flagship', data: 'DATA', methods: METHODS, pictures: 4, boxes: 20, large: true },
]
// What is asked, and which figures of it are shown: [name, heading]. Randomisation takes more pictures, as its paper asks.
const TESTS = [
  { test: 'randomisation stages=1 seeds=2', pictures: 16, figures: [['rank', 'left after randomisation']] },
  { test: 'deletion compare=no points=32', figures: [['deletion', 'deletion ↓'], ['insertion', 'insertion ↑']] },
  { test: 'pointing', boxes: true, figures: [['hit', 'pointing ↑'], ['energy', 'in the box ↑']] },
  { test: 'sensitivity-n fill=black subsets=16', small: true, figures: [['mean', 'sensitivity-n ↑']] },
  { test: 'infidelity fill=black draws=50', small: true, figures: [['scaled', 'infidelity ↓']] },
  { test: 'stability draws=2 seeds=2', figures: [['seeds', 'other seed ↑'], ['noise', 'noise ↑']] },
  { test: 'fragility steps=20', small: true, figures: [['shared', 'attacked ↑'], ['shared-noise', 'by chance ↑']] },
  { test: 'wrong-class', figures: [['signed', 'wrong class ↓']] },
]
const SUMS = ['gradient-input', 'integrated', 'lrp', 'deeplift']
const COMPLETENESS = 'completeness'

function measure(network, { test, boxes, pictures }) {
  const data = process.env[network.data]
  if (!data) throw new Error(`say where the pictures lie: ${network.data}=folder`)
  const methods = test === COMPLETENESS ? network.methods.filter((m) => SUMS.includes(m.split(' ')[0])) : network.methods
  const args = ['judge', join(root, `models/${network.id}.onnx`), '--data', data, '--pictures', String(boxes ? network.boxes : (pictures ?? network.pictures)), '--test', test, '--json', ...methods.flatMap((m) => ['--method', m])]
  if (boxes) args.push('--boxes', join(data, 'boxes.tsv'))
  const folder = join(build, 'judging')
  const asked = createHash('sha256').update(args.join('\n')).update(readFileSync(args[1])).digest('hex').slice(0, 8)
  const file = join(folder, `${network.id}.${test.split(' ')[0]}.${asked}.json`)
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
  console.error(`${network.id}: ${test}`)
  const run = spawnSync(join(build, 'native/backlight'), args, { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'] })
  if (run.status !== 0) throw new Error(`backlight ${args.join(' ')}: ${run.stdout}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, run.stdout)
  return JSON.parse(run.stdout)
}

/** The figures alone, rounded: {networks: [{id, tests: {test: {pictures, methods: {method: {figure: [mean, deviation]}}}}}]} */
function collect() {
  const round = (x) => (typeof x === 'number' ? Number(x.toPrecision(4)) : null)
  const networks = NETWORKS.map((network) => {
    const tests = {}
    for (const what of [...TESTS, { test: COMPLETENESS, figures: [['gap']] }]) {
      if ((what.boxes && !network.boxes) || (what.small && network.large)) continue
      const table = measure(network, what)
      const methods = {}
      for (const m of table.tests[0].methods) methods[`${m.id} ${m.parameters}`.trim()] = Object.fromEntries(what.figures.map(([name]) => [name, m.figures[name] ? [round(m.figures[name].mean), round(m.figures[name].deviation)] : [null, null]]))
      tests[what.test] = { pictures: table.pictures, methods }
    }
    return { id: network.id, tests }
  })
  return { networks }
}

// ---- the page ----

const number = (x, digits = 2) => (x === null || x === undefined ? '–' : x.toFixed(digits).replace('-', '−'))
const figure = (network, test, method, name) => network.tests[TESTS.find((t) => t.test.startsWith(test))?.test ?? test]?.methods[method]?.[name]?.[0] ?? null
const verdict = (rho) => (rho === null ? 'has no order to compare' : Math.abs(rho) < 0.3 ? 'passes' : Math.abs(rho) <= 0.6 ? 'is unclear' : 'fails')

function table(network) {
  const shown = TESTS.filter(({ test }) => network.tests[test]).flatMap(({ test, figures }) => figures.map(([name, heading]) => ({ test, name, heading })))
  const methods = Object.keys(Object.values(network.tests)[0].methods)
  const rows = methods.map((m) => `| \`${m}\` | ${shown.map(({ test, name }) => { const [mean, off] = network.tests[test].methods[m]?.[name] ?? [null, null]; return mean === null ? '–' : name === 'rank' ? `${number(mean)} ± ${number(off)}` : number(mean) }).join(' | ')} |`)
  return `| | ${shown.map((s) => s.heading).join(' | ')} |\n|---|${shown.map(() => '---:').join('|')}|\n${rows.join('\n')}`
}

// "8 pictures; 16 for randomisation, 40 for pointing": most tests take as many.
function counts(network) {
  const all = Object.entries(network.tests).map(([test, { pictures }]) => ({ test: test.split(' ')[0], pictures }))
  const usual = all.map(({ pictures }) => pictures).sort((a, b) => a - b)[all.length >> 1]
  const others = all.filter(({ pictures }) => pictures !== usual).map(({ test, pictures }) => `${pictures} for ${test}`)
  return `${usual} pictures${others.length ? `; ${others.join(', ')}` : ''}`
}

function remarks(network) {
  const rank = (m) => figure(network, 'randomisation', m, 'rank')
  const methods = Object.keys(Object.values(network.tests)[0].methods)
  const real = methods.filter((m) => !m.startsWith('control'))
  const by = (word) => real.filter((m) => verdict(rank(m)) === word).map((m) => `\`${m.split(' ')[0]}\``).join(', ') || 'none'
  const guided = rank('guided'), gradient = rank('gradient')
  const out = [
    `Randomisation: guided backpropagation keeps a rank correlation of ${number(guided)} with the map of the trained network, the plain gradient ${number(gradient)}; by the thresholds below guided backpropagation **${verdict(guided)}** here, the gradient **${verdict(gradient)}**. Passing: ${by('passes')}. Unclear: ${by('is unclear')}. Failing: ${by('fails')}.`,
  ]
  const best = (test, name, sign, list) => [...list].filter((m) => figure(network, test, m, name) !== null).sort((a, b) => sign * (figure(network, test, a, name) - figure(network, test, b, name)))[0]
  const del = best('deletion', 'deletion', 1, real), ins = best('deletion', 'insertion', -1, real)
  const worse = real.filter((m) => figure(network, 'deletion', m, 'deletion') > figure(network, 'deletion', 'control kind=noise', 'deletion'))
  const centre = real.filter((m) => figure(network, 'deletion', m, 'insertion') < figure(network, 'deletion', 'control kind=centre', 'insertion'))
  out.push(`Deletion and insertion: \`${del}\` takes the prediction away fastest (${number(figure(network, 'deletion', del, 'deletion'))}; chance ${number(figure(network, 'deletion', 'control kind=noise', 'deletion'))}), \`${ins}\` brings it back fastest (${number(figure(network, 'deletion', ins, 'insertion'))}). No better than chance in deletion: ${worse.map((m) => `\`${m.split(' ')[0]}\``).join(', ') || 'none'}. Slower in insertion than uncovering the picture from its middle (${number(figure(network, 'deletion', 'control kind=centre', 'insertion'))}), which asks no network: ${centre.length} of ${real.length}.`)
  if (figure(network, 'pointing', 'gradient', 'hit') !== null) {
    const point = best('pointing', 'hit', -1, real)
    const p = figure(network, 'pointing', 'control kind=centre', 'hit')
    const more = figure(network, 'pointing', point, 'hit') - p > 2 * Math.sqrt((p * (1 - p)) / network.tests.pointing.pictures) // two standard errors
    out.push(`Pointing: the middle of the picture hits the box in ${number(100 * figure(network, 'pointing', 'control kind=centre', 'hit'), 1)} % of the pictures, the best method, \`${point}\`, in ${number(100 * figure(network, 'pointing', point, 'hit'), 1)} %: ${more ? 'more than one gets by knowing that things stand in the middle' : 'no more than one gets by knowing that things stand in the middle'}.`)
  }
  const alike = real.filter((m) => figure(network, 'wrong-class', m, 'signed') > 0.8)
  out.push(`Wrong class: maps of the predicted class and of the least likely one that are nearly the same (rank correlation above 0.8): ${alike.map((m) => `\`${m.split(' ')[0]}\` (${number(figure(network, 'wrong-class', m, 'signed'))})`).join(', ') || 'none'}.`)
  const held = figure(network, 'fragility', 'gradient', 'shared')
  if (held !== null) out.push(`Fragility: of the largest pixels ${number(100 * held, 0)} % stay in the gradient's map when the picture is changed by 8/255 against it and the prediction is left (${number(100 * figure(network, 'fragility', 'gradient', 'shared-noise'), 0)} % under noise of that size), ${number(100 * figure(network, 'fragility', 'gradcam', 'shared'), 0)} % in Grad-CAM's, which the change was not made for.`)
  const gaps = Object.entries(network.tests[COMPLETENESS].methods).map(([m, f]) => `\`${m}\` ${number(f.gap[0], 1)} %`)
  out.push(`Completeness, by how much the map's sum misses what it should be, mean (gradient × input promises it without biases alone, and so does LRP's composite): ${gaps.join(', ')}.`)
  return out.map((r) => `- ${r}`).join('\n')
}

export function page(data) {
  const titles = { 'tiny-vgg': 'Tiny VGG', fashion: 'Fashion', flagship: 'The network of 200 classes' }
  return `# What explanations are worth

Written by \`make docs-judging DATA=…\` from \`backlight judge\`, on pictures of the validation sets (Tiny ImageNet's, Fashion-MNIST's
test pictures), spread evenly over the classes. Every number is a mean over pictures. Arrows say which way is better.

What is measured, with the parameters used here:

${TESTS.map(({ test, figures }) => `- \`${test}\`: ${figures.map(([, heading]) => heading).join(', ')}.`).join('\n')}

**Left after randomisation** is the rank correlation of the sizes of the map with those of the same method on a network whose
weights were all drawn anew, ± the deviation over pictures: below 0.3 a method passes, above 0.6 it fails, between them it is
unclear. **Infidelity** is at the best scale, of the change's square: 1 is a map that says nothing. **Wrong class** is the rank
correlation with the map of the least likely class. **Attacked** is the part of the largest pixels that stays the largest when a
change of the picture of at most 8/255 is made against the gradient's map. The controls never ask the network: edges of the picture, nearness to its
middle, noise. Few pictures were taken, so that the page can be made again in minutes: small differences mean nothing, and
\`backlight judge --pictures N\` takes more. A method that a control beats has earned no trust by that test; passing all of them is not yet a proof.

${data.networks.map((network) => `## ${titles[network.id]}

${counts(network)}.

${table(network)}

${remarks(network)}
`).join('\n')}`
}

export const files = { json: join(root, 'docs/judging.json'), page: join(root, 'docs/judging.md') }

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const data = collect()
  writeFileSync(files.json, JSON.stringify(data, null, 1) + '\n')
  writeFileSync(files.page, page(data))
}
