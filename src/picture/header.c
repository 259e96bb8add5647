/* Looks into a picture file: format, size, depth, orientation, completeness. Trusts no length that it reads. */
#include <string.h>

#include "picture/codec.h"

static uint32_t big16(const uint8_t *b) {
    return (uint32_t)b[0] << 8 | b[1];
}
static uint32_t big32(const uint8_t *b) {
    return big16(b) << 16 | big16(b + 2);
}
static uint32_t little16(const uint8_t *b) {
    return (uint32_t)b[1] << 8 | b[0];
}
static uint32_t little32(const uint8_t *b) {
    return little16(b + 2) << 16 | little16(b);
}

static bool begins(const uint8_t *bytes, size_t length, size_t at, const char *with, size_t n) {
    return length >= at + n && memcmp(bytes + at, with, n) == 0;
}

/* Chunks: length, name, data, checksum (ISO/IEC 15948). */
static void look_png(const uint8_t *b, size_t n, bl_file_header *h) {
    if (!begins(b, n, 12, "IHDR", 4) || n < 29) return;
    h->width = big32(b + 16), h->height = big32(b + 20), h->bits = b[24];
    for (size_t at = 8; n - at >= 12;) {
        size_t length = big32(b + at);
        if (begins(b, n, at + 4, "acTL", 4)) h->animated = true;
        if (begins(b, n, at + 4, "IEND", 4)) h->complete = true;
        if (h->complete || length > n - at - 12) return;
        at += length + 12;
    }
}

/* Are the tables of a DHT segment no larger than the 256 symbols there are? stb_image writes past its own arrays
 * otherwise. */
static bool huffman_tables(const uint8_t *b, size_t n) {
    while (n >= 17) {
        size_t symbols = 0;
        for (int i = 1; i <= 16; i++) symbols += b[i];
        if (symbols > 256 || symbols > n - 17) return false;
        b += 17 + symbols, n -= 17 + symbols;
    }
    return n == 0;
}

static void look_frame(int marker, const uint8_t *data, size_t size, bl_file_header *h) {
    if (size < 6 || h->width) return;
    h->bits = data[0], h->height = big16(data + 1), h->width = big16(data + 3), h->components = data[5];
    if (h->bits != 8)
        h->unusable = "12 bits a colour";
    else if (marker >= 0xC9)
        h->unusable = "arithmetic coding";
    else if (marker > 0xC2)
        h->unusable = "lossless or hierarchical coding";
}

/* Markers: FF, kind, length, data (ITU-T T.81 B). Goes through the coded data too, byte by byte, because tables may
 * stand between the scans of a progressive file. */
static void look_jpeg(const uint8_t *b, size_t n, bl_file_header *h) {
    for (size_t at = 2; n - at >= 2 && at < n;) {
        int marker = b[at + 1];
        bool alone = marker <= 1 || (marker >= 0xD0 && marker <= 0xD8) || marker == 0xFF;
        if (b[at] == 0xFF && marker == 0xD9) {
            h->complete = true; /* may be followed by anything: cameras append previews */
            return;
        }
        size_t length = b[at] == 0xFF && !alone && n - at >= 4 ? big16(b + at + 2) : 0;
        if (length < 2 || length > n - at - 2) {
            h->damaged |= b[at] == 0xFF && marker == 0xC4; /* never true in coded data */
            at++;
            continue;
        }
        const uint8_t *data = b + at + 4;
        size_t size = length - 2;
        if (marker == 0xC4)
            h->damaged |= !huffman_tables(data, size);
        else if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC8 && marker != 0xCC)
            look_frame(marker, data, size, h);
        else if (marker == 0xE1 && h->orientation == 1)
            h->orientation = bl_exif_orientation(data, size);
        at += length + 2;
    }
}

static size_t gif_blocks(const uint8_t *b, size_t n, size_t at) /* past sub-blocks; n when they are cut off */
{
    while (at < n && b[at] != 0) at += (size_t)b[at] + 1;
    return at < n ? at + 1 : n;
}

/* Screen, colour table, then blocks (GIF89a). */
static void look_gif(const uint8_t *b, size_t n, bl_file_header *h) {
    if (n < 13) return;
    h->width = little16(b + 6), h->height = little16(b + 8), h->bits = 8;
    size_t at = 13 + (b[10] & 0x80 ? (size_t)3 << ((b[10] & 7) + 1) : 0);
    int frames = 0;
    while (at < n && frames < 2) {
        if (b[at] == 0x21)
            at = gif_blocks(b, n, at + 2);
        else if (b[at] == 0x2C && n - at > 10) {
            size_t table = b[at + 9] & 0x80 ? (size_t)3 << ((b[at + 9] & 7) + 1) : 0;
            at = gif_blocks(b, n, at + 11 + table);
            if (at < n || b[n - 1] == 0) frames++;
        } else
            break;
    }
    h->animated = frames > 1;
    h->complete = frames > 0; /* the first frame is all that is read */
}

