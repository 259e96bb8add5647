// Draws the pictures of docs/methods/ with the command, one a method: node tools/docs-figures.js [id …]
import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandOf } from './method-pages.js'

const root = resolve(fileURLToPath(import.meta.url), '../..')
const program = join(root, process.env.BACKLIGHT_BUILD || 'build', 'native/backlight')
const all = JSON.parse(execFileSync(program, ['methods', '--json'], { encoding: 'utf8', maxBuffer: 1 << 24 })).methods.map((m) => m.id)
const wanted = process.argv.slice(2)
for (const id of wanted.length ? wanted : all) execFileSync(program, [...commandOf(id), '--sheet', `docs/methods/${id}.png`], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
