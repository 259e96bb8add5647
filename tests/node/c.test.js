// Runs the programs that `make c-tests fuzzers` built, one subtest each: the tests in C under the sanitisers, then
// every fuzzer for BACKLIGHT_FUZZ_SECONDS (10). The sources are listed, not the programs, so that a program that
// was not built is a failure and one whose source is gone is not run.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const build = join(root, process.env.BACKLIGHT_BUILD || 'build')
const seconds = Number(process.env.BACKLIGHT_FUZZ_SECONDS || 10)
const tail = 4000 // characters of a failed program's output that are shown

// Runs a program to its end; its output is part of the failure.
function run(program, args = []) {
  assert.ok(existsSync(program), `${program} is not built: run \`make c-tests fuzzers\``)
  return new Promise((done, fail) => {
    const env = {
      ...process.env,
      ASAN_OPTIONS: 'detect_stack_use_after_return=1:strict_string_checks=1',
      UBSAN_OPTIONS: 'print_stacktrace=1',
    }
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const keep = (chunk) => (output = (output + chunk).slice(-1e6))
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', fail)
    child.on('close', (code, signal) => {
      if (code === 0) return done(output)
      fail(new Error(`${basename(program)} ended with ${signal ?? 'status ' + code}:\n${failures(output)}`))
    })
  })
}

// The lines that tell what went wrong: cmocka's passed cases and libFuzzer's progress are left out.
function failures(output) {
  return output.split('\n').filter((line) => !/^\[ +(RUN|OK) +\]|^#\d+\t|^INFO: |^\tNEW_FUNC|^stat::/.test(line)).join('\n').slice(-tail)
}

function sources(folder, pattern) {
  const path = join(root, 'tests', folder)
  return existsSync(path) ? readdirSync(path).filter((name) => pattern.test(name)).map((name) => name.slice(0, -2)).sort() : []
}

test('C tests', async (t) => {
  const names = sources('c', /^(test|double)_.*\.c$/)
  assert.ok(names.length > 0, 'tests/c holds no test program')
  for (const name of names) {
    await t.test(name, async (t) => {
      const output = await run(join(build, 'tests/c', name))
      const passed = /\[ +PASSED +\] (\d+) test/.exec(output)
      assert.ok(passed && Number(passed[1]) > 0, `${name} ran no test:\n${output.slice(-tail)}`)
      t.diagnostic(`${passed[1]} cases`)
    })
  }
})

test('fuzzers', async (t) => {
  const names = sources('fuzz', /^fuzz_.*\.c$/)
  assert.ok(names.length > 0, 'tests/fuzz holds no fuzzer')
  for (const name of names) {
    await t.test(`${name} for ${seconds} s`, async (t) => {
      const seeds = join(root, 'tests/fuzz/corpus', name.slice('fuzz_'.length))
      assert.ok(existsSync(seeds) && readdirSync(seeds).length > 0, `${name} has no seed in ${seeds}`)
      // What it finds goes to a folder of its own, kept only for `make fuzz`; an input that fails is always kept.
      const kept = join(build, 'fuzz')
      mkdirSync(join(kept, name), { recursive: true })
      const keep = process.env.BACKLIGHT_FUZZ_KEEP === '1'
      const found = keep ? join(kept, name) : mkdtempSync(join(tmpdir(), 'backlight-fuzz-'))
      try {
        const output = await run(join(build, 'tests/fuzz', name), [
          `-max_total_time=${seconds}`, '-timeout=10', '-rss_limit_mb=2048', '-print_final_stats=1',
          ...(keep ? [] : ['-seed=1']), `-artifact_prefix=${join(kept, name)}-`, found, seeds,
        ])
        const runs = /number_of_executed_units: (\d+)/.exec(output)
        assert.ok(runs && Number(runs[1]) > 0, `${name} tried no input:\n${output.slice(-tail)}`)
        t.diagnostic(`${runs[1]} inputs`)
      } finally {
        if (!keep) rmSync(found, { recursive: true, force: true })
      }
    })
  }
})
