#include <math.h>
#include <string.h>

#include "base/half.h"
#include "base/print.h"
#include "onnx/reader.h"

/* ONNX's element types. field: where TensorProto keeps typed data; bytes: of one element in raw_data; 0: not read. */
typedef struct {
    const char *name;
    uint8_t field, bytes;
    bool is_float;
} tensor_type;
enum { FLOAT_DATA = 4, INT32_DATA = 5, INT64_DATA = 7, DOUBLE_DATA = 10 };
static const tensor_type types[] = {
    {"undefined", 0, 0, false},      {"float", FLOAT_DATA, 4, true},    {"uint8", INT32_DATA, 1, false},
    {"int8", 0, 0, false},           {"uint16", 0, 0, false},           {"int16", 0, 0, false},
    {"int32", INT32_DATA, 4, false}, {"int64", INT64_DATA, 8, false},   {"string", 0, 0, false},
    {"bool", INT32_DATA, 1, false},  {"float16", INT32_DATA, 2, true},  {"double", DOUBLE_DATA, 8, true},
    {"uint32", 0, 0, false},         {"uint64", 0, 0, false},           {"complex64", 0, 0, false},
    {"complex128", 0, 0, false},     {"bfloat16", INT32_DATA, 2, true},
};
enum { N_TYPES = sizeof types / sizeof types[0], CHUNK = 2048 };

const char *bl_tensor_type_name(int type, char buffer[24]) {
    if (type >= 0 && type < N_TYPES) return types[type].name;
    bl_format(buffer, 24, "type %d", type);
    return buffer;
}

/* How one number of a typed field is written; -1: the field holds no numbers that are read. */
static int typed_wire(uint32_t field) {
    switch (field) {
    case FLOAT_DATA: return BL_WIRE_32;
    case INT32_DATA:
    case INT64_DATA: return BL_WIRE_VARINT;
    case DOUBLE_DATA: return BL_WIRE_64;
    default: return -1;
    }
}

static bl_status read_dims(const bl_field *f, int most, bl_initialiser *t) {
    bl_numbers n;
    BL_TRY(bl_wire_numbers(f, BL_WIRE_VARINT, &n));
    while (n.more) {
        uint64_t dim;
        BL_TRY(bl_wire_number(&n, &dim));
        if (t->rank == most)
            t->problem = most == BL_MAX_RANK ? "it has more than 4 dimensions" : "it has more than 5 dimensions";
        else if (dim > BL_MAX_DIM)
            t->problem = "a dimension is negative or too large";
        else
            t->dim[t->rank++] = (int32_t)dim;
    }
    return BL_OK;
}

static bl_status count_typed(const bl_field *f, bl_initialiser *t) {
    bl_numbers n;
    uint64_t number;
    if (t->typed_field && t->typed_field != f->number) t->problem = "its data stand in two fields";
    t->typed_field = f->number;
    BL_TRY(bl_wire_numbers(f, typed_wire(f->number), &n));
    for (; n.more; t->typed_count++) BL_TRY(bl_wire_number(&n, &number));
    return BL_OK;
}

static const char external[] = "its data lie in another file (external data)";

