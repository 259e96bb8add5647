// What the text strip says of a depth.
import { signed } from '../lib/format.js'
import { session as s } from '../state.svelte.js'
import { t } from '../texts/texts.js'
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
    const act = kind === 'share' ? t.depth.act.share : kind === 'largest' || kind === 'curve' || d.backward ? t.depth.act.back : d.groups.length > 1 ? t.depth.act.number : t.depth.act.turned
    return { see: kind === 'kept' ? t.depth.see.kept(d.groups.length) : t.depth.see[kind], formula: kind, title, act }
  }
  const formula = d.backward ? 'channelBack' : 'channel'
  if (d.depth === 'number') return { see: t.depth.see.number, formula, title, act: d.backward ? t.depth.act.back : t.depth.act.number }
  const say = d.backward ? t.depth.see.channelBack : t.depth.see.channel
  return { see: say(d.groups.length, (best?.channel ?? 0) + 1, signed(best?.sum ?? 0, 2)), formula, title, act: d.backward ? t.depth.act.channelBack : t.depth.act.channel, ...(d.backward ? { link: t.depth.turn, run: () => s.turn() } : {}) }
}
