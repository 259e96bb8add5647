// The colour tables as people with each kind of colour blindness see them: above and below zero stay apart, and neither looks stronger.
// Machado, Oliveira and Fernandes 2009, full severity, in linear light; differences in CIE L*a*b* (ΔE of 1976).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BacklightCore } from '../../wasm/core.js'
import { wasmBytes } from './lib/core.js'

const SEEN = /** @type {Record<string, number[][]>} */ ({
  'all colours': [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
})
const JUST_SEEN = 2.3 // ΔE that is just noticed side by side
const APART = 10 // ΔE that pairs of middle size, and larger, keep at least: seen in small tiles, one after the other
const LIGHTNESS = 8 // L* by which the two may differ before one of them looks stronger

/** @param {number[]} rgb 0…255 @param {number[][]} matrix */
function lab(rgb, matrix) {
  const linear = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
  const [r, g, b] = matrix.map((row) => Math.min(1, Math.max(0, row.reduce((sum, w, i) => sum + w * linear[i], 0))))
  const f = (/** @type {number} */ t) => (t > 216 / 24389 ? Math.cbrt(t) : (841 / 108) * t + 4 / 29)
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047)
  const y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b)
  const z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883)
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

const core = await BacklightCore.load({ bytes: wasmBytes() })
for (const family of ['activation', 'gradient', 'weight'])
  for (const theme of ['light', 'dark'])
    test(`${family}, ${theme}: below and above zero differ for every eye, from small values on, and neither looks stronger`, (t) => {
      const table = core.colours(family, theme)
      const at = (/** @type {number} */ v, /** @type {number[][]} */ matrix) => lab([...table.subarray(4 * Math.round(127.5 + 127.5 * v), 4 * Math.round(127.5 + 127.5 * v) + 3)], matrix)
      for (const [eye, matrix] of Object.entries(SEEN)) {
        const least = { 0.2: Infinity, 0.4: Infinity }
        for (let v = 0.2; v <= 1.001; v += 0.05) {
          const [a, b] = [at(v, matrix), at(-v, matrix)]
          const apart = Math.hypot(...a.map((x, i) => x - b[i]))
          for (const from of /** @type {const} */ ([0.2, 0.4])) if (v >= from - 1e-9) least[from] = Math.min(least[from], apart)
          if (eye === 'all colours') assert.ok(Math.abs(a[0] - b[0]) <= LIGHTNESS, `±${v.toFixed(2)}: lightness ${a[0].toFixed(1)} and ${b[0].toFixed(1)}`)
        }
        t.diagnostic(`${eye}: ΔE at least ${least[0.2].toFixed(1)} from 0.2 on, ${least[0.4].toFixed(1)} from 0.4 on`)
        assert.ok(least[0.2] >= 2 * JUST_SEEN, `${eye}: ${least[0.2]}`)
        assert.ok(least[0.4] >= APART, `${eye}: ${least[0.4]}`)
      }
    })
