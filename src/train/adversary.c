/* Attacks on a batch: fast FGSM and PGD, for training against them and for measuring under them. */
#include "train/train.h"

#include "kernels/kernels.h"

#include <stdlib.h>
#include <string.h>

struct bl_adversary {
    const bl_model *model;
    bl_plan *plan;
    bl_run *run; /* gradient to the input alone */
    int batch, n_classes;
    size_t plane;
    bl_real *seed;
    float *noise; /* of one picture */
};

static bl_status make(bl_adversary *a, const bl_wants *how, bl_error *error) {
    bl_wants wants = *how;
    wants.last = a->model->scores;
    wants.seeds = &a->model->scores, wants.n_seeds = 1;
    wants.gradients = &a->model->input, wants.n_gradients = 1;
    BL_TRY(bl_plan_new(a->model, &wants, &a->plan, error));
    BL_TRY(bl_run_new(a->plan, &a->run, error));
    bl_shape input = bl_plan_shape(a->plan, a->model->input), scores = bl_plan_shape(a->plan, a->model->scores);
    a->batch = bl_plan_batch(a->plan);
    a->n_classes = (int)(bl_count(&scores) / (size_t)a->batch);
    a->plane = bl_count(&input) / (size_t)a->batch / (size_t)a->model->input_c;
    a->seed = bl_alloc_aligned(bl_count(&scores) * sizeof *a->seed);
    a->noise = bl_alloc_aligned(a->plane * (size_t)a->model->input_c * sizeof *a->noise);
    return a->seed && a->noise ? BL_OK : bl_fail(error, BL_MEMORY, "no memory for an attack");
}

bl_status bl_adversary_new(const bl_model *model, const bl_wants *how, bl_adversary **out, bl_error *error) {
    bl_adversary *a = calloc(1, sizeof *a);
    *out = NULL;
    if (!a) return bl_fail(error, BL_MEMORY, "no memory for an attack");
    a->model = model;
    bl_status status = make(a, how, error);
    if (status == BL_OK)
        *out = a;
    else
        bl_adversary_free(a);
    return status;
}

void bl_adversary_free(bl_adversary *a) {
    if (!a) return;
    bl_run_free(a->run);
    bl_plan_free(a->plan);
    bl_free_aligned(a->seed);
    bl_free_aligned(a->noise);
    free(a);
}

bl_run *bl_adversary_run(bl_adversary *a) {
    return a->run;
}

/* Adds `move` (in units of the input) and stays within ±reach of the picture and within the colours there are. */
static bl_real moved(bl_real x, bl_real picture, bl_real move, bl_real reach, bl_real black, bl_real white) {
    bl_real low = picture - reach > black ? picture - reach : black,
            high = picture + reach < white ? picture + reach : white, to = x + move;
    return to < low ? low : to > high ? high : to;
}

/* Every channel of one picture by a step: along the noise (−1 … 1) or along the gradient's sign. */
static void move_picture(const bl_adversary *a, const bl_attack *attack, bool by_noise, double step, const bl_real *g,
                         const bl_real *from, bl_real *x) {
    for (int c = 0; c < a->model->input_c; c++) {
        /* One unit of colour (0 … 1) is 1/std units of the input. */
        bl_real mean = a->model->mean[c], unit = 1 / a->model->std[c];
        bl_real reach = (bl_real)attack->epsilon * unit, by = (bl_real)step * unit;
        for (size_t i = (size_t)c * a->plane, end = i + a->plane; i < end; i++) {
            bl_real along = by_noise ? a->noise[i] : g[i] > 0 ? 1 : g[i] < 0 ? -1 : 0;
            x[i] = moved(x[i], from[i], by * along, reach, -mean * unit, (1 - mean) * unit);
        }
    }
}

static void note_fooled(const bl_adversary *a, const bl_real *scores, const int32_t *classes, bool *fooled) {
    for (int i = 0; fooled && i < a->batch; i++)
        if (bl_best_class((size_t)a->n_classes, scores + (size_t)i * (size_t)a->n_classes) != classes[i])
            fooled[i] = true;
}

bl_status bl_adversary_move(bl_adversary *a, const bl_attack *attack, const bl_real *pictures, const int32_t *classes,
                            bl_real *out, bool *fooled, bl_error *error) {
    const size_t each = a->plane * (size_t)a->model->input_c;
    bl_real *x = bl_run_input(a->run);
    memcpy(x, pictures, each * (size_t)a->batch * sizeof *x);
    for (int i = 0; i < a->batch; i++) {
        bl_random r = attack->start;
        r.sample += (uint32_t)i;
        bl_random_uniforms(&r, 0, each, a->noise);
        for (size_t k = 0; k < each; k++) a->noise[k] = 2 * a->noise[k] - 1;
        move_picture(a, attack, true, attack->epsilon, NULL, pictures + (size_t)i * each, x + (size_t)i * each);
    }
    for (int step = 0; step < attack->steps; step++) {
        BL_TRY(bl_run_forward(a->run, error));
        const bl_real *scores = bl_run_value(a->run, a->model->scores);
        note_fooled(a, scores, classes, fooled);
        bl_cross_entropy((size_t)a->batch, (size_t)a->n_classes, scores, classes, 0, 1, a->seed);
        const bl_seed seed = {.value = a->model->scores, .data = a->seed, .weight = 1};
        BL_TRY(bl_run_backward(a->run, &seed, 1, NULL, error));
        const bl_real *g = bl_run_gradient(a->run, a->model->input);
        for (int i = 0; i < a->batch; i++)
            move_picture(a, attack, false, attack->step, g + (size_t)i * each, pictures + (size_t)i * each,
                         x + (size_t)i * each);
    }
    if (fooled) {
        BL_TRY(bl_run_forward(a->run, error));
        note_fooled(a, bl_run_value(a->run, a->model->scores), classes, fooled);
    }
    memcpy(out, x, each * (size_t)a->batch * sizeof *x);
    return BL_OK;
}
