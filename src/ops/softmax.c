#include "ops/softmaxes.h"

static void forward(const bl_op_run *r) {
    const bl_softmax_sizes *s = r->params;
    bl_softmax(s->outer, s->n, s->inner, r->in[0], r->out);
}

static void backward(const bl_op_run *r) {
    const bl_softmax_sizes *s = r->params;
    if (r->grad_in[0]) bl_softmax_backward(s->outer, s->n, s->inner, r->out, r->grad_out, r->grad_in[0], r->add[0]);
}

static void explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    bl_softmax_explain(r, of, index, e, false);
}

const bl_op bl_op_Softmax = {
    .name = "Softmax",
    .since = 1,
    .min_in = 1,
    .max_in = 1,
    .attrs = "axis",
    .plan = bl_softmax_plan,
    .forward = forward,
    .backward = backward,
    .reads = {BL_READS_OUT},
    .explain = explain,
    .explains = 1 << 0,
    .in_place = true,
    .field = bl_softmax_field,
    .summary = "Probabilities: e^x over its sum along an axis",
};
