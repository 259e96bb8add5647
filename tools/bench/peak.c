/* What this engine does at most: the products' inner loop (4 rows by 8 columns, a product and a sum for each) on panels
 * that lie in the first cache. Compiled like both modules; `make bench` measures it in every round. */
#include "base/simd.h"

enum { DEPTH = 256, ROWS = 4, COLUMNS = 8 };

static float rows[DEPTH * ROWS], columns[DEPTH * COLUMNS], sums[ROWS * COLUMNS];

/* Numbers that the compiler does not know. */
__attribute__((export_name("fill"))) void fill(float x) {
    for (int i = 0; i < DEPTH * ROWS; i++) rows[i] = x + (float)i;
    for (int i = 0; i < DEPTH * COLUMNS; i++) columns[i] = x - (float)i;
}

/* A function of its own, so that the engine can switch to optimised code between two calls. */
static __attribute__((noinline)) void tile(const float *a, const float *b) {
    bl_f32x4 low[ROWS], high[ROWS];
    for (int i = 0; i < ROWS; i++) low[i] = high[i] = bl_f32x4_zero();
    for (int l = 0; l < DEPTH; l++, a += ROWS, b += COLUMNS) {
        bl_f32x4 b0 = bl_f32x4_load(b), b1 = bl_f32x4_load(b + 4);
        for (int i = 0; i < ROWS; i++) {
            bl_f32x4 x = bl_f32x4_load_splat(a + i);
            low[i] = bl_f32x4_madd(low[i], x, b0);
            high[i] = bl_f32x4_madd(high[i], x, b1);
        }
    }
    for (int i = 0; i < ROWS; i++) {
        bl_f32x4_store(sums + i * COLUMNS, low[i]);
        bl_f32x4_store(sums + i * COLUMNS + 4, high[i]);
    }
}

/* Returns the floating-point operations done. */
__attribute__((export_name("peak"))) double peak(int times) {
    for (int i = 0; i < times; i++) {
        rows[i % DEPTH] = sums[0] * 1e-20F; /* nor may it leave out a call */
        tile(rows, columns);
    }
    return 2.0 * DEPTH * ROWS * COLUMNS * times;
}
