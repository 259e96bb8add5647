#include "ops/walk.h"

#include <string.h>

typedef enum { CONSTANT, REFLECT, EDGE } mode;

/* Where along an axis of n cells a result's cell looks; −1: nowhere. */
static int32_t source(mode m, int64_t i, int64_t n) {
    if (i >= 0 && i < n) return (int32_t)i;
    if (m == CONSTANT) return -1;
    if (m == EDGE) return (int32_t)(i < 0 ? 0 : n - 1);
    return (int32_t)(i < 0 ? -i : 2 * (n - 1) - i);
}

/* Attributes pads and value up to opset 10, inputs after that; input 3, since 18, names the axes. */
static bl_status read_pads(bl_op_plan *p, int rank, int64_t begin[BL_MAX_RANK], int64_t end[BL_MAX_RANK]) {
    int64_t all[2 * BL_MAX_RANK];
    int axes[BL_MAX_RANK], n = rank, given = 0;
    for (int i = 0; i < rank; i++) axes[i] = i;
    if (p->opset < 11) {
        bl_attr_ints(p, "pads", 2 * BL_MAX_RANK, &given, all);
        if (p->failed) return p->failed;
    } else {
        if (!bl_op_has(p, 1) || p->in[1].type != BL_INT)
            return bl_op_fail(p, BL_UNSUPPORTED, "pads must be known integers");
        if (bl_op_has(p, 3)) BL_TRY(bl_op_axes(p, NULL, 3, rank, &n, axes));
        given = (int)bl_count(&p->in[1].shape);
        for (int i = 0; i < given && i < 2 * BL_MAX_RANK; i++) all[i] = p->in[1].ints[i];
    }
    if (given != 2 * n) return bl_op_fail(p, BL_SHAPE, "%d pads for %d axes; each needs two", given, n);
    for (int i = 0; i < n; i++) {
        begin[axes[i]] = all[i];
        end[axes[i]] = all[i + n];
    }
    return BL_OK;
}

static bl_status plan(bl_op_plan *p) {
    const bl_shape *x = &p->in[0].shape;
    int64_t begin[BL_MAX_RANK] = {0}, end[BL_MAX_RANK] = {0};
    BL_TRY(bl_op_need_floats(p, 0, 0));
    const char *name = bl_attr_string(p, "mode", "constant");
    float value = bl_attr_float(p, "value", 0);
    BL_TRY(read_pads(p, x->rank, begin, end));
    if (p->failed) return p->failed;
    if (strcmp(name, "constant") && strcmp(name, "reflect") && strcmp(name, "edge"))
        return bl_op_fail(p, BL_UNSUPPORTED, "mode \"%.24s\"; constant, reflect and edge are supported", name);
    mode m = *name == 'c' ? CONSTANT : *name == 'r' ? REFLECT : EDGE;

    bl_shape out = {.rank = x->rank};
    for (int i = 0; i < x->rank; i++) {
        int64_t n = x->dim[i], least = m == REFLECT ? n - 1 : BL_MAX_DIM;
        if (begin[i] > least || end[i] > least || begin[i] < -n || end[i] < -n)
            return bl_op_fail(p, BL_SHAPE, "axis %d of %lld cells cannot be padded by %lld and %lld in mode %s", i,
                              (long long)n, (long long)begin[i], (long long)end[i], name);
        int64_t size = n + begin[i] + end[i];
        out.dim[i] = size > BL_MAX_DIM ? INT32_MAX : (int32_t)size;
    }
    BL_TRY(bl_op_result(p, &out));
    bl_walk *w;
    BL_TRY(bl_walk_plan(p, &out, &w));
    w->fill = value;
    if (p->opset >= 11 && bl_op_has(p, 2)) {
        if (!p->in[2].data || bl_count(&p->in[2].shape) != 1)
            return bl_op_fail(p, BL_UNSUPPORTED, "the padding's value must be one constant number");
        w->fill = p->in[2].data[0];
    }
    int axes[BL_MAX_RANK];
    for (int i = 0; i < x->rank; i++) {
        axes[i] = i;
        for (int32_t q = 0; q < out.dim[i]; q++)
            w->from[BL_MAX_RANK - x->rank + i][q] = source(m, q - begin[i], x->dim[i]);
    }
    bl_walk_finish(w, x, axes);
    return BL_OK;
}

const bl_op bl_op_Pad = {
    .name = "Pad",
    .since = 2,
    .min_in = 1,
    .max_in = 4,
    .attrs = "mode pads value",
    .plan = plan,
    .forward = bl_walk_forward,
    .backward = bl_walk_backward,
    .shares = BL_SHARES_MOVE,
    .reads = {0},
    .explain = bl_walk_explain,
    .explains = 1 << 0,
    .field = bl_walk_field,
    .summary = "Cells added around (or taken away): constant, reflected, or the edge repeated",
};
