// The page's own formulas, in LaTeX; they become MathML when the page is built. Those of the methods come from the manifest.
export const FORMULAS = {
  forward: String.raw`y_k = \max\!\left(0,\; b_k + \textstyle\sum_c w_{k,c} * x_c\right)`,
  backward: String.raw`\frac{\partial s}{\partial x} = W^{\top}\!\left(\frac{\partial s}{\partial y} \odot [\,y > 0\,]\right)`,
  channel: String.raw`y_k[r,c] = b_k + \textstyle\sum_j (w_{k,j} * x_j)[r,c]`,
  channelBack: String.raw`\frac{\partial s}{\partial x_j} = \textstyle\sum_k \mathrm{rot}_{180}(w_{k,j}) * \frac{\partial s}{\partial y_k}`,
  largest: String.raw`y = \max_{i} x_i, \quad \frac{\partial s}{\partial x_i} = \textstyle\sum_{y:\, i \text{ won}} \frac{\partial s}{\partial y}`,
  curve: String.raw`y = f(x), \quad \frac{\partial s}{\partial x} = f'(x)\,\frac{\partial s}{\partial y}`,
  kept: String.raw`y = \textstyle\sum_j x_j, \quad \frac{\partial s}{\partial x_j} = \frac{\partial s}{\partial y}`,
  mean: String.raw`y = \frac{1}{n} \textstyle\sum_i x_i, \quad \frac{\partial s}{\partial x_i} = \frac{1}{n}\,\frac{\partial s}{\partial y}`,
  weighted: String.raw`y_k = b_k + \textstyle\sum_j w_{k,j}\, x_j, \quad \frac{\partial s}{\partial x_j} = \textstyle\sum_k w_{k,j}\,\frac{\partial s}{\partial y_k}`,
  share: String.raw`p_i = \frac{e^{z_i/T}}{\sum_j e^{z_j/T}}, \quad \frac{\partial \log p_k}{\partial z_i} = \frac{[i=k] - p_i}{T}`,
  scaled: String.raw`y_c = x_c \Big(k + \tfrac{\alpha}{n} \textstyle\sum_j x_j^2\Big)^{-\beta}`,
  cue: String.raw`\mathrm{share} = \textstyle\sum_{i \,\in\, \mathrm{caption}} |M_i| \,\Big/\, \textstyle\sum_i |M_i|`,
  above: String.raw`\mathrm{part} = \tfrac{1}{HW}\,\bigl|\{\, i : M_i \le M_{\mathrm{guess}} \,\}\bigr|`,
  classes: String.raw`d_k = \bar a_k(A) - \bar a_k(B), \quad \mathrm{apart} = \|d\| \,\big/\, \tfrac12\bigl(\|\bar a(A)\| + \|\bar a(B)\|\bigr)`,
  play: String.raw`y_{r,c} = \textstyle\sum_{i,j} w_{i,j}\; x_{sr + di - p,\, sc + dj - p}`,
  contribution: String.raw`\mathrm{contribution}_k = \textstyle\sum_{r,c} a_k[r,c]\,\frac{\partial s}{\partial a_k}[r,c]`,
}
