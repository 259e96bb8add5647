// What a panel would run now: the method picked, its parameters, and what it is asked of.
import { session as s } from '../state.svelte.js'

/** The method of a group that the address names, else the first. */
export const methodOf = (group) => group.methods.find((m) => m.id === s.address.method) ?? group.methods[0]

/** The value of a parameter: as in the address, else the default; '' is a layer that the method chooses. */
export const valueOf = (param) => s.address.params[param.name] ?? param.default

/** Keeps a value in the address; defaults are left out. */
export function setParam(param, value) {
  const params = { ...s.address.params, [param.name]: String(value) }
  if (String(value) === String(param.default)) delete params[param.name]
  s.go({ params })
}

/** The parameters that this method knows, without defaults. */
export function paramsOf(method) {
  const out = {}
  for (const p of method.params) {
    const v = valueOf(p)
    if (v !== p.default && v !== '') out[p.name] = p.type === 'number' || p.type === 'integer' ? Number(v) : v
  }
  return out
}

/** Does the method explain the pinned class or layer? */
const takes = (method) => {
  if (!method.objectives.length) return ''
  const kind = s.pinned.index >= 0 ? 'class' : 'layer'
  return method.objectives.includes(kind) || s.pinned.index < 0 ? s.pin : ''
}

export const requestOf = (method, objective = takes(method)) => ({ model: s.model, method, picture: s.hands.fed, frame: s.frame, objective, params: paramsOf(method) })

/** Quick enough to follow every change by itself: a few passes, no loop. */
export const isQuick = (method) => !/[×*]|steps/.test(method.cost)
