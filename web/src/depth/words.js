// What the text strip says of a depth.
import { signed } from '../lib/format.js'
import { session as s } from '../state.svelte.js'
import { t } from '../texts/texts.js'
import { v } from '../texts/views.js'
import { depth as d } from './depth.svelte.js'
import { kindOf, strongest } from './place.js'

// What is a convolution's has words and formulas of its own for each direction; the others one for both.
const ALIKE = ['largest', 'curve', 'share', 'scaled', 'kept', 'mean', 'weighted']

export function words() {
  const best = strongest(d.groups)
  const group = d.groups[d.depth === 'number' ? d.shown : 0]
  const kind = group ? kindOf(group) : (d.here?.parts[0]?.form ?? 'window')
  const title = t.text.tryThis
  if (ALIKE.includes(kind)) {
    const act = kind === 'share' ? v.depth.act.share : kind === 'largest' || kind === 'curve' || d.backward ? v.depth.act.back : d.groups.length > 1 ? v.depth.act.number : v.depth.act.turned
    return { see: kind === 'kept' ? v.depth.see.kept(d.groups.length) : v.depth.see[kind], formula: kind, title, act }
  }
  const formula = d.backward ? 'channelBack' : 'channel'
  if (d.depth === 'number') return { see: v.depth.see.number, formula, title, act: d.backward ? v.depth.act.back : v.depth.act.number }
  const say = d.backward ? v.depth.see.channelBack : v.depth.see.channel
  return { see: say(d.groups.length, (best?.channel ?? 0) + 1, signed(best?.sum ?? 0, 2)), formula, title, act: d.backward ? v.depth.act.channelBack : v.depth.act.channel, ...(d.backward ? { link: v.depth.turn, run: () => s.turn() } : {}) }
}
