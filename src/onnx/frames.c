/* The history of a network's training, and the network with the weights of one of its frames: pointers are changed, no
 * number is copied. What a history holds is said where it is written (train/history.c). */
#include "onnx/onnx.h"

#include <string.h>

static bl_status take_steps(bl_frames *f, bl_error *error) {
    const bl_tensor *steps = bl_tensors_find(&f->file, "backlight.step");
    const bl_tensor *epoch = bl_tensors_find(&f->file, "backlight.epoch_steps");
    if (!steps || steps->type != BL_INT || steps->rank != 1 || steps->dim[0] < 1 || !epoch || epoch->type != BL_INT ||
        epoch->rank != 0)
        return bl_fail(error, BL_FORMAT, "the file does not hold the history of a training");
    f->n = steps->dim[0];
    f->steps = steps->ints;
    f->epoch_steps = epoch->ints[0];
    bool good = f->steps[0] >= 0 && f->epoch_steps > 0;
    for (int i = 1; i < f->n; i++) good = good && f->steps[i] > f->steps[i - 1];
    return good ? BL_OK : bl_fail(error, BL_FORMAT, "the steps of the history are in no order");
}

/* The constant that a tensor has frames of. */
static bl_status take_weight(bl_frames *f, const bl_model *m, const bl_tensor *t, bl_error *error) {
    int value = bl_model_find(m, t->name);
    const bl_value *v = value < 0 ? NULL : &m->values[value];
    bool fits = v && strcmp(v->name, t->name) == 0 && v->is_constant && v->type == BL_FLOAT &&
                t->rank == v->shape.rank + 1 && t->dim[0] == f->n &&
                memcmp(t->dim + 1, v->shape.dim, (size_t)v->shape.rank * sizeof *t->dim) == 0;
    if (!fits) {
        bl_fail(error, BL_SHAPE, "the history is of another network: this one has no weight \"%.100s\" of that shape",
                t->name);
        return bl_hint(error, BL_SHAPE, "Give the history that was written when this network was trained.");
    }
    f->weights[f->n_weights] = (bl_frame_weight){value, t->data, v->data, bl_count(&v->shape)};
    f->n_weights++;
    return BL_OK;
}

static bl_status take(bl_frames *f, const bl_model *m, bl_error *error) {
    BL_TRY(take_steps(f, error));
    f->weights = bl_arena_take_array(&f->file.arena, (size_t)f->file.n, sizeof *f->weights);
    if (!f->weights) return bl_fail(error, BL_MEMORY, "not enough memory for the history");
    for (int i = 0; i < f->file.n; i++)
        if (f->file.tensors[i].type == BL_FLOAT) BL_TRY(take_weight(f, m, &f->file.tensors[i], error));
    return BL_OK;
}

bl_status bl_frames_read(const bl_source *source, const bl_model *model, bl_frames *out, bl_error *error) {
    *out = (bl_frames){0};
    BL_TRY(bl_tensors_read(source, &out->file, error));
    bl_status status = take(out, model, error);
    if (status != BL_OK) bl_frames_free(out);
    return status;
}

void bl_frames_free(bl_frames *f) {
    bl_tensors_free(&f->file);
    *f = (bl_frames){0};
}

bl_status bl_frames_use(const bl_frames *f, bl_model *model, int frame, bl_error *error) {
    if (frame < -1 || frame >= f->n)
        return bl_fail(error, BL_USAGE, "the history has frames 0 to %d, not %d", f->n - 1, frame);
    for (int i = 0; i < f->n_weights; i++) {
        const bl_frame_weight *w = &f->weights[i];
        model->values[w->value].data = frame < 0 ? w->own : w->frames + (size_t)frame * w->count;
    }
    return BL_OK;
}
