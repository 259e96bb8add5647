// The same computation in Node and in a browser, as one number for each part: whatever differs in a single bit shows.
// Nothing of Node may be used here.
import { BacklightCore } from '../../../wasm/core.js'

// Every kind of layer whose kernel is a function of its own.
export const NETWORK = `input x 3x32x32
title a small network
labels cat; dog; red panda; teapot; kite
mean 0.48 0.45 0.40
std 0.28 0.27 0.28
channels RGB
conv1 = conv x 8 3x3 pad 1
relu1 = relu conv1
deep1 = conv relu1 8 3x3 pad 1 groups 8
flat1 = conv deep1 8 1x1
leaky1 = leakyrelu flat1 0.1
sum1 = add leaky1 relu1
pool1 = maxpool sum1 2x2 stride 2
conv2 = conv pool1 12 3x3 stride 2 pad 1
tanh2 = tanh conv2
sig2 = sigmoid conv2
both = concat tanh2 sig2
wide2 = conv both 17 3x3 pad 1
pool2 = avgpool wide2 2x2 stride 2
conv3 = conv pool2 16 3x3 pad 1
relu3 = relu conv3
flat = flatten relu3
scores = dense flat 5
prob = softmax scores
`

// A picture of numbers: the same everywhere, with no regular pattern.
export function picture(width, height, seed = 1) {
  let state = seed >>> 0 || 1
  const pixels = new Uint8ClampedArray(width * height * 4)
  for (let i = 0; i < pixels.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    pixels[i] = i % 4 === 3 ? 255 : state >>> 24
  }
  return { width, height, pixels }
}

// FNV-1a over the bytes.
export function hash(array) {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  let h = 0x811c9dc5
  for (const byte of bytes) h = Math.imul(h ^ byte, 0x01000193) >>> 0
  return h.toString(16).padStart(8, '0')
}

const JOBS = {
  gradient: {},
  'gradient-input': {},
  smoothgrad: { samples: 7 },
  integrated: { steps: 7, rule: 'gauss', baseline: 'noise' },
  guided: {},
  deconvnet: {},
  gradcam: { variant: 'gradcam++' },
  'guided-gradcam': {},
  'score-cam': { layer: 'conv2' },
  lrp: {},
  deeplift: { baseline: 'mean' },
  occlusion: { fill: 'blur' },
  rise: { masks: 100 },
  mask: { steps: 12, start: 'disc' },
  'gradient-shap': { samples: 7 },
  lime: { samples: 60, segments: 9 },
  shap: { samples: 200, segments: 12 },
  fgsm: {},
  pgd: { steps: 5, seed: 3 },
  dream: { objective: 'conv2:3', params: { steps: 3, octaves: 2 } },
}

/** @returns {Promise<Record<string, string>>} name of the part → hash */
export async function computeBits(module) {
  const core = await BacklightCore.load(module)
  const model = core.openText(NETWORK, 7)
  const view = model.view()
  const photo = picture(70, 50)
  const parts = {}
  const pass = view.forward(photo)
  parts.input = hash(pass.input.pixels)
  parts.probabilities = hash(pass.probabilities)
  for (const { id, name, constant } of model.info.values) parts[`${constant ? 'weights' : 'value'} ${name}`] = hash(view.value(id).data)
  for (const rule of ['plain', 'guided', 'deconvnet']) {
    view.backward('class:"red panda"', { rule })
    for (const { id, name, constant } of model.info.values) if (!constant) parts[`${rule} gradient ${name}`] = hash(view.gradient(id).data)
  }
  for (const [method, { objective, params, ...rest }] of Object.entries(JOBS)) {
    const job = model.job(method, { picture: photo, objective, params: params ?? rest })
    while (!job.step().done);
    for (const result of job.results()) {
      const numbers = result.data ?? result.pixels
      if (numbers) parts[`${method} ${result.name}`] = hash(numbers)
    }
    job.end()
  }
  parts.png = hash(core.png(photo))
  return parts
}
