// The only place that knows the core's API. Everything the page computes goes through what this gives.
import { Backlight } from '../../../wasm/backlight.js'
import { models, samples, single, wasm, worker } from 'page-sources'

export { models, samples, single }

/** Starts workers and module. Rejects with an error whose code says why: 'no-simd', … */
export const load = () => Backlight.load({ wasm, worker })

/** The parts of an error as the page shows them. */
export const told = (error) => ({ code: error?.code ?? '', message: error?.message ?? String(error), hint: error?.hint ?? '' })
