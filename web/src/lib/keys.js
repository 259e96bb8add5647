// Keys of the whole page; tiles, menus and controls have their own.
import { samples } from './api.js'
import { groupsOf } from './lab.js'
import { depth } from '../depth/depth.svelte.js'
import { session as s } from '../state.svelte.js'
import { pinLooked, tableOfLooked, toggleLooked } from '../state/looked.js'

const typing = (e) => /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) && e.target.type !== 'range' && e.target.type !== 'checkbox'

export function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event) || s.dialog) return
  const key = event.key
  if (key === 'b' || key === 'B') s.turn()
  else if (key === 'l' || key === 'L') s.openLab(s.address.lab ? '' : groupsOf(s.manifest)[0]?.id)
  else if (key === 'p' || key === 'P') s.pictures.choose(samples[(samples.findIndex((x) => x.id === s.picture?.id) + (key === 'P' ? samples.length - 1 : 1)) % samples.length].id)
  else if (key === 'o' || key === 'O') pinLooked(s)
  else if (key === 'x' || key === 'X') toggleLooked(s)
  else if ((key === 'u' || key === 'U') && s.hands.active) s.hands.undo()
  else if (key === 't' || key === 'T') tableOfLooked(s)
  else if (key === '/') {
    event.preventDefault()
    s.findClass++
  } else if (key === '?') s.dialog = { kind: 'keys' }
  else if (key === 'Escape') out()
}

// One step out, and with it the focus: to the button of the panel, to the tile of the channel.
function out() {
  const { lab, open } = s.address
  const { unit } = depth
  if (lab) s.openLab('')
  else if (!depth.out() && open) s.openLayer('')
  const from = lab ? `[data-lab="${lab}"]` : unit && `[data-column="${CSS.escape(depth.nameOf(unit.id))}"] [data-channel="${unit.channel}"]`
  if (from) setTimeout(() => document.activeElement === document.body && document.querySelector(from)?.focus())
}
