// What is opened grows out of the place that it had (the browser's own view transitions), where there are such and motion is welcome.
import { flushSync } from 'svelte'

const WAIT = 250 // ms for the numbers of what is opened; then it comes without them

/** Changes the page; `from` is the element that what is opened grows out of. @param {() => void} change @param {Element | null} [from] */
export function elastic(change, from = null) {
  if (!document.startViewTransition || matchMedia('(prefers-reduced-motion: reduce)').matches) return change()
  if (from) from.style.viewTransitionName = 'opened'
  document.startViewTransition(async () => {
    flushSync(change)
    const end = performance.now() + WAIT
    while (document.querySelector('.deep') && !document.querySelector('[data-ready=yes]') && performance.now() < end) await new Promise((resume) => setTimeout(resume, 10))
  })
}
