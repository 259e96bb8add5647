#include "kernels/columns.h"
#include "kernels/grid.h"

#include <string.h>

/* The taps of one output position that lie inside the picture, and the cell of tap 0,0. */
typedef struct {
    int y, x, y_from, y_to, x_from, x_to;
} taps;

static taps taps_at(const bl_conv_shape *s, int oy, int ox) {
    taps t = {.y = oy * s->stride_h - s->pad_top, .x = ox * s->stride_w - s->pad_left};
    bl_valid_range(s->kernel_h, s->height, s->dilation_h, t.y, &t.y_from, &t.y_to);
    bl_valid_range(s->kernel_w, s->width, s->dilation_w, t.x, &t.x_from, &t.x_to);
    return t;
}

/* Walks over the cells that output i sees: `cell` in x, `weight` in w. */
#define FOR_CELLS(s, i)                                                                                                \
    const int columns = (s)->out_width, rows = (s)->out_height, outs = (s)->out_channels;                              \
    const int in = (s)->channels / (s)->groups, o = (int)(i / ((size_t)columns * (size_t)rows)) % outs;                \
    const size_t picture = i / ((size_t)columns * (size_t)rows * (size_t)outs);                                        \
    const taps t = taps_at(s, (int)(i / (size_t)columns) % rows, (int)(i % (size_t)columns));                          \
    for (int c = 0; c < in; c++)                                                                                       \
        for (int ky = t.y_from; ky < t.y_to; ky++)                                                                     \
            for (int kx = t.x_from; kx < t.x_to; kx++)

#define CELL(s)                                                                                                        \
    (((picture * (size_t)(s)->channels + (size_t)(o / (outs / (s)->groups) * in + c)) * (size_t)(s)->height +          \
      (size_t)(t.y + ky * (s)->dilation_h)) *                                                                          \
         (size_t)(s)->width +                                                                                          \
     (size_t)(t.x + kx * (s)->dilation_w))
#define WEIGHT(s) (((size_t)(o * in + c) * (size_t)(s)->kernel_h + (size_t)ky) * (size_t)(s)->kernel_w + (size_t)kx)

static size_t outputs(const bl_conv_shape *s, int pictures) {
    return (size_t)pictures * (size_t)s->out_channels * (size_t)s->out_height * (size_t)s->out_width;
}

void bl_plain_forward(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *w, const bl_finish *finish,
                      bl_real *y) {
    for (size_t i = 0; i < outputs(s, pictures); i++) {
        bl_real sum = 0;
        FOR_CELLS(s, i) sum += w[WEIGHT(s)] * x[CELL(s)];
        y[i] = sum + (finish->bias ? finish->bias[o] : 0);
    }
    bl_clip(outputs(s, pictures), y, finish->low, finish->high, y);
}

void bl_plain_backward(const bl_conv_shape *s, int pictures, const bl_real *dy, const bl_real *w, bl_real *dx,
                       bool add) {
    size_t cells = (size_t)pictures * (size_t)s->channels * (size_t)s->height * (size_t)s->width;
    if (!add) memset(dx, 0, cells * sizeof *dx);
    for (size_t i = 0; i < outputs(s, pictures); i++) {
        FOR_CELLS(s, i) dx[CELL(s)] += w[WEIGHT(s)] * dy[i];
    }
}
