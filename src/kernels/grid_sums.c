#include "kernels/gate.h"
#include "kernels/grid_parts.h"

#include <string.h>

enum {
    WIDE = 2 * BL_LANES, /* positions of a panel */
    WEIGHTS = 32768,     /* of a block of results: they stay in the second cache */
    ROOM = 4096,         /* numbers of a few panels' rows: they stay in the first cache … */
    PANELS = 16          /* … and are this many at most */
};

/* `rows` results at a panel's positions. Where the panel is read, at the offsets (shifted) or one row behind the other,
 * may be copied on the way. Finished, results go to rows of y, y_row apart. The number of rows and both flags are
 * constants wherever this is called. */
#if defined(BL_DOUBLE)

static inline void tile(int rows, bool shifted, bool copies, const bl_real *a, int k, const bl_real *x,
                        const int32_t *offsets, bl_real *copy, const bl_target *t, const bl_real *bias, bl_real *y,
                        ptrdiff_t y_row) {
    for (int l = 0; copies && l < k; l++) memcpy(copy + l * WIDE, x + offsets[l], WIDE * sizeof *copy);
    for (int i = 0; i < rows; i++, y += y_row)
        for (int j = 0; j < WIDE; j++) {
            bl_real sum = 0;
            for (int l = 0; l < k; l++) sum += a[l * rows + i] * x[(shifted ? offsets[l] : l * WIDE) + j];
            sum += t->add ? y[j] : bias ? bias[i] : 0;
            if (sum < t->low) sum = t->low;
            if (sum > t->high) sum = t->high;
            y[j] = sum;
        }
}

#else

static inline __attribute__((always_inline)) void tile(int rows, bool shifted, bool copies, const float *restrict a,
                                                       int k, const float *restrict x, const int32_t *restrict offsets,
                                                       float *restrict copy, const bl_target *t, const float *bias,
                                                       float *y, ptrdiff_t y_row) {
    bl_vec sums[BL_MR][2];
    for (int i = 0; i < rows; i++) sums[i][0] = sums[i][1] = bl_vec_zero();
    BL_UNROLLED for (const float *end = a + (ptrdiff_t)k * rows; a != end; a += rows) {
        const float *row = shifted ? x + *offsets++ : x;
        bl_vec b0 = bl_vec_load(row), b1 = bl_vec_load(row + BL_LANES);
        if (!shifted) x += WIDE;
        if (copies) {
            bl_vec_store(copy, b0);
            bl_vec_store(copy + BL_LANES, b1);
            copy += WIDE;
        }
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

#define TILES(rows)                                                                                                    \
    static BL_APART void straight##rows(const bl_real *a, int k, const bl_real *x, const bl_target *t,                 \
                                        const bl_real *bias, bl_real *y, ptrdiff_t y_row) {                            \
        tile(rows, false, false, a, k, x, NULL, NULL, t, bias, y, y_row);                                              \
    }                                                                                                                  \
    static BL_APART void shifted##rows(const bl_real *a, int k, const bl_real *x, const int32_t *offsets,              \
                                       const bl_target *t, const bl_real *bias, bl_real *y, ptrdiff_t y_row) {         \
        tile(rows, true, false, a, k, x, offsets, NULL, t, bias, y, y_row);                                            \
    }
TILES(4)
TILES(3)
TILES(2)
TILES(1)
static BL_APART void copied4(const bl_real *a, int k, const bl_real *x, const int32_t *offsets, bl_real *copy,
                             const bl_target *t, const bl_real *bias, bl_real *y, ptrdiff_t y_row) {
    tile(4, true, true, a, k, x, offsets, copy, t, bias, y, y_row);
}

