/* Numbers → colours: the tables of both themes, from their stops, and the drawing of maps through them. */
#include <string.h>

#include "base/elementary.h"
#include "picture/picture.h"

static const char *const names[] = {"activation", "gradient", "weight", "size", "grey"};

/* From − to +, light and dark; the sixth is the ground of the page. Chosen so that + and − of one size are equally
 * light and stay apart under the three colour-vision deficiencies. */
static const uint32_t signed_stops[3][2][11] = {
    {{0x6b1a0e, 0xa83318, 0xd9613f, 0xf0a78f, 0xf9d9cd, 0xfcfcfb, 0xd0e1f4, 0x93bde8, 0x4a8fd0, 0x1f63aa, 0x0d3a73},
     {0xffb9a3, 0xf58561, 0xc9532f, 0x84341c, 0x401d14, 0x15171b, 0x12283f, 0x174673, 0x256fb4, 0x559fe6, 0xa5d0ff}},
    {{0x40207c, 0x6a40b2, 0x9873d4, 0xc6b0ea, 0xe6ddf6, 0xfcfcfb, 0xfae6bd, 0xefbf66, 0xcb8a1a, 0x965c00, 0x583300},
     {0xe3d7ff, 0xb89bfa, 0x8a66da, 0x54389a, 0x2b2148, 0x15171b, 0x31260f, 0x654709, 0xa87711, 0xe3aa2d, 0xfbdd98}},
    {{0x4d2a0c, 0x7d4a1c, 0xb07f4d, 0xd9bb97, 0xf1e5d6, 0xfcfcfb, 0xd3ecea, 0x8fcfca, 0x3f9f9a, 0x0f716d, 0x064543},
     {0xf6d9b8, 0xd9ac7a, 0xa67844, 0x6b4a26, 0x33261a, 0x15171b, 0x0f2a2a, 0x124f4d, 0x1c827d, 0x4fb8b0, 0xa6e8e1}},
};
static const uint32_t size_stops[2][6] = {{0xf7f7f4, 0xcfe3e4, 0x93c5c9, 0x519ea8, 0x1f7280, 0x0a4350},
                                          {0x15171b, 0x12343b, 0x175963, 0x2b8791, 0x62b7bb, 0xc3ecea}};

static bool is_signed(bl_family family) {
    return family <= BL_FAMILY_WEIGHT;
}

const char *bl_family_name(bl_family family) {
    return (size_t)family < sizeof names / sizeof *names ? names[family] : "grey";
}

/* Powers by our own exponential and logarithm: the C libraries' differ, and a table should not. */
static bl_real power(bl_real x, bl_real exponent) {
    return x > 0 ? bl_exp(exponent * bl_log(x)) : 0;
}

void bl_oklab(const uint8_t rgb[3], bl_real lab[3]) {
    bl_real lin[3], lms[3];
    for (int c = 0; c < 3; c++) {
        bl_real v = (bl_real)rgb[c] / 255;
        lin[c] =
            v <= (bl_real)0.04045 ? v / (bl_real)12.92 : power((v + (bl_real)0.055) / (bl_real)1.055, (bl_real)2.4);
    }
    static const bl_real m[3][3] = {{0.4122214708f, 0.5363325363f, 0.0514459929f},
                                    {0.2119034982f, 0.6806995451f, 0.1073969566f},
                                    {0.0883024619f, 0.2817188376f, 0.6299787005f}};
    for (int i = 0; i < 3; i++) lms[i] = power(m[i][0] * lin[0] + m[i][1] * lin[1] + m[i][2] * lin[2], (bl_real)1 / 3);
    lab[0] = 0.2104542553f * lms[0] + 0.7936177850f * lms[1] - 0.0040720468f * lms[2];
    lab[1] = 1.9779984951f * lms[0] - 2.4285922050f * lms[1] + 0.4505937099f * lms[2];
    lab[2] = 0.0259040371f * lms[0] + 0.7827717662f * lms[1] - 0.8086757660f * lms[2];
}

static void of_stop(uint32_t rgb, bl_real lab[3]) {
    bl_oklab((const uint8_t[3]){(uint8_t)(rgb >> 16), (uint8_t)(rgb >> 8), (uint8_t)rgb}, lab);
}

static void from_oklab(const bl_real lab[3], uint8_t rgba[4]) {
    bl_real lms[3] = {lab[0] + 0.3963377774f * lab[1] + 0.2158037573f * lab[2],
                      lab[0] - 0.1055613458f * lab[1] - 0.0638541728f * lab[2],
                      lab[0] - 0.0894841775f * lab[1] - 1.2914855480f * lab[2]};
    static const bl_real m[3][3] = {{4.0767416621f, -3.3077115913f, 0.2309699292f},
                                    {-1.2684380046f, 2.6097574011f, -0.3413193965f},
                                    {-0.0041960863f, -0.7034186147f, 1.7076147010f}};
    for (int i = 0; i < 3; i++) lms[i] = lms[i] * lms[i] * lms[i];
    for (int c = 0; c < 3; c++) {
        bl_real v = m[c][0] * lms[0] + m[c][1] * lms[1] + m[c][2] * lms[2];
        v = v <= (bl_real)0.0031308 ? v * (bl_real)12.92
                                    : (bl_real)1.055 * power(v, (bl_real)(1 / 2.4)) - (bl_real)0.055;
        v = v * 255;
        rgba[c] = (uint8_t)(v > 0 ? (v < 255 ? v + (bl_real)0.5 : 255) : 0);
    }
    rgba[3] = 255;
}

