/* How often a network is right: every picture run through it, counted by true and predicted class. */
#include "kernels/kernels.h"
#include "train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EVALUATION_BATCH = 16 };

typedef struct {
    const bl_model *model;
    const bl_pictures *pictures;
    bl_run **runs; /* one a thread */
    bl_error *errors;
    bl_status *statuses;
    int *best, *rank;            /* of each picture: predicted class; number of classes scored above the true one */
    double *losses, *confidence; /* confidence: probability of the predicted class */
} evaluating;

int bl_best_class(size_t n, const bl_real *scores) {
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (scores[i] > scores[best]) best = i;
    return (int)best;
}

static bl_status evaluate_batch(evaluating *e, bl_run *run, int first, bl_error *error) {
    int n = e->pictures->n - first < EVALUATION_BATCH ? e->pictures->n - first : EVALUATION_BATCH;
    size_t classes = (size_t)e->pictures->n_classes;
    size_t each = (size_t)e->pictures->width * (size_t)e->pictures->height * (size_t)e->model->input_c;
    for (int i = 0; i < n; i++) {
        bl_picture picture = bl_pictures_at(e->pictures, first + i);
        bl_picture_to_input(&picture, e->model, bl_run_input(run) + (size_t)i * each);
    }
    BL_TRY(bl_run_forward(run, error));
    for (int i = 0; i < n; i++) {
        const bl_real *scores = bl_run_value(run, e->model->scores) + (size_t)i * classes;
        int32_t target = e->pictures->classes[first + i];
        int32_t best = e->best[first + i] = bl_best_class(classes, scores);
        e->confidence[first + i] = exp(-bl_cross_entropy(1, classes, scores, &best, 0, 1, NULL));
        e->losses[first + i] = bl_cross_entropy(1, classes, scores, &target, 0, 1, NULL);
        for (size_t c = 0; c < classes; c++) e->rank[first + i] += scores[c] > scores[target];
    }
    return BL_OK;
}

static void evaluate_task(void *user, int thread, int i) {
    evaluating *e = user;
    if (e->statuses[thread] == BL_OK)
        e->statuses[thread] = evaluate_batch(e, e->runs[thread], i * EVALUATION_BATCH, &e->errors[thread]);
}

static bl_status make_run(const evaluating *e, const bl_plan *plan, const bl_real *const *constants, bl_run **run,
                          bl_error *error) {
    BL_TRY(bl_run_new(plan, run, error));
    for (int v = 0; constants && v < e->model->n_values; v++)
        if (constants[v]) BL_TRY(bl_run_set_constant(*run, v, constants[v], error));
    return BL_OK;
}

static bl_status evaluate_with(evaluating *e, const bl_plan *plan, const bl_real *const *constants, int threads,
                               bl_error *error) {
    bl_shape scores = bl_plan_shape(plan, e->model->scores);
    if (bl_count(&scores) != (size_t)EVALUATION_BATCH * (size_t)e->pictures->n_classes)
        return bl_fail(error, BL_SHAPE, "the network gives %zu scores a picture, but has %d labels",
                       bl_count(&scores) / EVALUATION_BATCH, e->pictures->n_classes);
    for (int i = 0; i < threads; i++) BL_TRY(make_run(e, plan, constants, &e->runs[i], error));
    bl_parallel(threads, (e->pictures->n + EVALUATION_BATCH - 1) / EVALUATION_BATCH, evaluate_task, e);
    for (int i = 0; i < threads; i++) {
        if (e->statuses[i] == BL_OK) continue;
        if (error) *error = e->errors[i];
        return e->statuses[i];
    }
    return BL_OK;
}

static void count(const evaluating *e, bl_evaluation *out) {
    for (int i = 0; i < out->n; i++) {
        int target = e->pictures->classes[i];
        out->confusion[target * out->n_classes + e->best[i]]++;
        out->correct += e->best[i] == target;
        out->top5 += e->rank[i] < 5;
        out->loss += e->losses[i] / out->n;
        int bin = (int)(e->confidence[i] * BL_CALIBRATION_BINS);
        if (bin >= BL_CALIBRATION_BINS) bin = BL_CALIBRATION_BINS - 1;
        out->bins[bin].n++;
        out->bins[bin].correct += e->best[i] == target;
        out->bins[bin].sum += e->confidence[i];
    }
}

bl_status bl_evaluate(const bl_model *model, const bl_real *const *constants, const bl_pictures *pictures, int threads,
                      bl_evaluation *out, bl_error *error) {
    bl_plan *plan = NULL;
    double start = bl_seconds();
    size_t n = (size_t)pictures->n + 1, t = (size_t)threads;
    evaluating e = {model,
                    pictures,
                    calloc(t, sizeof *e.runs),
                    calloc(t, sizeof *e.errors),
                    calloc(t, sizeof *e.statuses),
                    calloc(n, sizeof *e.best),
                    calloc(n, sizeof *e.rank),
                    calloc(n, sizeof *e.losses),
                    calloc(n, sizeof *e.confidence)};
    *out = (bl_evaluation){.n = pictures->n, .n_classes = pictures->n_classes, .kernels = bl_kernels_name()};
    out->confusion = calloc((size_t)out->n_classes * (size_t)out->n_classes, sizeof *out->confusion);
    bl_status status = BL_OK;
    if (!e.runs || !e.errors || !e.statuses || !e.best || !e.rank || !e.losses || !e.confidence || !out->confusion)
        status = bl_fail(error, BL_MEMORY, "no memory to evaluate %d pictures", pictures->n);
    bl_wants wants = BL_WANTS;
    wants.batch = EVALUATION_BATCH;
    wants.height = pictures->height, wants.width = pictures->width;
    wants.last = model->scores;
    if (status == BL_OK) status = bl_plan_new(model, &wants, &plan, error);
    if (status == BL_OK) status = evaluate_with(&e, plan, constants, threads, error);
    if (status == BL_OK) {
        count(&e, out);
        out->macs = bl_plan_macs(plan) / EVALUATION_BATCH;
        out->seconds = bl_seconds() - start;
    }
    for (int i = 0; e.runs && i < threads; i++) bl_run_free(e.runs[i]);
    bl_plan_free(plan);
    free(e.runs), free(e.errors), free(e.statuses), free(e.best), free(e.rank), free(e.losses), free(e.confidence);
    if (status != BL_OK) bl_evaluation_free(out);
    return status;
}

void bl_evaluation_free(bl_evaluation *e) {
    free(e->confusion);
    e->confusion = NULL;
}

double bl_calibration_error(const bl_evaluation *e) {
    double sum = 0;
    for (int i = 0; i < BL_CALIBRATION_BINS; i++) sum += fabs(e->bins[i].correct - e->bins[i].sum);
    return e->n ? sum / e->n : 0;
}

void bl_wilson(int k, int n, double *low, double *high) {
    const double z = 1.959963984540054;
    if (n < 1) {
        *low = 0, *high = 1;
        return;
    }
    double p = (double)k / n, scale = 1 + z * z / n;
    double centre = (p + z * z / (2.0 * n)) / scale, half = z * sqrt(p * (1 - p) / n + z * z / (4.0 * n * n)) / scale;
    *low = centre - half < 0 ? 0 : centre - half;
    *high = centre + half > 1 ? 1 : centre + half;
}
