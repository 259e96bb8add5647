#include "onnx/reader.h"
#include "base/print.h"

#include <stdlib.h>
#include <string.h>

/* AttributeProto.type, beyond the kinds of bl_attr. */
enum {
    ATTR_TENSOR = 4,
    ATTR_GRAPH = 5,
    ATTR_STRINGS = 8,
    ATTR_TENSORS = 9,
    ATTR_GRAPHS = 10,
    ATTR_SPARSE = 11,
    ATTR_TYPE = 13
};

typedef struct bl_reader_node_state {
    char name[BL_NAME_MAX + 1], op[BL_NAME_MAX + 1], domain[BL_NAME_MAX + 1], output[BL_NAME_MAX + 1];
    int in[BL_INPUTS_MAX];
    int n_in, n_out, out;
    bl_attr attrs[BL_ATTRS_MAX];
    bl_cursor tensor[BL_ATTRS_MAX]; /* where the kind is ATTR_TENSOR */
    int kind[BL_ATTRS_MAX];
    int n_attrs;
} node;

static bl_status no_memory(bl_reader *r) {
    return bl_fail(r->error, BL_MEMORY, "not enough memory for the graph");
}

/* "node "name" (Op): …"; nodes without a name are called by their output. */
static bl_status node_fail(bl_reader *r, const node *n, bl_status code, const char *reason, const char *attr) {
    const char *name = n->name[0] ? n->name : n->output;
    return attr ? bl_fail(r->error, code, "node \"%.100s\" (%.60s): attribute \"%.60s\" %s", name, n->op, attr, reason)
                : bl_fail(r->error, code, "node \"%.100s\" (%.60s): %s", name, n->op, reason);
}

/* The numbers of a repeated field, packed or not, appended to what the attribute has already. Each array is taken
 * once, as long as all of the attribute's bytes could make it, so that memory stays in proportion to the file. */
static bl_status read_numbers(bl_reader *r, const bl_field *f, int wire, bl_attr *a, size_t room) {
    bl_numbers numbers;
    BL_TRY(bl_wire_numbers(f, wire, &numbers));
    int64_t *ints = (int64_t *)(uintptr_t)a->ints;
    float *floats = (float *)(uintptr_t)a->floats;
    if (wire == BL_WIRE_VARINT && !ints && !(a->ints = ints = bl_arena_take_array(&r->scratch, room, sizeof *ints)))
        return no_memory(r);
    if (wire == BL_WIRE_32 && !floats && !(a->floats = floats = bl_arena_take_array(&r->scratch, room, sizeof *floats)))
        return no_memory(r);
    while (numbers.more) {
        uint64_t bits;
        uint32_t low;
        BL_TRY(bl_wire_number(&numbers, &bits));
        if ((size_t)a->n == room) return bl_wire_fail(&f->span, f->at, "an attribute has more than %zu numbers", room);
        low = (uint32_t)bits;
        if (wire == BL_WIRE_VARINT)
            ints[a->n++] = (int64_t)bits;
        else
            memcpy(&floats[a->n++], &low, sizeof low);
    }
    return BL_OK;
}

