#include "onnx/wire.h"

#include <string.h>

void bl_put_raw(bl_put *p, const void *bytes, size_t length) {
    p->size += length;
    if (p->out) bl_text_bytes(p->out, bytes, length);
}

static void put_number(bl_put *p, uint64_t value) {
    uint8_t bytes[10];
    size_t n = 0;
    do {
        bytes[n++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        value >>= 7;
    } while (value);
    bl_put_raw(p, bytes, n);
}

static void put_tag(bl_put *p, uint32_t number, int wire) {
    put_number(p, (uint64_t)number << 3 | (unsigned)wire);
}

void bl_put_varint(bl_put *p, uint32_t number, int64_t value) {
    put_tag(p, number, BL_WIRE_VARINT);
    put_number(p, (uint64_t)value);
}

void bl_put_float(bl_put *p, uint32_t number, float value) {
    put_tag(p, number, BL_WIRE_32);
    bl_put_raw(p, &value, sizeof value);
}

void bl_put_head(bl_put *p, uint32_t number, uint64_t length) {
    put_tag(p, number, BL_WIRE_BYTES);
    put_number(p, length);
}

void bl_put_bytes(bl_put *p, uint32_t number, const void *bytes, size_t length) {
    bl_put_head(p, number, length);
    bl_put_raw(p, bytes, length);
}

void bl_put_text(bl_put *p, uint32_t number, const char *text) {
    bl_put_bytes(p, number, text, strlen(text));
}

void bl_put_message(bl_put *p, uint32_t number, void (*fill)(bl_put *p, const void *user), const void *user) {
    bl_put count = {0};
    fill(&count, user);
    bl_put_head(p, number, count.size);
    if (p->out)
        fill(p, user);
    else
        p->size += count.size;
}
