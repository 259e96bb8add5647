#include "ops/walk.h"

#include <string.h>

bl_status bl_walk_plan(bl_op_plan *p, const bl_shape *out, bl_walk **walk) {
    bl_walk *w = bl_op_params(p, sizeof *w);
    if (!w) return BL_MEMORY;
    for (int i = 0; i < BL_MAX_RANK; i++) {
        int axis = i - BL_MAX_RANK + out->rank;
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

void bl_walk_ints(const bl_walk *w, const int64_t *in, int64_t *out) {
    FOR_ROWS(w) {
        for (int32_t d = 0; d < w->dim[3]; d++) *out++ = in[place(w, a, b, c) + w->from[3][d]];
    }
}
