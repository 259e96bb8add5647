/* Class statistics: what each channel of each layer answers, on average, to the pictures of each class. */
#include "train/train.h"

#include <stdlib.h>
#include <string.h>

enum { STATISTICS_BATCH = 16 };

typedef struct {
    int value, channels, offset; /* offset: of its channels among all of them */
    size_t plane;
} layer;

typedef struct {
    const bl_model *model;
    const bl_pictures *pictures;
    layer *layers;
    int n_layers, n_channels;
    bl_run **runs; /* one a thread */
    bl_error *errors;
    bl_status *statuses;
    float *means; /* pictures × n_channels: each channel's mean over its map */
} measuring;

/* Layers that compute something: a value that is another under a new shape would only tell the same twice. */
static bool is_layer(const bl_plan *plan, const bl_node *node) {
    const bl_model *m = bl_plan_model(plan);
    const bl_value *v = &m->values[node->out];
    if (v->type != BL_FLOAT || v->is_constant || !node->op->forward || !bl_plan_has(plan, node->out)) return false;
    bl_shape s = bl_plan_shape(plan, node->out);
    return s.rank >= 2 && s.dim[0] == bl_plan_batch(plan);
}

static void find_layers(measuring *x, const bl_plan *plan) {
    for (int k = 0; k < x->model->n_nodes; k++) {
        const bl_node *node = &x->model->nodes[k];
        if (!is_layer(plan, node)) continue;
        bl_shape s = bl_plan_shape(plan, node->out);
        size_t plane = 1;
        for (int i = 2; i < s.rank; i++) plane *= (size_t)s.dim[i];
        x->layers[x->n_layers++] = (layer){node->out, s.dim[1], x->n_channels, plane};
        x->n_channels += s.dim[1];
    }
}

static bl_status measure_batch(measuring *x, bl_run *run, int first, bl_error *error) {
    int n = x->pictures->n - first < STATISTICS_BATCH ? x->pictures->n - first : STATISTICS_BATCH;
    size_t each = (size_t)x->pictures->width * (size_t)x->pictures->height * (size_t)x->model->input_c;
    for (int i = 0; i < n; i++) {
        bl_picture picture = bl_pictures_at(x->pictures, first + i);
        bl_picture_to_input(&picture, x->model, bl_run_input(run) + (size_t)i * each);
    }
    BL_TRY(bl_run_forward(run, error));
    for (int l = 0; l < x->n_layers; l++) {
        const layer *y = &x->layers[l];
        const bl_real *value = bl_run_value(run, y->value);
        for (int i = 0; i < n; i++)
            for (int c = 0; c < y->channels; c++, value += y->plane) {
                double sum = 0;
                for (size_t p = 0; p < y->plane; p++) sum += (double)value[p];
                x->means[(size_t)(first + i) * (size_t)x->n_channels + (size_t)(y->offset + c)] =
                    (float)(sum / (double)y->plane);
            }
    }
    return BL_OK;
}

static void measure_task(void *user, int thread, int i) {
    measuring *x = user;
    if (x->statuses[thread] == BL_OK)
        x->statuses[thread] = measure_batch(x, x->runs[thread], i * STATISTICS_BATCH, &x->errors[thread]);
}

static bl_status measure(measuring *x, const bl_plan *plan, int threads, bl_error *error) {
    for (int i = 0; i < threads; i++) BL_TRY(bl_run_new(plan, &x->runs[i], error));
    bl_parallel(threads, (x->pictures->n + STATISTICS_BATCH - 1) / STATISTICS_BATCH, measure_task, x);
    for (int i = 0; i < threads; i++) {
        if (x->statuses[i] == BL_OK) continue;
        *error = x->errors[i];
        return x->statuses[i];
    }
    return BL_OK;
}

/* Pictures in their order, whatever thread measured them. */
static bl_status average(const measuring *x, bl_tensors *out, bl_error *error) {
    int n_classes = x->pictures->n_classes;
    out->tensors = bl_arena_take_array(&out->arena, (size_t)x->n_layers + 1, sizeof *out->tensors);
    int64_t *seen = bl_arena_take_array(&out->arena, (size_t)n_classes, sizeof *seen);
    double *sums = calloc((size_t)n_classes * (size_t)x->n_channels + 1, sizeof *sums);
    bl_status status = out->tensors && seen && sums ? BL_OK : bl_fail(error, BL_MEMORY, "no memory for the statistics");
    for (int i = 0; status == BL_OK && i < x->pictures->n; i++) {
        seen[x->pictures->classes[i]]++;
        double *row = sums + (size_t)x->pictures->classes[i] * (size_t)x->n_channels;
        const float *means = x->means + (size_t)i * (size_t)x->n_channels;
        for (int c = 0; c < x->n_channels; c++) row[c] += (double)means[c];
    }
    if (status == BL_OK)
        out->tensors[out->n++] =
            (bl_tensor){.name = "backlight.pictures", .type = BL_INT, .rank = 1, .dim = {n_classes}, .ints = seen};
    for (int l = 0; status == BL_OK && l < x->n_layers; l++) {
        const layer *y = &x->layers[l];
        bl_real *data = bl_arena_take_array(&out->arena, (size_t)n_classes, (size_t)y->channels * sizeof *data);
        if (!data) {
            status = bl_fail(error, BL_MEMORY, "no memory for the statistics");
            break;
        }
        for (int k = 0; k < n_classes; k++)
            for (int c = 0; c < y->channels; c++)
                data[k * y->channels + c] =
                    (bl_real)(sums[(size_t)k * (size_t)x->n_channels + (size_t)(y->offset + c)] /
                              (double)(seen[k] ? seen[k] : 1));
        out->tensors[out->n++] = (bl_tensor){.name = x->model->values[y->value].name,
                                             .type = BL_FLOAT,
                                             .half = true,
                                             .rank = 2,
                                             .dim = {n_classes, y->channels},
                                             .data = data};
    }
    free(sums);
    return status;
}

bl_status bl_statistics(const bl_model *model, const bl_pictures *pictures, int threads, bl_tensors *out,
                        bl_error *error) {
    bl_plan *plan = NULL;
    bl_wants wants = BL_WANTS;
    *out = (bl_tensors){0};
    wants.batch = STATISTICS_BATCH;
    wants.height = pictures->height, wants.width = pictures->width;
    wants.observe_all = true;
    BL_TRY(bl_plan_new(model, &wants, &plan, error));
    measuring x = {.model = model,
                   .pictures = pictures,
                   .layers = calloc((size_t)model->n_nodes + 1, sizeof *x.layers),
                   .runs = calloc((size_t)threads, sizeof *x.runs),
                   .errors = calloc((size_t)threads, sizeof *x.errors),
                   .statuses = calloc((size_t)threads, sizeof *x.statuses)};
    if (x.layers) find_layers(&x, plan);
    x.means = calloc((size_t)pictures->n + 1, ((size_t)x.n_channels + 1) * sizeof *x.means);
    bl_status status = BL_OK;
    if (!x.layers || !x.runs || !x.errors || !x.statuses || !x.means)
        status = bl_fail(error, BL_MEMORY, "no memory to measure %d pictures", pictures->n);
    if (status == BL_OK) status = measure(&x, plan, threads, error);
    if (status == BL_OK) status = average(&x, out, error);
    if (status != BL_OK) bl_tensors_free(out);
    for (int i = 0; x.runs && i < threads; i++) bl_run_free(x.runs[i]);
    bl_plan_free(plan);
    free(x.layers), free(x.runs), free(x.errors), free(x.statuses), free(x.means);
    return status;
}
