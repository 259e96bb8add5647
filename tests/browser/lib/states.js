// Every state of the page in one table: its name, its address, what is done there, and the part of the page that is not as in the others. One page goes from state to state by its address, so that a
// test of all of them is quick.
import { network, TEXTS } from './networks.js'
import { give, until } from './page.js'

const ready = () => ['idle', 'failed'].includes(document.documentElement.dataset.state) && (!document.querySelector('#lab') || ['done', 'ready', 'failed'].includes(document.querySelector('#lab').dataset.status)) && (!document.querySelector('[data-depth]') || document.querySelector('[data-ready=yes]'))
const settled = (page) => until(page, ready)
const click = (selector) => async (page) => page.locator(selector).first()[(await page.evaluate(() => matchMedia('(pointer: coarse)').matches)) ? 'tap' : 'click']()
const menu = (selector) => async (page) => {
  await click(selector)(page)
  await page.locator('.pop').first().waitFor()
}
const item = (n) => async (page) => {
  await menu('header .left .menu > button')(page)
  await page.locator('header .left [role=menuitem]').nth(n).click()
}
const opened = (act) => async (page) => {
  await page.evaluate(() => document.activeElement?.blur())
  await act(page)
  await page.locator('dialog h2').first().waitFor()
}
const run = async (page) => {
  await click('#lab .bar[data-job] > .btn')(page)
  await until(page, () => document.querySelector('#lab')?.dataset.status === 'done')
}
const wait = (selector) => (page) => page.locator(selector).first().waitFor()
const drop = (name, text = TEXTS[name]()) => async (page) => {
  const passes = await page.locator('html').getAttribute('data-passes')
  await give(page, `${name}.onnx`, network(name, text), { kind: 'model' })
  await until(page, (n) => document.documentElement.dataset.passes !== n, passes)
  await settled(page)
}

const DEPTHS = [
  ['channel', 'at=conv_2_1:1'], ['channel backwards', 'dir=backward&at=max_pool_1:3'], ['number', 'at=conv_1_2:1&depth=number&cell=0,11'], ['number backwards', 'dir=backward&at=conv_1_2:1&depth=number'],
  ['curve', 'at=relu_2_2:1&depth=number'], ['pool', 'at=max_pool_2:0&depth=number'], ['score', 'at=output:7'], ['softmax', 'at=softmax:7&depth=number'],
]
const LABS = ['maps', 'saliency', 'attack', 'dream', 'cue', 'classes', 'edit', 'play'].map((id) => [id, `lab=${id}`])
const RESULTS = [
  ['a map of many passes', 'lab=saliency&method=smoothgrad&params=samples%3D5', run], ['two maps', 'lab=saliency&method=occlusion&params=size%3D16+stride%3D16', run],
  ['curves', 'lab=saliency&method=deletion&params=steps%3D8', run], ['an attack', 'lab=attack&method=pgd&params=steps%3D2', run], ['a dream', 'lab=dream&params=steps%3D2+octaves%3D1', run],
  ['a question', 'lab=guess&params=kind%3Dwhere+round%3D11', wait('[data-question=asking]')],
  ['a question of honesty', 'lab=guess&params=kind%3Dhonest+round%3D5', async (page) => {
    await wait('[data-question=asking]')(page)
    await click('.side .btn.main')(page)
    await wait('[data-question=told]')(page)
  }],
]
const DIALOGS = [
  ['card', '', opened(item(0))],
  ['keys', '', opened((page) => page.keyboard.press('?'))],
  ['about', '', opened(async (page) => {
    await page.keyboard.press('?')
    await click('dialog .link')(page)
    for (const summary of await page.locator('dialog summary').all()) await summary.click()
  })],
  ['share', '', opened(async (page) => {
    await click('header .right > .btn.icon:nth-of-type(2)')(page)
    await click('dialog summary')(page)
    await click('dialog .ends .btn')(page)
    await wait('[data-view=qr]')(page)
  })],
  ['table', '', opened(async (page) => {
    await page.locator('[data-column=conv_1_2] [data-tile="2"]').focus()
    await page.keyboard.press('t')
  })],
  ['crop', '', opened(click('.under .crop'))],
  ['about the network', '', opened(item(1))],
  ['everything offline', '', opened(item(3))],
  ['times', '', opened(async (page) => {
    await item(2)(page)
    await wait('dialog table')(page)
  })],
  ['refused', '', opened((page) => give(page, 'mine.onnx', Buffer.from('no network'), { kind: 'model' }))],
]
const MENUS = [
  ['menu of objectives', '', menu('.chip')], ['menu of networks', '', menu('header .left .menu > button')], ['menu of scales', '', menu('header .right .menu > button')],
  ['menu of languages', '', menu('header .right > .menu:last-of-type > button')], ['menu of methods', 'lab=saliency', menu('.picker .menu > button')],
]
const FIGURES = ['network', 'channel', 'number', 'maps', 'saliency', 'attack', 'dream', 'cue', 'guess', 'edit', 'play'].map((id) => [`figure ${id}`, `embed=${id}&title=A+figure`])

