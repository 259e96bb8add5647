#include "kernels/kernels.h"

#include "kernels/gate.h"

#include <math.h>

/* Loops of one operation, with no branch inside; one element's bits do not depend on where it stands. Where the result
 * may lie over an operand, compilers make no vectors of a loop, so fours are written out; the loop over single elements
 * does the rest. */

#if defined(BL_DOUBLE)
#define FOURS(n, i, a, x, b, z, y, operation)
#else
#define FOURS(n, i, a, x, b, z, y, operation)                                                                          \
    for (; i + 4 <= n; i += 4)                                                                                         \
        bl_f32x4_store(y + i, operation(x ? bl_f32x4_load(a + i) : bl_f32x4_load_splat(a),                             \
                                        z ? bl_f32x4_load(b + i) : bl_f32x4_load_splat(b)));
#endif

#define ROW(name, sign, operation)                                                                                     \
    void bl_row_##name(size_t n, const bl_real *a, size_t a_step, const bl_real *b, size_t b_step, bl_real *y) {       \
        size_t i = 0;                                                                                                  \
        bl_real x = *a, z = *b; /* y may lie over the one number */                                                    \
        if (a_step && b_step) {                                                                                        \
            FOURS(n, i, a, true, b, true, y, operation)                                                                \
            for (; i < n; i++) y[i] = a[i] sign b[i];                                                                  \
        } else if (a_step) {                                                                                           \
            FOURS(n, i, a, true, &z, false, y, operation)                                                              \
            for (; i < n; i++) y[i] = a[i] sign z;                                                                     \
        } else if (b_step) {                                                                                           \
            FOURS(n, i, &x, false, b, true, y, operation)                                                              \
            for (; i < n; i++) y[i] = x sign b[i];                                                                     \
        } else {                                                                                                       \
            for (; i < n; i++) y[i] = x sign z;                                                                        \
        }                                                                                                              \
    }
ROW(add, +, bl_f32x4_add)
ROW(subtract, -, bl_f32x4_sub)
ROW(multiply, *, bl_f32x4_mul)
ROW(divide, /, bl_f32x4_div)

void bl_clip(size_t n, const bl_real *x, bl_real low, bl_real high, bl_real *y) {
    size_t i = 0;
#if !defined(BL_DOUBLE)
    bl_f32x4 lows = bl_f32x4_splat(low), highs = bl_f32x4_splat(high);
    for (; i + 4 <= n; i += 4) bl_f32x4_store(y + i, bl_f32x4_min(bl_f32x4_max(bl_f32x4_load(x + i), lows), highs));
#endif
    for (; i < n; i++) {
        bl_real v = x[i] < low ? low : x[i];
        y[i] = v > high ? high : v;
    }
}

void bl_clip_backward(size_t n, const bl_real *y, bl_real low, bl_real high, bool positive, const bl_real *dy,
                      bl_real *dx, bool add) {
    /* No number is below −∞ or above ∞, so that a bound less is a comparison less. */
    bl_real least = positive ? 0 : -(bl_real)INFINITY;
    size_t i = 0;
#if !defined(BL_DOUBLE)
    bl_f32x4 zero = bl_f32x4_zero(), leasts = bl_f32x4_splat(least), lows = bl_f32x4_splat(low),
             highs = bl_f32x4_splat(high);
    for (; i + 4 <= n; i += 4) {
        bl_f32x4 d = bl_f32x4_load(dy + i);
        d = bl_f32x4_select(bl_f32x4_less(d, leasts), zero, d);
        if (y) d = bl_gate4(y + i, lows, highs, d);
        bl_f32x4_store(dx + i, add ? bl_f32x4_add(bl_f32x4_load(dx + i), d) : d);
    }
#endif
    for (; i < n; i++) {
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
