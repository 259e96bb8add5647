/* The EXIF orientation of a JPEG: finding it (CIPA DC-008, TIFF 6.0 structure) without leaving the bytes. */
#include <string.h>

#include "picture/codec.h"

static uint32_t word(const uint8_t *b, int n, bool little) {
    uint32_t v = 0;
    for (int i = 0; i < n; i++) v |= (uint32_t)b[i] << 8 * (little ? i : n - 1 - i);
    return v;
}

int bl_exif_orientation(const uint8_t *b, size_t n) {
    if (n < 14 || memcmp(b, "Exif\0\0", 6) != 0) return 1;
    b += 6, n -= 6;
    bool little = b[0] == 'I' && b[1] == 'I';
    if (!little && !(b[0] == 'M' && b[1] == 'M')) return 1;
    if (word(b + 2, 2, little) != 42) return 1;
    size_t at = word(b + 4, 4, little);
    if (at > n || n - at < 2) return 1;
    size_t entries = word(b + at, 2, little);
    at += 2;
    for (size_t i = 0; i < entries && n - at >= 12; i++, at += 12) {
        if (word(b + at, 2, little) != 0x0112) continue;
        uint32_t type = word(b + at + 2, 2, little), value = word(b + at + 8, 2, little);
        return type == 3 && value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}
