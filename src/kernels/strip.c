#include "kernels/strip.h"

enum {
    STRIP = 24576,    /* numbers of a copied strip: it stays in the second cache with the weights beside it */
    LARGEST = 1 << 22 /* numbers that a strip may have at all */
};

static int floor_div(int a, int b) {
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}
static int floor_mod(int a, int b) {
    return a - floor_div(a, b) * b;
}

static bl_span span_of(int first, int step, int taps, int stride) {
    int last = first + (taps - 1) * step;
    return (bl_span){floor_div(bl_least(first, last), stride), floor_div(bl_most(first, last), stride),
                     taps == 1 ? 1 : stride};
}

static bool in_place(const bl_grid *g, const bl_cut *c) {
    if (g->shared || g->stride_h != 1 || g->stride_w != 1 || c->y.least < 0 || c->x.least < 0 ||
        c->y.most + g->rows > g->height || c->x.most + g->columns > g->width)
        return false;
    size_t positions = (size_t)(g->rows - 1) * (size_t)g->width + (size_t)g->columns;
    if (positions < BL_SLACK) return false;
    if (g->outs > BL_MR) return true; /* the first results copy what the others read */
    /* Planes whose distance is a multiple of a large power of two share few lines of the first cache. */
    size_t lines = g->x_plane * sizeof(bl_real) / 64, sets = 64;
    while (sets > 1 && lines % 2 == 0) lines /= 2, sets /= 2;
    return (size_t)c->channels * (size_t)g->taps_y <= sets * 8;
}

bl_cut bl_cut_up(const bl_grid *g, int most_channels) {
    bl_cut c = {.y = span_of(g->first_y, g->step_y, g->taps_y, g->stride_h),
                .x = span_of(g->first_x, g->step_x, g->taps_x, g->stride_w)};
    c.channels = bl_least(g->channels, most_channels);
    c.copied = !in_place(g, &c);
    c.rows = g->rows;
    c.width = g->width;
    c.plane = (ptrdiff_t)g->x_plane;
    if (!c.copied) return c;
    c.width = g->columns + c.x.most - c.x.least;
    int phases = c.y.phases * c.x.phases, reach = c.y.most - c.y.least;
    double room = (double)STRIP / ((double)c.channels * phases * c.width) - reach;
    if (room < c.rows) c.rows = room < 1 ? 1 : (int)room;
    /* Strips of one size. */
    int strips = (g->rows + c.rows - 1) / c.rows;
    c.rows = (g->rows + strips - 1) / strips;
    c.phase = (ptrdiff_t)(c.rows + reach) * c.width;
    c.plane = c.phase * phases;
    return c;
}

bool bl_strip_fits(const bl_grid *g, int most_channels) {
    bl_span y = span_of(g->first_y, g->step_y, g->taps_y, g->stride_h),
            x = span_of(g->first_x, g->step_x, g->taps_x, g->stride_w);
    double channels = bl_least(g->channels, most_channels);
    return channels * y.phases * x.phases * (1.0 + y.most - y.least) * ((double)g->columns + x.most - x.least) <=
           LARGEST;
}

size_t bl_strip_count(const bl_cut *c) {
    return c->copied ? (size_t)c->plane * (size_t)c->channels + BL_SLACK : 0;
}

/* Cells of a row at from, from + stride, …; n of them, those outside 0 … size−1 zero. */
static void copy_row(const bl_real *row, int size, int from, int stride, int n, bl_real *to) {
    int begin = from >= 0 ? 0 : bl_least(n, (-from + stride - 1) / stride), end = n;
    if (from + (n - 1) * stride >= size) end = bl_most(begin, (size - 1 - from + stride) / stride);
    for (int j = 0; j < begin; j++) to[j] = 0;
    const bl_real *cell = row + from;
    int j = begin;
    if (stride == 1) {
        bl_copy_run(cell + begin, end - begin, to + begin);
        j = end;
    }
#if !defined(BL_DOUBLE)
    /* The last of the eight cells of two vectors may lie behind the row. */
    for (; stride == 2 && j + 4 <= end && from + 2 * j + 8 <= size; j += 4)
        bl_f32x4_store(to + j, BL_SHUFFLE4(bl_f32x4_load(cell + 2 * j), bl_f32x4_load(cell + 2 * j + 4), 0, 2, 4, 6));
#endif
    for (; j < end; j++) to[j] = cell[(ptrdiff_t)j * stride];
    for (j = end; j < n; j++) to[j] = 0;
}

