// Makes the fuzzers' seeds anew: node tests/fuzz/make-corpus.js. Small files of every kind that the readers know, so that
// the fuzzers start inside the formats; whole and broken ones.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Graph, Message, f, tensor } from '../node/lib/onnx-writer.js'
import { operatorCases } from '../node/lib/operator-cases.js'

const corpus = join(dirname(fileURLToPath(import.meta.url)), 'corpus')
const MOST_BYTES = 2048

function folder(name, seeds) {
  const path = join(corpus, name)
  mkdirSync(path, { recursive: true })
  // What a fuzzer found once stays.
  for (const file of readdirSync(path)) if (!file.startsWith('found-')) rmSync(join(path, file))
  for (const [file, content] of Object.entries(seeds)) {
    if (content.length > MOST_BYTES) throw new Error(`${name}/${file} has ${content.length} bytes`)
    writeFileSync(join(path, file), content)
  }
  console.log(`${name}: ${readdirSync(path).length} seeds`)
}

// ---- ONNX: one small network of each operator, the oldest and the newest form, and what is refused
function onnxSeeds() {
  const seeds = {}
  const seen = new Map()
  for (const c of operatorCases()) {
    if (c.bytes.length > 700) continue
    const n = seen.get(c.op) ?? 0
    if (n >= 3) continue
    seen.set(c.op, n + 1)
    seeds[`${c.op.toLowerCase()}-${n + 1}.onnx`] = c.bytes
  }
  const make = (name, build, options) => {
    const g = new Graph(options)
    build(g)
    seeds[`${name}.onnx`] = g.bytes()
  }
  const tiny = (g, shape = [1, 1, 2, 2]) => g.input('x', shape)
  make('whole', (g) => {
    const x = tiny(g, ['N', 2, 'H', 'W'])
    const w = g.node('Cast', [g.weight([2, 2, 1, 1], [1, -1, 0.5, 2], { type: 'float16' })], { to: 1 })
    const bn = g.node('BatchNormalization', [g.node('Conv', [x, w]), ...[1, 0, 0.5, 2].map((v) => g.weight([2], [v, v]))])
    const s = g.node('Squeeze', [g.node('GlobalAveragePool', [g.node('Relu', [bn])]), g.ints([2, 3])])
    g.output(g.node('Softmax', [s], { axis: 1 }), ['N', 2])
    Object.assign(g.metadata, { 'backlight.labels': 'cat\nred panda', 'backlight.mean': '0.5 0.4', 'backlight.std': '0.2', 'backlight.channels': 'BGR',
      'backlight.title': 'Two', 'backlight.credit': 'nobody', 'backlight.layers': 'first=conv_1', other: 'x' })
  })
  make('circle', (g) => {
    tiny(g)
    g.node('Add', ['x', 'b'], {}, { outputs: ['a'] })
    g.node('Relu', ['a'], {}, { outputs: ['b'] })
    g.output('b')
  })
  make('two-inputs', (g) => g.output(g.node('Add', [tiny(g), g.input('y', [1, 1, 2, 2])])))
  make('domain', (g) => g.output(g.node('Relu', [tiny(g)], {}, { domain: 'com.example' })))
  make('second-output', (g) => {
    g.node('Dropout', [tiny(g)], {}, { outputs: ['a', 'mask'] })
    g.output(g.node('Relu', ['mask']))
  })
  make('subgraph', (g) => {
    const inner = new Graph()
    inner.output('x')
    g.output(g.node('If', [tiny(g)], { then_branch: { graph: inner.graph() }, else_branch: { graph: inner.graph() } }))
  })
  make('external', (g) => {
    const t = new Message().bytes(1, [1]).int(2, 1).text(8, 'w').message(13, new Message().text(1, 'location').text(2, '../secret')).int(14, 1)
    g.extra(5, t).output(g.node('Mul', [tiny(g), 'w']))
  })
  make('huge', (g) => {
    const dims = new Message().number(1 << 24).number(1 << 24).number(1 << 24).done()
    g.extra(5, new Message().bytes(1, dims).int(2, 1).text(8, 'w').bytes(9, [0, 0, 0, 0])).output(g.node('Mul', [tiny(g), 'w']))
  })
  make('sparse', (g) => g.extra(15, new Message().message(1, tensor({ shape: [1], data: [1] }))).output(g.node('Relu', [tiny(g)])))
  make('not-finite', (g) => g.output(g.node('Mul', [tiny(g), g.weight([2], [NaN, Infinity])])))
  make('quantised', (g) => g.output(g.node('Mul', [tiny(g), g.weight([1], [1], { type: 'int8' })])))
  make('float-attributes', (g) => g.output(g.node('Relu', [tiny(g)], { a: { floats: [1, 2] }, b: f(1), c: { strings: ['x'] } })))
  make('open', (g) => g.output(g.node('Conv', [g.input('x', null), g.weight([1, 1, 1, 1], [1])])))
  make('many-channels', (g) => {
    g.output(g.node('Flatten', [g.input('x', [1, 69, 1, 1])]))
    g.metadata['backlight.mean'] = '0.5'
  })
  seeds['empty-graph.onnx'] = new Graph().bytes()
  seeds['cut.onnx'] = seeds['whole.onnx'].slice(0, 200)
  seeds['text.onnx'] = 'this is no network\n'
  return seeds
}