bl_status bl_initialiser_open(bl_reader *r, bl_cursor c, const char *where, bl_initialiser *t) {
    bl_field f;
    int64_t number;
    memset(t, 0, sizeof *t);
    t->whole = c;
    for (;;) {
        BL_TRY(bl_wire_next(&c, &f));
        if (!f.number) break;
        switch (f.number) {
        case 1: BL_TRY(read_dims(&f, r->most_rank, t)); break;
        case 2:
            BL_TRY(bl_wire_varint(&f, &number));
            t->type = number < 0 || number > 0xffff ? 0xffff : (int)number;
            break;
        case 3: t->problem = "it is a segment of a larger tensor"; break;
        case FLOAT_DATA:
        case INT32_DATA:
        case INT64_DATA:
        case DOUBLE_DATA: BL_TRY(count_typed(&f, t)); break;
        case 8: BL_TRY(bl_wire_text(&f, t->name, BL_NAME_MAX, NULL)); break;
        case 9:
            BL_TRY(bl_wire_message(&f, "raw_data", &t->raw));
            t->has_raw = true;
            break;
        case 13: t->problem = external; break;
        case 14:
            BL_TRY(bl_wire_varint(&f, &number));
            if (number) t->problem = external;
            break;
        default: break;
        }
    }
    t->count = 1;
    for (int i = 0; i < t->rank; i++) /* cannot overflow: the product so far is at most BL_MAX_COUNT, a factor 2^24 */
        if (t->count <= BL_MAX_COUNT) {
            uint64_t product = (uint64_t)t->count * (uint64_t)t->dim[i];
            t->count = product > BL_MAX_COUNT ? (size_t)BL_MAX_COUNT + 1 : (size_t)product;
        }
    if (t->count > BL_MAX_COUNT) t->problem = "it has too many elements";
    if (!t->problem) return BL_OK;
    bl_fail(r->error, BL_UNSUPPORTED, "%s \"%.100s\" cannot be read: %s", where, t->name, t->problem);
    return t->problem == external ? bl_hint(r->error, BL_UNSUPPORTED,
                                            "Save the network as one file, with its weights inside (below 2 GB).")
                                  : BL_UNSUPPORTED;
}

bl_status bl_initialiser_check_data(bl_reader *r, const bl_initialiser *t, const char *where) {
    char buffer[24];
    const char *type = bl_tensor_type_name(t->type, buffer);
    if (t->type >= N_TYPES || !types[t->type].bytes) {
        bl_fail(r->error, BL_UNSUPPORTED, "%s \"%.100s\" has element type %s, which Backlight does not read", where,
                t->name, type);
        return bl_hint(r->error, BL_UNSUPPORTED, "Export the network with float or float16 weights, not quantised.");
    }
    if (t->has_raw && t->typed_count)
        return bl_fail(r->error, BL_FORMAT, "%s \"%.100s\" has its data twice, as raw_data and as numbers", where,
                       t->name);
    if (t->has_raw) {
        uint64_t due = (uint64_t)t->count * types[t->type].bytes, there = t->raw.end - t->raw.pos;
        if (there == due) return BL_OK;
        return bl_fail(r->error, BL_FORMAT, "%s \"%.100s\": its shape needs %llu bytes of raw_data, the file has %llu",
                       where, t->name, (unsigned long long)due, (unsigned long long)there);
    }
    if (t->typed_field && t->typed_field != types[t->type].field)
        return bl_fail(r->error, BL_FORMAT,
                       "%s \"%.100s\" of type %s has its data in field %u, which is for another type", where, t->name,
                       type, t->typed_field);
    if (t->typed_count == t->count) return BL_OK;
    return bl_fail(r->error, BL_FORMAT, "%s \"%.100s\": its shape needs %zu numbers, the file has %llu", where, t->name,
                   t->count, (unsigned long long)t->typed_count);
}

/* One element of a float type from its bits as the file has them. */
static double float_of(int type, uint64_t bits) {
    float f;
    double d;
    uint32_t low = (uint32_t)bits;
    switch (types[type].bytes) {
    case 4: memcpy(&f, &low, sizeof f); return f;
    case 8: memcpy(&d, &bits, sizeof d); return d;
    default:
        if (type == 10) return bl_half_to_float((uint16_t)bits);
        low <<= 16; /* bfloat16: the upper half of a float */
        memcpy(&f, &low, sizeof f);
        return f;
    }
}

static int64_t int_of(int type, uint64_t bits) {
    switch (types[type].bytes) {
    case 1: return type == 9 ? (bits & 0xff) != 0 : (int64_t)(bits & 0xff);
    case 4: return (int32_t)(uint32_t)bits;
    default: return (int64_t)bits;
    }
}

bl_type bl_initialiser_kind(const bl_initialiser *t) {
    return types[t->type].is_float ? BL_FLOAT : BL_INT;
}

