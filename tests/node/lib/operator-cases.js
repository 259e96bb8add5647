// Every operator with the variants of its attributes, at the operator sets where its form changed. A case is a network
// around that one operator; the comparison with ONNX Runtime and the fuzzers' seeds are made from it.
import { Graph, f } from './onnx-writer.js'
import { Random } from './random.js'

const product = (shape) => shape.reduce((a, b) => a * b, 1)

/** What a case gets to build with: the graph, its random numbers, and a weight in one word. */
class Bench extends Graph {
  constructor(options, seed) {
    super(options)
    this.random = new Random(seed)
  }
  w(shape, size = 1, options) {
    return this.weight(shape, this.random.numbers(product(shape), size), options)
  }
  positive(shape, options) {
    return this.weight(shape, this.random.numbers(product(shape)).map((v) => Math.abs(v) + 0.5), options)
  }
}

const all = []
/**
 * @param {string} name  operator, a colon, and what is special
 * @param {{opset?: number|number[], input?: number[], declared?: (number|string|null)[]}} options
 * @param {(g: Bench, x: string) => string} build
 */
function add(name, options, build) {
  for (const opset of [options.opset ?? 17].flat()) all.push({ name: `${name} (opset ${opset})`, input: [1, 3, 7, 6], ...options, opset, build })
}

// ---- convolution
const conv = (name, out, kernel, attributes = {}, options = {}) =>
  add(`Conv: ${name}`, options, (g, x) => {
    const channels = options.input?.[1] ?? 3
    const shape = [out, channels / (attributes.group ?? 1), ...kernel]
    return g.node('Conv', options.noBias ? [x, g.w(shape)] : [x, g.w(shape), g.w([out])], attributes)
  })
conv('3×3', 4, [3, 3], {}, { opset: [7, 11, 13, 22] })
conv('kernel_shape said', 4, [3, 2], { kernel_shape: [3, 2] })
conv('no bias', 5, [3, 3], {}, { noBias: true })
conv('1×1', 7, [1, 1])
conv('1×1 stride 2', 7, [1, 1], { strides: [2, 2] })
conv('pads 1', 4, [3, 3], { pads: [1, 1, 1, 1] })
conv('pads uneven', 4, [3, 3], { pads: [0, 2, 1, 0] })
conv('pads larger than the kernel', 2, [2, 2], { pads: [3, 3, 3, 3] })
conv('strides uneven', 4, [3, 3], { strides: [2, 3], pads: [1, 1, 1, 1] })
conv('stride larger than the kernel', 4, [2, 2], { strides: [3, 3] })
conv('dilation 2', 4, [3, 3], { dilations: [2, 2] })
conv('dilations uneven', 4, [3, 2], { dilations: [1, 3], pads: [0, 1, 2, 0], strides: [1, 2] })
conv('groups', 6, [3, 3], { group: 3 })
conv('groups of two', 8, [3, 3], { group: 2, pads: [1, 1, 1, 1] }, { input: [1, 4, 6, 5] })
conv('depthwise', 8, [3, 3], { group: 8, pads: [1, 1, 1, 1] }, { input: [1, 8, 9, 9] })
conv('depthwise 5×5 stride 2', 8, [5, 5], { group: 8, pads: [2, 2, 2, 2], strides: [2, 2] }, { input: [1, 8, 9, 11] })
conv('depthwise with multiplier', 6, [3, 3], { group: 3 })
conv('one row', 4, [1, 3], { pads: [0, 1, 0, 1] })
conv('one column', 4, [3, 1])
conv('the kernel is the picture', 4, [7, 6])
conv('kernel above the picture, padded', 2, [9, 9], { pads: [2, 2, 2, 2] })
for (const auto_pad of ['SAME_UPPER', 'SAME_LOWER', 'VALID']) {
  conv(`auto_pad ${auto_pad}`, 4, [3, 3], { auto_pad, strides: [2, 2] })
  conv(`auto_pad ${auto_pad}, even kernel`, 4, [4, 2], { auto_pad })
}
conv('auto_pad NOTSET', 4, [3, 3], { auto_pad: 'NOTSET', pads: [1, 1, 1, 1] })
conv('many channels', 17, [3, 3], { pads: [1, 1, 1, 1] }, { input: [1, 19, 8, 7] })
conv('many channels, pads uneven', 9, [3, 3], { pads: [2, 0, 1, 1] }, { input: [1, 33, 13, 11] })
conv('one pixel', 3, [1, 1], {}, { input: [1, 5, 1, 1] })
conv('grey', 3, [3, 3], {}, { input: [1, 1, 5, 5] })
conv('batch of three', 4, [3, 3], { pads: [1, 1, 1, 1] }, { input: [3, 3, 5, 6] })
conv('large', 24, [3, 3], { pads: [1, 1, 1, 1] }, { input: [1, 16, 33, 29] })

