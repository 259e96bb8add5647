#include "ops/common.h"

static bl_status plan(bl_op_plan *p) {
    return bl_op_alias(p, &p->in[0].shape);
}

const bl_op bl_op_Identity = {
    .name = "Identity",
    .since = 1,
    .min_in = 1,
    .max_in = 1,
    .attrs = "",
    .plan = plan,
    .field = bl_field_same,
    .summary = "The same value",
};
