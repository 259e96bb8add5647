#include "ops/common.h"

static bl_status plan(bl_op_plan *p) {
    const bl_operand *wanted = &p->in[0];
    const bl_attr *value = bl_attr_find(p, "value");
    if (wanted->type != BL_INT || wanted->shape.rank != 1 || bl_count(&wanted->shape) > BL_MAX_RANK)
        return bl_op_fail(p, BL_UNSUPPORTED, "the shape must be a list of at most %d known integers", BL_MAX_RANK);
    if (!value || value->kind != BL_ATTR_INT)
        return bl_op_fail(p, BL_UNSUPPORTED, "only integers are supported (shape arithmetic)");
    bl_shape out = {.rank = (int)bl_count(&wanted->shape)};
    for (int i = 0; i < out.rank; i++) {
        if (wanted->ints[i] < 1 || wanted->ints[i] > BL_MAX_DIM)
            return bl_op_fail(p, BL_SHAPE, "dimension %d of the shape is %lld", i, (long long)wanted->ints[i]);
        out.dim[i] = (int32_t)wanted->ints[i];
    }
    int64_t *y;
    BL_TRY(bl_op_ints(p, &out, &y));
    for (size_t i = 0; i < bl_count(&out); i++) y[i] = value->i;
    return BL_OK;
}

const bl_op bl_op_ConstantOfShape = {
    .name = "ConstantOfShape",
    .since = 9,
    .min_in = 1,
    .max_in = 1,
    .attrs = "value",
    .plan = plan,
    .summary = "Integers all the same (shape arithmetic)",
};