static bl_status read_attribute(bl_reader *r, node *n, const bl_field *field) {
    bl_cursor c;
    bl_field f;
    char name[BL_NAME_MAX + 1] = "";
    size_t length = 0;
    BL_TRY(bl_wire_message(field, "AttributeProto", &c));
    if (n->n_attrs == BL_ATTRS_MAX) return node_fail(r, n, BL_UNSUPPORTED, "it has more than 64 attributes", NULL);
    size_t room = c.end - c.pos < BL_MAX_INTS ? (size_t)(c.end - c.pos) : BL_MAX_INTS;
    bl_attr *a = &n->attrs[n->n_attrs];
    int kind = 0, seen = 0;
    bl_attr read = {0};
    for (;;) {
        int64_t number;
        uint32_t low;
        char *text;
        BL_TRY(bl_wire_next(&c, &f));
        if (!f.number) break;
        switch (f.number) {
        case 1: BL_TRY(bl_wire_text(&f, name, BL_NAME_MAX, &length)); break;
        case 2:
            if (f.wire != BL_WIRE_32) return bl_wire_fail(&c, f.at, "an attribute's number is no float");
            low = (uint32_t)f.value;
            memcpy(&read.f, &low, sizeof low);
            seen = BL_ATTR_FLOAT;
            break;
        case 3:
            BL_TRY(bl_wire_varint(&f, &read.i));
            seen = BL_ATTR_INT;
            break;
        case 4:
            length = (size_t)(f.span.end - f.span.pos);
            if (length > BL_NAME_MAX) return node_fail(r, n, BL_UNSUPPORTED, "is a text of more than 1024 bytes", name);
            if (!(text = bl_arena_take(&r->scratch, length + 1))) return no_memory(r);
            BL_TRY(bl_wire_text(&f, text, length, &length));
            read.s = text;
            read.n = (int)length;
            seen = BL_ATTR_STRING;
            break;
        case 5:
            BL_TRY(bl_wire_message(&f, "TensorProto", &n->tensor[n->n_attrs]));
            seen = ATTR_TENSOR;
            break;
        case 6: seen = ATTR_GRAPH; break;
        case 7:
            BL_TRY(read_numbers(r, &f, BL_WIRE_32, &read, room));
            seen = BL_ATTR_FLOATS;
            break;
        case 8:
            BL_TRY(read_numbers(r, &f, BL_WIRE_VARINT, &read, room));
            seen = BL_ATTR_INTS;
            break;
        case 9: seen = ATTR_STRINGS; break;
        case 10: seen = ATTR_TENSORS; break;
        case 11: seen = ATTR_GRAPHS; break;
        case 14:
        case 15: seen = ATTR_TYPE; break;
        case 20:
            BL_TRY(bl_wire_varint(&f, &number));
            kind = number < 0 || number > 100 ? 100 : (int)number;
            break;
        case 21: return node_fail(r, n, BL_UNSUPPORTED, "refers to a function's attribute", name);
        case 22:
        case 23: seen = ATTR_SPARSE; break;
        default: break;
        }
    }
    if (!name[0]) return bl_wire_fail(&c, field->at, "an attribute has no name");
    /* Files before ONNX 1.0's last draft leave the kind out; an empty list of numbers has a kind but no field. */
    if (!kind) kind = seen;
    if (read.ints && read.floats) return node_fail(r, n, BL_FORMAT, "has numbers of two kinds", name);
    if (seen && seen != kind && !(kind == ATTR_SPARSE || seen == ATTR_SPARSE))
        return node_fail(r, n, BL_FORMAT, "has another kind than its data", name);
    *a = read;
    if (!(a->name = bl_arena_text(&r->scratch, name, strlen(name)))) return no_memory(r);
    if (kind == BL_ATTR_STRING && !a->s) a->s = "";
    a->kind = (bl_attr_kind)kind;
    n->kind[n->n_attrs] = kind;
    for (int i = 0; i < n->n_attrs; i++)
        if (!strcmp(n->attrs[i].name, name)) return node_fail(r, n, BL_FORMAT, "stands twice", name);
    if (kind == ATTR_TENSOR && seen != ATTR_TENSOR) return node_fail(r, n, BL_FORMAT, "has no data", name);
    n->n_attrs++;
    return BL_OK;
}

/* Marks a node's second or later output, so that a node that wants it can be told why it is not there. */
static bl_status mark_extra(bl_reader *r, int value) {
    if (value >= r->extra_capacity) {
        int capacity = value + 1 > 2 * r->extra_capacity ? value + 64 : 2 * r->extra_capacity;
        bool *grown = realloc(r->extra_output, (size_t)capacity * sizeof *grown);
        if (!grown) return no_memory(r);
        memset(grown + r->extra_capacity, 0, (size_t)(capacity - r->extra_capacity) * sizeof *grown);
        r->extra_output = grown;
        r->extra_capacity = capacity;
    }
    r->extra_output[value] = true;
    return BL_OK;
}

static bl_status read_io(bl_reader *r, node *n, const bl_field *f) {
    char name[BL_NAME_MAX + 1];
    size_t length;
    int value = -1;
    BL_TRY(bl_wire_text(f, name, BL_NAME_MAX, &length));
    if (length && (value = bl_model_value(r->model, name, length)) < 0) return no_memory(r);
    if (f->number == 1) {
        if (n->n_in == BL_INPUTS_MAX) return node_fail(r, n, BL_UNSUPPORTED, "it has more than 1024 inputs", NULL);
        n->in[n->n_in++] = value;
        return BL_OK;
    }
    if (n->n_out++ == 0) {
        n->out = value;
        memcpy(n->output, name, length + 1);
        return BL_OK;
    }
    return value < 0 ? BL_OK : mark_extra(r, value);
}