/* t of 0 … 1 along n stops; a stop itself is given back exactly, without the way through OKLab. */
static void between(const uint32_t *stops, int n, double t, uint8_t rgba[4]) {
    double at = t * (n - 1);
    int i = (int)at;
    if (i > n - 2) i = n - 2;
    bl_real f = (bl_real)(at - i), a[3], b[3];
    if (f <= 0 || f >= 1) {
        uint32_t stop = stops[f <= 0 ? i : i + 1];
        rgba[0] = (uint8_t)(stop >> 16), rgba[1] = (uint8_t)(stop >> 8), rgba[2] = (uint8_t)stop, rgba[3] = 255;
        return;
    }
    of_stop(stops[i], a), of_stop(stops[i + 1], b);
    for (int c = 0; c < 3; c++) a[c] += f * (b[c] - a[c]);
    from_oklab(a, rgba);
}

void bl_colour_table(bl_family family, bl_theme theme, uint8_t table[256][4]) {
    for (int i = 0; i < 256; i++) {
        if (is_signed(family)) { /* two entries are zero, 127 and 128, so that both halves have the same length */
            double t = i < 128 ? 0.5 * i / 127 : 0.5 + 0.5 * (i - 128) / 127;
            between(signed_stops[family][theme == BL_THEME_DARK], 11, t, table[i]);
        } else if (family == BL_FAMILY_SIZE) {
            between(size_stops[theme == BL_THEME_DARK], 6, i / 255.0, table[i]);
        } else {
            memset(table[i], i, 3);
            table[i][3] = 255;
        }
    }
}

uint8_t bl_colour_index(bl_family family, float value, float limit) {
    bool both = is_signed(family);
    float size = value < 0 ? -value : value, steps = both ? 127 : 255;
    if (!(limit > 0) || !(size > 0) || (!both && value < 0)) return both ? 128 : 0;
    int i = size < limit ? (int)(size / limit * steps + 0.5f) : (int)steps;
    return (uint8_t)(both ? (value < 0 ? 127 - i : 128 + i) : i);
}

void bl_colour_map(const bl_real *v, size_t n, bl_family family, bl_theme theme, float limit, uint8_t *rgba) {
    uint8_t table[256][4];
    bl_colour_table(family, theme, table);
    for (size_t i = 0; i < n; i++) memcpy(rgba + 4 * i, table[bl_colour_index(family, (float)v[i], limit)], 4);
}

void bl_overlay(const bl_picture *photo, const bl_real *v, float limit, bl_theme theme, uint8_t *rgba) {
    uint8_t table[256][4];
    int alpha[256];
    bl_colour_table(BL_FAMILY_SIZE, theme, table);
    for (int i = 0; i < 256; i++) alpha[i] = (int)(power((bl_real)i / 255, (bl_real)0.6) * 255 + (bl_real)0.5);
    for (size_t i = 0, n = (size_t)photo->width * (size_t)photo->height; i < n; i++) {
        float size = (float)(v[i] < 0 ? -v[i] : v[i]);
        int at = bl_colour_index(BL_FAMILY_SIZE, size, limit), a = alpha[at];
        for (size_t c = 0; c < 3; c++)
            rgba[4 * i + c] = (uint8_t)((photo->pixels[4 * i + c] * (255 - a) + table[at][c] * a + 127) / 255);
        rgba[4 * i + 3] = 255;
    }
}

/* The k-th smallest of n numbers (k from 0); leaves everything after it at least as large (Hoare's selection). */
static float select_kth(float *v, size_t n, size_t k) {
    size_t low = 0, high = n - 1;
    while (low < high) {
        float pivot = v[low + (high - low) / 2];
        size_t i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i > j) break;
            float t = v[i];
            v[i++] = v[j], v[j] = t;
            if (j == 0) break;
            j--;
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return v[k];
}

float bl_percentile_abs(const bl_real *v, size_t n, float q, float *scratch) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (v[i] == v[i]) scratch[count++] = (float)(v[i] < 0 ? -v[i] : v[i]); /* numbers only */
    if (count == 0) return 0;
    double at = (q < 0 ? 0 : q > 100 ? 100 : (double)q) * (double)(count - 1) / 100;
    size_t k = (size_t)at;
    float low = select_kth(scratch, count, k), high = low;
    if (k + 1 < count) {
        high = scratch[k + 1];
        for (size_t i = k + 2; i < count; i++)
            if (scratch[i] < high) high = scratch[i];
    }
    float f = (float)(at - (double)k);
    return f > 0 ? low + f * (high - low) : low;
}
