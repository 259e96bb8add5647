// The figures that `embed=` may name: the network and its two depths, and every panel of the lab by its id.
import { groupsOf } from './lab.js'
import { t } from '../texts/texts.js'

const OF_THE_NETWORK = ['network', 'channel', 'number']

/** @returns {{ id: string, title: string }[]} */
export const figuresOf = (manifest) => [...OF_THE_NETWORK.map((id) => ({ id, title: t.embed.figures[id] })), ...groupsOf(manifest).map(({ id, title }) => ({ id, title }))]

/** What the address says of the view, for a figure: the panel, or the depth. */
export function settle(address) {
  const { embed } = address
  if (!embed) return address
  const panel = !OF_THE_NETWORK.includes(embed)
  return { ...address, lab: panel ? embed : '', ...(embed === 'channel' || embed === 'number' ? { depth: address.depth || embed } : {}) }
}
