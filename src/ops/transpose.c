#include "ops/walk.h"

static bl_status plan(bl_op_plan *p) {
    const bl_shape *x = &p->in[0].shape;
    int64_t order[BL_MAX_RANK];
    int axes[BL_MAX_RANK], n = x->rank, seen = 0;
    BL_TRY(bl_op_need_floats(p, 0, 0));
    for (int i = 0; i < x->rank; i++) order[i] = x->rank - 1 - i;
    bl_attr_ints(p, "perm", BL_MAX_RANK, &n, order);
    if (p->failed) return p->failed;
    bl_shape out = {.rank = x->rank};
    for (int i = 0; i < n && n == x->rank; i++) {
        BL_TRY(bl_op_axis(p, order[i], x->rank, &axes[i]));
        out.dim[i] = x->dim[axes[i]];
        seen |= 1 << axes[i];
    }
    if (n != x->rank || seen != (1 << n) - 1)
        return bl_op_fail(p, BL_SHAPE, "perm is not an order of the %d axes", x->rank);
    BL_TRY(bl_op_result(p, &out));
    bl_walk *w;
    BL_TRY(bl_walk_plan(p, &out, &w));
    for (int i = 0; i < n; i++)
        for (int32_t q = 0; q < out.dim[i]; q++) w->from[BL_MAX_RANK - n + i][q] = q;
    bl_walk_finish(w, x, axes);
    return BL_OK;
}

const bl_op bl_op_Transpose = {
    .name = "Transpose",
    .since = 1,
    .min_in = 1,
    .max_in = 1,
    .attrs = "perm",
    .plan = plan,
    .forward = bl_walk_forward,
    .backward = bl_walk_backward,
    .shares = BL_SHARES_MOVE,
    .reads = {0},
    .explain = bl_walk_explain,
    .explains = 1 << 0,
    .summary = "The axes in another order",
};
