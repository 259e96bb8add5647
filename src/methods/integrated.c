/* Integrated Gradients: gradients along the straight way from a baseline to the picture. Every point of the way is an
 * item of its own; the first of each baseline is the baseline itself, for its value. */
#include <string.h>

#include "base/elementary.h"
#include "methods/attribution.h"

enum { BASE_BLACK, BASE_MEAN, BASE_WHITE, BASE_BLUR, BASE_NOISE, BASE_BLACK_WHITE, NOISES = 10 };
enum { MIDPOINT, GAUSS, TRAPEZOID };
enum { MOST_AT_ONCE = 4 };

typedef struct {
    bl_subject subject; /* first: bl_subject_step */
    bl_run *run;
    bl_real *base; /* the baseline that is at hand, number `at` */
    double *nodes, *weights;
    int points, baselines, at; /* points of a way, its first included */
    double ends;               /* Σ of the baselines' values */
    bl_result *map, *facts;
} state;

/* n nodes and weights of Gauss and Legendre on 0 … 1, by Newton's method on the polynomial. */
static void gauss(int n, double *x, double *w) {
    for (int i = 0; i < n; i++) {
        double z = bl_cos((bl_real)(3.14159265358979323846 * (i + 0.75) / (n + 0.5))), slope = 1;
        for (int turn = 0; turn < 50; turn++) {
            double p = 1, before = 0;
            for (int k = 1; k <= n; k++) {
                double next = ((2 * k - 1) * z * p - (k - 1) * before) / k;
                before = p, p = next;
            }
            slope = n * (z * p - before) / (z * z - 1);
            z -= p / slope;
        }
        x[i] = (1 - z) / 2, w[i] = 1 / ((1 - z * z) * slope * slope);
    }
}

static void way(state *s, int rule, int steps) {
    s->nodes[0] = s->weights[0] = 0;
    if (rule == GAUSS) gauss(steps, s->nodes + 1, s->weights + 1);
    for (int k = 1; k <= steps && rule == MIDPOINT; k++) s->nodes[k] = (k - 0.5) / steps, s->weights[k] = 1.0 / steps;
    for (int k = 0; k <= steps && rule == TRAPEZOID; k++)
        s->nodes[k] = (double)k / steps, s->weights[k] = (k == 0 || k == steps ? 0.5 : 1) / steps;
}

static bl_status start(bl_job *job) {
    state *s = job->state;
    BL_TRY(bl_subject_start(job, &s->subject, false, -1, -1));
    int steps = bl_job_integer(job, "steps"), baseline = bl_job_integer(job, "baseline");
    s->points = steps + 1, s->at = -1;
    s->baselines = baseline == BASE_NOISE ? NOISES : baseline == BASE_BLACK_WHITE ? 2 : 1;
    int items = s->points * s->baselines, batch = bl_job_batch(items, MOST_AT_ONCE);
    BL_TRY(bl_subject_run(job, &s->subject, batch, job->model->input, &s->run));
    s->base = bl_arena_take_array(&job->arena, s->subject.n, sizeof *s->base);
    s->nodes = bl_arena_take_array(&job->arena, (size_t)s->points, sizeof *s->nodes);
    s->weights = bl_arena_take_array(&job->arena, (size_t)s->points, sizeof *s->weights);
    bl_job_phase(job, "forward", 1);
    bool room = bl_job_phase_independent(job, "along the way", items, batch, s->subject.n + 1);
    if (!s->base || !s->nodes || !s->weights || !room) return bl_no_room(job);
    way(s, bl_job_integer(job, "rule"), steps);
    return bl_map_and_facts(job, &s->subject, "attribution", "share in the score", &s->map, &s->facts);
}

