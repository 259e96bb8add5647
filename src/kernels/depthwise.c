/* Convolutions with one channel a group: every plane by itself, over strips like those of the dense ones (grid.c). What
 * is computed beside the picture, where a row ends, is left out when the results are copied to their rows. */
#include "kernels/columns.h"
#include "kernels/strip.h"

#include <string.h>

enum { AT_ONCE = 4 * BL_LANES };

/* Scratch, cut up: a plane's strip, its results as they lie in the strip, the taps' weights and places. */
typedef struct {
    bl_real *strip, *results, *taps;
    int32_t *offsets;
} pieces;

static size_t results_of(const bl_cut *c) {
    return (size_t)c->rows * (size_t)c->width + AT_ONCE;
}

static size_t scratch_of(const bl_grid *g) {
    bl_cut c = bl_cut_up(g, 1);
    size_t numbers = bl_strip_count(&c) + results_of(&c) + (size_t)g->n_taps;
    return numbers * sizeof(bl_real) + (size_t)g->n_taps * sizeof(int32_t);
}

static pieces cut_scratch(const bl_grid *g, const bl_cut *c, void *scratch) {
    pieces p = {.strip = scratch};
    p.results = p.strip + bl_strip_count(c);
    p.taps = p.results + results_of(c);
    p.offsets = (int32_t *)(p.taps + g->n_taps);
    return p;
}

/* y = min(max(Σ taps + start, low), high) at `total` positions. */
static void sum_taps(int n_taps, const bl_real *taps, const int32_t *offsets, const bl_real *x, int total,
                     bl_real start, const bl_finish *finish, bl_real *y) {
    int at = 0;
#if !defined(BL_DOUBLE)
    const bl_vec first = bl_vec_splat(start), low = bl_vec_splat(finish->low), high = bl_vec_splat(finish->high);
    for (; total >= AT_ONCE && at < total; at += AT_ONCE) {
        if (at + AT_ONCE > total) at = total - AT_ONCE; /* once more, together with their neighbours */
        bl_vec sums[4] = {first, first, first, first};
        for (int t = 0; t < n_taps; t++) {
            const float *cell = x + at + offsets[t];
            bl_vec w = bl_vec_load_splat(taps + t);
            for (int i = 0; i < 4; i++) sums[i] = bl_vec_madd(sums[i], w, bl_vec_load(cell + i * BL_LANES));
        }
        for (int i = 0; i < 4; i++) bl_vec_store(y + at + i * BL_LANES, bl_vec_min(bl_vec_max(sums[i], low), high));
    }
#endif
    for (; at < total; at++) {
        bl_real sum = start;
        for (int t = 0; t < n_taps; t++) sum = bl_madd(sum, taps[t], x[at + offsets[t]]);
        sum = sum < finish->low ? finish->low : sum;
        y[at] = sum > finish->high ? finish->high : sum;
    }
}

/* Rows of results to where they belong. */
static void put_rows(const bl_grid *g, const bl_cut *c, int rows, const bl_real *from, bl_real *y, bool add) {
    for (int r = 0; r < rows; r++, from += c->width, y += g->y_row) {
        if (g->y_column == 1 && !add)
            bl_copy_run(from, g->columns, y);
        else if (g->y_column == 1)
            bl_add_to(y, from, (size_t)g->columns);
        else if (add)
            for (int j = 0; j < g->columns; j++) y[j * g->y_column] += from[j];
        else
            for (int j = 0; j < g->columns; j++) y[j * g->y_column] = from[j];
    }
}

/* One plane, its taps and their places found. */
static void plane(const bl_grid *g, const bl_cut *c, const pieces *p, const bl_real *x, bl_real start,
                  const bl_finish *finish, bl_real *y, bool add) {
    bool straight = c->width == g->columns && g->y_row == g->columns && g->y_column == 1 && !add;
    for (int row = 0; row < g->rows; row += c->rows, y += c->rows * g->y_row) {
        int rows = bl_least(c->rows, g->rows - row), total = (rows - 1) * c->width + g->columns;
        if (c->copied) bl_copy_strip(g, c, x, 1, row, p->strip);
        sum_taps(g->n_taps, p->taps, p->offsets, c->copied ? p->strip : x, total, start, finish,
                 straight ? y : p->results);
        if (!straight) put_rows(g, c, rows, p->results, y, add);
    }
}

static void take_taps(const bl_grid *g, const bl_real *w, bl_real *taps) {
    for (int a = 0; a < g->taps_y; a++)
        for (int b = 0; b < g->taps_x; b++) *taps++ = w[(g->ky + a * g->by_y) * g->kernel_w + g->kx + b * g->by_x];
}