// ---- activations
for (const op of ['Relu', 'Sigmoid', 'Tanh', 'HardSigmoid']) add(`${op}: plain`, { opset: [7, 17] }, (g, x) => g.node(op, [x]))
add('HardSwish: plain', { opset: [14, 17] }, (g, x) => g.node('HardSwish', [x]))
add('LeakyRelu: plain', { opset: [7, 17] }, (g, x) => g.node('LeakyRelu', [x]))
add('LeakyRelu: slope', {}, (g, x) => g.node('LeakyRelu', [x], { alpha: f(0.3) }))
add('HardSigmoid: slope', {}, (g, x) => g.node('HardSigmoid', [x], { alpha: f(1 / 6), beta: f(0.4) }))
add('Clip: attributes', { opset: [7, 10] }, (g, x) => g.node('Clip', [x], { min: f(-0.25), max: f(0.5) }))
add('Clip: attribute min', { opset: 7 }, (g, x) => g.node('Clip', [x], { min: f(0) }))
add('Clip: both', { opset: [11, 12, 13] }, (g, x) => g.node('Clip', [x, g.scalar(0), g.scalar(0.5)]))
add('Clip: min', {}, (g, x) => g.node('Clip', [x, g.scalar(-0.1)]))
add('Clip: max', {}, (g, x) => g.node('Clip', [x, '', g.scalar(0.3)]))
add('Clip: nothing', {}, (g, x) => g.node('Clip', [x]))
add('Clip: open bounds', {}, (g, x) => g.node('Clip', [x, g.scalar(-Infinity), g.scalar(Infinity)]))

// ---- pooling
const pool = (op, name, attributes, options = {}) => add(`${op}: ${name}`, options, (g, x) => g.node(op, [x], attributes))
for (const op of ['MaxPool', 'AveragePool']) {
  pool(op, '2×2 stride 2', { kernel_shape: [2, 2], strides: [2, 2] }, { opset: [7, 8, 10, 17, 22] })
  pool(op, '3×3', { kernel_shape: [3, 3] })
  pool(op, 'pads', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })
  pool(op, 'pads uneven', { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 0, 1] })
  pool(op, 'uneven', { kernel_shape: [1, 4], strides: [3, 2] })
  pool(op, 'ceil', { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }, { input: [1, 3, 7, 5] })
  pool(op, 'ceil, the last window would lie in the padding', { kernel_shape: [2, 2], strides: [3, 3], pads: [0, 0, 1, 1], ceil_mode: 1 }, { input: [1, 3, 6, 6] })
  pool(op, 'ceil and pads', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 }, { input: [1, 2, 8, 6] })
  pool(op, 'stride above kernel', { kernel_shape: [2, 2], strides: [3, 4] })
  pool(op, 'whole picture', { kernel_shape: [7, 6] })
  for (const auto_pad of ['SAME_UPPER', 'SAME_LOWER', 'VALID'])
    pool(op, `auto_pad ${auto_pad}`, { kernel_shape: [3, 2], strides: [2, 2], auto_pad })
}
pool('MaxPool', 'dilations', { kernel_shape: [2, 3], dilations: [3, 2] }, { opset: [10, 17] })
pool('AveragePool', 'counting the padding', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 }, { opset: [7, 17] })
pool('AveragePool', 'counting the padding, ceil', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 0, 1], ceil_mode: 1, count_include_pad: 1 }, { opset: 19, input: [1, 2, 8, 6] })
pool('AveragePool', 'dilations', { kernel_shape: [2, 2], dilations: [2, 3] }, { opset: 19 })
add('GlobalAveragePool: plain', { opset: [7, 17] }, (g, x) => g.node('GlobalAveragePool', [x]))
add('GlobalMaxPool: plain', { opset: [7, 17] }, (g, x) => g.node('GlobalMaxPool', [x]))

