#include "kernels/kernels.h"

#include "base/simd.h"

#include <string.h>

/* Taps of a window from *from to *to−1 that lie in 0 … size−1, the window starting at `start`. */
static void taps_inside(int start, int kernel, int dilation, int size, int *from, int *to) {
    *from = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
    int last = size - 1 - start < 0 ? 0 : (size - 1 - start) / dilation + 1;
    *to = last < kernel ? last : kernel;
}

typedef struct {
    int y, x;                       /* of tap 0,0; may lie outside */
    int y_from, y_to, x_from, x_to; /* taps inside the picture */
} window;

static window window_at(const bl_pool_shape *s, int oy, int ox) {
    window w = {.y = oy * s->stride_h - s->pad_top, .x = ox * s->stride_w - s->pad_left};
    taps_inside(w.y, s->kernel_h, s->dilation_h, s->height, &w.y_from, &w.y_to);
    taps_inside(w.x, s->kernel_w, s->dilation_w, s->width, &w.x_from, &w.x_to);
    return w;
}

static size_t in_plane(const bl_pool_shape *s) {
    return (size_t)s->height * (size_t)s->width;
}
static size_t out_plane(const bl_pool_shape *s) {
    return (size_t)s->out_height * (size_t)s->out_width;
}

/* The window's first largest cell, or its first NaN. Arithmetic instead of a branch: which cell is
 * larger cannot be foretold, and wrong guesses would cost more than all the rest. */
static int largest(const bl_pool_shape *s, const window *w, const bl_real *cells) {
    int best = (w->y + w->y_from * s->dilation_h) * s->width + w->x + w->x_from * s->dilation_w;
    bl_real most = cells[best];
    for (int ky = w->y_from; ky < w->y_to; ky++) {
        int at = (w->y + ky * s->dilation_h) * s->width + w->x + w->x_from * s->dilation_w;
        for (int kx = w->x_from; kx < w->x_to; kx++, at += s->dilation_w) {
            bl_real v = cells[at];
            int better = (v > most) | ((v != v) & (most == most));
            best += (at - best) & -better;
            most = cells[best];
        }
    }
    return best;
}

#if !defined(BL_DOUBLE)
/* Do this window and its three neighbours to the right lie wholly inside? Places must be exact in float as well. */
static bool four_inside(const bl_pool_shape *s, const window *w, int ox) {
    int reach = 3 * s->stride_w + (s->kernel_w - 1) * s->dilation_w;
    return ox + 4 <= s->out_width && w->y_from == 0 && w->y_to == s->kernel_h && w->x >= 0 && w->x + reach < s->width &&
           in_plane(s) <= 1 << 24;
}

/* The same for the four at once; places are counted from each window's own corner. */
static void four_largest(const bl_pool_shape *s, const window *w, const float *cells, float *y, int32_t *argmax) {
    int corner = w->y * s->width + w->x, step = s->stride_w;
    bl_f32x4 most = bl_f32x4_zero(), best = bl_f32x4_zero();
    for (int ky = 0; ky < s->kernel_h; ky++)
        for (int kx = 0; kx < s->kernel_w; kx++) {
            int place = ky * s->dilation_h * s->width + kx * s->dilation_w;
            const float *at = cells + corner + place;
            bl_f32x4 v = step == 2 ? BL_SHUFFLE4(bl_f32x4_load(at), bl_f32x4_load(at + 3), 0, 2, 5, 7)
                                   : bl_f32x4_of(at[0], at[step], at[2 * step], at[3 * step]);
            if (place == 0) {
                most = v;
                continue;
            }
            bl_mask4 better = bl_f32x4_less(most, v) | (~bl_f32x4_equal(v, v) & bl_f32x4_equal(most, most));
            most = bl_f32x4_select(better, v, most);
            best = bl_f32x4_select(better, bl_f32x4_splat((float)place), best);
        }
    bl_f32x4_store(y, most);
    for (int i = 0; argmax && i < 4; i++) argmax[i] = corner + i * step + (int)bl_f32x4_lane(best, i);
}
#endif

/* One window, or four side by side, whose results lie from `out` on. */
typedef struct {
    window w;
    int out;
    bool four;
} stop;

/* Windows are found once for all planes, but a plane is read by stretches of a row: its cells lie far from the next
 * plane's. */
enum { STOPS = 32 };

