// The engines that are measured, each opened on the same bytes of one network: { shape, forward, kept?, both?, output, gradient?, memory }.
// forward, kept and both are one pass each: kept is a pass forward that keeps what the way back needs (ours alone), both a pass forward
// and the gradient of score number CLASS to the input. Runs in Node and in a page; what has an address comes in as one.
import { BacklightCore } from '../../wasm/core.js'
import { tfjsGraph } from './tfjs-graph.js'

const CLASS = 7

/** A picture of smooth colours and noise, the same everywhere. */
export function picture(width, height) {
  const pixels = new Uint8ClampedArray(width * height * 4)
  let state = 12345
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      pixels[4 * i + c] = 60 * c + 60 * Math.sin(i / 37 + c) + (state >>> 26)
    }
    pixels[4 * i + 3] = 255
  }
  return { width, height, pixels }
}

/** Bytes of the memories that engines make while it watches; they do not tell otherwise. */
function watchMemories() {
  const ways = ['instantiate', 'instantiateStreaming']
  const before = Object.fromEntries(ways.map((way) => [way, WebAssembly[way]]))
  const seen = new Set()
  for (const way of ways)
    WebAssembly[way] = async (...args) => {
      const made = await Reflect.apply(before[way], WebAssembly, args)
      const given = Object.values(args[1] ?? {}).flatMap((part) => Object.values(part))
      for (const item of [...Object.values((made.instance ?? made).exports), ...given]) if (item instanceof WebAssembly.Memory) seen.add(item)
      return made
    }
  return () => {
    Object.assign(WebAssembly, before)
    return () => [...seen].reduce((sum, memory) => sum + memory.buffer.byteLength, 0)
  }
}

export async function backlight(bytes, module) {
  const core = await BacklightCore.load({ bytes: module })
  const model = core.open(bytes)
  const { width, height, id } = model.info.input
  const image = picture(width, height)
  const [scores, gradient] = ['scores', 'gradient'].map((keep) => model.view({ keep }))
  scores.forward(image)
  gradient.forward(image)
  return {
    info: model.info,
    constant: (value) => scores.value(value),
    input: () => scores.value(id),
    forward: () => scores.forward(null).scores,
    kept: () => gradient.forward(null).scores,
    both() {
      gradient.forward(null)
      gradient.backward(`class:${CLASS}`)
      return gradient.gradient(id).data
    },
    memory: () => core.memory,
  }
}

export async function onnxruntime(bytes, input, { script, files }) {
  const stop = watchMemories()
  const ort = await import(script)
  ort.env.wasm.numThreads = 1
  ort.env.wasm.wasmPaths = files
  ort.env.logLevel = 'error'
  const session = await ort.InferenceSession.create(bytes)
  const memory = stop()
  const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', input.data, input.shape) }
  return { forward: async () => (await session.run(feeds))[session.outputNames[0]].data, memory }
}

export async function tfjs(info, input, constant, { script, wasm }) {
  const stop = watchMemories()
  const tf = await import(script)
  tf.env().set('IS_TEST', true) // no advertisement on the console
  tf.setWasmPaths(Object.fromEntries(['', '-simd', '-threaded-simd'].map((kind) => [`tfjs-backend-wasm${kind}.wasm`, wasm])))
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  await tf.setBackend('wasm')
  await tf.ready()
  const memory = stop()
  const graph = tfjsGraph(tf, info, constant)
  const x = tf.keep(tf.tidy(() => tf.transpose(tf.tensor(input.data, input.shape), [0, 2, 3, 1])))
  const classes = info.values[info.scores].shape[1]
  const seed = tf.keep(tf.oneHot(tf.tensor1d([CLASS], 'int32'), classes).cast('float32'))
  const gradient = tf.grad(graph)
  return {
    forward: () => tf.tidy(() => graph(x).dataSync()),
    both: () => tf.tidy(() => gradient(x, seed).dataSync()),
    /** As ours lie. */
    turned: (data) => tf.tidy(() => tf.transpose(tf.tensor(data, x.shape), [0, 3, 1, 2]).dataSync()),
    memory,
  }
}
