#include "ops/walk.h"

/* Start, end and step along every axis: attributes up to opset 9, inputs after that. */
typedef struct {
    int64_t start[BL_MAX_RANK], end[BL_MAX_RANK], step[BL_MAX_RANK];
    int n, axes[BL_MAX_RANK];
} cut;

static bl_status read_list(bl_op_plan *p, const char *attr, int i, int64_t *list, int *n) {
    if (p->opset < 10) {
        if (!bl_attr_ints(p, attr, BL_MAX_RANK, n, list) && !p->failed)
            return bl_op_fail(p, BL_FORMAT, "attribute %s is missing", attr);
        return p->failed;
    }
    if (!bl_op_has(p, i) || p->in[i].type != BL_INT)
        return bl_op_fail(p, BL_UNSUPPORTED, "%s must be known integers", attr);
    if (bl_count(&p->in[i].shape) > BL_MAX_RANK)
        return bl_op_fail(p, BL_SHAPE, "%s has more numbers than there are axes", attr);
    *n = (int)bl_count(&p->in[i].shape);
    for (int k = 0; k < *n; k++) list[k] = p->in[i].ints[k];
    return BL_OK;
}

static bl_status read_cut(bl_op_plan *p, int rank, cut *c) {
    int ends, steps;
    BL_TRY(read_list(p, "starts", 1, c->start, &c->n));
    BL_TRY(read_list(p, "ends", 2, c->end, &ends));
    int axes = c->n;
    for (int i = 0; i < BL_MAX_RANK; i++) {
        c->axes[i] = i;
        c->step[i] = 1;
    }
    BL_TRY(bl_op_axes(p, p->opset < 10 ? "axes" : NULL, p->opset < 10 ? p->n_in : 3, rank, &axes, c->axes));
    steps = c->n;
    if (p->opset >= 10 && bl_op_has(p, 4)) BL_TRY(read_list(p, "steps", 4, c->step, &steps));
    if (ends != c->n || axes != c->n || steps != c->n || c->n > rank)
        return bl_op_fail(p, BL_SHAPE, "starts, ends, axes and steps are not of one length");
    return BL_OK;
}

static int64_t within(int64_t i, int64_t least, int64_t most) {
    return i < least ? least : i > most ? most : i;
}

static bl_status plan(bl_op_plan *p) {
    const bl_operand *in = &p->in[0];
    const bl_shape *x = &in->shape;
    cut c;
    BL_TRY(read_cut(p, x->rank, &c));
    bl_shape out = *x;
    int64_t first[BL_MAX_RANK] = {0}, step[BL_MAX_RANK] = {1, 1, 1, 1};
    for (int i = 0; i < c.n; i++) {
        int64_t n = x->dim[c.axes[i]], start = c.start[i], end = c.end[i], s = c.step[i];
        if (s == 0 || s < -BL_MAX_DIM) return bl_op_fail(p, BL_SHAPE, "a step of %lld", (long long)s);
        if (s > BL_MAX_DIM) s = BL_MAX_DIM;
        if (start < 0) start += n;
        if (end < 0) end += n;
        /* Counting down, the end −1 stands for "before the first". */
        start = s > 0 ? within(start, 0, n) : within(start, 0, n - 1);
        end = s > 0 ? within(end, 0, n) : within(end, -1, n - 1);
        int64_t count = s > 0 ? (end - start + s - 1) / s : (start - end - s - 1) / -s;
        if (count < 1) return bl_op_fail(p, BL_SHAPE, "nothing is left along axis %d", c.axes[i]);
        out.dim[c.axes[i]] = (int32_t)count;
        first[c.axes[i]] = start;
        step[c.axes[i]] = s;
    }
    int64_t *ints = NULL;
    if (in->type == BL_INT)
        BL_TRY(bl_op_ints(p, &out, &ints));
    else
        BL_TRY(bl_op_result(p, &out));
    bl_walk *w;
    BL_TRY(bl_walk_plan(p, &out, &w));
    int axes[BL_MAX_RANK];
    for (int i = 0; i < x->rank; i++) {
        axes[i] = i;
        for (int32_t q = 0; q < out.dim[i]; q++)
            w->from[BL_MAX_RANK - x->rank + i][q] = (int32_t)(first[i] + q * step[i]);
    }
    bl_walk_finish(w, x, axes);
    if (ints) bl_walk_ints(w, in->ints, ints);
    return BL_OK;
}

const bl_op bl_op_Slice = {
    .name = "Slice",
    .since = 1,
    .min_in = 1,
    .max_in = 5,
    .attrs = "axes ends starts",
    .plan = plan,
    .forward = bl_walk_forward,
    .backward = bl_walk_backward,
    .shares = BL_SHARES_MOVE,
    .reads = {0},
    .explain = bl_walk_explain,
    .explains = 1 << 0,
    .field = bl_walk_field,
    .summary = "A part of every axis, with steps",
};
