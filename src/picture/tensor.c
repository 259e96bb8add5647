/* Pictures ↔ what a network sees. */
#include "picture/picture.h"

/* Which byte of a pixel is channel c of the network. */
static int byte_of(bl_channels order, int c) {
    return order == BL_CHANNELS_BGR && c < 3 ? 2 - c : c;
}

/* Rec. 601 luma, in bytes; exactly the byte itself where a pixel is grey already. */
static float luma(const uint8_t *q) {
    if (q[0] == q[1] && q[1] == q[2]) return q[0];
    return 0.299f * q[0] + 0.587f * q[1] + 0.114f * q[2];
}

void bl_picture_to_input(const bl_picture *p, const bl_model *m, bl_real *x) {
    size_t n = (size_t)p->width * (size_t)p->height;
    bool grey = m->input_c == 1 || m->channels == BL_CHANNELS_GREY;
    for (int c = 0; c < m->input_c; c++, x += n) {
        bl_real mean = m->mean[c & 3], std = m->std[c & 3];
        int byte = byte_of(m->channels, c) & 3;
        for (size_t i = 0; i < n; i++) {
            const uint8_t *q = p->pixels + 4 * i;
            bl_real u = (grey ? (bl_real)luma(q) : (bl_real)q[byte]) / 255;
            x[i] = (u - mean) / std;
        }
    }
}

void bl_picture_to_planes(const bl_picture *p, int channels, bl_channels order, bl_real *bytes) {
    size_t n = (size_t)p->width * (size_t)p->height;
    for (int c = 0; c < channels; c++)
        for (size_t i = 0; i < n; i++)
            bytes[(size_t)c * n + i] =
                channels == 1 ? (bl_real)luma(p->pixels + 4 * i) : p->pixels[4 * i + (size_t)(byte_of(order, c) & 3)];
}

bl_status bl_picture_from_unit(const bl_real *u, int channels, int height, int width, bl_channels order,
                               bl_picture *out, bl_error *error) {
    BL_TRY(bl_picture_make(width, height, out, error));
    bl_unit_to_pixels(u, channels, height, width, order, out->pixels);
    return BL_OK;
}

void bl_unit_to_pixels(const bl_real *u, int channels, int height, int width, bl_channels order, uint8_t *rgba) {
    size_t n = (size_t)width * (size_t)height;
    for (size_t i = 0; i < n; i++) {
        for (int c = 0; c < 3; c++) {
            bl_real v = u[(channels < 3 ? 0 : (size_t)byte_of(order, c)) * n + i] * 255;
            rgba[4 * i + (size_t)c] = (uint8_t)(v > 0 ? (v < 255 ? v + (bl_real)0.5 : 255) : 0); /* NaN: 0 */
        }
        rgba[4 * i + 3] = 255;
    }
}

bl_status bl_picture_suits(const bl_model *m, bl_error *error) {
    if (m->input_c != 1 && m->input_c != 3) {
        bl_fail(error, BL_UNSUPPORTED, "the network takes pictures of %d channels", m->input_c);
        return bl_hint(error, BL_UNSUPPORTED, "Backlight feeds networks of 1 (grey) or 3 (colour) channels.");
    }
    return BL_OK;
}

bl_status bl_picture_for_model(const bl_picture *p, const bl_model *m, bl_picture *out, bl_error *error) {
    *out = (bl_picture){0};
    BL_TRY(bl_picture_suits(m, error));
    /* A network of any size was nearly always trained at 224. */
    int width = m->input_w > 0 ? m->input_w : 224, height = m->input_h > 0 ? m->input_h : 224;
    BL_TRY(bl_picture_fit(p, width, height, out, error));
    if (m->input_c == 1)
        for (size_t i = 0, n = (size_t)width * (size_t)height; i < n; i++) {
            uint8_t *q = out->pixels + 4 * i;
            q[0] = q[1] = q[2] = (uint8_t)(luma(q) + 0.5f);
        }
    return BL_OK;
}
