/* Private to kernels/: dense convolutions, and their gradients to the input, as sums of shifted grids. */
#ifndef BL_GRID_H
#define BL_GRID_H

#include "kernels/kernels.h"

/* False for shapes far from any that networks have, which bl_plain_… computes: no memory, no speed. */
bool bl_grid_fits(const bl_conv_shape *s, bool backward);
/* Bytes that bl_grid_forward or bl_grid_backward need. */
size_t bl_grid_scratch(const bl_conv_shape *s, bool backward);
/* y = w ∗ x + bias, cut. Any kernel, stride, dilation, padding and groups. */
void bl_grid_forward(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *w, const bl_finish *finish,
                     bl_real *y, void *scratch);
/* The gate is for gradients that reach every cell (bl_phases_cover). */
void bl_grid_backward(const bl_conv_shape *s, int pictures, const bl_real *dy, const bl_real *w,
                      const bl_finish *finish, bl_real *dx, bool add, void *scratch);

void bl_plain_forward(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *w, const bl_finish *finish,
                      bl_real *y);
void bl_plain_backward(const bl_conv_shape *s, int pictures, const bl_real *dy, const bl_real *w, bl_real *dx,
                       bool add);

#endif
