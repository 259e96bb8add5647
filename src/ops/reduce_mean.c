#include "ops/common.h"
#include "ops/explain.h"

#include <string.h>

/* As rank 4, ones in front: what is kept, what is averaged over. */
typedef struct {
    size_t dim[BL_MAX_RANK], step[BL_MAX_RANK]; /* of the input */
    size_t out_step[BL_MAX_RANK];               /* 0 where averaged */
    size_t count;                               /* averaged for each element of the result */
} reduce;

/* Axes: an attribute up to opset 17, an input since 18; missing: all, or none with noop_with_empty_axes. */
static bl_status plan(bl_op_plan *p) {
    const bl_shape *x = &p->in[0].shape;
    int axes[BL_MAX_RANK], n = 0;
    bool reduced[BL_MAX_RANK] = {false};
    BL_TRY(bl_op_need_floats(p, 0, 0));
    BL_TRY(bl_op_axes(p, p->opset < 18 ? "axes" : NULL, 1, x->rank, &n, axes));
    bool keep = bl_attr_int(p, "keepdims", 1) != 0, nothing = bl_attr_int(p, "noop_with_empty_axes", 0) != 0;
    for (int i = 0; i < x->rank; i++) reduced[i] = n == 0 && !nothing;
    for (int i = 0; i < n; i++) reduced[axes[i]] = true;

    bl_shape out = {.rank = 0};
    for (int i = 0; i < x->rank; i++)
        if (!reduced[i] || keep) out.dim[out.rank++] = reduced[i] ? 1 : x->dim[i];
    BL_TRY(bl_op_result(p, &out));
    reduce *r = bl_op_params(p, sizeof *r);
    if (!r) return BL_MEMORY;
    size_t step = 1, out_step = 1;
    r->count = 1;
    for (int i = BL_MAX_RANK - 1; i >= 0; i--) {
        int axis = i - BL_MAX_RANK + x->rank;
        bool over = axis >= 0 && reduced[axis];
        r->dim[i] = axis < 0 ? 1 : (size_t)x->dim[axis];
        r->step[i] = step;
        r->out_step[i] = over ? 0 : out_step;
        step *= r->dim[i];
        if (over)
            r->count *= r->dim[i];
        else
            out_step *= r->dim[i];
    }
    /* Sums are kept in double until all is in. */
    p->scratch = bl_count(&out) * sizeof(double);
    return BL_OK;
}

#define FOR_ROWS(r)                                                                                                    \
    for (size_t a = 0; a < (r)->dim[0]; a++)                                                                           \
        for (size_t b = 0; b < (r)->dim[1]; b++)                                                                       \
            for (size_t c = 0; c < (r)->dim[2]; c++)
#define PLACE(steps) (a * (steps)[0] + b * (steps)[1] + c * (steps)[2])

static void forward(const bl_op_run *run) {
    const reduce *r = run->params;
    double *sums = run->scratch;
    size_t n = bl_count(&run->out_shape);
    memset(sums, 0, n * sizeof *sums);
    FOR_ROWS(r) {
        const bl_real *x = run->in[0] + PLACE(r->step);
        double *to = sums + PLACE(r->out_step);
        if (r->out_step[3] == 0)
            *to += bl_sum(x, r->dim[3]);
        else
            for (size_t d = 0; d < r->dim[3]; d++) to[d] += (double)x[d];
    }
    for (size_t i = 0; i < n; i++) run->out[i] = (bl_real)(sums[i] / (double)r->count);
}

static void backward(const bl_op_run *run) {
    const reduce *r = run->params;
    if (!run->grad_in[0]) return;
    FOR_ROWS(r) {
        bl_real *dx = run->grad_in[0] + PLACE(r->step);
        const bl_real *dy = run->grad_out + PLACE(r->out_step);
        for (size_t d = 0; d < r->dim[3]; d++)
            bl_put(dx, d, (bl_real)((double)dy[d * r->out_step[3]] / (double)r->count), run->add[0]);
    }
}

/* Of a result, the cells that are averaged; of a gradient, the one place that this cell went to. */
static void explain(const bl_op_run *run, int of, size_t index, bl_explain *e) {
    const reduce *r = run->params;
    e->layout(e, BL_FORM_SUM, 1, 1, of < 0 ? r->count : 1);
    FOR_ROWS(r) {
        for (size_t d = 0; d < r->dim[3]; d++) {
            size_t in = PLACE(r->step) + d * r->step[3], out = PLACE(r->out_step) + d * r->out_step[3];
            if (of < 0 && out == index) bl_say_input(e, run, 0, in, 1 / (double)r->count, BL_NO_OPERAND, 0);
            if (of >= 0 && in == index) bl_say_signal(e, run, out, 1 / (double)r->count, BL_NO_OPERAND, 0);
        }
    }
}

const bl_op bl_op_ReduceMean = {
    .name = "ReduceMean",
    .since = 1,
    .min_in = 1,
    .max_in = 2,
    .attrs = "axes keepdims noop_with_empty_axes",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_SUM,
    .reads = {0},
    .explain = explain,
    .explains = 1 << 0,
    .summary = "Mean over axes; over height and width it is a global average pool",
};
