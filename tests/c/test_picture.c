/* picture: files read right or refused with a reason, PNG round trip, resizing and its adjoint, what a network is fed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "picture/picture.h"

typedef struct {
    uint8_t *bytes;
    size_t length;
} file;

static file load(const char *name) {
    char path[200];
    snprintf(path, sizeof path, "tests/data/pictures/%s", name);
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s is missing: run the tests in the root of the project", path);
    file out = {malloc(1 << 16), 0};
    out.length = fread(out.bytes, 1, 1 << 16, f);
    fclose(f);
    return out;
}

static bl_picture open_file(const char *name, bl_text *notes) {
    file f = load(name);
    bl_picture p;
    bl_error e = {0};
    if (bl_picture_decode(f.bytes, f.length, name, &p, notes, &e) != BL_OK) fail_msg("%s: %s", name, e.message);
    free(f.bytes);
    return p;
}

/* Exactly as many bytes as are there, so that the address sanitiser sees a read past them. */
static void refused(const void *bytes, size_t length, bl_status code, const char *words) {
    uint8_t *copy = malloc(length ? length : 1);
    memcpy(copy, bytes, length);
    bl_picture p;
    bl_error e = {0};
    assert_int_equal(bl_picture_decode(copy, length, "it.png", &p, NULL, &e), code);
    assert_null(p.pixels);
    if (!strstr(e.message, words)) fail_msg("\"%s\" does not say \"%s\"", e.message, words);
    assert_true(strlen(e.hint) > 0);
    free(copy);
}

static const uint8_t *at(const bl_picture *p, int x, int y) {
    return p->pixels + 4 * (y * p->width + x);
}

static void near_colour(const uint8_t *q, int r, int g, int b, int most) {
    if (abs(q[0] - r) > most || abs(q[1] - g) > most || abs(q[2] - b) > most || q[3] != 255)
        fail_msg("%d %d %d %d is not %d %d %d", q[0], q[1], q[2], q[3], r, g, b);
}

static void quarters(const bl_picture *p, int most) {
    near_colour(at(p, 0, 0), 200, 30, 20, most);
    near_colour(at(p, p->width - 1, 0), 20, 160, 40, most);
    near_colour(at(p, 0, p->height - 1), 30, 60, 190, most);
    near_colour(at(p, p->width - 1, p->height - 1), 230, 200, 10, most);
}

static void formats(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int width, most;
        const char *note;
    } files[] = {{"plain.png", 24, 0, ""}, {"deep.png", 24, 0, "16 bits"}, {"moving.png", 24, 0, "still picture"},
                 {"plain.bmp", 24, 0, ""}, {"plain.gif", 24, 0, ""},       {"moving.gif", 24, 0, "First frame"},
                 {"plain.jpg", 32, 3, ""}, {"progressive.jpg", 32, 3, ""}, {"cmyk.jpg", 32, 1, "CMYK"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        bl_text notes = {0};
        bl_picture p = open_file(files[i].name, &notes);
        assert_int_equal(p.width, files[i].width);
        assert_int_equal(p.height, 16);
        quarters(&p, files[i].most);
        if (*files[i].note)
            assert_non_null(strstr(notes.data, files[i].note));
        else
            assert_int_equal(notes.length, 0);
        bl_picture_free(&p);
        bl_text_free(&notes);
    }
    bl_picture grey = open_file("grey.png", NULL);
    near_colour(at(&grey, 7, 3), 70, 70, 70, 0);
    bl_picture_free(&grey);
    grey = open_file("grey.jpg", NULL);
    near_colour(at(&grey, 0, 0), 80, 80, 80, 1);
    bl_picture_free(&grey);
}

static void transparent(void **state) {
    (void)state;
    bl_text notes = {0};
    bl_picture p = open_file("alpha.png", &notes);
    near_colour(at(&p, 0, 0), 255, 255, 255, 0);
    near_colour(at(&p, 8, 0), (200 * 128 + 255 * 127 + 127) / 255, (30 * 128 + 255 * 127 + 127) / 255,
                (20 * 128 + 255 * 127 + 127) / 255, 0);
    near_colour(at(&p, 16, 0), 20, 160, 40, 0);
    assert_non_null(strstr(notes.data, "over white"));
    bl_picture_free(&p);
    bl_text_clear(&notes);
    p = open_file("palette.png", &notes);
    near_colour(at(&p, 0, 0), 200, 30, 20, 0);
    near_colour(at(&p, 23, 15), 255, 255, 255, 0);
    assert_non_null(strstr(notes.data, "over white"));
    bl_picture_free(&p);
    bl_text_free(&notes);
}