void bl_copy_strip(const bl_grid *g, const bl_cut *c, const bl_real *x, int channels, int first, bl_real *to) {
    int rows = c->rows + c->y.most - c->y.least;
    /* One tap looks at one phase only, and that is not always phase 0. */
    int phase_y = c->y.phases == 1 ? floor_mod(g->first_y, g->stride_h) : 0,
        phase_x = c->x.phases == 1 ? floor_mod(g->first_x, g->stride_w) : 0;
    for (int i = 0; i < channels; i++, x += g->x_plane)
        for (int py = 0; py < c->y.phases; py++)
            for (int px = 0; px < c->x.phases; px++)
                for (int r = 0; r < rows; r++, to += c->width) {
                    int y = (first + r + c->y.least) * g->stride_h + py + phase_y,
                        from = c->x.least * g->stride_w + px + phase_x;
                    if (y < 0 || y >= g->height)
                        bl_zero_run(c->width, to);
                    else
                        copy_row(x + (ptrdiff_t)y * g->width, g->width, from, g->stride_w, c->width, to);
                }
}

void bl_tap_offsets(const bl_grid *g, const bl_cut *c, int32_t *offsets) {
    for (int i = 0; i < c->channels; i++)
        for (int a = 0; a < g->taps_y; a++)
            for (int b = 0; b < g->taps_x; b++) {
                int y = g->first_y + a * g->step_y, x = g->first_x + b * g->step_x;
                ptrdiff_t at = (ptrdiff_t)i * c->plane;
                if (c->copied) {
                    int py = c->y.phases == 1 ? 0 : floor_mod(y, g->stride_h),
                        px = c->x.phases == 1 ? 0 : floor_mod(x, g->stride_w);
                    at += (ptrdiff_t)(py * c->x.phases + px) * c->phase;
                    at += (ptrdiff_t)(floor_div(y, g->stride_h) - c->y.least) * c->width;
                    at += floor_div(x, g->stride_w) - c->x.least;
                } else {
                    at += (ptrdiff_t)y * g->width + x;
                }
                *offsets++ = (int32_t)at;
            }
}

bl_grid bl_forward_grid(const bl_conv_shape *s) {
    int taps = s->kernel_h * s->kernel_w;
    return (bl_grid){.channels = s->channels / s->groups,
                     .height = s->height,
                     .width = s->width,
                     .rows = s->out_height,
                     .columns = s->out_width,
                     .outs = s->out_channels / s->groups,
                     .stride_h = s->stride_h,
                     .stride_w = s->stride_w,
                     .n_taps = taps,
                     .kernel_w = s->kernel_w,
                     .first_y = -s->pad_top,
                     .first_x = -s->pad_left,
                     .step_y = s->dilation_h,
                     .step_x = s->dilation_w,
                     .by_y = 1,
                     .by_x = 1,
                     .taps_y = s->kernel_h,
                     .taps_x = s->kernel_w,
                     .w_out = (ptrdiff_t)(s->channels / s->groups) * taps,
                     .w_in = taps,
                     .y_row = s->out_width,
                     .y_column = 1,
                     .x_plane = (size_t)s->height * (size_t)s->width,
                     .y_plane = (size_t)s->out_height * (size_t)s->out_width};
}

/* One axis of a phase of the input, cells phase, phase + stride, …: the taps that reach them. Tap k of position o looks
 * at o·stride + k·dilation − pad, so cell phase + r·stride hears of position r + (phase + pad − k·dilation)/stride. */
typedef struct {
    int k, by, taps; /* the first tap, and every by-th after it */
    int first, step; /* positions, counted from r */
    int cells;
} way_back;

