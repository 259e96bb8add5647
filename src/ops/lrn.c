#include "ops/common.h"
#include "ops/explain.h"

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

typedef struct {
    int first, last;
} span;
static span around(const lrn *s, int c, int before, int after) {
    return (span){c > before ? c - before : 0, after < s->channels - 1 - c ? c + after : s->channels - 1};
}
/* bias + alpha/size · Σ x² around channel c, at a place of a plane. */
static double base_of(const lrn *s, const bl_real *x, int c) {
    span a = around(s, c, (s->size - 1) / 2, s->size / 2);
    double sum = 0;
    for (int q = a.first; q <= a.last; q++) sum += (double)x[(size_t)q * s->plane] * (double)x[(size_t)q * s->plane];
    return s->bias + s->alpha / s->size * sum;
}

static void explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    const lrn *s = r->params;
    size_t all = (size_t)s->channels * s->plane, from = index / all * all + index % s->plane;
    int c = (int)(index / s->plane % (size_t)s->channels), before = (s->size - 1) / 2, after = s->size / 2;
    const bl_real *x = r->in[0] + from;
    span a = of < 0 ? around(s, c, before, after) : around(s, c, after, before);
    e->layout(e, of < 0 ? BL_FORM_SCALED : BL_FORM_SUM, of < 0 ? 1 : (size_t)(a.last - a.first + 1), 1, 1);
    if (of < 0) {
        bl_say_input(e, r, 0, index, (double)bl_inverse_power((bl_real)base_of(s, x, c), s->beta), BL_NO_OPERAND, 0);
        for (int q = a.first; q <= a.last; q++) {
            size_t at = from + (size_t)q * s->plane;
            bl_say(e, BL_TERM_ASIDE, (double)r->in[0][at], s->alpha / s->size * (double)r->in[0][at], 0, at, 0, at);
        }
        return;
    }
    for (int q = a.first; q <= a.last; q++) {
        size_t at = from + (size_t)q * s->plane;
        double base = base_of(s, x, q), power = (double)bl_inverse_power((bl_real)base, s->beta);
        double factor =
            -2 * s->alpha * s->beta / s->size * (double)r->in[0][index] * (double)r->in[0][at] * power / base;
        bl_say_signal(e, r, at, factor + (q == c ? power : 0), BL_NO_OPERAND, 0);
    }
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
    .shares = BL_SHARES_CURVE,
    .reads = {1 << 0},
    .explain = explain,
    .explains = 1 << 0,
    .field = bl_field_same,
    .summary = "Local response normalisation across channels (Krizhevsky et al. 2012)",
};
