/* The two ways through stb (stb_image, stb_image_write), which stb.c alone includes. Private to this room. */
#ifndef BL_PICTURE_CODEC_H
#define BL_PICTURE_CODEC_H

#include "base/base.h"

/* RGBA, 8 bits, freed with bl_free_aligned; NULL when the bytes are damaged or memory is short. */
uint8_t *bl_stb_decode(const uint8_t *bytes, size_t length, int *width, int *height);
/* A PNG of 8-bit RGB pixels without padding, freed with bl_free_aligned; NULL when memory is short. */
uint8_t *bl_stb_png(const uint8_t *rgb, int width, int height, size_t *length);

/* What the first bytes say about a file, before anything of its size is allocated. Every read is inside the bytes. */
typedef enum { BL_FILE_PNG, BL_FILE_JPEG, BL_FILE_BMP, BL_FILE_GIF, BL_FILE_OTHER } bl_file_kind;
typedef struct {
    bl_file_kind kind;
    const char *format; /* "PNG"; of BL_FILE_OTHER "WebP picture", or NULL when nothing is recognised */
    bool browser;       /* BL_FILE_OTHER: a picture that browsers may be able to read */
    uint32_t width, height;
    int bits;       /* of one colour value */
    int components; /* JPEG: 1, 3, 4 */
    bool animated;
    bool complete;        /* the end of the file is there, as far as the format tells */
    const char *unusable; /* what stb_image has no decoder for ("arithmetic coding"), NULL: none */
    bool damaged;         /* tables that no writer makes */
    int orientation;      /* EXIF, 1 … 8; 1 when there is none */
} bl_file_header;
void bl_file_look(const uint8_t *bytes, size_t length, bl_file_header *out);
bool bl_file_is_text(const uint8_t *bytes, size_t length);

/* The EXIF orientation in the payload of an APP1 segment; 1 when it says nothing usable. */
int bl_exif_orientation(const uint8_t *bytes, size_t length);

#endif
