/* Attacks in the box: the passes. What is told about them is attack_report.c's.
 *
 * Colours are counted in bytes (0 … 255) as real numbers, so that the box b−ε … b+ε has whole ends and rounding never
 * leaves it. Success counts only on the rounded picture, as it would be saved. */
#include <math.h>
#include <string.h>

#include "methods/attack_state.h"

enum { LOOK, ATTACK, REPAIR, NOISE, REPAIR_STEPS = 8 };

bl_status bl_attack_start(bl_job *job, const bl_attack_how *how) {
    bl_attack *a = job->state;
    const bl_model *m = job->model;
    a->how = *how;
    bl_picture picture;
    BL_TRY(bl_job_network_picture(job, &picture));
    bl_wants wants = BL_WANTS;
    wants.height = picture.height, wants.width = picture.width, wants.last = m->scores;
    wants.seeds = &m->scores, wants.n_seeds = 1, wants.gradients = &m->input, wants.n_gradients = 1;
    bl_status status = bl_job_make_run(job, &wants, &a->run);
    if (status == BL_OK) {
        a->height = picture.height, a->width = picture.width, a->channels = m->input_c;
        a->pixels = (size_t)picture.height * (size_t)picture.width;
        a->n = a->pixels * (size_t)a->channels;
        a->classes = bl_n_classes(bl_run_plan(a->run));
        status = bl_attack_make(job, &picture);
    }
    bl_picture_free(&picture);
    BL_TRY(status);
    if (a->classes < 2) {
        bl_fail(job->error, BL_UNSUPPORTED,
                "an attack needs two classes or more to confuse; this network gives one score");
        return bl_hint(job->error, BL_UNSUPPORTED, "Saliency and dreams work with it.");
    }
    if (how->target >= a->classes)
        return bl_fail(job->error, BL_USAGE, "target goes from 0 to %d, not %d", a->classes - 1, how->target);
    bl_job_phase(job, "prediction", 1);
    bl_job_phase(job, "attack", how->restarts * (how->steps + 1));
    bl_job_phase(job, "rounding", REPAIR_STEPS);
    bl_job_phase(job, "random noise", 1);
    return BL_OK;
}

/* Forward of 8-bit pixels, exactly as a saved and opened file would go. */
static bl_status forward_pixels(bl_job *job, uint8_t *pixels) {
    bl_attack *a = job->state;
    bl_picture p = {a->width, a->height, pixels};
    bl_picture_to_input(&p, job->model, bl_run_input(a->run));
    return bl_job_forward(job, a->run);
}

static bl_status forward_bytes(bl_job *job) {
    bl_attack *a = job->state;
    bl_real *x = bl_run_input(a->run);
    for (int c = 0; c < a->channels; c++) {
        bl_real mean = job->model->mean[c], std = job->model->std[c];
        for (size_t i = (size_t)c * a->pixels, end = i + a->pixels; i < end; i++) x[i] = (a->v[i] / 255 - mean) / std;
    }
    return bl_job_forward(job, a->run);
}

/* The best class but one that is left out. */
static int best_but(const bl_real *scores, int n, int without) {
    int best = without == 0 ? 1 : 0;
    for (int k = 0; k < n; k++)
        if (k != without && scores[k] > scores[best]) best = k;
    return best;
}

/* How far the attack is won, in units of score: above 0 when the prediction is what it should become. */
static double margin(const bl_attack *a, const bl_real *scores) {
    int k = a->how.target >= 0 ? a->how.target : a->original;
    double lead = (double)scores[k] - (double)scores[best_but(scores, a->classes, k)];
    return a->how.target >= 0 ? lead : -lead;
}

static bool won(const bl_attack *a, const bl_real *scores) {
    int predicted = bl_largest(scores, a->classes);
    return a->how.target >= 0 ? predicted == a->how.target : predicted != a->original;
}

