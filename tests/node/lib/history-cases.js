// A small network with weights of our choosing, and a history of it: three frames of other weights.
import { Graph } from './onnx-writer.js'
import { Random } from './random.js'

export const SHAPES = { w1: [8, 3, 3, 3], b1: [8], w2: [5, 8, 3, 3] }
const count = (shape) => shape.reduce((a, b) => a * b, 1)
const numbers = (n, seed) => new Random(seed).numbers(n)
// Numbers that half precision holds exactly.
export const FRAMES = [0, 1, 2].map((frame) => Object.fromEntries(Object.entries(SHAPES).map(([name, shape], i) => [name, Array.from(numbers(count(shape), 10 * frame + i), (v) => Math.round(v * 64) / 128)])))

export function network(weights) {
  const g = new Graph()
  const [w1, b1, w2] = Object.entries(SHAPES).map(([name, shape]) => g.weight(shape, weights[name], { name }))
  const a = g.node('Relu', [g.node('Conv', [g.input('x', [1, 3, 32, 32]), w1, b1], { pads: [1, 1, 1, 1] })], {}, { outputs: ['relu1'] })
  const b = g.node('Conv', [a, w2], { pads: [1, 1, 1, 1] }, { outputs: ['conv2'] })
  g.output(g.node('Flatten', [g.node('GlobalAveragePool', [b])], {}, { outputs: ['scores'] }), [1, 5])
  Object.assign(g.metadata, { 'backlight.mean': '0.5 0.5 0.5', 'backlight.std': '0.25 0.25 0.25', 'backlight.channels': 'RGB', 'backlight.labels': 'a\nb\nc\nd\ne' })
  return g.bytes()
}
export function history({ steps = [0, 10, 40], shapes = SHAPES, more = () => {} } = {}) {
  const g = new Graph()
  g.ints(steps, { name: 'backlight.step' })
  g.scalar(20, { name: 'backlight.epoch_steps', type: 'int64' })
  for (const [name, shape] of Object.entries(shapes)) g.weight([3, ...shape], FRAMES.flatMap((frame) => frame[name]), { name, type: 'float16' })
  more(g)
  return g.bytes()
}
export const OWN = Object.fromEntries(Object.entries(SHAPES).map(([name, shape], i) => [name, numbers(count(shape), 99 + i)]))
