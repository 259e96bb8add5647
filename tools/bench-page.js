// Measures the page alone beside its budgets, and writes the figures into docs/bench.*: node tools/bench-page.js [figure …]. Nothing else
// may run meanwhile.
import { BUDGETS, measurePage } from './bench/page.js'
import { readFigures, writeFigures } from './bench/report.js'
import { precached, sizes } from './bench/site.js'

const figures = readFigures()
Object.assign(figures.bytes, { ...sizes(), precached: precached() })
const asked = process.argv.slice(2)
const page = (figures.milliseconds.page = { ...figures.milliseconds.page, ...(await measurePage(asked.length ? asked : undefined)) })
for (const [key, what, unit, most] of BUDGETS) if (key in page) console.log(`${page[key]} ${unit} of ${most}: ${what}`)
writeFigures(figures)
process.exit(0)
