#include "ops/common.h"

static void partial_a(size_t n, const bl_real *g, const bl_real *a, size_t a_step, const bl_real *b, size_t b_step,
                      bl_real *t) {
    (void)a, (void)a_step;
    bl_row_divide(n, g, 1, b, b_step, t);
}

/* −g·a/b², in steps that overflow no sooner than the quotient itself. */
static void partial_b(size_t n, const bl_real *g, const bl_real *a, size_t a_step, const bl_real *b, size_t b_step,
                      bl_real *t) {
    bl_row_divide(n, g, 1, b, b_step, t);
    bl_row_multiply(n, t, 1, a, a_step, t);
    bl_row_divide(n, t, 1, b, b_step, t);
    bl_scale(n, t, -1, t, false);
}

/* Towards zero, as integers are divided in ONNX Runtime. */
static bool ints(int64_t a, int64_t b, int64_t *y) {
    if (b == 0 || (a == INT64_MIN && b == -1)) return false;
    *y = a / b;
    return true;
}

static double factor(int of, double a, double b) {
    return of ? -a / (b * b) : 1 / b;
}

static const bl_binary f = {bl_row_divide, {partial_a, partial_b}, ints, factor, false};
static bl_status plan(bl_op_plan *p) {
    return bl_binary_plan(p, &f);
}
static void forward(const bl_op_run *r) {
    bl_binary_forward(r, &f);
}
static void backward(const bl_op_run *r) {
    bl_binary_backward(r, &f);
}
static void explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    bl_binary_explain(r, of, index, e, &f);
}

const bl_op bl_op_Div = {
    .name = "Div",
    .since = 7,
    .min_in = 2,
    .max_in = 2,
    .attrs = "",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_FIRST,
    .reads = {1 << 1, 1 << 0 | 1 << 1},
    .explain = explain,
    .explains = 1 << 0 | 1 << 1,
    .in_place = true,
    .field = bl_field_same,
    .summary = "a / b, broadcast as in numpy",
};
