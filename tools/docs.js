// Writes docs/operators.md, docs/methods.md and the pages of docs/methods/ from the core's own tables.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { methodPages } from './method-pages.js'

const root = resolve(fileURLToPath(import.meta.url), '../..')
const program = join(root, process.env.BACKLIGHT_BUILD || 'build', 'native/backlight')

export function pages() {
  const manifest = JSON.parse(execFileSync(program, ['methods', '--json'], { encoding: 'utf8', maxBuffer: 1 << 24 }))
  const cell = (text) => String(text).replaceAll('|', '\\|')
  const operators = manifest.operators.map((o) => `| ${o.name} | ${o.since} | ${cell(o.attributes?.join?.(', ') ?? o.attributes ?? '')} | ${cell(o.summary)} |`)
  const range = (p) => (p.least === undefined ? (p.choices ?? []).join(', ') : `${p.least} to ${p.most}${p.unit ? ' ' + p.unit : ''}`)
  const methods = manifest.methods.map(
    (m) => `## ${m.title} (\`${m.id}\`)

${m.purpose}.

$$${m.formula}$$

| parameter | range | default | |
|---|---|---|---|
${m.params.map((p) => `| \`${p.name}\` | ${cell(range(p))} | ${cell(p.default)} | ${cell(p.meaning)} |`).join('\n')}

${m.objectives.length ? `Objectives: ${m.objectives.join(', ')}. ` : ''}Cost: ${m.cost} (F: a pass forwards, B: a pass backwards). ${m.caution}

Source: ${m.source}.
`,
  )
  return {
    'docs/operators.md': `# Operators

Written by \`make docs\` from \`src/ops/ops.def\`. "Opset" is the lowest whose meaning is implemented.

| operator | opset | attributes | |
|---|---:|---|---|
${operators.join('\n')}
`,
    'docs/methods.md': `# Methods

Written by \`make docs\` from \`src/methods/methods.def\`.

${methods.join('\n')}`,
    ...methodPages(manifest),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) for (const [file, text] of Object.entries(pages())) writeFileSync(join(root, file), text)
