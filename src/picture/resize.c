/* Resampling: triangle filter with half-pixel centres, which is bilinear interpolation when it is not widened. One
 * description of its weights serves pictures, float images and the adjoint. */
#include <math.h>
#include <string.h>

#include "picture/picture.h"

/* Which source elements make element d of the result: first … last, each with weight/sum. Weights outside the source
 * are left out and the rest divided by their sum, which at the border is the same as repeating the edge. */
typedef struct {
    int first, last;
    double centre, support, sum;
} span;

static double span_weight(const span *s, int i) {
    double away = fabs((double)i - s->centre) / s->support;
    return away < 1 ? 1 - away : 0;
}

static span span_of(int d, int n_src, int n_dst, double support) {
    span s = {.centre = (d + 0.5) * ((double)n_src / n_dst) - 0.5, .support = support};
    s.first = (int)ceil(s.centre - support), s.last = (int)floor(s.centre + support);
    if (s.first < 0) s.first = 0;
    if (s.last > n_src - 1) s.last = n_src - 1;
    for (int i = s.first; i <= s.last; i++) s.sum += span_weight(&s, i);
    return s;
}

static double support_of(int n_src, int n_dst, double widen_above) {
    double scale = (double)n_src / n_dst;
    return scale > widen_above ? scale : 1;
}

bl_status bl_picture_resize(const bl_picture *p, int x, int y, int w, int h, int width, int height, bl_picture *out,
                            bl_error *error) {
    *out = (bl_picture){0};
    if (x < 0 || y < 0 || w < 1 || h < 1 || w > p->width - x || h > p->height - y)
        return bl_fail(error, BL_USAGE,
                       "the region %d×%d at row %d, column %d lies outside the picture of %d×%d pixels", w, h, y, x,
                       p->width, p->height);
    bl_picture to;
    BL_TRY(bl_picture_make(width, height, &to, error));
    float *row = bl_alloc_aligned((size_t)w * 4 * sizeof *row);
    if (!row) {
        bl_picture_free(&to);
        return bl_fail(error, BL_MEMORY, "there is no memory to resize a picture of %d×%d pixels", w, h);
    }
    double sy = support_of(h, height, 1), sx = support_of(w, width, 1);
    for (int r = 0; r < height; r++) {
        /* Rows are mixed first, into one row of the source's width: the only memory it takes. */
        span down = span_of(r, h, height, sy);
        memset(row, 0, (size_t)w * 4 * sizeof *row);
        for (int i = down.first; i <= down.last; i++) {
            const uint8_t *from = p->pixels + 4 * ((size_t)(y + i) * (size_t)p->width + (size_t)x);
            float weight = (float)(span_weight(&down, i) / down.sum);
            for (int k = 0; k < 4 * w; k++) row[k] += weight * from[k];
        }
        for (int c = 0; c < width; c++) {
            span along = span_of(c, w, width, sx);
            float sum[4] = {0};
            for (int i = along.first; i <= along.last; i++) {
                float weight = (float)(span_weight(&along, i) / along.sum);
                for (int k = 0; k < 4; k++) sum[k] += weight * row[4 * i + k];
            }
            uint8_t *q = to.pixels + 4 * ((size_t)r * (size_t)width + (size_t)c);
            for (int k = 0; k < 4; k++) q[k] = (uint8_t)(sum[k] < 255 ? sum[k] + 0.5f : 255);
        }
    }
    bl_free_aligned(row);
    *out = to;
    return BL_OK;
}

bl_status bl_picture_fit(const bl_picture *p, int width, int height, bl_picture *out, bl_error *error) {
    *out = (bl_picture){0};
    if (width < 1 || height < 1)
        return bl_fail(error, BL_USAGE, "a picture cannot be made %d×%d pixels large", width, height);
    int w = p->width, h = p->height;
    if ((int64_t)w * height > (int64_t)h * width)
        w = (int)((int64_t)h * width / height);
    else
        h = (int)((int64_t)w * height / width);
    if (w < 1) w = 1;
    if (h < 1) h = 1;
    return bl_picture_resize(p, (p->width - w) / 2, (p->height - h) / 2, w, h, width, height, out, error);
}

/* Both directions visit the same pairs of elements with the same weights; only what is read and what is added to
 * differs. */
static void visit(bl_real *source, int channels, int h, int w, bl_real *result, int height, int width, bool adjoint) {
    double sy = support_of(h, height, 1.5), sx = support_of(w, width, 1.5);
    size_t from_plane = (size_t)h * (size_t)w, to_plane = (size_t)height * (size_t)width;
    for (int r = 0; r < height; r++) {
        span down = span_of(r, h, height, sy);
        for (int c = 0; c < width; c++) {
            span along = span_of(c, w, width, sx);
            bl_real *to = result + (size_t)r * (size_t)width + (size_t)c;
            if (!adjoint)
                for (int k = 0; k < channels; k++) to[(size_t)k * to_plane] = 0;
            for (int i = down.first; i <= down.last; i++)
                for (int j = along.first; j <= along.last; j++) {
                    bl_real weight = (bl_real)(span_weight(&down, i) * span_weight(&along, j) / (down.sum * along.sum));
                    bl_real *from = source + (size_t)i * (size_t)w + (size_t)j;
                    for (int k = 0; k < channels; k++) {
                        if (adjoint)
                            from[(size_t)k * from_plane] += weight * to[(size_t)k * to_plane];
                        else
                            to[(size_t)k * to_plane] += weight * from[(size_t)k * from_plane];
                    }
                }
        }
    }
}

void bl_resize(const bl_real *from, int channels, int h, int w, bl_real *to, int height, int width) {
    visit((bl_real *)from, channels, h, w, to, height, width, false);
}

void bl_resize_adjoint(const bl_real *to, int channels, int height, int width, bl_real *from, int h, int w) {
    visit(from, channels, h, w, (bl_real *)to, height, width, true);
}
