/* Private to ops/: what Softmax and LogSoftmax share. */
#ifndef BL_OPS_SOFTMAXES_H
#define BL_OPS_SOFTMAXES_H

#include "ops/common.h"

typedef struct {
    size_t outer, n, inner;
    bool channels; /* of rank 4, along the channels alone */
} bl_softmax_sizes;

/* Up to opset 12 everything from the axis (1) on is one row; since 13 it is the axis (−1) alone. */
static inline bl_status bl_softmax_plan(bl_op_plan *p) {
    const bl_shape *x = &p->in[0].shape;
    bool coerced = p->opset < 13;
    int axis = 0;
    BL_TRY(bl_op_need_floats(p, 0, 0));
    if (x->rank > 0) BL_TRY(bl_op_axis(p, bl_attr_int(p, "axis", coerced && x->rank > 1 ? 1 : -1), x->rank, &axis));
    BL_TRY(bl_op_result(p, x));
    bl_softmax_sizes *s = bl_op_params(p, sizeof *s);
    if (!s) return BL_MEMORY;
    s->outer = bl_outer(x, axis);
    s->inner = coerced ? 1 : bl_inner(x, axis);
    s->n = bl_count(x) / s->outer / s->inner;
    s->channels = x->rank == 4 && axis == 1 && !coerced;
    return BL_OK;
}

/* bl_op.field: place by place where the row is that of the channels. */
bool bl_softmax_field(const void *params, int axis, int at, int size, int *first, int *last);

/* The exponentials as asides, z and e^(z − most); then the one over the sum, or z, less the logarithm of the sum.
 * Backward: what every result of the row sends, ∂p_j/∂z_i = p_j·(1[i=j] − p_i), ∂ log p_j/∂z_i = 1[i=j] − p_i. */
void bl_softmax_explain(const bl_op_run *r, int of, size_t index, bl_explain *e, bool logs);

#endif
