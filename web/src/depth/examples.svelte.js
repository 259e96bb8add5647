// Dataset examples: of many pictures, the places that move each channel of a layer most. A search finds them for all channels
// of the layer at once, on a worker that is not in the way; it is kept until the network or the pictures change.
import { samples, told } from '../lib/api.js'
import { session as s } from '../state.svelte.js'

const EACH = 9
const NAMES = /\.(jpe?g|png|gif|bmp)$/i

/** The part of a picture that the network gets, in pixels of the picture: its largest centred region of that shape. */
export function region(picture, width, height) {
  const scale = Math.min(picture.width / width, picture.height / height)
  const [w, h] = [width * scale, height * scale]
  return { x: (picture.width - w) / 2, y: (picture.height - h) / 2, scale }
}

class Search {
  layer = $state(-1) // whose channels were looked for …
  found = $state.raw(null) // … and what was found: a list a channel
  done = $state(0)
  total = $state(0)
  trouble = $state('')
  /** A folder of one's own, or null: the bundled pictures. @type {File[] | null} */
  files = $state.raw(null)
  skipped = $state(0)
  running = $derived(this.total > 0 && this.done < this.total)

  #model = $state.raw(null) // whose layer it is …
  #frame = null // … with which weights
  #stop = null
  #pictures = [] // { name, sample, picture } in the order of their numbers

  /** What belongs to the network that is open, and to that layer. */
  of(layer) {
    return this.#model === s.model && this.#frame === s.frame && this.layer === layer ? this.found : null
  }
  at(number) {
    return this.#pictures[number]
  }

  async *#each(list) {
    for (const one of list) {
      try {
        const picture = one.sample ? await s.pictures.sample(one.sample) : await s.pictures.decode(await one.file.arrayBuffer(), one.name)
        this.#pictures.push({ ...one, picture })
        yield picture
      } catch {
        this.skipped++
        this.total--
      }
    }
  }

  async start(layer) {
    this.stop()
    const stop = (this.#stop = new AbortController())
    const list = this.files ? this.files.map((file) => ({ name: file.name, file })) : samples.map((sample) => ({ name: sample.title, sample }))
    Object.assign(this, { layer, found: null, done: 0, total: list.length, skipped: 0, trouble: '' })
    this.#model = s.model
    this.#frame = s.frame
    this.#pictures = []
    try {
      const found = await s.model.examples(layer, this.#each(list), {
        each: EACH,
        signal: stop.signal,
        onprogress: (n, some) => {
          if (this.#stop !== stop) return
          this.done = n
          this.found = some
        },
      })
      if (this.#stop === stop) this.found = found
    } catch (error) {
      if (this.#stop === stop && !stop.signal.aborted) this.trouble = told(error).message
    } finally {
      if (this.#stop === stop) this.total = this.done = 0
    }
  }
  stop() {
    this.#stop?.abort()
    this.#stop = null
    this.total = this.done = 0
  }
  /** Looks through one's own pictures from now on; they stay on the device. @param {Iterable<File>} files */
  take(files, layer) {
    const list = [...files].filter((file) => NAMES.test(file.name))
    if (!list.length) return false
    this.files = list
    void this.start(layer)
    return true
  }
  bundled(layer) {
    this.files = null
    void this.start(layer)
  }
}

export const search = new Search()
