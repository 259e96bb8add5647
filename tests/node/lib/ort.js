// ONNX Runtime's WebAssembly backend in Node, one thread: the peer that results are compared with.
import { pathToFileURL } from 'node:url'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'

let ort
async function runtime() {
  if (!ort) {
    ort = await import('onnxruntime-web')
    const dist = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'))
    ort.env.wasm.numThreads = 1
    ort.env.wasm.wasmPaths = pathToFileURL(dist).href + '/'
    ort.env.logLevel = 'error'
  }
  return ort
}

/** A session as the library makes it. */
export async function sessionOf(bytes, options = {}) {
  const { InferenceSession } = await runtime()
  return await InferenceSession.create(bytes, options)
}

/** A network ready to run, by default with all optimisations. */
export async function openOrt(bytes, options = {}) {
  const { InferenceSession, Tensor } = await runtime()
  const session = await InferenceSession.create(bytes, options)
  return {
    async run(shape, data) {
      const feeds = { [session.inputNames[0]]: new Tensor('float32', data, shape) }
      const output = (await session.run(feeds))[session.outputNames[0]]
      return { data: Float32Array.from(output.data), shape: [...output.dims] }
    },
    close: () => session.release(),
  }
}

/** Runs a network on one input; gives the first output. Optimisations that change the arithmetic are off. */
export async function runOrt(bytes, shape, data) {
  const session = await openOrt(bytes, { graphOptimizationLevel: 'disabled' })
  try {
    return await session.run(shape, data)
  } finally {
    await session.close()
  }
}
