/* Private to kernels/: what Winograd's forward pass and its gradient of the weights share: the points, tiles, and cells
 * on their way into transformed form. Not for the double build. */
#ifndef BL_WINOGRAD_PARTS_H
#define BL_WINOGRAD_PARTS_H

#include "kernels/panels.h"
#include "kernels/winograd.h"

#include <string.h>

enum {
    SIDE = 6, /* of the cells that a tile of 4×4 outputs is made from */
    POSITIONS = SIDE * SIDE,
    OUTS = BL_NR,         /* output channels at a time */
    MOST_TILES = 64,      /* of a block … */
    MOST_CELLS = 300000,  /* … whose transformed cells, 36 numbers a tile and channel, stay in the second cache */
    LEAST_CHANNELS = 16,  /* with fewer, transforming costs more than it saves */
    MOST_CHANNELS = 2048, /* then scratch stays below 4 MB, and a tile of the products within the first cache */
    GAP = 16              /* numbers between positions: a distance of a power of two would map all to the same lines */
};

/* The points of interpolation: 0, ±A, ±B and infinity, and the squares. With √½ and √2 the transforms lose a fifth of
 * what they lose with the usual 1 and 2. */
#define A  0.70710678F
#define B  1.41421356F
#define AA 0.5F
#define BB 2.0F

#if defined(__clang__)
#define ROLLED _Pragma("clang loop unroll(disable)")
#else
#define ROLLED _Pragma("GCC unroll 1")
#endif

static inline int least(int a, int b) {
    return a < b ? a : b;
}
static inline int in_fours(int n) {
    return (n + 3) & ~3;
}
static inline int in_vectors(int n) {
    return (n + BL_LANES - 1) & ~(BL_LANES - 1);
}
static inline int tiles_across(const bl_conv_shape *s) {
    return (s->out_width + 3) / 4;
}
static inline int tiles_of_picture(const bl_conv_shape *s) {
    return (s->out_height + 3) / 4 * tiles_across(s);
}
static inline int most_tiles(const bl_conv_shape *s) {
    int tiles = MOST_CELLS / POSITIONS / s->channels & ~(BL_LANES - 1);
    return tiles < BL_LANES ? BL_LANES : least(tiles, MOST_TILES);
}
static inline ptrdiff_t cells_step(const bl_conv_shape *s) {
    return (ptrdiff_t)most_tiles(s) * s->channels + GAP;
}

/* The groups of a vector, `apart` from each other. */
static inline void put_groups(float *to, ptrdiff_t apart, bl_vec a) {
    if (apart == 4)
        bl_vec_store(to, a);
    else
        for (int g = 0; g < BL_GROUPS; g++) bl_f32x4_store(to + g * apart, bl_vec_group(a, g));
}

/* Bᵀ·d, six numbers that are `step` apart each: its factors are the coefficients of x(x²−A²)(x²−B²) over one root. */
static inline void transform_cells(const bl_vec d[SIDE], float *to, ptrdiff_t step, ptrdiff_t apart) {
    const bl_vec product = bl_vec_splat(AA * BB), sum = bl_vec_splat(-(AA + BB)), a = bl_vec_splat(A),
                 b = bl_vec_splat(B), minus_a = bl_vec_splat(-A), minus_b = bl_vec_splat(-B),
                 minus_aa = bl_vec_splat(-AA), minus_bb = bl_vec_splat(-BB);
    bl_vec even = bl_vec_madd(d[4], minus_bb, d[2]), odd = bl_vec_madd(d[3], minus_bb, d[1]);
    put_groups(to + step, apart, bl_vec_madd(even, a, odd));
    put_groups(to + 2 * step, apart, bl_vec_madd(even, minus_a, odd));
    even = bl_vec_madd(d[4], minus_aa, d[2]);
    odd = bl_vec_madd(d[3], minus_aa, d[1]);
    put_groups(to + 3 * step, apart, bl_vec_madd(even, b, odd));
    put_groups(to + 4 * step, apart, bl_vec_madd(even, minus_b, odd));
    put_groups(to, apart, bl_vec_add(bl_vec_madd(bl_vec_mul(product, d[0]), sum, d[2]), d[4]));
    put_groups(to + 5 * step, apart, bl_vec_add(bl_vec_madd(bl_vec_mul(product, d[1]), sum, d[3]), d[5]));
}

/* The 6×6 cells of one tile in a channel. Beside a border they are copied, with zeros around. */
typedef struct {
    const float *corner; /* of the first channel */
    float *copy;         /* NULL: all cells lie in the picture */
    int top, bottom, left, right;
} cells;

static inline cells find(const bl_conv_shape *s, const float *x, int tile, int total, float *copy) {
    cells c = {x, copy, 0, 0, 0, 0};
    if (tile < total) {
        int of = tiles_of_picture(s), picture = tile / of, row = tile % of / tiles_across(s) * 4 - s->pad_top,
            column = tile % of % tiles_across(s) * 4 - s->pad_left;
        int top = row < 0 ? least(-row, SIDE) : 0, left = column < 0 ? least(-column, SIDE) : 0,
            bottom = least(SIDE, s->height - row), right = least(SIDE, s->width - column);
        if (top < bottom && left < right) /* not padding alone */
            c = (cells){x + ((ptrdiff_t)picture * s->channels * s->height + row + top) * s->width + column + left,
                        bottom - top == SIDE && right - left == SIDE ? NULL : copy,
                        top,
                        bottom,
                        left,
                        right};
    }
    if (c.copy) memset(copy, 0, POSITIONS * sizeof *copy);
    return c;
}

static inline void copy_inside(const cells *c, const float *from, ptrdiff_t row) {
    for (int i = c->top; i < c->bottom; i++, from += row)
        for (int j = c->left; j < c->right; j++) c->copy[i * SIDE + j] = from[j - c->left];
}

/* BᵀdB of a vector of 6×6 cells, lane l from from[l] with rows row[l] apart; positions `step` apart, groups `apart`.
 * from is used up. between: POSITIONS vectors. */
static inline void transform_lanes(const float *from[BL_LANES], const ptrdiff_t row[BL_LANES], float *between,
                                   float *to, ptrdiff_t step, ptrdiff_t apart) {
    ROLLED for (int i = 0; i < SIDE; i++) {
        bl_vec d[SIDE], last[4];
        for (int t = 0; t < 4; t++) {
            const float *head[BL_GROUPS], *tail[BL_GROUPS];
            for (int g = 0; g < BL_GROUPS; g++) {
                head[g] = from[4 * g + t];
                tail[g] = head[g] + 2;
                from[4 * g + t] += row[4 * g + t];
            }
            d[t] = bl_vec_load_groups(head);
            last[t] = bl_vec_load_groups(tail);
        }
        bl_vec_transpose(d);
        bl_vec_transpose(last);
        d[4] = last[2];
        d[5] = last[3];
        transform_cells(d, between + i * SIDE * BL_LANES, BL_LANES, 4);
    }
    ROLLED for (int j = 0; j < SIDE; j++) {
        bl_vec d[SIDE];
        for (int i = 0; i < SIDE; i++) d[i] = bl_vec_load(between + (i * SIDE + j) * BL_LANES);
        transform_cells(d, to + j * step, SIDE * step, apart);
    }
}

#endif
