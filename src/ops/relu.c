#include "ops/common.h"

static bl_status plan(bl_op_plan *p)
{
    BL_TRY(bl_op_need_floats(p, 0, 0));
    return bl_op_result(p, &p->in[0].shape);
}

static void forward(const bl_op_run *r)
{
    const bl_real *x = r->in[0];
    size_t n = bl_count(&r->out_shape);
    for (size_t i = 0; i < n; i++) r->out[i] = x[i] < 0 ? 0 : x[i]; /* NaN stays */
}

/* The output tells as well as the input where it was positive; the derivative at 0 is 0. */
static void backward(const bl_op_run *r)
{
    const bl_real *y = r->out, *g = r->grad_out;
    bl_real *dx = r->grad_in[0];
    bool add = r->add[0];
    size_t n = bl_count(&r->out_shape);
    if (!dx) return;
    switch (r->rule) {
    case BL_RULE_PLAIN:
        for (size_t i = 0; i < n; i++) bl_put(dx, i, y[i] > 0 ? g[i] : 0, add);
        break;
    case BL_RULE_GUIDED:
        for (size_t i = 0; i < n; i++) bl_put(dx, i, y[i] > 0 ? bl_positive(g[i]) : 0, add);
        break;
    case BL_RULE_DECONVNET:
        for (size_t i = 0; i < n; i++) bl_put(dx, i, bl_positive(g[i]), add);
        break;
    }
}

const bl_op bl_op_Relu = {
    .name = "Relu", .since = 1, .min_in = 1, .max_in = 1, .attrs = "",
    .plan = plan, .forward = forward, .backward = backward,
    .reads = {BL_READS_OUT},
    .in_place = true,
    .summary = "max(x, 0); its derivative at 0 is 0",
};
