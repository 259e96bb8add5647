/* Whatever the bytes: a picture or an error, in bounded time and memory, and a picture can be fitted and written again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "picture/codec.h"
#include "picture/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    /* A few bytes may stand for millions of pixels, which are no different from thousands but take seconds here. */
    bl_file_header h;
    bl_file_look(data, size, &h);
    if ((uint64_t)h.width * h.height > 1 << 18 && h.width <= BL_PICTURE_MAX_SIDE && h.height <= BL_PICTURE_MAX_SIDE)
        return 0;
    bl_picture p, q;
    bl_error e = {0};
    bl_text notes = {0};
    bl_status status = bl_picture_decode(data, size, "fuzz", &p, &notes, &e);
    bl_text_free(&notes);
    if (status != BL_OK) {
        if (!e.message[0] || !e.hint[0] || p.pixels) abort();
        return 0;
    }
    if (p.width < 1 || p.height < 1 || p.width > BL_PICTURE_MAX_SIDE || p.height > BL_PICTURE_MAX_SIDE) abort();
    for (size_t i = 3, n = (size_t)p.width * (size_t)p.height * 4; i < n; i += 4)
        if (p.pixels[i] != 255) abort();
    if (bl_picture_fit(&p, 8, 8, &q, &e) != BL_OK) abort();
    bl_text png = {0};
    if (bl_picture_png(&q, &png, &e) != BL_OK) abort();
    bl_text_free(&png);
    bl_picture_free(&p);
    bl_picture_free(&q);
    return 0;
}
