/* Checkpoints: all that a step changes, so that a training that goes on from one gives the same bits as one that was
 * never stopped. The file, little-endian: "BLCHECK2", fingerprint, step, number of parameters n, and of the epoch so
 * far the loss (a double), pictures and right ones (64 bits each); then n floats each of weights, first and second
 * moments and running mean; then a checksum of all before (FNV-1a, 64 bits). The small kind begins "BLSMALL2" and has
 * n half-precision numbers each of weights and running mean instead. */
#include "base/half.h"
#include "train/train.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const char whole_magic[8] = {'B', 'L', 'C', 'H', 'E', 'C', 'K', '2'};
static const char small_magic[8] = {'B', 'L', 'S', 'M', 'A', 'L', 'L', '2'};
enum { HEAD = 56 };

static uint64_t hash(uint64_t h, const void *bytes, size_t n) {
    const uint8_t *b = bytes;
    for (size_t i = 0; i < n; i++) h = (h ^ b[i]) * 0x100000001B3u;
    return h;
}
static const uint64_t hash_start = 0xCBF29CE484222325u;

uint64_t bl_training_fingerprint(const bl_recipe *recipe, const bl_model *model, const bl_pictures *pictures) {
    bl_text text = {0};
    bl_recipe_write(recipe, false, &text); /* a key that is new in the table changes nothing */
    uint64_t h = hash(hash_start, text.data, text.length);
    bl_text_free(&text);
    for (int v = 0; v < model->n_values; v++) {
        const bl_value *value = &model->values[v];
        h = hash(h, value->name, strlen(value->name));
        if (value->is_constant && value->type == BL_FLOAT)
            h = hash(h, value->data, bl_count(&value->shape) * sizeof *value->data);
    }
    h = hash(h, model->mean, sizeof model->mean);
    h = hash(h, model->std, sizeof model->std);
    return hash(h, pictures->pixels, (size_t)pictures->n * (size_t)pictures->width * (size_t)pictures->height * 4);
}

static void put64(uint8_t *to, uint64_t v) {
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get64(const uint8_t *from) {
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--) v = v << 8 | from[i];
    return v;
}

static uint64_t bits_of(double d) {
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits) {
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

static void put_halves(bl_text *out, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint16_t half = bl_half_from_float(x[i]);
        char bytes[2] = {(char)(half & 255), (char)(half >> 8)};
        bl_text_bytes(out, bytes, 2);
    }
}

static void take_halves(const uint8_t *bytes, float *x, size_t n) {
    for (size_t i = 0; i < n; i++) x[i] = bl_half_to_float((uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8));
}

bl_status bl_checkpoint_write(const char *path, const bl_training_state *state, uint64_t fingerprint, bool small,
                              bl_error *error) {
    const float *const parts[] = {state->weights, state->first, state->second, state->average};
    const float most = small ? 65504.0f : FLT_MAX;
    bl_text out = {0};
    uint8_t head[HEAD], tail[8];
    for (size_t i = 0; i < state->n; i++)
        if (!(fabsf(state->weights[i]) <= most) || !(fabsf(state->average[i]) <= most))
            return bl_fail(error, BL_NOT_A_NUMBER,
                           "weights of step %lld are too large or not finite; %s is not written",
                           (long long)state->step, path);
    memcpy(head, small ? small_magic : whole_magic, 8);
    const uint64_t numbers[] = {fingerprint,          (uint64_t)state->step, state->n,
                                bits_of(state->loss), (uint64_t)state->seen, (uint64_t)state->correct};
    for (int i = 0; i < 6; i++) put64(head + 8 + 8 * i, numbers[i]);
    bl_text_bytes(&out, (const char *)head, HEAD);
    if (small)
        put_halves(&out, state->weights, state->n), put_halves(&out, state->average, state->n);
    else
        for (int i = 0; i < 4; i++) bl_text_bytes(&out, (const char *)parts[i], state->n * sizeof(float));
    if (!out.failed) put64(tail, hash(hash_start, out.data, out.length));
    bl_text_bytes(&out, (const char *)tail, 8);
    bl_status status = out.failed ? bl_fail(error, BL_MEMORY, "no memory for a checkpoint")
                                  : bl_file_write(path, out.data, out.length, error);
    bl_text_free(&out);
    return status;
}

static bl_status fill(const char *path, const bl_text *in, bl_training_state *state, uint64_t fingerprint,
                      bl_error *error) {
    const uint8_t *bytes = (const uint8_t *)in->data, *numbers = bytes + HEAD;
    float *const parts[] = {state->weights, state->first, state->second, state->average};
    bool small = in->length >= HEAD && memcmp(bytes, small_magic, 8) == 0;
    if (in->length < HEAD + 8 || (!small && memcmp(bytes, whole_magic, 8) != 0))
        return bl_fail(error, BL_FORMAT, "%s is not a checkpoint", path);
    if (hash(hash_start, bytes, in->length - 8) != get64(bytes + in->length - 8))
        return bl_fail(error, BL_FORMAT, "%s is damaged: its checksum is wrong", path);
    if (get64(bytes + 8) != fingerprint || get64(bytes + 24) != state->n ||
        in->length != HEAD + 8 + (small ? 4 : 16) * state->n) {
        bl_fail(error, BL_USAGE, "%s is of another training: recipe, network or pictures differ", path);
        return bl_hint(error, BL_USAGE, "name another file, or remove this one to begin anew");
    }
    state->step = (int64_t)get64(bytes + 16);
    state->loss = double_of(get64(bytes + 32));
    state->seen = (int64_t)get64(bytes + 40);
    state->correct = (int64_t)get64(bytes + 48);
    if (small) {
        take_halves(numbers, state->weights, state->n);
        take_halves(numbers + 2 * state->n, state->average, state->n);
        memset(state->first, 0, state->n * sizeof(float));
        memset(state->second, 0, state->n * sizeof(float));
    } else {
        for (size_t i = 0; i < 4; i++) memcpy(parts[i], numbers + 4 * i * state->n, state->n * sizeof(float));
    }
    return BL_OK;
}

bl_status bl_checkpoint_read(const char *path, bl_training_state *state, uint64_t fingerprint, bl_error *error) {
    bl_text in = {0};
    bl_status status = bl_file_read(path, &in, error);
    if (status == BL_OK) status = fill(path, &in, state, fingerprint, error);
    bl_text_free(&in);
    return status;
}
