/* The history of a training: its weights at some steps, in a tensor file. Names, shapes and folding are those of the
 * network that is written at the end, so that a frame can stand in for its weights; all is float16. Each weight has an
 * axis in front for the frames, and three tensors of numbers stand beside them: backlight.step (of each frame),
 * backlight.epoch_steps (one number: steps of an epoch) and backlight.training (one: the fingerprint).
 *
 * Frame i of n is taken after steps·(i/(n−1))³ steps: of 12 frames of 60 epochs one is taken before the first step,
 * five in the first three epochs, and no two are further apart than a quarter of the training. Loss and kernels change
 * by powers of the step, fastest at the start; but a logarithmic scale would spend half the frames on the first epoch,
 * in which a learning rate that rises slowly has hardly moved anything, and one more than half of the training would
 * lie between its last two. */
#include "train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct bl_history {
    bl_trainer *trainer;
    const bl_model *model;
    const bl_recipe *recipe;
    const char *path;
    int64_t training, epoch_steps;
    int n_due, n_frames, n_weights;
    int64_t *due;       /* ascending */
    int64_t *steps;     /* of the frames there are */
    bl_tensor *weights; /* rank of the constant + 1; data has room for all frames; dim[0] is 0 until written */
    bl_arena arena;
};

static bl_status no_memory(bl_error *error) {
    return bl_fail(error, BL_MEMORY, "no memory for the history of the training");
}

/* Folding is done by the reader: the network is written exactly, opened as everybody will open it, and written again.
 */
bl_status bl_fold_trained(const bl_model *kept, const bl_real *const *constants, bl_model **out, bl_error *error) {
    const bl_write_options exact = {.constants = constants};
    bl_text text = {0};
    bl_status status = bl_onnx_write(kept, &exact, &text, error);
    bl_bytes bytes = {(const uint8_t *)text.data, text.length};
    bl_source source = bl_source_memory(&bytes);
    *out = NULL;
    if (status == BL_OK) status = bl_onnx_read(&source, NULL, out, error);
    /* A folded layer is named as what it gives. */
    for (int k = 0; status == BL_OK && k < (*out)->n_nodes; k++)
        if ((*out)->nodes[k].stands_for) (*out)->nodes[k].name = (*out)->values[(*out)->nodes[k].out].name;
    bl_text_free(&text);
    return status;
}

/* Every step once, however few there are. */
static int places(int64_t steps, int count, int64_t *due) {
    int n = 0;
    for (int i = 0; i < count; i++) {
        double share = count > 1 ? (double)i / (count - 1) : 1;
        int64_t step = i == count - 1 ? steps : (int64_t)(share * share * share * (double)steps + 0.5);
        if (n && step <= due[n - 1]) step = due[n - 1] + 1;
        if (step <= steps) due[n++] = step;
    }
    return n;
}

bl_status bl_history_new(bl_trainer *trainer, const bl_model *model, const bl_recipe *recipe, uint64_t fingerprint,
                         const char *path, int count, bl_history **out, bl_error *error) {
    bl_history *h = *out = calloc(1, sizeof *h);
    if (!h) return no_memory(error);
    h->trainer = trainer, h->model = model, h->recipe = recipe, h->path = path;
    h->training = (int64_t)fingerprint;
    h->epoch_steps = bl_trainer_epoch_steps(trainer);
    h->due = bl_arena_take_array(&h->arena, (size_t)count, sizeof *h->due);
    h->steps = bl_arena_take_array(&h->arena, (size_t)count, sizeof *h->steps);
    if (!h->due || !h->steps) return no_memory(error);
    h->n_due = places(bl_trainer_steps(trainer), count, h->due);
    return BL_OK;
}

void bl_history_free(bl_history *h) {
    if (!h) return;
    bl_arena_free(&h->arena);
    free(h);
}

/* ---- a frame ---- */