// ---- dense
const features = 3 * 7 * 6
const flat = (g, x) => g.node('Flatten', [x])
add('Gemm: transB', { opset: [7, 9, 11, 13] }, (g, x) => g.node('Gemm', [flat(g, x), g.w([10, features]), g.w([10])], { transB: 1 }))
add('Gemm: plain', {}, (g, x) => g.node('Gemm', [flat(g, x), g.w([features, 5]), g.w([5])]))
add('Gemm: no C', { opset: 11 }, (g, x) => g.node('Gemm', [flat(g, x), g.w([features, 5])]))
add('Gemm: alpha and beta', {}, (g, x) => g.node('Gemm', [flat(g, x), g.w([5, features]), g.w([1, 5])], { transB: 1, alpha: f(0.5), beta: f(2) }))
add('Gemm: C a number', {}, (g, x) => g.node('Gemm', [flat(g, x), g.w([features, 5]), g.w([1])]))
add('Gemm: C a column', { input: [3, 3, 7, 6] }, (g, x) => g.node('Gemm', [flat(g, x), g.w([features, 5]), g.w([1, 1])]))
add('Gemm: batch', { input: [4, 3, 7, 6] }, (g, x) => g.node('Gemm', [flat(g, x), g.w([5, features]), g.w([5])], { transB: 1 }))
add('MatMul: two dimensions', { opset: [7, 9, 13] }, (g, x) => g.node('MatMul', [flat(g, x), g.w([features, 5])]))
add('MatMul: last dimension', {}, (g, x) => g.node('MatMul', [x, g.w([6, 4])]))
add('MatMul: and Add', {}, (g, x) => g.node('Add', [g.node('MatMul', [flat(g, x), g.w([features, 5])]), g.w([5])]))

// ---- normalisation
const norm = (g, x, c, attributes) => g.node('BatchNormalization', [x, g.w([c]), g.w([c]), g.w([c]), g.positive([c])], attributes)
add('BatchNormalization: plain', { opset: [7, 9, 14, 15] }, (g, x) => norm(g, x, 3))
add('BatchNormalization: epsilon', {}, (g, x) => norm(g, x, 3, { epsilon: f(0.01), momentum: f(0.8) }))
add('BatchNormalization: after Conv', {}, (g, x) => norm(g, g.node('Conv', [x, g.w([5, 3, 3, 3])]), 5))
add('BatchNormalization: after Conv with bias', {}, (g, x) => norm(g, g.node('Conv', [x, g.w([5, 3, 3, 3]), g.w([5])]), 5))
add('BatchNormalization: after Conv that is read twice', {}, (g, x) => {
  const c = g.node('Conv', [x, g.w([5, 3, 3, 3])])
  return g.node('Add', [c, norm(g, c, 5)])
})
add('BatchNormalization: after Gemm', {}, (g, x) => norm(g, g.node('Gemm', [flat(g, x), g.w([5, features]), g.w([5])], { transB: 1 }), 5))
add('BatchNormalization: two weights of one kernel', {}, (g, x) => {
  const w = g.w([4, 3, 3, 3])
  return g.node('Add', [norm(g, g.node('Conv', [x, w]), 4), norm(g, g.node('Conv', [x, w]), 4)])
})
add('LRN: plain', { opset: [7, 13], input: [1, 7, 4, 3] }, (g, x) => g.node('LRN', [x], { size: 5 }))
add('LRN: all attributes', { input: [1, 7, 4, 3] }, (g, x) => g.node('LRN', [x], { size: 3, alpha: f(0.5), beta: f(0.6), bias: f(1.5) }))

// ---- arithmetic
for (const op of ['Add', 'Sub', 'Mul', 'Div']) {
  const second = (g, shape) => (op === 'Div' ? g.positive(shape) : g.w(shape))
  const pair = (g, a, b) => g.node(op, [a, b])
  add(`${op}: number`, { opset: [7, 13, 14] }, (g, x) => pair(g, x, second(g, [])))
  add(`${op}: channels`, {}, (g, x) => pair(g, x, second(g, [3, 1, 1])))
  add(`${op}: row`, {}, (g, x) => pair(g, x, second(g, [6])))
  add(`${op}: column`, {}, (g, x) => pair(g, x, second(g, [1, 1, 7, 1])))
  add(`${op}: whole`, {}, (g, x) => pair(g, x, second(g, [1, 3, 7, 6])))
  add(`${op}: grows`, { input: [1, 1, 1, 6] }, (g, x) => pair(g, x, second(g, [1, 4, 5, 1])))
  add(`${op}: constant first`, {}, (g, x) => pair(g, g.w([3, 1, 1]), op === 'Div' ? g.node('Add', [g.node('Sigmoid', [x]), g.scalar(1)]) : x))
  add(`${op}: two branches`, {}, (g, x) => pair(g, g.node('Relu', [x]), g.node('Add', [g.node('Sigmoid', [x]), g.scalar(0.5)])))
  add(`${op}: with its own mean`, {}, (g, x) => {
    const s = g.node('Add', [g.node('Sigmoid', [x]), g.scalar(0.5)])
    return pair(g, s, g.node('GlobalAveragePool', [s]))
  })
  add(`${op}: twice the same`, {}, (g, x) => {
    const s = g.node('Add', [g.node('Sigmoid', [x]), g.scalar(0.5)])
    return pair(g, s, s)
  })
}

