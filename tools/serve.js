// Serves a folder of finished files, for looking at and for tests: node tools/serve.js build/site
// Environment: PORT (4173; the next free one is taken where it is busy) and HOST (localhost, this machine only).
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm', // without it, browsers refuse to compile while loading
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
}

// The file that a request path names inside the folder, or null. A folder stands for its index.html.
async function find(folder, path) {
  const name = normalize(decodeURIComponent(path))
  if (name.includes('\0') || name.split(/[\\/]/).includes('..')) return null
  let file = join(folder, name)
  let info = await stat(file)
  if (info.isDirectory()) info = await stat((file = join(file, 'index.html')))
  return info.isFile() ? { file, size: info.size } : null
}

async function answer(folder, request, response) {
  const end = (code, text) => response.writeHead(code, { 'Content-Type': TYPES['.txt'] }).end(text + '\n')
  if (request.method !== 'GET' && request.method !== 'HEAD') return end(405, 'Only GET and HEAD')
  let found = null
  try {
    found = await find(folder, new URL(request.url, 'http://x').pathname)
  } catch {
    // a path that cannot be decoded, or a file that is not there
  }
  if (!found) return end(404, 'Not found')
  response.writeHead(200, {
    'Content-Type': TYPES[extname(found.file).toLowerCase()] ?? 'application/octet-stream',
    'Content-Length': found.size,
    'Cache-Control': 'no-cache',
    'X-Content-Type-Options': 'nosniff',
  })
  if (request.method === 'HEAD') return response.end()
  createReadStream(found.file).on('error', () => response.destroy()).pipe(response)
}

/**
 * Starts a server of the folder's files. Resolves when it listens.
 * @param {string} folder
 * @param {{ port?: number, host?: string, tries?: number }} [options] port 0 takes any free one
 * @returns {Promise<{ url: string, port: number, close: () => Promise<void> }>}
 */
export async function serve(folder, { port = 0, host = 'localhost', tries = 20 } = {}) {
  const root = resolve(folder)
  for (let attempt = 0; ; attempt++) {
    const server = createServer((request, response) => answer(root, request, response))
    try {
      await new Promise((done, fail) => {
        server.once('error', fail)
        server.listen(port && port + attempt, host, done)
      })
    } catch (error) {
      if (error.code === 'EADDRINUSE' && port && attempt + 1 < tries) continue
      throw error
    }
    const taken = server.address().port
    const close = () => {
      const closed = new Promise((done) => server.close(done))
      server.closeAllConnections()
      return closed
    }
    return { url: `http://${host}:${taken}/`, port: taken, close }
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? 'build/site'
  const port = Number(process.env.PORT || 4173)
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    console.error(`PORT is "${process.env.PORT}", which is no port: give a number from 1 to 65535, as in make run PORT=8080`)
    process.exit(2)
  }
  try {
    const { url, close } = await serve(folder, { port, host: process.env.HOST || 'localhost' })
    console.log(`Backlight is at ${url}   (Ctrl-C stops it)`)
    const stop = () => close().then(() => process.exit(0))
    process.once('SIGINT', stop).once('SIGTERM', stop)
  } catch (error) {
    console.error(`Cannot serve ${folder} on port ${port}: ${error.message}. Try another one, as in make run PORT=8080`)
    process.exit(1)
  }
}