/* A weight that a frame holds: a constant with axes that some node reads. */
static bool is_kept(const bl_model *m, int value) {
    const bl_value *v = &m->values[value];
    if (!v->is_constant || v->type != BL_FLOAT || v->shape.rank == 0) return false;
    for (int k = 0; k < m->n_nodes; k++)
        for (int i = 0; i < m->nodes[k].n_in; i++)
            if (m->nodes[k].in[i] == value) return true;
    return false;
}

static bl_status make_weights(bl_history *h, const bl_model *m, bl_error *error) {
    h->weights = bl_arena_take_array(&h->arena, (size_t)m->n_values + 1, sizeof *h->weights);
    if (!h->weights) return no_memory(error);
    for (int v = 0; v < m->n_values; v++) {
        if (!is_kept(m, v)) continue;
        const bl_shape *s = &m->values[v].shape;
        bl_tensor *w = &h->weights[h->n_weights];
        *w = (bl_tensor){.type = BL_FLOAT, .half = true, .rank = s->rank + 1};
        memcpy(w->dim + 1, s->dim, sizeof s->dim);
        w->name = bl_arena_text(&h->arena, m->values[v].name, strlen(m->values[v].name));
        w->data = bl_arena_take_array(&h->arena, (size_t)h->n_due, bl_count(s) * sizeof *w->data);
        if (!w->name || !w->data) return no_memory(error);
        h->n_weights++;
    }
    return BL_OK;
}

static size_t frame_size(const bl_tensor *w) {
    size_t n = 1;
    for (int i = 1; i < w->rank; i++) n *= (size_t)w->dim[i];
    return n;
}

static bl_status add_frame(bl_history *h, const bl_model *m, const bl_real *const *constants, bl_error *error) {
    if (!h->weights) BL_TRY(make_weights(h, m, error));
    for (int v = 0, i = 0; v < m->n_values; v++) {
        if (!is_kept(m, v)) continue;
        const bl_tensor *w = i < h->n_weights ? &h->weights[i++] : NULL; /* they may have come from a file */
        size_t n = bl_count(&m->values[v].shape);
        if (!w || strcmp(w->name, m->values[v].name) != 0 || frame_size(w) != n)
            return bl_fail(error, BL_FORMAT, "%s does not hold \"%.100s\" as this training has it", h->path,
                           m->values[v].name);
        const bl_real *data = constants && constants[v] ? constants[v] : m->values[v].data;
        memcpy(w->data + (size_t)h->n_frames * n, data, n * sizeof *data);
    }
    h->steps[h->n_frames++] = bl_trainer_state(h->trainer)->step;
    return BL_OK;
}

static bl_status write_file(bl_history *h, bl_error *error) {
    bl_text out = {0};
    bl_tensor *all = calloc((size_t)h->n_weights + 3, sizeof *all);
    if (!all) return no_memory(error);
    bl_tensor numbers[] = {
        {.name = "backlight.step", .type = BL_INT, .rank = 1, .dim = {h->n_frames}, .ints = h->steps},
        {.name = "backlight.epoch_steps", .type = BL_INT, .ints = &h->epoch_steps},
        {.name = "backlight.training", .type = BL_INT, .ints = &h->training},
    };
    memcpy(all, numbers, sizeof numbers);
    for (int i = 0; i < h->n_weights; i++) {
        all[3 + i] = h->weights[i];
        all[3 + i].dim[0] = h->n_frames;
    }
    bl_status status = bl_tensors_write(all, h->n_weights + 3, "history of a training", &out, error);
    if (status == BL_OK) status = bl_file_write(h->path, out.data, out.length, error);
    bl_text_free(&out);
    free(all);
    return status;
}

bl_status bl_history_look(bl_history *h, bl_error *error) {
    int64_t step = bl_trainer_state(h->trainer)->step;
    bool due = false;
    for (int i = 0; i < h->n_due; i++) due |= h->due[i] == step;
    if (!due || (h->n_frames && h->steps[h->n_frames - 1] == step)) return BL_OK;
    const bl_real *const *constants = bl_trainer_constants(h->trainer);
    bl_model *folded = NULL;
    bl_status status = BL_OK;
    if (h->recipe->batchnorm == BL_BATCHNORM_FOLDED) status = bl_fold_trained(h->model, constants, &folded, error);
    if (status == BL_OK) status = add_frame(h, folded ? folded : h->model, folded ? NULL : constants, error);
    if (status == BL_OK) status = write_file(h, error);
    bl_model_free(folded);
    return status;
}

