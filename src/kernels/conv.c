#include "kernels/columns.h"
#include "kernels/winograd.h"

#include <string.h>

enum {
    WIDEST = 1024,  /* positions of a block, at most */
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

static void reverse_weights(const bl_conv_shape *s, const bl_real *w, bl_real *turned) {
    int taps = bl_taps(s), in = s->channels / s->groups, out = s->out_channels / s->groups;
    for (int g = 0; g < s->groups; g++)
        for (int c = 0; c < in; c++)
            for (int o = 0; o < out; o++) {
                const bl_real *kernel = w + ((ptrdiff_t)(g * out + o) * in + c) * taps;
                for (int t = taps - 1; t >= 0; t--) *turned++ = kernel[t];
            }
}

static size_t convolve_scratch(const bl_conv_shape *s) {
    bl_conv_shape t = straightened(s);
    int depth = bl_block_channels(&t) * bl_taps(&t);
    return (weights_of_group(&t) + (size_t)depth * (size_t)bl_block_width(&t, depth, WIDEST)) * sizeof(bl_real);
}

static void convolve(const bl_conv_shape *shape, int pictures, const bl_real *x, const bl_real *w, const bl_real *bias,
                     bl_real *y, bool add, void *scratch) {
    bl_conv_shape s = straightened(shape);
    int in = s.channels / s.groups, out = s.out_channels / s.groups, taps = bl_taps(&s), all = in * taps;
    int channels = bl_block_channels(&s), plane = out_plane(&s), width = bl_block_width(&s, channels * taps, WIDEST);
    bl_real *rows = scratch, *columns = rows + weights_of_group(&s);
    for (int g = 0; g < s.groups; g++) {
        const bl_real *kernels = w + (size_t)g * weights_of_group(&s);
        for (int c = 0; c < in; c += channels) {
            int depth = (c + channels < in ? channels : in - c) * taps;
            bl_matrix block = {kernels + (ptrdiff_t)c * taps, all, 1};
            bl_pack_rows(out, depth, block, rows + (ptrdiff_t)out * c * taps);
        }
        for (int p = 0; p < pictures; p++) {
            const bl_real *from = x + ((size_t)p * (size_t)s.channels + (size_t)(g * in)) * in_plane(&s);
            bl_real *to = y + ((size_t)p * (size_t)s.out_channels + (size_t)(g * out)) * (size_t)plane;
            for (int q = 0; q < plane; q += width) {
                int count = plane - q < width ? plane - q : width;
                for (int c = 0; c < in; c += channels) {
                    int some = c + channels < in ? channels : in - c;
                    bl_pack_columns_of(&s, from + (size_t)c * in_plane(&s), some, q, count, columns);
                    bl_multiply_panels(out, count, some * taps, rows + (ptrdiff_t)out * c * taps, columns, to + q,
                                       plane, add || c > 0, bias ? bias + g * out : NULL);
                }
            }
        }
    }
}

/* ---- with stride: columns of dX = Wᵀ·dY, added to where they came from ---- */

static size_t scatter_scratch(const bl_conv_shape *s) {
    int out = s->out_channels / s->groups, all = s->channels / s->groups * bl_taps(s);
    size_t width = (size_t)bl_block_width(s, all, WIDEST);
    size_t depth = (size_t)(out < BL_KC ? out : BL_KC);
    return (weights_of_group(s) + (depth + (size_t)all) * width) * sizeof(bl_real);
}

static void scatter(const bl_conv_shape *s, int pictures, const bl_real *dy, const bl_real *w, bl_real *dx,
                    void *scratch) {
    int in = s->channels / s->groups, out = s->out_channels / s->groups, all = in * bl_taps(s);
    int plane = out_plane(s), width = bl_block_width(s, all, WIDEST), depth = out < BL_KC ? out : BL_KC;
    bl_real *rows = scratch, *packed = rows + weights_of_group(s), *columns = packed + (ptrdiff_t)depth * width;
    for (int g = 0; g < s->groups; g++) {
        const bl_real *kernels = w + (size_t)g * weights_of_group(s);
        for (int o = 0; o < out; o += depth) {
            bl_matrix transposed = {kernels + (ptrdiff_t)o * all, 1, all};
            bl_pack_rows(all, out - o < depth ? out - o : depth, transposed, rows + (ptrdiff_t)all * o);
        }
        for (int p = 0; p < pictures; p++) {
            const bl_real *from = dy + ((size_t)p * (size_t)s->out_channels + (size_t)(g * out)) * (size_t)plane;
            bl_real *to = dx + ((size_t)p * (size_t)s->channels + (size_t)(g * in)) * in_plane(s);
            for (int q = 0; q < plane; q += width) {
                int count = plane - q < width ? plane - q : width;
                for (int o = 0; o < out; o += depth) {
                    int some = out - o < depth ? out - o : depth;
                    bl_matrix block = {from + (ptrdiff_t)o * plane + q, plane, 1};
                    bl_pack_columns(some, count, block, packed);
                    bl_multiply_panels(all, count, some, rows + (ptrdiff_t)all * o, packed, columns, width, o > 0,
                                       NULL);
                }
                bl_add_columns_to(s, columns, width, in, q, count, to);
            }
        }
    }
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

size_t bl_conv_scratch(const bl_conv_shape *s) {
    if (is_depthwise(s)) return 0;
    size_t forward = bl_winograd_fits(s) ? bl_winograd_scratch(s) : convolve_scratch(s), input;
    if (unit_stride(s)) {
        bl_conv_shape r = bl_reversed(s);
        input = bl_winograd_fits(&r) ? bl_winograd_scratch(&r)
                                     : (size_t)s->groups * weights_of_group(s) * sizeof(bl_real) + convolve_scratch(&r);
    } else {
        input = scatter_scratch(s);
    }
    return largest(largest(forward, input), weights_scratch(s));
}

void bl_conv_forward(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *w, const bl_real *bias,
                     bl_real *y, void *scratch) {
    if (is_depthwise(s)) {
        bl_depthwise_forward(s, pictures, x, w, bias, y);
    } else if (bl_winograd_fits(s)) {
        bl_taps9 kernels = {w, (ptrdiff_t)s->channels * 9, 9, false};
        bl_winograd(s, pictures, x, kernels, bias, y, false, scratch);
    } else {
        convolve(s, pictures, x, w, bias, y, false, scratch);
    }
}

void bl_conv_backward_input(const bl_conv_shape *s, int pictures, const bl_real *dy, const bl_real *w, bl_real *dx,
                            bool add, void *scratch) {
    bl_conv_shape r = bl_reversed(s);
    if (is_depthwise(s)) {
        bl_depthwise_backward_input(s, pictures, dy, w, dx, add);
    } else if (unit_stride(s) && bl_winograd_fits(&r)) {
        bl_taps9 kernels = {w, 9, (ptrdiff_t)s->channels * 9, true};
        bl_winograd(&r, pictures, dy, kernels, NULL, dx, add, scratch);
    } else if (unit_stride(s)) {
        bl_real *turned = scratch;
        reverse_weights(s, w, turned);
        convolve(&r, pictures, dy, turned, NULL, dx, add, turned + (size_t)s->groups * weights_of_group(s));
    } else {
        if (!add) memset(dx, 0, (size_t)pictures * (size_t)s->channels * in_plane(s) * sizeof *dx);
        scatter(s, pictures, dy, w, dx, scratch);
    }
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