const within = (part, states) => states.map(([name, hash, act]) => [name, hash, act, part])

/** Of a wide page. */
export const STATES = [
  ['network', ''], ['backward', 'dir=backward'], ['a layer opened', 'open=relu_1_2'], ['bigger type', 'type=large'], ['training', 'frame=3', wait('[data-view=frame]')], ['changed by hand', 'edits=relu_1_1:4*0&paint=12.mean.0w0g140k'],
  ['the light on its way', 'dir=backward', async (page) => {
    await click('.text section:last-child .link')(page)
    await wait('[data-front]:not([data-front=still])')(page)
  }],
  ['more pictures', '', click('.second .btn')], ['held by the link', 'lock=dir,pin,model,picture,scale,lab'],
  ...within('.pop', MENUS), ...within('dialog', DIALOGS), ...within('#network', DEPTHS), ...within('#lab', [...LABS, ['a window that does not fit', 'lab=play&params=size%3D8+k%3D5+dilation%3D3'], ...RESULTS]), ...FIGURES,
  ['a block opened', 'scale=unit', async (page) => {
    await drop('squeezenet11')(page)
    await click('.more')(page)
  }], ['no preprocessing', '', opened(drop('bare', TEXTS.grey().replace(/^(mean|std|channels).*\n/gm, ''))), 'dialog'],
]
/** Of a phone. */
export const PHONE = [
  ['network', ''], ['backward', 'dir=backward'], ['a layer opened', 'model=flagship&open=mixed7_join', wait('.jump')], ['training', 'frame=3', wait('[data-view=frame]')],
  ['a channel looked at', '', async (page) => {
    await click('[data-column=conv_1_2] [data-tile="2"]')(page)
    await wait('.foot')(page)
  }],
  ['menu', '', menu('header .menu > button'), '.pop'], ['menu of objectives', '', menu('.chip .chip'), '.pop'], ['pictures', '', async (page) => {
    await click('.change')(page)
    await wait('.sheet')(page)
  }, '.sheet'],
  ['explanation', '', click('.tabs button:last-child'), '#network'], ...within('#network', DEPTHS), ...within('#network', [...LABS, ...RESULTS]),
  ['share', '', opened(async (page) => {
    await menu('header .menu > button')(page)
    await click('header .pop > .menu > .btn.quiet')(page)
  }), 'dialog'],
  ...FIGURES,
]

/** Brings the page to a state. @param {import('playwright-core').Page} page @param {any[]} state @param {string} [more] of the address, in every state */
export async function to(page, [name, hash, act], more = '') {
  await page.evaluate((text) => {
    document.querySelector('dialog')?.close()
    document.body.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true })) // closes what is open beneath a button
    document.querySelector('.sheethead button')?.click()
    document.activeElement?.blur()
    location.hash = text
  }, `#v=1${more && '&' + more}${hash && '&' + hash}`)
  await page.waitForTimeout(60) // the address is followed
  await settled(page)
  await act?.(page).catch((error) => {
    throw new Error(`${name}: ${error.message}`)
  })
}
