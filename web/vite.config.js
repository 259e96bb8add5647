// How the page is built: `vite build` makes build/site/ (modules, relative URLs, service worker), and
// `vite build --mode single` makes build/single/backlight.html (everything in one file).
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'
import { viteSingleFile } from 'vite-plugin-singlefile'

const root = fileURLToPath(new URL('..', import.meta.url))
const build = join(root, process.env.BACKLIGHT_BUILD || 'build')

export default defineConfig(({ mode }) => {
  const single = mode === 'single'
  const outDir = join(build, single ? 'single' : 'site')
  return {
    root: join(root, 'web'),
    base: './',
    publicDir: single ? false : join(root, 'public'),
    build: { outDir, emptyOutDir: true, target: 'es2022' },
    worker: { format: single ? 'iife' : 'es' },
    plugins: [
      svelte(),
      single
        ? [
            viteSingleFile(),
            { name: 'name-single-file', closeBundle: () => rename(join(outDir, 'index.html'), join(outDir, 'backlight.html')) },
          ]
        : VitePWA({
            registerType: 'autoUpdate',
            manifest: { name: 'Backlight', short_name: 'Backlight', start_url: './', display: 'standalone' },
            workbox: { globPatterns: ['**/*.{html,js,css,wasm,svg,png,webmanifest}'] },
          }),
    ],
  }
})
