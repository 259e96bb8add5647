/* How often a network is right when its pictures are attacked. */
#include "train/train.h"

#include <stdlib.h>

enum { EVALUATION_BATCH = 16 };

typedef struct {
    const bl_model *model;
    const bl_pictures *pictures;
    bl_attack attack;
    int restarts;
    bl_adversary **adversaries; /* one a thread */
    bl_real **inputs;           /* of a batch, twice: as they are and moved */
    bl_error *errors;
    bl_status *statuses;
    int *right; /* of each batch */
} attacking;

static bl_status attack_batch(attacking *a, int thread, int first) {
    const bl_pictures *p = a->pictures;
    int n = p->n - first < EVALUATION_BATCH ? p->n - first : EVALUATION_BATCH;
    size_t each = (size_t)p->width * (size_t)p->height * (size_t)a->model->input_c;
    bl_real *inputs = a->inputs[thread], *moved = inputs + each * EVALUATION_BATCH;
    int32_t classes[EVALUATION_BATCH];
    bool fooled[EVALUATION_BATCH] = {false};
    for (int i = 0; i < EVALUATION_BATCH; i++) { /* a last batch that is not full repeats its last picture */
        int at = first + (i < n ? i : n - 1);
        bl_picture picture = bl_pictures_at(p, at);
        bl_picture_to_input(&picture, a->model, inputs + (size_t)i * each);
        classes[i] = p->classes[at];
    }
    for (int restart = 0; restart < a->restarts; restart++) {
        bool all = true;
        for (int i = 0; i < n; i++) all = all && fooled[i];
        if (all) break;
        bl_attack attack = a->attack;
        attack.start.sample = (uint32_t)first;
        attack.start.step = (uint32_t)restart;
        BL_TRY(bl_adversary_move(a->adversaries[thread], &attack, inputs, classes, moved, fooled, &a->errors[thread]));
    }
    a->right[first / EVALUATION_BATCH] = 0;
    for (int i = 0; i < n; i++) a->right[first / EVALUATION_BATCH] += !fooled[i];
    return BL_OK;
}

static void attack_task(void *user, int thread, int i) {
    attacking *a = user;
    if (a->statuses[thread] == BL_OK) a->statuses[thread] = attack_batch(a, thread, i * EVALUATION_BATCH);
}

static bl_status attack_all(attacking *a, int threads, int batches, int *correct, bl_error *error) {
    bl_wants wants = BL_WANTS;
    wants.batch = EVALUATION_BATCH;
    wants.height = a->pictures->height, wants.width = a->pictures->width;
    size_t each = (size_t)wants.width * (size_t)wants.height * (size_t)a->model->input_c;
    for (int i = 0; i < threads; i++) {
        BL_TRY(bl_adversary_new(a->model, &wants, &a->adversaries[i], error));
        a->inputs[i] = bl_alloc_aligned(2 * each * EVALUATION_BATCH * sizeof(bl_real));
        if (!a->inputs[i]) return bl_fail(error, BL_MEMORY, "no memory to attack %d pictures", a->pictures->n);
    }
    bl_parallel(threads, batches, attack_task, a);
    for (int i = 0; i < threads; i++) {
        if (a->statuses[i] == BL_OK) continue;
        if (error) *error = a->errors[i];
        return a->statuses[i];
    }
    for (int i = 0; i < batches; i++) *correct += a->right[i];
    return BL_OK;
}

bl_status bl_evaluate_attacked(const bl_model *model, const bl_pictures *pictures, const bl_attack *attack,
                               int restarts, int threads, int *correct, bl_error *error) {
    int batches = (pictures->n + EVALUATION_BATCH - 1) / EVALUATION_BATCH;
    size_t t = (size_t)threads;
    attacking a = {model,
                   pictures,
                   *attack,
                   restarts,
                   calloc(t, sizeof *a.adversaries),
                   calloc(t, sizeof *a.inputs),
                   calloc(t, sizeof *a.errors),
                   calloc(t, sizeof *a.statuses),
                   calloc((size_t)batches + 1, sizeof *a.right)};
    *correct = 0;
    bl_status status = bl_fail(error, BL_MEMORY, "no memory to attack %d pictures", pictures->n);
    if (a.adversaries && a.inputs && a.errors && a.statuses && a.right)
        status = attack_all(&a, threads, batches, correct, error);
    for (int i = 0; i < threads; i++) {
        if (a.adversaries) bl_adversary_free(a.adversaries[i]);
        if (a.inputs) bl_free_aligned(a.inputs[i]);
    }
    free(a.adversaries), free(a.inputs), free(a.errors), free(a.statuses), free(a.right);
    return status;
}
