// The browser and the built page on a server, for a file of tests: `opened()` at its head, then both are there from its
// first test to its last.
import { after, before } from 'node:test'
import { launch, serveSite } from './page.js'

/** @type {import('playwright-core').Browser} */
export let browser
/** @type {{ url: string, close: () => Promise<void> }} */
export let server

/** @param {string[]} [more] arguments for Chromium */
export function opened(more) {
  before(async () => {
    ;[browser, server] = await Promise.all([launch(more), serveSite()])
  })
  after(async () => {
    await browser?.close()
    await server?.close()
  })
}
