#include "ops/common.h"
#include "ops/explain.h"

bl_status bl_plan_same(bl_op_plan *p) {
    BL_TRY(bl_op_need_floats(p, 0, 0));
    return bl_op_result(p, &p->in[0].shape);
}

bl_status bl_curve_plan(bl_op_plan *p, const char *first, float first_default, const char *second,
                        float second_default) {
    BL_TRY(bl_plan_same(p));
    float *params = bl_op_params(p, 2 * sizeof *params);
    if (!params) return BL_MEMORY;
    if (first) params[0] = bl_attr_float(p, first, first_default);
    if (second) params[1] = bl_attr_float(p, second, second_default);
    return p->failed;
}

void bl_curve_forward(const bl_op_run *r, bl_curve value) {
    size_t n = bl_count(&r->out_shape);
    for (size_t i = 0; i < n; i++) r->out[i] = value(r->params, r->in[0][i]);
}

void bl_curve_backward(const bl_op_run *r, bl_slope slope) {
    size_t n = bl_count(&r->out_shape);
    bl_real *dx = r->grad_in[0];
    if (!dx) return;
    for (size_t i = 0; i < n; i++) {
        bl_real d = r->grad_out[i] * slope(r->params, r->in[0] ? r->in[0][i] : 0, r->out ? r->out[i] : 0);
        bl_put(dx, i, r->rule == BL_RULE_PLAIN ? d : bl_positive(d), r->add[0]);
    }
}

static void explain_slope(const bl_op_run *r, int of, size_t index, bl_explain *e, bl_real y, bl_real slope) {
    e->layout(e, BL_FORM_CURVE, 1, 1, 1);
    if (of >= 0)
        bl_say_signal(e, r, index, (double)slope, BL_NO_OPERAND, 0);
    else
        e->take(e, &(bl_term){(double)y, (double)r->in[0][index], (double)slope, BL_TERM_PRODUCT, 0, index,
                              BL_NO_OPERAND, 0});
}

void bl_curve_explain(const bl_op_run *r, int of, size_t index, bl_explain *e, bl_curve value, bl_slope slope) {
    bl_real x = r->in[0][index], y = value(r->params, x);
    explain_slope(r, of, index, e, y, slope(r->params, x, y));
}

void bl_gate_explain(const bl_op_run *r, int of, size_t index, bl_explain *e, bl_real low, bl_real high) {
    bl_real x = r->in[0][index], y = x < low ? low : x > high ? high : x;
    explain_slope(r, of, index, e, y, y > low && y < high ? 1 : 0);
}
