#include "ops/common.h"

typedef struct {
    int channels, size;
    size_t plane;
    double alpha, beta, bias;
} lrn;

static bl_status plan(bl_op_plan *p) {
    const bl_shape *x = &p->in[0].shape;
    BL_TRY(bl_plan_same(p));
    int64_t size = bl_attr_int(p, "size", 0);
    lrn s = {.alpha = (double)bl_attr_float(p, "alpha", 1e-4F),
             .beta = (double)bl_attr_float(p, "beta", 0.75F),
             .bias = (double)bl_attr_float(p, "bias", 1)};
    if (p->failed) return p->failed;
    if (x->rank != 4)
        return bl_op_fail(p, BL_UNSUPPORTED, "input of rank %d; only pictures are supported (rank 4)", x->rank);
    if (size < 1 || size > BL_MAX_DIM)
        return bl_op_fail(p, BL_FORMAT, "attribute size is %lld; it must be positive", (long long)size);
    s.size = (int)size;
    s.channels = x->dim[1];
    s.plane = bl_inner(x, 1);
    lrn *kept = bl_op_params(p, sizeof *kept);
    if (!kept) return BL_MEMORY;
    *kept = s;
    p->scratch = 2 * (size_t)s.channels * s.plane * sizeof(bl_real);
    return bl_op_check_work(p, (double)bl_count(x) * (s.size < s.channels ? s.size : s.channels));
}

static void forward(const bl_op_run *r) {
    const lrn *s = r->params;
    for (size_t i = 0; i < bl_count(&r->out_shape); i += (size_t)s->channels * s->plane)
        bl_lrn(s->channels, s->plane, s->size, s->alpha, s->beta, s->bias, r->in[0] + i, r->out + i);
}

static void backward(const bl_op_run *r) {
    const lrn *s = r->params;
    if (!r->grad_in[0]) return;
    for (size_t i = 0; i < bl_count(&r->out_shape); i += (size_t)s->channels * s->plane)
        bl_lrn_backward(s->channels, s->plane, s->size, s->alpha, s->beta, s->bias, r->in[0] + i, r->grad_out + i,
                        r->grad_in[0] + i, r->add[0], r->scratch);
}

const bl_op bl_op_LRN = {
    .name = "LRN",
    .since = 1,
    .min_in = 1,
    .max_in = 1,
    .attrs = "alpha beta bias size",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .reads = {1 << 0},
    .summary = "Local response normalisation across channels (Krizhevsky et al. 2012)",
};
