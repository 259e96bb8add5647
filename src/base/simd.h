/* The SIMD words kernels are written in: four floats at once, the same on WebAssembly and on a processor. A product and
 * a sum are two operations, so that both builds give the same bits; but for bl_f32x4_madd in the fast builds, see
 * base/vec.h. Not for the double build. */
#ifndef BL_SIMD_H
#define BL_SIMD_H

#include "base/base.h"

#if !defined(BL_DOUBLE)

#include <string.h>

/* bl_f32x4_max and _min take the data first and the bound second: where the data is NaN, it stays (the bound's NaN
 * would not). bl_f32x4_select takes lanes of a where the mask is set, of b elsewhere. */
#if defined(__wasm_simd128__)

#include <wasm_simd128.h>
typedef v128_t bl_f32x4;
typedef v128_t bl_mask4;

static inline bl_f32x4 bl_f32x4_zero(void) {
    return wasm_f32x4_const_splat(0.0f);
}
static inline bl_f32x4 bl_f32x4_load(const float *p) {
    return wasm_v128_load(p);
}
static inline void bl_f32x4_store(float *p, bl_f32x4 a) {
    wasm_v128_store(p, a);
}
static inline bl_f32x4 bl_f32x4_splat(float x) {
    return wasm_f32x4_splat(x);
}
static inline bl_f32x4 bl_f32x4_load_splat(const float *p) {
    return wasm_v128_load32_splat(p);
}
static inline bl_f32x4 bl_f32x4_add(bl_f32x4 a, bl_f32x4 b) {
    return wasm_f32x4_add(a, b);
}
static inline bl_f32x4 bl_f32x4_sub(bl_f32x4 a, bl_f32x4 b) {
    return wasm_f32x4_sub(a, b);
}
static inline bl_f32x4 bl_f32x4_mul(bl_f32x4 a, bl_f32x4 b) {
    return wasm_f32x4_mul(a, b);
}
static inline bl_f32x4 bl_f32x4_div(bl_f32x4 a, bl_f32x4 b) {
    return wasm_f32x4_div(a, b);
}
static inline bl_f32x4 bl_f32x4_sqrt(bl_f32x4 a) {
    return wasm_f32x4_sqrt(a);
}
static inline bl_f32x4 bl_f32x4_max(bl_f32x4 data, bl_f32x4 bound) {
    return wasm_f32x4_pmax(data, bound);
}
static inline bl_f32x4 bl_f32x4_min(bl_f32x4 data, bl_f32x4 bound) {
    return wasm_f32x4_pmin(data, bound);
}
static inline bl_mask4 bl_f32x4_less(bl_f32x4 a, bl_f32x4 b) {
    return wasm_f32x4_lt(a, b);
}
static inline bl_mask4 bl_f32x4_equal(bl_f32x4 a, bl_f32x4 b) {
    return wasm_f32x4_eq(a, b);
}
static inline bl_f32x4 bl_f32x4_select(bl_mask4 m, bl_f32x4 a, bl_f32x4 b) {
    return wasm_v128_bitselect(a, b, m);
}
/* Whole numbers of less than 2^31. */
static inline void bl_f32x4_store_ints(int32_t *p, bl_f32x4 a) {
    wasm_v128_store(p, wasm_i32x4_trunc_sat_f32x4(a));
}
static inline bool bl_mask4_any(bl_mask4 m) {
    return wasm_v128_any_true(m);
}
#define BL_SHUFFLE4(a, b, i, j, k, l) wasm_i32x4_shuffle(a, b, i, j, k, l)

#else

#if defined(BL_FAST)
#include <immintrin.h>
#endif
typedef float bl_f32x4 __attribute__((vector_size(16)));
typedef int32_t bl_mask4 __attribute__((vector_size(16)));

