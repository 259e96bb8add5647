#include "onnx/wire.h"
#include "base/print.h"

#include <stdarg.h>
#include <string.h>

static bool memory_read(void *user, uint64_t offset, size_t n, void *to) {
    const bl_bytes *b = user;
    if (offset > b->length || n > b->length - (size_t)offset) return false;
    if (n) memcpy(to, b->bytes + offset, n);
    return true;
}

bl_source bl_source_memory(bl_bytes *bytes) {
    return (bl_source){.length = bytes->length, .read = memory_read, .user = bytes};
}

bl_status bl_wire_fail(const bl_cursor *c, uint64_t at, const char *format, ...) {
    char text[240];
    va_list args;
    va_start(args, format);
    bl_format_list(text, sizeof text, format, args);
    va_end(args);
    bl_fail(c->window->error, BL_FORMAT, "not a valid ONNX file: byte %llu, %s: %s", (unsigned long long)at, c->what,
            text);
    return bl_hint(c->window->error, BL_FORMAT,
                   "The file is damaged, cut off, or not ONNX. Download or export it again.");
}

bl_cursor bl_wire_open(bl_window *window, const bl_source *source, bl_error *error) {
    *window = (bl_window){.source = source, .error = error};
    return (bl_cursor){.window = window, .pos = 0, .end = source->length, .what = "ModelProto"};
}

static bl_status pull(bl_cursor *c, uint64_t offset, size_t n, void *to) {
    const bl_source *s = c->window->source;
    if (s->read(s->user, offset, n, to)) return BL_OK;
    return bl_fail(c->window->error, BL_IO, "the file cannot be read at byte %llu", (unsigned long long)offset);
}

/* The byte at pos, which the caller has checked to lie before end. */
static bl_status byte_at(bl_cursor *c, uint8_t *out) {
    bl_window *w = c->window;
    if (c->pos < w->at || c->pos - w->at >= w->held) {
        uint64_t left = w->source->length - c->pos;
        size_t n = left < BL_WINDOW_BYTES ? (size_t)left : BL_WINDOW_BYTES;
        w->held = 0;
        BL_TRY(pull(c, c->pos, n, w->bytes));
        w->at = c->pos;
        w->held = n;
    }
    *out = w->bytes[c->pos - w->at];
    return BL_OK;
}

static bl_status varint(bl_cursor *c, uint64_t *out) {
    uint64_t value = 0, start = c->pos;
    for (int shift = 0; shift < 70; shift += 7) {
        uint8_t b;
        if (c->pos >= c->end) return bl_wire_fail(c, start, "a number runs past the end");
        BL_TRY(byte_at(c, &b));
        c->pos++;
        if (shift == 63 && b > 1) break;
        value |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80) {
            *out = value;
            return BL_OK;
        }
    }
    return bl_wire_fail(c, start, "a number has more than 64 bits");
}

static bl_status fixed(bl_cursor *c, int bytes, uint64_t *out) {
    uint64_t value = 0;
    if (c->end - c->pos < (uint64_t)bytes) return bl_wire_fail(c, c->pos, "a number runs past the end");
    for (int i = 0; i < bytes; i++, c->pos++) {
        uint8_t b;
        BL_TRY(byte_at(c, &b));
        value |= (uint64_t)b << (8 * i);
    }
    *out = value;
    return BL_OK;
}

bl_status bl_wire_next(bl_cursor *c, bl_field *f) {
    uint64_t tag, length;
    *f = (bl_field){.at = c->pos, .span = *c};
    if (c->pos >= c->end) return BL_OK;
    BL_TRY(varint(c, &tag));
    if (tag >> 3 == 0 || tag >> 32 != 0) return bl_wire_fail(c, f->at, "a field has no valid number");
    f->number = (uint32_t)(tag >> 3);
    f->wire = (int)(tag & 7);
    switch (f->wire) {
    case BL_WIRE_VARINT: return varint(c, &f->value);
    case BL_WIRE_64: return fixed(c, 8, &f->value);
    case BL_WIRE_32: return fixed(c, 4, &f->value);
    case BL_WIRE_BYTES:
        BL_TRY(varint(c, &length));
        if (length > c->end - c->pos)
            return bl_wire_fail(c, f->at, "field %u claims %llu bytes, but only %llu are left", f->number,
                                (unsigned long long)length, (unsigned long long)(c->end - c->pos));
        f->span.pos = c->pos;
        f->span.end = c->pos + length;
        c->pos += length;
        return BL_OK;
    default: return bl_wire_fail(c, f->at, "field %u has the unknown wire type %d", f->number, f->wire);
    }
}

