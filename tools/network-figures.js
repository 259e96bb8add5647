// Draws docs/dreams/, what single channels of the network of 200 classes answer to, and docs/twins/, the gradients of the plain
// and the robust twin beside each other: node tools/network-figures.js
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(fileURLToPath(import.meta.url), '../..')
const program = join(root, process.env.BACKLIGHT_BUILD || 'build', 'native/backlight')
const samples = JSON.parse(readFileSync(join(root, 'public/samples/samples.json'), 'utf8'))

/** One picture of a method into a folder of docs; a cell of a table that shows it. */
const draw = (/** @type {string} */ folder, /** @type {string} */ file, /** @type {string} */ what, /** @type {string[]} */ method) => {
  execFileSync(program, [...method, '--out', join(root, 'docs', folder, file)], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  return `![${what}](${file})`
}
const page = (/** @type {string} */ folder, /** @type {string} */ text, /** @type {string[][]} */ rows) => {
  const [head, ...body] = rows.map((cells) => `| ${cells.join(' | ')} |`)
  writeFileSync(join(root, 'docs', folder, 'README.md'), `${text}\n${head}\n|${'---|'.repeat(rows[0].length)}\n${body.join('\n')}\n`)
}
const credit = (/** @type {string} */ file) => {
  const sample = samples.find((/** @type {any} */ one) => one.file === file)
  return `${sample.title}, ${sample.author}, [${sample.licence}](${sample.licence_url})`
}

function dreams() {
  const photograph = 'alp.jpg'
  // Sums before their ReLU: behind it many a channel is closed for grey noise, and has no gradient to begin with.
  const layers = { mixed4_add: [5, 30], mixed5_join: [10, 60], mixed6_add: [3, 90], mixed7_join: [20, 70, 120], mixed8_add: [8] }
  const ways = {
    noise: ['--size', '128', '--octaves', '3', '--steps', '24', '--start', 'noise', '--smooth', '1'],
    photograph: ['--size', '128'],
  }
  const text = `# What single channels answer to

Dreams of channels of the middle layers of \`models/flagship.onnx\`, chosen by number, not by looks. Lines and weaves come first, then scales
and plaits, then parts: necks and heads of birds, round dark eyes, thatched roofs. Drawn by \`make docs-figures\`:
\`backlight dream models/flagship.onnx PHOTOGRAPH --objective LAYER:CHANNEL\`, from noise with \`${ways.noise.join(' ')}\`, from the photograph
with \`${ways.photograph.join(' ')}\`. What appears comes from the training pictures. Photograph: ${credit(photograph)}.
`
  const rows = Object.entries(layers).flatMap(([layer, channels]) =>
    channels.map((channel) => [
      `\`${layer}:${channel}\``,
      ...Object.entries(ways).map(([way, options]) =>
        draw('dreams', `${layer}-${channel}-${way}.png`, `${layer}:${channel}, from ${way}`, ['dream', 'models/flagship.onnx', `public/samples/${photograph}`, ...options, '--objective', `${layer}:${channel}`])),
    ]))
  page('dreams', text, [['channel', 'from noise', 'from a photograph'], ...rows])
}

function twins() {
  const photographs = ['goldfish.jpg', 'koala.jpg', 'polar-bear.jpg', 'red-panda.jpg']
  const text = `# What robustness changes

The gradient of the predicted class of two networks that differ only in how they were trained, \`models/twin-plain.onnx\` and
\`models/twin-robust.onnx\`. What the plain one would have changed is strewn over the picture; what the robust one would have changed lies on
the things in it, in patches. Drawn by \`make docs-figures\`: \`backlight gradient MODEL PHOTOGRAPH\`. Photographs:
${photographs.map(credit).join('; ')}.
`
  const rows = photographs.map((photograph) => {
    const name = photograph.replace('.jpg', '')
    return [`![${name}](../../public/samples/${photograph})`, ...['plain', 'robust'].map((kind) => draw('twins', `${name}-${kind}.png`, `${name}, ${kind} twin`, ['gradient', `models/twin-${kind}.onnx`, `public/samples/${photograph}`]))]
  })
  page('twins', text, [['photograph', 'plain twin', 'robust twin'], ...rows])
}

for (const folder of ['dreams', 'twins']) mkdirSync(join(root, 'docs', folder), { recursive: true })
dreams()
twins()
