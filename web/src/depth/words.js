// What the text strip says of a depth.
import { signed } from '../lib/format.js'
import { session as s } from '../state.svelte.js'
import { t } from '../texts/texts.js'
import { depth as d } from './depth.svelte.js'
import { strongest } from './place.js'

const FORMULAS = { largest: 'largest', curve: 'curve', share: 'share', scaled: 'scaled' }

export function words() {
  const form = d.here?.parts[0]?.form ?? 'sum'
  const best = strongest(d.groups)
  const title = t.text.tryThis
  const formula = FORMULAS[form] ?? (d.backward ? 'channelBack' : 'channel')
  if (form !== 'sum') return { see: t.depth.see[form], formula, title, act: form === 'share' ? t.depth.act.share : t.depth.act.back }
  if (d.depth === 'number') return { see: t.depth.see.number, formula, title, act: d.backward ? t.depth.act.back : t.depth.act.number }
  const say = d.backward ? t.depth.see.channelBack : t.depth.see.channel
  return { see: say(d.groups.length, (best?.channel ?? 0) + 1, signed(best?.sum ?? 0, 2)), formula, title, act: d.backward ? t.depth.act.channelBack : t.depth.act.channel, ...(d.backward ? { link: t.depth.turn, run: () => s.turn() } : {}) }
}