// ---- shapes
for (const axis of [1, 2, 3, -1, -3]) add(`Concat: axis ${axis}`, {}, (g, x) => g.node('Concat', [x, g.node('Relu', [x]), x], { axis }))
add('Concat: sizes differ', { opset: [7, 11, 13] }, (g, x) => g.node('Concat', [g.node('Conv', [x, g.w([2, 3, 1, 1])]), x], { axis: 1 }))
add('Concat: one', {}, (g, x) => g.node('Concat', [x], { axis: 1 }))
add('Concat: with a constant', {}, (g, x) => g.node('Concat', [x, g.w([1, 2, 7, 6])], { axis: 1 }))
add('Pad: attribute', { opset: [7, 10] }, (g, x) => g.node('Pad', [x], { pads: [0, 0, 1, 2, 0, 0, 3, 1] }))
add('Pad: attribute value', { opset: 7 }, (g, x) => g.node('Pad', [x], { pads: [0, 1, 1, 2, 0, 2, 3, 1], value: f(0.5), mode: 'constant' }))
add('Pad: input', { opset: [11, 13, 18] }, (g, x) => g.node('Pad', [x, g.ints([0, 0, 1, 2, 0, 0, 3, 1])]))
add('Pad: input value', {}, (g, x) => g.node('Pad', [x, g.ints([0, 0, 1, 2, 0, 0, 3, 1]), g.scalar(-2)]))
add('Pad: nothing', {}, (g, x) => g.node('Pad', [x, g.ints([0, 0, 0, 0, 0, 0, 0, 0])]))
for (const axis of [0, 1, 2, 3, 4, -1, -2]) add(`Flatten: axis ${axis}`, { opset: axis < 0 ? 11 : [7, 17] }, (g, x) => g.node('Flatten', [x], { axis }))
add('Flatten: default', {}, flat)
add('Reshape: −1', { opset: [7, 13, 14] }, (g, x) => g.node('Reshape', [x, g.ints([1, -1])]))
add('Reshape: 0', {}, (g, x) => g.node('Reshape', [x, g.ints([0, 0, -1])]))
add('Reshape: allowzero', {}, (g, x) => g.node('Reshape', [x, g.ints([1, 3, 42])], { allowzero: 1 }))
add('Reshape: four', {}, (g, x) => g.node('Reshape', [x, g.ints([1, 6, 7, 3])]))
add('Reshape: Constant node', {}, (g, x) => g.node('Reshape', [x, g.ints([1, 126], { also: 'constant' })]))
for (const perm of [[0, 2, 3, 1], [0, 3, 1, 2], [3, 2, 1, 0], [0, 1, 3, 2], [0, 1, 2, 3]]) add(`Transpose: ${perm}`, {}, (g, x) => g.node('Transpose', [x], { perm }))
add('Transpose: default', {}, (g, x) => g.node('Transpose', [x]))
add('Transpose: three', {}, (g, x) => g.node('Transpose', [g.node('Reshape', [x, g.ints([3, 7, 6])])], { perm: [1, 2, 0] }))
const gap = (g, x) => g.node('GlobalAveragePool', [x])
add('Squeeze: attribute', { opset: [7, 11] }, (g, x) => g.node('Squeeze', [gap(g, x)], { axes: [2, 3] }))
add('Squeeze: input', { opset: [13, 21] }, (g, x) => g.node('Squeeze', [gap(g, x), g.ints([-1, -2])]))
add('Squeeze: all', {}, (g, x) => g.node('Squeeze', [gap(g, x)]))
add('Unsqueeze: attribute', { opset: [7, 11] }, (g, x) => g.node('Unsqueeze', [flat(g, x)], { axes: [0, 3] }))
add('Unsqueeze: input', { opset: [13, 21] }, (g, x) => g.node('Unsqueeze', [flat(g, x), g.ints([-1, 1])]))

