/* One node put to the test: operator, attributes, inputs, all drawn from a seed; and the plain functions that plan and
 * run it with every buffer of exactly its size. Used in the float and in the double build. */
#ifndef BL_TRIAL_H
#define BL_TRIAL_H

#include "ops/op.h"

enum { TRIAL_INPUTS = 5, TRIAL_ATTRS = 8, TRIAL_LIST = 8 };

typedef struct {
    const char *op;
    int opset, n_in;
    bl_operand in[TRIAL_INPUTS];                  /* type and shape; ints point into `ints` */
    bool constant[TRIAL_INPUTS];                  /* floats that are known when the plan is made */
    double low[TRIAL_INPUTS], high[TRIAL_INPUTS]; /* range of an input's numbers; both 0: −1 … 1 */
    unsigned batched;                             /* bit i: the first axis of input i is the batch */
    int64_t ints[TRIAL_INPUTS][TRIAL_LIST];
    bl_attr attrs[TRIAL_ATTRS];
    int64_t lists[TRIAL_ATTRS][TRIAL_LIST];
    int n_attrs;
} trial;

/* Counted random numbers of the tests. */
typedef struct {
    uint64_t state;
} dice;
int roll(dice *d, int least, int most); /* both included */
double spread(dice *d, double low, double high);

/* For those who describe trials. */
void trial_input(trial *t, int rank, const int32_t *dim);
void trial_ints(trial *t, int n, const int64_t *values);
void trial_int(trial *t, const char *name, int64_t value);
void trial_float(trial *t, const char *name, float value);
void trial_string(trial *t, const char *name, const char *value);
void trial_list(trial *t, const char *name, int n, const int64_t *values);

/* Planned, with numbers in all inputs. */
typedef struct {
    const trial *t;
    const bl_op *op;
    bl_arena arena;
    bl_error error;
    bl_op_plan plan;
    bl_operand known[TRIAL_INPUTS];
    bl_shape shapes[TRIAL_INPUTS];
    bl_real *in[TRIAL_INPUTS]; /* NULL: integers */
    size_t counts[TRIAL_INPUTS], out_count;
} bench;

/* Plans the trial; BL_OK, or the operator's refusal. Inputs are filled from the seed. */
bl_status bench_open(bench *b, const trial *t, uint64_t seed);
void bench_close(bench *b);
/* A copy of exactly n numbers. */
bl_real *copy_of(const bl_real *x, size_t n);
/* Runs forward; *out (and *aux, which may be NULL) are allocated. in_place: out starts as a copy of input 0 and is it.
 */
void bench_forward(const bench *b, bl_real *const *in, bool in_place, bl_real **out, void **aux);
/* Runs backward with these pointers as they are. */
void bench_backward(const bench *b, const bl_real *const *in, bl_real *out, void *aux, const bl_real *signal,
                    bl_real *const *gradients, const bool *add, bl_rule rule);

/* max|a−b| / max(max|b|, 0.001): the inputs are near 1. Infinite when a NaN stands on one side only. */
double distance(const bl_real *a, const double *b, size_t n);

#endif
