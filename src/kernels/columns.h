/* Private to kernels/: pictures as columns of a matrix (im2col), a block at a time, straight into the packed form. */
#ifndef BL_COLUMNS_H
#define BL_COLUMNS_H

#include "kernels/panels.h"

/* Channels whose taps together fill a block of the sum's depth; at least one. */
int bl_block_channels(const bl_conv_shape *s);
/* Output positions of a block of that depth: a multiple of BL_NR, so chosen that the block stays in the second cache.
 */
int bl_block_width(const bl_conv_shape *s, int depth, int most);

/* Positions from `first` on, `count` of them, of the output's plane; channels of x counted from x. Panels of BL_NR
 * positions, each [channel·taps][BL_NR]; cells outside the picture and positions that are missing in the last panel are
 * zero. */
void bl_pack_columns_of(const bl_conv_shape *s, const bl_real *x, int channels, int first, int count, bl_real *packed);

/* The convolution that takes dY to dX where the stride is 1: in and out exchanged, the kernel to be turned by 180°. */
bl_conv_shape bl_reversed(const bl_conv_shape *s);

/* Convolutions with one channel a group; backward to the weights adds. */
bool bl_depthwise_fits(const bl_conv_shape *s, bool backward);
size_t bl_depthwise_scratch(const bl_conv_shape *s, bool backward);
void bl_depthwise_forward(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *w,
                          const bl_finish *finish, bl_real *y, void *scratch);
/* The gate is for gradients that reach every cell (bl_phases_cover). */
void bl_depthwise_backward_input(const bl_conv_shape *s, int pictures, const bl_real *dy, const bl_real *w,
                                 const bl_gate *gate, bl_real *dx, bool add, void *scratch);
void bl_depthwise_backward_weights(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *dy,
                                   bl_real *dw);

/* Positions o of an axis, from *from to *to−1, at which 0 ≤ o·stride + offset < size. Empty: *from ≥ *to. */
static inline void bl_valid_range(int out, int size, int stride, int offset, int *from, int *to) {
    int least = offset >= 0 ? 0 : stride == 1 ? -offset : (-offset + stride - 1) / stride; /* divisions are slow */
    int most = size - 1 - offset < 0 ? 0 : stride == 1 ? size - offset : (size - 1 - offset) / stride + 1;
    *from = least;
    *to = most < out ? most : out;
}

#endif
