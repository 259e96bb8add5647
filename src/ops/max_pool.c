#include "ops/pools.h"

static bl_status plan(bl_op_plan *p) {
    BL_TRY(bl_op_need_floats(p, 0, 0));
    if (bl_attr_int(p, "storage_order", 0) != 0)
        return bl_op_fail(p, BL_UNSUPPORTED, "storage_order 1 (column by column) is not supported");
    BL_TRY(bl_pool_plan(p));
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
    if (r->grad_in[0])
        bl_max_pool_backward(r->params, planes(r), r->grad_out, r->aux, r->gate, r->grad_in[0], r->add[0]);
}

static void explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    bl_pool_explain(r, of, index, e, true);
}

const bl_op bl_op_MaxPool = {
    .name = "MaxPool",
    .since = 1,
    .min_in = 1,
    .max_in = 1,
    .attrs = "auto_pad ceil_mode dilations kernel_shape pads storage_order strides",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_LARGEST,
    .reads = {0},
    .gates = true,
    .aux_for_backward = true,
    .explain = explain,
    .explains = 1 << 0,
    .field = bl_pool_field,
    .summary = "Largest cell of every window; ties go to the first in row order",
};
