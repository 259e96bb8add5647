/* Private to kernels/: convolutions described as grids, and the strips of a picture that they are summed over. */
#ifndef BL_STRIP_H
#define BL_STRIP_H

#include "kernels/panels.h"

enum { BL_SLACK = 4 * BL_LANES }; /* positions, at most, that are summed together */

/* One grid: results of `outs` channels at rows × columns positions from `channels` planes. */
typedef struct {
    int channels, height, width; /* of the planes read */
    int rows, columns, outs;
    int stride_h, stride_w; /* of the position read, for each step of the result */
    int n_taps;
    int kernel_w;              /* taps are numbered ky·kernel_w + kx in the weights */
    int first_y, first_x;      /* tap (ky, kx) reads at row·stride_h + first_y + ky·step_y, … */
    int step_y, step_x;        /* negative on the way back */
    int ky, kx, by_y, by_x;    /* taps ky, ky + by_y, …; kx, kx + by_x, … */
    int taps_y, taps_x;        /* how many of them */
    ptrdiff_t w_out, w_in;     /* distance of weights */
    ptrdiff_t y_row, y_column; /* of the result */
    size_t x_plane, y_plane;
    bool shared; /* several grids read the same strip */
} bl_grid;

/* Where taps look, in steps of the stride: the quotient's range, and how many remainders there are. */
typedef struct {
    int least, most, phases;
} bl_span;

/* How a grid is cut up: blocks of channels, and strips of rows. */
typedef struct {
    bl_span y, x;
    bool copied;
    int channels;    /* of a block: their taps together are the depth of a sum */
    int rows;        /* of a strip */
    int width;       /* of the grid's rows in memory */
    ptrdiff_t phase; /* numbers of one phase of one channel of a strip */
    ptrdiff_t plane; /* from channel to channel */
} bl_cut;

/* By the shape of one picture alone. most_channels: of a block. */
bl_cut bl_cut_up(const bl_grid *g, int most_channels);
/* A kernel of few taps that lie far apart, or behind wide padding, would need a strip out of all proportion. */
bool bl_strip_fits(const bl_grid *g, int most_channels);
/* Numbers of a strip, and a few behind it that may be read; 0: the picture is read where it is. */
size_t bl_strip_count(const bl_cut *c);
/* Rows first … of a strip, of `channels` planes from x. */
void bl_copy_strip(const bl_grid *g, const bl_cut *c, const bl_real *x, int channels, int first, bl_real *to);
/* Where each tap of each channel of a block reads, counted from the position. */
void bl_tap_offsets(const bl_grid *g, const bl_cut *c, int32_t *offsets);

/* A run of a row. Rows are short, and the engine's own copying is a call. */
static inline void bl_copy_run(const bl_real *from, int n, bl_real *to) {
    int i = 0;
#if !defined(BL_DOUBLE)
    for (; i + 4 <= n; i += 4) bl_f32x4_store(to + i, bl_f32x4_load(from + i));
    if (i < n && n >= 4) { /* what is left over, together with what is there already */
        bl_f32x4_store(to + n - 4, bl_f32x4_load(from + n - 4));
        i = n;
    }
#endif
    for (; i < n; i++) to[i] = from[i];
}
static inline void bl_zero_run(int n, bl_real *to) {
    int i = 0;
#if !defined(BL_DOUBLE)
    for (; i + 4 <= n; i += 4) bl_f32x4_store(to + i, bl_f32x4_zero());
#endif
    for (; i < n; i++) to[i] = 0;
}

static inline int bl_least(int a, int b) {
    return a < b ? a : b;
}
static inline int bl_most(int a, int b) {
    return a > b ? a : b;
}

/* The grid of a convolution; and those of its gradient to the input, one for each phase of the stride that a tap
 * reaches: begin with {.y = -1, .x = -1}; false at the end. */
bl_grid bl_forward_grid(const bl_conv_shape *s);
typedef struct {
    int y, x; /* the phase: cells y, y + stride, … */
    bl_grid grid;
} bl_phase;
bool bl_next_phase(const bl_conv_shape *s, bl_phase *p);
/* A grid that looks wherever one of the phases looks, with the most taps, rows and columns that one has: they share its
 * strip. No taps: there is no phase. */
bl_grid bl_shared_grid(const bl_conv_shape *s);
/* Does every cell of the input hear of some result? */
bool bl_phases_cover(const bl_conv_shape *s);

#endif
