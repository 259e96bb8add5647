// Random numbers for tests: small, seeded, the same everywhere (mulberry32).
export class Random {
  constructor(seed) {
    this.state = seed >>> 0
  }
  uniform() {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  /** Whole number from least to most. */
  int(least, most) {
    return least + Math.floor(this.uniform() * (most - least + 1))
  }
  pick(list) {
    return list[this.int(0, list.length - 1)]
  }
  chance(p) {
    return this.uniform() < p
  }
  /** n numbers from −size to size. */
  numbers(n, size = 1) {
    return Float32Array.from({ length: n }, () => (2 * this.uniform() - 1) * size)
  }
}
