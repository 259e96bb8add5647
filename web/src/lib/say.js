// What is said of a panel: the words of its group where they hold, which is for the group's first method alone; every other
// method speaks for itself, in the words of the manifest.
import { session as s } from '../state.svelte.js'
import { t } from '../texts/texts.js'
import { methodOf } from './request.svelte.js'

/** @returns {{ see: string, formula: string, title: string, act: string, link?: string }} formula: its key */
export function sayOf(group) {
  const method = methodOf(group)
  const own = !method || method === group.methods[0] ? t.text.groups[group.id] : null
  const formula = method ? `method.${method.id}` : ''
  if (!own) return { see: t.text.method(method.title, method.purpose, method.objectives.length ? s.pinned?.name : ''), formula, title: t.text.care, act: method.caution }
  const act = typeof own.act === 'function' ? own.act(s.label(s.result.predictions[0].index)) : own.act
  return { ...own, see: own.see(s.pinned?.name ?? ''), formula: own.formula === 'method' ? formula : own.formula, act }
}
