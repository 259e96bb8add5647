#include "kernels/columns.h"
#include "kernels/grid.h"
#include "kernels/strip.h"
#include "kernels/winograd.h"

#include <string.h>

enum {
    SUM_WIDTH = 256 /* positions summed in float before they join the gradient of the weights */
};

/* Depthwise: a matrix of one row would waste three quarters of every tile. */
static bool is_depthwise(const bl_conv_shape *s) {
    return s->groups > 1 && s->channels == s->groups;
}
static bool unit_stride(const bl_conv_shape *s) {
    return s->stride_h == 1 && s->stride_w == 1;
}
static int out_plane(const bl_conv_shape *s) {
    return s->out_height * s->out_width;
}
static size_t in_plane(const bl_conv_shape *s) {
    return (size_t)s->height * (size_t)s->width;
}
static size_t weights_of_group(const bl_conv_shape *s) {
    return (size_t)(s->out_channels / s->groups) * (size_t)(s->channels / s->groups) * (size_t)bl_taps(s);
}

/* A 1×1 convolution without stride or padding sees one long row: its columns are runs of memory. */
static bl_conv_shape straightened(const bl_conv_shape *s) {
    bl_conv_shape t = *s;
    if (bl_taps(s) == 1 && unit_stride(s) && s->pad_top == 0 && s->pad_left == 0 && s->height == s->out_height &&
        s->width == s->out_width) {
        t.width = t.out_width = s->height * s->width;
        t.height = t.out_height = 1;
    }
    return t;
}

bl_conv_shape bl_reversed(const bl_conv_shape *s) {
    bl_conv_shape t = *s;
    t.channels = s->out_channels;
    t.height = s->out_height;
    t.width = s->out_width;
    t.out_channels = s->channels;
    t.out_height = s->height;
    t.out_width = s->width;
    t.pad_top = (s->kernel_h - 1) * s->dilation_h - s->pad_top;
    t.pad_left = (s->kernel_w - 1) * s->dilation_w - s->pad_left;
    return t;
}

/* ---- gradient of the weights: dW = dY·columnsᵀ ---- */

static size_t weights_scratch(const bl_conv_shape *s) {
    if (bl_winograd_weights_fits(s)) return bl_winograd_weights_scratch(s);
    bl_conv_shape t = straightened(s);
    int depth = bl_block_channels(&t) * bl_taps(&t);
    return ((size_t)depth + (size_t)(t.out_channels / t.groups)) * (size_t)bl_block_width(&t, depth, SUM_WIDTH) *
           sizeof(bl_real);
}

static void weight_products(const bl_conv_shape *shape, int pictures, const bl_real *x, const bl_real *dy, bl_real *dw,
                            void *scratch) {
    bl_conv_shape s = straightened(shape);
    int in = s.channels / s.groups, out = s.out_channels / s.groups, taps = bl_taps(&s), all = in * taps;
    int channels = bl_block_channels(&s), plane = out_plane(&s), width = bl_block_width(&s, channels * taps, SUM_WIDTH);
    bl_real *signals = scratch, *columns = signals + (ptrdiff_t)out * width;
    for (int g = 0; g < s.groups; g++)
        for (int p = 0; p < pictures; p++) {
            const bl_real *from = x + ((size_t)p * (size_t)s.channels + (size_t)(g * in)) * in_plane(&s);
            const bl_real *signal = dy + ((size_t)p * (size_t)s.out_channels + (size_t)(g * out)) * (size_t)plane;
            for (int q = 0; q < plane; q += width) {
                int count = plane - q < width ? plane - q : width;
                bl_matrix block = {signal + q, plane, 1};
                bl_pack_columns(out, count, block, signals);
                for (int c = 0; c < in; c += channels) {
                    int some = c + channels < in ? channels : in - c;
                    bl_pack_columns_of(&s, from + (size_t)c * in_plane(&s), some, q, count, columns);
                    bl_multiply_lanes(out, some * taps, bl_panels(count), signals, columns,
                                      dw + (size_t)g * weights_of_group(&s) + (ptrdiff_t)c * taps, all);
                }
            }
        }
}

/* ---- the three doors ---- */

static size_t largest(size_t a, size_t b) {
    return a > b ? a : b;
}

/* How a convolution or its gradient to the input is computed: by the shape of one picture alone. */
typedef enum { DEPTHWISE, WINOGRAD, GRID, PLAIN } way;

