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

/* ---- which grids ---- */

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

static size_t weights_count(const bl_conv_shape *s) {
    return (size_t)(s->out_channels / s->groups) * (size_t)(s->channels / s->groups) * (size_t)bl_taps(s);
}

/* ---- the grids over one strip, in all pictures ---- */

static bool fits(const bl_conv_shape *s, const bl_phase *only) {
    bl_grid all = whole(s, only);
    return all.n_taps == 0 || bl_strip_fits(&all, bl_grid_block(&all));
}

/* Results that do not lie side by side, those of the phases of a stride, are summed where they do, and scattered when
 * they are whole. Numbers of a plane, and of all grids over one strip. */
static ptrdiff_t gathered_plane(const bl_grid *all, const bl_cut *c) {
    return all->y_column == 1 ? 0 : (ptrdiff_t)c->rows * c->width;
}
static size_t gathered_count(const bl_conv_shape *s, const bl_phase *only, const bl_cut *c) {
    size_t n = 0;
    for (bl_phase p = {.y = -1, .x = -1}; next_grid(s, only, &p);)
        n += (size_t)gathered_plane(&p.grid, c) * (size_t)p.grid.outs;
    return n;
}

/* A strip, a few panels' rows, sums, places of the taps of all grids; behind the weights of all of them. */
static size_t scratch_of(const bl_conv_shape *s, const bl_phase *only) {
    bl_grid all = whole(s, only);
    if (all.n_taps == 0) return 0;
    bl_cut c = bl_cut_up(&all, bl_grid_block(&all));
    size_t most = (size_t)c.channels * (size_t)all.n_taps,
           places = (size_t)c.channels * (size_t)(s->kernel_h * s->kernel_w);
    return (weights_count(s) + bl_strip_count(&c) + bl_together_count(most) + gathered_count(s, only, &c)) *
               sizeof(bl_real) +
           places * sizeof(int32_t);
}

/* Group n of all pictures: x and y are those of the first group, w and weights its own. */
static void convolve(const bl_conv_shape *s, const bl_phase *only, int n, int pictures, const bl_real *x,
                     const bl_real *w, bl_real *weights, const bl_finish *finish, bl_real *y, bool add,
                     bl_real *strip) {
    const bl_grid all = whole(s, only);
    if (all.n_taps == 0) return;
    const bl_cut c = bl_cut_up(&all, bl_grid_block(&all));
    const bool matrix = bl_grid_is_matrix(&all), once = matrix && pictures == 1 && c.rows >= all.rows;
    bl_real *together = strip + bl_strip_count(&c);
    bl_real *gathered = together + bl_together_count((size_t)c.channels * (size_t)all.n_taps);
    int32_t *places = (int32_t *)(gathered + gathered_count(s, only, &c)), *next = places;
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
                               .add = add || (i > 0 && all.y_column == 1),
                               .bias = finish->bias && !add && i == 0 ? finish->bias + n * all.outs : NULL,
                               .low = last ? finish->low : -(bl_real)INFINITY,
                               .high = last ? finish->high : (bl_real)INFINITY,
                               .gate = last ? finish->gate : NULL,
                               .first = y};
                bl_real *packed = weights, *sums = gathered;
                next = places;
                for (bl_phase p = {.y = -1, .x = -1}; next_grid(s, only, &p);) {
                    const bl_grid *g = &p.grid;
                    bl_rows_read b = {some * g->n_taps, read, next};
                    bl_weights these = {.packed = packed + (once ? 0 : (ptrdiff_t)i * g->n_taps * all.outs),
                                        .source = {w + i * g->w_in, g->w_out, g->n_taps == 1 ? g->w_in : 1},
                                        .fresh = matrix && q == 0 && row == 0,
                                        .once = once};
                    int rows = bl_least(c.rows, g->rows - row);
                    bl_real *first = to + (ptrdiff_t)p.y * s->width + p.x + row * g->y_row;
                    if (rows > 0 && g->y_column == 1) {
                        bl_sum_strip(g, &c, rows, &these, &b, first, &t, together);
                    } else if (rows > 0) {
                        bl_target here = {.plane = gathered_plane(g, &c),
                                          .add = i > 0,
                                          .all = true,
                                          .low = -(bl_real)INFINITY,
                                          .high = (bl_real)INFINITY,
                                          .first = sums};
                        bl_sum_strip(g, &c, rows, &these, &b, sums, &here, together);
                        if (last) bl_scatter_strip(g, rows, c.width, sums, here.plane, &t, first);
                    }
                    sums += gathered_plane(g, &c) * g->outs;
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
    if (bl_taps(s) > BL_MOST_TAPS) return false;
    if (bl_grid_shares(s)) return fits(s, NULL);
    for (bl_phase p = {.y = -1, .x = -1}; bl_next_phase(s, &p);)
        if (!fits(s, &p)) return false;
    return true;
}

size_t bl_grid_scratch(const bl_conv_shape *s, bool backward) {
    bl_phase forward = {0, 0, bl_forward_grid(s)};
    if (!backward) return scratch_of(s, &forward);
    if (bl_grid_shares(s)) return scratch_of(s, NULL);
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
    for (int n = 0; n < s->groups; n++, w += weights_count(s))
        convolve(s, &forward, n, pictures, x, w, weights, finish, y, false, weights + weights_count(s));
}

void bl_grid_backward(const bl_conv_shape *s, int pictures, const bl_real *dy, const bl_real *w,
                      const bl_finish *finish, bl_real *dx, bool add, void *scratch) {
    size_t plane = (size_t)s->height * (size_t)s->width;
    bl_real *weights = scratch, *strip = weights + weights_count(s);
    if (!add && !bl_phases_cover(s)) memset(dx, 0, (size_t)pictures * (size_t)s->channels * plane * sizeof *dx);
    for (int n = 0; n < s->groups; n++, w += weights_count(s)) {
        bl_real *packed = weights;
        bl_grid_pack(s, w, weights);
        if (bl_grid_shares(s)) {
            convolve(s, NULL, n, pictures, dy, w, weights, finish, dx, add, strip);
            continue;
        }
        for (bl_phase p = {.y = -1, .x = -1}; bl_next_phase(s, &p);) {
            convolve(s, &p, n, pictures, dy, w, packed, finish, dx, add, strip);
            packed += (ptrdiff_t)p.grid.channels * p.grid.n_taps * p.grid.outs;
        }
    }
}