static void sizes(void **state) {
    (void)state;
    bl_picture p = open_file("one.png", NULL), q;
    assert_int_equal(p.width * p.height, 1);
    assert_int_equal(bl_picture_fit(&p, 64, 64, &q, NULL), BL_OK);
    near_colour(at(&q, 63, 63), 200, 30, 20, 0);
    bl_picture_free(&p), bl_picture_free(&q);

    p = open_file("large.png", NULL); /* 12,000×9,000, four white columns and four black ones in turn */
    assert_int_equal(p.width, 12000);
    assert_int_equal(p.height, 9000);
    near_colour(at(&p, 11995, 8999), 255, 255, 255, 0);
    near_colour(at(&p, 11996, 8999), 0, 0, 0, 0);
    assert_int_equal(bl_picture_fit(&p, 64, 64, &q, NULL), BL_OK);
    near_colour(at(&q, 31, 31), 128, 128, 128, 3);
    bl_picture_free(&p), bl_picture_free(&q);

    file f = load("plain.png");
    static const uint8_t huge[] = {0, 1, 0x86, 0xA0};
    memcpy(f.bytes + 16, huge, 4), memcpy(f.bytes + 20, huge, 4);
    refused(f.bytes, f.length, BL_SHAPE, "100000×100000 pixels; at most 16384");
    static const uint8_t large[] = {0, 0, 0x2E, 0xE0, 0, 0, 0x23, 0x28}; /* 12,000×9,000, in 97 bytes */
    memcpy(f.bytes + 16, large, 8);
    refused(f.bytes, f.length, BL_FORMAT, "cut off");
    memset(f.bytes + 16, 0, 4);
    refused(f.bytes, f.length, BL_FORMAT, "does not say how large");
    free(f.bytes);
    assert_int_equal(bl_picture_make(0, 5, &p, NULL), BL_SHAPE);
    assert_int_equal(bl_picture_make(16384, 16384, &p, NULL), BL_SHAPE);
}

static void not_pictures(void **state) {
    (void)state;
    refused("", 0, BL_FORMAT, "is empty");
    refused("Dear diary,\n", 12, BL_FORMAT, "begins like a text file");
    refused("BMW is a car", 12, BL_FORMAT, "begins like a text file");
    refused("<svg xmlns='http://www.w3.org/2000/svg'/>", 41, BL_UNSUPPORTED, "SVG drawing");
    refused("RIFF\x10\0\0\0WEBPVP8 ", 16, BL_UNSUPPORTED, "WebP picture");
    refused("\0\0\0\x1c"
            "ftypheic\0\0\0\0",
            16, BL_UNSUPPORTED, "HEIC picture");
    refused("\0\0\0\x1c"
            "ftypavif\0\0\0\0",
            16, BL_UNSUPPORTED, "AVIF picture");
    refused("\0\0\0\x1c"
            "ftypisom\0\0\0\0",
            16, BL_FORMAT, "it is a video");
    refused("II*\0\x08\0\0\0", 8, BL_UNSUPPORTED, "TIFF picture");
    refused("%PDF-1.7\n%\xE2\xE3\xCF\xD3", 14, BL_FORMAT, "PDF document");
    refused("PK\3\4\x14\0", 6, BL_FORMAT, "ZIP archive");
    refused("\1\2\3\xFE", 4, BL_FORMAT, "begins with the bytes 01 02 03 fe");
    refused("\0", 1, BL_FORMAT, "begins with the bytes 00");
    file f = load("arithmetic.jpg");
    refused(f.bytes, f.length, BL_UNSUPPORTED, "arithmetic coding");
    free(f.bytes);
    f = load(
        "plain.jpg"); /* with a code table of 257 symbols put in, all of them there: one more than a table can have */
    uint8_t table[4 + 17 + 257] = {0xFF, 0xC4, (2 + 17 + 257) >> 8, (2 + 17 + 257) & 255, 0, 255, 2};
    memmove(f.bytes + 2 + sizeof table, f.bytes + 2, f.length - 2);
    memcpy(f.bytes + 2, table, sizeof table);
    f.length += sizeof table;
    refused(f.bytes, f.length, BL_FORMAT, "code tables make no sense");
    free(f.bytes);
}

