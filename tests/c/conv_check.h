/* One convolution with its two gradients against plain loops in double; every buffer has exactly its size. */
#ifndef BL_CONV_CHECK_H
#define BL_CONV_CHECK_H

#include "kernels/kernels.h"
#include "trial.h"

/* n numbers between −1 and 1. */
bl_real *drawn_from(dice *numbers, size_t n);
void expect_within(double limit, const bl_real *got, const double *expected, size_t n, const char *what, int a, int b,
                   int c);
/* `nans` cells of the picture are NaN: where the sums reach one, the result must be NaN, and only Winograd's tiles may
 * spread it further. */
void check_convolution(bl_conv_shape s, int pictures, int nans, dice *numbers);
bl_conv_shape square(int channels, int size, int out_channels, int kernel, int stride, int pad, int groups);

#endif
