#include "ops/common.h"

/* Shape arithmetic alone: picks from a list of integers. */
static bl_status plan(bl_op_plan *p) {
    const bl_operand *x = &p->in[0], *which = &p->in[1];
    int axis;
    if (x->type != BL_INT || which->type != BL_INT || x->shape.rank != 1)
        return bl_op_fail(p, BL_UNSUPPORTED, "only lists of integers are supported (shape arithmetic)");
    BL_TRY(bl_op_axis(p, bl_attr_int(p, "axis", 0), 1, &axis));
    int64_t *y, n = x->shape.dim[0];
    BL_TRY(bl_op_ints(p, &which->shape, &y));
    for (size_t i = 0; i < bl_count(&which->shape); i++) {
        int64_t at = which->ints[i];
        if (at < -n || at >= n)
            return bl_op_fail(p, BL_SHAPE, "index %lld of a list of %lld", (long long)at, (long long)n);
        y[i] = x->ints[at < 0 ? at + n : at];
    }
    return BL_OK;
}

const bl_op bl_op_Gather = {
    .name = "Gather",
    .since = 1,
    .min_in = 2,
    .max_in = 2,
    .attrs = "axis",
    .plan = plan,
    .summary = "Numbers picked from a list of integers (shape arithmetic)",
};
