#include "kernels/kernels.h"

#include <string.h>

/* Taps of a window from *from to *to−1 that lie in 0 … size−1, the window starting at `start`. */
static void taps_inside(int start, int kernel, int dilation, int size, int *from, int *to)
{
    *from = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
    int last = size - 1 - start < 0 ? 0 : (size - 1 - start) / dilation + 1;
    *to = last < kernel ? last : kernel;
}

typedef struct {
    int y, x;                       /* of tap 0,0; may lie outside */
    int y_from, y_to, x_from, x_to; /* taps inside the picture */
} window;

static window window_at(const bl_pool_shape *s, int oy, int ox)
{
    window w = {.y = oy * s->stride_h - s->pad_top, .x = ox * s->stride_w - s->pad_left};
    taps_inside(w.y, s->kernel_h, s->dilation_h, s->height, &w.y_from, &w.y_to);
    taps_inside(w.x, s->kernel_w, s->dilation_w, s->width, &w.x_from, &w.x_to);
    return w;
}

static size_t in_plane(const bl_pool_shape *s) { return (size_t)s->height * (size_t)s->width; }
static size_t out_plane(const bl_pool_shape *s) { return (size_t)s->out_height * (size_t)s->out_width; }

void bl_max_pool(const bl_pool_shape *s, size_t planes, const bl_real *x, bl_real *y, int32_t *argmax)
{
    for (int oy = 0; oy < s->out_height; oy++)
        for (int ox = 0; ox < s->out_width; ox++) {
            window w = window_at(s, oy, ox);
            size_t out = (size_t)oy * (size_t)s->out_width + (size_t)ox;
            int first = (w.y + w.y_from * s->dilation_h) * s->width + w.x + w.x_from * s->dilation_w;
            for (size_t p = 0; p < planes; p++) {
                const bl_real *cells = x + p * in_plane(s);
                int best = first;
                bl_real most = cells[first];
                for (int ky = w.y_from; ky < w.y_to && most == most; ky++) {
                    int row = (w.y + ky * s->dilation_h) * s->width + w.x;
                    for (int kx = w.x_from; kx < w.x_to; kx++) {
                        bl_real v = cells[row + kx * s->dilation_w];
                        if (v > most || v != v) { /* the first of equals stays; NaN wins and ends the search */
                            most = v;
                            best = row + kx * s->dilation_w;
                            if (v != v) break;
                        }
                    }
                }
                y[p * out_plane(s) + out] = most;
                if (argmax) argmax[p * out_plane(s) + out] = best;
            }
        }
}

void bl_max_pool_backward(const bl_pool_shape *s, size_t planes, const bl_real *dy, const int32_t *argmax, bl_real *dx, bool add)
{
    if (!add) memset(dx, 0, planes * in_plane(s) * sizeof *dx);
    for (size_t p = 0; p < planes; p++, dx += in_plane(s), dy += out_plane(s), argmax += out_plane(s))
        for (size_t i = 0; i < out_plane(s); i++) dx[argmax[i]] += dy[i];
}

/* Cells that a window's mean is divided by, along one axis. */
static int counted(const bl_pool_shape *s, int start, int kernel, int dilation, int size, int pad_end, int inside)
{
    if (!s->count_padding) return inside;
    int from, to;
    /* Padding counts; what a ceiled size adds beyond it does not. */
    taps_inside(0, kernel, dilation, size + pad_end - start, &from, &to);
    return to;
}

static bl_real share(const bl_pool_shape *s, const window *w)
{
    int rows = counted(s, w->y, s->kernel_h, s->dilation_h, s->height, s->pad_bottom, w->y_to - w->y_from);
    int columns = counted(s, w->x, s->kernel_w, s->dilation_w, s->width, s->pad_right, w->x_to - w->x_from);
    return (bl_real)(1 / ((double)rows * (double)columns));
}

void bl_average_pool(const bl_pool_shape *s, size_t planes, const bl_real *x, bl_real *y)
{
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

void bl_average_pool_backward(const bl_pool_shape *s, size_t planes, const bl_real *dy, bl_real *dx, bool add)
{
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