static void record(bl_job *job, const bl_real *scores, int t) {
    bl_attack *a = job->state;
    bl_probabilities(job->model, scores, a->classes, a->probabilities);
    int rival = a->how.target >= 0 ? a->how.target : best_but(scores, a->classes, a->original);
    a->race->data[t] = a->probabilities[a->original];
    a->race->data[a->race->width + t] = a->probabilities[rival];
}

/* The direction in which each byte helps: +1, −1 or 0, into a->direction; its size into a->size. False: all zero. */
static bool directions(bl_job *job, bl_real sign, bool *any) {
    bl_attack *a = job->state;
    const bl_real *g = bl_run_gradient(a->run, job->model->input);
    *any = false;
    for (size_t i = 0; i < a->n; i++) {
        bl_real v = sign * g[i];
        a->direction[i] = (int8_t)((v > 0) - (v < 0));
        a->size[i] = v < 0 ? -v : v;
        *any |= v != 0;
    }
    return *any;
}

/* Cross-entropy; where it has no slope left (p is 1 to the last bit), the difference of the two scores that matter. */
static bl_status find_direction(bl_job *job, const bl_real *scores, bool *any) {
    bl_attack *a = job->state;
    bool aimed = a->how.target >= 0;
    int k = aimed ? a->how.target : a->original, other = best_but(scores, a->classes, k);
    bl_objective o = {.n_terms = 1};
    o.terms[0].kind = BL_OBJ_LOSS, o.terms[0].value = job->model->scores, o.terms[0].index = k, o.terms[0].weight = 1;
    BL_TRY(bl_job_backward(job, a->run, &o));
    if (directions(job, aimed ? -1 : 1, any)) return BL_OK;
    o.terms[0].kind = BL_OBJ_MARGIN;
    o.terms[0].index = aimed ? k : other, o.terms[0].other = aimed ? other : k;
    BL_TRY(bl_job_backward(job, a->run, &o));
    if (!directions(job, 1, any)) a->masked = true;
    return BL_OK;
}

/* The ball first, then the box: both hold afterwards. */
static bl_real inside(const bl_attack *a, size_t i, bl_real v) {
    bl_real low = a->base[i] - (bl_real)a->how.eps, high = a->base[i] + (bl_real)a->how.eps;
    if (low < 0) low = 0;
    if (high > 255) high = 255;
    return v < low ? low : v > high ? high : v;
}

static void move(bl_attack *a, bl_real alpha, bl_real least_size) {
    for (size_t i = 0; i < a->n; i++)
        if (a->size[i] >= least_size) a->v[i] = inside(a, i, a->v[i] + alpha * (bl_real)a->direction[i]);
}

static bl_status look(bl_job *job) {
    bl_attack *a = job->state;
    BL_TRY(forward_pixels(job, a->picture->pixels));
    const bl_real *scores = bl_run_value(a->run, job->model->scores);
    a->original = bl_largest(scores, a->classes);
    if (a->original == a->how.target) {
        char buffer[24];
        bl_fail(job->error, BL_USAGE, "target: the picture is taken for %s already",
                bl_model_label(job->model, a->original, buffer));
        return bl_hint(job->error, BL_USAGE, "Choose another class, or none.");
    }
    bl_attack_looked(job, scores);
    return BL_OK;
}

static void begin(bl_attack *a, int restart) {
    memcpy(a->v, a->base, a->n * sizeof *a->v);
    for (int i = 0; i < 2 * a->race->width; i++) a->race->data[i] = NAN;
    if (!a->how.random_start) return;
    bl_random r = {.seed = a->how.seed, .stream = BL_STREAM_PGD_START, .sample = (uint32_t)restart};
    bl_random_uniforms(&r, 0, a->n, a->size);
    for (size_t i = 0; i < a->n; i++) a->v[i] = inside(a, i, a->base[i] + (bl_real)a->how.eps * (2 * a->size[i] - 1));
}

/* Rounds v to pixels and passes them through the network: the check that counts. Keeps the picture if it is the best
 * yet. */
