/* Colour tables: ends, middle and stops as designed, symmetric indices, percentiles, maps over photographs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "picture/picture.h"

static void is_colour(const uint8_t *q, uint32_t rgb) {
    uint32_t found = (uint32_t)q[0] << 16 | (uint32_t)q[1] << 8 | q[2];
    if (found != rgb || q[3] != 255) fail_msg("#%06x is not #%06x", found, rgb);
}

static void ends_and_middle(void **state) {
    (void)state;
    static const struct {
        bl_family family;
        uint32_t ends[2][3]; /* light, dark: first, middle, last */
    } tables[] = {
        {BL_FAMILY_ACTIVATION, {{0x6b1a0e, 0xfcfcfb, 0x0d3a73}, {0xffb9a3, 0x15171b, 0xa5d0ff}}},
        {BL_FAMILY_GRADIENT, {{0x40207c, 0xfcfcfb, 0x583300}, {0xe3d7ff, 0x15171b, 0xfbdd98}}},
        {BL_FAMILY_WEIGHT, {{0x4d2a0c, 0xfcfcfb, 0x064543}, {0xf6d9b8, 0x15171b, 0xa6e8e1}}},
    };
    uint8_t t[256][4];
    for (int theme = 0; theme < 2; theme++) {
        for (size_t i = 0; i < 3; i++) {
            const uint32_t *ends = tables[i].ends[theme];
            bl_colour_table(tables[i].family, (bl_theme)theme, t);
            is_colour(t[0], ends[0]), is_colour(t[255], ends[2]);
            is_colour(t[127], ends[1]), is_colour(t[128], ends[1]);
        }
        bl_colour_table(BL_FAMILY_SIZE, (bl_theme)theme, t);
        is_colour(t[0], theme ? 0x15171b : 0xf7f7f4), is_colour(t[255], theme ? 0xc3ecea : 0x0a4350);
        is_colour(t[51], theme ? 0x12343b : 0xcfe3e4),
            is_colour(t[204], theme ? 0x62b7bb : 0x1f7280); /* stops 2 and 5 of 6 */
    }
    bl_colour_table(BL_FAMILY_GREY, BL_THEME_LIGHT, t);
    is_colour(t[77], 0x4d4d4d);
}

