// What a link may take away: `hide=` leaves a control or a region out, `lock=` shows a control as it stands. Either way the page
// keeps what the control would change.

/** Controls, and what of the address each changes. */
export const CONTROLS = {
  model: ['model'], picture: ['picture', 'crop'], dir: ['dir'], pin: ['pin'], scale: ['scale', 'detail'], lab: ['lab'], method: ['method'], params: ['params', 'unit', 'goal'],
  edits: ['edits', 'paint'], depth: ['at', 'depth', 'open'],
}
/** Regions that can only be hidden. */
export const REGIONS = ['title', 'text', 'readout', 'prediction', 'tools']

/** The names in a comma-separated list; what is not known is left out. @param {string} text @param {string[]} known @returns {Set<string>} */
export const readFlags = (text, known) => new Set(text.split(',').map((name) => name.trim()).filter((name) => known.includes(name)))

/** The control that owns a key of the address; undefined: none does. */
export const ownerOf = (key) => Object.keys(CONTROLS).find((name) => CONTROLS[name].includes(key))
