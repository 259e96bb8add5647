#include "ops/common.h"
#include "ops/explain.h"

#include <math.h>

/* Inputs: x, scale, bias, mean, variance. y = scale·(x − mean)/√(variance + epsilon) + bias, per channel. */
typedef struct {
    size_t pictures, channels, plane;
    double epsilon;
} batchnorm;

static bl_status plan(bl_op_plan *p) {
    const bl_shape *x = &p->in[0].shape;
    BL_TRY(bl_op_need_floats(p, 0, 4));
    float epsilon = bl_attr_float(p, "epsilon", 1e-5F);
    if (bl_attr_int(p, "training_mode", 0))
        return bl_op_fail(p, BL_UNSUPPORTED, "training_mode 1; export the network for inference");
    if (!bl_attr_int(p, "spatial", 1))
        return bl_op_fail(p, BL_UNSUPPORTED, "spatial 0 (statistics for every cell) is not supported");
    if (p->failed) return p->failed;
    if (x->rank < 2) return bl_op_fail(p, BL_SHAPE, "the input has rank %d and no channels", x->rank);
    for (int i = 1; i < 5; i++)
        if (p->in[i].shape.rank != 1 || p->in[i].shape.dim[0] != x->dim[1])
            return bl_op_fail(p, BL_SHAPE, "input %d must be a list of %d numbers", i, (int)x->dim[1]);
    BL_TRY(bl_op_result(p, x));
    batchnorm *b = bl_op_params(p, sizeof *b);
    if (!b) return BL_MEMORY;
    *b = (batchnorm){(size_t)x->dim[0], (size_t)x->dim[1], bl_inner(x, 1), (double)epsilon};
    p->macs = (double)bl_count(x);
    return BL_OK;
}

static double deviation(const bl_op_run *r, size_t c) {
    return sqrt((double)r->in[4][c] + ((const batchnorm *)r->params)->epsilon);
}

static void forward(const bl_op_run *r) {
    const batchnorm *b = r->params;
    for (size_t i = 0; i < b->pictures * b->channels; i++) {
        size_t c = i % b->channels;
        double factor = (double)r->in[1][c] / deviation(r, c),
               shift = (double)r->in[2][c] - (double)r->in[3][c] * factor;
        bl_scale_shift(b->plane, r->in[0] + i * b->plane, (bl_real)factor, (bl_real)shift, r->out + i * b->plane);
    }
}

/* Sums over the batch of one channel: Σ dy, and Σ dy·(x − mean) where x is there. */
static void sums(const bl_op_run *r, size_t c, double *plain, double *centred) {
    const batchnorm *b = r->params;
    *plain = *centred = 0;
    for (size_t p = 0; p < b->pictures; p++) {
        size_t at = (p * b->channels + c) * b->plane;
        double sum = bl_sum(r->grad_out + at, b->plane);
        *plain += sum;
        if (r->in[0] && r->in[3])
            *centred += bl_dot(r->in[0] + at, r->grad_out + at, b->plane) - (double)r->in[3][c] * sum;
    }
}

static void backward(const bl_op_run *r) {
    const batchnorm *b = r->params;
    if (r->grad_in[0])
        for (size_t i = 0; i < b->pictures * b->channels; i++) {
            size_t c = i % b->channels;
            bl_scale(b->plane, r->grad_out + i * b->plane, (bl_real)((double)r->in[1][c] / deviation(r, c)),
                     r->grad_in[0] + i * b->plane, r->add[0]);
        }
    if (!r->grad_in[1] && !r->grad_in[2] && !r->grad_in[3] && !r->grad_in[4]) return;
    for (size_t c = 0; c < b->channels; c++) {
        double plain, centred;
        sums(r, c, &plain, &centred);
        if (r->grad_in[1]) bl_put(r->grad_in[1], c, (bl_real)(centred / deviation(r, c)), r->add[1]);
        if (r->grad_in[2]) bl_put(r->grad_in[2], c, (bl_real)plain, r->add[2]);
        if (r->grad_in[3])
            bl_put(r->grad_in[3], c, (bl_real)(-plain * (double)r->in[1][c] / deviation(r, c)), r->add[3]);
        if (r->grad_in[4]) {
            double cube = deviation(r, c) * deviation(r, c) * deviation(r, c);
            bl_put(r->grad_in[4], c, (bl_real)(-0.5 * centred * (double)r->in[1][c] / cube), r->add[4]);
        }
    }
}

static void explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    const batchnorm *b = r->params;
    size_t c = index / b->plane % b->channels;
    double factor = (double)r->in[1][c] / deviation(r, c);
    e->layout(e, BL_FORM_SUM, 1, 1, 1);
    if (of >= 0) {
        bl_say_signal(e, r, index, factor, 1, c);
        return;
    }
    bl_say_input(e, r, 0, index, factor, 1, c);
    bl_say(e, BL_TERM_SHIFT, (double)r->in[3][c], -factor, 3, c, 1, c);
    bl_say(e, BL_TERM_SHIFT, (double)r->in[2][c], 1, 2, c, BL_NO_OPERAND, 0);
}

const bl_op bl_op_BatchNormalization = {
    .name = "BatchNormalization",
    .since = 7,
    .min_in = 5,
    .max_in = 5,
    .attrs = "epsilon momentum spatial training_mode",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_FIRST,
    .reads = {1 << 1 | 1 << 4, 1 << 0 | 1 << 3 | 1 << 4, 0, 1 << 1 | 1 << 4, 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4},
    .explain = explain,
    .explains = 1 << 0,
    .in_place = true,
    .weights = 1,
    .normalises = true,
    .field = bl_field_same,
    .summary = "Every channel shifted and scaled by its statistics, as in inference",
};
