// Whole networks beside the peers, in Node and in Chromium: launches one after another, and what their rounds come to.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build as bundle } from 'vite'
import { BUILD, ROOT, launch } from '../../tests/browser/lib/page.js'
import { serve } from '../serve.js'
import { networks } from './networks.js'

const FOLDER = join(BUILD, 'bench')
const packages = join(ROOT, 'node_modules')
const TFJS_WASM = join(packages, '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm')
const MODULES = { backlight: 'wasm/backlight.wasm', 'backlight-relaxed': 'wasm/backlight-relaxed.wasm' }
const PLATFORMS = ['node', 'chromium']

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
const quartiles = (numbers) => {
  const sorted = numbers.toSorted((a, b) => a - b)
  return [sorted[numbers.length >> 2], sorted[(3 * numbers.length) >> 2]]
}

// TensorFlow.js with its gradients, which its package for Node leaves out: bundled for Node and for a page.
async function bundleTfjs() {
  const entry = join(FOLDER, 'tfjs-entry.js')
  writeFileSync(entry, `import '@tensorflow/tfjs-core/dist/register_all_gradients.js'\nexport * from '@tensorflow/tfjs-core'\nexport * from '@tensorflow/tfjs-backend-wasm'\n`)
  const shared = {
    configFile: false,
    root: ROOT,
    logLevel: 'error',
    resolve: { mainFields: ['module', 'main'], alias: [{ find: /^@tensorflow/, replacement: join(packages, '@tensorflow') }] },
  }
  const to = { outDir: FOLDER, emptyOutDir: false, minify: false }
  await bundle({ ...shared, build: { ...to, lib: { entry, formats: ['es'], fileName: () => 'tfjs-page.mjs' } } })
  await bundle({ ...shared, ssr: { noExternal: true }, build: { ...to, ssr: entry, rolldownOptions: { output: { entryFileNames: 'tfjs-node.mjs' } } } })
}

function makeNetworks(names) {
  for (const name of names) {
    const text = join(FOLDER, `${name}.net.txt`)
    writeFileSync(text, networks[name]())
    execFileSync(join(BUILD, 'native/backlight'), ['build', text, join(FOLDER, `${name}.onnx`), '--seed', '1'], { stdio: 'ignore' })
  }
}

const PEAKS = { backlight: 'bench/peak.wasm', 'backlight-relaxed': 'bench/peak-relaxed.wasm' }
const peaksOf = (modules) => Object.fromEntries(modules.map((name) => [name, PEAKS[name]]))

