// Objectives as text (`class:7`, `conv3:12`): in words, and from names.
import { t } from '../texts/texts.js'

/** The name of a layer as objectives write it: quoted when it has other signs than letters, digits, _ . / */
export const layerText = (name) => (/^[A-Za-z0-9_./]+$/.test(name) ? name : `"${name}"`)

/**
 * An objective in words, and its classes where it has any.
 * @param {string} text
 * @param {(index: number) => string} label the name of a class
 * @returns {{ text: string, name: string, index: number, other: number, layer: string, channel: number }} index −1: no class;
 *   other −1: not A − B; layer '': no single layer; channel −1: all of it
 */
export function describe(text, label) {
  const m = /^(class|logp|prob|loss):(\d+)(?:-(\d+))?$/.exec(text)
  if (m) {
    const other = m[3] === undefined ? -1 : Number(m[3])
    const index = Number(m[2])
    return { text, name: other < 0 ? label(index) : `${label(index)} − ${label(other)}`, index, other, layer: '', channel: -1 }
  }
  const [, layer = '', channel, row, column] = /^"?([^":@*+]+)"?(?::(\d+)(?:@(\d+),(\d+))?)?$/.exec(text) ?? []
  const name = !layer ? text : row ? t.pin.unit(layer, Number(channel), row, column) : channel ? t.pin.channel(layer, Number(channel)) : t.pin.layer(layer)
  return { text, name, index: -1, other: -1, layer, channel: channel === undefined ? -1 : Number(channel) }
}