static way_back find_way(int kernel, int stride, int dilation, int pad, int size, int phase) {
    way_back b = {.cells = (size - phase + stride - 1) / stride, .by = 1};
    int divisor = stride, rest = dilation; /* the greatest common divisor of the two */
    while (rest) {
        int t = divisor % rest;
        divisor = rest;
        rest = t;
    }
    b.by = stride / divisor; /* k·dilation has the same remainder again */
    while (b.k < kernel && b.k < b.by && floor_mod(phase + pad - b.k * dilation, stride) != 0) b.k++;
    if (b.k >= kernel || b.k >= b.by) return b;
    b.taps = (kernel - 1 - b.k) / b.by + 1;
    b.first = (phase + pad - b.k * dilation) / stride;
    if (b.taps > 1) b.step = -(b.by * dilation / stride);
    return b;
}

static bl_grid backward_grid(const bl_conv_shape *s, way_back v, way_back h) {
    int taps = s->kernel_h * s->kernel_w, in = s->channels / s->groups;
    return (bl_grid){.channels = s->out_channels / s->groups,
                     .height = s->out_height,
                     .width = s->out_width,
                     .rows = v.cells,
                     .columns = h.cells,
                     .outs = in,
                     .stride_h = 1,
                     .stride_w = 1,
                     .n_taps = v.taps * h.taps,
                     .kernel_w = s->kernel_w,
                     .first_y = v.first,
                     .first_x = h.first,
                     .step_y = v.step,
                     .step_x = h.step,
                     .ky = v.k,
                     .kx = h.k,
                     .by_y = v.by,
                     .by_x = h.by,
                     .taps_y = v.taps,
                     .taps_x = h.taps,
                     .w_out = taps,
                     .w_in = (ptrdiff_t)in * taps,
                     .y_row = (ptrdiff_t)s->stride_h * s->width,
                     .y_column = s->stride_w,
                     .x_plane = (size_t)s->out_height * (size_t)s->out_width,
                     .y_plane = (size_t)s->height * (size_t)s->width};
}

bool bl_next_phase(const bl_conv_shape *s, bl_phase *p) {
    for (;;) {
        way_back down = {0};
        if (p->y >= 0) down = find_way(s->kernel_h, s->stride_h, s->dilation_h, s->pad_top, s->height, p->y);
        p->x++;
        if (!down.taps || p->x >= s->stride_w || p->x >= s->width) {
            p->x = -1;
            p->y++;
            if (p->y >= s->stride_h || p->y >= s->height) return false;
            continue;
        }
        way_back along = find_way(s->kernel_w, s->stride_w, s->dilation_w, s->pad_left, s->width, p->x);
        if (!along.taps) continue;
        p->grid = backward_grid(s, down, along);
        return true;
    }
}

bool bl_phases_cover(const bl_conv_shape *s) {
    size_t reached = 0;
    for (bl_phase p = {.y = -1}; bl_next_phase(s, &p);) reached += (size_t)p.grid.rows * (size_t)p.grid.columns;
    return reached == (size_t)s->height * (size_t)s->width;
}

static void widen(int first, int step, int taps, bool begun, int *least, int *most) {
    int last = first + (taps - 1) * step, low = bl_least(first, last), high = bl_most(first, last);
    *least = begun ? bl_least(*least, low) : low;
    *most = begun ? bl_most(*most, high) : high;
}

bl_grid bl_shared_grid(const bl_conv_shape *s) {
    bl_grid all = {0};
    int top = 0, bottom = 0, left = 0, right = 0;
    for (bl_phase p = {.y = -1, .x = -1}; bl_next_phase(s, &p);) {
        const bl_grid *g = &p.grid;
        bool begun = all.n_taps > 0;
        widen(g->first_y, g->step_y, g->taps_y, begun, &top, &bottom);
        widen(g->first_x, g->step_x, g->taps_x, begun, &left, &right);
        if (!begun) {
            all = *g;
            continue;
        }
        all.shared = true;
        all.n_taps = bl_most(all.n_taps, g->n_taps);
        all.rows = bl_most(all.rows, g->rows);
        all.columns = bl_most(all.columns, g->columns);
    }
    if (!all.shared) return all;
    all.first_y = top;
    all.taps_y = bottom - top + 1;
    all.first_x = left;
    all.taps_x = right - left + 1;
    all.step_y = all.step_x = 1;
    return all;
}
