/* A convolution of stride 1 without padding is a sum of its picture, shifted: the result at (row, column) is Σ over
 * channels and taps of a weight times the cell at (row + tap's row, column + tap's column), which lies a constant
 * distance from (row, column) in memory. So results of neighbouring positions are products of a matrix whose rows are
 * the picture itself, read from where the tap says; nothing has to be copied into columns. Positions run on over the
 * end of a row (what is computed there, beside the picture, is not stored).
 *
 * Where there is padding or a stride, a strip of the picture is copied first: with its border of zeros, and taken apart
 * into the stride's phases, each of which has stride 1. The gradient to the input is the same thing with taps that
 * point the other way; with a stride, every phase of the input is such a convolution of its own. */
#include "kernels/grid.h"

#include "kernels/grid_parts.h"

#include <math.h>
#include <string.h>

enum {
    FEW = 32, /* results of a gradient whose phases share a strip, if they are fewer */
    TOGETHER =
        8 * BL_MR, /* results whose weights are packed in turn: more panels would share lines of the first cache */
    FETCHED = 16   /* channels whose weights stay in the second cache while every phase takes its own of them */
};

/* ---- which grids ---- */

/* Channels whose taps together fill the depth of a sum. */
static int block_channels(const bl_grid *g) {
    return bl_most(1, BL_KC / g->n_taps);
}

/* The grids that are summed over one strip: a single one, or (NULL) all phases. Begin as bl_next_phase does. */
static bool next_grid(const bl_conv_shape *s, const bl_phase *only, bl_phase *p) {
    if (!only) return bl_next_phase(s, p);
    bool first = p->y < 0;
    *p = *only;
    return first;
}
static bl_grid whole(const bl_conv_shape *s, const bl_phase *only) {
    return only ? only->grid : bl_shared_grid(s);
}

/* With few results copying strips weighs much, and phases share them. With many, those of few taps are better off with
 * blocks of more channels. */
static bool shares(const bl_conv_shape *s) {
    return s->channels / s->groups < FEW;
}

/* ---- weights: of each grid, for each block of channels, panels of four results as bl_pack_rows has them ---- */

static size_t weights_count(const bl_conv_shape *s) {
    return (size_t)(s->out_channels / s->groups) * (size_t)(s->channels / s->groups) *
           (size_t)(s->kernel_h * s->kernel_w);
}

/* Channels from … until−1 of a block of `channels`. Weights of a channel of the results' gradient lie together: a few
 * panels at a time, channel after channel. */
static void pack_channels(const bl_grid *g, const bl_real *w, int channels, int from, int until, bl_real *to) {
    ptrdiff_t depth = (ptrdiff_t)channels * g->n_taps;
    for (int first = 0; first < g->outs; first += TOGETHER)
        for (int c = from; c < until; c++)
            for (int i = first; i < bl_least(first + TOGETHER, g->outs); i += BL_MR) {
                int some = bl_least(BL_MR, g->outs - i);
                const bl_real *read = w + i * g->w_out + c * g->w_in;
                bl_real *panel = to + i * depth + (ptrdiff_t)c * g->n_taps * some;
                for (int a = 0; a < g->taps_y; a++)
                    for (int b = 0; b < g->taps_x; b++) {
                        int tap = (g->ky + a * g->by_y) * g->kernel_w + g->kx + b * g->by_x;
                        for (int r = 0; r < some; r++) *panel++ = read[r * g->w_out + tap];
                    }
            }
}

/* The weights of one grid alone, whose results' or channels' weights lie side by side, are a matrix: bl_sum_strip packs
 * it. */
static bool is_matrix(const bl_grid *g) {
    return !g->shared && (g->w_in == g->n_taps || (g->n_taps == 1 && g->w_out == 1));
}

/* All grids of one group, one behind the other, unless they are a single matrix. `only` is the forward grid, or NULL:
 * all phases. */
static void pack(const bl_conv_shape *s, const bl_phase *only, const bl_real *w, bl_real *to) {
    const bl_grid all = whole(s, only);
    if (all.n_taps == 0 || is_matrix(&all)) return;
    int shared = !only && shares(s) ? block_channels(&all) : 0;
    for (int c = 0; c < all.channels; c += FETCHED) {
        bl_real *pack = to;
        int end = bl_least(all.channels, c + FETCHED);
        for (bl_phase p = {.y = -1, .x = -1}; next_grid(s, only, &p);) {
            const bl_grid *g = &p.grid;
            ptrdiff_t step = (ptrdiff_t)g->n_taps * g->outs;
            int block = bl_least(all.channels, shared ? shared : block_channels(g));
            for (int i = c, until; i < end; i = until) {
                int start = i / block * block, channels = bl_least(block, all.channels - start);
                until = bl_least(end, start + channels);
                pack_channels(g, w + start * g->w_in, channels, i - start, until - start, pack + start * step);
            }
            pack += all.channels * step;
        }
    }
}

/* ---- the grids over one strip, in all pictures ---- */

static bool fits(const bl_conv_shape *s, const bl_phase *only) {
    bl_grid all = whole(s, only);
    return all.n_taps == 0 || bl_strip_fits(&all, block_channels(&all));
}

/* A strip, a few panels' rows, places of the taps of all grids; behind the weights of all of them. */
static size_t scratch_of(const bl_conv_shape *s, const bl_phase *only) {
    bl_grid all = whole(s, only);
    if (all.n_taps == 0) return 0;
    bl_cut c = bl_cut_up(&all, block_channels(&all));
    size_t most = (size_t)c.channels * (size_t)all.n_taps,
           places = (size_t)c.channels * (size_t)(s->kernel_h * s->kernel_w);
    return (weights_count(s) + bl_strip_count(&c) + bl_together_count(most)) * sizeof(bl_real) +
           places * sizeof(int32_t);
}

