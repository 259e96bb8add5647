// web: the page. It knows the API (only lib/api.js imports it), never the ABI, and names no layer of any network.
//   state.svelte.js, state/  what is open and computed, and what is done with it; components read and call it
//   texts/           every word
//   components/      regions of the screen (views.js: those that come after the first maps)
//   results/, controls/  one file per kind, one table line each
//   lib/             what needs no component: address, layout, drawing, numbers, jobs; tested without a browser
// May come in: Svelte at run time, Vite's plugins at build time. Imports point from components to state to lib.
import { mount } from 'svelte'
import App from './App.svelte'
import { fetchLater } from './components/Later.svelte'
import { views } from './components/views.js'
import { single } from './lib/api.js'
import { session } from './state.svelte.js'
import { begin, t } from './texts/texts.js'
import './tokens.css'
import './base.css'

const first = session.start() // while the page is put up
await begin(session.address.lang)
mount(App, { target: document.getElementById('app') })
void first.then(() => session.address.embed || fetchLater(views)) // a figure needs its own alone

// Files that are opened with the installed page.
globalThis.launchQueue?.setConsumer(async ({ files }) => {
  await first
  for (const file of files) await session.useFile(await file.getFile())
})

// Only the site has a service worker: the single file is offline as it is.
if (!single && 'serviceWorker' in navigator && location.protocol !== 'file:') {
  const serve = async () => {
    const registration = await navigator.serviceWorker.register('./sw.js').catch(() => null)
    // A new version waits until the visitor asks for it: never in the middle of something.
    const offer = () => registration.waiting && navigator.serviceWorker.controller && session.toast(t.states.update, '', { label: t.states.reload, run: renew })
    const renew = () => {
      navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
      registration.waiting.postMessage({ type: 'SKIP_WAITING' })
    }
    const watch = () => registration.installing?.addEventListener('statechange', (e) => e.target.state === 'installed' && offer())
    if (registration) {
      registration.addEventListener('updatefound', watch)
      watch() // the browser may have found one before
      offer()
    }
    void import('./share/offline.svelte.js').then(({ tidy }) => tidy()).catch(() => {})
  }
  if (document.readyState === 'complete') void serve()
  else addEventListener('load', serve)
}
