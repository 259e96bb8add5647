/* Private to kernels/: how grids are cut into blocks, their weights packed (grid_pack.c) and summed (grid_sums.c), for
 * grid.c alone. */
#ifndef BL_GRID_PARTS_H
#define BL_GRID_PARTS_H

#include "kernels/strip.h"

enum {
    BL_MOST_TAPS = 256, /* of a kernel whose gradient is computed by grids */
    BL_FEW = 32         /* results of a gradient whose phases share a strip, if they are fewer */
};

/* Channels of a block: their taps together fill the depth of a sum. */
static inline int bl_grid_block(const bl_grid *g) {
    return bl_most(1, BL_KC / g->n_taps);
}
/* With few results copying strips weighs much, and phases share them. With many, those of few taps are better off with
 * blocks of more channels. */
static inline bool bl_grid_shares(const bl_conv_shape *s) {
    return s->channels / s->groups < BL_FEW;
}
/* The weights of one grid alone, whose results' or channels' weights lie side by side, are a matrix: bl_sum_strip packs
 * it. */
static inline bool bl_grid_is_matrix(const bl_grid *g) {
    return !g->shared && (g->w_in == g->n_taps || (g->n_taps == 1 && g->w_out == 1));
}
/* Weights of all grids of a gradient, one behind the other, unless they are a single matrix: of each grid, for each
 * block of channels, panels of four results as bl_pack_rows has them. As many as there are in w, one group's. At most
 * BL_MOST_TAPS taps. */
void bl_grid_pack(const bl_conv_shape *s, const bl_real *w, bl_real *packed);

/* What becomes of sums: where they go, and what is done to them on the way. */
typedef struct {
    ptrdiff_t plane; /* from result to result; positions of a row lie side by side */
    bool add;
    bool all;            /* rows lie as in the strip, and what is computed beside them may be stored */
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
/* Whole results at `rows` rows of a strip, `width` apart, from planes `plane` apart to where the grid and t say, which
 * need not be side by side; all of t but bias, low and high counts. */
void bl_scatter_strip(const bl_grid *g, int rows, int width, const bl_real *sums, ptrdiff_t plane, const bl_target *t,
                      bl_real *y);
/* Grows with the depth of the sum: blocks of fewer channels take more panels together, but never more numbers. */
size_t bl_together_count(size_t depth);

#endif