/* Group n of all pictures: x and y are those of the first group, w and weights its own. */
static void convolve(const bl_conv_shape *s, const bl_phase *only, int n, int pictures, const bl_real *x,
                     const bl_real *w, bl_real *weights, const bl_finish *finish, bl_real *y, bool add,
                     bl_real *strip) {
    const bl_grid all = whole(s, only);
    if (all.n_taps == 0) return;
    const bl_cut c = bl_cut_up(&all, block_channels(&all));
    const bool matrix = is_matrix(&all), once = matrix && pictures == 1 && c.rows >= all.rows;
    bl_real *together = strip + bl_strip_count(&c);
    int32_t *places = (int32_t *)(together + bl_together_count((size_t)c.channels * (size_t)all.n_taps)),
            *next = places;
    for (bl_phase p = {.y = -1, .x = -1}; next_grid(s, only, &p); next += c.channels * p.grid.n_taps)
        bl_tap_offsets(&p.grid, &c, next);
    for (int q = 0; q < pictures; q++) {
        const bl_real *from = x + ((size_t)q * (size_t)s->groups + (size_t)n) * (size_t)all.channels * all.x_plane;
        bl_real *to = y + ((size_t)q * (size_t)s->groups + (size_t)n) * (size_t)all.outs * all.y_plane;
        for (int row = 0; row < all.rows; row += c.rows)
            for (int i = 0; i < all.channels; i += c.channels) {
                int some = bl_least(c.channels, all.channels - i);
                const bl_real *read = from + (size_t)i * all.x_plane;
                if (c.copied) {
                    bl_copy_strip(&all, &c, read, some, row, strip);
                    read = strip;
                }
                bool last = i + some == all.channels;
                bl_target t = {.plane = (ptrdiff_t)all.y_plane,
                               .column = all.y_column,
                               .add = add || i > 0,
                               .bias = finish->bias && !add && i == 0 ? finish->bias + n * all.outs : NULL,
                               .low = last ? finish->low : -(bl_real)INFINITY,
                               .high = last ? finish->high : (bl_real)INFINITY,
                               .gate = last ? finish->gate : NULL,
                               .first = y};
                bl_real *packed = weights;
                next = places;
                for (bl_phase p = {.y = -1, .x = -1}; next_grid(s, only, &p);) {
                    const bl_grid *g = &p.grid;
                    bl_rows_read b = {some * g->n_taps, read, next};
                    bl_weights these = {.packed = packed + (once ? 0 : (ptrdiff_t)i * g->n_taps * all.outs),
                                        .source = {w + i * g->w_in, g->w_out, g->n_taps == 1 ? g->w_in : 1},
                                        .fresh = matrix && q == 0 && row == 0,
                                        .once = once};
                    int rows = bl_least(c.rows, g->rows - row);
                    if (rows > 0)
                        bl_sum_strip(g, &c, rows, &these, &b, to + (ptrdiff_t)p.y * s->width + p.x + row * g->y_row, &t,
                                     together);
                    packed += (ptrdiff_t)all.channels * g->n_taps * all.outs;
                    next += c.channels * g->n_taps;
                }
            }
    }
}

/* ---- the two ways ---- */

bool bl_grid_fits(const bl_conv_shape *s, bool backward) {
    bl_phase forward = {0, 0, bl_forward_grid(s)};
    if (!backward) return fits(s, &forward);
    if (shares(s)) return fits(s, NULL);
    for (bl_phase p = {.y = -1, .x = -1}; bl_next_phase(s, &p);)
        if (!fits(s, &p)) return false;
    return true;
}

size_t bl_grid_scratch(const bl_conv_shape *s, bool backward) {
    bl_phase forward = {0, 0, bl_forward_grid(s)};
    if (!backward) return scratch_of(s, &forward);
    if (shares(s)) return scratch_of(s, NULL);
    size_t bytes = 0;
    for (bl_phase p = {.y = -1, .x = -1}; bl_next_phase(s, &p);) {
        size_t n = scratch_of(s, &p);
        if (n > bytes) bytes = n;
    }
    return bytes;
}

void bl_grid_forward(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *w, const bl_finish *finish,
                     bl_real *y, void *scratch) {
    bl_phase forward = {0, 0, bl_forward_grid(s)};
    bl_real *weights = scratch;
    for (int n = 0; n < s->groups; n++, w += weights_count(s)) {
        pack(s, &forward, w, weights);
        convolve(s, &forward, n, pictures, x, w, weights, finish, y, false, weights + weights_count(s));
    }
}

void bl_grid_backward(const bl_conv_shape *s, int pictures, const bl_real *dy, const bl_real *w,
                      const bl_finish *finish, bl_real *dx, bool add, void *scratch) {
    size_t plane = (size_t)s->height * (size_t)s->width;
    bl_real *weights = scratch, *strip = weights + weights_count(s);
    if (!add && !bl_phases_cover(s)) memset(dx, 0, (size_t)pictures * (size_t)s->channels * plane * sizeof *dx);
    for (int n = 0; n < s->groups; n++, w += weights_count(s)) {
        bl_real *packed = weights;
        pack(s, NULL, w, weights);
        if (shares(s)) {
            convolve(s, NULL, n, pictures, dy, w, weights, finish, dx, add, strip);
            continue;
        }
        for (bl_phase p = {.y = -1, .x = -1}; bl_next_phase(s, &p);) {
            convolve(s, &p, n, pictures, dy, w, packed, finish, dx, add, strip);
            packed += (ptrdiff_t)p.grid.channels * p.grid.n_taps * p.grid.outs;
        }
    }
}
