/* Private to ops/: results whose elements each come from one element of the input, or from none (Pad, Transpose,
 * Slice). Per axis of the result: a list of where along the input to look, in elements of the input; −1 for nowhere. */
#ifndef BL_OPS_WALK_H
#define BL_OPS_WALK_H

#include "ops/common.h"

typedef struct {
    int32_t dim[BL_MAX_RANK];                       /* of the result, ones in front */
    int32_t *from[BL_MAX_RANK];                     /* dim[i] offsets … */
    int32_t size[BL_MAX_RANK], stride[BL_MAX_RANK]; /* … along an axis of so many cells, so far apart */
    bl_real fill;                                   /* for nowhere */
} bl_walk;

/* Made in p->params for the result `out`; the caller fills from[BL_MAX_RANK − rank + axis] with indices along the
 * input's axis that this axis of the result walks along … */
bl_status bl_walk_plan(bl_op_plan *p, const bl_shape *out, bl_walk **walk);
/* … which is axes[axis]; this makes offsets of the indices. Input and result have the same rank. */
void bl_walk_finish(bl_walk *w, const bl_shape *in, const int *axes);
/* bl_op.field, where axes[axis] is the axis itself. */
bool bl_walk_field(const void *params, int axis, int at, int size, int *first, int *last);
void bl_walk_forward(const bl_op_run *r);
void bl_walk_backward(const bl_op_run *r);
void bl_walk_explain(const bl_op_run *r, int of, size_t index, bl_explain *e);
/* The same for integers while a plan is made. */
void bl_walk_ints(const bl_walk *w, const int64_t *in, int64_t *out);

#endif
