// Random networks from a seed: convolutions, poolings, normalisation, activations, arithmetic, branches and joins, at a
// random operator set, with sizes worked out here from ONNX's own rules.
import { Graph, f } from './onnx-writer.js'
import { Random } from './random.js'

const MOST_CHANNELS = 24
const MOST_ELEMENTS = 12000

class Builder {
  constructor(seed) {
    const r = (this.random = new Random(seed))
    this.g = new Graph({ opset: r.int(7, 22), ir: 10 })
    this.input = [1, r.pick([1, 3, 3]), r.int(6, 17), r.int(6, 17)]
    this.live = [{ name: this.g.input('x', this.input), shape: this.input }]
  }
  /** A value to go on from: mostly one of the last. */
  take() {
    const n = this.live.length
    return this.random.chance(0.7) ? this.live[n - 1] : this.live[this.random.int(Math.max(0, n - 4), n - 1)]
  }
  weight(shape, size) {
    const r = this.random
    const data = r.numbers(shape.reduce((a, b) => a * b, 1), size)
    const also = r.pick([undefined, undefined, undefined, 'input', 'constant'])
    return this.g.weight(shape, data, { also, storage: r.pick(['raw', 'raw', 'packed']) })
  }
  positive(shape) {
    return this.g.weight(shape, this.random.numbers(shape.reduce((a, b) => a * b, 1)).map((v) => Math.abs(v) + 0.3))
  }
  put(op, inputs, attributes, shape) {
    this.live.push({ name: this.g.node(op, inputs, attributes), shape })
  }
  get opset() {
    return this.g.opset
  }
}

