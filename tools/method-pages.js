// docs/methods/: a page for every method, from the manifest, a short text in docs/methods/text/ and the figures of docs/judging.json;
// and the command that draws its picture.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(fileURLToPath(import.meta.url), '../..')
const read = (file) => readFileSync(join(root, file), 'utf8')
const NETWORKS = { 'tiny-vgg': 'Tiny VGG', fashion: 'Fashion', flagship: 'the network of 200 classes' }
// Of the figures of docs/judging.json: test, name, heading.
const FIGURES = [['randomisation', 'rank', 'left after randomisation'], ['deletion', 'deletion', 'deletion ↓'], ['deletion', 'insertion', 'insertion ↑'], ['pointing', 'hit', 'pointing ↑'], ['stability', 'noise', 'same under noise ↑'], ['wrong-class', 'signed', 'like a wrong class ↓']]
export const PASS = 0.3
export const FAIL = 0.6

/** @param {string} id @returns {{ model: string, picture: string, options: string[], how: string, believe: string }} */
export function textOf(id) {
  const [, figure, how, believe] = /^figure: (.*)\n\n([\s\S]*?)\n\n## What to believe\n\n([\s\S]*?)\n$/.exec(read(`docs/methods/text/${id}.md`)) ?? []
  if (!figure) throw new Error(`docs/methods/text/${id}.md does not say: figure, words, "## What to believe", words`)
  const [model, picture, ...options] = figure.split(' ')
  return { model, picture, options, how, believe }
}
/** The command that draws a method's picture. @param {string} id */
export const commandOf = (id) => {
  const { model, picture, options } = textOf(id)
  return [id, model, picture, ...options]
}
const number = (x) => x.toFixed(2).replace('-', '−')

// What docs/judging.json says of a method, a row a network; '' where it was not measured.
function measured(id, judging) {
  const rows = judging.networks.flatMap((network) => {
    const cells = FIGURES.map(([test, name]) => {
      const [, { methods }] = Object.entries(network.tests).find(([key]) => key.split(' ')[0] === test) ?? [null, { methods: {} }]
      const of = Object.entries(methods).find(([key]) => key.split(' ')[0] === id)?.[1][name]
      return of ? of[0] : null
    })
    return cells.every((c) => c === null) ? [] : [{ name: NETWORKS[network.id], cells }]
  })
  if (!rows.length) return ''
  const said = rows.filter((r) => r.cells[0] !== null).map((r) => `${r.cells[0] < PASS ? 'passes' : r.cells[0] > FAIL ? '**fails**' : 'is unclear'} on ${r.name} (${number(r.cells[0])})`)
  return `Measured on the bundled networks ([docs/judging.md](../judging.md) says how, and beside which controls): by the randomisation check it ${said.join(', ')}.

| | ${FIGURES.map((f) => f[2]).join(' | ')} |
|---|${FIGURES.map(() => '---:').join('|')}|
${rows.map((r) => `| ${r.name} | ${r.cells.map((c) => (c === null ? '' : number(c))).join(' | ')} |`).join('\n')}

`
}

/** @param {any} manifest @returns {Record<string, string>} the pages by their files */
export function methodPages(manifest) {
  const judging = JSON.parse(read('docs/judging.json'))
  const samples = JSON.parse(read('public/samples/samples.json'))
  const anchor = (m) => `../methods.md#${`${m.title} ${m.id}`.toLowerCase().replace(/[^\p{L}\p{N} -]/gu, '').replaceAll(' ', '-')}`
  const pages = manifest.methods.map((m) => {
    const { picture, how, believe } = textOf(m.id)
    const sample = samples.find((x) => picture.endsWith(`/${x.file}`))
    return [`docs/methods/${m.id}.md`, `# ${m.title}

${m.purpose}.

![${m.title} of a photograph: ${sample.title}](${m.id}.png)

Drawn by \`backlight ${commandOf(m.id).join(' ')}\`. Photograph: ${sample.title}, ${sample.author}, [${sample.licence}](${sample.licence_url}).

${how}

$$${m.formula}$$

## What to believe

${m.caution} ${believe}

${measured(m.id, judging)}## Details

Cost: ${m.cost} (F: a pass forwards, B: a pass backwards). Parameters and objectives: [${m.title}](${anchor(m)}). Source: ${m.source}.
`]
  })
  const families = [...new Set(manifest.methods.map((m) => m.family))]
  const index = `# What every method does, and what to believe

Written by \`make docs\` from the manifest, \`docs/methods/text/\` and \`docs/judging.json\`; the pictures by \`make docs-figures\` with the
command on the bundled networks.

${families.map((family) => `## ${family[0].toUpperCase()}${family.slice(1)}

${manifest.methods.filter((m) => m.family === family).map((m) => `- [${m.title}](${m.id}.md): ${m.purpose}.`).join('\n')}
`).join('\n')}`
  return { ...Object.fromEntries(pages), 'docs/methods/README.md': index }
}
