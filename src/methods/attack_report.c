/* Attacks in the box: their memory, and what is shown and said of them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "methods/attack_state.h"
#include "methods/attribution.h"

int bl_attack_gain(int eps) {
    static const int gains[] = {100, 50, 20, 10, 5, 2};
    for (size_t i = 0; i < sizeof gains / sizeof *gains; i++)
        if (eps * gains[i] <= 127) return gains[i];
    return 1;
}

static bool results(bl_job *job) {
    bl_attack *a = job->state;
    int h = a->height, w = a->width, k = a->classes;
    a->picture = bl_job_add_result(job, "picture", "picture", BL_PICTURE, 1, h, w);
    a->change = bl_job_add_result(job, "perturbation", "perturbation", BL_PICTURE, 1, h, w);
    a->result = bl_job_add_result(job, "adversarial", "result, 8 bits, as saved", BL_PICTURE, 1, h, w);
    a->noise = bl_job_add_result(job, "noise", "random noise, same ε", BL_PICTURE, 1, h, w);
    a->noisy = bl_job_add_result(job, "noisy", "picture + noise", BL_PICTURE, 1, h, w);
    a->before = bl_job_add_result(job, "before", "before", BL_BARS, 1, 1, k);
    a->after = bl_job_add_result(job, "after", "after", BL_BARS, 1, 1, k);
    a->with_noise = bl_job_add_result(job, "with_noise", "with noise", BL_BARS, 1, 1, k);
    a->race = bl_job_add_result(job, "race", "the race", BL_SERIES, 2, 1, a->how.steps + 1);
    a->facts = bl_job_add_result(job, "facts", "in numbers", BL_TABLE, 1, 1, 1);
    a->verdict = bl_job_add_result(job, "verdict", "verdict", BL_TEXT, 1, 1, 1);
    return a->picture && a->change && a->result && a->noise && a->noisy && a->before && a->after && a->with_noise &&
           a->race && a->facts && a->verdict;
}

bl_status bl_attack_make(bl_job *job, const bl_picture *picture) {
    bl_attack *a = job->state;
    bl_arena *arena = &job->arena;
    size_t n = a->n;
    a->base = bl_arena_take_array(arena, n, sizeof *a->base), a->v = bl_arena_take_array(arena, n, sizeof *a->v);
    a->near = bl_arena_take_array(arena, n, sizeof *a->near), a->size = bl_arena_take_array(arena, n, sizeof *a->size);
    a->scratch = bl_arena_take_array(arena, n, sizeof *a->scratch), a->direction = bl_arena_take(arena, n);
    a->best = bl_arena_take_array(arena, a->pixels, 4);
    a->best_race = bl_arena_take_array(arena, 2 * (size_t)(a->how.steps + 1), sizeof *a->best_race);
    a->probabilities = bl_arena_take_array(arena, (size_t)a->classes, sizeof *a->probabilities);
    bool ok = a->base && a->v && a->near && a->size && a->scratch && a->direction && a->best && a->best_race &&
              a->probabilities;
    if (!ok || !results(job)) return bl_no_room(job);

    memcpy(a->picture->pixels, picture->pixels, 4 * a->pixels);
    a->picture->ready = true;
    bl_picture_to_planes(picture, a->channels, job->model->channels, a->base);
    for (int i = 0; i < 2 * a->race->width; i++) a->race->data[i] = NAN;
    a->race->limit = a->before->limit = a->after->limit = a->with_noise->limit = 1;
    int gain = bl_attack_gain(a->how.eps);
    bl_text_add(&a->change->text, "Perturbation ×%d, grey = no change", gain);
    bl_text_add(&a->noise->text, "Random noise, same ε, ×%d", gain);
    return BL_OK;
}

void bl_attack_looked(bl_job *job, const bl_real *scores) {
    bl_attack *a = job->state;
    char y[24], t[24];
    bl_probabilities(job->model, scores, a->classes, a->before->data);
    bl_result_class_names(job, a->before), bl_result_class_names(job, a->after),
        bl_result_class_names(job, a->with_noise);
    bl_text_add(&a->race->text, "%s\n%s", bl_model_label(job->model, a->original, y),
                a->how.target >= 0 ? bl_model_label(job->model, a->how.target, t) : "strongest other class");
    a->before->ready = true;
}

void bl_attack_round(bl_job *job, uint8_t *pixels) {
    bl_attack *a = job->state;
    for (size_t i = 0; i < a->n; i++) a->scratch[i] = a->v[i] / 255;
    bl_unit_to_pixels(a->scratch, a->channels, a->height, a->width, job->model->channels, pixels);
}

void bl_magnify(const uint8_t *from, const uint8_t *to, size_t n, int eps, uint8_t *out) {
    int gain = bl_attack_gain(eps);
    for (size_t i = 0; i < 4 * n; i++) {
        int v = 128 + gain * (to[i] - from[i]);
        out[i] = (uint8_t)(i % 4 == 3 || v > 255 ? 255 : v < 0 ? 0 : v);
    }
}

/* Of the rounded picture; bytes that the network sees (a grey network: one a pixel). */
static void norms(const bl_attack *a, int *largest, double *length, double *share) {
    size_t changed = 0;
    double sum = 0;
    *largest = 0;
    for (size_t i = 0; i < a->pixels; i++) {
        bool any = false;
        for (int c = 0; c < a->channels; c++) {
            int d = a->best[4 * i + (size_t)c] - a->picture->pixels[4 * i + (size_t)c], size = d < 0 ? -d : d;
            if (size > *largest) *largest = size;
            sum += (double)d * d;
            any |= d != 0;
        }
        changed += any;
    }
    *length = sqrt(sum) / 255;
    *share = 100 * (double)changed / (double)a->pixels;
}

