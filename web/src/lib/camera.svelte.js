// The live camera as a picture that changes: frames are taken as fast as the network follows, never faster. Nothing is kept
// and nothing leaves the device.

const SIDE = 256 // px: more than any small network looks at; larger inputs take their own size

export class Camera {
  status = $state('off') // off, asking, on, failed
  reason = $state('') // why it failed, a key of the catalogue
  rate = $state(0) // pictures a second, over the last second
  #stream = null
  #video = null
  #take

  /** @param {(picture: { width: number, height: number, pixels: Uint8ClampedArray }) => Promise<unknown>} take resolves when the network has followed */
  constructor(take) {
    this.#take = take
  }

  /** Why there can be none here, a key of the catalogue; '' if there can. */
  static get missing() {
    if (!navigator.mediaDevices?.getUserMedia) return globalThis.isSecureContext === false ? 'insecure' : 'none'
    const policy = document.permissionsPolicy ?? document.featurePolicy
    return policy && !policy.allowsFeature('camera') ? 'embedded' : ''
  }

  /** @param {number} [side] of the square pictures */
  async start(side = SIDE) {
    if (this.status === 'on' || this.status === 'asking') return
    this.reason = Camera.missing
    if (this.reason) return void (this.status = 'failed')
    this.status = 'asking'
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: 'environment' }, audio: false })
      if (this.status !== 'asking') return stream.getTracks().forEach((track) => track.stop())
      this.#stream = stream
      for (const track of stream.getTracks()) track.addEventListener('ended', () => this.#fail('lost'))
      this.#video = Object.assign(document.createElement('video'), { muted: true, playsInline: true, srcObject: stream })
      await this.#video.play()
      this.status = 'on'
      void this.#run(Math.max(SIDE, Math.min(512, side)))
    } catch (error) {
      this.#fail(error?.name === 'NotAllowedError' ? 'refused' : error?.name === 'NotFoundError' ? 'none' : 'busy')
    }
  }

  async #run(side) {
    const video = this.#video
    const context = new OffscreenCanvas(side, side).getContext('2d', { willReadFrequently: true })
    const times = []
    while (this.status === 'on' && video === this.#video) {
      const part = Math.min(video.videoWidth, video.videoHeight)
      if (part > 0) {
        context.drawImage(video, (video.videoWidth - part) / 2, (video.videoHeight - part) / 2, part, part, 0, 0, side, side)
        await this.#take({ width: side, height: side, pixels: context.getImageData(0, 0, side, side).data })
        const now = performance.now()
        times.push(now)
        while (times[0] < now - 1000) times.shift()
        this.rate = times.length > 2 ? (1000 * (times.length - 1)) / (now - times[0]) : 0
      }
      await new Promise((resume) => requestAnimationFrame(resume))
    }
  }

  #fail(reason) {
    this.stop()
    this.reason = reason
    this.status = 'failed'
  }

  /** Ends it; the last picture stays. */
  stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop()
    if (this.#video) this.#video.srcObject = null
    this.#stream = this.#video = null
    if (this.status !== 'failed') this.reason = ''
    this.status = 'off'
    this.rate = 0
  }
}
