/* SmoothGrad: the gradient averaged over noisy copies of the picture. Each copy is an item of its own, so that the
 * result depends on no batch. */
#include <string.h>

#include "methods/attribution.h"

enum { LOOK, NOISE, MOST_AT_ONCE = 4 };
enum { MEAN, SQUARE, VARIANCE, SIZE };

typedef struct {
    bl_subject subject; /* first: bl_subject_step */
    bl_run *run;
    double sigma;         /* of the noise, per unit of colour */
    bl_real *noise;       /* one copy's */
    bl_real *mean, *more; /* so far: of g (SIZE: of |g|), and the sum of squares about it (Welford 1962) */
    int seen, same;       /* copies so far, and those whose predicted class is the picture's */
    bl_result *map, *facts;
} state;

/* The noise is a share of the picture's own range of colour. */
static double range_of(bl_job *job, const bl_subject *s) {
    int low = 255, high = 0;
    for (size_t i = 0; i < 4 * s->pixels; i++) {
        if (i % 4 == 3) continue;
        if (s->picture.pixels[i] < low) low = s->picture.pixels[i];
        if (s->picture.pixels[i] > high) high = s->picture.pixels[i];
    }
    if (high > low) return (high - low) / 255.0;
    bl_job_note(job, "The picture has one colour alone: the noise is a share of the whole range of colours instead.");
    return 1;
}

static bl_status start(bl_job *job) {
    state *s = job->state;
    bl_subject *subject = &s->subject;
    BL_TRY(bl_subject_start(job, subject, false, -1, -1));
    int samples = bl_job_integer(job, "samples"), batch = bl_job_batch(samples, MOST_AT_ONCE);
    BL_TRY(bl_subject_run(job, subject, batch, job->model->input, &s->run));
    s->sigma = bl_job_number(job, "sigma") * range_of(job, subject);
    s->noise = bl_arena_take_array(&job->arena, subject->n, sizeof(float));
    s->mean = bl_arena_take_array(&job->arena, subject->n, sizeof *s->mean);
    s->more = bl_arena_take_array(&job->arena, subject->n, sizeof *s->more);
    bl_job_phase(job, "forward", 1);
    bool room = bl_job_phase_independent(job, "noisy copies", samples, batch, subject->n + 1);
    if (!s->noise || !s->mean || !s->more || !room) return bl_no_room(job);
    return bl_map_and_facts(job, subject, "saliency", "sensitivity", &s->map, &s->facts);
}

static void noisy_copy(bl_job *job, int item, bl_real *x) {
    state *s = job->state;
    const bl_subject *subject = &s->subject;
    bl_random r = {(uint64_t)bl_job_number(job, "seed"), BL_STREAM_SMOOTHGRAD, (uint32_t)item, 0};
    bl_random_normals(&r, 0, subject->n, s->noise);
    for (int c = 0; c < subject->channels; c++) {
        bl_real sigma = (bl_real)(s->sigma / (double)job->model->std[c & 3]);
        size_t first = (size_t)c * subject->pixels;
        for (size_t i = first; i < first + subject->pixels; i++) x[i] = subject->x[i] + sigma * s->noise[i];
    }
}

static bl_status part(bl_job *job, int phase, int first, int count, bl_real *out) {
    (void)phase;
    state *s = job->state;
    size_t n = s->subject.n;
    int batch = bl_plan_batch(bl_run_plan(s->run));
    bl_real *x = bl_run_input(s->run);
    for (int i = 0; i < batch; i++)
        if (i < count)
            noisy_copy(job, first + i, x + (size_t)i * n);
        else
            memcpy(x + (size_t)i * n, s->subject.x, n * sizeof *x); /* the last batch may have empty places */
    BL_TRY(bl_job_forward(job, s->run));
    BL_TRY(bl_job_backward(job, s->run, &job->objective));
    const bl_real *g = bl_run_gradient(s->run, job->model->input);
    for (int i = 0; i < count; i++, out += n + 1) {
        memcpy(out, g + (size_t)i * n, n * sizeof *g);
        out[n] = (bl_real)bl_batch_class(s->run, i);
    }
    return BL_OK;
}

