// What the tests of the JavaScript API share: the built module, a small network, pictures made of numbers.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../..', import.meta.url))
export const build = resolve(root, process.env.BACKLIGHT_BUILD || 'build')

export function wasmBytes() {
  const path = join(build, 'wasm/backlight.wasm')
  assert.ok(existsSync(path), `${path} is not built: run \`make wasm\``)
  return new Uint8Array(readFileSync(path))
}

export { NETWORK, picture } from './bits.js'

// Refused with that code, a message, and nothing that only a programmer would understand.
export async function refused(code, action) {
  const error = await Promise.resolve().then(action).then(() => null, (thrown) => thrown)
  assert.ok(error, `was not refused, but ${code} was due`)
  assert.equal(error.name, 'BacklightError', String(error.stack))
  assert.equal(error.code, code, error.message)
  assert.ok(error.message.length > 10, error.message)
  return error
}
