// The poster of an embedded figure, inside embed.html: a few kilobytes until somebody wants more. A frame with a bare
// sandbox="allow-scripts" may load neither modules nor workers; there the click leads on to the single file.
// `POSTER` is put in when the site is built: { words: by language, sizes: bytes of page, of each network, of the single file }.
;(() => {
  const address = new URLSearchParams(location.hash.slice(1))
  const preferred = [address.get('lang'), ...navigator.languages.map((tag) => tag.slice(0, 2))]
  const language = preferred.find((id) => Object.hasOwn(POSTER.words, id)) || 'en'
  const t = POSTER.words[language]
  const bare = self.origin === 'null' // an origin of its own: no storage, no modules, no workers from files
  const network = POSTER.sizes.networks[address.get('model')] || POSTER.sizes.networks[POSTER.first]
  const bytes = bare ? POSTER.sizes.single : POSTER.sizes.page + network
  const go = () => location.replace((bare ? './backlight.html' : './') + location.hash)
  const $ = (selector) => document.querySelector(selector)

  document.documentElement.lang = language
  // What takes little starts by itself, once it is on screen.
  if (!bare && bytes <= POSTER.most) {
    const seen = new IntersectionObserver((all) => all.some((x) => x.isIntersecting) && (seen.disconnect(), go()))
    seen.observe(document.body)
    return
  }
  $('h1').textContent = (address.get('title') || '').slice(0, 500) || t.title
  $('#what').textContent = t.what
  $('button').textContent = t.starts.replace('%', (bytes / 1e6).toLocaleString(language, { maximumFractionDigits: 1 }))
  $('#note').textContent = bare ? t.bare : t.stays
  $('#tiles').innerHTML = [10, 8, 8, 5, 5, 3].map((n, i) => Array.from({ length: 3 }, (_, k) => `<rect x="${14 + 52 * i}" y="${42 - 1.5 * 3 * n + 3 * n * k + 1}" width="${3 * n - 2}" height="${3 * n - 2}" rx="2"/>`).join('')).join('')
  $('main').hidden = false
  $('button').addEventListener('click', go)
  const tell = () => parent !== self && [{ type: 'backlight:resize' }, {}, { subject: 'lti.frameResize' }].forEach((m) => parent.postMessage({ ...m, height: Math.ceil($('main').getBoundingClientRect().height) }, '*'))
  new ResizeObserver(tell).observe($('main'))
})()
