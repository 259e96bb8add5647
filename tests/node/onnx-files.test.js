// ONNX files as exporters write them, files that are refused, and Backlight's own files in ONNX Runtime.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BacklightCore } from '../../wasm/core.js'
import { Graph, Message, f, tensor } from './lib/onnx-writer.js'
import { runOrt } from './lib/ort.js'
import { tensorError, tolerance } from './lib/tolerances.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const build = join(root, process.env.BACKLIGHT_BUILD || 'build')
let core
before(async () => {
  core = await BacklightCore.load({ bytes: readFileSync(join(build, 'wasm/backlight.wasm')) })
})

/** The file of a network: build adds its nodes to g, from the input x, and gives the output's name. */
function network(make, { opset, ir, input = [1, 3, 8, 8], metadata = {} } = {}) {
  const g = new Graph({ opset, ir })
  const x = input ? g.input('x', input) : 'x'
  const y = make(g, x)
  if (y) g.output(y)
  Object.assign(g.metadata, metadata)
  return g.bytes()
}

const relu = (g, x) => g.node('Relu', [x], {}, { name: 'first' })

/** What is refused: a name, the file, the error's code, and words of its message. */
const refused = [
  ['nothing at all', () => new Uint8Array(), 'format', ['the file is empty']],
  ['a text file', () => new TextEncoder().encode('Dear reader,\nthis is no network.\n'), 'format', ['not a valid ONNX file', 'byte']],
  ['a PNG', () => Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13), 'format', ['not a valid ONNX file']],
  ['a cut file', () => network(relu).slice(0, 40), 'format', ['not a valid ONNX file', 'claims', 'left']],
  ['no graph', () => new Message().int(1, 8).message(8, new Message().int(2, 17)).done(), 'format', ['it holds no graph']],
  ['no operator set', () => new Message().int(1, 8).message(7, new Message()).done(), 'format', ['opset_import']],
  ['an old operator set', () => network(relu, { opset: 6 }), 'unsupported', ['operator set 6', '7 to 26']],
  ['a future operator set', () => network(relu, { opset: 99 }), 'unsupported', ['operator set 99']],
  ['a future format', () => network(relu, { ir: 99 }), 'unsupported', ['format version 99']],
  ['an unknown operator', () => network((g, x) => g.node('Gelu', [x], {}, { name: 'act' })), 'unsupported', ['node "act"', 'Gelu', 'not supported']],
  ['an unknown attribute', () => network((g, x) => g.node('Relu', [x], { slope: f(1) }, { name: 'act' })), 'unsupported', ['node "act" (Relu)', 'attribute "slope"']],
  ['another domain', () => network((g, x) => g.node('Relu', [x], {}, { name: 'act', domain: 'com.microsoft' })), 'unsupported', ['node "act" (Relu)', 'com.microsoft']],
  ['a quantised operator', () => network((g, x) => g.node('QLinearConv', [x])), 'unsupported', ['QLinearConv']],
  ['a branch', () => network((g, x) => {
    const inner = new Graph()
    inner.output('x')
    return g.node('If', [x], { then_branch: { graph: inner.graph() } }, { name: 'choice' })
  }), 'unsupported', ['node "choice"', 'If']],
  ['two pictures', () => network((g, x) => g.node('Add', [x, g.input('other', [1, 3, 8, 8])])), 'unsupported', ['several inputs', '"x"', '"other"']],
  ['no picture', () => network((g) => g.node('Relu', [g.weight([1], [1])]), { input: null }), 'format', ['no input']],
  ['a flat input', () => network(relu, { input: ['N', 784] }), 'unsupported', ['input "x"', '2 dimensions']],
  ['an input of integers', () => {
    const g = new Graph()
    g.input('x', [1, 3, 8, 8], 'uint8')
    g.output(g.node('Relu', ['x']))
    return g.bytes()
  }, 'unsupported', ['input "x"', 'uint8', 'float']],
  ['an input of half precision', () => {
    const g = new Graph()
    g.input('x', [1, 3, 8, 8], 'float16')
    g.output(g.node('Relu', ['x']))
    return g.bytes()
  }, 'unsupported', ['float16', 'float']],
  ['no output', () => network((g, x) => void g.node('Relu', [x])), 'format', ['names no output']],
  ['an output that nobody makes', () => network((g, x) => (relu(g, x), 'nobody')), 'format', ['nobody']],
  ['an input that nobody makes', () => network((g, x) => g.node('Add', [x, 'nobody'], {}, { name: 'sum' })), 'format', ['node "sum" (Add)', '"nobody"']],
  ['a circle', () => network((g, x) => {
    g.node('Add', [x, 'b'], {}, { outputs: ['a'] })
    return g.node('Relu', ['a'], {}, { outputs: ['b'] })
  }), 'format', ['circle']],
  ['a value made twice', () => network((g, x) => {
    g.node('Relu', [x], {}, { outputs: ['a'] })
    return g.node('Tanh', [x], {}, { outputs: ['a'], name: 'again' })
  }), 'format', ['node "again" (Tanh)', '"a" is defined twice']],
  ['a weight that stands twice', () => network((g, x) => {
    g.weight([1], [1], { name: 'w' })
    g.weight([1], [2], { name: 'w' })
    return g.node('Mul', [x, 'w'])
  }), 'format', ['initialiser "w"', 'twice']],
  ['an output nobody computes', () => network((g, x) => {
    g.node('Dropout', [x], {}, { outputs: ['a', 'mask'] })
    return g.node('Mul', ['a', 'mask'], {}, { name: 'use' })
  }), 'unsupported', ['node "use" (Mul)', 'second output']],
  ['external data', () => network((g, x) => {
    const where = new Message().text(1, 'location').text(2, '../../etc/passwd')
    g.extra(5, new Message().bytes(1, [3]).int(2, 1).text(8, 'w').message(13, where).int(14, 1))
    return g.node('Mul', [x, 'w'])
  }), 'unsupported', ['initialiser "w"', 'external data']],
  ['sparse weights', () => network((g, x) => (g.extra(15, new Message().message(1, tensor({ shape: [1], data: [1] }))), relu(g, x))), 'unsupported', ['sparse']],
  ['functions', () => {
    const bytes = network(relu)
    return Uint8Array.of(...bytes, ...new Message().message(25, new Message().text(1, 'mine')).done())
  }, 'unsupported', ['functions']],
  ['quantised weights', () => network((g, x) => g.node('Mul', [x, g.weight([1], [1], { type: 'int8', name: 'q' })])), 'unsupported', ['initialiser "q"', 'int8']],
  ['text as weights', () => network((g, x) => {
    g.extra(5, new Message().bytes(1, [1]).int(2, 8).text(6, 'a').text(8, 'w'))
    return g.node('Mul', [x, 'w'])
  }), 'unsupported', ['initialiser "w"', 'string']],
  ['five dimensions', () => network((g, x) => g.node('Mul', [x, g.weight([1, 1, 1, 1, 2], [1, 2], { name: 'w' })])), 'unsupported', ['initialiser "w"', 'more than 4 dimensions']],
  ['a huge claim', () => network((g, x) => {
    const dims = new Message().number(1 << 20).number(1 << 20).done()
    g.extra(5, new Message().bytes(1, dims).int(2, 1).text(8, 'w').bytes(9, [0, 0, 0, 0]))
    return g.node('Mul', [x, 'w'])
  }), 'unsupported', ['initialiser "w"', 'too many elements']],
  ['a negative dimension', () => network((g, x) => {
    g.extra(5, new Message().bytes(1, new Message().number(-1).done()).int(2, 1).text(8, 'w').bytes(9, [0, 0, 0, 0]))
    return g.node('Mul', [x, 'w'])
  }), 'unsupported', ['initialiser "w"', 'negative']],
  ['too few numbers', () => network((g, x) => {
    g.extra(5, new Message().bytes(1, [3]).int(2, 1).text(8, 'w').bytes(9, [0, 0, 0, 0]))
    return g.node('Mul', [x, 'w'])
  }), 'format', ['initialiser "w"', '12 bytes', 'has 4']],
  ['too many numbers', () => network((g, x) => g.node('Mul', [x, g.weight([1], [1, 2, 3], { storage: 'packed', name: 'w' })])), 'format', ['initialiser "w"', 'needs 1', 'has 3']],
  ['numbers of another type', () => network((g, x) => {
    g.extra(5, new Message().bytes(1, [1]).int(2, 1).text(8, 'w').bytes(7, [5]))
    return g.node('Mul', [x, 'w'])
  }), 'format', ['initialiser "w"', 'another type']],
  ['NaN among the weights', () => network((g, x) => g.node('Mul', [x, g.weight([3, 1, 1], [1, NaN, 2], { name: 'w' })])), 'nan', ['initialiser "w"', '1 of 3', 'place 1']],
  ['infinite weights', () => network((g, x) => g.node('Mul', [x, g.weight([3, 1, 1], [Infinity, -Infinity, 2], { name: 'w' })])), 'nan', ['initialiser "w"', '2 of 3', 'place 0']],
  ['NaN in a Constant node', () => network((g, x) => g.node('Mul', [x, g.node('Constant', [], { value_floats: { floats: [NaN, 1] } }, { outputs: ['c'] })])), 'nan', ['Constant "c"', 'place 0']],
  ['NaN in half precision', () => network((g, x) => g.node('Mul', [x, g.weight([1], [NaN], { type: 'float16', name: 'w' })])), 'nan', ['initialiser "w"']],
  ['a convolution that does not fit', () => network((g, x) => g.node('Conv', [x, g.weight([4, 2, 3, 3], new Float32Array(72))], {}, { name: 'c1' })), 'shape', ['node "c1" (Conv)']],
  ['a window larger than the picture', () => network((g, x) => g.node('MaxPool', [x], { kernel_shape: [20, 20] }, { name: 'p1' })), 'shape', ['node "p1" (MaxPool)']],
  ['labels that are no UTF-8', () => {
    const entry = new Message().text(1, 'backlight.labels').bytes(2, [0xff, 0xfe])
    return Uint8Array.of(...network(relu), ...new Message().message(14, entry).done())
  }, 'format', ['UTF-8']],
  ['a mean that is no number', () => network(relu, { metadata: { 'backlight.mean': '0.5 black' } }), 'format', ['backlight.mean']],
  ['a mean for other channels', () => network(relu, { metadata: { 'backlight.mean': '0.5 0.5' } }), 'format', ['backlight.mean', '2 numbers', '3 channels']],
  ['a deviation of zero', () => network(relu, { metadata: { 'backlight.std': '0' } }), 'usage', ['deviation 0']],
  ['unknown channels', () => network(relu, { metadata: { 'backlight.channels': 'CMYK' } }), 'format', ['CMYK', 'RGB, BGR or grey']],
  ['layers of no form', () => network(relu, { metadata: { 'backlight.layers': 'conv1' } }), 'format', ['backlight.layers', 'name=value']],
]

