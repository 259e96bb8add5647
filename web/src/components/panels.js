// Panels of the lab that are not made from the manifest alone; all others are a LabPanel.
import AttackPanel from './AttackPanel.svelte'
import DreamPanel from './DreamPanel.svelte'
import EditPanel from './EditPanel.svelte'
import LabPanel from './LabPanel.svelte'
import PlayPanel from './PlayPanel.svelte'

const PANELS = { attack: AttackPanel, dream: DreamPanel, edit: EditPanel, play: PlayPanel }
export const panelOf = (group) => PANELS[group.id] ?? LabPanel