/* Each file cut at every length, and with every byte changed: read or refused, never more. */
static void damaged(void **state) {
    (void)state;
    static const char *const names[] = {"plain.png",       "alpha.png", "palette.png", "deep.png", "plain.jpg",
                                        "progressive.jpg", "cmyk.jpg",  "moving.gif",  "plain.bmp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        file f = load(names[i]);
        for (size_t n = 0; n < f.length; n++) {
            uint8_t *cut = malloc(n ? n : 1);
            memcpy(cut, f.bytes, n);
            bl_picture p;
            bl_error e = {0};
            bl_status status = bl_picture_decode(cut, n, names[i], &p, NULL, &e);
            if (status != BL_OK) assert_true(strlen(e.message) > 0 && !p.pixels);
            /* The first frame of a GIF may be whole; a PNG's or JPEG's end marker is its last bytes. */
            if (strstr(names[i], ".png") || strstr(names[i], ".jpg")) assert_int_not_equal(status, BL_OK);
            bl_picture_free(&p);
            free(cut);
        }
        for (size_t k = 0; k < f.length; k++) {
            uint8_t old = f.bytes[k];
            f.bytes[k] ^= (uint8_t)(1 + k % 255);
            bl_picture p;
            bl_picture_decode(f.bytes, f.length, names[i], &p, NULL, NULL);
            bl_picture_free(&p);
            f.bytes[k] = old;
        }
        free(f.bytes);
    }
}

/* plain.jpg with an EXIF segment after its first marker. */
static bl_picture turned(int orientation, bool little, bl_text *notes) {
    uint8_t exif[] = {0xFF, 0xE1, 0, 34, 'E', 'x',  'i',  'f', 0, 0, 'M', 'M', 0, 42, 0,
                      0,    0,    8, 0,  1,   0x01, 0x12, 0,   3, 0, 0,   0,   1, 0,  (uint8_t)orientation,
                      0,    0,    0, 0,  0,   0};
    static const uint8_t other[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0};
    if (little) memcpy(exif + 10, other, sizeof other), exif[28] = (uint8_t)orientation, exif[29] = 0;
    file f = load("plain.jpg");
    memmove(f.bytes + 2 + sizeof exif, f.bytes + 2, f.length - 2);
    memcpy(f.bytes + 2, exif, sizeof exif);
    bl_picture p;
    bl_error e = {0};
    if (bl_picture_decode(f.bytes, f.length + sizeof exif, "turned.jpg", &p, notes, &e) != BL_OK)
        fail_msg("%s", e.message);
    free(f.bytes);
    return p;
}

static void upright(void **state) {
    (void)state;
    /* Which stored corner (0 top left, 1 top right, 2 bottom left, 3 bottom right) is seen at the top left, top right,
     * bottom left and bottom right (CIPA DC-008, orientation 1 … 8). */
    static const int corners[9][4] = {{0},          {0, 1, 2, 3}, {1, 0, 3, 2}, {3, 2, 1, 0}, {2, 3, 0, 1},
                                      {0, 2, 1, 3}, {2, 0, 3, 1}, {3, 1, 2, 0}, {1, 3, 0, 2}};
    static const int colours[4][3] = {{200, 30, 20}, {20, 160, 40}, {30, 60, 190}, {230, 200, 10}};
    for (int o = 1; o <= 8; o++)
        for (int little = 0; little < 2; little++) {
            bl_text notes = {0};
            bl_picture p = turned(o, little, &notes);
            assert_int_equal(p.width, o < 5 ? 32 : 16);
            assert_int_equal(p.height, o < 5 ? 16 : 32);
            for (int k = 0; k < 4; k++) {
                const int *c = colours[corners[o][k]];
                near_colour(at(&p, k & 1 ? p.width - 1 : 0, k & 2 ? p.height - 1 : 0), c[0], c[1], c[2], 3);
            }
            assert_int_equal(notes.length > 0, o != 1);
            bl_picture_free(&p);
            bl_text_free(&notes);
        }
    bl_picture p = turned(9, false, NULL); /* no such orientation: left as it is */
    quarters(&p, 3);
    bl_picture_free(&p);
}

