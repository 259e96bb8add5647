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

static __attribute__((noinline)) void one_largest(const bl_pool_shape *s, int oy, int ox, const bl_real *cells,
                                                  bl_real *y, int32_t *argmax) {
    window w = window_at(s, oy, ox);
    int best = largest(s, &w, cells);
    *y = cells[best];
    if (argmax) *argmax = best;
}

#if !defined(BL_DOUBLE)
/* Four windows side by side that lie wholly inside, `corner` being the first one's first cell in its plane: the largest
 * cells and, with argmax, where they are. False where a cell is NaN. Places are counted in float, exactly while a plane
 * has at most 2^24 cells. `step`, 1 or 2, the kernel's width and whether there is argmax are
 * constants where this is called. */
static inline __attribute__((always_inline)) bool four_largest(const bl_pool_shape *s, int rows, int step, int width,
                                                               const float *cells, int corner, float *y,
                                                               int32_t *argmax) {
    bl_f32x4 most = bl_f32x4_splat(-__builtin_inff()), best = bl_f32x4_zero();
    bl_mask4 numbers = bl_f32x4_equal(best, best);
    for (int ky = 0; ky < rows; ky++) {
        int row = ky * s->dilation_h * s->width;
        for (int kx = 0; kx < width; kx++) {
            int place = row + kx * s->dilation_w;
            const float *at = cells + corner + place;
            bl_f32x4 v =
                step == 1 ? bl_f32x4_load(at) : BL_SHUFFLE4(bl_f32x4_load(at), bl_f32x4_load(at + 3), 0, 2, 5, 7);
            numbers &= bl_f32x4_equal(v, v);
            if (argmax) best = bl_f32x4_select(bl_f32x4_less(most, v), bl_f32x4_splat((float)place), best);
            most = bl_f32x4_max(most, v);
        }
    }
    bl_f32x4_store(y, most);
    if (argmax) {
        bl_f32x4 corners =
            bl_f32x4_of((float)corner, (float)(corner + step), (float)(corner + 2 * step), (float)(corner + 3 * step));
        bl_f32x4_store_ints(argmax, bl_f32x4_add(corners, best));
    }
    return !bl_mask4_any(~numbers);
}

/* Kernels of width 3 and stride 2 stand at the head of large networks: they are unrolled. */
static bool four(const bl_pool_shape *s, int rows, const float *cells, int corner, float *y, int32_t *argmax) {
    if (s->stride_w == 1)
        return argmax ? four_largest(s, rows, 1, s->kernel_w, cells, corner, y, argmax)
                      : four_largest(s, rows, 1, s->kernel_w, cells, corner, y, NULL);
    if (s->kernel_w == 3)
        return argmax ? four_largest(s, rows, 2, 3, cells, corner, y, argmax)
                      : four_largest(s, rows, 2, 3, cells, corner, y, NULL);
    return argmax ? four_largest(s, rows, 2, s->kernel_w, cells, corner, y, argmax)
                  : four_largest(s, rows, 2, s->kernel_w, cells, corner, y, NULL);
}
#endif

/* One row of windows; those from `inside` to `end` have all their columns in the picture. */
static void row_of_largest(const bl_pool_shape *s, int oy, int inside, int end, const bl_real *cells, bl_real *y,
                           int32_t *argmax) {
    int ox = 0;
#if !defined(BL_DOUBLE)
    window w = window_at(s, oy, inside);
    int rows = w.y_to - w.y_from, start = (w.y + w.y_from * s->dilation_h) * s->width - s->pad_left;
    bool fours = end - inside >= 4 && s->stride_w <= 2 && in_plane(s) <= 1 << 24;
    for (; fours && ox < inside; ox++) one_largest(s, oy, ox, cells, y + ox, argmax ? argmax + ox : NULL);
    for (; fours && ox < end; ox += 4) {
        if (ox + 4 > end) ox = end - 4; /* once more, together with its neighbours */
        int corner = start + ox * s->stride_w;
        int32_t *places = argmax ? argmax + ox : NULL;
        bool fine = four(s, rows, cells, corner, y + ox, places);
        for (int i = ox; !fine && i < ox + 4; i++) one_largest(s, oy, i, cells, y + i, argmax ? argmax + i : NULL);
    }
#else
    (void)inside, (void)end;
#endif
    for (; ox < s->out_width; ox++) one_largest(s, oy, ox, cells, y + ox, argmax ? argmax + ox : NULL);
}

void bl_max_pool(const bl_pool_shape *s, size_t planes, const bl_real *x, bl_real *y, int32_t *argmax) {
    int inside = 0, end;
    while (inside < s->out_width && inside * s->stride_w < s->pad_left) inside++;
    for (end = inside; end < s->out_width; end++)
        if (end * s->stride_w - s->pad_left + (s->kernel_w - 1) * s->dilation_w >= s->width) break;
    for (size_t p = 0; p < planes; p++, x += in_plane(s))
        for (int oy = 0; oy < s->out_height; oy++, y += s->out_width) {
            row_of_largest(s, oy, inside, end, x, y, argmax);
            if (argmax) argmax += s->out_width;
        }
}

static __attribute__((noinline)) void scatter(size_t n, const bl_real *dy, const int32_t *argmax, bl_real *dx) {
    for (size_t i = 0; i < n; i++) dx[argmax[i]] += dy[i];
}

void bl_max_pool_backward(const bl_pool_shape *s, size_t planes, const bl_real *dy, const int32_t *argmax,
                          const bl_gate *gate, bl_real *dx, bool add) {
    size_t cells = in_plane(s), windows = out_plane(s);
    for (size_t p = 0; p < planes; p++) { /* each is finished while it is in the cache */
        bl_real *plane = dx + p * cells;
        if (!add) memset(plane, 0, cells * sizeof *dx);
        scatter(windows, dy + p * windows, argmax + p * windows, plane);
        if (gate) bl_clip_backward(cells, gate->y + p * cells, gate->low, gate->high, false, plane, plane, false);
    }
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
