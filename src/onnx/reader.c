#include "onnx/reader.h"

#include <stdlib.h>
#include <string.h>

/* OperatorSetIdProto: the version of the default domain; other domains matter only if a node uses them. */
static bl_status read_opset(bl_cursor c, int64_t *opset) {
    bl_field f;
    char domain[BL_NAME_MAX + 1] = "";
    int64_t version = 0;
    for (;;) {
        BL_TRY(bl_wire_next(&c, &f));
        if (!f.number) break;
        if (f.number == 1) BL_TRY(bl_wire_text(&f, domain, BL_NAME_MAX, NULL));
        if (f.number == 2) BL_TRY(bl_wire_varint(&f, &version));
    }
    if (!domain[0] || !strcmp(domain, "ai.onnx")) *opset = version;
    return BL_OK;
}

static bl_status check_versions(bl_reader *r, int64_t ir, int64_t opset) {
    if (ir > BL_IR_MAX)
        return bl_fail(r->error, BL_UNSUPPORTED, "the file has ONNX format version %lld; Backlight reads up to %d",
                       (long long)ir, BL_IR_MAX);
    if (opset == 0) {
        bl_fail(r->error, BL_FORMAT, "the file does not say which version of ONNX's operators it uses (opset_import)");
        return bl_hint(r->error, BL_FORMAT, "Export the network again.");
    }
    if (opset < BL_OPSET_MIN || opset > BL_OPSET_MAX) {
        bl_fail(r->error, BL_UNSUPPORTED, "the file uses operator set %lld; Backlight reads %d to %d", (long long)opset,
                BL_OPSET_MIN, BL_OPSET_MAX);
        return bl_hint(r->error, BL_UNSUPPORTED, "Export the network with opset_version=17.");
    }
    return BL_OK;
}

/* ValueInfoProto of a graph's input or output. Dimensions that the file leaves open are −1. */
typedef struct {
    char name[BL_NAME_MAX + 1];
    size_t length;
    bool is_tensor, has_shape;
    int64_t element;
    int rank;
    int64_t dim[BL_MAX_RANK];
} value_info;

static bl_status read_shape(bl_cursor c, value_info *v) {
    bl_field f;
    for (v->has_shape = true;;) {
        BL_TRY(bl_wire_next(&c, &f));
        if (!f.number) return BL_OK;
        if (f.number != 1) continue;
        bl_cursor dim;
        int64_t size = -1;
        BL_TRY(bl_wire_message(&f, "Dimension", &dim));
        for (;;) {
            BL_TRY(bl_wire_next(&dim, &f));
            if (!f.number) break;
            if (f.number == 1) BL_TRY(bl_wire_varint(&f, &size));
        }
        if (v->rank < BL_MAX_RANK) v->dim[v->rank] = size > 0 ? size : -1;
        if (v->rank < INT32_MAX) v->rank++;
    }
}

static bl_status read_type(bl_cursor c, value_info *v) {
    bl_field f;
    for (;;) {
        BL_TRY(bl_wire_next(&c, &f));
        if (!f.number) return BL_OK;
        if (f.number != 1) continue; /* tensor_type; sequences, maps and the rest leave is_tensor false */
        bl_cursor tensor, shape;
        BL_TRY(bl_wire_message(&f, "TypeProto.Tensor", &tensor));
        v->is_tensor = true;
        for (;;) {
            BL_TRY(bl_wire_next(&tensor, &f));
            if (!f.number) break;
            if (f.number == 1) BL_TRY(bl_wire_varint(&f, &v->element));
            if (f.number == 2) {
                BL_TRY(bl_wire_message(&f, "TensorShapeProto", &shape));
                v->rank = 0;
                BL_TRY(read_shape(shape, v));
            }
        }
    }
}

static bl_status read_value_info(const bl_field *field, value_info *v) {
    bl_cursor c, type;
    bl_field f;
    memset(v, 0, sizeof *v);
    BL_TRY(bl_wire_message(field, "ValueInfoProto", &c));
    for (;;) {
        BL_TRY(bl_wire_next(&c, &f));
        if (!f.number) return BL_OK;
        if (f.number == 1) BL_TRY(bl_wire_text(&f, v->name, BL_NAME_MAX, &v->length));
        if (f.number == 2) {
            BL_TRY(bl_wire_message(&f, "TypeProto", &type));
            BL_TRY(read_type(type, v));
        }
    }
}

