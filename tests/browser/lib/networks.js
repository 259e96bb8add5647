// Networks that the page has never seen, made of their texts with weights drawn from a seed.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { networks as known } from '../../../tools/bench/networks.js'
import { BUILD } from './page.js'

/** The bytes of a network. @param {string} name @param {string} text */
export function network(name, text) {
  const folder = join(BUILD, 'tests/page')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.net.txt`), text)
  execFileSync(join(BUILD, 'native/backlight'), ['build', join(folder, `${name}.net.txt`), '--seed', '1', join(folder, `${name}.onnx`)])
  return readFileSync(join(folder, `${name}.onnx`))
}

const head = (size, channels = 3) => `input x ${channels}x${size}x${size}\nmean${' 0.5'.repeat(channels)}\nstd${' 0.25'.repeat(channels)}\nchannels ${channels === 1 ? 'grey' : 'RGB'}\n`

function narrow() {
  let x = 'x'
  let text = head(48)
  for (let i = 1; i <= 14; i++) {
    text += `c${i} = conv ${x} 4 3x3 pad 1\nr${i} = relu c${i}\n`
    x = `r${i}`
    if (i % 5 === 0) text += `p${i} = maxpool ${x} 2x2 stride 2\n`
    if (i % 5 === 0) x = `p${i}`
  }
  return `${text}g = globalavgpool ${x}\nf = flatten g\nout = dense f 5\nprob = softmax out\n`
}
const wide = () => `${head(32)}a = conv x 64 3x3 pad 1\nb = relu a\np = maxpool b 2x2 stride 2\nc = conv p 512 3x3 pad 1\nd = relu c\ne = conv d 512 3x3 pad 1\nh = relu e\ng = globalavgpool h\nf = flatten g\nout = dense f 100\nprob = softmax out\n`
const branching = () => `${head(32)}a = conv x 16 3x3 pad 1\nb = relu a\nl1 = conv b 8 1x1\nl2 = conv b 8 3x3 pad 1\nl3 = conv b 8 5x5 pad 2\ncat = concat l1 l2 l3\nrc = relu cat\nq = conv rc 24 3x3 pad 1\ns = add q rc\nt = relu s\nu = conv t 24 3x3 pad 1\nv = add u t\nw = relu v\ng = globalavgpool w\nf = flatten g\nout = dense f 6\nprob = softmax out\n`
const grey = () => `${head(28, 1)}a = conv x 8 5x5\nb = relu a\np = maxpool b 2x2 stride 2\nc = conv p 16 5x5\nd = relu c\nq = maxpool d 2x2 stride 2\nf = flatten q\nh = dense f 32\ni = relu h\nout = dense i 10\nprob = softmax out\n`

/** Name → text: four made for the page, and the shapes of known networks. */
export const TEXTS = { narrow, wide, branching, grey, ...Object.fromEntries(Object.entries(known).map(([name, make]) => [name.toLowerCase().replace(/[^a-z0-9]/g, ''), make])) }
