/* Batch normalisation while training (Ioffe & Szegedy 2015): every channel is normalised with mean and variance of the
 * pictures at hand, which are those of a shard (Hoffer et al. 2017 call that ghost batch normalisation): so shards are
 * part of a recipe, threads are not. The operator in ops/ is what the network is when it is used.
 *
 *     y = scale·(x − m)/√(v + epsilon) + bias,   m = Σx/n,   v = Σ(x − m)²/n   over pictures and positions
 *
 * Backwards, inputs 3 and 4 (the running mean and variance) have no gradient, as nothing depends on them. Where it is
 * wanted they get m and v instead, so that the trainer collects them with the gradients, in the order of the shards. */
#include "train/twins.h"

#include <math.h>
#include <string.h>

typedef struct {
    size_t pictures, channels, plane;
    double epsilon;
} batchnorm;
typedef struct {
    double mean, variance, factor; /* factor: 1/√(v + epsilon) */
} statistics;

static bl_status plan(bl_op_plan *p) {
    BL_TRY(bl_op_find("BatchNormalization")->plan(p)); /* the same inputs, attributes and shapes */
    const bl_shape *x = &p->in[0].shape;
    size_t channels = (size_t)x->dim[1], pictures = (size_t)x->dim[0];
    batchnorm *b = bl_arena_take(p->arena, sizeof *b);
    if (!b) return bl_op_fail(p, BL_MEMORY, "no memory");
    *b = (batchnorm){pictures, channels, bl_count(x) / (pictures * channels),
                     (double)bl_attr_float(p, "epsilon", 1e-5F)};
    p->params = b;
    p->aux = channels * sizeof(statistics);
    return p->failed;
}

/* Sums of a stretch side by side in LANES floats, which the compiler makes vectors of; stretches are joined in double,
 * in order. A stretch is short enough for floats, and the order is the same on every machine. */
enum { LANES = 16, STRETCH = 4096 };

static double joined(const float lanes[LANES]) {
    double sum = 0;
    for (int j = 0; j < LANES; j++) sum += (double)lanes[j];
    return sum;
}

static double sum_of(const float *x, size_t n) {
    double total = 0;
    for (size_t from = 0; from < n; from += STRETCH) {
        size_t i = from, to = n - from < STRETCH ? n : from + STRETCH;
        float lanes[LANES] = {0};
        for (; i + LANES <= to; i += LANES)
            for (size_t j = 0; j < LANES; j++) lanes[j] += x[i + j];
        for (size_t j = 0; i < to; i++, j++) lanes[j] += x[i];
        total += joined(lanes);
    }
    return total;
}

/* Σ (x − m)·y, and with y = NULL Σ (x − m)². */
static double centred_sum(const float *x, float m, const float *y, size_t n) {
    double total = 0;
    for (size_t from = 0; from < n; from += STRETCH) {
        size_t i = from, to = n - from < STRETCH ? n : from + STRETCH;
        float lanes[LANES] = {0};
        if (y)
            for (; i + LANES <= to; i += LANES)
                for (size_t j = 0; j < LANES; j++) lanes[j] += (x[i + j] - m) * y[i + j];
        else
            for (; i + LANES <= to; i += LANES)
                for (size_t j = 0; j < LANES; j++) lanes[j] += (x[i + j] - m) * (x[i + j] - m);
        for (size_t j = 0; i < to; i++, j++) lanes[j] += (x[i] - m) * (y ? y[i] : x[i] - m);
        total += joined(lanes);
    }
    return total;
}

static void forward(const bl_op_run *r) {
    const batchnorm *b = r->params;
    statistics *kept = r->aux;
    double n = (double)(b->pictures * b->plane);
    for (size_t c = 0; c < b->channels; c++) {
        double sum = 0, square = 0;
        for (size_t p = 0; p < b->pictures; p++) sum += sum_of(r->in[0] + (p * b->channels + c) * b->plane, b->plane);
        float mean = (float)(sum / n);
        for (size_t p = 0; p < b->pictures; p++)
            square += centred_sum(r->in[0] + (p * b->channels + c) * b->plane, mean, NULL, b->plane);
        kept[c] = (statistics){(double)mean, square / n, 1 / sqrt(square / n + b->epsilon)};
        float factor = (float)((double)r->in[1][c] * kept[c].factor), bias = r->in[2][c];
        for (size_t p = 0; p < b->pictures; p++) {
            const float *x = r->in[0] + (p * b->channels + c) * b->plane;
            float *y = r->out + (p * b->channels + c) * b->plane;
            for (size_t i = 0; i < b->plane; i++) y[i] = (x[i] - mean) * factor + bias;
        }
    }
}

static void put(bl_real *to, size_t c, double v, bool add) {
    if (to) to[c] = add ? to[c] + (bl_real)v : (bl_real)v;
}

/* dx = scale·factor·(dy − Σdy/n − (x − m)·factor²·Σdy(x − m)/n) */
static void backward(const bl_op_run *r) {
    const batchnorm *b = r->params;
    const statistics *kept = r->aux;
    double n = (double)(b->pictures * b->plane);
    for (size_t c = 0; c < b->channels; c++) {
        double plain = 0, centred = 0;
        float mean = (float)kept[c].mean;
        for (size_t p = 0; p < b->pictures; p++) {
            size_t at = (p * b->channels + c) * b->plane;
            plain += sum_of(r->grad_out + at, b->plane);
            if (r->in[0]) centred += centred_sum(r->in[0] + at, mean, r->grad_out + at, b->plane);
        }
        put(r->grad_in[1], c, centred * kept[c].factor, r->add[1]);
        put(r->grad_in[2], c, plain, r->add[2]);
        put(r->grad_in[3], c, kept[c].mean, r->add[3]);
        put(r->grad_in[4], c, kept[c].variance, r->add[4]);
        if (!r->grad_in[0]) continue;
        double whole = (double)r->in[1][c] * kept[c].factor;
        float direct = (float)whole, even = (float)(whole * plain / n),
              along = (float)(whole * kept[c].factor * kept[c].factor * centred / n);
        for (size_t p = 0; p < b->pictures; p++) {
            size_t at = (p * b->channels + c) * b->plane;
            const float *x = r->in[0] + at, *dy = r->grad_out + at;
            float *dx = r->grad_in[0] + at;
            if (r->add[0])
                for (size_t i = 0; i < b->plane; i++) dx[i] += direct * dy[i] - even - along * (x[i] - mean);
            else
                for (size_t i = 0; i < b->plane; i++) dx[i] = direct * dy[i] - even - along * (x[i] - mean);
        }
    }
}

const bl_op bl_training_batchnorm = {
    .name = "BatchNormalization",
    .since = 7,
    .min_in = 5,
    .max_in = 5,
    .attrs = "epsilon momentum spatial training_mode",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .reads = {1 << 0 | 1 << 1, 1 << 0, 0, 0, 0},
    .summary = "normalises every channel by the pictures at hand while training",
};
