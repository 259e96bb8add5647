// <backlight-figure figure="saliency" picture="koala"></backlight-figure>: one figure of Backlight in any page. A classic script,
// so that the site needs no special headers: <script src="https://…/backlight-figure.js"></script>
import { addressOf, frameIn, KEYS, words } from './frame.js'

const site = document.currentScript.src

class BacklightFigure extends HTMLElement {
  static observedAttributes = ['figure', 'view', 'height', ...KEYS.map((key) => (key === 'title' ? 'heading' : key))]
  #frame = null
  #due = false
  connectedCallback() {
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' })
    // The page's own rules end here: what is important inside wins over what is important outside.
    root.innerHTML = '<style>:host { all: initial !important; display: block !important; min-width: 0 !important; width: 100% !important }</style>'
    this.#frame = frameIn(root, this.getAttribute('heading') || words.frame, {
      height: this.getAttribute('height') ?? '',
      onstate: (hash) => this.dispatchEvent(new CustomEvent('state', { detail: { hash } })),
    })
    this.#frame.show(this.#address())
  }
  disconnectedCallback() {
    this.#frame?.remove()
    this.#frame = null
  }
  attributeChangedCallback(name, before) {
    if (!this.#frame || this.#due) return
    if (name === 'height') {
      this.disconnectedCallback()
      return this.connectedCallback()
    }
    this.#due = true // several at once are one change
    queueMicrotask(() => {
      this.#due = false
      this.#frame?.show(this.#address())
    })
  }
  #address() {
    const of = (key) => this.getAttribute(key === 'title' ? 'heading' : key) ?? undefined
    return addressOf(site, Object.fromEntries(['figure', 'view', ...KEYS].map((key) => [key, of(key)])))
  }
}
if (!customElements.get('backlight-figure')) customElements.define('backlight-figure', BacklightFigure)
