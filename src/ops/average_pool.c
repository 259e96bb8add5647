#include "ops/pools.h"

static bl_status plan(bl_op_plan *p) {
    BL_TRY(bl_op_need_floats(p, 0, 0));
    bool count = bl_attr_int(p, "count_include_pad", 0) != 0;
    BL_TRY(bl_pool_plan(p));
    ((bl_pool_shape *)p->params)->count_padding = count;
    return BL_OK;
}

static size_t planes(const bl_op_run *r) {
    return (size_t)r->out_shape.dim[0] * (size_t)r->out_shape.dim[1];
}

static void forward(const bl_op_run *r) {
    bl_average_pool(r->params, planes(r), r->in[0], r->out);
}

static void backward(const bl_op_run *r) {
    if (r->grad_in[0]) bl_average_pool_backward(r->params, planes(r), r->grad_out, r->grad_in[0], r->add[0]);
}

static void explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    bl_pool_explain(r, of, index, e, false);
}

const bl_op bl_op_AveragePool = {
    .name = "AveragePool",
    .since = 7,
    .min_in = 1,
    .max_in = 1,
    .attrs = "auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_SUM,
    .reads = {0},
    .explain = explain,
    .explains = 1 << 0,
    .field = bl_pool_field,
    .summary = "Mean of every window; count_include_pad says whether padding counts",
};
