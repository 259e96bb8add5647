// The pages of docs/ that the tables write are up to date.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pages } from '../../tools/docs.js'
import { files, page } from '../../tools/judging.js'

for (const [file, text] of Object.entries(pages())) {
  test(`${file} says what the tables say`, () => assert.equal(readFileSync(new URL('../../' + file, import.meta.url), 'utf8'), text, 'run `make docs`'))
}

test('docs/judging.md says what its figures say', () => assert.equal(readFileSync(files.page, 'utf8'), page(JSON.parse(readFileSync(files.json, 'utf8')))))
