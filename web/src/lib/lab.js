// The lab's panels, from the manifest: families of methods in groups, each group an entry of the rail.
import { t } from '../texts/texts.js'

// Families of one group share a panel. `full` panels take the network's place; those that
// send the light back turn it. A family that is not here gets a panel too.
const GROUPS = [
  { id: 'maps', families: ['feature'], icon: 'maps', full: false, back: false },
  { id: 'saliency', families: ['attribution', 'judging', 'surrogate'], icon: 'saliency', full: false, back: true },
  { id: 'attack', families: ['attack', 'robustness'], icon: 'attack', full: true, back: true },
  { id: 'dream', families: ['dream'], icon: 'dream', full: true, back: true },
]

// What needs no method: the visitor's own hands; and what is done with certain networks, where they are.
const OWN = [
  { id: 'cue', families: [], icon: 'cue', full: true, back: false, networks: ['cab-none', 'cab-0'] },
  { id: 'classes', families: [], icon: 'classes', full: false, back: false },
  { id: 'guess', families: [], icon: 'guess', full: true, back: false },
  { id: 'edit', families: [], icon: 'edit', full: false, back: false },
  { id: 'play', families: [], icon: 'kernel', full: true, back: false },
]

/** @param manifest the core's; `networks`: ids of those that the page carries, where that is known
 *  @returns {{id:string,title:string,icon:string,full:boolean,methods:object[]}[]} groups that have a method, then the visitor's own */
export function groupsOf(manifest) {
  const known = new Set(GROUPS.flatMap((g) => g.families))
  const rest = [...new Set(manifest.methods.map((m) => m.family).filter((f) => !known.has(f)))]
  return [...GROUPS, ...rest.map((f) => ({ id: f, families: [f], icon: 'other', full: false, title: f[0].toUpperCase() + f.slice(1) }))]
    .map((g) => ({ ...g, title: g.title ?? t.lab[g.id], methods: manifest.methods.filter((m) => g.families.includes(m.family)) }))
    .filter((g) => g.methods.length)
    .concat(OWN.filter((g) => (g.networks ?? []).every((id) => manifest.networks?.includes(id) ?? true)).map((g) => ({ ...g, title: t.lab[g.id], methods: [] })))
}