// ---- heads
for (const op of ['Softmax', 'LogSoftmax']) {
  add(`${op}: flat`, { opset: [7, 11, 13] }, (g, x) => g.node(op, [flat(g, x)]))
  for (const axis of [1, 2, 3, -1]) add(`${op}: axis ${axis}`, { opset: axis < 0 ? [11, 13] : [7, 11, 13] }, (g, x) => g.node(op, [x], { axis }))
  add(`${op}: large numbers`, {}, (g, x) => g.node(op, [g.node('Mul', [flat(g, x), g.scalar(200)])]))
  add(`${op}: after Gemm`, {}, (g, x) => g.node(op, [g.node('Gemm', [flat(g, x), g.w([5, features]), g.w([5])], { transB: 1 })], { axis: 1 }))
}

// ---- what does nothing, and exporters' habits
add('Identity: chain', { opset: [7, 16] }, (g, x) => g.node('Identity', [g.node('Identity', [g.node('Relu', [g.node('Identity', [x])])])]))
add('Identity: of a weight', {}, (g, x) => g.node('Conv', [x, g.node('Identity', [g.w([2, 3, 3, 3])])]))
add('Dropout: attribute', { opset: [7, 10] }, (g, x) => g.node('Dropout', [x], { ratio: f(0.4) }))
add('Dropout: inputs', { opset: [12, 13] }, (g, x) => g.node('Dropout', [x, g.scalar(0.5), g.weight([], [0], { type: 'bool' })]))
add('Dropout: mask not used', {}, (g, x) => g.node('Dropout', [x], {}, { outputs: ['dropped', 'mask'] }))
add('Cast: float to float', { opset: [9, 13] }, (g, x) => g.node('Cast', [x], { to: 1 }))
add('Cast: float16 weight', {}, (g, x) => g.node('Conv', [x, g.node('Cast', [g.w([2, 3, 3, 3], 1, { type: 'float16' })], { to: 1 })]))
add('Cast: integer weight', {}, (g, x) => g.node('Mul', [x, g.node('Cast', [g.weight([3, 1, 1], [1, 2, 3], { type: 'int32' })], { to: 1 })]))
add('Cast: double weight', {}, (g, x) => g.node('Mul', [x, g.node('Cast', [g.w([3, 1, 1], 1, { type: 'double' })], { to: 1 })]))
for (const storage of ['raw', 'packed', 'unpacked']) add(`Conv: weight ${storage}`, {}, (g, x) => g.node('Conv', [x, g.w([2, 3, 3, 3], 1, { storage })]))
for (const storage of ['packed', 'unpacked'])
  add(`Cast: float16 weight ${storage}`, {}, (g, x) => g.node('Mul', [x, g.node('Cast', [g.w([3, 1, 1], 1, { type: 'float16', storage })], { to: 1 })]))
add('Reshape: int64 packed', {}, (g, x) => g.node('Reshape', [x, g.ints([1, -1], { storage: 'packed' })]))
for (const also of ['input', 'constant']) add(`Conv: weight as ${also}`, { opset: [7, 17] }, (g, x) => g.node('Conv', [x, g.w([2, 3, 3, 3], 1, { also })]))
add('Mul: value_float', { opset: 13 }, (g, x) => g.node('Mul', [x, g.node('Constant', [], { value_float: f(0.75) })]))
add('Mul: value_floats', { opset: 13 }, (g, x) => g.node('Mul', [x, g.node('Constant', [], { value_floats: { floats: [0.5, 1, 2, -1, 0, 3] } })]))
add('Reshape: value_ints', { opset: 13 }, (g, x) => g.node('Reshape', [x, g.node('Constant', [], { value_ints: [1, -1] })]))
add('Transpose: of a weight', {}, (g, x) => g.node('MatMul', [flat(g, x), g.node('Transpose', [g.w([5, features])], { perm: [1, 0] })]))

