// Measured on the gallery's pictures of the four classes: how often each network follows a wrong caption, and which part of each
// method's map lies in it. A method is of use here if its share puts the networks in the order in which they follow.
import { samples, told } from '../lib/api.js'
import { BOX, codes, largest, openNetworks, shareIn } from './cue.svelte.js'

export class Measure {
  status = $state('ready') // ready, running, done, stopped, failed
  done = $state(0)
  total = $state(0)
  error = $state('')
  table = $state.raw(null) // { methods, follows: [network], shares: [network][method], ranks: [method], pictures, trials }
  #stop = null

  /** @param {any} s the session @param {string[]} methods */
  async run(s, methods) {
    const stop = (this.#stop = new AbortController())
    const { signal } = stop
    Object.assign(this, { status: 'running', done: 0, total: 0, error: '' })
    let networks = []
    try {
      networks = await openNetworks(s.backlight)
      const { labels } = networks[0].model.info
      const list = samples.filter((x) => labels.includes(x.class))
      this.total = networks.length * list.length * (1 + methods.length)
      // Of every network and class of a picture: trials with a wrong caption, those it followed, shares of the box.
      const cells = networks.map(() => labels.map(() => ({ trials: 0, followed: 0, pictures: 0, shares: methods.map(() => 0) })))
      for (const sample of list) {
        const own = labels.indexOf(sample.class)
        const whole = await s.pictures.sample(sample)
        for (const [i, { model }] of networks.entries()) {
          const cell = cells[i][own]
          const { input } = await model.forward(whole)
          const at = { x: BOX.edge, y: input.height - BOX.edge - BOX.height }
          let first = null
          for (const step of labels.keys()) {
            const wrong = (own + 1 + step) % labels.length
            if (wrong === own) continue
            const picture = await s.backlight.caption(input, codes[wrong], at.x, at.y)
            const said = largest((await model.forward(picture)).probabilities)
            first ??= { picture, said }
            cell.trials++
            if (said === wrong) cell.followed++
          }
          this.done++
          cell.pictures++
          for (const [j, method] of methods.entries()) {
            if (signal.aborted) throw signal.reason
            const { results } = await model.run(method, { picture: first.picture, objective: `class:${first.said}` }, { signal }).result
            const map = results.find((r) => r.kind === 'map')
            cell.shares[j] += shareIn(map.data, map.shape.at(-1), at)
            this.done++
          }
        }
      }
      const all = cells.flat().filter((c) => c.pictures)
      const rates = Float32Array.from(all, (c) => c.followed / c.trials)
      const ranks = await Promise.all(methods.map((_, j) => s.backlight.rankCorrelation(rates, Float32Array.from(all, (c) => c.shares[j] / c.pictures))))
      const sum = (row, of) => row.reduce((a, c) => a + of(c), 0)
      this.table = {
        methods,
        follows: cells.map((row) => sum(row, (c) => c.followed)),
        trials: sum(cells[0], (c) => c.trials),
        pictures: list.length,
        shares: cells.map((row) => methods.map((_, j) => sum(row, (c) => c.shares[j]) / list.length)),
        ranks,
      }
      this.status = 'done'
    } catch (error) {
      this.status = signal.aborted ? 'stopped' : 'failed'
      this.error = signal.aborted ? '' : told(error).message
    } finally {
      for (const { model } of networks) model.close()
    }
  }
  stop() {
    this.#stop?.abort(new DOMException('stopped', 'AbortError'))
  }
}
