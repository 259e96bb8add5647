/* Bytes of a file → a picture that stands upright, 8 bits, opaque. What cannot be read is refused before anything of
 * the size it claims is allocated. */
#include <limits.h>
#include <string.h>

#include "picture/codec.h"
#include "picture/picture.h"

bl_status bl_picture_make(int width, int height, bl_picture *out, bl_error *error) {
    *out = (bl_picture){0};
    if (width < 1 || height < 1 || width > BL_PICTURE_MAX_SIDE || height > BL_PICTURE_MAX_SIDE ||
        (int64_t)width * height > BL_PICTURE_MAX_PIXELS)
        return bl_fail(error, BL_SHAPE, "a picture of %d×%d pixels is outside 1×1 … %d×%d and %d million pixels", width,
                       height, BL_PICTURE_MAX_SIDE, BL_PICTURE_MAX_SIDE, BL_PICTURE_MAX_PIXELS / 1000000);
    uint8_t *pixels = bl_alloc_aligned((size_t)width * (size_t)height * 4);
    if (!pixels) return bl_fail(error, BL_MEMORY, "there is no memory for a picture of %d×%d pixels", width, height);
    *out = (bl_picture){width, height, pixels};
    return BL_OK;
}

void bl_picture_free(bl_picture *p) {
    if (!p) return;
    bl_free_aligned(p->pixels);
    *p = (bl_picture){0};
}

bool bl_picture_over_white(bl_picture *p) {
    bool any = false;
    uint8_t *q = p->pixels;
    for (size_t n = (size_t)p->width * (size_t)p->height; n > 0; n--, q += 4) {
        if (q[3] == 255) continue;
        any = true;
        for (int c = 0; c < 3; c++) q[c] = (uint8_t)((q[c] * q[3] + 255 * (255 - q[3]) + 127) / 255);
        q[3] = 255;
    }
    return any;
}

/* Turns the stored picture upright: 2 and 4 mirror, 3 turns by 180°, 5 … 8 also exchange width and height. */
static bl_status turn(bl_picture *p, int orientation, bl_error *error) {
    if (orientation == 1) return BL_OK;
    bool across = orientation >= 5;
    bl_picture turned;
    BL_TRY(bl_picture_make(across ? p->height : p->width, across ? p->width : p->height, &turned, error));
    bool flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    for (int y = 0; y < turned.height; y++)
        for (int x = 0; x < turned.width; x++) {
            int from_x = across ? y : x, from_y = across ? x : y;
            if (flip_x) from_x = p->width - 1 - from_x;
            if (flip_y) from_y = p->height - 1 - from_y;
            memcpy(turned.pixels + 4 * ((size_t)y * (size_t)turned.width + (size_t)x),
                   p->pixels + 4 * ((size_t)from_y * (size_t)p->width + (size_t)from_x), 4);
        }
    bl_picture_free(p);
    *p = turned;
    return BL_OK;
}

static bl_status refuse_other(const uint8_t *bytes, size_t length, const char *name, const bl_file_header *h,
                              bl_error *error) {
    if (h->format && h->browser) {
        bl_fail(error, BL_UNSUPPORTED, "%s is a %s, which Backlight's own decoder does not read", name, h->format);
        return bl_hint(error, BL_UNSUPPORTED, "Save it as PNG or JPEG. On the page, the browser may read it.");
    }
    if (h->format)
        bl_fail(error, BL_FORMAT, "%s is not a picture: it is a %s", name, h->format);
    else if (bl_file_is_text(bytes, length))
        bl_fail(error, BL_FORMAT, "%s is not a picture: it begins like a text file", name);
    else {
        char start[16] = "";
        for (size_t i = 0; i < 4 && i < length; i++) {
            static const char hex[] = "0123456789abcdef";
            char *to = start + 3 * i;
            to[0] = hex[bytes[i] >> 4], to[1] = hex[bytes[i] & 15], to[2] = i < 3 && i + 1 < length ? ' ' : 0,
            to[3] = 0;
        }
        bl_fail(error, BL_FORMAT, "%s is not a picture: it begins with the bytes %s", name, start);
    }
    return bl_hint(error, BL_FORMAT, "Choose a PNG, JPEG, BMP or GIF.");
}

/* How many pixels a byte can stand for at most: below that, the file is too short for the size it claims and nothing
 * is allocated for it. PNG: deflate packs 1032:1, and a pixel takes at least an eighth of a byte. JPEG: a block of 64
 * pixels takes a bit or more. GIF: the frame may be smaller than the screen, so only large screens are held against it.
 */
