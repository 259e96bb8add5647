#include "ops/common.h"

/* 0 keeps the input's dimension (unless allowzero), −1 takes what is left. */
static bl_status plan(bl_op_plan *p) {
    const bl_shape *x = &p->in[0].shape;
    const bl_operand *wanted = &p->in[1];
    bool zeros = bl_attr_int(p, "allowzero", 0) != 0;
    if (wanted->type != BL_INT) return bl_op_fail(p, BL_UNSUPPORTED, "the new shape must be known integers");
    size_t rank = bl_count(&wanted->shape);
    if (wanted->shape.rank != 1 || rank > BL_MAX_RANK)
        return bl_op_fail(p, BL_UNSUPPORTED, "a new shape of %zu dimensions, at most %d are supported", rank,
                          BL_MAX_RANK);
    bl_shape out = {.rank = (int)rank};
    size_t known = 1;
    int open = -1;
    for (int i = 0; i < out.rank; i++) {
        int64_t d = wanted->ints[i];
        if (d == 0 && !zeros && i < x->rank) d = x->dim[i];
        if (d == -1 && open < 0) {
            open = i;
            out.dim[i] = 1;
            continue;
        }
        if (d < 1 || d > BL_MAX_DIM)
            return bl_op_fail(p, BL_SHAPE, "dimension %d of the new shape is %lld", i, (long long)d);
        out.dim[i] = (int32_t)d;
        if (!bl_mul_size(known, (size_t)d, &known))
            return bl_op_fail(p, BL_SHAPE, "the new shape has too many elements");
    }
    if (open >= 0) {
        size_t rest = bl_count(x) / known;
        if (rest > BL_MAX_DIM || rest * known != bl_count(x))
            return bl_op_fail(p, BL_SHAPE, "%zu elements do not divide into the new shape", bl_count(x));
        out.dim[open] = (int32_t)rest;
    }
    return bl_op_alias(p, &out);
}

const bl_op bl_op_Reshape = {
    .name = "Reshape",
    .since = 5,
    .min_in = 2,
    .max_in = 2,
    .attrs = "allowzero",
    .plan = plan,
    .summary = "The same numbers under another shape",
};
