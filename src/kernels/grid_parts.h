/* Private to kernels/: the sums that grids are made of (grid_sums.c), for grid.c alone. */
#ifndef BL_GRID_PARTS_H
#define BL_GRID_PARTS_H

#include "kernels/strip.h"

/* What becomes of sums: where they go, and what is done to them on the way. */
typedef struct {
    ptrdiff_t plane, column; /* from result to result, from position to position */
    bool add;
    const bl_real *bias; /* of the first result; NULL: none */
    bl_real low, high;
    const bl_gate *gate; /* NULL: none. Its numbers lie as results do from `first` on */
    const bl_real *first;
} bl_target;

/* The rows of a block: `offsets` says where each is. */
typedef struct {
    int k;
    const bl_real *x;
    const int32_t *offsets;
} bl_rows_read;

/* The weights of a block of channels, in panels of four results as bl_pack_rows has them. Fresh ones are packed when
 * their results' turn comes, and are in the cache then; those that are asked for once share one place. */
typedef struct {
    bl_real *packed;
    bl_matrix source; /* result × depth, where they are fresh */
    bool fresh, once;
} bl_weights;

/* Sums of one block of channels for all results at `rows` rows of a strip, which go to y. together: room for
 * bl_together_count(b->k) numbers. */
void bl_sum_strip(const bl_grid *g, const bl_cut *c, int rows, const bl_weights *w, const bl_rows_read *b, bl_real *y,
                  const bl_target *t, bl_real *together);
/* Grows with the depth of the sum: blocks of fewer channels take more panels together, but never more numbers. */
size_t bl_together_count(size_t depth);

#endif