static inline bl_f32x4 bl_f32x4_zero(void) {
    return (bl_f32x4){0, 0, 0, 0};
}
static inline bl_f32x4 bl_f32x4_load(const float *p) {
    bl_f32x4 a;
    memcpy(&a, p, sizeof a); /* p need not be aligned */
    return a;
}
static inline void bl_f32x4_store(float *p, bl_f32x4 a) {
    memcpy(p, &a, sizeof a);
}
static inline bl_f32x4 bl_f32x4_splat(float x) {
    return (bl_f32x4){x, x, x, x};
}
static inline bl_f32x4 bl_f32x4_load_splat(const float *p) {
    return bl_f32x4_splat(*p);
}
static inline bl_f32x4 bl_f32x4_add(bl_f32x4 a, bl_f32x4 b) {
    return a + b;
}
static inline bl_f32x4 bl_f32x4_sub(bl_f32x4 a, bl_f32x4 b) {
    return a - b;
}
static inline bl_f32x4 bl_f32x4_mul(bl_f32x4 a, bl_f32x4 b) {
    return a * b;
}
static inline bl_f32x4 bl_f32x4_div(bl_f32x4 a, bl_f32x4 b) {
    return a / b;
}
static inline bl_f32x4 bl_f32x4_sqrt(bl_f32x4 a) {
    return (bl_f32x4){__builtin_sqrtf(a[0]), __builtin_sqrtf(a[1]), __builtin_sqrtf(a[2]), __builtin_sqrtf(a[3])};
}
static inline bl_mask4 bl_f32x4_less(bl_f32x4 a, bl_f32x4 b) {
    return a < b;
}
static inline bl_mask4 bl_f32x4_equal(bl_f32x4 a, bl_f32x4 b) {
    return a == b;
}
static inline bl_f32x4 bl_f32x4_select(bl_mask4 m, bl_f32x4 a, bl_f32x4 b) {
    return (bl_f32x4)(((bl_mask4)a & m) | ((bl_mask4)b & ~m));
}
static inline bl_f32x4 bl_f32x4_max(bl_f32x4 data, bl_f32x4 bound) {
    return bl_f32x4_select(data < bound, bound, data);
}
static inline bl_f32x4 bl_f32x4_min(bl_f32x4 data, bl_f32x4 bound) {
    return bl_f32x4_select(bound < data, bound, data);
}
static inline void bl_f32x4_store_ints(int32_t *p, bl_f32x4 a) {
    bl_mask4 whole = __builtin_convertvector(a, bl_mask4);
    memcpy(p, &whole, sizeof whole);
}
static inline bool bl_mask4_any(bl_mask4 m) {
    return (m[0] | m[1] | m[2] | m[3]) != 0;
}
#define BL_SHUFFLE4(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)

#endif

/* sum + a·b, rounded once where the build is a fast one (BL_FAST), twice otherwise. */
static inline bl_f32x4 bl_f32x4_madd(bl_f32x4 sum, bl_f32x4 a, bl_f32x4 b) {
#if !defined(BL_FAST)
    return bl_f32x4_add(sum, bl_f32x4_mul(a, b));
#elif defined(__wasm_relaxed_simd__)
    return wasm_f32x4_relaxed_madd(a, b, sum);
#else
    return _mm_fmadd_ps(a, b, sum);
#endif
}

/* Lane j of vector i becomes lane i of vector j; `shuffle` is BL_SHUFFLE4 or its like for wider vectors. */
#define BL_TRANSPOSE(type, shuffle, v)                                                                                 \
    do {                                                                                                               \
        type low01 = shuffle(v[0], v[1], 0, 4, 1, 5), high01 = shuffle(v[0], v[1], 2, 6, 3, 7),                        \
             low23 = shuffle(v[2], v[3], 0, 4, 1, 5), high23 = shuffle(v[2], v[3], 2, 6, 3, 7);                        \
        v[0] = shuffle(low01, low23, 0, 1, 4, 5);                                                                      \
        v[1] = shuffle(low01, low23, 2, 3, 6, 7);                                                                      \
        v[2] = shuffle(high01, high23, 0, 1, 4, 5);                                                                    \
        v[3] = shuffle(high01, high23, 2, 3, 6, 7);                                                                    \
    } while (0)
static inline void bl_f32x4_transpose(bl_f32x4 v[4]) {
    BL_TRANSPOSE(bl_f32x4, BL_SHUFFLE4, v);
}

static inline bl_f32x4 bl_f32x4_of(float a, float b, float c, float d) {
    float lanes[4] = {a, b, c, d};
    return bl_f32x4_load(lanes);
}
static inline float bl_f32x4_lane(bl_f32x4 a, int i) {
    float lanes[4];
    bl_f32x4_store(lanes, a);
    return lanes[i];
}
/* The sum of the lanes, always as (0+1)+(2+3). */
static inline float bl_f32x4_sum(bl_f32x4 a) {
    float lanes[4];
    bl_f32x4_store(lanes, a);
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

#endif
#endif
