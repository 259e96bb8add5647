/* Tensor files out, and what the writer of networks shares with them. */
#include "base/half.h"
#include "onnx/wire.h"

#include <math.h>

enum { CHUNK = 1024 };

int bl_onnx_type(bl_type type, bool half) {
    return type == BL_INT ? BL_ONNX_INT64 : half ? BL_ONNX_HALF : BL_ONNX_FLOAT;
}

bl_status bl_half_holds(const bl_real *data, size_t count, const char *what, bl_error *error) {
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)data[i]) < 65520))
            return bl_fail(error, BL_NOT_A_NUMBER,
                           "weight \"%.100s\" has %g at place %zu, which half precision cannot hold", what,
                           (double)data[i], i);
    return BL_OK;
}

size_t bl_tensor_count(const bl_tensor *t) {
    size_t count = 1;
    for (int i = 0; i < t->rank; i++) count *= (size_t)t->dim[i];
    return count;
}

void bl_put_tensor(bl_put *p, const void *user) {
    const bl_tensor *t = user;
    size_t count = bl_tensor_count(t), bytes = t->type == BL_INT ? 8 : t->half ? 2 : 4;
    for (int i = 0; i < t->rank; i++) bl_put_varint(p, 1, t->dim[i]);
    bl_put_varint(p, 2, bl_onnx_type(t->type, t->half));
    bl_put_text(p, 8, t->name);
    bl_put_head(p, 9, (uint64_t)count * bytes);
    if (t->type == BL_INT) {
        bl_put_raw(p, t->ints, count * bytes);
        return;
    }
    if (!p->out) {
        p->size += (uint64_t)count * bytes;
        return;
    }
    for (size_t i = 0; i < count;) {
        union {
            float f[CHUNK];
            uint16_t h[CHUNK];
        } chunk;
        size_t n = count - i < CHUNK ? count - i : CHUNK;
        for (size_t k = 0; k < n; k++, i++) {
            if (t->half)
                chunk.h[k] = bl_half_from_float((float)t->data[i]);
            else
                chunk.f[k] = (float)t->data[i];
        }
        bl_put_raw(p, &chunk, n * bytes);
    }
}

/* ---- a graph of tensors alone ---- */

typedef struct {
    const bl_tensor *tensors;
    int n;
    const char *title;
} file;

static void put_size(bl_put *p, const void *user) {
    bl_put_varint(p, 1, *(const int32_t *)user);
}

static void put_shape(bl_put *p, const void *user) {
    const bl_tensor *t = user;
    for (int i = 0; i < t->rank; i++) bl_put_message(p, 1, put_size, &t->dim[i]);
}

static void put_tensor_type(bl_put *p, const void *user) {
    const bl_tensor *t = user;
    bl_put_varint(p, 1, bl_onnx_type(t->type, t->half));
    bl_put_message(p, 2, put_shape, t);
}

static void put_type(bl_put *p, const void *user) {
    bl_put_message(p, 1, put_tensor_type, user);
}

static void put_output(bl_put *p, const void *user) {
    bl_put_text(p, 1, ((const bl_tensor *)user)->name);
    bl_put_message(p, 2, put_type, user);
}

static void put_graph(bl_put *p, const void *user) {
    const file *f = user;
    bl_put_text(p, 2, f->title);
    for (int i = 0; i < f->n; i++) bl_put_message(p, 5, bl_put_tensor, &f->tensors[i]);
    for (int i = 0; i < f->n; i++) bl_put_message(p, 12, put_output, &f->tensors[i]);
}

static void put_opset(bl_put *p, const void *user) {
    (void)user;
    bl_put_text(p, 1, "");
    bl_put_varint(p, 2, 17);
}

bl_status bl_tensors_write(const bl_tensor *tensors, int n, const char *title, bl_text *out, bl_error *error) {
    file f = {tensors, n, title};
    bl_put p = {.out = out};
    for (int i = 0; i < n; i++)
        if (tensors[i].half)
            BL_TRY(bl_half_holds(tensors[i].data, bl_tensor_count(&tensors[i]), tensors[i].name, error));
    bl_put_varint(&p, 1, BL_ONNX_IR);
    bl_put_text(&p, 2, "backlight");
    bl_put_message(&p, 7, put_graph, &f);
    bl_put_message(&p, 8, put_opset, NULL);
    return out->failed ? bl_fail(error, BL_MEMORY, "not enough memory to write the tensors") : BL_OK;
}
