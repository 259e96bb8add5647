#include "ops/pools.h"

static size_t planes(const bl_op_run *r) {
    return (size_t)r->out_shape.dim[0] * (size_t)r->out_shape.dim[1];
}
static size_t cells(const bl_op_run *r) {
    return bl_count(&r->in_shape[0]) / planes(r);
}

static void forward(const bl_op_run *r) {
    size_t n = cells(r);
    for (size_t i = 0; i < planes(r); i++) r->out[i] = (bl_real)(bl_sum(r->in[0] + i * n, n) / (double)n);
}

static void backward(const bl_op_run *r) {
    size_t n = cells(r);
    if (!r->grad_in[0]) return;
    for (size_t i = 0; i < planes(r); i++) {
        bl_real d = (bl_real)((double)r->grad_out[i] / (double)n);
        bl_real *cell = r->grad_in[0] + i * n;
        if (r->add[0])
            for (size_t j = 0; j < n; j++) cell[j] += d;
        else
            for (size_t j = 0; j < n; j++) cell[j] = d;
    }
}

static void explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    bl_pool_explain(r, of, index, e, false);
}

const bl_op bl_op_GlobalAveragePool = {
    .name = "GlobalAveragePool",
    .since = 1,
    .min_in = 1,
    .max_in = 1,
    .attrs = "",
    .plan = bl_global_pool_plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_SUM,
    .reads = {0},
    .explain = explain,
    .explains = 1 << 0,
    .field = bl_pool_field,
    .summary = "Mean of every map",
};
