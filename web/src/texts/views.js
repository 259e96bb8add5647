// The words of views that come later, each in all its languages in the file of the view: `v`, as `t` those of the page.
import * as de from './de-views.js'
import * as en from './en-views.js'
import { language } from './texts.js'

const files = { en, de }
export const v = new Proxy(en.v, { get: (_, key) => (files[language()] ?? en).v[key] })
