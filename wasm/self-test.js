// A small network with a known answer, run before an instance is called ready: an engine that computes wrong numbers is
// found out here and not in a picture. Run a few times, it also makes the engine optimise the kernels.
import { BacklightError } from './error.js'

const NETWORK = `input x 3x8x8
mean 0.5 0.5 0.5
std 0.25 0.25 0.25
channels RGB
conv1 = conv x 8 3x3 pad 1
relu1 = relu conv1
pool1 = maxpool relu1 2x2 stride 2
deep = conv pool1 8 3x3 pad 1 groups 8
flat1 = conv deep 8 1x1
sum = add flat1 pool1
flat = flatten sum
scores = dense flat 4
prob = softmax scores
`
// The four scores (ONNX Runtime gives the same), and the sum of |gradient| of the first score at the input; in the digits
// that are compared they depend on no order of summation.
const KNOWN = { scores: [0.09297407, -3.398762, -9.335083, -4.138556], gradient: 38.48495 }
const TOLERANCE = 1e-4
const ROUNDS = 8

const HINT = 'Update the browser, or try another one. Please report this with its name and version.'

/** @param {import('./core.js').BacklightCore} core @returns {number[]} */
function answer(core) {
  const pixels = Uint8Array.from({ length: 8 * 8 * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 256))
  const model = core.openText(NETWORK, 1)
  const view = model.view()
  let scores, gradient
  for (let round = 0; round < ROUNDS; round++) {
    scores = view.forward({ width: 8, height: 8, pixels }).scores
    view.backward('class:0')
    gradient = view.gradient(model.info.input.id).data.reduce((sum, g) => sum + Math.abs(g), 0)
  }
  view.close()
  model.close()
  return [...(scores ?? []), gradient ?? NaN]
}

/**
 * Throws where the answer is wrong, or there is none.
 * @param {import('./core.js').BacklightCore} core
 */
export function selfTest(core) {
  const known = [...KNOWN.scores, KNOWN.gradient]
  const digits = (/** @type {number[]} */ numbers) => numbers.map((x) => x.toPrecision(6)).join(', ')
  let found
  try {
    const numbers = answer(core)
    if (numbers.length === known.length && numbers.every((x, i) => Math.abs(x - known[i]) <= TOLERANCE * Math.max(1, Math.abs(known[i])))) return
    found = `gave ${digits(numbers)} instead of ${digits(known)}`
  } catch (error) {
    found = `ended with "${error instanceof Error ? error.message : error}"`
  }
  throw new BacklightError('self-test', `This browser computes wrong numbers: a small network ${found}.`, HINT)
}
