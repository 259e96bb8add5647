// Makes the README's pictures from the built page: docs/images/page.png and one of each panel.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, launch, serveSite, until, visit } from '../tests/browser/lib/page.js'

const folder = join(ROOT, 'docs/images')
// name, hash, clip of a 1440×900 window; panels that compute are waited for, and run when they wait for Run.
const shots = [
  ['page', '', { x: 0, y: 0, width: 1440, height: 900 }],
  ['maps', 'lab=maps&method=maps&params=layer%3Drelu_1_2', { x: 944, y: 52, width: 496, height: 660 }],
  ['saliency', 'dir=backward&lab=saliency&method=gradient', { x: 944, y: 52, width: 496, height: 660 }],
  ['attack', 'dir=backward&lab=attack&method=pgd&params=eps%3D4', { x: 208, y: 52, width: 1176, height: 744 }],
  ['dream', 'dir=backward&lab=dream&method=dream', { x: 208, y: 52, width: 1176, height: 744 }],
]

mkdirSync(folder, { recursive: true })
const [browser, server] = [await launch(), await serveSite()]
for (const [name, hash, clip] of shots) {
  await visit(browser, `${server.url}#v=1${hash && '&' + hash}`, async (page) => {
    if (hash) {
      const status = () => page.locator('#lab').getAttribute('data-status')
      if ((await status()) === 'ready') await page.locator('#lab').getByRole('button', { name: 'Run' }).click()
      await until(page, () => document.querySelector('#lab')?.dataset.status === 'done')
    }
    await page.waitForTimeout(500) // the last frame of a transition
    await page.screenshot({ path: join(folder, `${name}.png`), clip })
    console.log(`docs/images/${name}.png`)
  })
}
await browser.close()
await server.close()
