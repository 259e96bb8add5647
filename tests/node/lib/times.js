// Bounds on time in tests. The machine does something else at times, so one reading alone says nothing: the shortest of
// some is what the code takes.

/** @param {number} limit ms @param {() => Promise<number>} measure in ms, each time anew @param {number} [most] readings; no more are taken once one is within the limit */
export async function shortest(limit, measure, most = 5) {
  let best = Infinity
  for (let i = 0; i < most && best >= limit; i++) best = Math.min(best, await measure())
  return best
}

/** How long a promise takes, in ms. @param {() => Promise<any>} work */
export async function taken(work) {
  const started = performance.now()
  await work()
  return performance.now() - started
}
