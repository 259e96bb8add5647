/* Infidelity: by how much a map misses the change of the score when the picture is changed at random. */
#include <math.h>
#include <string.h>

#include "methods/judging.h"

enum { MOST_AT_ONCE = 16, SQUARE, NOISE };

typedef struct {
    bl_judged judged;
    bl_run *run;
    int draws, batch, size;
    bl_real *gone;     /* C×H×W: what squares become */
    float *noise;      /* of one draw, a number a pixel */
    double tt, tf, ff; /* Σ of told², told × fallen, fallen² */
    int seen;
} state;

static int kind_of(const bl_job *job) {
    return SQUARE + bl_job_integer(job, "change");
}

static bl_status start(bl_job *job) {
    state *s = job->state;
    BL_TRY(bl_judged_start(job));
    const bl_subject *q = &s->judged.subject;
    s->draws = bl_job_integer(job, "draws"), s->size = bl_job_integer(job, "size");
    if (s->size > q->height) s->size = q->height;
    if (s->size > q->width) s->size = q->width;
    s->batch = bl_job_batch(s->draws, MOST_AT_ONCE);
    BL_TRY(bl_subject_run(job, q, s->batch, -1, &s->run));
    bl_job_phase(job, "changing the picture", (s->draws + s->batch - 1) / s->batch);
    s->gone = bl_arena_take_array(&job->arena, q->n, sizeof *s->gone);
    s->noise = bl_arena_take_array(&job->arena, q->pixels, sizeof *s->noise);
    return s->gone && s->noise ? BL_OK : bl_no_room(job);
}

/* A square becomes the fill. Told: the sum of the map's shares in it. */
static double hide_square(bl_job *job, const bl_random *r, bl_real *x) {
    const state *s = job->state;
    const bl_subject *q = &s->judged.subject;
    int top = (int)bl_random_below(r, 0, (uint32_t)(q->height - s->size + 1)),
        left = (int)bl_random_below(r, 1, (uint32_t)(q->width - s->size + 1));
    double told = 0;
    for (int y = top; y < top + s->size; y++)
        for (int column = left; column < left + s->size; column++) {
            size_t at = (size_t)(y * q->width + column);
            told += (double)s->judged.map->data[at];
            for (; at < q->n; at += q->pixels) x[at] = s->gone[at];
        }
    return told;
}

/* Each pixel becomes lighter or darker. Told: the map's slopes times that, as a fall. */
static double add_noise(bl_job *job, const bl_random *r, bl_real *x) {
    const state *s = job->state;
    const bl_subject *q = &s->judged.subject;
    double sigma = bl_job_number(job, "sigma"), told = 0;
    bl_random_normals(r, 0, q->pixels, s->noise);
    for (size_t i = 0; i < q->n; i++) {
        double by = sigma * (double)s->noise[i % q->pixels];
        x[i] += (bl_real)(by / (double)job->model->std[i / q->pixels & 3]);
        if (i < q->pixels) told -= by * (double)s->judged.map->data[i];
    }
    return told;
}

static bl_status step(bl_job *job, int phase, int number) {
    static const bl_fill fills[] = {BL_FILL_MEAN, BL_FILL_BLACK};
    state *s = job->state;
    const bl_subject *q = &s->judged.subject;
    if (phase < BL_JUDGED_PHASES) return bl_judged_step(job, phase, number);
    if (number == 0) bl_fill_make(job, q, fills[bl_job_integer(job, "fill")], 0, 0, s->gone);
    double told[MOST_AT_ONCE], values[MOST_AT_ONCE];
    for (int i = 0; i < s->batch; i++) {
        bl_real *x = bl_run_input(s->run) + (size_t)i * q->n;
        bl_random r = {(uint64_t)bl_job_number(job, "seed"), BL_STREAM_SUBSETS, (uint32_t)(number * s->batch + i),
                       1000};
        memcpy(x, q->x, q->n * sizeof *x);
        told[i] = kind_of(job) == SQUARE ? hide_square(job, &r, x) : add_noise(job, &r, x);
    }
    BL_TRY(bl_job_forward(job, s->run));
    BL_TRY(bl_objective_value(s->run, &job->objective, values, job->error));
    for (int i = 0; i < s->batch && s->seen < s->draws; i++, s->seen++) {
        double fell = q->value - values[i];
        s->tt += told[i] * told[i], s->tf += told[i] * fell, s->ff += fell * fell;
    }
    return BL_OK;
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    double n = s->seen, factor = s->tt > 0 ? s->tf / s->tt : NAN, missed = s->ff - 2 * s->tf + s->tt,
           scaled = s->tt > 0 ? s->ff - factor * s->tf : s->ff;
    bl_judged_open(job);
    bl_judged_figure(job, "infidelity", "squared miss, mean", (missed > 0 ? missed : 0) / n, "");
    bl_judged_figure(job, "relative", "of the change's square", s->ff > 0 ? (missed > 0 ? missed : 0) / s->ff : NAN,
                     "");
    bl_judged_figure(job, "scaled", "the same, at the best scale", s->ff > 0 ? (scaled > 0 ? scaled : 0) / s->ff : NAN,
                     "");
    bl_judged_figure(job, "factor", "the best scale", factor, "");
    bl_table_close(s->judged.facts);
    return BL_OK;
}

static const bl_param params[] = {
    BL_JUDGED_ROWS,
    {.name = "change",
     .title = "change",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "square noise",
     .meaning =
         "A square is hidden, and the map is taken for shares in the score; or grey noise is added, and it is taken "
         "for slopes (as of gradient with reduce=signed)."},
    {.name = "draws",
     .title = "draws",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 10,
     .most = 2000,
     .otherwise = 200,
     .logarithmic = true,
     .meaning = "How often the picture is changed."},
    {.name = "size",
     .title = "square",
     .type = BL_PARAM_INTEGER,
     .unit = "px",
     .least = 1,
     .most = 64,
     .otherwise = 8,
     .meaning = "The side of the square."},
    {.name = "fill",
     .title = "becomes",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "mean black",
     .meaning = "What the square becomes: the network's mean colour, or black."},
    {.name = "sigma",
     .title = "noise",
     .type = BL_PARAM_NUMBER,
     .unit = "",
     .least = 0.001,
     .most = 1,
     .otherwise = 0.2,
     .meaning = "Deviation of the noise, of the range of colour."},
    BL_SEED_ROW("Of the changes."),
};

const bl_method bl_method_infidelity = {
    .id = "infidelity",
    .family = "judging",
    .title = "Infidelity",
    .purpose = "By how much a map misses the change of the score when the picture changes",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .result = "facts",
    .cost = "the method + draws × 1 F",
    .formula = BL_LATEX("\\operatorname{E}_I \\bigl(I^\\top M - (S(u) - S(u - I))\\bigr)^2"),
    .caution =
        "Says how well a map foretells these changes and no others; at the best scale a map that says nothing has 1.",
    .source = "Yeh et al. 2019, On the (In)fidelity and Sensitivity of Explanations",
    .state = sizeof(state),
    .start = start,
    .step = step,
    .finish = finish,
    .end = bl_judged_end,
};
