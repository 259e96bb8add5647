#include "conv_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../tolerances.h"

bl_real *drawn_from(dice *numbers, size_t n) {
    bl_real *x = copy_of(NULL, n);
    for (size_t i = 0; i < n; i++) x[i] = (bl_real)(float)spread(numbers, -1, 1);
    return x;
}

void expect_within(double limit, const bl_real *got, const double *expected, size_t n, const char *what, int a, int b,
                   int c) {
    double far = distance(got, expected, n);
    if (!(far <= limit)) fail_msg("%s (%d, %d, %d): %g off", what, a, b, c, far);
}

/* NaN where it must be, and nowhere it must not; then it is taken out of both. */
static void take_nans(bl_real *got, double *expected, size_t n, bool spreads) {
    for (size_t i = 0; i < n; i++) {
        if (isnan(expected[i]) ? !isnan(got[i]) : isnan(got[i]) && !spreads)
            fail_msg("element %zu: a NaN is %s", i, isnan(got[i]) ? "where none belongs" : "lost");
        if (isnan(got[i])) got[i] = 0, expected[i] = 0;
    }
}

/* A gradient that is added to what is there and goes through a gate, against the same pass without one and the rule
 * element by element: the same bits, but that a NaN is a NaN. */
static void check_gate(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *dy, const bl_real *w,
                       void *scratch, size_t n, dice *numbers) {
    for (int add = 0; add < 2; add++) {
        bl_real *there = drawn_from(numbers, n), *open = copy_of(there, n), *gated = copy_of(there, n);
        bl_gate gate = {x, -(bl_real)0.4, add ? (bl_real)0.5 : (bl_real)INFINITY};
        bl_conv_backward_input(s, pictures, dy, w, NULL, open, add, scratch);
        bl_conv_backward_input(s, pictures, dy, w, &gate, gated, add, scratch);
        for (size_t i = 0; i < n; i++) {
            bl_real expected = gate.low < x[i] && x[i] < gate.high ? open[i] : 0;
            if (memcmp(&gated[i], &expected, sizeof expected) != 0 && !(isnan(gated[i]) && isnan(expected)))
                fail_msg("gated gradient %zu of %d channels, add %d: %g, not %g", i, s->channels, add, (double)gated[i],
                         (double)expected);
        }
        free(there), free(open), free(gated);
    }
}

void check_convolution(bl_conv_shape s, int pictures, int nans, dice *numbers) {
    int in = s.channels / s.groups, out = s.out_channels / s.groups;
    size_t nx = (size_t)(pictures * s.channels * s.height * s.width),
           ny = (size_t)(pictures * s.out_channels * s.out_height * s.out_width);
    size_t nw = (size_t)(s.out_channels * in * s.kernel_h * s.kernel_w), bytes = bl_conv_scratch(&s);
    bl_real *x = drawn_from(numbers, nx), *w = drawn_from(numbers, nw),
            *bias = drawn_from(numbers, (size_t)s.out_channels), *dy = drawn_from(numbers, ny);
    bl_real *y = copy_of(NULL, ny), *dx = copy_of(NULL, nx), *dw = copy_of(NULL, nw);
    double *ry = malloc(ny * sizeof *ry), *rx = calloc(nx, sizeof *rx), *rw = calloc(nw, sizeof *rw);
    for (int i = 0; i < nans; i++) x[roll(numbers, 0, (int)nx - 1)] = (bl_real)NAN;
    for (size_t i = 0; i < ny; i++) {
        int ox = (int)i % s.out_width, oy = (int)i / s.out_width % s.out_height,
            o = (int)i / s.out_width / s.out_height % s.out_channels;
        int picture = (int)i / s.out_width / s.out_height / s.out_channels;
        ry[i] = (double)bias[o];
        for (int t = 0; t < in * s.kernel_h * s.kernel_w; t++) {
            int kx = t % s.kernel_w, ky = t / s.kernel_w % s.kernel_h, c = t / s.kernel_w / s.kernel_h;
            int iy = oy * s.stride_h + ky * s.dilation_h - s.pad_top,
                ix = ox * s.stride_w + kx * s.dilation_w - s.pad_left;
            if (iy < 0 || iy >= s.height || ix < 0 || ix >= s.width) continue;
            size_t from = (size_t)(((picture * s.channels + o / out * in + c) * s.height + iy) * s.width + ix);
            size_t weight = (size_t)(o * in * s.kernel_h * s.kernel_w + t);
            ry[i] += (double)x[from] * (double)w[weight];
            rx[from] += (double)dy[i] * (double)w[weight];
            rw[weight] += (double)dy[i] * (double)x[from];
        }
    }
    void *scratch = malloc(bytes + !bytes);
    bl_conv_forward(&s, pictures, x, w,
                    &(bl_finish){.bias = bias, .low = -(bl_real)INFINITY, .high = (bl_real)INFINITY}, y, scratch);
    bl_conv_backward_input(&s, pictures, dy, w, NULL, dx, false, scratch);
    check_gate(&s, pictures, x, dy, w, scratch, nx, numbers);
    bl_conv_backward_weights(&s, pictures, x, dy, dw, false, scratch);
    bool tiles = s.kernel_h == 3 && s.kernel_w == 3 && s.channels >= 16 && s.groups == 1;
    take_nans(y, ry, ny, tiles);
    take_nans(dw, rw, nw, tiles);
    expect_within(TOL_OP_FLOAT, y, ry, ny, "convolution", s.channels, s.out_channels, s.width);
    expect_within(TOL_OP_FLOAT, dx, rx, nx, "its input's gradient", s.channels, s.out_channels, s.width);
    expect_within(TOL_OP_FLOAT, dw, rw, nw, "its weights' gradient", s.channels, s.out_channels, s.width);
    void *all[] = {x, w, bias, dy, y, dx, dw, ry, rx, rw, scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

bl_conv_shape square(int channels, int size, int out_channels, int kernel, int stride, int pad, int groups) {
    int out = (size + 2 * pad - kernel) / stride + 1;
    return (bl_conv_shape){channels, size, size, out_channels, out, out,   kernel, kernel, stride,
                           stride,   1,    1,    pad,          pad, groups};
}