static way way_of(const bl_conv_shape *s, bool backward) {
    if (is_depthwise(s)) return bl_depthwise_fits(s, backward) ? DEPTHWISE : PLAIN;
    bl_conv_shape r = backward ? bl_reversed(s) : *s;
    if (unit_stride(s) && bl_winograd_fits(&r)) return WINOGRAD;
    return bl_grid_fits(s, backward) ? GRID : PLAIN;
}

static size_t scratch_of(const bl_conv_shape *s, bool backward) {
    bl_conv_shape r = backward ? bl_reversed(s) : *s;
    switch (way_of(s, backward)) {
    case DEPTHWISE: return bl_depthwise_scratch(s, backward);
    case WINOGRAD: return bl_winograd_scratch(&r);
    case GRID: return bl_grid_scratch(s, backward);
    default: return 0;
    }
}

size_t bl_conv_scratch(const bl_conv_shape *s) {
    size_t weights = is_depthwise(s) ? 0 : weights_scratch(s);
    return largest(largest(scratch_of(s, false), scratch_of(s, true)), weights);
}

const char *bl_conv_kernel(const bl_conv_shape *s, bool backward) {
    switch (way_of(s, backward)) {
    case DEPTHWISE: return "depthwise";
    case WINOGRAD: return "Winograd F(4x4, 3x3)";
    case GRID: return bl_taps(s) == 1 ? "products 1x1" : unit_stride(s) ? "products" : "products by phases";
    default: return "plain";
    }
}

void bl_conv_forward(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *w, const bl_finish *finish,
                     bl_real *y, void *scratch) {
    switch (way_of(s, false)) {
    case DEPTHWISE: bl_depthwise_forward(s, pictures, x, w, finish, y, scratch); break;
    case WINOGRAD: {
        bl_taps9 kernels = {w, (ptrdiff_t)s->channels * 9, 9, false};
        bl_winograd(s, pictures, x, kernels, finish, y, false, scratch);
        break;
    }
    case GRID: bl_grid_forward(s, pictures, x, w, finish, y, scratch); break;
    default: bl_plain_forward(s, pictures, x, w, finish, y);
    }
}

void bl_conv_backward_input(const bl_conv_shape *s, int pictures, const bl_real *dy, const bl_real *w,
                            const bl_gate *gate, bl_real *dx, bool add, void *scratch) {
    way chosen = way_of(s, true);
    bool closes = gate && chosen != PLAIN && bl_phases_cover(s);
    bl_finish finish = bl_no_finish;
    if (closes) finish.gate = gate;
    switch (chosen) {
    case DEPTHWISE: bl_depthwise_backward_input(s, pictures, dy, w, finish.gate, dx, add, scratch); break;
    case WINOGRAD: {
        bl_conv_shape r = bl_reversed(s);
        bl_taps9 kernels = {w, 9, (ptrdiff_t)s->channels * 9, true};
        bl_winograd(&r, pictures, dy, kernels, &finish, dx, add, scratch);
        break;
    }
    case GRID: bl_grid_backward(s, pictures, dy, w, &finish, dx, add, scratch); break;
    default: bl_plain_backward(s, pictures, dy, w, dx, add);
    }
    if (gate && !closes)
        bl_clip_backward((size_t)pictures * (size_t)s->channels * in_plane(s), gate->y, gate->low, gate->high, false,
                         dx, dx, false);
}

void bl_conv_backward_weights(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *dy, bl_real *dw,
                              bool add, void *scratch) {
    if (!add) memset(dw, 0, (size_t)s->groups * weights_of_group(s) * sizeof *dw);
    if (is_depthwise(s))
        bl_depthwise_backward_weights(s, pictures, x, dy, dw);
    else if (bl_winograd_weights_fits(s))
        bl_winograd_weights(s, pictures, x, dy, dw, scratch);
    else
        weight_products(s, pictures, x, dy, dw, scratch);
}

void bl_channel_sums(int pictures, int channels, size_t plane, const bl_real *dy, bl_real *dbias, bool add) {
    for (int c = 0; c < channels; c++) {
        double sum = 0;
        for (int p = 0; p < pictures; p++)
            sum += bl_sum(dy + ((size_t)p * (size_t)channels + (size_t)c) * plane, plane);
        dbias[c] = (add ? dbias[c] : 0) + (bl_real)sum;
    }
}
