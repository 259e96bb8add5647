// The figure as an anywidget: for JupyterLab, marimo, Jupyter Book and MyST. The model has `figure`, `view`, `height` and the keys of
// the address as text, `site` where the module does not come from the site itself, and gets `state`, the address as the visitor changes it.
import { addressOf, frameIn, KEYS, words } from './frame.js'

const HERE = /^https?:/.test(import.meta.url) ? import.meta.url : ''

/** @param {{ model: { get(name: string): any, set(name: string, value: any): void, save_changes(): void, on(event: string, f: () => void): void, off(event: string, f: () => void): void }, el: HTMLElement }} context */
function render({ model, el }) {
  const site = model.get('site') || HERE
  if (!site) {
    el.textContent = words.site
    return
  }
  const text = (key) => String(model.get(key) ?? '')
  const address = () => addressOf(site, Object.fromEntries(['figure', 'view', ...KEYS].map((key) => [key, text(key)])))
  const frame = frameIn(el, text('title') || words.frame, {
    height: text('height'),
    onstate(hash) {
      if (model.get('state') === hash) return
      model.set('state', hash)
      model.save_changes()
    },
  })
  const follow = () => frame.show(address())
  const events = ['figure', 'view', ...KEYS].map((key) => `change:${key}`)
  for (const event of events) model.on(event, follow)
  follow()
  return () => {
    for (const event of events) model.off(event, follow)
    frame.remove()
  }
}

export default { render }
