#include "ops/common.h"

static void row(size_t n, const bl_real *a, size_t a_step, const bl_real *b, size_t b_step, bl_real *y)
{
    for (size_t i = 0; i < n; i++) y[i] = a[i * a_step] + b[i * b_step];
}

static void partial(size_t n, const bl_real *g, const bl_real *a, size_t a_step, const bl_real *b, size_t b_step, bl_real *t)
{
    (void)a, (void)a_step, (void)b, (void)b_step;
    for (size_t i = 0; i < n; i++) t[i] = g[i];
}

/* Wrapping, as everywhere in shape arithmetic: nonsense is caught when a shape is made of it. */
static int64_t ints(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }

static const bl_binary add = {row, {partial, partial}, ints};
static bl_status plan(bl_op_plan *p) { return bl_binary_plan(p, &add); }
static void forward(const bl_op_run *r) { bl_binary_forward(r, &add); }
static void backward(const bl_op_run *r) { bl_binary_backward(r, &add); }

const bl_op bl_op_Add = {
    .name = "Add", .since = 7, .min_in = 2, .max_in = 2, .attrs = "",
    .plan = plan, .forward = forward, .backward = backward,
    .reads = {0, 0},
    .in_place = true,
    .summary = "a + b, broadcast as in numpy",
};
