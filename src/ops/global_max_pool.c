#include "ops/pools.h"

static bl_status plan(bl_op_plan *p) {
    BL_TRY(bl_global_pool_plan(p));
    p->aux = bl_count(&p->out.shape) * sizeof(int32_t);
    return BL_OK;
}

static size_t planes(const bl_op_run *r) {
    return (size_t)r->out_shape.dim[0] * (size_t)r->out_shape.dim[1];
}

static void forward(const bl_op_run *r) {
    bl_max_pool(r->params, planes(r), r->in[0], r->out, r->aux);
}

static void backward(const bl_op_run *r) {
    if (r->grad_in[0]) bl_max_pool_backward(r->params, planes(r), r->grad_out, r->aux, NULL, r->grad_in[0], r->add[0]);
}

static void explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    bl_pool_explain(r, of, index, e, true);
}

const bl_op bl_op_GlobalMaxPool = {
    .name = "GlobalMaxPool",
    .since = 1,
    .min_in = 1,
    .max_in = 1,
    .attrs = "",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_LARGEST,
    .reads = {0},
    .aux_for_backward = true,
    .explain = explain,
    .explains = 1 << 0,
    .field = bl_pool_field,
    .summary = "Largest cell of every map; ties go to the first in row order",
};
