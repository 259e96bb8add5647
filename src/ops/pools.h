/* Private to ops/: what the pooling operators share. */
#ifndef BL_OPS_POOLS_H
#define BL_OPS_POOLS_H

#include "ops/common.h"

/* Reads the window's attributes, checks that no window is empty, fills p->out and p->params (bl_pool_shape). */
bl_status bl_pool_plan(bl_op_plan *p);
/* The same for one window over the whole picture. */
bl_status bl_global_pool_plan(bl_op_plan *p);
bool bl_pool_field(const void *params, int axis, int at, int size, int *first, int *last); /* bl_op.field */
/* Cells of a window, and the windows that hold a cell. largest: of each the winner goes on, else the mean. */
void bl_pool_explain(const bl_op_run *r, int of, size_t index, bl_explain *e, bool largest);

#endif
