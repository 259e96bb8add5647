// One launch: a network, all engines, passes in turn. Runs in Node (a process of its own) and in a page (a browser of its own).
import { backlight, onnxruntime, tfjs } from './engines.js'

const WARM = 2
const LEAST_MS = 12 // of a sample: clocks of browsers are coarse

const error = (ours, theirs) => {
  let [most, apart] = [0, 0]
  for (let i = 0; i < theirs.length; i++) {
    most = Math.max(most, Math.abs(theirs[i]))
    apart = Math.max(apart, Math.abs(ours[i] - theirs[i]))
  }
  return apart / most
}

/** Length of the difference over the length: a ReLU near zero that decides otherwise moves a patch, not all. */
const distance = (ours, theirs) => {
  let [apart, all] = [0, 0]
  for (let i = 0; i < theirs.length; i++) {
    apart += (ours[i] - theirs[i]) ** 2
    all += theirs[i] ** 2
  }
  return Math.sqrt(apart / all)
}

async function sample(pass, times) {
  const started = performance.now()
  for (let i = 0; i < times; i++) await pass()
  return (performance.now() - started) / times
}

/**
 * @param {{ rounds: number, bytes: Uint8Array, peaks: Record<string, BufferSource>, modules: Record<string, BufferSource>, ort: any, tfjs: any }} what
 * modules: ours by the name of the engine, 'backlight' first; peaks: peak.c compiled like them
 * @returns times of each round by "engine work", GFLOP/s of the peaks, memory by engine, differences, multiply-adds
 */
export async function launch({ rounds, bytes, peaks, modules, ort, tfjs: tf }) {
  const passes = {}
  const memory = {}
  const engines = {}
  for (const [name, module] of Object.entries(modules)) engines[name] = await backlight(bytes, module)
  const ours = engines.backlight
  const input = ours.input()
  engines['onnxruntime-web'] = await onnxruntime(bytes, input, ort)
  engines.tfjs = await tfjs(ours.info, input, ours.constant, tf)
  const differences = {}
  const scores = ours.forward()
  const gradient = ours.both()
  for (const [name, engine] of Object.entries(engines)) {
    passes[`${name} forward`] = engine.forward
    differences[`${name} forward`] = error(await engine.forward(), scores)
    if (engine.kept) passes[`${name} kept`] = engine.kept
    if (!engine.both) continue
    try {
      const theirs = await engine.both()
      differences[`${name} forward+input-gradient`] = distance(engine.turned ? engine.turned(theirs) : theirs, gradient)
      passes[`${name} forward+input-gradient`] = engine.both
    } catch (cause) {
      differences[`${name} forward+input-gradient`] = String(cause?.message ?? cause).split('\n')[0]
    }
  }
  const loops = {}
  const most = {} // GFLOP/s of each round
  for (const [name, code] of Object.entries(peaks)) {
    const { instance } = await WebAssembly.instantiate(code)
    loops[name] = instance.exports.peak
    most[name] = []
    instance.exports.fill(1)
    for (let i = 0; i < 20; i++) loops[name](100)
  }
  const times = {}
  const repeats = {}
  for (const [name, pass] of Object.entries(passes)) {
    for (let i = 0; i < WARM; i++) await pass()
    let once = await sample(pass, 1)
    if (once < LEAST_MS) once = await sample(pass, Math.ceil(LEAST_MS / once)) // warm by now
    repeats[name] = Math.max(1, Math.min(50, Math.round(LEAST_MS / once)))
    times[name] = []
  }
  for (let round = 0; round < rounds; round++) {
    for (const [name, loop] of Object.entries(loops)) {
      const started = performance.now()
      const operations = loop(10000)
      most[name].push(operations / (performance.now() - started) / 1e6)
    }
    for (const [name, pass] of Object.entries(passes)) times[name].push(await sample(pass, repeats[name]))
  }
  for (const [name, engine] of Object.entries(engines)) memory[name] = engine.memory()
  return { times, peaks: most, memory, differences, macs: ours.info.macs }
}