test('files that are refused', async (t) => {
  for (const [name, make, code, words] of refused) {
    await t.test(name, () => {
      assert.throws(() => core.open(make()).close(), (error) => {
        for (const word of words) assert.ok(error.message.includes(word), `"${error.message}" lacks "${word}"`)
        assert.equal(error.code, code, error.message)
        return true
      })
    })
  }
  await t.test('and nothing stays open', () => assert.equal(core.openHandles, 0))
})

test('what a file says of itself', async (t) => {
  const open = (bytes, options) => {
    const model = core.open(bytes, options)
    const info = model.info
    model.close()
    return info
  }
  await t.test('metadata', () => {
    const info = open(network((g, x) => g.node('Softmax', [g.node('Flatten', [g.node('GlobalAveragePool', [relu(g, x)])])]), {
      metadata: { 'backlight.labels': 'cat\nred panda\nschool bus', 'backlight.mean': '[0.5, 0.25, 0.125]', 'backlight.std': '0.5', 'backlight.channels': 'BGR',
        'backlight.title': 'A title', 'backlight.credit': 'Somebody', 'someone.else': 'x' },
    }))
    assert.deepEqual(info.labels, ['cat', 'red panda', 'school bus'])
    assert.deepEqual(info.preprocessing, { mean: [0.5, 0.25, 0.125], std: [0.5, 0.5, 0.5], channels: 'BGR' })
    assert.equal(info.title, 'A title')
    assert.equal(info.credit, 'Somebody')
    assert.equal(info.head, 'softmax')
  })
  await t.test('nothing: no preprocessing, no labels', () => {
    const info = open(network(relu))
    assert.equal(info.preprocessing, null)
    assert.deepEqual(info.labels, [])
  })
  await t.test('readable names', () => {
    const info = open(network((g, x) => g.node('Tanh', [g.node('Relu', [x], {}, { outputs: ['/stem/act/Relu_output_0'], name: '/stem/act/Relu' })], {}, { outputs: ['y'] }),
      { metadata: { 'backlight.layers': 'stem=/stem/act/Relu_output_0\nend=y\n' } }))
    assert.deepEqual(info.nodes.map((n) => n.name), ['stem', 'end'])
  })
  await t.test('open sizes', () => {
    const info = open(network(relu, { input: ['N', 3, 'H', null] }))
    assert.deepEqual([info.input.channels, info.input.height, info.input.width], [3, null, null])
  })
  await t.test('a batch of 0 or −1 is open, too', () => {
    for (const batch of [0, -1]) assert.deepEqual(open(network(relu, { input: [batch, 3, 8, 8] })).input.height, 8)
  })
  await t.test('nodes out of order, and nodes that nobody needs', () => {
    const info = open(network((g, x) => {
      const y = g.node('Tanh', ['a'])
      g.node('Relu', [x], {}, { outputs: ['a'] })
      g.node('Sigmoid', [x])
      return y
    }))
    assert.deepEqual(info.nodes.map((n) => n.op), ['Relu', 'Tanh'])
  })
  await t.test('nodes of the same name', () => {
    const info = open(network((g, x) => g.node('Tanh', [relu(g, x)], {}, { name: 'first' })))
    assert.equal(new Set(info.nodes.map((n) => n.name)).size, 2)
  })
  await t.test('other operator domains that no node uses', () => {
    const extra = new Message().message(8, new Message().text(1, 'com.microsoft').int(2, 1)).done()
    assert.equal(open(Uint8Array.of(...network(relu), ...extra)).opset, 17)
  })
  await t.test('unknown fields and documentation are passed over', () => {
    const extra = new Message().text(6, 'a documentation').int(99, 5).tag(100, 5).raw([1, 2, 3, 4]).tag(101, 1).raw([1, 2, 3, 4, 5, 6, 7, 8]).done()
    assert.equal(open(Uint8Array.of(...network(relu), ...extra)).nodes.length, 1)
  })
})

