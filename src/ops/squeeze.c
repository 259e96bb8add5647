#include "ops/common.h"

/* Axes: an attribute up to opset 12, an input since 13; missing: all of size 1. */
static bl_status plan(bl_op_plan *p) {
    const bl_shape *x = &p->in[0].shape;
    int axes[BL_MAX_RANK], n = -1;
    BL_TRY(bl_op_axes(p, p->opset < 13 ? "axes" : NULL, 1, x->rank, &n, axes));
    bool gone[BL_MAX_RANK] = {false};
    for (int i = 0; i < n; i++) {
        gone[axes[i]] = true;
        if (x->dim[axes[i]] != 1)
            return bl_op_fail(p, BL_SHAPE, "axis %d has %d cells; only axes of one can be removed", axes[i],
                              (int)x->dim[axes[i]]);
    }
    bl_shape out = {.rank = 0};
    for (int i = 0; i < x->rank; i++)
        if (n < 0 ? x->dim[i] != 1 : !gone[i]) out.dim[out.rank++] = x->dim[i];
    return bl_op_alias(p, &out);
}

const bl_op bl_op_Squeeze = {
    .name = "Squeeze",
    .since = 1,
    .min_in = 1,
    .max_in = 2,
    .attrs = "axes",
    .plan = plan,
    .summary = "Axes of one cell removed",
};
