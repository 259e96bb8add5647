/* Private to ops/: what several operators share. */
#ifndef BL_OPS_COMMON_H
#define BL_OPS_COMMON_H

#include "kernels/kernels.h"
#include "ops/op.h"

/* bl_op.field of what works place by place, and of a window. */
bool bl_field_same(const void *params, int axis, int at, int size, int *first, int *last);
bool bl_field_window(int at, int size, int kernel, int stride, int dilation, int pad, int *first, int *last);

/* An attribute of integers, at most `most`; false when it is missing (or wrong, and then the plan has failed). */
bool bl_attr_ints(bl_op_plan *p, const char *name, int most, int *n, int64_t *out);

/* Ways a plan function ends: a result of floats, the first input under another shape, integers to be filled in. */
bl_status bl_op_result(bl_op_plan *p, const bl_shape *s);
bl_status bl_op_alias(bl_op_plan *p, const bl_shape *s);
bl_status bl_op_ints(bl_op_plan *p, const bl_shape *s, int64_t **ints);

/* Refuses a node that would keep the machine busy for hours, whatever its shapes. */
bl_status bl_op_check_work(bl_op_plan *p, double steps);
/* Zeroed params from the arena, kept in p->params; NULL when there is no memory (and the plan has failed). */
void *bl_op_params(bl_op_plan *p, size_t bytes);
/* Refuses integers among the inputs first … last. */
bl_status bl_op_need_floats(bl_op_plan *p, int first, int last);
bool bl_op_has(const bl_op_plan *p, int i);
/* −rank … rank−1 to 0 … rank−1. */
bl_status bl_op_axis(bl_op_plan *p, int64_t axis, int rank, int *out);
/* A list of distinct axes of a rank: from the attribute (NULL: not there) or, where there is none, the integer input i.
 * *n and axes are left as they are when both are missing. Room for rank axes. */
bl_status bl_op_axes(bl_op_plan *p, const char *attr, int i, int rank, int *n, int *axes);
/* Elements before and after an axis. */
size_t bl_outer(const bl_shape *s, int axis);
size_t bl_inner(const bl_shape *s, int axis);

/* The result is one float for each of the first input's. */
bl_status bl_plan_same(bl_op_plan *p);
/* Activations: curves of up to two parameters, y = value(x), dy/dx = slope(x, y); x or y is 0 in slope where the table
 * does not declare it as read. Under guided and deconvnet rules: the plain derivative, then positive signal only. */
typedef bl_real (*bl_curve)(const float *params, bl_real x);
typedef bl_real (*bl_slope)(const float *params, bl_real x, bl_real y);
bl_status bl_curve_plan(bl_op_plan *p, const char *first, float first_default, const char *second,
                        float second_default);
void bl_curve_forward(const bl_op_run *r, bl_curve value);
void bl_curve_backward(const bl_op_run *r, bl_slope slope);
void bl_curve_explain(const bl_op_run *r, int of, size_t index, bl_explain *e, bl_curve value, bl_slope slope);
/* The same for a number cut to low … high. */
void bl_gate_explain(const bl_op_run *r, int of, size_t index, bl_explain *e, bl_real low, bl_real high);

/* One axis of a sliding window (convolution, pooling), as planned. */
typedef struct {
    int32_t in, out, kernel, stride, dilation, pad_begin, pad_end;
} bl_window;
/* Reads kernel_shape (may be missing when kernel[] is given), strides, dilations, pads, auto_pad and ceil_mode, for the
 * last two axes of x (rank 4), and finds the output's size. kernel: {height, width}, or NULL. */
bl_status bl_plan_windows(bl_op_plan *p, const bl_shape *x, const int32_t *kernel, bl_window windows[2]);
/* For pooling: does every window hold a cell of the picture? */
bl_status bl_check_windows(bl_op_plan *p, const bl_window windows[2]);

/* Two operands broadcast as in numpy (add.c, sub.c, mul.c, div.c). Rows are runs of the last axis; the steps are 1, or
 * 0 where the operand is one number for the whole run. */
typedef struct {
    void (*forward)(size_t n, const bl_real *a, size_t a_step, const bl_real *b, size_t b_step, bl_real *y);
    /* t[i] = what g[i] sends to operand 0 or 1. a and b are NULL where the table does not declare them as read. */
    void (*partial[2])(size_t n, const bl_real *g, const bl_real *a, size_t a_step, const bl_real *b, size_t b_step,
                       bl_real *t);
    bool (*ints)(int64_t a, int64_t b, int64_t *y); /* shape arithmetic; false: has no result */
    double (*factor)(int of, double a, double b); /* ∂/∂a or ∂/∂b; the result is a·∂/∂a, plus b·∂/∂b when a sum */
    bool is_sum;
} bl_binary;
bl_status bl_binary_plan(bl_op_plan *p, const bl_binary *f);
void bl_binary_forward(const bl_op_run *r, const bl_binary *f);
void bl_binary_backward(const bl_op_run *r, const bl_binary *f);
void bl_binary_explain(const bl_op_run *r, int of, size_t index, bl_explain *e, const bl_binary *f);

/* d into element i of a gradient: written or added. */
static inline void bl_put(bl_real *gradient, size_t i, bl_real d, bool add) {
    gradient[i] = add ? gradient[i] + d : d;
}

/* Guided backpropagation and deconvnet: only positive signal goes on (NaN stays). */
static inline bl_real bl_positive(bl_real d) {
    return d < 0 ? 0 : d;
}

#endif