static int find_stops(const bl_pool_shape *s, int oy, int *ox, stop *stops) {
    int n = 0;
    for (; n < STOPS && *ox < s->out_width; n++) {
        stops[n] = (stop){window_at(s, oy, *ox), oy * s->out_width + *ox, false};
#if !defined(BL_DOUBLE)
        stops[n].four = four_inside(s, &stops[n].w, *ox);
#endif
        *ox += stops[n].four ? 4 : 1;
    }
    return n;
}

void bl_max_pool(const bl_pool_shape *s, size_t planes, const bl_real *x, bl_real *y, int32_t *argmax) {
    for (int oy = 0; oy < s->out_height; oy++)
        for (int ox = 0; ox < s->out_width;) {
            stop stops[STOPS];
            int n = find_stops(s, oy, &ox, stops);
            for (size_t p = 0; p < planes; p++)
                for (int i = 0; i < n; i++) {
                    const bl_real *cells = x + p * in_plane(s);
                    size_t out = p * out_plane(s) + (size_t)stops[i].out;
#if !defined(BL_DOUBLE)
                    if (stops[i].four) {
                        four_largest(s, &stops[i].w, cells, y + out, argmax ? argmax + out : NULL);
                        continue;
                    }
#endif
                    int best = largest(s, &stops[i].w, cells);
                    y[out] = cells[best];
                    if (argmax) argmax[out] = best;
                }
        }
}

void bl_max_pool_backward(const bl_pool_shape *s, size_t planes, const bl_real *dy, const int32_t *argmax, bl_real *dx,
                          bool add) {
    if (!add) memset(dx, 0, planes * in_plane(s) * sizeof *dx);
    for (size_t p = 0; p < planes; p++, dx += in_plane(s), dy += out_plane(s), argmax += out_plane(s))
        for (size_t i = 0; i < out_plane(s); i++) dx[argmax[i]] += dy[i];
}

/* Cells that a window's mean is divided by, along one axis. */
static int counted(const bl_pool_shape *s, int start, int kernel, int dilation, int size, int pad_end, int inside) {
    if (!s->count_padding) return inside;
    int from, to;
    /* Padding counts; what a ceiled size adds beyond it does not. */
    taps_inside(0, kernel, dilation, size + pad_end - start, &from, &to);
    return to;
}

static bl_real share(const bl_pool_shape *s, const window *w) {
    int rows = counted(s, w->y, s->kernel_h, s->dilation_h, s->height, s->pad_bottom, w->y_to - w->y_from);
    int columns = counted(s, w->x, s->kernel_w, s->dilation_w, s->width, s->pad_right, w->x_to - w->x_from);
    return (bl_real)(1 / ((double)rows * (double)columns));
}

bl_real bl_average_share(const bl_pool_shape *s, int row, int column) {
    window w = window_at(s, row, column);
    return share(s, &w);
}

void bl_average_pool(const bl_pool_shape *s, size_t planes, const bl_real *x, bl_real *y) {
    for (int oy = 0; oy < s->out_height; oy++)
        for (int ox = 0; ox < s->out_width; ox++) {
            window w = window_at(s, oy, ox);
            bl_real factor = share(s, &w);
            for (size_t p = 0; p < planes; p++) {
                const bl_real *cells = x + p * in_plane(s);
                double sum = 0;
                for (int ky = w.y_from; ky < w.y_to; ky++) {
                    int row = (w.y + ky * s->dilation_h) * s->width + w.x;
                    for (int kx = w.x_from; kx < w.x_to; kx++) sum += (double)cells[row + kx * s->dilation_w];
                }
                y[p * out_plane(s) + (size_t)oy * (size_t)s->out_width + (size_t)ox] = (bl_real)(sum * (double)factor);
            }
        }
}

void bl_average_pool_backward(const bl_pool_shape *s, size_t planes, const bl_real *dy, bl_real *dx, bool add) {
    if (!add) memset(dx, 0, planes * in_plane(s) * sizeof *dx);
    for (int oy = 0; oy < s->out_height; oy++)
        for (int ox = 0; ox < s->out_width; ox++) {
            window w = window_at(s, oy, ox);
            bl_real factor = share(s, &w);
            for (size_t p = 0; p < planes; p++) {
                bl_real *cells = dx + p * in_plane(s);
                bl_real part = dy[p * out_plane(s) + (size_t)oy * (size_t)s->out_width + (size_t)ox] * factor;
                for (int ky = w.y_from; ky < w.y_to; ky++) {
                    int row = (w.y + ky * s->dilation_h) * s->width + w.x;
                    for (int kx = w.x_from; kx < w.x_to; kx++) cells[row + kx * s->dilation_w] += part;
                }
            }
        }
}
