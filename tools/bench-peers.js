// Passes of whole networks beside ONNX Runtime's WebAssembly in Node, one thread each: both run in turn on the same weights
// and the same picture, and their outputs are compared; the median of the rounds' ratios counts. Writes
// build/bench-peers.json. Nothing else may run meanwhile: the load of the machine stands beside the figures.
// ROUNDS=9 rounds of each large network; ONLY=Tiny those whose name begins so; MODULE=file.wasm takes another module for ours, OTHER=file.wasm one more beside it.
// TensorFlow.js has its gradients in WebAssembly in @tensorflow/tfjs-backend-wasm, which is not among the packages here:
// so there is no peer for the gradient, only its share of our own forward pass.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openOrt } from '../tests/node/lib/ort.js'
import { build, picture, root } from '../tests/node/lib/core.js'
import { tensorError, tolerance } from '../tests/node/lib/tolerances.js'
import { BacklightCore } from '../wasm/core.js'
import { networks } from './bench-networks.js'

const ROUNDS = Number(process.env.ROUNDS || 9)
const ONLY = process.env.ONLY
const WARM = 3
// Small networks take more rounds: they are within the noise of the clock.
const roundsOf = (ms) => ROUNDS * Math.max(1, Math.min(30, Math.round(20 / ms)))
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
const spread = (numbers) => {
  const sorted = numbers.toSorted((a, b) => a - b)
  return [sorted[numbers.length >> 2], sorted[(3 * numbers.length) >> 2]]
}

async function engine(file, bytes) {
  const core = await BacklightCore.load({ bytes: readFileSync(file) })
  const model = core.open(bytes)
  const view = model.view()
  const image = picture(model.info.input.width, model.info.input.height, 5)
  // A step of this attack is a forward pass and a gradient to the input; no colour may change, so it never ends early.
  const start = () => model.job('pgd', { picture: image, params: { eps: 0, steps: 100, restarts: 20 } })
  let job = start()
  const both = () => {
    const from = job.progress
    const began = performance.now()
    const { done, progress } = job.step()
    const ms = performance.now() - began
    if (done) {
      job.close()
      job = start()
    }
    return progress.forwards === from.forwards + 1 && progress.backwards === from.backwards + 1 ? ms : both()
  }
  return {
    forward: () => view.forward(image).ms,
    both,
    input: () => view.value(model.info.input.id),
    output: () => view.value(model.info.output),
    megabytes: () => core.memory / 1e6,
  }
}

async function measure(name, bytes) {
  const ours = await engine(process.env.MODULE || join(build, 'wasm/backlight.wasm'), bytes)
  const other = process.env.OTHER ? await engine(process.env.OTHER, bytes) : null
  ours.forward()
  const input = ours.input()
  const peer = await openOrt(bytes)
  const theirs = await peer.run(input.shape, input.data)
  const error = tensorError(ours.output(), theirs)
  if (!(error <= tolerance('TOL_ORT'))) throw new Error(`${name}: the outputs differ by ${error}`)
  const times = { forward: [], both: [], peer: [], otherForward: [], otherBoth: [] }
  const rounds = roundsOf(median([1, 2, 3].map(ours.forward)))
  for (let i = -WARM; i < rounds; i++) {
    const round = { forward: ours.forward(), both: ours.both() }
    if (other) Object.assign(round, { otherForward: other.forward(), otherBoth: other.both() })
    const start = performance.now()
    await peer.run(input.shape, input.data)
    round.peer = performance.now() - start
    if (i >= 0) for (const [what, ms] of Object.entries(round)) times[what].push(ms)
  }
  await peer.close()
  const ratios = (a, b) => a.map((ms, i) => ms / b[i])
  const row = {
    network: name,
    forwardMs: median(times.forward),
    peerMs: median(times.peer),
    ratio: median(ratios(times.peer, times.forward)),
    ratioQuartiles: spread(ratios(times.peer, times.forward)),
    bothMs: median(times.both),
    bothToForward: median(ratios(times.both, times.forward)),
    megabytes: ours.megabytes(),
    error,
  }
  if (other) {
    row.otherForwardToOurs = median(ratios(times.otherForward, times.forward))
    row.otherBothToOurs = median(ratios(times.otherBoth, times.both))
  }
  return row
}

const folder = mkdtempSync(join(tmpdir(), 'backlight-peers-'))
const rows = []
const before = loadavg()[0]
try {
  const files = { 'Tiny VGG': join(root, 'models/tiny-vgg.onnx') }
  for (const [name, text] of Object.entries(networks)) {
    const [from, to] = ['net.txt', 'onnx'].map((end) => join(folder, `${Object.keys(files).length}.${end}`))
    writeFileSync(from, text())
    execFileSync(join(build, 'native/backlight'), ['build', from, to, '--seed', '1'], { stdio: 'ignore' })
    files[name] = to
  }
  for (const [name, file] of Object.entries(files)) {
    if (ONLY && !name.startsWith(ONLY)) continue
    const row = await measure(name, readFileSync(file))
    rows.push(row)
    const d = (x, n = 2) => x.toFixed(n)
    const [low, high] = row.ratioQuartiles
    let line = `${name.padEnd(15)} forward ${d(row.forwardMs)} ms, ONNX Runtime ${d(row.peerMs)} ms, ratio ${d(row.ratio)} (${d(low)} … ${d(high)}); `
    line += `forward and gradient ${d(row.bothMs)} ms, ${d(row.bothToForward)} of forward; ${d(row.megabytes, 0)} MB; outputs differ by ${row.error.toExponential(1)}`
    if (row.otherForwardToOurs) line += `; the other module: ${d(row.otherForwardToOurs)} forward, ${d(row.otherBothToOurs)} both`
    console.log(line)
  }
} finally {
  rmSync(folder, { recursive: true })
}
const machine = { date: new Date().toISOString().slice(0, 10), processor: cpus()[0].model, loadBefore: before, loadAfter: loadavg()[0], rounds: ROUNDS }
writeFileSync(join(build, 'bench-peers.json'), JSON.stringify({ ...machine, rows }, null, 2) + '\n')
console.log(`load ${before.toFixed(2)} before, ${machine.loadAfter.toFixed(2)} after; TensorFlow.js left out: its WebAssembly backend is not installed`)
