/* Protobuf's wire format, as far as ONNX uses it (protobuf.dev, "Encoding"). Reading pulls from a bl_source through a
 * small window; a message is a cursor that cannot leave its span. Writing counts first and then writes, so that no
 * message is ever copied. Private to onnx/. */
#ifndef BL_WIRE_H
#define BL_WIRE_H

#include "onnx/onnx.h"

enum { BL_WINDOW_BYTES = 4096, BL_NAME_MAX = 1024 };

typedef struct {
    const bl_source *source;
    bl_error *error;
    uint64_t at; /* offset of bytes[0] in the source */
    size_t held; /* bytes that are valid */
    uint8_t bytes[BL_WINDOW_BYTES];
} bl_window;

/* A message, or any span of bytes: from pos to end, which lie inside the source. */
typedef struct {
    bl_window *window;
    uint64_t pos, end;
    const char *what; /* for messages: "NodeProto" */
} bl_cursor;

enum { BL_WIRE_VARINT = 0, BL_WIRE_64 = 1, BL_WIRE_BYTES = 2, BL_WIRE_32 = 5 };

/* One field: a number (value: the varint, or the 4 or 8 bytes as they stand) or a span. number 0: the message ended. */
typedef struct {
    uint32_t number;
    int wire;
    uint64_t value, at; /* at: where its tag stands, for messages */
    bl_cursor span;
} bl_field;

bl_cursor bl_wire_open(bl_window *window, const bl_source *source, bl_error *error);
/* The next field of a message. Groups, tags of number 0 and anything that leaves the message are errors. */
bl_status bl_wire_next(bl_cursor *c, bl_field *f);
/* The message inside a field; an error if the field is a number. what names it in later errors. */
bl_status bl_wire_message(const bl_field *f, const char *what, bl_cursor *out);
/* A field that must be one varint. */
bl_status bl_wire_varint(const bl_field *f, int64_t *out);
/* A field that must be text of at most `most` bytes; to holds most + 1 bytes and is ended by 0. Text that is not UTF-8
 * or holds a zero byte is an error. length may be NULL. */
bl_status bl_wire_text(const bl_field *f, char *to, size_t most, size_t *length);
/* The next n bytes of a span, past the window when they are many. */
bl_status bl_wire_copy(bl_cursor *c, size_t n, void *to);
/* The next number of a packed repeated field (or of an unpacked one, whose field is then given again and again).
 * *numbers starts as bl_wire_numbers(f, wire) and ends with more == false. wire: how one number is written. */
typedef struct {
    bl_cursor span;
    uint64_t single;
    bool is_single, more;
    int wire;
} bl_numbers;
bl_status bl_wire_numbers(const bl_field *f, int wire, bl_numbers *out);
bl_status bl_wire_number(bl_numbers *n, uint64_t *out);
/* "… at byte 123 of the file: <format>", BL_FORMAT. */
bl_status bl_wire_fail(const bl_cursor *c, uint64_t at, const char *format, ...) __attribute__((format(printf, 3, 4)));

bool bl_utf8_valid(const char *text, size_t length);

/* ---- writing ---- */

typedef struct {
    bl_text *out;  /* NULL while counting */
    uint64_t size; /* bytes so far */
} bl_put;
void bl_put_varint(bl_put *p, uint32_t number, int64_t value);
void bl_put_float(bl_put *p, uint32_t number, float value);
void bl_put_bytes(bl_put *p, uint32_t number, const void *bytes, size_t length);
void bl_put_text(bl_put *p, uint32_t number, const char *text);
/* A message: fill is called to count and again to write. */
void bl_put_message(bl_put *p, uint32_t number, void (*fill)(bl_put *p, const void *user), const void *user);
/* The head of a field of `length` bytes that the caller writes next with bl_put_raw. */
void bl_put_head(bl_put *p, uint32_t number, uint64_t length);
void bl_put_raw(bl_put *p, const void *bytes, size_t length); /* bytes may be NULL while counting */

/* ONNX as it is written (tensors_write.c) */
enum { BL_ONNX_IR = 8, BL_ONNX_FLOAT = 1, BL_ONNX_INT64 = 7, BL_ONNX_HALF = 10 };
int bl_onnx_type(bl_type type, bool half);
/* For bl_put_message: a bl_tensor as TensorProto. */
void bl_put_tensor(bl_put *p, const void *tensor);
/* Refuses what float16 cannot hold: what it is called, in messages. */
bl_status bl_half_holds(const bl_real *data, size_t count, const char *what, bl_error *error);

#endif
