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

#include "kernels/gate.h"
#include "kernels/strip.h"

#include <math.h>
#include <string.h>

enum {
    WIDE = 2 * BL_LANES, /* positions of a panel */
    WEIGHTS = 32768,     /* of a block of results: they stay in the second cache */
    MANY = 32,           /* results for which a panel's rows are copied together first: that costs as much as two */
    ROOM = 4096,         /* numbers of a few panels' rows: they stay in the first cache … */
    PANELS = 16,         /* … and are this many at most */
    TOGETHER =
        8 * BL_MR /* results whose weights are packed in turn: more panels would share lines of the first cache */
};

/* ---- weights: for each block of channels, panels of four results as bl_pack_rows has them ---- */

static void pack_block(const bl_grid *g, const bl_real *w, int channels, bl_real *to) {
    bool all = g->by_y == 1 && g->by_x == 1 && g->taps_x == g->kernel_w && g->ky == 0 && g->kx == 0;
    if (all && g->w_in == g->n_taps) { /* the taps of a result lie in order */
        bl_pack_rows(g->outs, channels * g->n_taps, (bl_matrix){w, g->w_out, 1}, to);
        return;
    }
    if (g->n_taps == 1) {
        bl_pack_rows(g->outs, channels, (bl_matrix){w + g->ky * g->kernel_w + g->kx, g->w_out, g->w_in}, to);
        return;
    }
    /* Weights of a channel of the results' gradient lie together: a few panels at a time, channel after channel. */
    ptrdiff_t depth = (ptrdiff_t)channels * g->n_taps;
    for (int first = 0; first < g->outs; first += TOGETHER)
        for (int c = 0; c < channels; c++)
            for (int i = first; i < bl_least(first + TOGETHER, g->outs); i += BL_MR) {
                int some = bl_least(BL_MR, g->outs - i);
                const bl_real *from = w + i * g->w_out + c * g->w_in;
                bl_real *panel = to + i * depth + (ptrdiff_t)c * g->n_taps * some;
                for (int a = 0; a < g->taps_y; a++)
                    for (int b = 0; b < g->taps_x; b++) {
                        int tap = (g->ky + a * g->by_y) * g->kernel_w + g->kx + b * g->by_x;
                        for (int r = 0; r < some; r++) *panel++ = from[r * g->w_out + tap];
                    }
            }
}

/* ---- sums ---- */

/* What becomes of sums: where they go, and what is done to them on the way. */
typedef struct {
    ptrdiff_t plane, column; /* from result to result, from position to position */
    bool add;
    const bl_real *bias; /* of the first result; NULL: none */
    bl_real low, high;
    const bl_gate *gate; /* NULL: none. Its numbers lie as results do from `first` on */
    const bl_real *first;
} target;

/* The rows of a block: `offsets` says where each is, or they are `step` apart. */
typedef struct {
    int k;
    const bl_real *x;
    const int32_t *offsets;
    ptrdiff_t step;
} rows_read;

#if defined(BL_DOUBLE)

static inline void tile(int rows, const bl_real *a, const rows_read *b, const bl_real *x, bool shifted, const target *t,
                        const bl_real *bias, bl_real *y, ptrdiff_t y_row) {
    for (int i = 0; i < rows; i++, y += y_row)
        for (int j = 0; j < WIDE; j++) {
            bl_real sum = 0;
            for (int l = 0; l < b->k; l++) sum += a[l * rows + i] * x[(shifted ? b->offsets[l] : l * b->step) + j];
            sum += t->add ? y[j] : bias ? bias[i] : 0;
            if (sum < t->low) sum = t->low;
            if (sum > t->high) sum = t->high;
            y[j] = sum;
        }
}

#else

/* `rows` results at a panel's positions. The number of rows, and whether they are shifted by offsets, are constants
 * wherever this is called. Finished, they go to rows of y, y_row apart. */