bl_status bl_initialiser_fill(bl_initialiser *t, void *storage) {
    bl_real *reals = storage;
    int64_t *ints = storage;
    int bytes = types[t->type].bytes;
    bool is_float = types[t->type].is_float;
    if (t->has_raw && is_float && bytes == sizeof(bl_real))
        return bl_wire_copy(&t->raw, t->count * sizeof(bl_real), storage);
    if (t->has_raw) {
        uint8_t chunk[CHUNK];
        for (size_t i = 0; i < t->count;) {
            size_t n = t->count - i < CHUNK / 8 ? t->count - i : CHUNK / 8;
            BL_TRY(bl_wire_copy(&t->raw, n * (size_t)bytes, chunk));
            for (size_t k = 0; k < n; k++, i++) {
                uint64_t bits = 0;
                memcpy(&bits, chunk + k * (size_t)bytes, (size_t)bytes); /* little-endian, as the file */
                if (is_float)
                    reals[i] = (bl_real)float_of(t->type, bits);
                else
                    ints[i] = int_of(t->type, bits);
            }
        }
        return BL_OK;
    }
    bl_cursor c = t->whole;
    bl_field f;
    for (size_t i = 0; i < t->count;) { /* count_typed has counted the same numbers */
        bl_numbers n;
        uint64_t bits;
        BL_TRY(bl_wire_next(&c, &f));
        if (!f.number) return bl_wire_fail(&c, c.pos, "the data end too early");
        if (f.number != t->typed_field) continue;
        BL_TRY(bl_wire_numbers(&f, typed_wire(f.number), &n));
        for (; n.more && i < t->count; i++) {
            BL_TRY(bl_wire_number(&n, &bits));
            if (is_float)
                reals[i] = (bl_real)float_of(t->type, bits);
            else
                ints[i] = int_of(t->type, bits);
        }
    }
    return BL_OK;
}

/* NaN and infinity would only come out again as a network that answers nothing. One number alone may be infinite:
 * exporters write open bounds of Clip and the padding before a max pooling so. */
bl_status bl_initialiser_check(bl_reader *r, const char *where, const char *name, const bl_real *data, size_t count) {
    size_t bad = 0, first = 0;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(data[i]) && !(count == 1 && isinf(data[i]))) {
            if (!bad) first = i;
            bad++;
        }
    if (!bad) return BL_OK;
    bl_fail(r->error, BL_NOT_A_NUMBER,
            "%s \"%.100s\" has %zu of %zu numbers that are NaN or infinite, the first at place %zu", where, name, bad,
            count, first);
    return bl_hint(r->error, BL_NOT_A_NUMBER,
                   "The training of this network has probably diverged. Use an earlier checkpoint.");
}

bl_status bl_initialiser_load(bl_reader *r, bl_initialiser *t, const char *where, int value) {
    void *storage;
    BL_TRY(bl_initialiser_check_data(r, t, where));
    bl_shape shape = {.rank = t->rank};
    memcpy(shape.dim, t->dim, sizeof shape.dim);
    bl_type kind = bl_initialiser_kind(t);
    BL_TRY(bl_model_constant(r->model, value, kind, &shape, &storage, r->error));
    BL_TRY(bl_initialiser_fill(t, storage));
    return kind == BL_FLOAT ? bl_initialiser_check(r, where, t->name, storage, t->count) : BL_OK;
}

bl_status bl_initialiser_scalar(bl_reader *r, bl_initialiser *t, const char *where, bl_type *type, double *number,
                                int64_t *integer) {
    BL_TRY(bl_initialiser_check_data(r, t, where));
    if (t->count != 1)
        return bl_fail(r->error, BL_UNSUPPORTED, "%s: a tensor of %zu numbers where one is read", where, t->count);
    bl_real real = 0;
    bool is_float = types[t->type].is_float;
    BL_TRY(bl_initialiser_fill(t, is_float ? (void *)&real : (void *)integer));
    *type = is_float ? BL_FLOAT : BL_INT;
    *number = (double)real;
    return BL_OK;
}
