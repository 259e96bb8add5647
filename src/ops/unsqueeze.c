#include "ops/common.h"

/* Axes of the result: an attribute up to opset 12, an input since 13. */
static bl_status plan(bl_op_plan *p) {
    const bl_shape *x = &p->in[0].shape;
    const bl_attr *attr = p->opset < 13 ? bl_attr_find(p, "axes") : NULL;
    size_t more = attr ? (size_t)attr->n : bl_op_has(p, 1) ? bl_count(&p->in[1].shape) : 0;
    if (more == 0) return bl_op_fail(p, BL_FORMAT, "the axes are missing");
    if (more + (size_t)x->rank > BL_MAX_RANK)
        return bl_op_fail(p, BL_UNSUPPORTED, "the result would have rank %zu, at most %d is supported",
                          more + (size_t)x->rank, BL_MAX_RANK);
    bl_shape out = {.rank = (int)more + x->rank};
    int axes[BL_MAX_RANK], n = 0;
    BL_TRY(bl_op_axes(p, attr ? "axes" : NULL, 1, out.rank, &n, axes));
    for (int i = 0; i < n; i++) out.dim[axes[i]] = 1;
    for (int i = 0, from = 0; i < out.rank; i++)
        if (!out.dim[i]) out.dim[i] = x->dim[from++];
    return bl_op_alias(p, &out);
}

const bl_op bl_op_Unsqueeze = {
    .name = "Unsqueeze",
    .since = 1,
    .min_in = 1,
    .max_in = 2,
    .attrs = "axes",
    .plan = plan,
    .summary = "Axes of one cell inserted",
};
