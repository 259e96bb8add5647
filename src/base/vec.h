/* SIMD words whose width is the build's: BL_LANES floats at once, in groups of four. Kernels are written in these, and
 * one source becomes
 *   the exact build, 4 lanes, a product and a sum two operations: WebAssembly and, bit for bit the same, native;
 *   the fast native build (BL_FAST, with AVX2 and FMA), 8 lanes, multiply-add in one rounding;
 *   the WebAssembly module with relaxed SIMD (BL_FAST), 4 lanes, multiply-add as the machine has it.
 * Whoever writes a kernel says BL_LANES and BL_GROUPS, never 4 or 8. Not for the double build. */
#ifndef BL_VEC_H
#define BL_VEC_H

#include "base/simd.h"

#if defined(BL_DOUBLE)

enum { BL_LANES = 4 }; /* no vectors, but blocks of the usual sizes */

#else

#if defined(BL_FAST) && defined(__AVX2__)

enum { BL_LANES = 8 };
typedef float bl_vec __attribute__((vector_size(4 * BL_LANES)));
typedef int32_t bl_vec_mask __attribute__((vector_size(4 * BL_LANES)));

static inline bl_vec bl_vec_zero(void) {
    return (bl_vec){0};
}
static inline bl_vec bl_vec_load(const float *p) {
    bl_vec a;
    memcpy(&a, p, sizeof a); /* p need not be aligned */
    return a;
}
static inline void bl_vec_store(float *p, bl_vec a) {
    memcpy(p, &a, sizeof a);
}
static inline bl_vec bl_vec_splat(float x) {
    return (bl_vec){x, x, x, x, x, x, x, x};
}
static inline bl_vec bl_vec_add(bl_vec a, bl_vec b) {
    return a + b;
}
static inline bl_vec bl_vec_sub(bl_vec a, bl_vec b) {
    return a - b;
}
static inline bl_vec bl_vec_mul(bl_vec a, bl_vec b) {
    return a * b;
}
/* As bl_f32x4_max and _min: where the data is NaN, it stays. */
static inline bl_vec bl_vec_max(bl_vec data, bl_vec bound) {
    bl_vec_mask m = data < bound;
    return (bl_vec)(((bl_vec_mask)bound & m) | ((bl_vec_mask)data & ~m));
}
static inline bl_vec bl_vec_min(bl_vec data, bl_vec bound) {
    bl_vec_mask m = bound < data;
    return (bl_vec)(((bl_vec_mask)bound & m) | ((bl_vec_mask)data & ~m));
}
static inline bl_vec bl_vec_madd(bl_vec sum, bl_vec a, bl_vec b) {
    return _mm256_fmadd_ps(a, b, sum);
}
/* Group g of the result is loaded from p[g]. */
static inline bl_vec bl_vec_load_groups(const float *const p[]) {
    return __builtin_shufflevector(bl_f32x4_load(p[0]), bl_f32x4_load(p[1]), 0, 1, 2, 3, 4, 5, 6, 7);
}
static inline bl_f32x4 bl_vec_group(bl_vec a, int g) {
    return g ? __builtin_shufflevector(a, a, 4, 5, 6, 7) : __builtin_shufflevector(a, a, 0, 1, 2, 3);
}
/* i, j, k, l as in BL_SHUFFLE4, in every group. */
#define BL_IN_GROUP(i, g) ((i) < 4 ? (i) + 4 * (g) : (i) + 4 + 4 * (g))
#define BL_VEC_SHUFFLE(a, b, i, j, k, l)                                                                               \
    __builtin_shufflevector(a, b, BL_IN_GROUP(i, 0), BL_IN_GROUP(j, 0), BL_IN_GROUP(k, 0), BL_IN_GROUP(l, 0),          \
                            BL_IN_GROUP(i, 1), BL_IN_GROUP(j, 1), BL_IN_GROUP(k, 1), BL_IN_GROUP(l, 1))

#else

enum { BL_LANES = 4 };
typedef bl_f32x4 bl_vec;
#define bl_vec_zero    bl_f32x4_zero
#define bl_vec_load    bl_f32x4_load
#define bl_vec_store   bl_f32x4_store
#define bl_vec_splat   bl_f32x4_splat
#define bl_vec_add     bl_f32x4_add
#define bl_vec_sub     bl_f32x4_sub
#define bl_vec_mul     bl_f32x4_mul
#define bl_vec_max     bl_f32x4_max
#define bl_vec_min     bl_f32x4_min
#define bl_vec_madd    bl_f32x4_madd
static inline bl_vec bl_vec_load_groups(const float *const p[]) {
    return bl_f32x4_load(p[0]);
}
static inline bl_f32x4 bl_vec_group(bl_vec a, int g) {
    (void)g;
    return a;
}
#define BL_VEC_SHUFFLE BL_SHUFFLE4

#endif

enum { BL_GROUPS = BL_LANES / 4 };

static inline bl_vec bl_vec_load_splat(const float *p) {
#if defined(__wasm_simd128__)
    return bl_f32x4_load_splat(p); /* one instruction there */
#else
    return bl_vec_splat(*p);
#endif
}
/* In every group: lane j of vector i becomes lane i of vector j. */
static inline void bl_vec_transpose(bl_vec v[4]) {
    BL_TRANSPOSE(bl_vec, BL_VEC_SHUFFLE, v);
}
/* The sum of the lanes: the groups one to another, then as (0+1)+(2+3). */
static inline float bl_vec_sum(bl_vec a) {
    bl_f32x4 sum = bl_vec_group(a, 0);
    for (int g = 1; g < BL_GROUPS; g++) sum = bl_f32x4_add(sum, bl_vec_group(a, g));
    return bl_f32x4_sum(sum);
}

#endif

/* sum + a·b of single numbers, rounded as bl_vec_madd does natively. */
static inline bl_real bl_madd(bl_real sum, bl_real a, bl_real b) {
#if defined(BL_FAST) && defined(__FMA__)
    return __builtin_fmaf(a, b, sum);
#else
    return sum + a * b;
#endif
}

#endif