static void look_bmp(const uint8_t *b, size_t n, bl_file_header *h) {
    if (n < 30) return;
    size_t pixels = little32(b + 10), size = little32(b + 14), bits;
    if (size == 12) {
        h->width = little16(b + 18), h->height = little16(b + 20), bits = little16(b + 24);
    } else {
        h->width = little32(b + 18), h->height = little32(b + 22), bits = little16(b + 28);
        if (h->height > INT32_MAX) h->height = 0u - h->height; /* rows from the top */
        if (n >= 34 && (little32(b + 30) == 1 || little32(b + 30) == 2)) h->unusable = "run-length coding";
    }
    h->bits = 8;
    size_t row = 0, all = 0;
    h->complete = bl_mul_size(h->width, bits, &row) && bl_mul_size((row / 8 + 3) / 4 * 4, h->height, &all) &&
                  bl_add_size(all, pixels, &all) && all <= n + 4; /* some writers leave the last padding out */
}

/* Signatures of what people drop by mistake, and of pictures that stb_image cannot read. */
static const struct {
    int at, n;
    const char *bytes, *format;
    bool browser;
} others[] = {
    {8, 4, "WEBP", "WebP picture", true},
    {4, 8, "ftypavif", "AVIF picture", true},
    {4, 8, "ftypavis", "AVIF picture", true},
    {4, 7, "ftyphei", "HEIC picture", true},
    {4, 7, "ftyphev", "HEIC picture", true},
    {4, 8, "ftypmif1", "HEIC picture", true},
    {4, 8, "ftypmsf1", "HEIC picture", true},
    {4, 4, "ftyp", "video", false},
    {0, 4, "II*\0", "TIFF picture", true},
    {0, 4, "MM\0*", "TIFF picture", true},
    {0, 12, "\0\0\0\x0CJXL \r\n\x87\n", "JPEG XL picture", true},
    {0, 2, "\xFF\x0A", "JPEG XL picture", true},
    {0, 12, "\0\0\0\x0CjP  \r\n\x87\n", "JPEG 2000 picture", true},
    {0, 4, "\0\0\1\0", "icon", true},
    {0, 4, "8BPS", "Photoshop picture", false},
    {0, 4, "%PDF", "PDF document", false},
    {0, 4, "PK\3\4", "ZIP archive", false},
    {0, 4, "\x1A\x45\xDF\xA3", "video", false},
    {0, 2, "\x1F\x8B", "gzip archive", false},
    {0, 4, "\0asm", "WebAssembly module", false},
    {0, 4,
     "\x7F"
     "ELF",
     "program", false},
};

bool bl_file_is_text(const uint8_t *b, size_t n) {
    for (size_t i = 0; i < n && i < 512; i++)
        if ((b[i] < 32 && b[i] != '\n' && b[i] != '\r' && b[i] != '\t') || b[i] == 127) return false;
    return n > 0;
}

static bool has_word(const uint8_t *b, size_t n, const char *word) {
    size_t size = strlen(word);
    for (size_t i = 0; i + size <= n && i < 512; i++)
        if (memcmp(b + i, word, size) == 0) return true;
    return false;
}

void bl_file_look(const uint8_t *b, size_t n, bl_file_header *h) {
    *h = (bl_file_header){.kind = BL_FILE_OTHER, .orientation = 1};
    if (begins(b, n, 0, "\x89PNG\r\n\x1A\n", 8))
        h->kind = BL_FILE_PNG, h->format = "PNG", look_png(b, n, h);
    else if (begins(b, n, 0, "\xFF\xD8", 2))
        h->kind = BL_FILE_JPEG, h->format = "JPEG", look_jpeg(b, n, h);
    else if (begins(b, n, 0, "GIF8", 4))
        h->kind = BL_FILE_GIF, h->format = "GIF", look_gif(b, n, h);
    else if (begins(b, n, 0, "BM", 2) && !bl_file_is_text(b, n))
        h->kind = BL_FILE_BMP, h->format = "BMP", look_bmp(b, n, h);
    else if (bl_file_is_text(b, n) && has_word(b, n, "<svg"))
        h->format = "SVG drawing", h->browser = true;
    for (size_t i = 0; i < sizeof others / sizeof *others && h->kind == BL_FILE_OTHER && !h->format; i++) {
        if (begins(b, n, (size_t)others[i].at, others[i].bytes, (size_t)others[i].n))
            h->format = others[i].format, h->browser = others[i].browser;
    }
}
