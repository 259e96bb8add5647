// Colours of the tables as CSS, and the ink that can be read on them.

const bytes = (packed) => [packed & 255, (packed >>> 8) & 255, (packed >>> 16) & 255]

/** A table's entry (as its bytes lie in memory: red first) as `rgb(…)`. */
export const css = (packed) => `rgb(${bytes(packed).join(' ')})`

/** Black or white, whichever stands out more: at least 4.5 to 1 on any colour (WCAG 2.2, relative luminance). */
export function inkOn(packed) {
  const [red, green, blue] = bytes(packed).map((b) => (b <= 10 ? b / 255 / 12.92 : ((b / 255 + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000000' : '#ffffff'
}