static void png_round_trip(void **state) {
    (void)state;
    bl_picture p, q;
    assert_int_equal(bl_picture_make(61, 47, &p, NULL), BL_OK);
    bl_random r = {.seed = 5, .stream = BL_STREAM_TEST};
    for (int i = 0; i < 61 * 47; i++) {
        uint32_t w = bl_random_word(&r, (uint32_t)i);
        memcpy(p.pixels + 4 * i, &w, 4);
        p.pixels[4 * i + 3] = 255;
    }
    bl_text png = {0};
    bl_error e = {0};
    assert_int_equal(bl_picture_png(&p, &png, &e), BL_OK);
    assert_int_equal(bl_picture_decode((const uint8_t *)png.data, png.length, "p.png", &q, NULL, &e), BL_OK);
    assert_int_equal(q.width, 61);
    assert_memory_equal(p.pixels, q.pixels, 4 * 61 * 47);
    /* Header, data, end: nothing in it that changes colours. 8 bits, colour type 2. */
    assert_int_equal(png.data[24], 8);
    assert_int_equal(png.data[25], 2);
    assert_memory_equal(png.data + 8 + 25 + 4, "IDAT", 4);
    bl_text_free(&png);
    bl_picture_free(&p), bl_picture_free(&q);
}

static void resize_pictures(void **state) {
    (void)state;
    bl_picture p = open_file("plain.png", NULL), q;
    assert_int_equal(bl_picture_resize(&p, 0, 0, 24, 16, 24, 16, &q, NULL), BL_OK);
    assert_memory_equal(p.pixels, q.pixels, 4 * 24 * 16); /* the same size changes nothing */
    bl_picture_free(&q);
    assert_int_equal(bl_picture_resize(&p, 12, 0, 12, 8, 7, 3, &q, NULL), BL_OK);
    for (int i = 0; i < 21; i++) near_colour(q.pixels + 4 * i, 20, 160, 40, 0);
    bl_picture_free(&q);
    /* 24 → 2 columns with half-pixel centres: the filter is 12 wide to each side of 5.5, so 1/8 of the weight is of the
     * other half; but at the border the missing half of the triangle is left out: 1/7. */
    assert_int_equal(bl_picture_resize(&p, 0, 0, 24, 8, 2, 1, &q, NULL), BL_OK);
    near_colour(q.pixels, (int)lrintf(200 - 180 / 7.0f), (int)lrintf(30 + 130 / 7.0f), (int)lrintf(20 + 20 / 7.0f), 1);
    bl_picture_free(&q);
    assert_int_equal(bl_picture_fit(&p, 10, 10, &q, NULL), BL_OK); /* columns 4 … 19 */
    quarters(&q, 0);
    bl_picture_free(&q);
    bl_error e;
    assert_int_equal(bl_picture_resize(&p, 20, 0, 5, 5, 2, 2, &q, &e), BL_USAGE);
    bl_picture_free(&p);
}

static void resize_floats(void **state) {
    (void)state;
    /* 2 → 4, half-pixel centres: 0, 1/4, 3/4, 1 of the way. */
    bl_real two[2] = {1, 5}, four[4];
    bl_resize(two, 1, 1, 2, four, 1, 4);
    static const bl_real expected[4] = {1, 2, 4, 5};
    for (int i = 0; i < 4; i++) assert_true(fabs((double)(four[i] - expected[i])) < 1e-6);
    bl_resize(two, 1, 1, 2, four, 1, 2);
    assert_true(four[0] == 1 && four[1] == 5);

    static const int cases[][4] = {{5, 7, 9, 6}, {9, 6, 5, 7}, {1, 13, 4, 3}, {12, 10, 3, 21}, {16, 16, 11, 11}};
    bl_random r = {.seed = 9, .stream = BL_STREAM_TEST};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        int h = cases[k][0], w = cases[k][1], H = cases[k][2], W = cases[k][3];
        bl_real x[2 * 300], y[2 * 300], ax[2 * 300], aty[2 * 300] = {0};
        r.sample = (uint32_t)k;
        bl_random_normals(&r, 0, 2 * (size_t)(h * w), x);
        bl_random_normals(&r, 1000, 2 * (size_t)(H * W), y);
        bl_resize(x, 2, h, w, ax, H, W);
        bl_resize_adjoint(y, 2, H, W, aty, h, w);
        double left = 0, right = 0, nx = 0, ny = 0, flat = 0;
        for (int i = 0; i < 2 * H * W; i++)
            left += (double)ax[i] * y[i], nx += (double)ax[i] * ax[i], ny += (double)y[i] * y[i];
        for (int i = 0; i < 2 * h * w; i++) right += (double)x[i] * aty[i];
        assert_true(fabs(left - right) <= 1e-5 * sqrt(nx * ny));
        /* Constants stay constant. */
        for (int i = 0; i < 2 * h * w; i++) x[i] = 3;
        bl_resize(x, 2, h, w, ax, H, W);
        for (int i = 0; i < 2 * H * W; i++) flat = fmax(flat, fabs((double)ax[i] - 3));
        assert_true(flat < 1e-5);
    }
}