static bool plausible(const bl_file_header *h, size_t length) {
    uint64_t pixels = (uint64_t)h->width * h->height, bytes = length;
    switch (h->kind) {
    case BL_FILE_PNG: return pixels <= bytes * 1032 * 8;
    case BL_FILE_JPEG: return pixels <= bytes * 1024;
    case BL_FILE_GIF: return pixels <= bytes * 4096 + (1u << 22);
    default: return true;
    }
}

static bl_status check(const bl_file_header *h, size_t length, const char *name, bl_error *error) {
    if (h->unusable) {
        bl_fail(error, BL_UNSUPPORTED, "%s is a %s with %s, which Backlight's decoder does not read", name, h->format,
                h->unusable);
        return bl_hint(error, BL_UNSUPPORTED,
                       "Save it again as an ordinary PNG or JPEG. On the page, the browser may read it.");
    }
    if (h->width > BL_PICTURE_MAX_SIDE || h->height > BL_PICTURE_MAX_SIDE ||
        (uint64_t)h->width * h->height > BL_PICTURE_MAX_PIXELS) {
        bl_fail(error, BL_SHAPE, "%s has %u×%u pixels; at most %d a side and %d million together can be read", name,
                h->width, h->height, BL_PICTURE_MAX_SIDE, BL_PICTURE_MAX_PIXELS / 1000000);
        return bl_hint(error, BL_SHAPE, "Make it smaller first.");
    }
    if (h->width == 0 || h->height == 0 || h->damaged) {
        const char *why = h->damaged ? "its code tables make no sense" : "it does not say how large it is";
        bl_fail(error, BL_FORMAT, "%s is a damaged %s: %s", name, h->format, why);
        return bl_hint(error, BL_FORMAT, "Choose another file, or save it again from where it came.");
    }
    if (!h->complete || !plausible(h, length)) {
        bl_fail(error, BL_FORMAT, "%s is cut off: %zu bytes of a %s of %u×%u pixels, and its end is missing", name,
                length, h->format, h->width, h->height);
        return bl_hint(error, BL_FORMAT, "Copy or download it again.");
    }
    return BL_OK;
}

static void add_note(bl_text *notes, const char *sentence) {
    if (notes) bl_text_add(notes, "%s%s", notes->length ? " " : "", sentence);
}

bl_status bl_picture_decode(const uint8_t *bytes, size_t length, const char *name, bl_picture *out, bl_text *notes,
                            bl_error *error) {
    *out = (bl_picture){0};
    if (!name || !*name) name = "The file";
    if (length == 0) {
        bl_fail(error, BL_FORMAT, "%s is empty", name);
        return bl_hint(error, BL_FORMAT, "Copy or download it again.");
    }
    if (length > INT_MAX) return bl_fail(error, BL_SHAPE, "%s is larger than 2 GB", name);
    bl_file_header h;
    bl_file_look(bytes, length, &h);
    if (h.kind == BL_FILE_OTHER) return refuse_other(bytes, length, name, &h, error);
    BL_TRY(check(&h, length, name, error));

    int width = 0, height = 0;
    uint8_t *pixels = bl_stb_decode(bytes, length, &width, &height);
    if (!pixels || width < 1 || height < 1 || (uint32_t)width != h.width || (uint32_t)height != h.height) {
        bl_free_aligned(pixels);
        bl_fail(error, BL_FORMAT,
                "%s is a %s of %u×%u pixels that cannot be decoded: it is damaged, or memory is short", name, h.format,
                h.width, h.height);
        return bl_hint(error, BL_FORMAT, "Choose another file, or save it again from where it came.");
    }
    *out = (bl_picture){width, height, pixels};
    bl_status status = turn(out, h.orientation, error);
    if (status != BL_OK) {
        bl_picture_free(out);
        return status;
    }
    if (h.orientation != 1) add_note(notes, "Turned upright, as its camera noted.");
    if (h.bits == 16) add_note(notes, "16 bits a colour reduced to 8.");
    if (h.components == 4) add_note(notes, "Printing colours (CMYK) turned into RGB without a profile.");
    if (h.animated)
        add_note(notes, h.kind == BL_FILE_PNG ? "Its still picture; the animation is left out."
                                              : "First frame of an animation.");
    if (bl_picture_over_white(out)) add_note(notes, "Transparent parts laid over white.");
    return BL_OK;
}
