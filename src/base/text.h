/* Text that grows, and JSON written into it. A failed allocation is remembered and reported once, at the end. */
#ifndef BL_TEXT_H
#define BL_TEXT_H

#include "base/base.h"

/* Zero-initialise; bl_text_free ends it. data is ended by 0 once something was added. */
typedef struct {
    char *data;
    size_t length, capacity;
    bool failed; /* an allocation failed; everything later was dropped */
    bool comma;  /* JSON: the next item needs a comma */
} bl_text;

void bl_text_add(bl_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bl_text_bytes(bl_text *t, const char *bytes, size_t length);
void bl_text_clear(bl_text *t); /* empties it, keeps the memory */
void bl_text_free(bl_text *t);

/* JSON. key NULL inside arrays. Numbers are written so that they read back to the same value (%.9g for float);
 * NaN and infinities become the strings "NaN", "Infinity", "-Infinity". Strings are escaped; invalid UTF-8
 * becomes U+FFFD. */
void bl_json_open(bl_text *t, const char *key, char bracket);        /* '{' or '[' */
void bl_json_close(bl_text *t, char bracket);                        /* '}' or ']' */
void bl_json_string(bl_text *t, const char *key, const char *value); /* NULL writes null */
void bl_json_number(bl_text *t, const char *key, double value);
void bl_json_integer(bl_text *t, const char *key, int64_t value);
void bl_json_bool(bl_text *t, const char *key, bool value);

#endif
