// Trainings that are cut while they run.
import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'

const changed = (path) => (existsSync(path) ? statSync(path, { bigint: true }).mtimeNs : -1n)

/**
 * A call that is sent a signal as soon as it has written its checkpoint.
 * @param {string} command @param {string[]} args @param {string} checkpoint @param {NodeJS.Signals} signal
 * @returns {Promise<{ code: number | null, by: string | null, text: string }>} how it ended, and what it said
 */
export async function cut(command, args, checkpoint, signal) {
  const older = changed(checkpoint)
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  child.stderr.on('data', (part) => (text += part))
  const ended = new Promise((resolve) => child.on('close', (code, by) => resolve({ code, by, text })))
  for (let i = 0; i < 3000 && child.exitCode === null && changed(checkpoint) <= older; i++) await new Promise((resolve) => setTimeout(resolve, 5))
  child.kill(signal)
  return ended
}

/**
 * The epochs of the first training that an attempt met while it ran. On a machine that does something else for a while, a
 * short one is through before anybody looks: then a longer one is tried.
 * @param {number} epochs to begin with @param {(epochs: number) => Promise<boolean>} attempt
 */
export async function met(epochs, attempt) {
  for (; epochs < 1e5; epochs *= 4) if (await attempt(epochs)) return epochs
  throw new Error('no training was met while it ran')
}
