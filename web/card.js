// A network's card, models/NAME.md as `backlight eval --card` writes it, read for the page.

const MISTAKES = 6

/**
 * @param {string} text of the card
 * @returns the card in numbers; shares are 0 … 1. attacks: [ε in 255ths, right]; mistakes: [class, taken for, times, of]
 */
export function readCard(text) {
  const row = (name) => text.split('\n').find((line) => line.startsWith(`| ${name} |`))?.split('|').slice(2, -1).map((cell) => cell.trim()) ?? []
  const share = (cell) => parseFloat(cell) / 100
  const [, right, of, low, high] = /\*\*[\d.]+ %\*\* \((\d+) of (\d+); 95 % Wilson interval ([\d.]+) to ([\d.]+) %\)/.exec(row('top-1 accuracy')[0])
  const attacks = [...text.matchAll(/^\| (\d+)\/255 \| ([\d.]+) %/gm)].map(([, epsilon, part]) => [Number(epsilon), share(part)])
  const mistakes = [...text.matchAll(/^- (.+) taken for (.+): (\d+) of (\d+)$/gm)].slice(0, MISTAKES).map(([, is, taken, n, all]) => [is, taken, Number(n), Number(all)])
  const plain = row('no caption')
  return {
    right: Number(right), of: Number(of), low: share(low), high: share(high), top5: row('top-5 accuracy')[0] ? share(row('top-5 accuracy')[0]) : 0,
    classes: Number(row('classes')[0]), pictures: /\d+×\d+/.exec(row('pictures')[0])[0], parameters: Number(row('parameters')[0]), macs: Number(row('multiply-adds of one picture')[0]), bytes: parseInt(row('file')[0], 10),
    credit: row('credit')[0] ?? '', calibration: Number(/are \*\*([\d.]+) points\*\* apart/.exec(text)[1]),
    attacks, mistakes, captions: plain.length ? { right: share(row('right captions')[0]), followed: share(row('wrong captions')[1]) } : null,
  }
}
