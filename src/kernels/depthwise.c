#include "kernels/columns.h"

#include <string.h>

/* ---- forward, and backward to the input where the stride is 1 ---- */

/* One row of results: taps from *w on, w_step apart (−1: the kernel turned by 180°). */
typedef struct {
    const bl_conv_shape *s;
    const bl_real *x, *w; /* the channel's plane, its kernel's first tap */
    ptrdiff_t w_step;
    bl_real start;   /* bias */
    int y, from, to; /* the picture's row of tap 0; taps of the kernel's height that lie inside */
} row;

static bl_real cell(const row *r, int column) {
    const bl_conv_shape *s = r->s;
    int left = column * s->stride_w - s->pad_left, from, to;
    bl_valid_range(s->kernel_w, s->width, s->dilation_w, left, &from, &to);
    bl_real sum = r->start;
    for (int ky = r->from; ky < r->to; ky++) {
        const bl_real *x = r->x + (ptrdiff_t)(r->y + ky * s->dilation_h) * s->width + left;
        for (int kx = from; kx < to; kx++)
            sum = bl_madd(sum, r->w[(ky * s->kernel_w + kx) * r->w_step], x[kx * s->dilation_w]);
    }
    return sum;
}

#if !defined(BL_DOUBLE)
static inline bl_vec spaced(const float *x, int step) {
    if (step == 1) return bl_vec_load(x);
    float values[BL_LANES];
    for (int i = 0; i < BL_LANES; i++) values[i] = x[i * step];
    return bl_vec_load(values);
}

/* One vector of results or two at once while no tap leaves the picture, with their sums in registers; returns where it
 * stopped. `vectors`, 1 or 2, is a constant where this is called, and so are, for the usual kernels, the taps of a row
 * and the stride. */
static inline __attribute__((always_inline)) int wide(const row *r, int vectors, int taps, int step, int column,
                                                      int end, float *y, bool add) {
    const bl_conv_shape *s = r->s;
    ptrdiff_t w_step = r->w_step;
    for (; column + BL_LANES * vectors <= end; column += BL_LANES * vectors) {
        bl_vec sums[2];
        for (int i = 0; i < vectors; i++) sums[i] = bl_vec_splat(r->start);
        for (int ky = r->from; ky < r->to; ky++) {
            const float *x = r->x + (ptrdiff_t)(r->y + ky * s->dilation_h) * s->width + column * step - s->pad_left;
            const float *w = r->w + (ptrdiff_t)ky * taps * w_step;
            for (int kx = 0; kx < taps; kx++, x += s->dilation_w, w += w_step) {
                bl_vec weight = bl_vec_load_splat(w);
                for (int i = 0; i < vectors; i++)
                    sums[i] = bl_vec_madd(sums[i], weight, spaced(x + BL_LANES * i * step, step));
            }
        }
        for (int i = 0; i < vectors; i++) {
            float *to = y + column + BL_LANES * i;
            bl_vec_store(to, add ? bl_vec_add(bl_vec_load(to), sums[i]) : sums[i]);
        }
    }
    return column;
}

static int inner(const row *r, int column, int end, float *y, bool add) {
    int taps = r->s->kernel_w, step = r->s->stride_w, first = column;
    if (taps == 3 && step == 1)
        column = wide(r, 2, 3, 1, column, end, y, add);
    else if (taps == 3 && step == 2)
        column = wide(r, 2, 3, 2, column, end, y, add);
    column = wide(r, 1, taps, step, column, end, y, add);
    /* What is left over is done once more together with its neighbours: the same numbers, sooner. */
    if (!add && column < end && first + BL_LANES <= end) column = wide(r, 1, taps, step, end - BL_LANES, end, y, add);
    return column;
}
#endif