static bl_status want(const bl_field *f, int wire) {
    if (f->wire == wire) return BL_OK;
    return bl_wire_fail(&f->span, f->at, "field %u has wire type %d where %d is due", f->number, f->wire, wire);
}

bl_status bl_wire_message(const bl_field *f, const char *what, bl_cursor *out) {
    BL_TRY(want(f, BL_WIRE_BYTES));
    *out = f->span;
    out->what = what;
    return BL_OK;
}

bl_status bl_wire_varint(const bl_field *f, int64_t *out) {
    BL_TRY(want(f, BL_WIRE_VARINT));
    *out = (int64_t)f->value;
    return BL_OK;
}

bl_status bl_wire_copy(bl_cursor *c, size_t n, void *to) {
    uint8_t *bytes = to;
    if (n > c->end - c->pos) return bl_wire_fail(c, c->pos, "%zu bytes are due, but the data end before", n);
    if (n > BL_WINDOW_BYTES) {
        BL_TRY(pull(c, c->pos, n, to));
        c->pos += n;
        return BL_OK;
    }
    for (size_t i = 0; i < n; i++, c->pos++) BL_TRY(byte_at(c, bytes + i));
    return BL_OK;
}

bl_status bl_wire_text(const bl_field *f, char *to, size_t most, size_t *length) {
    bl_cursor c;
    BL_TRY(bl_wire_message(f, f->span.what, &c));
    uint64_t n = c.end - c.pos;
    if (n > most)
        return bl_wire_fail(&c, f->at, "a text has %llu bytes; at most %zu are read", (unsigned long long)n, most);
    BL_TRY(bl_wire_copy(&c, (size_t)n, to));
    to[n] = 0;
    if (memchr(to, 0, (size_t)n) || !bl_utf8_valid(to, (size_t)n))
        return bl_wire_fail(&f->span, f->at, "field %u should be text, but is not UTF-8", f->number);
    if (length) *length = (size_t)n;
    return BL_OK;
}

bl_status bl_wire_numbers(const bl_field *f, int wire, bl_numbers *out) {
    *out = (bl_numbers){.span = f->span, .single = f->value, .is_single = f->wire != BL_WIRE_BYTES, .wire = wire};
    if (out->is_single) BL_TRY(want(f, wire));
    out->more = out->is_single || f->span.pos < f->span.end;
    return BL_OK;
}

bl_status bl_wire_number(bl_numbers *n, uint64_t *out) {
    if (n->is_single) {
        *out = n->single;
        n->more = false;
        return BL_OK;
    }
    BL_TRY(n->wire == BL_WIRE_VARINT ? varint(&n->span, out) : fixed(&n->span, n->wire == BL_WIRE_64 ? 8 : 4, out));
    n->more = n->span.pos < n->span.end;
    return BL_OK;
}

bool bl_utf8_valid(const char *text, size_t length) {
    const uint8_t *s = (const uint8_t *)text;
    for (size_t i = 0; i < length;) {
        int more = s[i] < 0x80 ? 0 : s[i] >> 5 == 6 ? 1 : s[i] >> 4 == 14 ? 2 : s[i] >> 3 == 30 ? 3 : -1;
        if (more < 0 || (size_t)more >= length - i) return false;
        uint32_t code = more == 0 ? s[i] : s[i] & (0x3fu >> more);
        for (int k = 1; k <= more; k++) {
            if (s[i + (size_t)k] >> 6 != 2) return false;
            code = code << 6 | (s[i + (size_t)k] & 0x3fu);
        }
        static const uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
        if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
        i += (size_t)more + 1;
    }
    return true;
}
