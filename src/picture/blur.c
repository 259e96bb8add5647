/* Gaussian blur of float images. */
#include "base/elementary.h"
#include "picture/picture.h"

enum { LARGEST_RADIUS = 48 };

/* Position i of a row of n, mirrored at the ends without repeating them: … 2 1 0 1 2 … */
static int mirrored(int i, int n) {
    if (n == 1) return 0;
    int period = 2 * n - 2;
    i %= period;
    if (i < 0) i += period;
    return i < n ? i : period - i;
}

static void blur_row(const bl_real *from, bl_real *to, int n, size_t stride, const bl_real *weight, int radius) {
    for (int i = 0; i < n; i++) {
        bl_real sum = 0;
        for (int k = -radius; k <= radius; k++)
            sum += weight[k < 0 ? -k : k] * from[(size_t)mirrored(i + k, n) * stride];
        to[(size_t)i * stride] = sum;
    }
}

void bl_blur(const bl_real *from, int channels, int h, int w, float sigma, bl_real *to, bl_real *scratch) {
    bl_real weight[LARGEST_RADIUS + 1] = {1};
    int radius = sigma < 0.2f ? 0 : (int)(3 * sigma) + ((float)(int)(3 * sigma) < 3 * sigma);
    if (radius > LARGEST_RADIUS) radius = LARGEST_RADIUS;
    bl_real sum = 1;
    for (int k = 1; k <= radius; k++) {
        weight[k] = bl_exp((bl_real)(-k * k) / (2 * (bl_real)sigma * (bl_real)sigma));
        sum += 2 * weight[k];
    }
    for (int k = 0; k <= radius; k++) weight[k] /= sum;
    size_t plane = (size_t)h * (size_t)w;
    for (int c = 0; c < channels; c++) {
        for (int y = 0; y < h; y++)
            blur_row(from + (size_t)c * plane + (size_t)y * (size_t)w, scratch + (size_t)y * (size_t)w, w, 1, weight,
                     radius);
        for (int x = 0; x < w; x++) blur_row(scratch + x, to + (size_t)c * plane + x, h, (size_t)w, weight, radius);
    }
}
