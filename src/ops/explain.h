/* ops: how a number is explained. An operator's `explain` says of one number of its result, or of the gradient of one
 * of its inputs, the terms of the sum that makes it, one after another, into a bl_explain. The core (core/explain.c)
 * collects them, or adds them up group by group for whole maps. */
#ifndef BL_OPS_EXPLAIN_H
#define BL_OPS_EXPLAIN_H

#include "ops/op.h"

/* How the terms make the number, and so how it is best drawn. In all of them the PRODUCT, EMPTY and SHIFT terms add up
 * to the number. */
typedef enum {
    BL_FORM_SUM,     /* a sum of products */
    BL_FORM_LARGEST, /* one of the cells goes on: its factor is 1, all others have 0 */
    BL_FORM_CURVE,   /* forward, product = f(value) and factor = f′(value); backward, factor is that slope */
    BL_FORM_SHARE,   /* one exponential over the sum of all; the asides are the exponentials */
    BL_FORM_SCALED   /* value times a factor that is made of the asides */
} bl_form;

typedef enum {
    BL_TERM_PRODUCT, /* value × factor, part of the sum */
    BL_TERM_EMPTY,   /* a cell of the window where nothing is: padding, or no output; value is what counts there */
    BL_TERM_SHIFT,   /* part of the sum, but of no cell: bias, mean, logarithm of a sum */
    BL_TERM_ASIDE,   /* not part of the sum: what a factor is made of */
    BL_TERM_SEED,    /* the core's own: what the objective itself gives … */
    BL_TERM_EDIT     /* … and what an intervention changes */
} bl_term_role;

enum { BL_NO_OPERAND = -1, BL_SIGNAL = -2 };

typedef struct {
    double product, value, factor;
    bl_term_role role;
    int operand; /* value is element `index` of this input, of the arriving signal (BL_SIGNAL), or a number of none */
    size_t index;
    int factor_operand; /* the same for factor */
    size_t factor_index;
} bl_term;

struct bl_explain {
    /* Told once, before the terms. PRODUCT and EMPTY terms come as groups × rows × columns, row by row: a group is what
     * one channel gives, its cells lie as in the picture. */
    void (*layout)(bl_explain *e, bl_form form, size_t groups, size_t rows, size_t columns);
    void (*take)(bl_explain *e, const bl_term *term);
};

void bl_say(bl_explain *e, bl_term_role role, double value, double factor, int operand, size_t index,
            int factor_operand, size_t factor_index);
/* Element `index` of an input times a factor; of the arriving signal; a window's cell where nothing is, beside the map
 * that begins at `index` of the operand. */
void bl_say_input(bl_explain *e, const bl_op_run *r, int operand, size_t index, double factor, int factor_operand,
                  size_t factor_index);
void bl_say_signal(bl_explain *e, const bl_op_run *r, size_t index, double factor, int factor_operand,
                   size_t factor_index);
void bl_say_empty(bl_explain *e, double value, double factor, int operand, size_t index, int factor_operand,
                  size_t factor_index);

#endif
