// What is done to every rule when the page is built, so that no component has to think of it: sizes of type hang on --type (bigger for
// a projector), and rules for the size of a window are for the screen alone: on paper the page stays as it was laid out.

/** A plugin for PostCSS, which Vite brings along. */
export const css = {
  postcssPlugin: 'backlight',
  Declaration(d) {
    if ((d.prop === 'font-size' || d.prop === 'font') && !d.value.includes('--type')) d.value = d.value.replace(/([\d.]+px)/, 'calc($1 * var(--type))')
  },
  AtRule: {
    media(rule) {
      if (/^\((max|min)-(width|height)/.test(rule.params)) rule.params = `screen and ${rule.params}`
    },
  },
}
