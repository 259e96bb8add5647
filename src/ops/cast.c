#include "ops/common.h"

#include <math.h>

/* ONNX's numbers of types. */
static bool is_float(int64_t type) {
    return type == 1 || type == 10 || type == 11 || type == 16;
}
static bool is_int(int64_t type) {
    return type == 2 || type == 3 || type == 5 || type == 6 || type == 7 || type == 12 || type == 13;
}

/* All floating-point numbers are of one type here: half-precision weights are widened when they are read. */
static bl_status plan(bl_op_plan *p) {
    const bl_operand *in = &p->in[0];
    int64_t to = bl_attr_int(p, "to", 0);
    if (p->failed) return p->failed;
    if ((in->type == BL_FLOAT && is_float(to)) || (in->type == BL_INT && is_int(to))) return bl_op_alias(p, &in->shape);
    if (in->type == BL_FLOAT && is_int(to) && in->data) {
        int64_t *y;
        BL_TRY(bl_op_ints(p, &in->shape, &y));
        for (size_t i = 0; i < bl_count(&in->shape); i++) {
            if (!(fabs((double)in->data[i]) < 9e18)) return bl_op_fail(p, BL_FORMAT, "a number that is no integer's");
            y[i] = (int64_t)in->data[i];
        }
        return BL_OK;
    }
    return bl_op_fail(p, BL_UNSUPPORTED,
                      "from %s to ONNX type %lld; floating point stays floating point, integers integers",
                      in->type == BL_INT ? "integers" : "floating point", (long long)to);
}

const bl_op bl_op_Cast = {
    .name = "Cast",
    .since = 6,
    .min_in = 1,
    .max_in = 1,
    .attrs = "saturate to",
    .plan = plan,
    .field = bl_field_same,
    .summary = "Another type of number: floating-point types are all the same here",
};