static bl_status merge(bl_job *job, int phase, int item, const bl_real *g) {
    (void)phase, (void)item;
    state *s = job->state;
    size_t n = s->subject.n;
    int of = bl_job_integer(job, "average");
    bl_real share = (bl_real)1 / (bl_real)++s->seen;
    s->same += (int)g[n] == s->subject.predicted;
    if (of == MEAN)
        for (size_t i = 0; i < n; i++) s->mean[i] += (g[i] - s->mean[i]) * share;
    else if (of == SIZE)
        for (size_t i = 0; i < n; i++) s->mean[i] += ((g[i] < 0 ? -g[i] : g[i]) - s->mean[i]) * share;
    else
        for (size_t i = 0; i < n; i++) {
            bl_real off = g[i] - s->mean[i];
            s->mean[i] += off * share;
            s->more[i] += off * (g[i] - s->mean[i]);
        }
    return BL_OK;
}

static void show(bl_job *job) {
    state *s = job->state;
    const bl_subject *subject = &s->subject;
    if (!s->seen) return;
    int of = bl_job_integer(job, "average"), how = bl_job_integer(job, "reduce");
    const bl_real *values = s->mean;
    if (of == SQUARE || of == VARIANCE) {
        bl_real *squares = bl_run_input(s->run); /* filled anew by the next step */
        for (size_t i = 0; i < subject->n; i++)
            squares[i] = s->more[i] / (bl_real)s->seen + (of == SQUARE ? s->mean[i] * s->mean[i] : 0);
        values = squares;
    }
    bool squared = values != s->mean, is_signed = of == MEAN && how == BL_REDUCE_SIGNED;
    bl_reduce(job->model, values, (bl_reduction)how, squared ? 2 : 1, subject->pixels, s->map->data);
    bl_map_show(job, s->map, is_signed, squared ? "per unit of colour, squared" : "per unit of colour");
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    bl_facts_open(job, s->facts, &s->subject);
    if (s->subject.predicted >= 0)
        bl_table_number(s->facts, "same", "noisy copies of the same prediction", 100.0 * s->same / s->seen, "%");
    bl_table_number(s->facts, "sigma", "deviation of the noise", s->sigma, "of the range of colour");
    bl_facts_largest(job, s->facts, s->map);
    bl_table_close(s->facts);
    return BL_OK;
}

static const bl_param params[] = {
    {.name = "samples",
     .title = "noisy copies",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 5,
     .most = 500,
     .otherwise = 50,
     .logarithmic = true,
     .meaning = "How many noisy copies of the picture are averaged over."},
    {.name = "sigma",
     .title = "noise",
     .type = BL_PARAM_NUMBER,
     .unit = "",
     .least = 0,
     .most = 0.5,
     .otherwise = 0.15,
     .meaning = "The deviation of the noise, as a share of the picture's range of colour."},
    {.name = "average",
     .title = "average of",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "gradient square variance size",
     .meaning = "The gradient (SmoothGrad), its square (SmoothGrad²), its variance (VarGrad), or its size."},
    BL_REDUCE_ROW,
    BL_PERCENTILE_ROW,
    BL_SEED_ROW("Of the noise."),
};

const bl_method bl_method_smoothgrad = {
    .id = "smoothgrad",
    .family = "attribution",
    .title = "SmoothGrad",
    .purpose = "The gradient, averaged over noisy copies of the picture",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "1 F + copies × (1 F + 1 B)",
    .formula = BL_LATEX("\\bar g = \\frac1N \\sum_{i=1}^N \\frac{\\partial S(u + e_i)}{\\partial u}, \\quad e_i \\sim "
                        "\\mathcal N(0, \\sigma^2 I)"),
    .caution =
        "Cleaner is not more faithful: it is the gradient of a blurred function, and squares cannot show a sign.",
    .source = "Smilkov et al. 2017, SmoothGrad; Adebayo et al. 2018, Local Explanation Methods (variance); Hooker et "
              "al. 2019, ROAR (square)",
    .state = sizeof(state),
    .start = start,
    .step = bl_subject_step,
    .part = part,
    .merge = merge,
    .show = show,
    .finish = finish,
};
