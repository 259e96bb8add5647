#include "kernels/kernels.h"

#include <math.h>

/* Loops of one operation, with no branch inside: compilers make vectors of them on every machine, and one element's
 * bits do not depend on that. */

#define ROW(name, sign)                                                                                                \
    void bl_row_##name(size_t n, const bl_real *a, size_t a_step, const bl_real *b, size_t b_step, bl_real *y) {       \
        if (a_step && b_step)                                                                                          \
            for (size_t i = 0; i < n; i++) y[i] = a[i] sign b[i];                                                      \
        else if (a_step)                                                                                               \
            for (size_t i = 0; i < n; i++) y[i] = a[i] sign * b;                                                       \
        else if (b_step)                                                                                               \
            for (size_t i = 0; i < n; i++) y[i] = *a sign b[i];                                                        \
        else                                                                                                           \
            for (size_t i = 0; i < n; i++) y[i] = *a sign * b;                                                         \
    }
ROW(add, +)
ROW(subtract, -)
ROW(multiply, *)
ROW(divide, /)

void bl_clip(size_t n, const bl_real *x, bl_real low, bl_real high, bl_real *y) {
    for (size_t i = 0; i < n; i++) {
        bl_real v = x[i] < low ? low : x[i];
        y[i] = v > high ? high : v;
    }
}

void bl_clip_backward(size_t n, const bl_real *y, bl_real low, bl_real high, bool positive, const bl_real *dy,
                      bl_real *dx, bool add) {
    /* No number is below −∞ or above ∞, so that a bound less is a comparison less. */
    bl_real least = positive ? 0 : -(bl_real)INFINITY;
    for (size_t i = 0; i < n; i++) {
        bl_real d = dy[i] < least ? 0 : dy[i];
        if (y && !(y[i] > low && y[i] < high)) d = 0;
        dx[i] = add ? dx[i] + d : d;
    }
}

void bl_scale_shift(size_t n, const bl_real *x, bl_real factor, bl_real shift, bl_real *y) {
    for (size_t i = 0; i < n; i++) y[i] = factor * x[i] + shift;
}

void bl_scale(size_t n, const bl_real *dy, bl_real factor, bl_real *dx, bool add) {
    for (size_t i = 0; i < n; i++) dx[i] = add ? dx[i] + factor * dy[i] : factor * dy[i];
}
