// Views that the first maps do not need, each in a file of its own, for Later.svelte.
export const depths = () => import('../depth/Depth.svelte')
export const embed = () => import('../embed/Embed.svelte')
export const past = () => import('../history/TimeSlider.svelte')
export const share = () => import('../share/Share.svelte')
export const keep = () => import('../share/OfflineView.svelte')
export const about = () => import('../share/About.svelte')
export const crop = () => import('./Crop.svelte')
export const table = () => import('./MapTable.svelte')
export const setUp = () => import('./SetUp.svelte')
export const networks = () => import('./ModelList.svelte')
export const objectives = () => import('./ObjectiveList.svelte')
export const card = () => import('./Card.svelte')
export const phone = () => import('./Phone.svelte')

// Panels of the lab that are not made from the manifest alone; all others are a LabPanel.
const PANELS = {
  classes: () => import('../classes/Classes.svelte'),
  guess: () => import('../guess/Guess.svelte'),
  cue: () => import('../cue/Cue.svelte'),
  attack: () => import('./AttackPanel.svelte'),
  dream: () => import('./DreamPanel.svelte'),
  edit: () => import('./EditPanel.svelte'),
  play: () => import('./PlayPanel.svelte'),
}
const made = () => import('./LabPanel.svelte')

export const panelOf = (group) => PANELS[group.id] ?? made
export const views = [depths, made, networks, objectives, past, table, crop, setUp, ...Object.values(PANELS)]
