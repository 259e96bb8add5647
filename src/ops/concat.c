#include "ops/common.h"
#include "ops/explain.h"

#include <string.h>

static bl_status plan_ints(bl_op_plan *p, const bl_shape *out) {
    int64_t *y;
    if (out->rank != 1)
        return bl_op_fail(p, BL_UNSUPPORTED, "integers of rank %d; lists (rank 1) are supported", out->rank);
    BL_TRY(bl_op_ints(p, out, &y));
    for (int i = 0; i < p->n_in; i++) {
        memcpy(y, p->in[i].ints, bl_count(&p->in[i].shape) * sizeof *y);
        y += bl_count(&p->in[i].shape);
    }
    return BL_OK;
}

static bl_status plan(bl_op_plan *p) {
    bl_shape out = p->in[0].shape;
    int axis;
    if (!bl_attr_find(p, "axis")) return bl_op_fail(p, BL_FORMAT, "attribute axis is missing");
    BL_TRY(bl_op_axis(p, bl_attr_int(p, "axis", 0), out.rank, &axis));
    int64_t along = 0;
    for (int i = 0; i < p->n_in; i++) {
        const bl_operand *in = &p->in[i];
        bool fits = in->type == p->in[0].type && in->shape.rank == out.rank;
        for (int d = 0; fits && d < out.rank; d++) fits = d == axis || in->shape.dim[d] == out.dim[d];
        if (!fits) return bl_op_fail(p, BL_SHAPE, "input %d does not fit the first along the other axes", i);
        along += in->shape.dim[axis];
    }
    if (along > BL_MAX_DIM)
        return bl_op_fail(p, BL_SHAPE, "the result would be longer than %d along axis %d", BL_MAX_DIM, axis);
    out.dim[axis] = (int32_t)along;
    if (p->in[0].type == BL_INT) return plan_ints(p, &out);
    BL_TRY(bl_op_result(p, &out));
    int *kept = bl_op_params(p, sizeof *kept);
    if (!kept) return BL_MEMORY;
    *kept = axis;
    p->stacks = bl_outer(&out, axis) == 1;
    return BL_OK;
}

static void forward(const bl_op_run *r) {
    int axis = *(const int *)r->params;
    size_t row = bl_inner(&r->out_shape, axis) * (size_t)r->out_shape.dim[axis], rows = bl_outer(&r->out_shape, axis),
           at = 0;
    for (int i = 0; i < r->n_in; i++) {
        size_t part = bl_count(&r->in_shape[i]) / rows;
        if (r->in[i] != r->out + at) /* else it was made there */
            for (size_t j = 0; j < rows; j++)
                memcpy(r->out + j * row + at, r->in[i] + j * part, part * sizeof(bl_real));
        at += part;
    }
}

static void backward(const bl_op_run *r) {
    int axis = *(const int *)r->params;
    size_t row = bl_inner(&r->out_shape, axis) * (size_t)r->out_shape.dim[axis], rows = bl_outer(&r->out_shape, axis),
           at = 0;
    for (int i = 0; i < r->n_in; i++) {
        size_t part = bl_count(&r->in_shape[i]) / rows;
        if (r->grad_in[i] && r->grad_in[i] != r->grad_out + at)
            for (size_t j = 0; j < rows; j++)
                bl_scale(part, r->grad_out + j * row + at, 1, r->grad_in[i] + j * part, r->add[i]);
        at += part;
    }
}

static void explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    int axis = *(const int *)r->params;
    size_t row = bl_inner(&r->out_shape, axis) * (size_t)r->out_shape.dim[axis], rows = bl_outer(&r->out_shape, axis),
           at = 0;
    e->layout(e, BL_FORM_SUM, 1, 1, 1);
    for (int i = 0; i < r->n_in; i++) {
        size_t part = bl_count(&r->in_shape[i]) / rows, inside = index % row;
        if (i == of) bl_say_signal(e, r, index / part * row + at + index % part, 1, BL_NO_OPERAND, 0);
        if (of < 0 && inside >= at && inside < at + part)
            bl_say_input(e, r, i, index / row * part + inside - at, 1, BL_NO_OPERAND, 0);
        at += part;
    }
}

static bool field(const void *params, int axis, int at, int size, int *first, int *last) {
    return *(const int *)params < 2 && bl_field_same(params, axis, at, size, first, last);
}

const bl_op bl_op_Concat = {
    .name = "Concat",
    .since = 4,
    .min_in = 1,
    .max_in = -1,
    .attrs = "axis",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_MOVE,
    .reads = {0},
    .explain = explain,
    .explains = 0xFF,
    .field = field,
    .summary = "Values side by side along an axis",
};