/* The value of a graph's input or output. */
static bl_status named_value(bl_reader *r, const value_info *v, const char *what, int *out) {
    if (!v->length) return bl_fail(r->error, BL_FORMAT, "an %s of the graph has no name", what);
    *out = bl_model_value(r->model, v->name, v->length);
    return *out < 0 ? bl_fail(r->error, BL_MEMORY, "not enough memory for the graph") : BL_OK;
}

static bl_status read_input(bl_reader *r, const bl_field *field) {
    value_info v;
    bl_model *m = r->model;
    char buffer[24];
    int value;
    BL_TRY(read_value_info(field, &v));
    BL_TRY(named_value(r, &v, "input", &value));
    if (m->values[value].is_constant) return BL_OK; /* older exporters list the weights as inputs */
    if (m->input >= 0) {
        bl_fail(r->error, BL_UNSUPPORTED,
                "the network has several inputs, \"%.80s\" and \"%.80s\"; Backlight takes one picture",
                m->values[m->input].name, v.name);
        return bl_hint(r->error, BL_UNSUPPORTED, "Export the part of the network that takes the picture alone.");
    }
    if (!v.is_tensor || v.element != 1) {
        bl_fail(r->error, BL_UNSUPPORTED, "input \"%.80s\" has type %s; Backlight takes float", v.name,
                v.is_tensor ? bl_tensor_type_name((int)(v.element & 0xffff), buffer) : "of no tensor");
        return bl_hint(r->error, BL_UNSUPPORTED,
                       "Export the network with 32-bit float input; the weights may be float16.");
    }
    if (v.has_shape && v.rank != 4) {
        bl_fail(r->error, BL_UNSUPPORTED,
                "input \"%.80s\" has %d dimensions; a picture has four: batch, channels, height, width", v.name,
                v.rank);
        return bl_hint(r->error, BL_UNSUPPORTED, "Backlight is for networks that take pictures.");
    }
    for (int i = 1; v.has_shape && i < 4; i++)
        if (v.dim[i] > BL_MAX_DIM)
            return bl_fail(r->error, BL_SHAPE, "input \"%.80s\": dimension %d is %lld; the most is %d", v.name, i,
                           (long long)v.dim[i], BL_MAX_DIM);
    m->input = value;
    m->input_c = v.has_shape ? (int32_t)v.dim[1] : -1;
    m->input_h = v.has_shape ? (int32_t)v.dim[2] : -1;
    m->input_w = v.has_shape ? (int32_t)v.dim[3] : -1;
    return BL_OK;
}

static bl_status read_initializer(bl_reader *r, const bl_field *field) {
    bl_cursor c;
    bl_initialiser t;
    BL_TRY(bl_wire_message(field, "TensorProto", &c));
    BL_TRY(bl_initialiser_open(r, c, "initialiser", &t));
    if (!t.name[0])
        return bl_fail(r->error, BL_FORMAT, "an initialiser at byte %llu has no name", (unsigned long long)field->at);
    int value = bl_model_value(r->model, t.name, strlen(t.name));
    if (value < 0) return bl_fail(r->error, BL_MEMORY, "not enough memory for the graph");
    if (r->model->values[value].is_constant)
        return bl_fail(r->error, BL_FORMAT, "initialiser \"%.100s\" stands twice in the file", t.name);
    return bl_initialiser_load(r, &t, "initialiser", value);
}

enum { GRAPH_NODE = 1, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12, GRAPH_SPARSE = 15 };

/* One pass over a GraphProto that looks at one kind of field: weights must be known before inputs, and those before
 * nodes. */
static bl_status read_graph_part(bl_reader *r, bl_cursor c, uint32_t part) {
    static const int most[] = {[GRAPH_NODE] = BL_NODES_MAX,
                               [GRAPH_INITIALIZER] = BL_TENSORS_MAX,
                               [GRAPH_INPUT] = BL_TENSORS_MAX + 1,
                               [GRAPH_OUTPUT] = BL_TENSORS_MAX};
    static const char *const names[] = {[GRAPH_NODE] = "nodes",
                                        [GRAPH_INITIALIZER] = "initialisers",
                                        [GRAPH_INPUT] = "inputs",
                                        [GRAPH_OUTPUT] = "outputs"};
    bl_field f;
    for (int count = 0;;) {
        BL_TRY(bl_wire_next(&c, &f));
        if (!f.number) return BL_OK;
        if (f.number == GRAPH_SPARSE) {
            bl_fail(r->error, BL_UNSUPPORTED, "the network has sparse initialisers; Backlight reads dense ones");
            return bl_hint(r->error, BL_UNSUPPORTED, "Export the weights as dense tensors.");
        }
        if (f.number != part) continue;
        if (count++ == most[part])
            return bl_fail(r->error, BL_UNSUPPORTED, "the network has more than %d %s", most[part], names[part]);
        bl_cursor node;
        value_info v;
        switch (part) {
        case GRAPH_INITIALIZER: BL_TRY(read_initializer(r, &f)); break;
        case GRAPH_INPUT: BL_TRY(read_input(r, &f)); break;
        case GRAPH_NODE:
            BL_TRY(bl_wire_message(&f, "NodeProto", &node));
            BL_TRY(bl_reader_node(r, node));
            break;
        case GRAPH_OUTPUT: /* the first is the one */
            BL_TRY(read_value_info(&f, &v));
            return named_value(r, &v, "output", &r->model->output);
        }
    }
}

