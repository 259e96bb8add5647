/* picture: photographs in and out, and the drawing of numbers: decoding, orientation, crop, resize, what a network is
 * fed with, colour tables, overlays, PNG. May include core/ and below (it must know a model's preprocessing), and stb.
 */
#ifndef BL_PICTURE_H
#define BL_PICTURE_H

#include "base/text.h"
#include "core/core.h"

/* Limits: larger pictures are refused before anything is allocated. */
enum { BL_PICTURE_MAX_SIDE = 16384, BL_PICTURE_MAX_PIXELS = 120 * 1000 * 1000 };

/* 8-bit RGBA, row-major, not premultiplied; owns pixels (bl_alloc_aligned). */
typedef struct {
    int width, height;
    uint8_t *pixels;
} bl_picture;
bl_status bl_picture_make(int width, int height, bl_picture *out, bl_error *error);
void bl_picture_free(bl_picture *p); /* also leaves it empty */

/* PNG, JPEG, BMP, GIF (first frame; 16 bit is reduced to 8), by stb_image; EXIF orientation of JPEGs is applied.
 * Transparent pixels are laid over white. name is for messages ("notes.png is not a picture: it begins like a text
 * file"). notes, if not NULL, gets sentences on what was done to it ("first frame of an animation", "laid over white",
 * …). */
bl_status bl_picture_decode(const uint8_t *bytes, size_t length, const char *name, bl_picture *out, bl_text *notes,
                            bl_error *error);
/* Lays transparent pixels over white, in place; true when there were any. For pictures that others decoded. */
bool bl_picture_over_white(bl_picture *p);
/* 8-bit RGB PNG (stb_image_write): no alpha, no gamma or colour-profile chunks. */
bl_status bl_picture_png(const bl_picture *p, bl_text *out, bl_error *error);
/* The region (x,y,w,h) of p, resized to width×height: triangle filter widened when reducing (half-pixel centres),
 * rounded to 8 bits. Region inside the picture. */
bl_status bl_picture_resize(const bl_picture *p, int x, int y, int w, int h, int width, int height, bl_picture *out,
                            bl_error *error);
/* The largest centred region of the aspect width:height, resized. */
bl_status bl_picture_fit(const bl_picture *p, int width, int height, bl_picture *out, bl_error *error);

/* Writes three capital letters (others: blanks), white on black, into the box whose upper left corner is at (x, y);
 * what lies outside the picture is left out. */
enum { BL_CAPTION_WIDTH = 20, BL_CAPTION_HEIGHT = 8 };
void bl_picture_caption(bl_picture *p, const char code[3], int x, int y);

/* What a network sees: x = (u − mean)/std, u = byte/255, in its channel order (grey: Rec. 601 luma; RGB from a grey
 * picture is the same value thrice). x: C×height×width. */
void bl_picture_to_input(const bl_picture *p, const bl_model *m, bl_real *x);
/* Does the network take pictures at all: of 1 or 3 channels? */
bl_status bl_picture_suits(const bl_model *m, bl_error *error);
/* The picture as the network takes it, in 8 bits: fitted to its input size (224×224 where the file leaves it open), and
 * grey for a network of one channel. Predictions, methods and saved files all start from these numbers. */
bl_status bl_picture_for_model(const bl_picture *p, const bl_model *m, bl_picture *out, bl_error *error);
/* The bytes themselves as numbers 0 … 255, C×H×W in the network's channel order (1 channel: luma). */
void bl_picture_to_planes(const bl_picture *p, int channels, bl_channels order, bl_real *bytes);
/* The other way, for dreams: u (C×H×W in 0…1 in the network's channel order) to 8 bits, half away from zero. */
bl_status bl_picture_from_unit(const bl_real *u, int channels, int height, int width, bl_channels order,
                               bl_picture *out, bl_error *error);
void bl_unit_to_pixels(const bl_real *u, int channels, int height, int width, bl_channels order, uint8_t *rgba);

/* Float images, planes C×H×W. Bilinear (half-pixel centres) when enlarging, triangle filter when reducing by more
 * than 1.5; adjoint: gradients back from the result's size to the source's (added to source). */
void bl_resize(const bl_real *from, int channels, int h, int w, bl_real *to, int height, int width);
void bl_resize_adjoint(const bl_real *to, int channels, int height, int width, bl_real *from, int h, int w);
/* Gaussian blur of standard deviation sigma pixels (under 0.2: a copy; at most 16), reaching 3 sigma, the image
 * mirrored at its edges. to may be from; scratch: h×w. */
void bl_blur(const bl_real *from, int channels, int h, int w, float sigma, bl_real *to, bl_real *scratch);

void bl_oklab(const uint8_t rgb[3], bl_real lab[3]); /* OKLab (Ottosson 2020) of an sRGB colour; white has L 1 */
/* Divides a picture into about `wanted` connected pieces of like colour (superpixels.c): label, height × width, gets
 * the number of each pixel's piece. Returns how many there are; 0 without memory. compactness: one pixel of a colour's
 * distance in hundredths counts as this many pieces' widths; 10 is usual, larger ones give squares. */
int bl_superpixels(const bl_picture *p, int wanted, float compactness, int32_t *label);

/* Colour tables: 256 RGBA entries, from − (0) over zero (127 and 128) to + (255) for the signed families, 0 … largest
 * for size and grey; eleven (six) stops interpolated in OKLab (Ottosson 2020). The middle is the page's own surface. */
typedef enum { BL_FAMILY_ACTIVATION, BL_FAMILY_GRADIENT, BL_FAMILY_WEIGHT, BL_FAMILY_SIZE, BL_FAMILY_GREY } bl_family;
typedef enum { BL_THEME_LIGHT, BL_THEME_DARK } bl_theme;
const char *bl_family_name(bl_family family); /* "activation" … */
void bl_colour_table(bl_family family, bl_theme theme, uint8_t table[256][4]);

/* value → table index: signed −limit…limit, size 0…limit (below 0: 0); limit ≤ 0 or NaN: the neutral entry. */
uint8_t bl_colour_index(bl_family family, float value, float limit);
/* Percentile q (0…100) of |v| over n values, linear between neighbours; scratch of n floats. */
float bl_percentile_abs(const bl_real *v, size_t n, float q, float *scratch);
/* Colours a map into RGBA pixels (width×height). */
void bl_colour_map(const bl_real *v, size_t n, bl_family family, bl_theme theme, float limit, uint8_t *rgba);
/* A map over a photograph of the same size: size family with alpha = (|v|/limit)^0.6; the photograph keeps its colours.
 */
void bl_overlay(const bl_picture *photo, const bl_real *v, float limit, bl_theme theme, uint8_t *rgba);

#endif
