/* Expected gradients: like Integrated Gradients, but every sample has a baseline of its own and lies anywhere on the
 * way from it. */
#include <string.h>

#include "methods/attribution.h"

enum { MOST_AT_ONCE = 4 };

typedef struct {
    bl_subject subject; /* first: bl_subject_step */
    bl_run *run;
    bl_real *base;
    double ends; /* Σ of the baselines' values */
    int seen;
    bl_result *map, *facts;
} state;

static bl_status start(bl_job *job) {
    state *s = job->state;
    BL_TRY(bl_subject_start(job, &s->subject, false, -1, -1));
    int samples = bl_job_integer(job, "samples"), batch = bl_job_batch(samples, MOST_AT_ONCE);
    BL_TRY(bl_subject_run(job, &s->subject, batch, job->model->input, &s->run));
    s->base = bl_arena_take_array(&job->arena, s->subject.n, sizeof *s->base);
    bl_job_phase(job, "forward", 1);
    bool room = bl_job_phase_independent(job, "baselines", samples, batch, 1) &&
                bl_job_phase_independent(job, "on the ways", samples, batch, s->subject.n);
    if (!s->base || !room) return bl_no_room(job);
    return bl_map_and_facts(job, &s->subject, "attribution", "share in the score", &s->map, &s->facts);
}

/* The baseline of a sample: one random colour, noise, or what was asked for. */
static void take_baseline(bl_job *job, int item) {
    static const bl_fill fills[] = {BL_FILL_NOISE, BL_FILL_NOISE, BL_FILL_BLACK, BL_FILL_MEAN, BL_FILL_WHITE};
    state *s = job->state;
    const bl_subject *q = &s->subject;
    int baseline = bl_job_integer(job, "baseline");
    bl_fill_make(job, q, fills[baseline], 0, (uint32_t)item, s->base);
    for (size_t i = 0; baseline == 0 && i < q->n; i++) s->base[i] = s->base[i / q->pixels * q->pixels];
}

/* Fills the run's input: the baselines themselves, or places on the ways from them. */
static void fill(bl_job *job, int first, int count, bool on_the_way) {
    state *s = job->state;
    const bl_subject *q = &s->subject;
    for (int i = 0; i < bl_plan_batch(bl_run_plan(s->run)); i++) {
        int item = i < count ? first + i : first;
        bl_random r = {(uint64_t)bl_job_number(job, "seed"), BL_STREAM_SHAP, (uint32_t)item, 1};
        bl_real *x = bl_run_input(s->run) + (size_t)i * q->n, alpha = on_the_way ? bl_random_uniform(&r, 0) : 0;
        take_baseline(job, item);
        for (size_t k = 0; k < q->n; k++) x[k] = s->base[k] + alpha * (q->x[k] - s->base[k]);
    }
}

static bl_status part(bl_job *job, int phase, int first, int count, bl_real *out) {
    state *s = job->state;
    fill(job, first, count, phase == 2);
    BL_TRY(bl_job_forward(job, s->run));
    if (phase == 2) {
        BL_TRY(bl_job_backward(job, s->run, &job->objective));
        memcpy(out, bl_run_gradient(s->run, job->model->input), (size_t)count * s->subject.n * sizeof *out);
        return BL_OK;
    }
    double values[MOST_AT_ONCE];
    BL_TRY(bl_objective_value(s->run, &job->objective, values, job->error));
    for (int i = 0; i < count; i++) out[i] = (bl_real)values[i];
    return BL_OK;
}

static bl_status merge(bl_job *job, int phase, int item, const bl_real *piece) {
    state *s = job->state;
    if (phase == 1) {
        s->ends += piece[0];
        return BL_OK;
    }
    take_baseline(job, item);
    bl_product(&s->subject, s->base, piece, 1 / (bl_real)bl_job_integer(job, "samples"), true, s->map->data);
    s->seen++;
    return BL_OK;
}

static void show(bl_job *job) {
    state *s = job->state;
    if (s->seen) bl_map_show(job, s->map, true, "");
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    double gap = bl_facts_complete(job, s->facts, &s->subject, s->map, s->ends / s->seen);
    bl_table_close(s->facts);
    if (gap > 0.05)
        bl_job_note(job, "The map misses what it should add up to by %.1f %%: more samples come nearer.", 100 * gap);
    return BL_OK;
}

static const bl_param params[] = {
    {.name = "samples",
     .title = "samples",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 5,
     .most = 1000,
     .otherwise = 50,
     .logarithmic = true,
     .meaning = "At how many places on ways from baselines the gradient is taken."},
    {.name = "baseline",
     .title = "baselines",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "colours noise black mean white",
     .meaning = "Where the ways begin: pictures of one random colour each, of noise, or always one colour."},
    BL_PERCENTILE_ROW,
    BL_SEED_ROW("Of the baselines and the places."),
};

const bl_method bl_method_gradient_shap = {
    .id = "gradient-shap",
    .family = "attribution",
    .title = "GradientSHAP",
    .purpose = "Gradients on the ways from many baselines, averaged: SHAP's expected gradients",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "1 F + samples × (2 F + 1 B)",
    .formula =
        BL_LATEX("M_i = \\mathbb E_{u', \\alpha} \\Bigl[ (u_i - u'_i) \\frac{\\partial S}{\\partial u_i}\\bigl(u' + "
                 "\\alpha (u - "
                 "u')\\bigr) \\Bigr]"),
    .caution = "An estimate: another seed gives another map. The answer depends on the baselines.",
    .source = "Lundberg and Lee 2017, A Unified Approach to Interpreting Model Predictions; Erion et al. 2021, "
              "Axiomatic Attribution Priors",
    .state = sizeof(state),
    .start = start,
    .step = bl_subject_step,
    .part = part,
    .merge = merge,
    .show = show,
    .finish = finish,
};
