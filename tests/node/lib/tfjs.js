// TensorFlow.js with its processor backend and its gradients. The package's build for Node leaves the gradients out, and its
// modules want a bundler; so they are bundled here.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build as bundle } from 'vite'
import { build, root } from './core.js'

const ENTRY = `
  import '@tensorflow/tfjs-core/dist/register_all_gradients.js'
  import '@tensorflow/tfjs-backend-cpu'
  export * from '@tensorflow/tfjs-core'`

/** @returns {Promise<any>} what tfjs-core exports */
export async function loadTfjs() {
  const folder = join(build, 'tests/tfjs')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'entry.js'), ENTRY)
  await bundle({
    configFile: false,
    root,
    logLevel: 'error',
    resolve: { mainFields: ['module', 'main'], alias: [{ find: /^@tensorflow/, replacement: join(root, 'node_modules/@tensorflow') }] },
    ssr: { noExternal: true }, // for Node, but with the packages inside
    build: { ssr: join(folder, 'entry.js'), outDir: folder, emptyOutDir: false, rolldownOptions: { output: { entryFileNames: 'tfjs.mjs' } } },
  })
  const tf = await import(pathToFileURL(join(folder, 'tfjs.mjs')).href)
  tf.env().set('IS_TEST', true) // no advertisement on the console
  await tf.setBackend('cpu')
  return tf
}

/** Layers with our weights. TensorFlow.js has its channels last, and its kernels as height, width, in, out. @param {any} tf */
export function layers(tf) {
  const pad = (x, n) => tf.pad(x, [[0, 0], [n, n], [n, n], [0, 0]])
  const kernel = (w) => tf.transpose(w, [2, 3, 1, 0])
  return {
    conv: (x, [w, b], { stride = 1, padding = 0 } = {}) => tf.add(tf.conv2d(pad(x, padding), kernel(w), stride, 'valid'), b),
    depthwise: (x, [w, b], padding) => tf.add(tf.depthwiseConv2d(pad(x, padding), tf.transpose(w, [2, 3, 0, 1]), 1, 'valid'), b),
    dense: (x, [w, b]) => tf.add(tf.matMul(tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [1, -1]), w, false, true), b),
  }
}

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
