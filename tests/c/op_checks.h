/* What every row of op_trials is checked for, in float and in double: the promises of ops/op.h. */
#ifndef BL_OP_CHECKS_H
#define BL_OP_CHECKS_H

/* cmocka tests; a failure prints operator, number of the trial, and what differs. */
void check_forward(void **state);   /* against the naive twin, shape and numbers */
void check_gradients(void **state); /* against central differences in double */
void check_adjoint(void **state);   /* ⟨A·v, r⟩ = ⟨v, Aᵀ·r⟩ of linear operators */
void check_add(void **state);       /* written whole, or added; any set of gradients gives the bits of each alone */
void check_reads(void **state);     /* what is not declared as read may be NaN, or not there */
void check_batch(void **state);     /* a batch gives the bits of its pictures; in place gives the bits of apart */
void check_explain(void **state);   /* the terms of a number add up to it, forwards and backwards */
void check_nan(void **state);       /* a NaN in the input stands in the result where it stands in the twin's */

#endif
