/* Text that grows, and JSON written into it. */
#include "base/text.h"
#include "base/print.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for `more` bytes and the final 0. */
static bool reserve(bl_text *t, size_t more) {
    size_t needed;
    if (t->failed || !bl_add_size(t->length, more, &needed) || !bl_add_size(needed, 1, &needed)) t->failed = true;
    if (t->failed || needed <= t->capacity) return !t->failed;
    size_t capacity = t->capacity ? t->capacity : 128;
    while (capacity < needed) capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    char *data = realloc(t->data, capacity);
    if (!data) {
        t->failed = true;
        return false;
    }
    t->data = data;
    t->capacity = capacity;
    return true;
}

void bl_text_bytes(bl_text *t, const char *bytes, size_t length) {
    if (!reserve(t, length)) return;
    if (length) memcpy(t->data + t->length, bytes, length);
    t->length += length;
    t->data[t->length] = 0;
}

void bl_text_add(bl_text *t, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int n = bl_format_list(NULL, 0, format, list);
    va_end(list);
    if (n < 0) t->failed = true;
    if (n < 0 || !reserve(t, (size_t)n)) return;
    va_start(list, format);
    bl_format_list(t->data + t->length, (size_t)n + 1, format, list);
    va_end(list);
    t->length += (size_t)n;
}

void bl_text_clear(bl_text *t) {
    t->length = 0;
    t->failed = t->comma = false;
    if (t->data) t->data[0] = 0;
}

void bl_text_free(bl_text *t) {
    free(t->data);
    *t = (bl_text){0};
}

/* Bytes of the UTF-8 character at s, 0 if it is not one (overlong, surrogate, cut off, out of range). */
static size_t utf8_length(const unsigned char *s) {
    if (s[0] < 0x80) return 1;
    size_t n = s[0] >= 0xC2 && s[0] < 0xE0 ? 2 : s[0] >= 0xE0 && s[0] < 0xF0 ? 3 : s[0] >= 0xF0 && s[0] < 0xF5 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    if (n == 3 && ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] >= 0xA0))) return 0;
    if (n == 4 && ((s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] >= 0x90))) return 0;
    return n;
}

static void quoted(bl_text *t, const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    bl_text_bytes(t, "\"", 1);
    while (*s) {
        size_t n = utf8_length(s);
        if (n == 0) {
            bl_text_bytes(t, "\xEF\xBF\xBD", 3); /* U+FFFD */
            s++;
            continue;
        }
        if (*s == '"' || *s == '\\')
            bl_text_add(t, "\\%c", *s);
        else if (*s == '\n')
            bl_text_bytes(t, "\\n", 2);
        else if (*s == '\t')
            bl_text_bytes(t, "\\t", 2);
        else if (*s < 0x20)
            bl_text_add(t, "\\u%04x", *s);
        else
            bl_text_bytes(t, (const char *)s, n);
        s += n;
    }
    bl_text_bytes(t, "\"", 1);
}

static void begin(bl_text *t, const char *key) {
    if (t->comma) bl_text_bytes(t, ",", 1);
    t->comma = true;
    if (!key) return;
    quoted(t, key);
    bl_text_bytes(t, ":", 1);
}

void bl_json_open(bl_text *t, const char *key, char bracket) {
    begin(t, key);
    bl_text_bytes(t, &bracket, 1);
    t->comma = false;
}

void bl_json_close(bl_text *t, char bracket) {
    bl_text_bytes(t, &bracket, 1);
    t->comma = true;
}

void bl_json_string(bl_text *t, const char *key, const char *value) {
    begin(t, key);
    if (value)
        quoted(t, value);
    else
        bl_text_bytes(t, "null", 4);
}

void bl_json_number(bl_text *t, const char *key, double value) {
    begin(t, key);
    if (value != value)
        bl_text_add(t, "\"NaN\"");
    else if (value == INFINITY)
        bl_text_add(t, "\"Infinity\"");
    else if (value == -INFINITY)
        bl_text_add(t, "\"-Infinity\"");
    else if (fabs(value) <= 3.4028234663852886e38 && (double)(float)value == value)
        bl_text_add(t, "%.9g", value);
    else {
        char digits[40];
        bl_format(digits, sizeof digits, "%.15g", value); /* 0.1 stays 0.1 */
        double read;
        bl_read_number(digits, &read);
        if (read != value) bl_format(digits, sizeof digits, "%.17g", value);
        bl_text_add(t, "%s", digits);
    }
}

void bl_json_integer(bl_text *t, const char *key, int64_t value) {
    begin(t, key);
    bl_text_add(t, "%lld", (long long)value);
}

void bl_json_bool(bl_text *t, const char *key, bool value) {
    begin(t, key);
    bl_text_add(t, value ? "true" : "false");
}