// ---- tensor files: every type that is read, in both ways it may stand, up to five axes; and what is refused
function tensorSeeds() {
  const seeds = {}
  const make = (name, build) => {
    const g = new Graph()
    build(g)
    seeds[`${name}.onnx`] = g.bytes()
  }
  for (const storage of ['raw', 'packed', 'unpacked'])
    make(`types-${storage}`, (g) => {
      for (const type of ['float', 'float16', 'double', 'int32', 'int64']) g.weight([2, 1, 2], [1, 0.5, -2, 3].map(type.startsWith('int') ? Math.round : Number), { name: type, type, storage })
    })
  make('history', (g) => {
    g.weight([3, 2, 1, 1, 1], [0, 0.5, 1, 1.5, 2, 2.5], { name: 'w', type: 'float16' })
    g.ints([0, 4, 9], { name: 'backlight.step' })
  })
  make('single', (g) => g.scalar(1))
  make('none', (g) => g.weight([0, 3], []))
  make('six-axes', (g) => g.weight([1, 1, 1, 1, 1, 1], [1]))
  make('twice', (g) => (g.weight([1], [1], { name: 'w' }), g.weight([1], [2], { name: 'w' })))
  make('infinite', (g) => g.weight([2], [1, Infinity]))
  make('network', (g) => g.output(g.node('Relu', [g.input('x', [1, 1, 2, 2])])))
  make('short', (g) => g.extra(5, new Message().bytes(1, [9, 9]).int(2, 10).text(8, 'w').bytes(9, [0, 0])))
  seeds['empty-graph.onnx'] = new Graph().bytes()
  seeds['cut.onnx'] = seeds['history.onnx'].slice(0, 60)
  return seeds
}

// ---- network texts
const head = 'input x 3x8x8\n'
const nettextSeeds = {
  'small.txt': `${head}title Small\ncredit nobody\nlabels a; b c; d\nmean 0.5 0.4 0.3\nstd 0.2 0.2 0.2\nchannels BGR\n\na = conv x 4 3x3 stride 2 pad 1 # comment\nb = relu a\nc = flatten b\nd = dropout c 0.2\ne = dense d 3\np = softmax e\n`,
  'windows.txt': `${head}a = conv x 6 3x2 stride 1,2 pad 0,1,1,0 dilation 2 groups 3 nobias\nb = maxpool a 2x2 stride 2 pad 1 ceil\nc = avgpool b 2 pad same countpad\nd = conv c 2 1x1 pad same\n`,
  'curves.txt': `${head}a = leakyrelu x 0.2\nb = clip a -1 6\nc = sigmoid b\nd = tanh c\ne = hardsigmoid d 0.2 0.5\nf = hardswish e\ng = identity f\nh = logsoftmax g 1\n`,
  'branches.txt': `${head}a = conv x 3 1x1\nb = add a x\nc = sub b x\nd = mul c c\ne = div d x\nf = concat a b c d\ng = batchnorm f epsilon 0.001\nh = lrn g 5 alpha 0.0001 beta 0.75 bias 1\ni = globalavgpool h\nj = globalmaxpool h\nk = add i j\n`,
  'shapes.txt': `${head}a = pad x 1,2,0,1\nb = reshape a 1,3,-1\nc = transpose b 0,2,1\nd = unsqueeze c 0\ne = squeeze d 0\n"f g" = flatten e\n`,
  'open.txt': 'input x 1x?x?\na = conv x 4 3x3\nb = globalavgpool a\nc = flatten b\nd = dense c 2\n',
  'no-input.txt': 'a = relu x\n',
  'unknown.txt': `${head}a = gelu x\n`,
  'twice.txt': `${head}a = relu x\na = relu a\n`,
  'labels.txt': `${head}labels @file\na = relu x\n`,
  'large.txt': `${head}a = conv x 9999999 999x999\n`,
  'quote.txt': `${head}"a b = relu x\n`,
}