// Like the modules: by the compiler of each (Makefile).
function compilePeaks() {
  const run = (...command) => execFileSync(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' }).trim()
  const flags = ['-std=c11', '-O3', '-ffp-contract=off', '-msimd128', '-I', join(ROOT, 'src')]
  const [source, object, sysroot] = [join(ROOT, 'tools/bench/peak.c'), join(FOLDER, 'peak.o'), join(run('em-config', 'CACHE'), 'sysroot')]
  run(process.env.EMCC || 'emcc', ...flags, '--no-entry', source, '-o', join(BUILD, PEAKS.backlight))
  run(process.env.RELAXED_CC || 'clang-19', '--target=wasm32-unknown-emscripten', `--sysroot=${sysroot}`, ...flags, '-mrelaxed-simd', '-DBL_FAST', '-c', source, '-o', object)
  run(process.env.RELAXED_LD || 'wasm-ld-19', '--no-entry', object, '-o', join(BUILD, PEAKS['backlight-relaxed']))
}

function inNode(network, rounds, modules) {
  const ort = { script: 'onnxruntime-web', files: pathToFileURL(dirname(createRequire(import.meta.url).resolve('onnxruntime-web'))).href + '/' }
  const request = {
    rounds,
    network: join(FOLDER, `${network}.onnx`),
    peaks: Object.fromEntries(Object.entries(peaksOf(modules)).map(([name, file]) => [name, join(BUILD, file)])),
    modules: Object.fromEntries(modules.map((name) => [name, join(BUILD, MODULES[name])])),
    ort,
    tfjs: { script: pathToFileURL(join(FOLDER, 'tfjs-node.mjs')).href, wasm: TFJS_WASM },
  }
  const flags = modules.includes('backlight-relaxed') ? ['--experimental-wasm-relaxed-simd'] : []
  const text = execFileSync(process.execPath, [...flags, join(ROOT, 'tools/bench/node-launch.js'), JSON.stringify(request)], { maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'] })
  return JSON.parse(text.toString('utf8'))
}

async function inChromium(network, rounds, modules) {
  const server = await serve(ROOT)
  const browser = await launch()
  try {
    const page = await browser.newPage()
    page.on('pageerror', (e) => console.error(e.message))
    await page.route('**/empty.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><link rel="icon" href="data:,"><title>bench</title>' }))
    await page.route('**/built/**', (route) => {
      const file = join(BUILD, decodeURIComponent(new URL(route.request().url()).pathname.replace(/^.*\/built\//, '')))
      route.fulfill({ contentType: file.endsWith('.mjs') ? 'text/javascript' : 'application/octet-stream', body: readFileSync(file) })
    })
    await page.goto(new URL('empty.html', server.url).href)
    return await page.evaluate(
      async ({ network, rounds, modules, peaks }) => {
        const bytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer())
        const at = (path) => new URL(path, location.href).href
        const { launch } = await import('/tools/bench/launch.js')
        const read = async (files) => {
          const all = {}
          for (const [name, path] of Object.entries(files)) all[name] = await bytes('/built/' + path)
          return all
        }
        return launch({
          rounds,
          bytes: await bytes(`/built/bench/${encodeURIComponent(network)}.onnx`),
          peaks: await read(peaks),
          modules: await read(modules),
          ort: { script: at('/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs'), files: at('/node_modules/onnxruntime-web/dist/') },
          tfjs: { script: at('/built/bench/tfjs-page.mjs'), wasm: at('/node_modules/@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm') },
        })
      },
      { network, rounds, modules: Object.fromEntries(modules.map((name) => [name, MODULES[name]])), peaks: peaksOf(modules) },
    )
  } finally {
    await browser.close()
    await server.close()
  }
}

/** Ratios of two engines' times, round by round. */
const ratios = (a, b) => a.map((ms, i) => ms / b[i])

function rowsOf(platform, network, launches) {
  const names = Object.keys(launches[0].times)
  const all = (name) => launches.flatMap((one) => one.times[name])
  const most = (name) => launches.flatMap((one) => one.peaks[name] ?? [])
  const peak = median(most('backlight'))
  const rows = []
  for (const name of names) {
    const [engine, work] = name.split(' ')
    if (work === 'kept') continue // a part of what follows
    const ms = median(all(name))
    // Backward to the input is counted as much work as forward.
    const gflops = (2 * launches[0].macs * (work === 'forward' ? 1 : 2)) / ms / 1e6
    const row = { platform, engine, network, work, median_ms: ms, gflops, share_of_peak: gflops / peak, peak_gflops: peak }
    if (engine === 'backlight-relaxed') row.peak_of_plain = median(ratios(most(engine), most('backlight')))
    const peers = ['onnxruntime-web', 'tfjs'].filter((one) => names.includes(`${one} ${work}`))
    if (engine.startsWith('backlight')) {
      const against = peers.map((peer) => ({ peer, all: ratios(all(`${peer} ${work}`), all(name)) }))
      row.ratios = Object.fromEntries(against.map(({ peer, all }) => [peer, median(all)]))
      const least = against.toSorted((a, b) => median(a.all) - median(b.all))[0] // the faster peer
      row.ratio = least ? median(least.all) : null
      row.ratio_quartiles = least ? quartiles(least.all) : null
      if (work !== 'forward') [row.of_forward, row.of_kept] = ['forward', 'kept'].map((one) => median(ratios(all(name), all(`${engine} ${one}`))))
    } else {
      row.ratio = median(ratios(all(name), all(`backlight ${work}`)))
      row.ratio_quartiles = quartiles(ratios(all(name), all(`backlight ${work}`)))
    }
    row.memory_mb = Math.max(...launches.map((one) => one.memory[engine])) / 1e6
    row.difference = Math.max(...launches.map((one) => one.differences[name]))
    rows.push(row)
  }
  for (const [name, why] of Object.entries(launches[0].differences))
    if (typeof why === 'string') rows.push({ platform, engine: name.split(' ')[0], network, work: name.split(' ')[1], median_ms: null, gflops: null, share_of_peak: null, ratio: null, fails: why })
  return rows
}

const d = (x, digits = 2) => (x == null ? '–' : x.toFixed(digits))

/** One line for the terminal. */
export function line(row) {
  if (row.fails) return `${row.platform.padEnd(8)} ${row.network.padEnd(14)} ${row.engine.padEnd(17)} ${row.work}: fails: ${row.fails}`
  const spread = row.ratio_quartiles ? `${d(row.ratio)} (${row.ratio_quartiles.map((x) => d(x)).join(' … ')})` : '–'
  const own = row.of_forward ? `, ${d(row.of_forward)} of forward, ${d(row.of_kept)} of one that keeps` : ''
  return `${row.platform.padEnd(8)} ${row.network.padEnd(14)} ${row.engine.padEnd(17)} ${row.work.padEnd(22)} ${d(row.median_ms).padStart(8)} ms ${d(row.gflops, 1).padStart(6)} GFLOP/s ${d(100 * row.share_of_peak, 0).padStart(4)} %  ratio ${spread}${own}; ${d(row.memory_mb, 0)} MB`
}

/** @param {{ rounds: number, launches: number, networks: string[], platforms: string[], print?: (text: string) => void }} options */
export async function peers({ rounds, launches, networks: names, platforms, print = console.log }) {
  mkdirSync(FOLDER, { recursive: true })
  const modules = Object.keys(MODULES).filter((name) => existsSync(join(BUILD, MODULES[name])))
  makeNetworks(names)
  compilePeaks()
  await bundleTfjs()
  const rows = []
  for (const network of names)
    for (const platform of platforms) {
      const all = []
      for (let i = 0; i < launches; i++) all.push(platform === 'node' ? inNode(network, rounds, modules) : await inChromium(network, rounds, modules))
      const some = rowsOf(platform, network, all)
      for (const row of some) print(line(row))
      rows.push(...some)
    }
  return rows
}

export const NETWORKS = Object.keys(networks)
export { PLATFORMS }
