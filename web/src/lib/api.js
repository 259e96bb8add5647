// The only place that knows the core's API. Everything the page computes goes through what this gives.
import { Backlight } from '../../../wasm/backlight.js'
import { models, relaxed, samples as pictures, single, wasm, worker } from 'page-sources'
import { retold, said } from '../texts/texts.js'

export { models, single }
export const samples = pictures.map((s) => ({ ...s, get title() { return said(s.title) } }))

// An address with ?module=plain keeps to the module whose numbers are the same on every machine.
const plain = new URLSearchParams(location.search).get('module') === 'plain'

/** Starts workers and module. Rejects with an error whose code says why: 'no-simd', … */
export const load = async () => Backlight.load({ wasm: await wasm, relaxed: plain ? false : relaxed, worker })

/** A message as a sentence: capital, full stop. What begins with a file's name stays as it is. */
export const sentence = (text) => (/^[a-z]+[ ,:]/.test(text) ? text[0].toUpperCase() + text.slice(1) : text).replace(/([^.!?])$/, '$1.')

/** The parts of an error as the page shows them. */
export const told = (error) => ({ code: error?.code ?? '', message: sentence(retold(error?.message ?? String(error))), hint: retold(error?.hint ?? '') })
