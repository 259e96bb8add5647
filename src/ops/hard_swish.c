#include "ops/common.h"

/* x·clip(x/6 + 1/2, 0, 1) (Howard et al. 2019) */
static bl_real value(const float *p, bl_real x) {
    (void)p;
    return x <= -3 ? 0 : x >= 3 ? x : x * (x / 6 + (bl_real)0.5);
}
static bl_real slope(const float *p, bl_real x, bl_real y) {
    (void)p, (void)y;
    return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + (bl_real)0.5;
}

static bl_status plan(bl_op_plan *p) {
    return bl_curve_plan(p, NULL, 0, NULL, 0);
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

const bl_op bl_op_HardSwish = {
    .name = "HardSwish",
    .since = 14,
    .min_in = 1,
    .max_in = 1,
    .attrs = "",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_CURVE,
    .reads = {1 << 0},
    .explain = explain,
    .explains = 1 << 0,
    .formula = "x · clip(x/6 + ½, 0, 1)",
    .in_place = true,
    .field = bl_field_same,
    .summary = "x·clip(x/6 + 1/2, 0, 1)",
};