static bl_status check(bl_job *job, const bl_real **scores) {
    bl_attack *a = job->state;
    bl_attack_round(job, a->result->pixels);
    BL_TRY(forward_pixels(job, a->result->pixels));
    *scores = bl_run_value(a->run, job->model->scores);
    record(job, *scores, a->how.steps);
    double now = margin(a, *scores);
    if (a->found && !(now > a->best_margin)) return BL_OK;
    a->found = true, a->best_margin = now, a->success = won(a, *scores);
    memcpy(a->best, a->result->pixels, 4 * a->pixels);
    memcpy(a->best_race, a->race->data, 2 * (size_t)a->race->width * sizeof *a->best_race);
    memcpy(a->after->data, a->probabilities, (size_t)a->classes * sizeof *a->probabilities);
    a->after->ready = true;
    return BL_OK;
}

static bl_status attack(bl_job *job, int step) {
    bl_attack *a = job->state;
    int t = step % (a->how.steps + 1), restart = step / (a->how.steps + 1);
    const bl_real *scores;
    bool any;
    if (t == 0) begin(a, restart);
    if (t < a->how.steps) {
        BL_TRY(forward_bytes(job));
        scores = bl_run_value(a->run, job->model->scores);
        record(job, scores, t);
        double now = margin(a, scores);
        if (now > a->near_margin) a->near_margin = now, memcpy(a->near, a->v, a->n * sizeof *a->v);
        BL_TRY(find_direction(job, scores, &any));
        move(a, a->how.alpha, 0);
        bl_attack_round(job, a->result->pixels);
        bl_magnify(a->picture->pixels, a->result->pixels, a->pixels, a->how.eps, a->change->pixels);
        a->race->ready = a->result->ready = a->change->ready = true;
        return BL_OK;
    }
    BL_TRY(check(job, &scores));
    a->restarts_done = restart + 1;
    if (a->success) bl_job_end_phase(job, false);
    if (a->success || a->near_margin <= 0) job->phases[REPAIR].steps = 0;
    return BL_OK;
}

/* A picture between the 8-bit ones fooled the network, its rounding did not. Goes on from there in whole bytes, first
 * all of them, then only those that matter most. */
static bl_status repair(bl_job *job, int step) {
    static const float share[REPAIR_STEPS] = {0, 0, 0, 50, 75, 90, 95, 99};
    bl_attack *a = job->state;
    const bl_real *scores;
    bool any;
    if (step == 0)
        for (size_t i = 0; i < a->n; i++) a->v[i] = floorf((float)a->near[i] + 0.5f);
    BL_TRY(check(job, &scores));
    if (a->success) {
        bl_job_end_phase(job, false);
        return BL_OK;
    }
    BL_TRY(find_direction(job, scores, &any));
    move(a, 1, share[step] > 0 ? bl_percentile_abs(a->size, a->n, share[step], a->scratch) : 0);
    return BL_OK;
}

/* Each byte moved by ε up or down by chance: what the same ε does without the gradient. */
static bl_status noise(bl_job *job) {
    bl_attack *a = job->state;
    bl_random r = {.seed = a->how.seed, .stream = BL_STREAM_NOISE_CONTROL};
    for (size_t i = 0; i < a->n; i++) {
        bool up = bl_random_word(&r, (uint32_t)i) >> 31;
        a->v[i] = inside(a, i, a->base[i] + (bl_real)(up ? a->how.eps : -a->how.eps));
    }
    bl_attack_round(job, a->noisy->pixels);
    BL_TRY(forward_pixels(job, a->noisy->pixels));
    bl_probabilities(job->model, bl_run_value(a->run, job->model->scores), a->classes, a->with_noise->data);
    bl_magnify(a->picture->pixels, a->noisy->pixels, a->pixels, a->how.eps, a->noise->pixels);
    a->noisy->ready = a->noise->ready = a->with_noise->ready = true;
    return BL_OK;
}

bl_status bl_attack_step(bl_job *job, int phase, int step) {
    switch (phase) {
    case LOOK: return look(job);
    case ATTACK: return attack(job, step);
    case REPAIR: return repair(job, step);
    default: return noise(job);
    }
}
