/* Numbers and texts as characters, and numbers read from characters: what the C library's printf and strtod do, without
 * its long doubles, locales and wide characters, in a tenth of the bytes. Every build uses these, so that all write the
 * same. */
#ifndef BL_PRINT_H
#define BL_PRINT_H

#include "base/base.h"

#include <stdarg.h>

/* As snprintf, with: flags - and 0; width; precision (both may be *); lengths l, ll, z; conversions d u x c s f g %.
 * %g is the C library's to the last digit up to %.17g; %f too below 10¹⁵, and is written as %.17g from there.
 * Returns the bytes that the whole text has, without its final 0. buffer may be NULL where size is 0. */
int bl_format(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int bl_format_list(char *buffer, size_t size, const char *format, va_list list) __attribute__((format(printf, 3, 0)));

/* The number at the start of text (an optional sign; digits with an optional point and exponent, or inf), rounded to
 * the nearest double; 19 digits count. Returns where it ends, or text itself, *out unchanged, if no number is there. */
const char *bl_read_number(const char *text, double *out);
/* The same for whole numbers; beyond 64 bits the largest. */
const char *bl_read_integer(const char *text, int64_t *out);

#endif
