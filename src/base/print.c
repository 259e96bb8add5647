/* Formatted text. Decimals are in decimal.c. */
#include "base/print.h"

#include <string.h>

#include "base/decimal.h"

/* Where characters go: what does not fit is counted and dropped. */
typedef struct {
    char *buffer;
    size_t size, length;
} sink;

static void put(sink *s, const char *bytes, size_t n) {
    if (s->length < s->size) {
        size_t room = s->size - s->length;
        memcpy(s->buffer + s->length, bytes, n < room ? n : room);
    }
    s->length += n;
}

static void fill(sink *s, char c, int n) {
    for (; n > 0; n--) put(s, &c, 1);
}

/* One directive: what stands between % and its letter. */
typedef struct {
    bool left, zeros;
    int width, precision; /* −1: none */
    int longs;            /* l, ll and z; 2 is 64 bits */
} directive;

/* A sign and what follows, filled up to the width; zeros go between. */
static void put_field(sink *s, const directive *d, bool minus, const char *bytes, size_t n) {
    int gap = d->width - (int)n - minus;
    if (!d->left && !d->zeros) fill(s, ' ', gap);
    if (minus) put(s, "-", 1);
    if (!d->left && d->zeros) fill(s, '0', gap);
    put(s, bytes, n);
    if (d->left) fill(s, ' ', gap);
}

static void put_integer(sink *s, const directive *d, bool minus, uint64_t value, unsigned base) {
    char digits[24];
    size_t at = sizeof digits;
    do digits[--at] = "0123456789abcdef"[value % base];
    while (value /= base);
    put_field(s, d, minus, digits + at, sizeof digits - at);
}

static void put_text(sink *s, const directive *d, const char *text) {
    size_t n = 0;
    while ((d->precision < 0 || n < (size_t)d->precision) && text[n]) n++;
    put_field(s, d, false, text, n);
}

/* A number of the text, or the next argument for a *. */
static int take_int(const char **at, va_list *list) {
    int n = 0;
    if (**at == '*') {
        ++*at;
        return va_arg(*list, int);
    }
    for (; **at >= '0' && **at <= '9'; ++*at) n = n * 10 + (**at - '0');
    return n;
}

static uint64_t take_unsigned(const directive *d, va_list *list) {
    return d->longs == 2   ? va_arg(*list, unsigned long long)
           : d->longs == 1 ? va_arg(*list, unsigned long)
                           : va_arg(*list, unsigned);
}
static int64_t take_signed(const directive *d, va_list *list) {
    return d->longs == 2 ? va_arg(*list, long long) : d->longs == 1 ? va_arg(*list, long) : va_arg(*list, int);
}

static void put_directive(sink *s, directive *d, char letter, va_list *list) {
    char text[BL_DECIMAL_BYTES];
    switch (letter) {
    case 'd': {
        int64_t value = take_signed(d, list);
        put_integer(s, d, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10);
        break;
    }
    case 'u': put_integer(s, d, false, take_unsigned(d, list), 10); break;
    case 'x': put_integer(s, d, false, take_unsigned(d, list), 16); break;
    case 'c':
        text[0] = (char)va_arg(*list, int);
        put_field(s, d, false, text, 1);
        break;
    case 's': put_text(s, d, va_arg(*list, const char *)); break;
    case 'f':
    case 'g': {
        double value = va_arg(*list, double);
        bool minus = bl_decimal_text(value, letter == 'f', d->precision < 0 ? 6 : d->precision, text);
        put_field(s, d, minus, text, strlen(text));
        break;
    }
    default: put(s, &letter, 1); break; /* %% */
    }
}

int bl_format_list(char *buffer, size_t size, const char *format, va_list list) {
    sink s = {buffer, size ? size - 1 : 0, 0};
    va_list left; /* a va_list that is a parameter may be an array's address */
    va_copy(left, list);
    while (*format) {
        size_t plain = strcspn(format, "%");
        put(&s, format, plain);
        format += plain;
        if (!*format) break;
        directive d = {.precision = -1};
        for (format++; *format == '-' || *format == '0'; format++) *(*format == '-' ? &d.left : &d.zeros) = true;
        d.width = take_int(&format, &left);
        if (*format == '.') {
            format++;
            d.precision = take_int(&format, &left);
        }
        _Static_assert(sizeof(size_t) == sizeof(long), "z is read as l");
        for (; *format == 'l' || *format == 'z'; format++) d.longs++;
        if (*format) put_directive(&s, &d, *format++, &left);
    }
    va_end(left);
    if (size) buffer[s.length < s.size ? s.length : s.size] = 0;
    return (int)s.length;
}

int bl_format(char *buffer, size_t size, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int n = bl_format_list(buffer, size, format, list);
    va_end(list);
    return n;
}
