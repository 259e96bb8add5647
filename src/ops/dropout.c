#include "ops/common.h"

/* Nothing is dropped when a network is used. Inputs from opset 12 on: data, ratio, training_mode. */
static bl_status plan(bl_op_plan *p) {
    if (bl_op_has(p, 2) && !(p->in[2].type == BL_INT && bl_count(&p->in[2].shape) == 1 && p->in[2].ints[0] == 0))
        return bl_op_fail(p, BL_UNSUPPORTED, "training_mode is set; export the network for inference");
    return bl_op_alias(p, &p->in[0].shape);
}

const bl_op bl_op_Dropout = {
    .name = "Dropout",
    .since = 7,
    .min_in = 1,
    .max_in = 3,
    .attrs = "ratio seed",
    .plan = plan,
    .field = bl_field_same,
    .summary = "The same value: nothing is dropped when a network is used",
};
