/* Line forms of the operators without weights: activations, arithmetic, and changes of shape. */
#include <math.h>
#include <string.h>

#include "onnx/nettext.h"

static void add_input(bl_nt_writer *w, int i) {
    bl_nt_add_name(w->out, " ", w->model->values[w->node->in[i]].name);
}

/* ---- one input, no argument ---- */

#define PLAIN(function, op)                                                                                            \
    static bl_status function(bl_nt_reader *t) {                                                                       \
        int in;                                                                                                        \
        BL_TRY(bl_nt_input(t, &in));                                                                                   \
        return bl_nt_node(t, op, &in, 1, NULL, 0);                                                                     \
    }
PLAIN(read_relu, "Relu")
PLAIN(read_sigmoid, "Sigmoid")
PLAIN(read_tanh, "Tanh")
PLAIN(read_hardswish, "HardSwish")
PLAIN(read_globalavgpool, "GlobalAveragePool")
PLAIN(read_globalmaxpool, "GlobalMaxPool")
PLAIN(read_identity, "Identity")
PLAIN(read_flatten, "Flatten")

static bl_status write_plain(bl_nt_writer *w) {
    add_input(w, 0);
    return BL_OK;
}

static bl_status write_flatten(bl_nt_writer *w) {
    if (bl_nt_attr_int(w, "axis", 1) != 1) return bl_nt_refuse(w, "its axis");
    return write_plain(w);
}

/* ---- one input and numbers as attributes ---- */

static bl_status read_leakyrelu(bl_nt_reader *t) {
    int in;
    bl_attr a = {.name = "alpha", .kind = BL_ATTR_FLOAT, .f = 0.01f};
    BL_TRY(bl_nt_input(t, &in));
    if (bl_nt_more(t)) BL_TRY(bl_nt_float(t, "the slope", &a.f));
    return bl_nt_node(t, "LeakyRelu", &in, 1, &a, a.f != 0.01f);
}

static bl_status write_leakyrelu(bl_nt_writer *w) {
    float slope = bl_nt_attr_float(w, "alpha", 0.01f);
    add_input(w, 0);
    if (slope != 0.01f) bl_nt_add_float(w->out, " ", slope);
    return BL_OK;
}

static bl_status read_hardsigmoid(bl_nt_reader *t) {
    int in;
    bl_attr a[2] = {{.name = "alpha", .kind = BL_ATTR_FLOAT, .f = 0.2f},
                    {.name = "beta", .kind = BL_ATTR_FLOAT, .f = 0.5f}};
    BL_TRY(bl_nt_input(t, &in));
    if (!bl_nt_more(t)) return bl_nt_node(t, "HardSigmoid", &in, 1, NULL, 0);
    BL_TRY(bl_nt_float(t, "alpha", &a[0].f));
    BL_TRY(bl_nt_float(t, "beta", &a[1].f));
    return bl_nt_node(t, "HardSigmoid", &in, 1, a, 2);
}

static bl_status write_hardsigmoid(bl_nt_writer *w) {
    float alpha = bl_nt_attr_float(w, "alpha", 0.2f), beta = bl_nt_attr_float(w, "beta", 0.5f);
    add_input(w, 0);
    if (alpha != 0.2f || beta != 0.5f) {
        bl_nt_add_float(w->out, " ", alpha);
        bl_nt_add_float(w->out, " ", beta);
    }
    return BL_OK;
}

static bl_status read_soft(bl_nt_reader *t, const char *op) {
    int in, axis = -1;
    BL_TRY(bl_nt_input(t, &in));
    if (bl_nt_more(t)) BL_TRY(bl_nt_int(t, "axis", -BL_MAX_RANK, BL_MAX_RANK - 1, &axis));
    const bl_attr a = {.name = "axis", .kind = BL_ATTR_INT, .i = axis};
    return bl_nt_node(t, op, &in, 1, &a, axis != -1);
}
static bl_status read_softmax(bl_nt_reader *t) {
    return read_soft(t, "Softmax");
}
static bl_status read_logsoftmax(bl_nt_reader *t) {
    return read_soft(t, "LogSoftmax");
}

static bl_status write_soft(bl_nt_writer *w) {
    /* Before opset 13 a softmax ran over all axes from the given one on: the same only where that is the last. */
    int64_t axis = bl_nt_attr_int(w, "axis", w->model->opset < 13 ? 1 : -1);
    if (w->model->opset < 13 && axis != -1) {
        int maker = w->model->values[w->node->in[0]].producer;
        const char *op = maker < 0 ? "" : w->model->nodes[maker].op->name;
        if (axis != 1 || (strcmp(op, "Gemm") && strcmp(op, "Flatten")))
            return bl_nt_refuse(w, "its axis has the meaning of older files");
        axis = -1; /* their results have two dimensions */
    }
    add_input(w, 0);
    if (axis != -1) bl_text_add(w->out, " %lld", (long long)axis);
    return BL_OK;
}