/* The mean of two colours in OKLab, computed here in double with the C library. */
static void oklab_between(void **state) {
    (void)state;
    uint8_t t[256][4];
    bl_colour_table(BL_FAMILY_SIZE, BL_THEME_LIGHT, t);
    /* Entry 25 lies 25/51 of the way from f7f7f4 to cfe3e4. L of both ends by Ottosson's matrices: */
    const double f = 25.0 / 51;
    double lab[2][3];
    static const int ends[2][3] = {{0xf7, 0xf7, 0xf4}, {0xcf, 0xe3, 0xe4}};
    for (int k = 0; k < 2; k++) {
        double c[3];
        for (int i = 0; i < 3; i++) c[i] = pow((ends[k][i] / 255.0 + 0.055) / 1.055, 2.4);
        double l = cbrt(0.4122214708 * c[0] + 0.5363325363 * c[1] + 0.0514459929 * c[2]);
        double m = cbrt(0.2119034982 * c[0] + 0.6806995451 * c[1] + 0.1073969566 * c[2]);
        double s = cbrt(0.0883024619 * c[0] + 0.2817188376 * c[1] + 0.6299787005 * c[2]);
        lab[k][0] = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s;
        lab[k][1] = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s;
        lab[k][2] = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s;
    }
    double L = lab[0][0] + f * (lab[1][0] - lab[0][0]), a = lab[0][1] + f * (lab[1][1] - lab[0][1]),
           b = lab[0][2] + f * (lab[1][2] - lab[0][2]);
    double l = pow(L + 0.3963377774 * a + 0.2158037573 * b, 3), m = pow(L - 0.1055613458 * a - 0.0638541728 * b, 3),
           s = pow(L - 0.0894841775 * a - 1.2914855480 * b, 3);
    double rgb[3] = {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
                     -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
                     -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
    for (int i = 0; i < 3; i++) {
        double v = 255 * (1.055 * pow(rgb[i], 1 / 2.4) - 0.055);
        assert_true(fabs(v - t[25][i]) <= 0.51);
    }
}

static void indices(void **state) {
    (void)state;
    assert_int_equal(bl_colour_index(BL_FAMILY_ACTIVATION, 0, 1), 128);
    assert_int_equal(bl_colour_index(BL_FAMILY_ACTIVATION, 1, 1), 255);
    assert_int_equal(bl_colour_index(BL_FAMILY_ACTIVATION, -7, 1), 0);
    for (float v = 0.01f; v < 1.2f; v += 0.07f)
        assert_int_equal(bl_colour_index(BL_FAMILY_GRADIENT, v, 1) + bl_colour_index(BL_FAMILY_GRADIENT, -v, 1), 255);
    assert_int_equal(bl_colour_index(BL_FAMILY_ACTIVATION, NAN, 1), 128);
    assert_int_equal(bl_colour_index(BL_FAMILY_ACTIVATION, 5, 0), 128);
    assert_int_equal(bl_colour_index(BL_FAMILY_ACTIVATION, 5, NAN), 128);
    assert_int_equal(bl_colour_index(BL_FAMILY_ACTIVATION, INFINITY, 1), 255);
    assert_int_equal(bl_colour_index(BL_FAMILY_SIZE, 0.5f, 1), 128);
    assert_int_equal(bl_colour_index(BL_FAMILY_SIZE, -0.5f, 1), 0);
    assert_int_equal(bl_colour_index(BL_FAMILY_SIZE, NAN, 1), 0);
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void percentiles(void **state) {
    (void)state;
    bl_real v[101], scratch[101];
    float sorted[101];
    for (int repeat = 0; repeat < 40; repeat++) {
        bl_random r = {.seed = 3, .stream = BL_STREAM_TEST, .sample = (uint32_t)repeat};
        bl_random_normals(&r, 0, 101, v);
        for (int i = 0; i < 101; i++) {
            if (repeat % 3 == 1) v[i] = (bl_real)((int)(3 * v[i]));     /* many equal */
            if (repeat % 3 == 2) v[i] = (bl_real)(repeat % 2 ? i : -i); /* in order */
            sorted[i] = fabsf((float)v[i]);
        }
        qsort(sorted, 101, sizeof *sorted, ascending);
        for (int q = 0; q <= 100; q++) assert_true(bl_percentile_abs(v, 101, (float)q, scratch) == sorted[q]);
        float between = sorted[98] + 0.5f * (sorted[99] - sorted[98]);
        assert_true(fabsf(bl_percentile_abs(v, 101, 98.5f, scratch) - between) <= 1e-6f);
    }
    v[7] = (bl_real)NAN;
    assert_true(isfinite(bl_percentile_abs(v, 101, 100, scratch)));
    v[0] = (bl_real)NAN;
    assert_true(bl_percentile_abs(v, 1, 50, scratch) == 0);
}

static void maps(void **state) {
    (void)state;
    uint8_t t[256][4], rgba[12], pixels[12] = {10, 20, 30, 255, 10, 20, 30, 255, 10, 20, 30, 255};
    bl_real v[3] = {0, -2, 1};
    bl_colour_table(BL_FAMILY_ACTIVATION, BL_THEME_DARK, t);
    bl_colour_map(v, 3, BL_FAMILY_ACTIVATION, BL_THEME_DARK, 2, rgba);
    assert_memory_equal(rgba, t[128], 4);
    assert_memory_equal(rgba + 4, t[0], 4);
    assert_memory_equal(rgba + 8, t[192], 4);
    bl_picture photo = {3, 1, pixels};
    bl_overlay(&photo, v, 2, BL_THEME_LIGHT, rgba);
    assert_memory_equal(rgba, pixels, 4);               /* zero: the photograph alone */
    is_colour(rgba + 4, 0x0a4350);                      /* the largest size, of either sign: the table's end */
    bl_colour_table(BL_FAMILY_SIZE, BL_THEME_LIGHT, t); /* half the size: mixed by 0.5^0.6 */
    double alpha = pow(128 / 255.0, 0.6);
    for (int c = 0; c < 3; c++) assert_true(fabs(pixels[8 + c] * (1 - alpha) + t[128][c] * alpha - rgba[8 + c]) < 1.5);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(ends_and_middle), cmocka_unit_test(oklab_between),
                                       cmocka_unit_test(indices), cmocka_unit_test(percentiles),
                                       cmocka_unit_test(maps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