/* Finished sums go through their gate, whose rows are at_row apart. */
static __attribute__((noinline)) void close(int rows, const bl_gate *gate, const bl_real *at, ptrdiff_t at_row,
                                            bl_real *y, ptrdiff_t y_row) {
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

static __attribute__((noinline)) void store_pieces(const pieces *p, const bl_target *t, int rows, const bl_real *sums,
                                                   ptrdiff_t y) {
    for (int n = 0; n < p->n; n++) {
        bl_real *to = p->y[n] + y;
        for (int i = 0; i < rows; i++, to += t->plane)
            for (int j = p->from[n]; j < p->to[n]; j++) to[j - p->from[n]] = sums[i * WIDE + j];
    }
}

/* What lies where the pieces go, or at the same places of an array that begins at `other` instead of t->first. */
static __attribute__((noinline)) void load_pieces(const pieces *p, const bl_target *t, int rows, const bl_real *other,
                                                  bl_real *sums, ptrdiff_t y) {
    for (int n = 0; n < p->n; n++) {
        const bl_real *from = other + (p->y[n] - t->first) + y;
        for (int i = 0; i < rows; i++, from += t->plane)
            for (int j = p->from[n]; j < p->to[n]; j++) sums[i * WIDE + j] = from[j - p->from[n]];
    }
}

/* Of the panel p, the first results: its rows are read where they lie, and copied if others will read them. */
static inline void sum_first(int rows, const bl_real *a, const bl_rows_read *b, const bl_target *t, const bl_real *bias,
                             panel *p, bl_real *copy, bl_real *y, ptrdiff_t y_row) {
    if (copy) {
        copied4(a, b->k, p->x, b->offsets, copy, t, bias, y, y_row);
        p->x = copy;
        return;
    }
    switch (rows) {
    case 4: shifted4(a, b->k, p->x, b->offsets, t, bias, y, y_row); break;
    case 3: shifted3(a, b->k, p->x, b->offsets, t, bias, y, y_row); break;
    case 2: shifted2(a, b->k, p->x, b->offsets, t, bias, y, y_row); break;
    default: shifted1(a, b->k, p->x, b->offsets, t, bias, y, y_row); break;
    }
}
static inline void sum_next(int rows, const bl_real *a, int k, const bl_target *t, const bl_real *bias, const panel *p,
                            bl_real *y, ptrdiff_t y_row) {
    switch (rows) {
    case 4: straight4(a, k, p->x, t, bias, y, y_row); break;
    case 3: straight3(a, k, p->x, t, bias, y, y_row); break;
    case 2: straight2(a, k, p->x, t, bias, y, y_row); break;
    default: straight1(a, k, p->x, t, bias, y, y_row); break;
    }
}

/* Four results at all panels, then the next four: so their stores run on, as far as the panels do. */
static void sum_panels(int outs, const bl_real *a, const bl_rows_read *b, const bl_target *t, panel *panels, int n,
                       bl_real *together) {
    const bl_real *bias = t->bias;
    for (int i = 0; i < outs; i += BL_MR, a += (ptrdiff_t)BL_MR * b->k) {
        int rows = bl_least(BL_MR, outs - i);
        for (panel *p = panels; p < panels + n; p++) {
            bl_real sums[BL_MR * WIDE], *to = p->y ? p->y + i * t->plane : sums,
                                        *copy = outs > BL_MR ? together + (p - panels) * b->k * WIDE : NULL;
            ptrdiff_t to_row = p->y ? t->plane : WIDE;
            if (!p->y && t->add) load_pieces(&p->parts, t, rows, t->first, sums, i * t->plane);
            if (i == 0)
                sum_first(rows, a, b, t, bias, p, copy, to, to_row);
            else
                sum_next(rows, a, b->k, t, bias, p, to, to_row);
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
            p->y[p->n++] = y + row * g->y_row + column + from - j;
        }
        j = end;
    }
}

/* Panels that are summed together. */
static int panels_of(size_t depth) {
    return bl_least(PANELS, bl_most(1, (int)(ROOM / WIDE / depth)));
}

/* Sums of one block of channels for one block of results. together: room for the rows of
 * panels_of(depth) panels. */
static void sum_block(const bl_grid *g, const field *f, int outs, const bl_real *a, const bl_rows_read *b, bl_real *y,
                      const bl_target *t, bl_real *together) {
    int total = (f->rows - 1) * f->width + f->columns, row = 0, column = 0, n = 0, most = panels_of((size_t)b->k);
    panel panels[PANELS];
    for (int at = 0; at < total; at += WIDE, column += WIDE) {
        for (; column >= f->width; column -= f->width) row++;
        /* The last panel is moved back, so that nothing behind the picture is read; what it repeats is not stored. */
        int skip = at + WIDE > total && total >= WIDE ? at + WIDE - total : 0;
        if (skip) row = (at - skip) / f->width, column = (at - skip) % f->width;
        panel *p = &panels[n];
        p->x = b->x + at - skip;
        p->y = !skip && column + WIDE <= f->columns ? y + row * g->y_row + column : NULL;
        if (!p->y) find_pieces(g, f, row, column, skip, y, &p->parts);
        n += p->y || p->parts.n > 0;
        if (n < most && at + WIDE < total) continue;
        sum_panels(outs, a, b, t, panels, n, together);
        n = 0;
    }
}

/* Weights of a block of them stay in the second cache while all positions are gone through. */
void bl_sum_strip(const bl_grid *g, const bl_cut *c, int rows, const bl_weights *w, const bl_rows_read *b, bl_real *y,
                  const bl_target *t, bl_real *together) {
    field f = {rows, c->width, g->columns};
    bool run = t->all || (f.width == f.columns && g->y_row == f.columns);
    if (run) f.columns = f.width = (rows - 1) * f.width + f.columns, f.rows = 1;
    int block = bl_most(BL_MR, WEIGHTS / b->k & ~(BL_MR - 1));
    for (int i = 0; i < g->outs; i += block) {
        int outs = bl_least(block, g->outs - i);
        bl_real *a = w->packed + (w->once ? 0 : (ptrdiff_t)i * b->k);
        bl_matrix source = w->source;
        source.data += i * source.row;
        if (w->fresh) bl_pack_rows(outs, b->k, source, a);
        bl_target some = *t;
        if (some.bias) some.bias += i;
        sum_block(g, &f, outs, a, b, y + i * t->plane, &some, together);
    }
}

size_t bl_together_count(size_t depth) {
    size_t n = (size_t)panels_of(depth) * depth * WIDE;
    return n > ROOM ? n : ROOM;
}

void bl_scatter_strip(const bl_grid *g, int rows, int width, const bl_real *sums, ptrdiff_t plane, const bl_target *t,
                      bl_real *y) {
    const bl_gate *gate = t->gate;
    for (int i = 0; i < g->outs; i++)
        for (int r = 0; r < rows; r++) {
            const bl_real *from = sums + i * plane + (ptrdiff_t)r * width;
            bl_real *to = y + i * t->plane + r * g->y_row;
            for (int j = 0; j < g->columns; j++, to += g->y_column) {
                bl_real at = gate ? gate->y[to - t->first] : 0, sum = t->add ? *to + from[j] : from[j];
                *to = gate && !(gate->low < at && at < gate->high) ? 0 : sum;
            }
        }
}
