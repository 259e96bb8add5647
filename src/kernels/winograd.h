/* Private to kernels/: 3×3 convolutions of stride 1 by Winograd's minimal filtering, F(4×4, 3×3) (Lavin & Gray 2016):
 * 36 products for the 16 numbers of a tile instead of 144. */
#ifndef BL_WINOGRAD_H
#define BL_WINOGRAD_H

#include "kernels/kernels.h"

/* Where element (out, in, tap) of the weights lies: w[out·out_step + in·in_step + tap], or 8 − tap where turned. */
typedef struct {
    const bl_real *w;
    ptrdiff_t out_step, in_step;
    bool turned;
} bl_taps9;

/* Is it possible, and faster than the product with columns? By the shape of one picture alone. Never in the double
 * build, which keeps the plain sums. */
bool bl_winograd_fits(const bl_conv_shape *s);
size_t bl_winograd_scratch(const bl_conv_shape *s);
/* y = w ∗ x + bias, or y += w ∗ x; then it is finished. Largest error over largest value about 1e-5. A NaN in the
 * picture reaches every output of the tiles (4×4) whose 6×6 cells it lies in, one in the weights its whole channel; an
 * infinity becomes NaN. */
void bl_winograd(const bl_conv_shape *s, int pictures, const bl_real *x, bl_taps9 w, const bl_finish *finish,
                 bl_real *y, bool add, void *scratch);

/* dw += gradient of the weights, by F(3×3, 4×4). Only the fast native build has it; elsewhere it never fits. NaN
 * spreads as above. */
bool bl_winograd_weights_fits(const bl_conv_shape *s);
size_t bl_winograd_weights_scratch(const bl_conv_shape *s);
void bl_winograd_weights(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *dy, bl_real *dw,
                         void *scratch);

#endif
