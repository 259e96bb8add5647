// Measures what a visitor waits for and whole networks beside the peers, and writes docs/bench.json and docs/bench.md. Nothing
// else may run meanwhile: the load of the machine is written beside the figures.
//   ONLY=VGG-like,ResNet-18   these networks alone          PLATFORM=node   or chromium alone
//   ROUNDS=5                  pairs in a launch             LAUNCHES=3      processes, and browsers, of each network
//   DATA=folder               the trainer too
// With ONLY or PLATFORM it prints, and leaves docs/ as it is; ONLY=loading measures the loading of the page alone and puts it into docs/.
import { cpus, loadavg } from 'node:os'
import { jobs } from './bench/jobs.js'
import { loading } from './bench/loading.js'
import { NETWORKS, PLATFORMS, peers } from './bench/peers.js'
import { twoWorkers } from './bench/pool.js'
import { readFigures, report, writeFigures } from './bench/report.js'
import { precached, sizes, trainer, waits } from './bench/site.js'

const chosen = (name, all) => {
  const words = process.env[name]?.split(',')
  const wrong = words?.find((word) => !all.includes(word))
  if (wrong) {
    console.error(`${name} says "${wrong}"; there are ${all.join(', ')}`)
    process.exit(2)
  }
  return words ?? all
}
const load = () => Number(loadavg()[0].toFixed(2))
const LOADS = 3 // visits of each kind

if (process.env.ONLY === 'loading') {
  const figures = readFigures()
  Object.assign(figures, { bytes: { ...sizes(), precached: precached() }, loading: await loading(LOADS) })
  writeFigures(figures)
  console.log(JSON.stringify(figures.loading, null, 2))
  process.exit(0)
}

const options = {
  rounds: Number(process.env.ROUNDS || 5),
  launches: Number(process.env.LAUNCHES || 3),
  networks: chosen('ONLY', NETWORKS),
  platforms: chosen('PLATFORM', PLATFORMS),
}
const whole = !process.env.ONLY && !process.env.PLATFORM
const machine = { date: new Date().toISOString().slice(0, 10), processor: cpus()[0].model, cores: cpus().length, loadBefore: load() }
const rows = await peers(options)
if (whole) {
  const figures = { ...machine, bytes: { ...sizes(), precached: precached() }, milliseconds: await waits(), loading: await loading(LOADS), pool: await twoWorkers(5), jobs: await jobs(options.rounds) }
  if (process.env.DATA) figures.trainerImagesPerSecond = Math.round(trainer(process.env.DATA))
  Object.assign(figures, { loadAfter: load(), rounds: options.rounds, launches: options.launches, rows })
  writeFigures(figures)
  console.log(report(figures))
} else console.log(`load ${machine.loadBefore} before, ${load()} after`)
process.exit(0)