/* ---- going on ---- */

/* Takes the frames of a file up to the step that the training goes on from. */
static bl_status take(bl_history *h, const bl_tensors *file, bl_error *error) {
    const bl_tensor *steps = bl_tensors_find(file, "backlight.step");
    const bl_tensor *training = bl_tensors_find(file, "backlight.training");
    bool is_one = steps && steps->type == BL_INT && steps->rank == 1 && training && training->type == BL_INT;
    if (!is_one || training->rank != 0 || training->ints[0] != h->training) {
        bl_fail(error, BL_USAGE, "%s is %s", h->path,
                is_one ? "the history of another training" : "not the history of a training");
        return bl_hint(error, BL_USAGE, "name another file, or remove this one");
    }
    for (int i = 0; i < file->n; i++) {
        const bl_tensor *from = &file->tensors[i];
        bool weight = from->type == BL_FLOAT && from->rank > 0 && from->dim[0] == steps->dim[0];
        if (!weight && from->type == BL_FLOAT)
            return bl_fail(error, BL_FORMAT, "%s: \"%.100s\" has not as many frames as there are steps", h->path,
                           from->name);
        h->n_weights += weight;
    }
    h->weights = bl_arena_take_array(&h->arena, (size_t)h->n_weights + 1, sizeof *h->weights);
    if (!h->weights) return no_memory(error);
    for (int i = 0, k = 0; i < file->n; i++) {
        if (file->tensors[i].type != BL_FLOAT) continue;
        bl_tensor *w = &h->weights[k++];
        *w = file->tensors[i];
        w->half = true;
        w->name = bl_arena_text(&h->arena, w->name, strlen(w->name));
        w->data = bl_arena_take_array(&h->arena, (size_t)h->n_due, frame_size(w) * sizeof *w->data);
        if (!w->name || !w->data) return no_memory(error);
    }
    for (int frame = 0, d = 0; frame < steps->dim[0]; frame++) {
        while (d < h->n_due && h->due[d] < steps->ints[frame]) d++;
        if (d == h->n_due || h->due[d] != steps->ints[frame]) continue; /* taken at other places */
        if (h->due[d++] > bl_trainer_state(h->trainer)->step) break;    /* comes again */
        for (int i = 0, k = 0; i < file->n; i++) {
            if (file->tensors[i].type != BL_FLOAT) continue;
            const bl_tensor *w = &h->weights[k++];
            size_t n = frame_size(w);
            memcpy(w->data + (size_t)h->n_frames * n, file->tensors[i].data + (size_t)frame * n, n * sizeof *w->data);
        }
        h->steps[h->n_frames++] = steps->ints[frame];
    }
    return BL_OK;
}

bl_status bl_history_resume(bl_history *h, int *lost, bl_error *error) {
    int64_t step = bl_trainer_state(h->trainer)->step;
    bl_text text = {0};
    bl_tensors file = {0};
    *lost = 0;
    if (step == 0) return BL_OK;
    bl_error why; /* without the file, the frames are lost and the training is not */
    if (bl_file_read(h->path, &text, &why) == BL_OK) {
        bl_bytes bytes = {(const uint8_t *)text.data, text.length};
        bl_source source = bl_source_memory(&bytes);
        bl_status status = bl_tensors_read(&source, &file, error);
        if (status == BL_OK) status = take(h, &file, error);
        bl_tensors_free(&file);
        bl_text_free(&text);
        BL_TRY(status);
    }
    for (int i = 0; i < h->n_due; i++) *lost += h->due[i] < step;
    for (int i = 0; i < h->n_frames; i++) *lost -= h->steps[i] < step;
    return BL_OK;
}
