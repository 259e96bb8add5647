import { mount } from 'svelte'
import App from './App.svelte'
import { single } from './lib/api.js'
import './tokens.css'
import './base.css'

mount(App, { target: document.getElementById('app') })

// Only the site has a service worker: the single file is offline as it is.
if (!single && 'serviceWorker' in navigator && location.protocol !== 'file:') {
  addEventListener('load', () => navigator.serviceWorker.register('./sw.js').catch(() => {}))
}