static inline __attribute__((always_inline)) void tile(int rows, const float *restrict a, const rows_read *b,
                                                       const float *restrict x, bool shifted, const target *t,
                                                       const float *bias, float *y, ptrdiff_t y_row) {
    bl_vec sums[BL_MR][2];
    const int32_t *restrict offsets = b->offsets;
    ptrdiff_t step = b->step;
    for (int i = 0; i < rows; i++) sums[i][0] = sums[i][1] = bl_vec_zero();
    for (int l = b->k; l > 0; l--, a += rows) {
        const float *row = shifted ? x + *offsets++ : x;
        bl_vec b0 = bl_vec_load(row), b1 = bl_vec_load(row + BL_LANES);
        if (!shifted) x += step;
        for (int i = 0; i < rows; i++) {
            bl_vec w = bl_vec_load_splat(a + i);
            sums[i][0] = bl_vec_madd(sums[i][0], w, b0);
            sums[i][1] = bl_vec_madd(sums[i][1], w, b1);
        }
    }
    const bl_vec low = bl_vec_splat(t->low), high = bl_vec_splat(t->high);
    bool add = t->add;
    for (int i = 0; i < rows; i++, y += y_row) {
        bl_vec first = bias ? bl_vec_load_splat(bias + i) : bl_vec_zero();
        for (int v = 0; v < 2; v++) {
            bl_vec sum = bl_vec_add(sums[i][v], add ? bl_vec_load(y + v * BL_LANES) : first);
            bl_vec_store(y + v * BL_LANES, bl_vec_min(bl_vec_max(sum, low), high));
        }
    }
}

#endif

/* Finished sums go through their gate, whose rows are at_row apart. */
static void close(int rows, const bl_gate *gate, const bl_real *at, ptrdiff_t at_row, bl_real *y, ptrdiff_t y_row) {
#if !defined(BL_DOUBLE)
    const bl_f32x4 lows = bl_f32x4_splat(gate->low), highs = bl_f32x4_splat(gate->high);
    for (int i = 0; i < rows; i++, y += y_row, at += at_row)
        for (int j = 0; j < WIDE; j += 4) bl_f32x4_store(y + j, bl_gate4(at + j, lows, highs, bl_f32x4_load(y + j)));
#else
    for (int i = 0; i < rows; i++, y += y_row, at += at_row)
        bl_clip_backward(WIDE, at, gate->low, gate->high, false, y, y, false);
#endif
}

/* Positions of a strip, as they lie in memory: `rows` rows `width` apart, of which `columns` are results. */
typedef struct {
    int rows, width, columns;
} field;

/* A panel of positions: those from..to−1 of it go to y. Most panels are of one piece, whole. */
typedef struct {
    int n;
    int from[WIDE], to[WIDE];
    bl_real *y[WIDE]; /* of the first result */
} pieces;
typedef struct {
    const bl_real *x;
    bl_real *y; /* NULL: in pieces */
    pieces parts;
} panel;

static void store_pieces(const pieces *p, const target *t, int rows, const bl_real *sums, ptrdiff_t y) {
    for (int n = 0; n < p->n; n++) {
        bl_real *to = p->y[n] + y;
        for (int i = 0; i < rows; i++, to += t->plane)
            for (int j = p->from[n]; j < p->to[n]; j++) to[(j - p->from[n]) * t->column] = sums[i * WIDE + j];
    }
}

/* What lies where the pieces go, or at the same places of an array that begins at `other` instead of t->first. */
static void load_pieces(const pieces *p, const target *t, int rows, const bl_real *other, bl_real *sums, ptrdiff_t y) {
    for (int n = 0; n < p->n; n++) {
        const bl_real *from = other + (p->y[n] - t->first) + y;
        for (int i = 0; i < rows; i++, from += t->plane)
            for (int j = p->from[n]; j < p->to[n]; j++) sums[i * WIDE + j] = from[(j - p->from[n]) * t->column];
    }
}

#define TILE(rows)                                                                                                     \
    b->offsets ? tile(rows, a, b, p->x, true, t, bias, to, to_row) : tile(rows, a, b, p->x, false, t, bias, to, to_row)

/* Four results at all panels, then the next four: so their stores run on, as far as the panels do. */
static void sum_panels(int outs, const bl_real *a, const rows_read *b, const target *t, const panel *panels, int n) {
    const bl_real *bias = t->bias;
    for (int i = 0; i < outs; i += BL_MR, a += (ptrdiff_t)BL_MR * b->k) {
        int rows = bl_least(BL_MR, outs - i);
        for (const panel *p = panels; p < panels + n; p++) {
            bl_real sums[BL_MR * WIDE], *to = p->y ? p->y + i * t->plane : sums;
            ptrdiff_t to_row = p->y ? t->plane : WIDE;
            if (!p->y && t->add) load_pieces(&p->parts, t, rows, t->first, sums, i * t->plane);
            switch (rows) {
            case 4: TILE(4); break;
            case 3: TILE(3); break;
            case 2: TILE(2); break;
            default: TILE(1); break;
            }
            if (t->gate && p->y) close(rows, t->gate, t->gate->y + (to - t->first), t->plane, to, to_row);
            if (t->gate && !p->y) {
                bl_real at[BL_MR * WIDE] = {0};
                load_pieces(&p->parts, t, rows, t->gate->y, at, i * t->plane);
                close(rows, t->gate, at, WIDE, to, to_row);
            }
            if (!p->y) store_pieces(&p->parts, t, rows, sums, i * t->plane);
        }
        if (bias) bias += BL_MR;
    }
}

