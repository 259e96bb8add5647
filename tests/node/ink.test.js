// Numbers stand on the colours of the tables, in both themes: the ink must be readable on all of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { css, inkOn } from '../../web/src/lib/ink.js'

const linear = (b) => (b <= 10.3 ? b / 255 / 12.92 : ((b / 255 + 0.055) / 1.055) ** 2.4)
const luminance = (r, g, b) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)

test('the ink has a contrast of 4.5 on every colour', () => {
  for (let r = 0; r < 256; r += 5)
    for (let g = 0; g < 256; g += 5)
      for (let b = 0; b < 256; b += 5) {
        const packed = (255 << 24) | (b << 16) | (g << 8) | r
        const ground = luminance(r, g, b) + 0.05
        const ink = (inkOn(packed) === '#ffffff' ? 1 : 0) + 0.05
        assert.ok(Math.max(ground, ink) / Math.min(ground, ink) >= 4.5, css(packed))
      }
})

test('entries become CSS with red first', () => assert.equal(css((255 << 24) | (3 << 16) | (2 << 8) | 1), 'rgb(1 2 3)'))
