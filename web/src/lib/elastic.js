// What is opened grows out of the place that it had, and goes back into it (the browser's own view transitions), where there are
// such and motion is welcome.
import { flushSync } from 'svelte'

const WAIT = 250 // ms for the numbers of what is opened; then it comes without them
const name = (element, text) => element && (element.style.viewTransitionName = text)

/**
 * Changes the page; `from` is the element that what is opened grows out of, `into` finds the one that what is closed goes into.
 * @param {() => void} change @param {HTMLElement | null} [from] @param {() => HTMLElement | null} [into]
 */
export function elastic(change, from = null, into = () => null) {
  if (!document.startViewTransition || matchMedia('(prefers-reduced-motion: reduce)').matches) return change()
  name(from, 'opened')
  let to = null
  const move = document.startViewTransition(async () => {
    flushSync(change)
    name((to = into()), 'opened')
    const end = performance.now() + WAIT
    while (document.querySelector('.deep') && !document.querySelector('[data-ready=yes]') && performance.now() < end) await new Promise((resume) => setTimeout(resume, 10))
  })
  move.finished.finally(() => (name(from, ''), name(to, '')))
}
