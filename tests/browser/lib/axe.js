// axe-core in a page, put in once: what it finds there, however light.
import { createRequire } from 'node:module'

const own = createRequire(import.meta.url)
const { source } = own(own.resolve('axe-core', { paths: [own.resolve('@axe-core/playwright')] }))

/**
 * What axe-core finds in a page, one line a rule. @param {import('playwright-core').Page | import('playwright-core').Frame} page
 * @param {{ within?: string, only?: string[], without?: string[] }} [what] a part of the page; these rules alone; all but these
 * @returns {Promise<string[]>}
 */
export async function audit(page, { within, only, without = [] } = {}) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(source)
  return page.evaluate(async ([within, only, without]) => {
    const rules = Object.fromEntries(without.map((id) => [id, { enabled: false }]))
    const { violations } = await globalThis.axe.run(within ?? document, { resultTypes: ['violations'], preload: false, iframes: false, rules, ...(only && { runOnly: { type: 'rule', values: only } }) })
    const of = ({ target, any, all, none }) => `${target.join(' ')} (${[...any, ...all, ...none][0]?.message ?? ''})`
    return violations.map((v) => `${v.impact} ${v.id}: ${v.nodes.slice(0, 3).map(of).join(' | ')}${v.nodes.length > 3 ? ` and ${v.nodes.length - 3} more` : ''}`)
  }, [within, only, without])
}
