// Numbers about maps: plain loops over Float32Array, nothing drawn.

/** Percentile q (0…100) of |v| over several arrays, linear between neighbours. Above `most` values every n-th is taken. */
export function percentileOf(arrays, q, most = 400000) {
  let all = 0
  for (const a of arrays) all += a.length
  const step = Math.max(1, Math.ceil(all / most))
  const v = new Float32Array(Math.ceil(all / step) + arrays.length)
  let n = 0
  for (const a of arrays) for (let i = 0; i < a.length; i += step) v[n++] = Math.abs(a[i])
  if (!n) return 0
  const at = (q / 100) * (n - 1)
  const low = Math.floor(at)
  select(v, n, low)
  const a = v[low]
  if (low === at || low + 1 >= n) return a
  let b = Infinity
  for (let i = low + 1; i < n; i++) if (v[i] < b) b = v[i]
  return a + (at - low) * (b - a)
}

// Puts the k-th smallest of the first n at place k, all smaller ones before it (Hoare 1961).
function select(v, n, k) {
  let left = 0
  let right = n - 1
  while (left < right) {
    const pivot = v[(left + right) >> 1]
    let i = left
    let j = right
    while (i <= j) {
      while (v[i] < pivot) i++
      while (v[j] > pivot) j--
      if (i <= j) {
        const t = v[i]
        v[i++] = v[j]
        v[j--] = t
      }
    }
    if (k <= j) right = j
    else if (k >= i) left = i
    else return
  }
}

/** Lowest, mean, highest and the share above zero of n values from `at` on. */
export function summary(data, at, n) {
  let low = Infinity
  let high = -Infinity
  let sum = 0
  let above = 0
  for (let i = at; i < at + n; i++) {
    const v = data[i]
    if (v < low) low = v
    if (v > high) high = v
    if (v > 0) above++
    sum += v
  }
  return { low, high, mean: sum / n, above: above / n, silent: low === 0 && high === 0 }
}

export function rootMeanSquare(data) {
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += data[i] * data[i]
  return Math.sqrt(sum / Math.max(1, data.length))
}

/** Σ activation × gradient of each channel: what the channel adds to the objective, exact where the rest is linear. */
export function contributions(value, gradient) {
  const channels = value.shape[1] ?? 1
  const n = value.data.length / channels
  const out = new Float64Array(channels)
  for (let k = 0; k < channels; k++) {
    let sum = 0
    for (let i = k * n; i < (k + 1) * n; i++) sum += value.data[i] * gradient.data[i]
    out[k] = sum
  }
  return out
}

/** The channels of a layer in an order: by 'index', by the size of their 'contribution', or by their 'mean'. */
export function orderOf(by, channels, value, gradient) {
  const order = Array.from({ length: channels }, (_, k) => k)
  if (by === 'contribution') {
    const share = contributions(value, gradient)
    order.sort((a, b) => Math.abs(share[b]) - Math.abs(share[a]))
  } else if (by === 'mean') {
    const size = value.data.length / channels
    const mean = order.map((k) => summary(value.data, k * size, size).mean)
    order.sort((a, b) => mean[b] - mean[a])
  }
  return order
}

/** Means of a map's parts, at most `most` along each side: rows of { mean, r0, c0 }, r0 and c0 the first cell of the part. */
export function partsOf(data, at, w, h, most) {
  const cut = (n) => Array.from({ length: Math.min(n, most) }, (_, i) => [Math.floor((i * n) / Math.min(n, most)), Math.floor(((i + 1) * n) / Math.min(n, most))])
  return cut(h).map(([r0, r1]) => cut(w).map(([c0, c1]) => {
    let sum = 0
    for (let r = r0; r < r1; r++) for (let c = c0; c < c1; c++) sum += data[at + r * w + c]
    return { mean: sum / ((r1 - r0) * (c1 - c0)), r0, c0 }
  }))
}
