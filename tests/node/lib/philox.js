// The core's random numbers, from the paper and in double precision: Philox4x32-10 (Salmon et al. 2011) and Box and Muller 1958.
const high = (a, b) => Number((BigInt(a) * BigInt(b)) >> 32n)

/** @param {number[]} counter four words @param {number[]} key two @returns {number[]} four words */
export function philox([c0, c1, c2, c3], [k0, k1]) {
  for (let round = 0; round < 10; round++) {
    ;[c0, c1, c2, c3] = [(high(0xcd9e8d57, c2) ^ c1 ^ k0) >>> 0, Math.imul(0xcd9e8d57, c2) >>> 0, (high(0xd2511f53, c0) ^ c3 ^ k1) >>> 0, Math.imul(0xd2511f53, c0) >>> 0]
    ;[k0, k1] = [(k0 + 0x9e3779b9) >>> 0, (k1 + 0xbb67ae85) >>> 0]
  }
  return [c0, c1, c2, c3]
}

/** n numbers of mean 0 and deviation 1. @param {{ seed: number, stream: number, sample: number, step: number }} of @param {number} n */
export function normals({ seed, stream, sample, step }, n) {
  const out = new Float64Array(Math.ceil(n / 4) * 4)
  for (let at = 0; at < out.length; at += 4) {
    const words = philox([at / 4, sample, step, stream], [seed >>> 0, 0])
    for (let i = 0; i < 4; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(((words[i] >>> 9) + 0.5) * 2 ** -23))
      const angle = 2 * Math.PI * (words[i + 1] >>> 8) * 2 ** -24
      out[at + i] = radius * Math.cos(angle)
      out[at + i + 1] = radius * Math.sin(angle)
    }
  }
  return out.subarray(0, n)
}
