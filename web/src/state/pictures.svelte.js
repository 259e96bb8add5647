// Pictures: samples, empty pages, files, the camera; and the part of them that the network is shown.
import { sentence, samples, told } from '../lib/api.js'
import { Camera } from '../lib/camera.svelte.js'
import { blank, cut, readCrop } from '../lib/crop.js'
import { toPictureFile } from '../lib/files.js'
import { retold, t } from '../texts/texts.js'

const PADS = ['pad', 'pad-black'] // pictures that are empty pages

export class Pictures {
  camera = new Camera((picture) => this.#live(picture))
  #s
  #samples = new Map()
  #seen = null // { picture, crop, part } of the last crop
  /** @param {any} session */
  constructor(session) {
    this.#s = session
  }

  knows = (id) => PADS.includes(id) || samples.some((x) => x.id === id)

  /** A bundled picture, decoded; kept, so that pointing at one already fetches it. */
  sample(sample) {
    if (!this.#samples.has(sample.id)) {
      const decoded = Promise.all([sample.bytes(), this.#s.loading]).then(([bytes, backlight]) => backlight.decode(bytes, sample.file))
      decoded.catch(() => this.#samples.delete(sample.id))
      this.#samples.set(sample.id, decoded)
    }
    return this.#samples.get(sample.id)
  }

  /** A picture file of one's own, decoded. */
  decode(buffer, name) {
    return this.#s.backlight.decode(new Uint8Array(buffer), name)
  }

  /** Puts a bundled picture, or an empty page to draw on ('pad', 'pad-black'), in the place of the one there is. */
  async take(id) {
    this.camera.stop()
    const sample = samples.find((x) => x.id === id)
    this.#s.picture = sample ? { ...(await this.sample(sample)), id, title: sample.title, sample } : { ...blank(id === 'pad-black'), id, title: t.picture.pads[id] }
  }

  /** The same, as the visitor's step. */
  async choose(id) {
    const s = this.#s
    if (id === s.picture?.id || s.refuses('picture')) return
    try {
      await this.take(id)
      s.go({ picture: id, crop: '', paint: '' }, { push: true })
      await s.passes.refresh()
    } catch (error) {
      s.toast(told(error).message)
    }
  }

  /** A file of the visitor's own. @param {Uint8Array} bytes @param {string} name @param {Blob} file the same, for the browser */
  async open(bytes, name, file) {
    const s = this.#s
    try {
      const picture = await this.#decode(bytes, name, file)
      await this.use({ ...picture, title: name })
      if (picture.notes?.length) s.toast(picture.notes.flatMap((text) => text.split(/(?<=\.) /)).map((text) => sentence(retold(text))).join(' '))
    } catch (error) {
      const stays = s.picture ? ' ' + t.toast.stays(s.picture.title) : ''
      s.toast(sentence(told(error).message) + stays, 'bad')
    }
  }

  // The core reads PNG, JPEG, BMP and GIF; what it does not know the browser may.
  async #decode(bytes, name, file) {
    try {
      return await this.#s.backlight.decode(bytes, name)
    } catch (error) {
      const other = /^image\/(webp|avif|svg\+xml|heic|tiff)/.test(file.type) || /\.(webp|avif|svg|heic|tiff?)$/i.test(name)
      if (!other) throw error
      return await toPictureFile(file).catch(() => Promise.reject(error))
    }
  }

  /** Pixels, such as what a method made. */
  async use(picture) {
    const s = this.#s
    if (s.refuses('picture')) return
    const before = s.picture
    this.camera.stop()
    s.picture = { id: '', ...picture }
    s.go({ picture: '', crop: '', paint: '' }, { push: true })
    await s.passes.refresh()
    if (s.trouble && !s.result) s.picture = before
  }

  /** Another square of the picture for the network; '' the middle. */
  crop(crop) {
    if (this.#s.refuses('picture')) return
    this.#s.go({ crop, paint: '' })
    return this.#s.passes.refresh()
  }

  /** The part of the picture that the network gets; the same object until picture or crop change. */
  get seen() {
    const { picture, address: { crop } } = this.#s
    if (!crop || !picture) return picture
    if (this.#seen?.picture !== picture || this.#seen.crop !== crop) this.#seen = { picture, crop, part: cut(picture, readCrop(crop, picture.width, picture.height)) }
    return this.#seen.part
  }

  startCamera() {
    if (this.#s.refuses('picture')) return
    const { input } = this.#s.info
    return this.camera.start(Math.max(input.height ?? 0, input.width ?? 0))
  }
  async #live(picture) {
    const s = this.#s
    if (s.picture?.id !== 'camera') s.go({ picture: '', crop: '', paint: '' }, { push: true })
    s.picture = { ...picture, id: 'camera', title: t.camera.title }
    await s.passes.refresh()
  }
}
