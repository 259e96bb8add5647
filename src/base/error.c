/* Errors: a code, what was wrong and where, and what to do. */
#include "base/base.h"
#include "base/print.h"

#include <stdarg.h>
#include <string.h>

const char *bl_status_name(bl_status status) {
    static const char *const names[] = {
#define X(name, text) text,
        BL_STATUSES(X)
#undef X
    };
    size_t i = (size_t)status;
    return i < sizeof names / sizeof *names ? names[i] : "unknown";
}

/* printf into a fixed buffer; a message that is too long ends with a whole UTF-8 character. */
static void print_cut(char *buffer, size_t size, const char *format, va_list list) {
    int n = bl_format_list(buffer, size, format, list);
    if (n < 0) buffer[0] = 0;
    if (n < 0 || (size_t)n < size) return;
    size_t end = size - 1, start = end;
    while (start > 0 && ((unsigned char)buffer[start - 1] & 0xC0) == 0x80) start--; /* continuation bytes */
    if (start == 0) return;
    unsigned char lead = (unsigned char)buffer[start - 1];
    size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (start - 1 + length > end) buffer[start - 1] = 0;
}

bl_status bl_fail(bl_error *error, bl_status code, const char *format, ...) {
    if (!error) return code;
    char message[sizeof error->message]; /* an argument may be the message that stands there now */
    va_list list;
    va_start(list, format);
    print_cut(message, sizeof message, format, list);
    va_end(list);
    memcpy(error->message, message, strlen(message) + 1);
    error->code = code;
    error->hint[0] = 0;
    return code;
}

bl_status bl_hint(bl_error *error, bl_status code, const char *format, ...) {
    if (!error) return code;
    va_list list;
    va_start(list, format);
    print_cut(error->hint, sizeof error->hint, format, list);
    va_end(list);
    return code;
}
