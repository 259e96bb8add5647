// How names and parameters are written for the core: the same words as on the command line and in links.

/**
 * A name of a layer as objectives take it, or any word as parameters do: quoted where it must be. (Objectives name classes by
 * number, or always in quotes: `class:"cat"`.)
 * @param {string} name
 */
export function quoted(name) {
  return /^[A-Za-z_./][A-Za-z0-9_./]*$/.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`
}

/**
 * Parameters as text: { samples: 32, seed: 1 } becomes `samples=32 seed=1`. Undefined and null are left out.
 * @param {Record<string, unknown>} params
 */
export function parameterText(params) {
  const words = []
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === null) continue
    if (typeof value === 'number' || typeof value === 'boolean') words.push(`${name}=${value}`)
    else if (typeof value === 'string') words.push(`${name}=${quoted(value)}`)
    else throw new TypeError(`parameter "${name}" must be a number or a text, not ${Array.isArray(value) ? 'an array' : typeof value}`)
  }
  return words.join(' ')
}