static bl_status read_graph(bl_reader *r, bl_cursor graph) {
    bl_model *m = r->model;
    BL_TRY(read_graph_part(r, graph, GRAPH_INITIALIZER));
    BL_TRY(read_graph_part(r, graph, GRAPH_INPUT));
    if (m->input < 0) return bl_fail(r->error, BL_FORMAT, "the network has no input that a picture could be put into");
    BL_TRY(read_graph_part(r, graph, GRAPH_OUTPUT));
    if (m->output < 0) return bl_fail(r->error, BL_FORMAT, "the network names no output");
    BL_TRY(read_graph_part(r, graph, GRAPH_NODE));
    if (m->output < r->extra_capacity && r->extra_output[m->output])
        return bl_fail(
            r->error, BL_UNSUPPORTED,
            "the network's output \"%.100s\" is the second output of a node; Backlight computes the first alone",
            m->values[m->output].name);
    return BL_OK;
}

enum { MODEL_IR = 1, MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_METADATA = 14, MODEL_FUNCTIONS = 25 };

static bl_status read_model(bl_reader *r, bl_cursor c, const bl_open_options *options) {
    bl_cursor inner, graph = {0};
    bl_field f;
    int64_t ir = 0, opset = 0;
    bool has_graph = false;
    for (;;) {
        BL_TRY(bl_wire_next(&c, &f));
        if (!f.number) break;
        switch (f.number) {
        case MODEL_IR: BL_TRY(bl_wire_varint(&f, &ir)); break;
        case MODEL_OPSET:
            BL_TRY(bl_wire_message(&f, "OperatorSetIdProto", &inner));
            BL_TRY(read_opset(inner, &opset));
            break;
        case MODEL_GRAPH:
            if (has_graph) return bl_wire_fail(&c, f.at, "a second graph");
            BL_TRY(bl_wire_message(&f, "GraphProto", &graph));
            has_graph = true;
            break;
        case MODEL_METADATA:
            BL_TRY(bl_wire_message(&f, "StringStringEntryProto", &inner));
            BL_TRY(bl_reader_metadata(r, inner));
            break;
        case MODEL_FUNCTIONS:
            bl_fail(r->error, BL_UNSUPPORTED,
                    "the file defines functions of its own; Backlight reads ONNX's operators");
            return bl_hint(r->error, BL_UNSUPPORTED, "Export the network with its functions inlined.");
        default: break;
        }
    }
    if (!has_graph) return bl_wire_fail(&c, 0, "it holds no graph");
    BL_TRY(check_versions(r, ir, opset));
    r->model->opset = (int)opset;
    bl_reader_sort_layers(r);
    BL_TRY(read_graph(r, graph));
    BL_TRY(bl_model_seal(r->model, options, r->error));
    return bl_reader_apply_metadata(r);
}

bl_status bl_onnx_read(const bl_source *source, const bl_open_options *options, bl_model **out, bl_error *error) {
    *out = NULL;
    if (source->length == 0) {
        bl_fail(error, BL_FORMAT, "the file is empty");
        return bl_hint(error, BL_FORMAT, "Download or export the network again.");
    }
    bl_reader *r = calloc(1, sizeof *r);
    if (!r) return bl_fail(error, BL_MEMORY, "not enough memory to read the network");
    r->error = error;
    r->most_rank = BL_MAX_RANK;
    bl_status status = bl_model_new(&r->model, error);
    if (status == BL_OK) {
        r->model->input = r->model->output = -1;
        status = read_model(r, bl_wire_open(&r->window, source, error), options);
    }
    if (status == BL_OK)
        *out = r->model;
    else
        bl_model_free(r->model);
    bl_arena_free(&r->scratch);
    free(r->extra_output);
    free(r);
    return status;
}
