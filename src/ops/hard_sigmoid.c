#include "ops/common.h"

static bl_real value(const float *p, bl_real x) {
    bl_real y = (bl_real)p[0] * x + (bl_real)p[1];
    return y < 0 ? 0 : y > 1 ? 1 : y;
}
static bl_real slope(const float *p, bl_real x, bl_real y) {
    (void)x;
    return y > 0 && y < 1 ? (bl_real)p[0] : 0;
}

static bl_status plan(bl_op_plan *p) {
    return bl_curve_plan(p, "alpha", 0.2F, "beta", 0.5F);
}
static void forward(const bl_op_run *r) {
    bl_curve_forward(r, value);
}
static void backward(const bl_op_run *r) {
    bl_curve_backward(r, slope);
}

static void explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    bl_curve_explain(r, of, index, e, value, slope);
}

const bl_op bl_op_HardSigmoid = {
    .name = "HardSigmoid",
    .since = 6,
    .min_in = 1,
    .max_in = 1,
    .attrs = "alpha beta",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_CURVE,
    .reads = {BL_READS_OUT},
    .explain = explain,
    .explains = 1 << 0,
    .formula = "clip(α·x + β, 0, 1)",
    .in_place = true,
    .field = bl_field_same,
    .summary = "alpha·x + beta, cut to 0 … 1; the derivative is 0 at the bounds",
};
