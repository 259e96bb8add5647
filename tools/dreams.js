// Draws docs/dreams/: what single channels of the middle layers of the network of 200 classes answer to, from noise and from
// a photograph: node tools/dreams.js
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(fileURLToPath(import.meta.url), '../..')
const program = join(root, process.env.BACKLIGHT_BUILD || 'build', 'native/backlight')
const folder = join(root, 'docs/dreams')
const photograph = 'alp.jpg'
// Sums before their ReLU: behind it many a channel is closed for grey noise, and has no gradient to begin with.
const layers = { mixed4_add: [5, 30], mixed5_join: [10, 60], mixed6_add: [3, 90], mixed7_join: [20, 70, 120], mixed8_add: [8] }
const ways = {
  noise: ['--size', '128', '--octaves', '3', '--steps', '24', '--start', 'noise', '--smooth', '1'],
  photograph: ['--size', '128'],
}

mkdirSync(folder, { recursive: true })
const rows = []
for (const [layer, channels] of Object.entries(layers))
  for (const channel of channels) {
    const cells = Object.entries(ways).map(([way, options]) => {
      const file = `${layer}-${channel}-${way}.png`
      execFileSync(program, ['dream', 'models/flagship.onnx', `public/samples/${photograph}`, ...options, '--objective', `${layer}:${channel}`, '--out', join(folder, file)], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
      return `![${layer}:${channel}, from ${way}](${file})`
    })
    rows.push(`| \`${layer}:${channel}\` | ${cells.join(' | ')} |`)
  }
const sample = JSON.parse(readFileSync(join(root, 'public/samples/samples.json'), 'utf8')).find((one) => one.file === photograph)
writeFileSync(
  join(folder, 'README.md'),
  `# What single channels answer to

Dreams of channels of the middle layers of \`models/flagship.onnx\`, chosen by number, not by looks. Lines and weaves come first, then scales
and plaits, then parts: necks and heads of birds, round dark eyes, thatched roofs. Drawn by \`make docs-figures\`:
\`backlight dream models/flagship.onnx PHOTOGRAPH --objective LAYER:CHANNEL\`, from noise with \`${ways.noise.join(' ')}\`, from the photograph
with \`${ways.photograph.join(' ')}\`. What appears comes from the training pictures. Photograph: ${sample.title}, ${sample.author},
[${sample.licence}](${sample.licence_url}).

| channel | from noise | from a photograph |
|---|---|---|
${rows.join('\n')}
`,
)
