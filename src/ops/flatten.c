#include "ops/common.h"

static bl_status plan(bl_op_plan *p) {
    const bl_shape *x = &p->in[0].shape;
    int64_t axis = bl_attr_int(p, "axis", 1);
    if (axis < -x->rank || axis > x->rank)
        return bl_op_fail(p, BL_SHAPE, "axis %lld is outside of a rank of %d", (long long)axis, x->rank);
    if (axis < 0) axis += x->rank;
    size_t rows = bl_outer(x, (int)axis), columns = bl_count(x) / rows;
    if (rows > BL_MAX_DIM || columns > BL_MAX_DIM)
        return bl_op_fail(p, BL_SHAPE, "a dimension of the result would be larger than %d", BL_MAX_DIM);
    return bl_op_alias(p, &(bl_shape){2, {(int32_t)rows, (int32_t)columns}});
}

const bl_op bl_op_Flatten = {
    .name = "Flatten",
    .since = 1,
    .min_in = 1,
    .max_in = 1,
    .attrs = "axis",
    .plan = plan,
    .summary = "The same numbers as a matrix",
};
