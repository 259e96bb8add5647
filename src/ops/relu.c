#include "ops/common.h"

#include <math.h>

static void forward(const bl_op_run *r) {
    bl_clip(bl_count(&r->out_shape), r->in[0], 0, (bl_real)INFINITY, r->out);
}

static void cut(const void *params, bl_real *low, bl_real *high) {
    (void)params;
    *low = 0;
    *high = (bl_real)INFINITY;
}

/* The output tells as well as the input where it was positive; the derivative at 0 is 0. */
static void backward(const bl_op_run *r) {
    const bl_real *mask = r->rule == BL_RULE_DECONVNET ? NULL : r->out;
    if (r->grad_in[0])
        bl_clip_backward(bl_count(&r->out_shape), mask, 0, (bl_real)INFINITY, r->rule != BL_RULE_PLAIN, r->grad_out,
                         r->grad_in[0], r->add[0]);
}

static void explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    bl_gate_explain(r, of, index, e, 0, (bl_real)INFINITY);
}

const bl_op bl_op_Relu = {
    .name = "Relu",
    .since = 1,
    .min_in = 1,
    .max_in = 1,
    .attrs = "",
    .plan = bl_plan_same,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_CURVE,
    .reads = {BL_READS_OUT},
    .explain = explain,
    .explains = 1 << 0,
    .formula = "max(0, x)",
    .in_place = true,
    .cut = cut,
    .field = bl_field_same,
    .summary = "max(x, 0); its derivative at 0 is 0",
};
