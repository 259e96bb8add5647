// The page's own formulas, in LaTeX; they become MathML when the page is built. Those of the methods come from the manifest.
export const FORMULAS = {
  forward: String.raw`y_k = \max\!\left(0,\; b_k + \textstyle\sum_c w_{k,c} * x_c\right)`,
  backward: String.raw`\frac{\partial s}{\partial x} = W^{\top}\!\left(\frac{\partial s}{\partial y} \odot [\,y > 0\,]\right)`,
  contribution: String.raw`\mathrm{contribution}_k = \textstyle\sum_{r,c} a_k[r,c]\,\frac{\partial s}{\partial a_k}[r,c]`,
}
