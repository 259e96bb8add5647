// Receptive fields, from the graph alone: which part of the picture a unit can see, and which units a pixel can reach. Windows
// are known by their attributes; what keeps height and width passes places on; anything else counts as all.

const sizeOf = (shape) => (shape?.length === 4 ? { h: shape[2], w: shape[3] } : { h: 1, w: 1 })

// Window, stride, padding before and dilation of a node along both axes; null: it has no window.
function windowOf(node, values, from, to) {
  const a = node.attributes
  // Where the attribute is left out it is the size of the weights.
  const weights = node.hasWeights ? values.get(node.inputs[1]) : null
  const kernel = a.kernel_shape ?? (weights?.shape?.length === 4 ? weights.shape.slice(2) : null)
  if (!kernel) return null
  return [0, 1].map((axis) => {
    const k = kernel[axis]
    const s = a.strides?.[axis] ?? 1
    const d = a.dilations?.[axis] ?? 1
    const [inside, outside] = axis ? [from.w, to.w] : [from.h, to.h]
    const total = Math.max(0, (outside - 1) * s + d * (k - 1) + 1 - inside)
    const pad = /^SAME/.test(a.auto_pad ?? '') ? (a.auto_pad === 'SAME_LOWER' ? Math.ceil(total / 2) : Math.floor(total / 2)) : (a.pads?.[axis] ?? 0)
    return { k, s, d, pad }
  })
}
const all = ({ h, w }) => ({ r0: 0, r1: h - 1, c0: 0, c1: w - 1 })
const clip = (x, { h, w }) => ({ r0: Math.max(0, x.r0), r1: Math.min(h - 1, x.r1), c0: Math.max(0, x.c0), c1: Math.min(w - 1, x.c1) })
const union = (a, b) => (!a ? b : !b ? a : { r0: Math.min(a.r0, b.r0), r1: Math.max(a.r1, b.r1), c0: Math.min(a.c0, b.c0), c1: Math.max(a.c1, b.c1) })

/**
 * The part of the input that a unit can see; rows r0…r1, columns c0…c1. Null: none of it.
 * @param {any} info  as the API describes the network
 * @param {number} id  the unit's value
 */
export function fieldOf(info, id, row, column) {
  const values = new Map(info.values.map((v) => [v.id, v]))
  const input = info.input.id
  const need = new Map([[id, { r0: row, r1: row, c0: column, c1: column }]])
  for (const node of info.nodes.toReversed()) {
    const rect = need.get(node.output)
    if (!rect) continue
    const to = sizeOf(values.get(node.output)?.shape)
    for (const i of new Set(node.inputs)) {
      const value = values.get(i)
      if (!value || value.constant || !value.shape) continue
      const from = sizeOf(value.shape)
      const win = i === node.inputs[0] ? windowOf(node, values, from, to) : null
      let part
      if (win) part = { r0: rect.r0 * win[0].s - win[0].pad, r1: rect.r1 * win[0].s - win[0].pad + win[0].d * (win[0].k - 1), c0: rect.c0 * win[1].s - win[1].pad, c1: rect.c1 * win[1].s - win[1].pad + win[1].d * (win[1].k - 1) }
      else part = from.h === to.h && from.w === to.w && value.shape.length === 4 ? rect : all(from)
      part = clip(part, from)
      if (part.r0 <= part.r1 && part.c0 <= part.c1) need.set(i, union(need.get(i), part))
    }
  }
  return need.get(input) ?? null
}

/** The units of every value that one pixel of the input can reach. @returns {Map<number, { r0: number, r1: number, c0: number, c1: number }>} by value */
export function reachOf(info, row, column) {
  const values = new Map(info.values.map((v) => [v.id, v]))
  const reached = new Map([[info.input.id, { r0: row, r1: row, c0: column, c1: column }]])
  for (const node of info.nodes) {
    const to = sizeOf(values.get(node.output)?.shape)
    for (const i of node.inputs) {
      const rect = reached.get(i)
      const value = values.get(i)
      if (!rect || !value.shape) continue
      const from = sizeOf(value.shape)
      const win = i === node.inputs[0] ? windowOf(node, values, from, to) : null
      let part
      if (win) part = { r0: Math.ceil((rect.r0 + win[0].pad - win[0].d * (win[0].k - 1)) / win[0].s), r1: Math.floor((rect.r1 + win[0].pad) / win[0].s), c0: Math.ceil((rect.c0 + win[1].pad - win[1].d * (win[1].k - 1)) / win[1].s), c1: Math.floor((rect.c1 + win[1].pad) / win[1].s) }
      else part = from.h === to.h && from.w === to.w && value.shape.length === 4 ? rect : all(to)
      part = clip(part, to)
      if (part.r0 <= part.r1 && part.c0 <= part.c1) reached.set(node.output, union(reached.get(node.output), part))
    }
  }
  return reached
}