static void blur(void **state) {
    (void)state;
    bl_real x[2 * 15 * 17] = {0}, y[2 * 15 * 17], plane[15 * 17];
    x[7 * 17 + 8] = 1;
    for (int i = 255; i < 510; i++) x[i] = 2;
    bl_blur(x, 2, 15, 17, 1.5f, y, plane);
    double sum = 0, spread = 0;
    for (int i = 0; i < 255; i++) sum += (double)y[i], spread += (double)y[i] * (i / 17 - 7) * (i / 17 - 7);
    assert_true(fabs(sum - 1) < 1e-5);
    assert_true(fabs(spread - 2.25) < 0.1); /* the variance along rows, but for what 3 sigma cuts off */
    for (int i = 255; i < 510; i++) assert_true(fabs((double)y[i] - 2) < 1e-5);
    bl_blur(x, 2, 15, 17, 0, y, plane);
    assert_memory_equal(x, y, sizeof x);
}

static bl_model fed(int channels, bl_channels order) {
    bl_model m = {.input_c = channels,
                  .input_h = 1,
                  .input_w = 2,
                  .channels = order,
                  .mean = {0.5f, 0.25f, 0.125f},
                  .std = {0.5f, 0.25f, 2},
                  .has_preprocessing = true};
    return m;
}

static void to_input(void **state) {
    (void)state;
    uint8_t pixels[8] = {255, 51, 102, 255, 7, 7, 7, 255};
    bl_picture p = {2, 1, pixels};
    bl_real x[6];
    bl_model m = fed(3, BL_CHANNELS_RGB);
    bl_picture_to_input(&p, &m, x);
    assert_true(x[0] == 1);
    assert_true(fabs((double)x[2] - (0.2 - 0.25) / 0.25) < 1e-6);
    assert_true(fabs((double)x[4] - (0.4 - 0.125) / 2) < 1e-6);
    m = fed(3, BL_CHANNELS_BGR);
    bl_picture_to_input(&p, &m, x);
    assert_true(fabs((double)x[0] - (0.4 - 0.5) / 0.5) < 1e-6);
    assert_true(fabs((double)x[4] - (1 - 0.125) / 2) < 1e-6);
    m = fed(1, BL_CHANNELS_GREY);
    bl_picture_to_input(&p, &m, x);
    assert_true(fabs((double)x[0] - ((0.299 * 255 + 0.587 * 51 + 0.114 * 102) / 255 - 0.5) / 0.5) < 1e-6);
    assert_true(x[1] == ((bl_real)7 / 255 - 0.5f) / 0.5f); /* grey stays exactly what it was */
    bl_picture out;
    assert_int_equal(bl_picture_for_model(&p, &m, &out, NULL), BL_OK);
    near_colour(out.pixels, 118, 118, 118, 0);
    bl_picture_free(&out);
    m.input_c = 4;
    bl_error e;
    assert_int_equal(bl_picture_for_model(&p, &m, &out, &e), BL_UNSUPPORTED);
}

static void from_unit(void **state) {
    (void)state;
    bl_real u[6] = {0.5f / 255, 2, 0.4999f / 255, -1, 1, (bl_real)NAN};
    bl_picture p;
    assert_int_equal(bl_picture_from_unit(u, 3, 1, 2, BL_CHANNELS_BGR, &p, NULL), BL_OK);
    static const uint8_t expected[8] = {255, 0, 1, 255, 0, 0, 255, 255}; /* half goes away from zero */
    assert_memory_equal(p.pixels, expected, 8);
    bl_real planes[6];
    bl_picture_to_planes(&p, 3, BL_CHANNELS_BGR, planes);
    assert_true(planes[0] == 1 && planes[1] == 255 && planes[4] == 255 && planes[5] == 0);
    bl_picture_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),        cmocka_unit_test(transparent),     cmocka_unit_test(sizes),
        cmocka_unit_test(not_pictures),   cmocka_unit_test(damaged),         cmocka_unit_test(upright),
        cmocka_unit_test(png_round_trip), cmocka_unit_test(resize_pictures), cmocka_unit_test(resize_floats),
        cmocka_unit_test(blur),           cmocka_unit_test(to_input),        cmocka_unit_test(from_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
