#include "ops/common.h"

static void partial_a(size_t n, const bl_real *g, const bl_real *a, size_t a_step, const bl_real *b, size_t b_step,
                      bl_real *t) {
    (void)a, (void)a_step, (void)b, (void)b_step;
    bl_scale(n, g, 1, t, false);
}

static void partial_b(size_t n, const bl_real *g, const bl_real *a, size_t a_step, const bl_real *b, size_t b_step,
                      bl_real *t) {
    (void)a, (void)a_step, (void)b, (void)b_step;
    bl_scale(n, g, -1, t, false);
}

static bool ints(int64_t a, int64_t b, int64_t *y) {
    *y = (int64_t)((uint64_t)a - (uint64_t)b);
    return true;
}

static double factor(int of, double a, double b) {
    (void)a, (void)b;
    return of ? -1 : 1;
}

static const bl_binary f = {bl_row_subtract, {partial_a, partial_b}, ints, factor, true};
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

const bl_op bl_op_Sub = {
    .name = "Sub",
    .since = 7,
    .min_in = 2,
    .max_in = 2,
    .attrs = "",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_SUM,
    .reads = {0, 0},
    .explain = explain,
    .explains = 1 << 0 | 1 << 1,
    .in_place = true,
    .field = bl_field_same,
    .summary = "a − b, broadcast as in numpy",
};
