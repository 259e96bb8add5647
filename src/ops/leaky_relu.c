#include "ops/common.h"

static bl_real value(const float *p, bl_real x) {
    return x < 0 ? (bl_real)p[0] * x : x;
}
static bl_real slope(const float *p, bl_real x, bl_real y) {
    (void)y;
    return x > 0 ? 1 : x < 0 ? (bl_real)p[0] : 0; /* 0 at 0, as for Relu */
}

static bl_status plan(bl_op_plan *p) {
    return bl_curve_plan(p, "alpha", 0.01F, NULL, 0);
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

const bl_op bl_op_LeakyRelu = {
    .name = "LeakyRelu",
    .since = 6,
    .min_in = 1,
    .max_in = 1,
    .attrs = "alpha",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_CURVE,
    .reads = {1 << 0},
    .explain = explain,
    .explains = 1 << 0,
    .formula = "x > 0 ? x : α·x",
    .in_place = true,
    .field = bl_field_same,
    .summary = "x where it is positive, alpha·x elsewhere; its derivative at 0 is 0",
};