static void prediction_rows(bl_job *job, const bl_result *bars, const char *name, const char *title,
                            const char *p_name) {
    bl_attack *a = job->state;
    char buffer[24];
    int k = bl_largest(bars->data, a->classes);
    bl_table_text(a->facts, name, title, bl_model_label(job->model, k, buffer));
    bl_table_number(a->facts, p_name, "its probability", bars->data[k], "");
}

static void facts(bl_job *job) {
    bl_attack *a = job->state;
    int largest;
    double length, share;
    char buffer[24];
    norms(a, &largest, &length, &share);
    bl_table_open(a->facts);
    bl_table_bool(a->facts, "success", "fooled", a->success);
    prediction_rows(job, a->before, "before", "before", "p_before");
    prediction_rows(job, a->after, "after", "after", "p_after");
    prediction_rows(job, a->with_noise, "with_noise", "with noise", "p_with_noise");
    if (a->how.target >= 0)
        bl_table_text(a->facts, "target", "target", bl_model_label(job->model, a->how.target, buffer));
    bl_table_number(a->facts, "eps", "ε", a->how.eps, "/255");
    bl_table_number(a->facts, "linf", "L∞", largest, "/255");
    bl_table_number(a->facts, "l2", "L2", length, "");
    bl_table_number(a->facts, "changed", "pixels changed", share, "%");
    bl_table_number(a->facts, "gain", "magnified", bl_attack_gain(a->how.eps), "×");
    bl_table_number(a->facts, "restarts", "starts used", a->restarts_done, "");
    bl_table_number(a->facts, "forwards", "passes forwards", job->forwards, "");
    bl_table_number(a->facts, "backwards", "passes backwards", job->backwards, "");
    bl_table_close(a->facts);
}

static void verdict(bl_job *job) {
    bl_attack *a = job->state;
    char y[24], after[24], noise[24];
    int k = bl_largest(a->after->data, a->classes), z = bl_largest(a->with_noise->data, a->classes);
    bl_text *t = &a->verdict->text;
    bl_text_clear(t);
    if (a->success)
        bl_text_add(t, "Fooled: %s (%.1f %%) becomes %s (%.1f %%).", bl_model_label(job->model, a->original, y),
                    100 * (double)a->before->data[a->original], bl_model_label(job->model, k, after),
                    100 * (double)a->after->data[k]);
    else
        bl_text_add(t, "Held: ε = %d/255 is not enough here; %s has %.1f %% before and %.1f %% after.", a->how.eps,
                    bl_model_label(job->model, a->original, y), 100 * (double)a->before->data[a->original],
                    100 * (double)a->after->data[a->original]);
    bl_text_add(t, " With random noise of the same ε: %s, %.1f %%.", bl_model_label(job->model, z, noise),
                100 * (double)a->with_noise->data[z]);
    if (a->masked && !a->success) {
        bl_text_add(t, " The gradient is zero everywhere (masked), so there is no direction to go.");
        bl_job_note(job, "The gradient was zero everywhere in at least one step.");
    }
    a->verdict->ready = true;
}

bl_status bl_attack_finish(bl_job *job) {
    bl_attack *a = job->state;
    memcpy(a->result->pixels, a->best, 4 * a->pixels);
    bl_magnify(a->picture->pixels, a->best, a->pixels, a->how.eps, a->change->pixels);
    memcpy(a->race->data, a->best_race, 2 * (size_t)a->race->width * sizeof *a->best_race);
    a->result->ready = a->change->ready = a->race->ready = true;
    facts(job);
    verdict(job);
    return BL_OK;
}