bool bl_depthwise_fits(const bl_conv_shape *s, bool backward) {
    bl_grid g = bl_forward_grid(s);
    if (!backward) return bl_strip_fits(&g, 1);
    for (bl_phase p = {.y = -1, .x = -1}; bl_next_phase(s, &p);)
        if (!bl_strip_fits(&p.grid, 1)) return false;
    return true;
}

size_t bl_depthwise_scratch(const bl_conv_shape *s, bool backward) {
    bl_grid g = bl_forward_grid(s);
    size_t bytes = 0;
    if (!backward) return scratch_of(&g);
    for (bl_phase p = {.y = -1, .x = -1}; bl_next_phase(s, &p);) {
        size_t n = scratch_of(&p.grid);
        if (n > bytes) bytes = n;
    }
    return bytes;
}

void bl_depthwise_forward(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *w,
                          const bl_finish *finish, bl_real *y, void *scratch) {
    bl_grid g = bl_forward_grid(s);
    bl_cut c = bl_cut_up(&g, 1);
    pieces p = cut_scratch(&g, &c, scratch);
    int copies = s->out_channels / s->channels;
    bl_tap_offsets(&g, &c, p.offsets);
    for (int i = 0; i < pictures * s->out_channels; i++, y += g.y_plane) {
        int o = i % s->out_channels;
        take_taps(&g, w + (ptrdiff_t)o * g.n_taps, p.taps);
        plane(&g, &c, &p, x + (size_t)(i / copies) * g.x_plane, finish->bias ? finish->bias[o] : 0, finish, y, false);
    }
}

void bl_depthwise_backward_input(const bl_conv_shape *s, int pictures, const bl_real *dy, const bl_real *w,
                                 const bl_gate *gate, bl_real *dx, bool add, void *scratch) {
    int copies = s->out_channels / s->channels;
    size_t in_plane = (size_t)s->height * (size_t)s->width, out_plane = (size_t)s->out_height * (size_t)s->out_width;
    if (!add && !bl_phases_cover(s)) memset(dx, 0, (size_t)pictures * (size_t)s->channels * in_plane * sizeof *dx);
    for (bl_phase f = {.y = -1, .x = -1}; bl_next_phase(s, &f);) {
        const bl_grid *g = &f.grid;
        bl_cut c = bl_cut_up(g, 1);
        pieces p = cut_scratch(g, &c, scratch);
        bl_tap_offsets(g, &c, p.offsets);
        bl_phase next = f;
        bool last = !bl_next_phase(s, &next);
        for (int i = 0; i < pictures * s->out_channels; i++) {
            size_t at = (size_t)(i / copies) * in_plane;
            take_taps(g, w + (ptrdiff_t)(i % s->out_channels) * bl_taps(s), p.taps);
            plane(g, &c, &p, dy + (size_t)i * out_plane, 0, &bl_no_finish, dx + at + f.y * s->width + f.x,
                  add || i % copies > 0);
            if (gate && last && (i + 1) % copies == 0) /* the plane is finished, and still in the cache */
                bl_clip_backward(in_plane, gate->y + at, gate->low, gate->high, false, dx + at, dx + at, false);
        }
    }
}

/* Tap `t` of the weights of output plane i at row oy of it: the products it is the sum of. */
static double meet(const bl_conv_shape *s, int oy, int t, const bl_real *x, const bl_real *dy) {
    int iy = oy * s->stride_h + t / s->kernel_w * s->dilation_h - s->pad_top, from, to;
    int offset = t % s->kernel_w * s->dilation_w - s->pad_left;
    bl_valid_range(s->out_width, s->width, s->stride_w, offset, &from, &to);
    if (iy < 0 || iy >= s->height || from >= to) return 0;
    const bl_real *row = x + (ptrdiff_t)iy * s->width + offset, *signal = dy + (ptrdiff_t)oy * s->out_width;
    if (s->stride_w == 1) return bl_dot(row + from, signal + from, (size_t)(to - from));
    double sum = 0;
    for (int i = from; i < to; i++) sum += (double)row[(ptrdiff_t)i * s->stride_w] * (double)signal[i];
    return sum;
}

void bl_depthwise_backward_weights(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *dy,
                                   bl_real *dw) {
    int taps = bl_taps(s), copies = s->out_channels / s->channels;
    for (int i = 0; i < pictures * s->out_channels; i++)
        for (int oy = 0; oy < s->out_height; oy++)
            for (int t = 0; t < taps; t++)
                dw[(ptrdiff_t)(i % s->out_channels) * taps + t] +=
                    (bl_real)meet(s, oy, t, x + (ptrdiff_t)(i / copies) * s->height * s->width,
                                  dy + (ptrdiff_t)i * s->out_height * s->out_width);
}