/* The panel that begins at a row and column of the field; its first `skip` positions are not stored. */
static void find_pieces(const bl_grid *g, const field *f, int row, int column, int skip, bl_real *y, pieces *p) {
    p->n = 0;
    for (int j = 0; j < WIDE && row < f->rows; row++, column = 0) {
        int end = bl_least(WIDE, j + f->width - column), stop = bl_least(end, j + f->columns - column),
            from = bl_most(j, skip);
        if (from < stop) {
            p->from[p->n] = from;
            p->to[p->n] = stop;
            p->y[p->n++] = y + row * g->y_row + (column + from - j) * g->y_column;
        }
        j = end;
    }
}

static const bl_real *copy_rows(const rows_read *b, const bl_real *x, bl_real *to) {
    for (int l = 0; l < b->k; l++)
        memcpy(to + (ptrdiff_t)l * WIDE, x + (b->offsets ? b->offsets[l] : l * b->step), WIDE * sizeof *to);
    return to;
}

/* Panels that are summed together. */
static int panels_of(size_t depth) {
    return bl_least(PANELS, bl_most(1, (int)(ROOM / WIDE / depth)));
}

/* Sums of one block of channels for one block of results. together: room for the rows of
 * panels_of(depth) panels. */
static void sum_block(const bl_grid *g, const field *f, int outs, const bl_real *a, const rows_read *b, bl_real *y,
                      const target *t, bl_real *together) {
    int total = (f->rows - 1) * f->width + f->columns, row = 0, column = 0, n = 0, most = panels_of((size_t)b->k);
    panel panels[PANELS];
    const rows_read copied = {b->k, NULL, NULL, WIDE};
    for (int at = 0; at < total; at += WIDE, column += WIDE) {
        for (; column >= f->width; column -= f->width) row++;
        /* The last panel is moved back, so that nothing behind the picture is read; what it repeats is not stored. */
        int skip = at + WIDE > total && total >= WIDE ? at + WIDE - total : 0;
        if (skip) row = (at - skip) / f->width, column = (at - skip) % f->width;
        panel *p = &panels[n];
        p->x = b->x + at - skip;
        p->y = !skip && t->column == 1 && column + WIDE <= f->columns ? y + row * g->y_row + column : NULL;
        if (!p->y) find_pieces(g, f, row, column, skip, y, &p->parts);
        if (p->y || p->parts.n > 0) {
            if (outs >= MANY) p->x = copy_rows(b, p->x, together + (ptrdiff_t)n * b->k * WIDE);
            n++;
        }
        if (n < most && at + WIDE < total) continue;
        sum_panels(outs, a, outs >= MANY ? &copied : b, t, panels, n);
        n = 0;
    }
}

/* … for all results. Weights of a block of them stay in the second cache while all positions are gone through. */
static void sum_strip(const bl_grid *g, const bl_cut *c, int rows, const bl_real *a, const rows_read *b, bl_real *y,
                      const target *t, bl_real *together) {
    field f = {rows, c->width, g->columns};
    if (f.width == f.columns && g->y_row == f.columns * g->y_column) f = (field){1, rows * f.columns, rows * f.columns};
    int block = bl_most(BL_MR, WEIGHTS / b->k & ~(BL_MR - 1));
    for (int i = 0; i < g->outs; i += block) {
        target some = *t;
        if (some.bias) some.bias += i;
        sum_block(g, &f, bl_least(block, g->outs - i), a + (ptrdiff_t)i * b->k, b, y + i * t->plane, &some, together);
    }
}

/* ---- all pictures, groups and grids ---- */

/* Channels whose taps together fill the depth of a sum. */
static int block_channels(const bl_grid *g) {
    return bl_most(1, BL_KC / g->n_taps);
}

/* Blocks of fewer channels take more panels together: never more numbers than this. */
static size_t together_count(size_t depth) {
    size_t n = (size_t)panels_of(depth) * depth * WIDE;
    return n > ROOM ? n : ROOM;
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
    return s->channels / s->groups < MANY;
}