test('Backlight’s own files in ONNX Runtime', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'backlight-onnx-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const texts = {
    'Tiny VGG': readFileSync(join(root, 'models/tiny-vgg.net.txt'), 'utf8'),
    branches: 'input x 3x20x16\nmean 0.5\nstd 0.25\na = conv x 8 3x3 stride 2 pad same nobias\nb = batchnorm a\nc = clip b 0 6\nd = conv c 8 3x3 pad 1 groups 8\ne = hardswish d\n' +
      'f = add e c\ng = concat f b\nh = avgpool g 3x3 stride 2 pad 1\ni = globalavgpool h\nj = flatten i\nk = dropout j 0.2\nl = dense k 4\nm = logsoftmax l\n',
    'open size': 'input x 3x?x?\nmean 0.5\nstd 0.25\na = conv x 4 5x5 pad 2\nb = leakyrelu a 0.2\nc = pad b 1,0,2,1\nd = maxpool c 3x3 stride 2 ceil\n',
  }
  for (const [name, text] of Object.entries(texts)) {
    for (const half of [false, true]) {
      await t.test(`${name}${half ? ', half precision' : ''}`, async () => {
        const [from, to] = [join(folder, 'net.txt'), join(folder, 'net.onnx')]
        writeFileSync(from, text)
        execFileSync(join(build, 'native/backlight'), ['build', from, to, '--seed', '3', ...(half ? ['--half'] : [])], { stdio: 'pipe' })
        const bytes = readFileSync(to)
        const model = core.open(bytes, { keepBatchnorm: true })
        t.after(() => model.close())
        const [height, width] = [model.info.input.height ?? 14, model.info.input.width ?? 11]
        const view = model.view({ height, width })
        const pixels = Uint8Array.from({ length: width * height * 4 }, (_, i) => (i * 37 + (i >> 4) * 11) % 256)
        view.forward({ width, height, pixels })
        const peer = await runOrt(bytes, [1, 3, height, width], view.value(model.info.input.id).data)
        const error = tensorError(view.value(model.info.output), peer)
        assert.ok(error <= tolerance('TOL_ORT'), `error ${error}`)
      })
    }
  }
})