static void take_baseline(bl_job *job, int number) {
    static const bl_fill fills[] = {BL_FILL_BLACK, BL_FILL_MEAN, BL_FILL_WHITE, BL_FILL_BLUR, BL_FILL_NOISE};
    state *s = job->state;
    int baseline = bl_job_integer(job, "baseline");
    if (s->at == number) return;
    s->at = number;
    bl_fill fill = baseline == BASE_BLACK_WHITE ? (number ? BL_FILL_WHITE : BL_FILL_BLACK) : fills[baseline];
    bl_fill_make(job, &s->subject, fill, (float)s->subject.height / 8, (uint32_t)number, s->base);
}

static bl_status part(bl_job *job, int phase, int first, int count, bl_real *out) {
    (void)phase;
    state *s = job->state;
    size_t n = s->subject.n;
    int batch = bl_plan_batch(bl_run_plan(s->run));
    for (int i = 0; i < batch; i++) {
        int item = i < count ? first + i : first;
        bl_real *x = bl_run_input(s->run) + (size_t)i * n, alpha = (bl_real)s->nodes[item % s->points];
        take_baseline(job, item / s->points);
        for (size_t k = 0; k < n; k++) x[k] = s->base[k] + alpha * (s->subject.x[k] - s->base[k]);
    }
    double values[MOST_AT_ONCE];
    BL_TRY(bl_job_forward(job, s->run));
    BL_TRY(bl_objective_value(s->run, &job->objective, values, job->error));
    BL_TRY(bl_job_backward(job, s->run, &job->objective));
    const bl_real *g = bl_run_gradient(s->run, job->model->input);
    for (int i = 0; i < count; i++, out += n + 1) {
        memcpy(out, g + (size_t)i * n, n * sizeof *g);
        out[n] = (bl_real)values[i];
    }
    return BL_OK;
}

static bl_status merge(bl_job *job, int phase, int item, const bl_real *g) {
    (void)phase;
    state *s = job->state;
    int point = item % s->points;
    if (point == 0) s->ends += g[s->subject.n];
    take_baseline(job, item / s->points);
    bl_real weight = (bl_real)(s->weights[point] / s->baselines);
    if (weight != 0) bl_product(&s->subject, s->base, g, weight, true, s->map->data);
    return BL_OK;
}

static void show(bl_job *job) {
    bl_map_show(job, ((state *)job->state)->map, true, "");
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    double gap = bl_facts_complete(job, s->facts, &s->subject, s->map, s->ends / s->baselines);
    bl_table_close(s->facts);
    if (gap > 0.01)
        bl_job_note(job, "The map misses what it should add up to by %.1f %%: more steps come nearer.", 100 * gap);
    return BL_OK;
}

static const bl_param params[] = {
    {.name = "baseline",
     .title = "baseline",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "black mean white blur noise black-white",
     .meaning =
         "Where the way begins: one colour, the picture blurred, the average of ten of noise, or of black and white."},
    {.name = "steps",
     .title = "steps",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 2,
     .most = 400,
     .otherwise = 50,
     .logarithmic = true,
     .meaning = "At how many points of the way the gradient is taken."},
    {.name = "rule",
     .title = "points by",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "midpoint gauss trapezoid",
     .meaning = "How the points lie on the way and what they count."},
    BL_PERCENTILE_ROW,
    BL_SEED_ROW("Of the noise that the way begins with."),
};

const bl_method bl_method_integrated = {
    .id = "integrated",
    .family = "attribution",
    .title = "Integrated Gradients",
    .purpose = "The score's rise from a baseline to the picture, split among the pixels",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "1 F + baselines × (steps + 1) × (1 F + 1 B)",
    .formula = BL_LATEX(
        "M_i = (u_i - u'_i) \\int_0^1 \\frac{\\partial S}{\\partial u_i}\\bigl(u' + \\alpha (u - u')\\bigr)\\, "
        "d\\alpha"),
    .caution = "The answer depends on the baseline: pixels of its colour can never get credit.",
    .source = "Sundararajan et al. 2017, Axiomatic Attribution for Deep Networks",
    .state = sizeof(state),
    .start = start,
    .step = bl_subject_step,
    .part = part,
    .merge = merge,
    .show = show,
    .finish = finish,
};