static bool fits(const bl_conv_shape *s, const bl_phase *only) {
    bl_grid all = whole(s, only);
    return all.n_taps == 0 || bl_strip_fits(&all, block_channels(&all));
}

/* Weights of all grids, a strip, a few panels' rows, places of the taps of all grids. */
static size_t weights_count(const bl_conv_shape *s) {
    return (size_t)(s->out_channels / s->groups) * (size_t)(s->channels / s->groups) *
           (size_t)(s->kernel_h * s->kernel_w);
}

static size_t scratch_of(const bl_conv_shape *s, const bl_phase *only) {
    bl_grid all = whole(s, only);
    if (all.n_taps == 0) return 0;
    bl_cut c = bl_cut_up(&all, block_channels(&all));
    size_t most = (size_t)c.channels * (size_t)all.n_taps,
           places = (size_t)c.channels * (size_t)(s->kernel_h * s->kernel_w);
    return (weights_count(s) + bl_strip_count(&c) + together_count(most)) * sizeof(bl_real) + places * sizeof(int32_t);
}

static void convolve(const bl_conv_shape *s, const bl_phase *only, int pictures, const bl_real *x, const bl_real *w,
                     const bl_finish *finish, bl_real *y, bool add, void *scratch) {
    const bl_grid all = whole(s, only);
    if (all.n_taps == 0) return;
    const bl_cut c = bl_cut_up(&all, block_channels(&all));
    bl_real *weights = scratch, *strip = weights + weights_count(s), *together = strip + bl_strip_count(&c);
    int32_t *places = (int32_t *)(together + together_count((size_t)c.channels * (size_t)all.n_taps)), *next = places;
    for (bl_phase p = {.y = -1, .x = -1}; next_grid(s, only, &p); next += c.channels * p.grid.n_taps)
        bl_tap_offsets(&p.grid, &c, next);
    for (int n = 0; n < s->groups; n++, w += weights_count(s)) {
        bl_real *pack = weights;
        for (bl_phase p = {.y = -1, .x = -1}; next_grid(s, only, &p);)
            for (int i = 0; i < all.channels; i += c.channels) {
                int some = bl_least(c.channels, all.channels - i);
                pack_block(&p.grid, w + i * p.grid.w_in, some, pack);
                pack += (ptrdiff_t)some * p.grid.n_taps * all.outs;
            }
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
                    target t = {.plane = (ptrdiff_t)all.y_plane,
                                .column = all.y_column,
                                .add = add || i > 0,
                                .bias = finish->bias && !add && i == 0 ? finish->bias + n * all.outs : NULL,
                                .low = last ? finish->low : -(bl_real)INFINITY,
                                .high = last ? finish->high : (bl_real)INFINITY,
                                .gate = last ? finish->gate : NULL,
                                .first = y};
                    const bl_real *packed = weights;
                    next = places;
                    for (bl_phase p = {.y = -1, .x = -1}; next_grid(s, only, &p);) {
                        const bl_grid *g = &p.grid;
                        rows_read b = {some * g->n_taps, read, next, 0};
                        if (g->n_taps == 1) b = (rows_read){some, read + next[0], NULL, c.plane};
                        int rows = bl_least(c.rows, g->rows - row);
                        if (rows > 0)
                            sum_strip(g, &c, rows, packed + (ptrdiff_t)i * g->n_taps * all.outs, &b,
                                      to + (ptrdiff_t)p.y * s->width + p.x + row * g->y_row, &t, together);
                        packed += (ptrdiff_t)all.channels * g->n_taps * all.outs;
                        next += c.channels * g->n_taps;
                    }
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
    convolve(s, &forward, pictures, x, w, finish, y, false, scratch);
}

void bl_grid_backward(const bl_conv_shape *s, int pictures, const bl_real *dy, const bl_real *w,
                      const bl_finish *finish, bl_real *dx, bool add, void *scratch) {
    size_t plane = (size_t)s->height * (size_t)s->width;
    if (!add && !bl_phases_cover(s)) memset(dx, 0, (size_t)pictures * (size_t)s->channels * plane * sizeof *dx);
    if (shares(s))
        convolve(s, NULL, pictures, dy, w, finish, dx, add, scratch);
    else
        for (bl_phase p = {.y = -1, .x = -1}; bl_next_phase(s, &p);)
            convolve(s, &p, pictures, dy, w, finish, dx, add, scratch);
}