const objectives = ['class:1', 'class:"red panda"', 'logp:2', 'prob:0', 'class:1-2', 'loss:1', 'conv1', 'conv1:2', 'conv1:2@3,4', '0.7*conv1:1+0.3*pool:0',
  '"a/relu 1":1@0,0', '-1*class:1+2*conv1', 'class:99', 'nothing:1', 'conv1:9', 'conv1:1@99,0', '1e30*conv1', 'prob', 'class:', '']
const interventions = ['', 'conv1:1*0', 'conv1:2=mean', 'pool:0@0,1,2,3=0.5', 'conv1:*@0,0,7,7=1', 'conv1/1,2=0,0,0,0,1,0,0,0,0', 'conv1:1*0 pool:1=mean; conv1:2*2',
  '"a/relu 1":0*0.5', 'conv1/9,9=1', 'conv1:1*1e38']
const objectiveSeeds = Object.fromEntries(objectives.map((o, i) => [`${i + 1}.txt`, `${o}\n${interventions[i % interventions.length]}\n`]))

// ---- requests: a method, parameters, objective, network
const requests = {
  maps: [['', ''], ['layer=conv1', ''], ['layer=nowhere', '']],
  gradient: [['', ''], ['reduce=max', 'class:1'], ['reduce=signed percentile=95', 'conv1'], ['percentile="99', 'conv1:2@3,4'], ['nonsense=1', '']],
  'gradient-input': [['baseline=black', 'class:1-2']],
  smoothgrad: [['samples=5 sigma=0.3 average=variance seed=4294967295', 'logp:2'], ['seed=-1', '']],
  integrated: [['steps=4 rule=gauss baseline=black-white', 'prob:0']],
  'gradient-shap': [['samples=5 baseline=noise', '']],
  lrp: [['', '0.7*class:1+0.3*conv1:2']],
  deeplift: [['baseline=blur', '']],
  guided: [['reduce=l2', 'relu1:1']],
  deconvnet: [['', 'relu1:1@2,3']],
  gradcam: [['variant=layercam layer=relu1', 'class:"red panda"']],
  occlusion: [['size=3 stride=9 fill=noise', ''], ['size=64', '']],
  rise: [['masks=100 cells=2 form=classic', 'class:9']],
  lime: [['samples=50', '']],
  shap: [['samples=64', '']],
  mask: [['form=keep steps=10 start=disc fill=noise', '']],
  randomisation: [['method=gradcam order=upwards stages=2 seeds=2', ''], ['method=rise with="masks=100"', 'class:1'], ['method=randomisation', ''], ['with="reduce=\\"max"', '']],
  deletion: [['method=control with="kind=noise" points=5 compare=no fill=noise', 'class:2'], ['points=512', 'conv1:0']],
  pointing: [['left=0.5 right=0.50001', ''], ['left=0.1 top=0.2 right=0.9 bottom=1 slack=50 method=guided', 'class:0']],
  'sensitivity-n': [['block=32 subsets=10', ''], ['block=1 subsets=10 fill=blur', 'logp:1']],
  infidelity: [['change=noise sigma=1 draws=10', ''], ['size=64', '']],
  completeness: [['method=integrated with="baseline=noise steps=4"', '']],
  stability: [['method=lime with="samples=50" seeds=2 draws=1', ''], ['method=rise with="seed=3"', '']],
  fragility: [['steps=1 eps=0 top=50', 'conv1:1'], ['aim=centre steps=3', '']],
  'wrong-class': [['other=dog', 'class:2'], ['', 'conv1']],
  control: [['kind=centre', '']],
  fgsm: [['epsilon=8 target="red panda"', ''], ['epsilon=1e9', 'class:9']],
  pgd: [['epsilon=4 steps=2 seed=3', 'class:0']],
  dream: [['size=64 octaves=2 steps=1 jitter=2 start=noise seed=7', 'relu1:2'], ['size=64 octaves=1 steps=1 colours=free', 'class:"red panda"']],
}
const requestSeeds = Object.fromEntries(Object.entries(requests).flatMap(([id, list]) => list.map(([params, objective], i) => [`${id}-${i + 1}.txt`, `${id}\n${params}\n${objective}\n`])))
requestSeeds['network.txt'] = `gradient\n\nclass:1\n${head}mean 0.5\nstd 0.2\na = conv x 2 3x3\nb = relu a\nc = flatten b\nd = dense c 2\n`

folder('onnx', onnxSeeds())
folder('tensors', tensorSeeds())
folder('nettext', nettextSeeds)
folder('objective', objectiveSeeds)
folder('request', requestSeeds)
