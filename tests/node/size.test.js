// The module is no larger than docs/decisions/0001-module-size.md allows.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { root, wasmBytes } from './lib/core.js'

test('the module keeps to its limit', (t) => {
  const record = readFileSync(join(root, 'docs/decisions/0001-module-size.md'), 'utf8')
  const limit = record.match(/^ +limit: (\d+) bytes, (\d+) bytes gzip$/m)
  assert.ok(limit, 'the record names no limit')
  const bytes = wasmBytes()
  const zipped = gzipSync(bytes, { level: 9 })
  t.diagnostic(`${bytes.length} bytes, ${zipped.length} gzip`)
  assert.ok(bytes.length <= Number(limit[1]), `${bytes.length} bytes, ${limit[1]} allowed`)
  assert.ok(zipped.length <= Number(limit[2]), `${zipped.length} bytes gzip, ${limit[2]} allowed`)
})
