#include "ops/common.h"

#include "base/elementary.h"

static bl_real value(const float *p, bl_real x) {
    (void)p;
    return bl_sigmoid(x);
}
static bl_real slope(const float *p, bl_real x, bl_real y) {
    (void)p, (void)x;
    return y * (1 - y);
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

const bl_op bl_op_Sigmoid = {
    .name = "Sigmoid",
    .since = 6,
    .min_in = 1,
    .max_in = 1,
    .attrs = "",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_CURVE,
    .reads = {BL_READS_OUT},
    .explain = explain,
    .explains = 1 << 0,
    .formula = "1 / (1 + e^−x)",
    .in_place = true,
    .field = bl_field_same,
    .summary = "1/(1 + e^−x)",
};
