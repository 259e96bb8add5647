/* For every operator that computes: how to draw a trial of it, and its naive twin. test_ops.c and double_ops.c go
 * through this table; an operator that stands neither here nor among the shape cases of test_ops_shapes.c fails the
 * suite. */
#ifndef BL_OP_TRIALS_H
#define BL_OP_TRIALS_H

#include "naive.h"

typedef struct {
    const char *op;
    void (*draw)(trial *t, dice *d);
    naive_op naive;
    unsigned linear;   /* bit i: the result is linear in input i when the others stand still (up to a constant) */
    unsigned constant; /* bit i: input i has no gradient */
    int slow;          /* not 0: large trials, so many times fewer of them; none in double, where no way is for large
                        * ones alone and differences of sums over them are rounding */
} op_trials;

extern const op_trials all_op_trials[];
extern const int n_op_trials;

/* Trial number i of a row; always the same. */
void draw_trial(const op_trials *row, int i, trial *t);

#endif
