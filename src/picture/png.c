/* A picture → the bytes of a PNG: 8-bit RGB, nothing else in it, so that it reads back to the same numbers. */
#include "picture/codec.h"
#include "picture/picture.h"

bl_status bl_picture_png(const bl_picture *p, bl_text *out, bl_error *error) {
    size_t n = (size_t)p->width * (size_t)p->height, length = 0;
    if (!p->pixels || n == 0) return bl_fail(error, BL_USAGE, "an empty picture cannot be written as PNG");
    uint8_t *rgb = bl_alloc_aligned(n * 3);
    if (rgb)
        for (size_t i = 0; i < n; i++)
            for (size_t c = 0; c < 3; c++) rgb[3 * i + c] = p->pixels[4 * i + c];
    uint8_t *png = rgb ? bl_stb_png(rgb, p->width, p->height, &length) : NULL;
    bl_free_aligned(rgb);
    if (png) bl_text_bytes(out, (const char *)png, length);
    bl_free_aligned(png);
    if (!png || out->failed)
        return bl_fail(error, BL_MEMORY, "there is no memory to write a PNG of %d×%d pixels", p->width, p->height);
    return BL_OK;
}