/** One axis of a window: its size and the output's, or null if it does not fit. */
function axis(r, size, { dilate = true, ceil = false, largestPad = 2 } = {}) {
  const kernel = r.int(1, 4)
  const stride = r.pick([1, 1, 2, 3])
  const dilation = dilate && kernel > 1 ? r.pick([1, 1, 1, 2]) : 1
  const pads = [r.int(0, Math.min(largestPad, kernel - 1)), r.int(0, Math.min(largestPad, kernel - 1))]
  const span = (kernel - 1) * dilation + 1
  const room = size + pads[0] + pads[1] - span
  if (room < 0) return null
  const out = (ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1
  // A last window in the padding alone is left out when ONNX Runtime runs, but counted when it infers shapes, so that
  // it refuses networks that go on from there. The operators' own cases have it.
  if (ceil && (out - 1) * stride >= size + pads[0]) return null
  return { kernel, stride, dilation, pads, out }
}

const windowAttributes = (y, x) => ({
  kernel_shape: [y.kernel, x.kernel],
  strides: [y.stride, x.stride],
  pads: [y.pads[0], x.pads[0], y.pads[1], x.pads[1]],
})

const steps = {
  conv(b) {
    const r = b.random
    const { name, shape } = b.take()
    const [n, c, h, w] = shape
    const y = axis(r, h)
    const x = axis(r, w)
    if (!y || !x) return
    const divisors = [1, 1, 1, c, 2, 3].filter((d) => c % d === 0)
    const group = r.pick(divisors)
    const out = group * r.int(1, Math.max(1, Math.floor(MOST_CHANNELS / group / 2)))
    const fan = (c / group) * y.kernel * x.kernel
    const inputs = [name, b.weight([out, c / group, y.kernel, x.kernel], 1.7 / Math.sqrt(fan))]
    if (r.chance(0.7)) inputs.push(b.weight([out], 0.5))
    const same = r.chance(0.15) && y.dilation === 1 && x.dilation === 1
    const attributes = { ...windowAttributes(y, x), dilations: [y.dilation, x.dilation], group }
    if (same) {
      delete attributes.pads
      attributes.auto_pad = r.pick(['SAME_UPPER', 'SAME_LOWER'])
    }
    b.put('Conv', inputs, attributes, same ? [n, out, Math.ceil(h / y.stride), Math.ceil(w / x.stride)] : [n, out, y.out, x.out])
    if (r.chance(0.3)) steps.norm(b)
  },
  /** 3×3 without stride or groups from so many channels that it is computed another way. */
  wide(b) {
    const r = b.random
    const { name, shape } = b.take()
    const [n, c, h, w] = shape
    if (h < 3 || w < 3) return
    const between = r.int(16, MOST_CHANNELS)
    const out = r.int(1, MOST_CHANNELS)
    const grown = b.g.node('Relu', [b.g.node('Conv', [name, b.weight([between, c, 1, 1], 1.7 / Math.sqrt(c))])])
    const pads = Array.from({ length: 4 }, () => r.int(0, 2))
    const inputs = [grown, b.weight([out, between, 3, 3], 1.7 / Math.sqrt(9 * between))]
    if (r.chance(0.7)) inputs.push(b.weight([out], 0.5))
    b.put('Conv', inputs, { kernel_shape: [3, 3], pads }, [n, out, h + pads[0] + pads[2] - 2, w + pads[1] + pads[3] - 2])
  },
  norm(b) {
    const { name, shape } = b.live[b.live.length - 1]
    const c = [shape[1]]
    b.put('BatchNormalization', [name, b.positive(c), b.weight(c, 1), b.weight(c, 1), b.positive(c)], b.random.chance(0.5) ? { epsilon: f(1e-3) } : {}, shape)
  },
  activation(b) {
    const r = b.random
    const { name, shape } = b.take()
    const op = r.pick(['Relu', 'Relu', 'LeakyRelu', 'Sigmoid', 'Tanh', 'Clip', 'HardSigmoid', b.opset >= 14 ? 'HardSwish' : 'Relu'])
    if (op === 'Clip' && b.opset >= 11) b.put(op, [name, b.g.scalar(-0.5), b.g.scalar(1.5)], {}, shape)
    else if (op === 'Clip') b.put(op, [name], { min: f(-0.5), max: f(1.5) }, shape)
    else b.put(op, [name], op === 'LeakyRelu' ? { alpha: f(0.1) } : {}, shape)
  },
  pool(b) {
    const r = b.random
    const { name, shape } = b.take()
    const [n, c, h, w] = shape
    const op = r.pick(['MaxPool', 'AveragePool'])
    const ceil = b.opset >= 10 && r.chance(0.3)
    const dilate = op === 'MaxPool' && b.opset >= 10
    const y = axis(r, h, { ceil, dilate, largestPad: 1 })
    const x = axis(r, w, { ceil, dilate, largestPad: 1 })
    if (!y || !x) return
    const attributes = windowAttributes(y, x)
    if (ceil) attributes.ceil_mode = 1
    if (dilate) attributes.dilations = [y.dilation, x.dilation]
    if (op === 'AveragePool' && !ceil && r.chance(0.5)) attributes.count_include_pad = 1
    b.put(op, [name], attributes, [n, c, y.out, x.out])
  },
  join(b) {
    const r = b.random
    const one = b.take()
    const same = b.live.filter((v) => v.shape.join() === one.shape.join())
    const other = r.pick(same)
    const op = r.pick(['Add', 'Add', 'Sub', 'Mul'])
    b.put(op, r.chance(0.5) ? [one.name, other.name] : [other.name, one.name], {}, one.shape)
  },
  divide(b) {
    const one = b.take()
    const below = b.g.node('Add', [b.g.node('Sigmoid', [b.random.pick(b.live.filter((v) => v.shape.join() === one.shape.join())).name]), b.g.scalar(0.5)])
    b.put('Div', [one.name, below], {}, one.shape)
  },
  constant(b) {
    const { name, shape } = b.take()
    const [, c, h, w] = shape
    const second = b.random.pick([[], [c, 1, 1], [1, c, 1, 1], [w], [h, 1], [c, h, w]])
    b.put(b.random.pick(['Add', 'Sub', 'Mul']), [name, b.weight(second, 1)], {}, shape)
  },
  /** Channels weighed by a small network of their means (Hu et al. 2018). */
  squeeze(b) {
    const { name, shape } = b.take()
    const c = shape[1]
    const mean = b.g.node(b.random.pick(['GlobalAveragePool', 'GlobalMaxPool']), [name])
    const gate = b.g.node('Sigmoid', [b.g.node('Conv', [mean, b.weight([c, c, 1, 1], 1 / Math.sqrt(c))])])
    b.put('Mul', [name, gate], {}, shape)
  },
  concat(b) {
    const r = b.random
    const one = b.take()
    const fitting = b.live.filter((v) => v.shape[2] === one.shape[2] && v.shape[3] === one.shape[3])
    const parts = [one, ...Array.from({ length: r.int(1, 2) }, () => r.pick(fitting))]
    const channels = parts.reduce((sum, v) => sum + v.shape[1], 0)
    if (channels <= MOST_CHANNELS) b.put('Concat', parts.map((v) => v.name), { axis: r.pick([1, -3]) }, [1, channels, one.shape[2], one.shape[3]])
  },
  pad(b) {
    const { name, shape } = b.take()
    const [n, c, h, w] = shape
    const [t, l, d, r] = Array.from({ length: 4 }, () => b.random.int(0, 2))
    const pads = [0, 0, t, l, 0, 0, d, r]
    const out = [n, c, h + t + d, w + l + r]
    if (b.opset < 11) b.put('Pad', [name], { pads, value: f(0.25) }, out)
    else b.put('Pad', [name, b.g.ints(pads), b.g.scalar(0.25)], {}, out)
  },
  turn(b) {
    const { name, shape } = b.take()
    const [n, c, h, w] = shape
    b.put('Transpose', [name], { perm: [0, 1, 3, 2] }, [n, c, w, h])
  },
  nothing(b) {
    const { name, shape } = b.take()
    b.put(b.random.pick(['Identity', 'Dropout']), [name], {}, shape)
  },
  lrn(b) {
    const { name, shape } = b.take()
    b.put('LRN', [name], { size: b.random.pick([1, 3, 5]), alpha: f(0.1) }, shape)
  },
}
const weighted = ['conv', 'conv', 'conv', 'conv', 'wide', 'activation', 'activation', 'activation', 'pool', 'pool', 'join', 'join', 'divide', 'constant', 'squeeze', 'concat', 'concat',
  'pad', 'turn', 'nothing', 'lrn', 'norm']

/** Ends the network: a map, or scores with or without softmax, on one of the usual ways there. */
function head(b) {
  const r = b.random
  const g = b.g
  let { name, shape } = b.live[b.live.length - 1]
  if (r.chance(0.3)) return name
  if (r.chance(0.4)) {
    name = g.node('GlobalAveragePool', [name])
    shape = [1, shape[1], 1, 1]
  }
  const features = shape[1] * shape[2] * shape[3]
  const way = r.pick(['flatten', 'reshape', 'shape'])
  if (way === 'flatten') name = g.node('Flatten', [name])
  else if (way === 'reshape') name = g.node('Reshape', [name, g.ints([r.pick([0, 1]), -1])])
  else {
    const batch = g.node('Gather', [g.node('Shape', [name]), g.weight([], [0], { type: 'int64' })], { axis: 0 })
    const list = g.opset < 13 ? g.node('Unsqueeze', [batch], { axes: [0] }) : g.node('Unsqueeze', [batch, g.ints([0])])
    name = g.node('Reshape', [name, g.node('Concat', [list, g.ints([-1])], { axis: 0 })])
  }
  const classes = r.int(2, 10)
  const size = 1.7 / Math.sqrt(features)
  if (r.chance(0.7)) name = g.node('Gemm', [name, b.weight([classes, features], size), b.weight([classes], 0.3)], { transB: 1 })
  else name = g.node('Add', [g.node('MatMul', [name, b.weight([features, classes], size)]), b.weight([classes], 0.3)])
  if (r.chance(0.5)) name = g.node(r.pick(['Softmax', 'LogSoftmax']), [name], { axis: 1 })
  return name
}

/** The network of a seed: {input: shape, bytes, opset, nodes: operator names}. */
export function randomGraph(seed) {
  const b = new Builder(seed)
  const wanted = b.random.int(4, 16)
  for (let tries = 0; b.live.length <= wanted && tries < 100; tries++) {
    const before = b.live.length
    steps[b.random.pick(weighted)](b)
    const last = b.live[b.live.length - 1].shape
    if (b.live.length > before && last.reduce((a, v) => a * v, 1) > MOST_ELEMENTS) break
  }
  b.g.output(head(b))
  b.g.metadata['backlight.mean'] = '0.5'
  b.g.metadata['backlight.std'] = '0.25'
  return { input: b.input, bytes: b.g.bytes(), opset: b.opset }
}
