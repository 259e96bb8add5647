#include "kernels/columns.h"

#include <string.h>

int bl_block_channels(const bl_conv_shape *s) {
    int channels = s->channels / s->groups, most = BL_KC / bl_taps(s);
    if (most < 1) most = 1;
    return channels < most ? channels : most;
}

int bl_block_width(const bl_conv_shape *s, int depth, int most) {
    int width = 32768 / depth / BL_NR * BL_NR, all = bl_panels(s->out_height * s->out_width) * BL_NR;
    if (width < BL_NR) width = BL_NR;
    if (width > most) width = most / BL_NR * BL_NR;
    return width < all ? width : all;
}

/* Where the positions of a panel look at with tap 0,0. */
typedef struct {
    int count;
    int y[BL_NR], x[BL_NR];
    bool inside;  /* every tap of every position lies in the picture … */
    bool one_run; /* … and the positions are neighbours in memory */
} places;

static places find(const bl_conv_shape *s, int first, int count) {
    places p = {.count = count, .inside = true};
    int row = first / s->out_width, column = first % s->out_width;
    p.one_run = count == BL_NR && s->stride_w == 1 && column + BL_NR <= s->out_width;
    int reach_y = (s->kernel_h - 1) * s->dilation_h, reach_x = (s->kernel_w - 1) * s->dilation_w;
    for (int j = 0; j < count; j++) {
        int y = row * s->stride_h - s->pad_top, x = column * s->stride_w - s->pad_left;
        p.y[j] = y;
        p.x[j] = x;
        if (y < 0 || x < 0 || y + reach_y >= s->height || x + reach_x >= s->width) p.inside = false;
        if (++column == s->out_width) {
            column = 0;
            row++;
        }
    }
    return p;
}

static void pack_run(const bl_conv_shape *s, const bl_real *x, int channels, const places *p, bl_real *packed) {
    const bl_real *corner = x + (ptrdiff_t)p->y[0] * s->width + p->x[0];
    ptrdiff_t plane = (ptrdiff_t)s->height * s->width, down = (ptrdiff_t)s->dilation_h * s->width;
    for (int c = 0; c < channels; c++, corner += plane)
        for (int ky = 0; ky < s->kernel_h; ky++)
            for (int kx = 0; kx < s->kernel_w; kx++, packed += BL_NR)
                memcpy(packed, corner + ky * down + kx * s->dilation_w, BL_NR * sizeof *packed);
}

static void pack_inside(const bl_conv_shape *s, const bl_real *x, int channels, const places *p, bl_real *packed) {
    ptrdiff_t plane = (ptrdiff_t)s->height * s->width, down = (ptrdiff_t)s->dilation_h * s->width, at[BL_NR];
    /* Missing positions copy the first one, so that the copying loop has no branch; then they become zero. */
    for (int j = 0; j < BL_NR; j++) {
        int from = j < p->count ? j : 0;
        at[j] = (ptrdiff_t)p->y[from] * s->width + p->x[from];
    }
    for (int c = 0; c < channels; c++, x += plane)
        for (int ky = 0; ky < s->kernel_h; ky++)
            for (int kx = 0; kx < s->kernel_w; kx++, packed += BL_NR) {
                const bl_real *tap = x + ky * down + kx * s->dilation_w;
                for (int j = 0; j < BL_NR; j++) packed[j] = tap[at[j]];
                for (int j = p->count; j < BL_NR; j++) packed[j] = 0;
            }
}

static void pack_border(const bl_conv_shape *s, const bl_real *x, int channels, const places *p, bl_real *packed) {
    int taps = bl_taps(s);
    ptrdiff_t plane = (ptrdiff_t)s->height * s->width;
    for (int ky = 0; ky < s->kernel_h; ky++)
        for (int kx = 0; kx < s->kernel_w; kx++) {
            ptrdiff_t at[BL_NR];
            bool valid[BL_NR] = {false};
            for (int j = 0; j < BL_NR; j++) at[j] = 0;
            for (int j = 0; j < p->count; j++) {
                int iy = p->y[j] + ky * s->dilation_h, ix = p->x[j] + kx * s->dilation_w;
                valid[j] = iy >= 0 && iy < s->height && ix >= 0 && ix < s->width;
                if (valid[j]) at[j] = (ptrdiff_t)iy * s->width + ix;
            }
            bl_real *out = packed + (ky * s->kernel_w + kx) * BL_NR;
            const bl_real *from = x;
            for (int c = 0; c < channels; c++, out += taps * BL_NR, from += plane)
                for (int j = 0; j < BL_NR; j++) out[j] = valid[j] ? from[at[j]] : 0;
        }
}

void bl_pack_columns_of(const bl_conv_shape *s, const bl_real *x, int channels, int first, int count, bl_real *packed) {
    ptrdiff_t panel = (ptrdiff_t)channels * bl_taps(s) * BL_NR;
    for (int j = 0; j < count; j += BL_NR, packed += panel) {
        places p = find(s, first + j, count - j < BL_NR ? count - j : BL_NR);
        if (p.inside && p.one_run)
            pack_run(s, x, channels, &p, packed);
        else if (p.inside)
            pack_inside(s, x, channels, &p, packed);
        else
            pack_border(s, x, channels, &p, packed);
    }
}