/* A Constant node is a weight like any other. */
static bl_status add_constant(bl_reader *r, node *n) {
    bl_model *m = r->model;
    bl_initialiser t;
    void *storage;
    if (n->n_attrs != 1) return node_fail(r, n, BL_FORMAT, "a Constant has exactly one value", NULL);
    if (n->n_in) return node_fail(r, n, BL_FORMAT, "a Constant has no input", NULL);
    if (m->values[n->out].is_constant || m->values[n->out].producer >= 0 || n->out == m->input)
        return node_fail(r, n, BL_FORMAT, "its output is made twice", NULL);
    const bl_attr *a = &n->attrs[0];
    if (n->kind[0] == ATTR_TENSOR) {
        BL_TRY(bl_initialiser_open(r, n->tensor[0], "Constant", &t));
        memcpy(t.name, n->output, sizeof t.name);
        return bl_initialiser_load(r, &t, "Constant", n->out);
    }
    bool is_list = a->kind == BL_ATTR_FLOATS || a->kind == BL_ATTR_INTS;
    bool is_float = a->kind == BL_ATTR_FLOATS || a->kind == BL_ATTR_FLOAT;
    if (!is_list && a->kind != BL_ATTR_FLOAT && a->kind != BL_ATTR_INT)
        return node_fail(r, n, BL_UNSUPPORTED, "is no dense tensor and no number", a->name);
    bl_shape shape = {.rank = is_list, .dim = {is_list ? a->n : 0}};
    BL_TRY(bl_model_constant(m, n->out, is_float ? BL_FLOAT : BL_INT, &shape, &storage, r->error));
    for (int i = 0; i < (is_list ? a->n : 1); i++) {
        if (is_float)
            ((bl_real *)storage)[i] = (bl_real)(is_list ? a->floats[i] : a->f);
        else
            ((int64_t *)storage)[i] = is_list ? a->ints[i] : a->i;
    }
    return is_float ? bl_initialiser_check(r, "Constant", n->output, storage, bl_count(&shape)) : BL_OK;
}

/* The table of operators knows numbers, lists and text. A tensor of one number (ConstantOfShape's value) is a number.
 */
static bl_status settle_attributes(bl_reader *r, node *n) {
    for (int i = 0; i < n->n_attrs; i++) {
        bl_attr *a = &n->attrs[i];
        switch (n->kind[i]) {
        case BL_ATTR_FLOAT:
        case BL_ATTR_INT:
        case BL_ATTR_STRING:
        case BL_ATTR_FLOATS:
        case BL_ATTR_INTS: break;
        case ATTR_TENSOR: {
            bl_initialiser t;
            bl_type type;
            double number;
            BL_TRY(bl_initialiser_open(r, n->tensor[i], a->name, &t));
            BL_TRY(bl_initialiser_scalar(r, &t, a->name, &type, &number, &a->i));
            a->f = (float)number;
            a->kind = type == BL_FLOAT ? BL_ATTR_FLOAT : BL_ATTR_INT;
            break;
        }
        case ATTR_GRAPH:
        case ATTR_GRAPHS:
            return node_fail(r, n, BL_UNSUPPORTED, "holds a graph; Backlight runs networks without branches and loops",
                             a->name);
        default: return node_fail(r, n, BL_UNSUPPORTED, "is of a kind that Backlight does not read", a->name);
        }
    }
    return BL_OK;
}

bl_status bl_reader_node(bl_reader *r, bl_cursor c) {
    bl_field f;
    bl_cursor again = c;
    /* One for all nodes: it is far larger than a node in a file. */
    if (!r->node && !(r->node = bl_arena_take(&r->scratch, sizeof *r->node))) return no_memory(r);
    node *n = r->node;
    n->name[0] = n->op[0] = n->domain[0] = n->output[0] = 0;
    n->n_in = n->n_out = n->n_attrs = 0;
    n->out = -1;
    for (;;) {
        BL_TRY(bl_wire_next(&c, &f));
        if (!f.number) break;
        if (f.number == 3) BL_TRY(bl_wire_text(&f, n->name, BL_NAME_MAX, NULL));
        if (f.number == 4) BL_TRY(bl_wire_text(&f, n->op, BL_NAME_MAX, NULL));
        if (f.number == 7) BL_TRY(bl_wire_text(&f, n->domain, BL_NAME_MAX, NULL));
        if (f.number == 1 || f.number == 2) BL_TRY(read_io(r, n, &f));
    }
    if (n->out < 0) return node_fail(r, n, BL_FORMAT, "it has no output", NULL);
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] >= 0 && n->in[i] < r->extra_capacity && r->extra_output[n->in[i]])
            return node_fail(r, n, BL_UNSUPPORTED,
                             "it takes the second output of another node; Backlight computes the first alone", NULL);
    if (n->domain[0] && strcmp(n->domain, "ai.onnx")) {
        char reason[160];
        bl_format(reason, sizeof reason, "it is of the domain \"%.80s\"; Backlight reads ONNX's own operators",
                  n->domain);
        return node_fail(r, n, BL_UNSUPPORTED, reason, NULL);
    }
    bool is_constant = !strcmp(n->op, "Constant");
    /* Attributes last, so that an operator nobody knows is named before its attributes are judged. */
    const bool known = is_constant || bl_op_find(n->op);
    for (;;) {
        BL_TRY(bl_wire_next(&again, &f));
        if (!f.number) break;
        if (f.number == 5 && known) BL_TRY(read_attribute(r, n, &f));
    }
    if (is_constant) return add_constant(r, n);
    BL_TRY(settle_attributes(r, n));
    const char *name = bl_reader_layer(r, n->output, n->name);
    return bl_model_node(r->model, n->op, name, n->in, n->n_in, n->out, n->attrs, n->n_attrs, r->error);
}