static bl_status read_transpose(bl_nt_reader *t) {
    int in;
    int64_t order[BL_MAX_RANK];
    bl_attr a = {.name = "perm", .kind = BL_ATTR_INTS, .ints = order};
    BL_TRY(bl_nt_input(t, &in));
    BL_TRY(bl_nt_ints(t, "the order of the dimensions", BL_MAX_RANK, &a.n, order));
    return bl_nt_node(t, "Transpose", &in, 1, &a, 1);
}

static void add_ints(bl_nt_writer *w, const int64_t *ints, int n) {
    for (int i = 0; i < n; i++) bl_text_add(w->out, i ? ",%lld" : " %lld", (long long)ints[i]);
}

static bl_status write_transpose(bl_nt_writer *w) {
    const bl_attr *a = bl_nt_attr(w, "perm", BL_ATTR_INTS);
    if (!a) return bl_nt_refuse(w, "it does not say the order");
    add_input(w, 0);
    add_ints(w, a->ints, a->n);
    return BL_OK;
}

/* ---- one input and constants ---- */

static bl_status read_clip(bl_nt_reader *t) {
    int in[3];
    float low, high;
    BL_TRY(bl_nt_input(t, &in[0]));
    BL_TRY(bl_nt_float(t, "the lower bound", &low));
    BL_TRY(bl_nt_float(t, "the upper bound", &high));
    BL_TRY(bl_nt_float_constant(t, "low", low, &in[1]));
    BL_TRY(bl_nt_float_constant(t, "high", high, &in[2]));
    return bl_nt_node(t, "Clip", in, 3, NULL, 0);
}

static bl_status write_clip(bl_nt_writer *w) {
    float low, high;
    BL_TRY(bl_nt_number(w, "min", 1, -INFINITY, &low));
    BL_TRY(bl_nt_number(w, "max", 2, INFINITY, &high));
    add_input(w, 0);
    bl_nt_add_float(w->out, " ", low);
    bl_nt_add_float(w->out, " ", high);
    return BL_OK;
}

static bl_status read_dropout(bl_nt_reader *t) {
    int in[2];
    float rate;
    BL_TRY(bl_nt_input(t, &in[0]));
    BL_TRY(bl_nt_float(t, "the share that is dropped", &rate));
    if (!(rate >= 0 && rate < 1)) return bl_nt_fail(t, "the share that is dropped lies from 0 to below 1");
    BL_TRY(bl_nt_float_constant(t, "ratio", rate, &in[1]));
    return bl_nt_node(t, "Dropout", in, 2, NULL, 0);
}

static bl_status write_dropout(bl_nt_writer *w) {
    float rate;
    BL_TRY(bl_nt_number(w, "ratio", 1, 0.5f, &rate));
    add_input(w, 0);
    bl_nt_add_float(w->out, " ", rate);
    return BL_OK;
}

static bl_status read_pad(bl_nt_reader *t) {
    int in[2], n;
    int64_t p[4];
    BL_TRY(bl_nt_input(t, &in[0]));
    BL_TRY(bl_nt_ints(t, "pad", 4, &n, p));
    if (n == 1)
        p[1] = p[2] = p[3] = p[0];
    else if (n != 4)
        return bl_nt_fail(t, "pad is one number, or four for top,left,bottom,right");
    BL_TRY(bl_nt_int_constant(t, "pads", (int64_t[]){0, 0, p[0], p[1], 0, 0, p[2], p[3]}, 8, &in[1]));
    return bl_nt_node(t, "Pad", in, 2, NULL, 0);
}

static bl_status write_pad(bl_nt_writer *w) {
    const bl_attr *mode = bl_nt_attr(w, "mode", BL_ATTR_STRING);
    const int64_t *p;
    int n;
    float fill;
    BL_TRY(bl_nt_list(w, "pads", 1, &p, &n));
    BL_TRY(bl_nt_number(w, "value", 2, 0, &fill));
    if ((mode && strcmp(mode->s, "constant")) || fill != 0) return bl_nt_refuse(w, "it does not pad with zeros");
    if (n != 8 || p[0] || p[1] || p[4] || p[5]) return bl_nt_refuse(w, "it pads more than height and width");
    add_input(w, 0);
    add_ints(w, (int64_t[]){p[2], p[3], p[6], p[7]}, 4);
    return BL_OK;
}

/* reshape, squeeze and unsqueeze: a list that newer opsets have as a second input. */
static bl_status read_list(bl_nt_reader *t, const char *op, const char *what, const char *suffix) {
    int in[2], n;
    int64_t list[BL_MAX_RANK];
    BL_TRY(bl_nt_input(t, &in[0]));
    BL_TRY(bl_nt_ints(t, what, BL_MAX_RANK, &n, list));
    BL_TRY(bl_nt_int_constant(t, suffix, list, n, &in[1]));
    return bl_nt_node(t, op, in, 2, NULL, 0);
}
static bl_status read_reshape(bl_nt_reader *t) {
    return read_list(t, "Reshape", "the new shape", "shape");
}
static bl_status read_squeeze(bl_nt_reader *t) {
    return read_list(t, "Squeeze", "the dimensions taken away", "axes");
}
static bl_status read_unsqueeze(bl_nt_reader *t) {
    return read_list(t, "Unsqueeze", "the dimensions put in", "axes");
}