// ---- reductions and shape arithmetic
add('ReduceMean: pictures', { opset: [7, 11, 13] }, (g, x) => g.node('ReduceMean', [x], { axes: [2, 3] }))
add('ReduceMean: dimensions dropped', { opset: 13 }, (g, x) => g.node('ReduceMean', [x], { axes: [-1, -2], keepdims: 0 }))
add('ReduceMean: input', { opset: [18, 22] }, (g, x) => g.node('ReduceMean', [x, g.ints([2, 3])], { keepdims: 1 }))
add('ReduceMean: channels', { opset: 13 }, (g, x) => g.node('ReduceMean', [x], { axes: [1], keepdims: 1 }))
add('ReduceMean: last', { opset: 13 }, (g, x) => g.node('ReduceMean', [x], { axes: [3], keepdims: 0 }))
const scalarInt = (g, i) => g.weight([], [i], { type: 'int64' })
const ofShape = (g, x, i) => g.node('Gather', [g.node('Shape', [x]), scalarInt(g, i)], { axis: 0 })
const axes0 = (g, v) => (g.opset < 13 ? g.node('Unsqueeze', [v], { axes: [0] }) : g.node('Unsqueeze', [v, g.ints([0])]))
add('Shape: PyTorch’s view', { opset: [9, 11, 13, 17], declared: ['N', 3, 7, 6] }, (g, x) => {
  const shape = g.node('Concat', [axes0(g, ofShape(g, x, 0)), g.ints([-1])], { axis: 0 })
  return g.node('Reshape', [x, shape])
})
add('Shape: start and end', { opset: [15, 17] }, (g, x) => g.node('Reshape', [x, g.node('Concat', [g.node('Shape', [x], { start: 0, end: 1 }), g.ints([-1])], { axis: 0 })]))
add('Gather: of a list', {}, (g, x) => g.node('Reshape', [x, g.node('Gather', [g.node('Shape', [x]), g.ints([0, 2, 1, 3])])]))
add('Slice: attributes', { opset: [7, 9] }, (g, x) => {
  const two = g.node('Slice', [g.node('Shape', [x])], { axes: [0], starts: [0], ends: [2] })
  return g.node('Reshape', [x, g.node('Concat', [two, g.ints([-1])], { axis: 0 })])
})
add('Slice: inputs', { opset: [10, 13] }, (g, x) => {
  const two = g.node('Slice', [g.node('Shape', [x]), g.ints([0]), g.ints([2]), g.ints([0])])
  return g.node('Reshape', [x, g.node('Concat', [two, g.ints([-1])], { axis: 0 })])
})
add('Mul: of sizes', { opset: [7, 14] }, (g, x) => {
  const area = g.node('Mul', [ofShape(g, x, 2), ofShape(g, x, 3)])
  return g.node('Reshape', [x, g.node('Concat', [g.ints([1, 3]), axes0(g, area)], { axis: 0 })])
})
add('Div: of sizes', { opset: 13 }, (g, x) => {
  const half = g.node('Div', [ofShape(g, x, 3), scalarInt(g, 2)])
  return g.node('Reshape', [x, g.node('Concat', [g.ints([1, -1]), axes0(g, half)], { axis: 0 })])
})
add('ConstantOfShape: pads', { opset: [11, 17] }, (g, x) => {
  const zeros = g.node('ConstantOfShape', [g.ints([4])], { value: { tensor: { shape: [1], data: [0], type: 'int64' } } })
  return g.node('Pad', [x, g.node('Concat', [zeros, g.ints([0, 0, 1, 2])], { axis: 0 })])
})

/**
 * All cases, each with its network's bytes: {name, op, input, bytes}. The weights depend on the name alone. Networks of
 * Backlight take pictures of one or three channels: other inputs are made from one by a convolution, batches by Concat.
 */
export function operatorCases() {
  return all.map((c) => {
    let seed = 7
    for (const letter of c.name) seed = (Math.imul(seed, 31) + letter.codePointAt(0)) >>> 0
    const g = new Bench({ opset: c.opset }, seed)
    const [batch, channels, height, width] = c.input
    const isPicture = channels === 1 || channels === 3
    const input = [1, isPicture ? channels : 3, height, width]
    let x = g.input('x', c.declared ?? input)
    if (!isPicture) x = g.node('Conv', [x, g.w([channels, 3, 1, 1])])
    if (batch > 1) x = g.node('Concat', [x, ...Array.from({ length: batch - 1 }, (_, i) => g.node('Mul', [x, g.scalar(-0.5 * (i + 1))]))], { axis: 0 })
    g.output(c.build(g, x))
    g.metadata['backlight.mean'] = '0.5'
    g.metadata['backlight.std'] = '0.25'
    return { name: c.name, op: c.name.split(':')[0], input, seed, bytes: g.bytes() }
  })
}
