#include "ops/common.h"

/* start and end since opset 15. */
static bl_status plan(bl_op_plan *p) {
    const bl_shape *x = &p->in[0].shape;
    int64_t start = bl_attr_int(p, "start", 0), end = bl_attr_int(p, "end", x->rank);
    if (start < 0) start += x->rank;
    if (end < 0) end += x->rank;
    if (start < 0) start = 0;
    if (end > x->rank) end = x->rank;
    if (end <= start) return bl_op_fail(p, BL_UNSUPPORTED, "a shape of no dimensions is not supported");
    int64_t *y;
    BL_TRY(bl_op_ints(p, &(bl_shape){1, {(int32_t)(end - start)}}, &y));
    for (int64_t i = start; i < end; i++) y[i - start] = x->dim[i];
    return BL_OK;
}

const bl_op bl_op_Shape = {
    .name = "Shape",
    .since = 1,
    .min_in = 1,
    .max_in = 1,
    .attrs = "end start",
    .plan = plan,
    .summary = "The dimensions of a value, as integers",
};
