// A method at work, as a panel shows it: what was asked for, how far it is, what came out.
import { retold, said } from '../texts/texts.js'
import { told } from './api.js'

const named = (results) => results.map((r) => ({ ...r, title: said(r.title) }))

export class LabJob {
  status = $state('ready') // ready, running, stopped, failed, done
  progress = $state.raw(null)
  results = $state.raw(null) // previews while it runs
  legend = $state.raw(null)
  error = $state.raw(null)
  asked = $state.raw(null) // the request the results belong to
  seconds = $state(0)
  #controller = null
  #next = null

  get running() {
    return this.status === 'running'
  }
  /** Seconds left, from the pace so far; null before there is one. */
  get left() {
    const p = this.progress
    return p && p.done > 0 && p.total > p.done ? (this.seconds / p.done) * (p.total - p.done) : null
  }
  result = (name) => this.results?.find((r) => r.name === name) ?? null

  /** Starts; what runs is stopped first. `request`: { model, method, picture, frame, objective, params, edits }, edits to the network for this job alone */
  async run(request) {
    this.#controller?.abort()
    const controller = (this.#controller = new AbortController())
    const { model, method, picture, objective, params, edits = '' } = request
    const start = performance.now()
    this.status = 'running'
    this.progress = null
    this.error = null
    this.seconds = 0
    this.asked = request
    const mine = () => this.#controller === controller
    try {
      const job = model.run(method.id, { picture, objective, edits, ...params }, {
        signal: controller.signal,
        preview: true,
        onprogress: (p) => {
          if (!mine()) return
          this.progress = p
          this.seconds = (performance.now() - start) / 1000
        },
      })
      for await (const preview of job) if (mine()) this.results = named(preview)
      const { results, legend } = await job.result
      if (!mine()) return
      this.results = named(results)
      this.legend = { ...legend, notes: legend.notes.map(retold) }
      this.seconds = (performance.now() - start) / 1000
      this.status = 'done'
    } catch (error) {
      if (!mine()) return
      const stopped = controller.signal.aborted
      this.status = stopped ? 'stopped' : 'failed'
      if (!stopped) this.error = told(error)
    }
  }

  /** For what is quick: one at a time, and of those that wait only the last. */
  async follow(request) {
    if (this.running) {
      this.#next = request
      return
    }
    await this.run(request)
    const next = this.#next
    this.#next = null
    if (next) await this.follow(next)
  }

  stop() {
    this.#next = null
    this.#controller?.abort()
  }

  forget() {
    this.stop()
    this.#controller = null
    this.status = 'ready'
    this.results = this.legend = this.error = this.asked = this.progress = null
  }
}

/** What has changed since the results were made, in words of the catalogue; '' when they are up to date. */
export function staleness(job, request, texts) {
  const a = job.asked
  if (!a || !job.results || job.running) return ''
  if (a.method.id !== request.method.id || a.model !== request.model) return texts.stalePicture
  if (a.picture !== request.picture) return texts.stalePicture
  if (a.frame !== request.frame) return texts.staleWeights
  if (a.objective !== request.objective) return texts.staleObjective
  for (const p of request.method.params) {
    const [was, is] = [a.params[p.name] ?? p.default, request.params[p.name] ?? p.default]
    if (String(was) !== String(is)) return texts.stale(p.title, is === '' ? texts.none : is)
  }
  return ''
}
