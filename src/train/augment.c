/* Augmentation: a picture mirrored, shifted and coloured by chance. */
#include "train/train.h"

#include <math.h>
#include <string.h>

/* Rec. 601, as the grey of a picture elsewhere. */
static float luma(const float rgb[3]) {
    return 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
}

/* A place outside 0 … n−1 is mirrored at the edge, without the edge itself twice. */
static int mirrored(int i, int n) {
    int period = n > 1 ? 2 * (n - 1) : 1;
    i %= period;
    if (i < 0) i += period;
    return i < n ? i : period - i;
}

static void move(const bl_picture *from, bl_picture *to, int dx, int dy, bool flip) {
    for (int y = 0; y < to->height; y++) {
        const uint8_t *row = from->pixels + (size_t)mirrored(y + dy, from->height) * (size_t)from->width * 4;
        uint8_t *out = to->pixels + (size_t)y * (size_t)to->width * 4;
        for (int x = 0; x < to->width; x++) {
            int source = mirrored((flip ? to->width - 1 - x : x) + dx, from->width);
            memcpy(out + 4 * x, row + 4 * source, 4);
        }
    }
}

static uint8_t to_byte(float v) {
    return v <= 0 ? 0 : v >= 255 ? 255 : (uint8_t)(v + 0.5f);
}

static void colour(bl_picture *p, float brightness, float contrast, float saturation) {
    size_t n = (size_t)p->width * (size_t)p->height;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const float rgb[3] = {p->pixels[4 * i], p->pixels[4 * i + 1], p->pixels[4 * i + 2]};
        sum += (double)luma(rgb);
    }
    float centre = (float)(sum / (double)n) * brightness;
    for (size_t i = 0; i < n; i++) {
        float rgb[3];
        for (int c = 0; c < 3; c++)
            rgb[c] = centre + contrast * ((float)p->pixels[4 * i + (size_t)c] * brightness - centre);
        float grey = luma(rgb);
        for (int c = 0; c < 3; c++) p->pixels[4 * i + (size_t)c] = to_byte(grey + saturation * (rgb[c] - grey));
    }
}

/* −most … most, each whole number alike. */
static int whole(const bl_random *r, uint32_t element, int64_t most) {
    return (int)(bl_random_below(r, element, (uint32_t)(2 * most + 1)) - (uint32_t)most);
}

static float factor(const bl_random *r, uint32_t element, double most) {
    return 1 + (float)most * (2 * bl_random_uniform(r, element) - 1);
}

void bl_augment(const bl_picture *from, const bl_recipe *recipe, uint32_t sample, uint32_t epoch, bl_picture *to) {
    const bl_random r = {.seed = (uint64_t)recipe->seed, .stream = BL_STREAM_AUGMENT, .sample = sample, .step = epoch};
    bool flip = bl_random_uniform(&r, 0) < (float)recipe->flip;
    int dx = whole(&r, 1, recipe->shift), dy = whole(&r, 2, recipe->shift);
    move(from, to, dx, dy, flip);
    if (recipe->brightness > 0 || recipe->contrast > 0 || recipe->saturation > 0)
        colour(to, factor(&r, 3, recipe->brightness), factor(&r, 4, recipe->contrast),
               factor(&r, 5, recipe->saturation));
}