static void convolve(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *w, const bl_real *bias,
                     bool turned, bl_real *y, bool add) {
    int taps = bl_taps(s), copies = s->out_channels / s->channels, inside, end, unused;
    bl_valid_range(s->out_width, s->width, s->stride_w, -s->pad_left, &inside, &unused);
    bl_valid_range(s->out_width, s->width, s->stride_w, (s->kernel_w - 1) * s->dilation_w - s->pad_left, &unused, &end);
    for (int i = 0; i < pictures * s->out_channels; i++) {
        int o = i % s->out_channels;
        row r = {.s = s,
                 .x = x + (ptrdiff_t)(i / copies) * s->height * s->width,
                 .w = w + (ptrdiff_t)o * taps + (turned ? taps - 1 : 0),
                 .w_step = turned ? -1 : 1,
                 .start = bias ? bias[o] : 0};
        for (int oy = 0; oy < s->out_height; oy++, y += s->out_width) {
            r.y = oy * s->stride_h - s->pad_top;
            bl_valid_range(s->kernel_h, s->height, s->dilation_h, r.y, &r.from, &r.to);
            int ox = 0;
            for (; ox < inside && ox < s->out_width; ox++) y[ox] = (add ? y[ox] : 0) + cell(&r, ox);
#if !defined(BL_DOUBLE)
            ox = inner(&r, ox, end, y, add);
#endif
            for (; ox < s->out_width; ox++) y[ox] = (add ? y[ox] : 0) + cell(&r, ox);
        }
    }
}

/* ---- backward to the weights, and to the input where there is a stride ---- */

/* A row of results and a tap, where they meet the picture. */
typedef struct {
    int n;             /* positions */
    ptrdiff_t in, out; /* where picture and result stand for the first of them */
    ptrdiff_t weight;
} meeting;
typedef struct {
    const bl_real *x, *w, *dy;
    bl_real *dx, *dw; /* one of them is added to, the other two tensors are read */
} tensors;
typedef void (*meet)(const meeting *m, int stride, const tensors *t);

static void each(const bl_conv_shape *s, int pictures, meet visit, const tensors *all) {
    int taps = bl_taps(s), copies = s->out_channels / s->channels;
    for (int i = 0; i < pictures * s->out_channels; i++)
        for (int oy = 0; oy < s->out_height; oy++)
            for (int t = 0; t < taps; t++) {
                int iy = oy * s->stride_h + t / s->kernel_w * s->dilation_h - s->pad_top, from, to;
                int offset = t % s->kernel_w * s->dilation_w - s->pad_left;
                bl_valid_range(s->out_width, s->width, s->stride_w, offset, &from, &to);
                if (iy < 0 || iy >= s->height || from >= to) continue;
                meeting m = {
                    .n = to - from,
                    .in =
                        ((ptrdiff_t)(i / copies) * s->height + iy) * s->width + (ptrdiff_t)from * s->stride_w + offset,
                    .out = ((ptrdiff_t)i * s->out_height + oy) * s->out_width + from,
                    .weight = (ptrdiff_t)(i % s->out_channels) * taps + t,
                };
                visit(&m, s->stride_w, all);
            }
}

static void backward_input(const meeting *m, int stride, const tensors *t) {
    bl_real *restrict dx = t->dx + m->in;
    const bl_real *restrict dy = t->dy + m->out;
    bl_real w = t->w[m->weight];
    for (int i = 0; i < m->n; i++) dx[(ptrdiff_t)i * stride] += w * dy[i];
}

static void backward_weights(const meeting *m, int stride, const tensors *t) {
    const bl_real *x = t->x + m->in, *dy = t->dy + m->out;
    double sum = 0;
    if (stride == 1)
        sum = bl_dot(x, dy, (size_t)m->n);
    else
        for (int i = 0; i < m->n; i++) sum += (double)x[(ptrdiff_t)i * stride] * (double)dy[i];
    t->dw[m->weight] += (bl_real)sum;
}

/* ---- the three doors ---- */

void bl_depthwise_forward(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *w, const bl_real *bias,
                          bl_real *y) {
    convolve(s, pictures, x, w, bias, false, y, false);
}

void bl_depthwise_backward_input(const bl_conv_shape *s, int pictures, const bl_real *dy, const bl_real *w, bl_real *dx,
                                 bool add) {
    if (s->stride_h == 1 && s->stride_w == 1 && s->out_channels == s->channels) {
        bl_conv_shape r = bl_reversed(s);
        convolve(&r, pictures, dy, w, NULL, true, dx, add);
        return;
    }
    if (!add) memset(dx, 0, (size_t)pictures * (size_t)s->channels * (size_t)s->height * (size_t)s->width * sizeof *dx);
    each(s, pictures, backward_input, &(tensors){.dy = dy, .w = w, .dx = dx});
}

void bl_depthwise_backward_weights(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *dy,
                                   bl_real *dw) {
    each(s, pictures, backward_weights, &(tensors){.x = x, .dy = dy, .dw = dw});
}
