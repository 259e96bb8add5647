// Everything that the site has, kept on this device: networks and pictures that nobody has looked at yet.
import { cache, everything } from 'virtual:everything'

class Offline {
  have = $state.raw(new Set()) // files that are here
  running = $state(false)
  trouble = $state(false)
  total = everything.reduce((sum, f) => sum + f.size, 0)
  here = $derived(everything.reduce((sum, f) => sum + (this.have.has(f.file) ? f.size : 0), 0))
  complete = $derived(this.have.size === everything.length)
  #stop = null

  /** Is there a place to keep things? Not where storage is refused, nor without the service worker that gives them back. */
  get possible() {
    try {
      return !!globalThis.caches && 'serviceWorker' in navigator
    } catch {
      return false
    }
  }

  async look() {
    const found = await Promise.all(everything.map(async ({ file }) => ((await caches.match(`./${file}`, { ignoreSearch: true })) ? file : ''))).catch(() => [])
    this.have = new Set(found.filter(Boolean))
  }

  /** Fetches what is not here, one after the other, the small ones first. */
  async fetch() {
    const stop = (this.#stop = new AbortController())
    this.running = true
    this.trouble = false
    try {
      const place = await caches.open(cache)
      for (const { file } of [...everything].sort((a, b) => a.size - b.size)) {
        if (this.have.has(file)) continue
        const answer = await fetch(`./${file}`, { signal: stop.signal })
        if (!answer.ok) throw new Error(file)
        await place.put(`./${file}`, answer)
        this.have = new Set([...this.have, file])
      }
    } catch {
      this.trouble = !stop.signal.aborted
    }
    this.running = false
  }
  stop() {
    this.#stop?.abort()
  }
}

/** Networks and pictures of builds before this one go: their cache has another name. */
export async function tidy() {
  for (const name of await caches.keys()) if (name.startsWith('fetched') && name !== cache) await caches.delete(name)
}

export const offline = new Offline()
