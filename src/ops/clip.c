#include "ops/common.h"

#include <math.h>

typedef struct {
    bl_real low, high;
} bounds;

/* Inputs 1 and 2 since opset 11; they must be constants. */
static bl_status read_bound(bl_op_plan *p, int i, bl_real *bound) {
    if (!bl_op_has(p, i)) return BL_OK;
    const bl_operand *in = &p->in[i];
    if (in->type != BL_FLOAT || !in->data || bl_count(&in->shape) != 1)
        return bl_op_fail(p, BL_UNSUPPORTED, "bounds that are not single constant numbers are not supported");
    *bound = in->data[0];
    return BL_OK;
}

static bl_status plan(bl_op_plan *p) {
    bounds b = {-(bl_real)INFINITY, (bl_real)INFINITY};
    BL_TRY(bl_plan_same(p));
    if (p->opset < 11) {
        b.low = bl_attr_float(p, "min", -INFINITY);
        b.high = bl_attr_float(p, "max", INFINITY);
        if (p->failed) return p->failed;
    }
    BL_TRY(read_bound(p, 1, &b.low));
    BL_TRY(read_bound(p, 2, &b.high));
    bounds *kept = bl_op_params(p, sizeof *kept);
    if (!kept) return BL_MEMORY;
    *kept = b;
    return BL_OK;
}

static void forward(const bl_op_run *r) {
    const bounds *b = r->params;
    bl_clip(bl_count(&r->out_shape), r->in[0], b->low, b->high, r->out);
}

static void cut(const void *params, bl_real *low, bl_real *high) {
    const bounds *b = params;
    *low = b->low;
    *high = b->high;
}

/* Guided and deconvnet: the plain derivative, then positive signal only. Derivative 0 at the bounds. */
static void backward(const bl_op_run *r) {
    const bounds *b = r->params;
    if (r->grad_in[0])
        bl_clip_backward(bl_count(&r->out_shape), r->out, b->low, b->high, r->rule != BL_RULE_PLAIN, r->grad_out,
                         r->grad_in[0], r->add[0]);
}

static void explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    const bounds *b = r->params;
    bl_gate_explain(r, of, index, e, b->low, b->high);
}

const bl_op bl_op_Clip = {
    .name = "Clip",
    .since = 6,
    .min_in = 1,
    .max_in = 3,
    .attrs = "max min",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_CURVE,
    .reads = {BL_READS_OUT},
    .explain = explain,
    .explains = 1 << 0,
    .formula = "min(max(x, low), high)",
    .in_place = true,
    .cut = cut,
    .field = bl_field_same,
    .summary = "Cut to a range (ReLU6: 0 to 6); the derivative is 0 at the bounds",
};
