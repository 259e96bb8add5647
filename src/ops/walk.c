#include "ops/walk.h"
#include "ops/explain.h"

#include <string.h>

bl_status bl_walk_plan(bl_op_plan *p, const bl_shape *out, bl_walk **walk) {
    bl_walk *w = bl_op_params(p, sizeof *w);
    if (!w) return BL_MEMORY;
    for (int i = 0; i < BL_MAX_RANK; i++) {
        int axis = i - BL_MAX_RANK + out->rank;
        w->size[i] = w->stride[i] = 1;
        w->dim[i] = axis < 0 ? 1 : out->dim[axis];
        w->from[i] = bl_arena_take_array(p->arena, (size_t)w->dim[i], sizeof *w->from[i]);
        if (!w->from[i]) return bl_op_fail(p, BL_MEMORY, "no memory");
    }
    *walk = w;
    return BL_OK;
}

void bl_walk_finish(bl_walk *w, const bl_shape *in, const int *axes) {
    for (int axis = 0; axis < in->rank; axis++) {
        int i = BL_MAX_RANK - in->rank + axis;
        int32_t stride = (int32_t)bl_inner(in, axes[axis]);
        w->stride[i] = stride;
        w->size[i] = in->dim[axes[axis]];
        for (int32_t q = 0; q < w->dim[i]; q++)
            if (w->from[i][q] >= 0) w->from[i][q] *= stride;
    }
}

/* Where the three outer axes look at; −1: nowhere. */
static int64_t place(const bl_walk *w, int32_t a, int32_t b, int32_t c) {
    int32_t x = w->from[0][a], y = w->from[1][b], z = w->from[2][c];
    return x < 0 || y < 0 || z < 0 ? -1 : (int64_t)x + y + z;
}

#define FOR_ROWS(w)                                                                                                    \
    for (int32_t a = 0; a < (w)->dim[0]; a++)                                                                          \
        for (int32_t b = 0; b < (w)->dim[1]; b++)                                                                      \
            for (int32_t c = 0; c < (w)->dim[2]; c++)

void bl_walk_forward(const bl_op_run *r) {
    const bl_walk *w = r->params;
    const int32_t *from = w->from[3];
    bl_real *y = r->out;
    FOR_ROWS(w) {
        int64_t start = place(w, a, b, c);
        for (int32_t d = 0; d < w->dim[3]; d++) *y++ = start < 0 || from[d] < 0 ? w->fill : r->in[0][start + from[d]];
    }
}

void bl_walk_backward(const bl_op_run *r) {
    const bl_walk *w = r->params;
    const int32_t *from = w->from[3];
    const bl_real *dy = r->grad_out;
    bl_real *dx = r->grad_in[0];
    if (!dx) return;
    if (!r->add[0]) memset(dx, 0, bl_count(&r->in_shape[0]) * sizeof *dx);
    FOR_ROWS(w) {
        int64_t start = place(w, a, b, c);
        for (int32_t d = 0; d < w->dim[3]; d++, dy++)
            if (start >= 0 && from[d] >= 0) dx[start + from[d]] += *dy;
    }
}

/* Calls say (or, without e, only counts) for every place of the result that was taken from element `index`. */
static size_t readers(const bl_op_run *r, size_t index, bl_explain *e) {
    const bl_walk *w = r->params;
    int32_t at[BL_MAX_RANK];
    size_t n = 0, row = 0;
    for (int i = 0; i < BL_MAX_RANK; i++)
        at[i] = (int32_t)(index / (size_t)w->stride[i] % (size_t)w->size[i]) * w->stride[i];
    for (int32_t a = 0; a < w->dim[0]; a++)
        for (int32_t b = 0; b < w->dim[1]; b++)
            for (int32_t c = 0; c < w->dim[2]; c++, row += (size_t)w->dim[3]) {
                if (w->from[0][a] != at[0] || w->from[1][b] != at[1] || w->from[2][c] != at[2]) continue;
                for (int32_t d = 0; d < w->dim[3]; d++) {
                    if (w->from[3][d] != at[3]) continue;
                    n++;
                    if (e) bl_say_signal(e, r, row + (size_t)d, 1, BL_NO_OPERAND, 0);
                }
            }
    return n;
}

void bl_walk_explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    const bl_walk *w = r->params;
    int64_t from = 0;
    if (of >= 0) {
        e->layout(e, BL_FORM_SUM, 1, 1, readers(r, index, NULL));
        readers(r, index, e);
        return;
    }
    for (int i = BL_MAX_RANK - 1; i >= 0; i--) {
        int32_t offset = w->from[i][index % (size_t)w->dim[i]];
        index /= (size_t)w->dim[i];
        from = offset < 0 || from < 0 ? -1 : from + offset;
    }
    e->layout(e, BL_FORM_SUM, 1, 1, 1);
    if (from < 0)
        bl_say_empty(e, (double)w->fill, 1, BL_NO_OPERAND, 0, BL_NO_OPERAND, 0);
    else
        bl_say_input(e, r, 0, (size_t)from, 1, BL_NO_OPERAND, 0);
}

void bl_walk_ints(const bl_walk *w, const int64_t *in, int64_t *out) {
    FOR_ROWS(w) {
        for (int32_t d = 0; d < w->dim[3]; d++) *out++ = in[place(w, a, b, c) + w->from[3][d]];
    }
}

bool bl_walk_field(const void *params, int axis, int at, int size, int *first, int *last) {
    const bl_walk *w = params;
    int d = BL_MAX_RANK - 2 + axis, from = w->from[d][at];
    (void)size;
    *first = from < 0 ? 0 : from / w->stride[d];
    *last = from < 0 ? -1 : *first;
    return true;
}
