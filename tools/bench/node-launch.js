// node tools/bench/node-launch.js REQUEST: one launch in this process, its result as JSON on the standard output.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { launch } from './launch.js'

const { rounds, network, peaks, modules, ort, tfjs } = JSON.parse(process.argv[2])
// The glue of both peers expects the names that a script of CommonJS has.
Object.assign(globalThis, { require: createRequire(import.meta.url), __dirname: '.', __filename: 'bench' })
const read = (files) => Object.fromEntries(Object.entries(files).map(([name, file]) => [name, readFileSync(file)]))
const result = await launch({ rounds, bytes: new Uint8Array(readFileSync(network)), peaks: read(peaks), modules: read(modules), ort, tfjs })
process.stdout.write(JSON.stringify(result))
process.exit(0) // workers of the peers would keep it alive