static bl_status write_list(bl_nt_writer *w) {
    const int64_t *list;
    int n;
    BL_TRY(bl_nt_list(w, "axes", 1, &list, &n));
    if (n < 1 || n > BL_MAX_RANK || bl_nt_attr_int(w, "allowzero", 0))
        return bl_nt_refuse(w, "it has no list of dimensions");
    add_input(w, 0);
    add_ints(w, list, n);
    return BL_OK;
}

/* ---- several inputs ---- */

static bl_status read_two(bl_nt_reader *t, const char *op) {
    int in[2];
    BL_TRY(bl_nt_input(t, &in[0]));
    BL_TRY(bl_nt_input(t, &in[1]));
    return bl_nt_node(t, op, in, 2, NULL, 0);
}
static bl_status read_add(bl_nt_reader *t) {
    return read_two(t, "Add");
}
static bl_status read_sub(bl_nt_reader *t) {
    return read_two(t, "Sub");
}
static bl_status read_mul(bl_nt_reader *t) {
    return read_two(t, "Mul");
}
static bl_status read_div(bl_nt_reader *t) {
    return read_two(t, "Div");
}

static bl_status write_inputs(bl_nt_writer *w) {
    for (int i = 0; i < w->node->n_in; i++) {
        if (bl_nt_input_constant(w, i)) return bl_nt_refuse(w, "an input is a constant");
        add_input(w, i);
    }
    return BL_OK;
}

/* Along the channels. */
static bl_status read_concat(bl_nt_reader *t) {
    int in[BL_NETTEXT_INPUTS], n = 0;
    while (bl_nt_more(t) || !n) {
        if (n == BL_NETTEXT_INPUTS) return bl_nt_fail(t, "concat takes at most %d inputs", BL_NETTEXT_INPUTS);
        BL_TRY(bl_nt_input(t, &in[n++]));
    }
    const bl_attr axis = {.name = "axis", .kind = BL_ATTR_INT, .i = 1};
    return bl_nt_node(t, "Concat", in, n, &axis, 1);
}

static bl_status write_concat(bl_nt_writer *w) {
    if (bl_nt_attr_int(w, "axis", 1) != 1) return bl_nt_refuse(w, "it is not along the channels");
    return write_inputs(w);
}

#define FORMS(FORM)                                                                                                    \
    FORM("relu", "Relu", read_relu, write_plain)                                                                       \
    FORM("leakyrelu", "LeakyRelu", read_leakyrelu, write_leakyrelu)                                                    \
    FORM("clip", "Clip", read_clip, write_clip)                                                                        \
    FORM("sigmoid", "Sigmoid", read_sigmoid, write_plain)                                                              \
    FORM("tanh", "Tanh", read_tanh, write_plain)                                                                       \
    FORM("hardsigmoid", "HardSigmoid", read_hardsigmoid, write_hardsigmoid)                                            \
    FORM("hardswish", "HardSwish", read_hardswish, write_plain)                                                        \
    FORM("globalavgpool", "GlobalAveragePool", read_globalavgpool, write_plain)                                        \
    FORM("globalmaxpool", "GlobalMaxPool", read_globalmaxpool, write_plain)                                            \
    FORM("add", "Add", read_add, write_inputs)                                                                         \
    FORM("sub", "Sub", read_sub, write_inputs)                                                                         \
    FORM("mul", "Mul", read_mul, write_inputs)                                                                         \
    FORM("div", "Div", read_div, write_inputs)                                                                         \
    FORM("concat", "Concat", read_concat, write_concat)                                                                \
    FORM("pad", "Pad", read_pad, write_pad)                                                                            \
    FORM("flatten", "Flatten", read_flatten, write_flatten)                                                            \
    FORM("reshape", "Reshape", read_reshape, write_list)                                                               \
    FORM("transpose", "Transpose", read_transpose, write_transpose)                                                    \
    FORM("squeeze", "Squeeze", read_squeeze, write_list)                                                               \
    FORM("unsqueeze", "Unsqueeze", read_unsqueeze, write_list)                                                         \
    FORM("softmax", "Softmax", read_softmax, write_soft)                                                               \
    FORM("logsoftmax", "LogSoftmax", read_logsoftmax, write_soft)                                                      \
    FORM("dropout", "Dropout", read_dropout, write_dropout)                                                            \
    FORM("identity", "Identity", read_identity, write_plain)

#define READER(word, op, read, write) {word, op, read},
const bl_nt_form bl_nt_plain[] = {FORMS(READER){0}};
#define WRITER(word, op, read, write) write,
bl_nt_write *const bl_nt_plain_writers[] = {FORMS(WRITER)};
