// The types of the API: the sources agree with them, right uses are accepted and wrong ones are not (lib/api-types.js).
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { root } from './lib/core.js'

test('tsc accepts the sources and the uses', async () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', join(root, 'tsconfig.json')], { cwd: root }).catch((error) => error)
  assert.equal(stdout, '')
})
