// What can be done with the unit that was looked at last, by keys and menus.
import { t } from '../texts/texts.js'

// The unit and its column; null where none was looked at, or the input.
function lookedAt(s) {
  const column = s.looked && s.columns.find((c) => c.id === s.looked.id)
  return column ? { at: s.looked, column } : null
}

/** Pins its channel, or its layer, or the one unit under the pointer. @param {any} s the session @param {'channel' | 'layer' | 'unit'} [what] */
export function pinLooked(s, what = 'channel') {
  const { at, column } = lookedAt(s) ?? {}
  if (!column?.node) return
  const layer = s.layerText(column)
  const channel = `${layer}:${at.channel}`
  return s.setPin(what === 'layer' ? layer : what === 'unit' && at.row !== undefined ? `${channel}@${at.row},${at.column}` : channel)
}

/** Switches its channel off, or on again. @param {any} s */
export function toggleLooked(s) {
  const { at, column } = lookedAt(s) ?? {}
  if (!column?.node) return
  const off = s.hands.toggle(s.layerText(column), at.channel)
  s.toast(off ? t.edit.off(at.channel + 1, column.name) : t.edit.on(at.channel + 1, column.name), '', { label: t.edit.undo, run: () => s.hands.undo() })
}

/** The numbers of its map, as a table. @param {any} s */
export function tableOfLooked(s) {
  const { at, column } = lookedAt(s) ?? {}
  const value = at && (s.backward ? s.gradients : s.maps).get(column.id)
  if (!value) return
  const [, channels = 1, h = 1, w = 1] = value.shape
  s.dialog = { kind: 'table', map: { title: `${column.name}, ${t.readout.channel(at.channel + 1, channels)}`, data: value.data, at: at.channel * h * w, w, h } }
}
