// Development only: a stand-in for wasm/backlight.js with plausible numbers.
const rng = (s) => () => ((s = (s * 1664525 + 1013904223) >>> 0) / 2 ** 32)
const hex = (h) => [1, 3, 5].map((i) => parseInt(h.slice(i, i + 2), 16))
const STOPS = {
  activation: { light: '#6b1a0e #a83318 #d9613f #f0a78f #f9d9cd #fcfcfb #d0e1f4 #93bde8 #4a8fd0 #1f63aa #0d3a73', dark: '#ffb9a3 #f58561 #c9532f #84341c #401d14 #15171b #12283f #174673 #256fb4 #559fe6 #a5d0ff' },
  gradient: { light: '#40207c #6a40b2 #9873d4 #c6b0ea #e6ddf6 #fcfcfb #fae6bd #efbf66 #cb8a1a #965c00 #583300', dark: '#e3d7ff #b89bfa #8a66da #54389a #2b2148 #15171b #31260f #654709 #a87711 #e3aa2d #fbdd98' },
  size: { light: '#f7f7f4 #cfe3e4 #93c5c9 #519ea8 #1f7280 #0a4350', dark: '#15171b #12343b #175963 #2b8791 #62b7bb #c3ecea' },
  grey: { light: '#000000 #ffffff', dark: '#000000 #ffffff' },
}
STOPS.weight = STOPS.activation
const table = (family, theme) => {
  const s = STOPS[family][theme].split(' ').map(hex)
  const out = new Uint8Array(1024)
  for (let i = 0; i < 256; i++) {
    const t = (i / 255) * (s.length - 1), k = Math.min(s.length - 2, Math.floor(t)), f = t - k
    for (let c = 0; c < 3; c++) out[4 * i + c] = s[k][c] * (1 - f) + s[k + 1][c] * f
    out[4 * i + 3] = 255
  }
  return out
}
const LABELS = ['lifeboat', 'ladybug', 'pizza', 'bell pepper', 'school bus', 'koala', 'espresso', 'red panda', 'orange', 'sports car']
const SHAPES = [[3, 64], [10, 62], [10, 62], [10, 60], [10, 60], [10, 30], [10, 28], [10, 28], [10, 26], [10, 26], [10, 13]]
const NAMES = ['input', 'conv_1_1', 'relu_1_1', 'conv_1_2', 'relu_1_2', 'max_pool_1', 'conv_2_1', 'relu_2_1', 'conv_2_2', 'relu_2_2', 'max_pool_2']
const OPS = ['', 'Conv', 'Relu', 'Conv', 'Relu', 'MaxPool', 'Conv', 'Relu', 'Conv', 'Relu', 'MaxPool']
const info = {
  title: 'Tiny VGG', credit: '', opset: 13, input: { name: 'input', channels: 3, height: 64, width: 64 }, output: 13, scores: 12, head: 'softmax', labels: LABELS,
  preprocessing: { mean: [0, 0, 0], std: [1, 1, 1], channels: 'rgb' },
  values: [...NAMES.map((name, id) => ({ id, name, producer: id - 1, constant: false, shape: [1, SHAPES[id][0], SHAPES[id][1], SHAPES[id][1]] })), { id: 11, name: 'flatten', producer: 10, constant: false, shape: [1, 1690] }, { id: 12, name: 'scores', producer: 11, constant: false, shape: [1, 10] }, { id: 13, name: 'prob', producer: 12, constant: false, shape: [1, 10] }],
  nodes: [...NAMES.slice(1).map((name, i) => ({ id: i, name, op: OPS[i + 1], inputs: [i], output: i + 1, attributes: { kernel_shape: [3, 3] }, standsFor: '', mixesChannels: OPS[i + 1] === 'Conv', macs: 1e6, params: 910 })), { id: 10, name: 'flatten', op: 'Flatten', inputs: [10], output: 11, attributes: {}, mixesChannels: false }, { id: 11, name: 'dense', op: 'Gemm', inputs: [11], output: 12, attributes: {}, mixesChannels: true }, { id: 12, name: 'softmax', op: 'Softmax', inputs: [12], output: 13, attributes: {}, mixesChannels: false }],
  parameters: 20000, macs: 9e6,
}
const r = rng(3)
const W = {}
for (const i of [1, 3, 6, 8]) W[i] = Float32Array.from({ length: 10 * SHAPES[i - 1][0] * 9 }, () => (r() + r() + r() - 1.5) * 2 * Math.sqrt(2 / (9 * SHAPES[i - 1][0])))
const D = Float32Array.from({ length: 10 * 1690 }, () => (r() + r() - 1) * 0.08)
function forward(x) {
  const v = [x]
  for (let i = 1; i < 11; i++) {
    const [C, S] = SHAPES[i], [c0, s0] = SHAPES[i - 1], a = v[i - 1], y = new Float32Array(C * S * S)
    for (let k = 0; k < C; k++) for (let p = 0; p < S; p++) for (let q = 0; q < S; q++) {
      const o = (k * S + p) * S + q
      if (OPS[i] === 'Relu') y[o] = Math.max(0, a[o])
      else if (OPS[i] === 'MaxPool') { let m = -1e9; for (let d = 0; d < 4; d++) m = Math.max(m, a[(k * s0 + 2 * p + (d >> 1)) * s0 + 2 * q + (d & 1)]); y[o] = m }
      else { let s = 0; for (let c = 0; c < c0; c++) for (let d = 0; d < 9; d++) s += a[(c * s0 + p + ((d / 3) | 0)) * s0 + q + (d % 3)] * W[i][(k * c0 + c) * 9 + d]; y[o] = s }
    }
    v.push(y)
  }
  const s = new Float32Array(10)
  for (let k = 0; k < 10; k++) for (let j = 0; j < 1690; j++) s[k] += D[k * 1690 + j] * v[10][j]
  v.push(v[10], s)
  return v
}
function backward(v, seed) {
  const g = []
  g[10] = Float32Array.from({ length: 1690 }, (_, j) => seed.reduce((a, w, k) => a + w * D[k * 1690 + j], 0))
  for (let i = 10; i > 0; i--) {
    const [C, S] = SHAPES[i], [c0, s0] = SHAPES[i - 1], a = v[i - 1], y = new Float32Array(c0 * s0 * s0)
    for (let k = 0; k < C; k++) for (let p = 0; p < S; p++) for (let q = 0; q < S; q++) {
      const o = (k * S + p) * S + q, t = g[i][o]
      if (!t) continue
      if (OPS[i] === 'Relu') y[o] = a[o] > 0 ? t : 0
      else if (OPS[i] === 'MaxPool') { let m = 0, b = -1e9; for (let d = 0; d < 4; d++) { const z = a[(k * s0 + 2 * p + (d >> 1)) * s0 + 2 * q + (d & 1)]; if (z > b) (b = z), (m = d) } y[(k * s0 + 2 * p + (m >> 1)) * s0 + 2 * q + (m & 1)] += t }
      else for (let c = 0; c < c0; c++) for (let d = 0; d < 9; d++) y[(c * s0 + p + ((d / 3) | 0)) * s0 + q + (d % 3)] += t * W[i][(k * c0 + c) * 9 + d]
    }
    g[i - 1] = y
  }
  return g
}
const resize = (p, n) => {
  const c = new OffscreenCanvas(p.width, p.height)
  c.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(p.pixels), p.width, p.height), 0, 0)
  const d = new OffscreenCanvas(n, n)
  const side = Math.min(p.width, p.height)
  d.getContext('2d').drawImage(c, (p.width - side) / 2, (p.height - side) / 2, side, side, 0, 0, n, n)
  return { width: n, height: n, pixels: d.getContext('2d').getImageData(0, 0, n, n).data }
}
const number = (name, title, least, most, otherwise, unit = '', meaning = '', type = 'number') => ({ name, title, type, unit, least, most, default: otherwise, logarithmic: false, choices: [], text: '', meaning })
const METHODS = [
  { id: 'maps', family: 'feature', title: 'Feature maps', purpose: 'What every channel of a layer answers', objectives: '', params: [{ name: 'layer', title: 'layer', type: 'layer', meaning: 'the layer shown', text: '' }], results: [], cost: '1 F', caution: 'A map says where, not what for.', source: 'Zeiler and Fergus 2014' },
  { id: 'gradient', family: 'attribution', title: 'Gradient', purpose: 'Which pixels, changed a little, move the score most', objectives: 'class', params: [{ name: 'reduction', title: 'combine', type: 'choice', choices: ['max', 'sum', 'signed'], meaning: 'how the three colours become one map' }, number('percentile', 'percentile', 90, 100, 99)], cost: '1 F + 1 B', caution: 'Large gradient means sensitive, not important.', source: 'Simonyan, Vedaldi and Zisserman 2013' },
  { id: 'fgsm', family: 'attack', title: 'FGSM', purpose: 'One step along the sign of the gradient', objectives: 'class', params: [number('epsilon', 'ε', 0, 32, 8, '/255', 'the most any colour value may change', 'integer'), { name: 'target', title: 'target', type: 'class', text: '', meaning: 'the class wanted' }, number('seed', 'seed', 0, 1e6, 1, '', '', 'integer')], cost: '1 F + 1 B', caution: '', source: 'Goodfellow 2014' },
  { id: 'dream', family: 'dream', title: 'Deep dream', purpose: 'Change the picture so that a layer answers more strongly', objectives: 'layer channel class', params: [number('octaves', 'octaves', 1, 8, 4, '', '', 'integer'), number('ratio', 'octave ratio', 1.1, 2, 1.4), number('steps', 'steps', 1, 100, 10, '', '', 'integer'), { name: 'start', title: 'start from', type: 'choice', choices: ['photo', 'noise'] }, number('seed', 'seed', 0, 1e6, 1, '', '', 'integer')], cost: '', caution: 'The creatures come from the training classes.', source: 'Mordvintsev' },
]
const soft = (s) => { const m = Math.max(...s), e = [...s].map((v) => Math.exp(v - m)), t = e.reduce((a, b) => a + b); return Float32Array.from(e, (v) => v / t) }
class Model {
  info = info
  async forward(p) {
    const input = resize(p, 64), x = new Float32Array(3 * 4096)
    for (let i = 0; i < 4096; i++) for (let c = 0; c < 3; c++) x[c * 4096 + i] = input.pixels[4 * i + c] / 255 - 0.45
    const t = performance.now()
    this.v = forward(x)
    const scores = this.v[12], probabilities = soft(scores)
    return { scores, probabilities, input, ms: performance.now() - t, predictions: [...probabilities].map((p, i) => ({ index: i, label: LABELS[i], probability: p, score: scores[i] })).sort((a, b) => b.probability - a.probability) }
  }
  async backward(o) {
    const t = performance.now(), m = /^class:(\d+)/.exec(o), seed = new Float32Array(10)
    seed[m ? +m[1] : 7] = 1
    this.g = backward(this.v, seed)
    const g = this.g; return { gradient: async (id) => ({ data: g[id], shape: info.values[id].shape }), objective: o, value: this.v[12][m ? +m[1] : 7], ms: performance.now() - t }
  }
  async values(ids, { gradient } = {}) { return ids.map((id) => ({ id, shape: info.values[id].shape, data: (gradient ? this.g : this.v)[id].slice() })) }
  async setPreprocessing() {} async setLabels() {} close() {}
  run(method) {
    const results = [{ name: 'map', title: 'Gradient', kind: 'map', shape: [1, 64, 64], data: Float32Array.from(this.g?.[0]?.slice(0, 4096) ?? [], Math.abs), family: 'size', signed: false, limit: 0.2, percentile: 99, unit: '' }]
    return { result: Promise.resolve({ results, legend: {} }), async *[Symbol.asyncIterator]() {} }
  }
}
export class Backlight {
  manifest = { methods: METHODS, operators: [], results: [] }
  static async load() { return new Backlight() }
  colours(f, t) { return table(f, t) }
  async open() { return new Model() }
  async decode(bytes) {
    const b = await createImageBitmap(new Blob([bytes]))
    const c = new OffscreenCanvas(b.width, b.height)
    c.getContext('2d').drawImage(b, 0, 0)
    return { width: b.width, height: b.height, pixels: c.getContext('2d').getImageData(0, 0, b.width, b.height).data, notes: [] }
  }
}
export class BacklightError extends Error {}
