/* Private to kernels/: a gate (bl_gate) on four numbers at once. Not for the double build. */
#ifndef BL_GATE_H
#define BL_GATE_H

#include "base/simd.h"

#if !defined(BL_DOUBLE)

/* d where low < y < high, else 0. */
static inline bl_f32x4 bl_gate4(const float *y, bl_f32x4 lows, bl_f32x4 highs, bl_f32x4 d) {
    bl_f32x4 v = bl_f32x4_load(y), zero = bl_f32x4_zero();
    return bl_f32x4_select(bl_f32x4_less(lows, v), bl_f32x4_select(bl_f32x4_less(v, highs), d, zero), zero);
}

#endif

#endif
