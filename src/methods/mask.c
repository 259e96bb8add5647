/* Optimised masks: the mask that hides as little as it can and takes as much of the score as it can, found by gradient
 * descent (Adam; Kingma and Ba 2015) on a coarse grid that is enlarged over the picture. */
#include <math.h>
#include <string.h>

#include "methods/attribution.h"

enum { HIDE, KEEP, DISCS = 8 };

typedef struct {
    bl_subject subject;
    bl_run *run;
    int grid, cells, form, disc;
    bl_real *base, *mask, *large, *slope, *back; /* mask, its gradient: cells; large, slope: pixels; back: C×H×W */
    double *first, *second;                      /* Adam's means of the gradient and its square */
    double power[2];                             /* of Adam's two rates of forgetting */
    double value, size;                          /* the objective with the mask; |its value| for the picture */
    bl_result *map, *left, *curve, *facts;
} state;

static bl_status start(bl_job *job) {
    state *s = job->state;
    bl_subject *subject = &s->subject;
    BL_TRY(bl_subject_start(job, subject, false, -1, -1));
    BL_TRY(bl_subject_run(job, subject, 1, job->model->input, &s->run));
    s->grid = bl_job_integer(job, "grid"), s->cells = s->grid * s->grid, s->form = bl_job_integer(job, "form");
    int steps = bl_job_integer(job, "steps");
    size_t cells = (size_t)s->cells;
    s->base = bl_arena_take_array(&job->arena, 2 * subject->n, sizeof *s->base);
    s->mask = bl_arena_take_array(&job->arena, 2 * cells, sizeof *s->mask);
    s->large = bl_arena_take_array(&job->arena, 2 * subject->pixels, sizeof *s->large);
    s->first = bl_arena_take_array(&job->arena, 2 * cells, sizeof *s->first);
    bl_job_phase(job, "forward", 1);
    if (bl_job_integer(job, "start") == 1) bl_job_phase(job, "looking for a start", DISCS);
    bl_job_phase(job, "descending", steps);
    s->left = bl_job_add_result(job, "left", s->form == KEEP ? "what is kept" : "what is left", BL_PICTURE, 1,
                                subject->height, subject->width);
    s->curve = bl_job_add_result(job, "curve", "the explained value, step by step", BL_SERIES, 1, 1, steps + 1);
    if (!s->base || !s->mask || !s->large || !s->first || !s->left || !s->curve) return bl_no_room(job);
    s->back = s->base + subject->n, s->slope = s->large + subject->pixels, s->second = s->first + cells;
    for (int i = 0; i <= steps; i++) s->curve->data[i] = (bl_real)NAN;
    for (int i = 0; i < s->cells; i++) s->mask[i] = 1;
    s->power[0] = s->power[1] = 1;
    return bl_map_and_facts(job, subject, "map", "how far each pixel is hidden", &s->map, &s->facts);
}

/* The picture under the mask, rolled by some pixels, so that no single one counts by its place. */
static bl_status look(bl_job *job, int down, int right) {
    state *s = job->state;
    const bl_subject *q = &s->subject;
    bl_real *x = bl_run_input(s->run);
    bl_resize(s->mask, 1, s->grid, s->grid, s->large, q->height, q->width);
    for (size_t i = 0; i < q->n; i++) {
        size_t k = i % q->pixels, row = (k / (size_t)q->width + (size_t)down) % (size_t)q->height,
               column = (k + (size_t)right) % (size_t)q->width;
        x[i - k + row * (size_t)q->width + column] = s->base[i] + s->large[k] * (q->x[i] - s->base[i]);
    }
    BL_TRY(bl_job_forward(job, s->run));
    return bl_objective_value(s->run, &job->objective, &s->value, job->error);
}

/* A disc in the middle is hidden; the smallest that takes most of the score is the start. */
static bl_status try_disc(bl_job *job, int number) {
    state *s = job->state;
    double radius = (number + 1) * 0.6 * s->grid / DISCS, middle = (s->grid - 1) / 2.0;
    for (int i = 0; i < s->cells; i++) {
        double off =
            sqrt((i / s->grid - middle) * (i / s->grid - middle) + (i % s->grid - middle) * (i % s->grid - middle)) -
            radius;
        s->mask[i] = (bl_real)(off < 0 ? 0 : off > 1 ? 1 : off);
    }
    BL_TRY(look(job, 0, 0));
    if (s->value < 0.1 * s->subject.value) bl_job_end_phase(job, false);
    return BL_OK;
}

/* λ·mean |difference of neighbours|^3, its derivative added. */
static void smooth(const state *s, double strength, double *gradient) {
    for (int i = 0; i < s->cells; i++)
        for (int way = 0; way < 2; way++) {
            int next = way ? i + s->grid : i + 1;
            if (way ? next >= s->cells : next % s->grid == 0) continue;
            double d = (double)s->mask[next] - (double)s->mask[i], g = 3 * strength * d * fabs(d) / s->cells;
            gradient[next] += g, gradient[i] -= g;
        }
}

static bl_status descend(bl_job *job, int number) {
    state *s = job->state;
    const bl_subject *q = &s->subject;
    int jitter = bl_job_integer(job, "jitter"), span = 2 * jitter + 1;
    bl_random r = {(uint64_t)bl_job_number(job, "seed"), BL_STREAM_JITTER, 0, (uint32_t)number};
    int down = (int)bl_random_below(&r, 0, (uint32_t)span) - jitter,
        right = (int)bl_random_below(&r, 1, (uint32_t)span) - jitter;
    down = (down + jitter * q->height) % q->height, right = (right + jitter * q->width) % q->width;
    BL_TRY(look(job, down, right));
    s->curve->data[number] = (bl_real)s->value;
    BL_TRY(bl_job_backward(job, s->run, &job->objective));
    const bl_real *g = bl_run_gradient(s->run, job->model->input);
    double sign = (s->form == KEEP ? -1 : 1) / s->size, rest = bl_job_number(job, "area") / s->cells,
           gradient[32 * 32] = {0};
    memset(s->slope, 0, q->pixels * sizeof *s->slope);
    for (size_t i = 0; i < q->n; i++) {
        size_t k = i % q->pixels, row = (k / (size_t)q->width + (size_t)down) % (size_t)q->height,
               column = (k + (size_t)right) % (size_t)q->width;
        s->slope[k] += g[i - k + row * (size_t)q->width + column] * (q->x[i] - s->base[i]);
    }
    bl_real *of_mask = s->mask + s->cells;
    memset(of_mask, 0, (size_t)s->cells * sizeof *of_mask);
    bl_resize_adjoint(s->slope, 1, q->height, q->width, of_mask, s->grid, s->grid);
    smooth(s, bl_job_number(job, "smooth"), gradient);
    double rate = 0.1, b1 = 0.9, b2 = 0.999;
    s->power[0] *= b1, s->power[1] *= b2;
    for (int i = 0; i < s->cells; i++) {
        double d = gradient[i] + sign * (double)of_mask[i] + (s->form == KEEP ? rest : -rest);
        s->first[i] = b1 * s->first[i] + (1 - b1) * d;
        s->second[i] = b2 * s->second[i] + (1 - b2) * d * d;
        double m = (double)s->mask[i] -
                   rate * s->first[i] / (1 - s->power[0]) / (sqrt(s->second[i] / (1 - s->power[1])) + 1e-8);
        s->mask[i] = (bl_real)(m < 0 ? 0 : m > 1 ? 1 : m);
    }
    return BL_OK;
}

static bl_status step(bl_job *job, int phase, int number) {
    static const bl_fill fills[] = {BL_FILL_BLUR, BL_FILL_MEAN, BL_FILL_BLACK, BL_FILL_NOISE};
    state *s = job->state;
    if (phase > 0) return phase < job->n_phases - 1 ? try_disc(job, number) : descend(job, number);
    bl_fill_make(job, &s->subject, fills[bl_job_integer(job, "fill")], (float)s->subject.height / 20, 0, s->base);
    BL_TRY(bl_subject_look(job, &s->subject));
    s->size = fabs(s->subject.value) > 1e-6 ? fabs(s->subject.value) : 1e-6;
    return BL_OK;
}

static void show(bl_job *job) {
    state *s = job->state;
    const bl_subject *q = &s->subject;
    const bl_model *m = job->model;
    bl_resize(s->mask, 1, s->grid, s->grid, s->large, q->height, q->width);
    for (size_t i = 0; i < q->pixels; i++) s->map->data[i] = s->form == KEEP ? s->large[i] : 1 - s->large[i];
    bl_map_show(job, s->map, false, "");
    for (size_t i = 0; i < q->n; i++) {
        int c = (int)(i / q->pixels) & 3;
        s->back[i] = (s->base[i] + s->large[i % q->pixels] * (q->x[i] - s->base[i])) * m->std[c] + m->mean[c];
    }
    bl_unit_to_pixels(s->back, q->channels, q->height, q->width, m->channels, s->left->pixels);
    s->left->ready = true;
    bl_text_clear(&s->curve->text);
    bl_text_add(&s->curve->text, "value");
    s->curve->ready = true;
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    BL_TRY(look(job, 0, 0));
    s->curve->data[s->curve->width - 1] = (bl_real)s->value;
    double hidden = 0;
    for (size_t i = 0; i < s->subject.pixels; i++) hidden += (double)s->map->data[i] / (double)s->subject.pixels;
    bl_facts_open(job, s->facts, &s->subject);
    bl_table_number(s->facts, "after", "its value under the mask", s->value, "");
    bl_table_number(s->facts, "share", s->form == KEEP ? "of the picture is kept" : "of the picture is hidden",
                    100 * hidden, "%");
    bl_facts_largest(job, s->facts, s->map);
    bl_table_close(s->facts);
    if (s->form == HIDE && s->value > 0.5 * s->subject.value)
        bl_job_note(job, "Most of the score is left: nothing small takes it away.");
    return BL_OK;
}

static const bl_param params[] = {
    {.name = "form",
     .title = "look for",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "hide keep",
     .meaning = "The least that takes the score away when it is hidden, or the least that holds it when all else is."},
    {.name = "steps",
     .title = "steps",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 10,
     .most = 1000,
     .otherwise = 300,
     .logarithmic = true,
     .meaning = "Steps of the descent."},
    {.name = "grid",
     .title = "grid",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 4,
     .most = 32,
     .otherwise = 16,
     .meaning = "Cells of the mask each way: a coarse one cannot draw a pattern that fools the network."},
    {.name = "area",
     .title = "least area",
     .type = BL_PARAM_NUMBER,
     .unit = "",
     .least = 0,
     .most = 100,
     .otherwise = 0.3,
     .meaning = "How dear it is to hide (or to keep) the whole picture, in scores of the picture."},
    {.name = "smooth",
     .title = "smooth",
     .type = BL_PARAM_NUMBER,
     .unit = "",
     .least = 0,
     .most = 1000,
     .otherwise = 8,
     .meaning = "How dear edges of the mask are: the cubes of the differences of neighbours."},
    {.name = "jitter",
     .title = "jitter",
     .type = BL_PARAM_INTEGER,
     .unit = "px",
     .least = 0,
     .most = 8,
     .otherwise = 2,
     .meaning = "How far the picture is moved at random before each step."},
    {.name = "fill",
     .title = "hidden as",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "blur mean black noise",
     .meaning = "What hidden places become: the picture blurred, the network's mean colour, black, or noise."},
    {.name = "start",
     .title = "start",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "whole disc",
     .meaning =
         "With the whole picture, or with a disc in the middle hidden: a map that hangs on it is not to be trusted."},
    BL_PERCENTILE_ROW,
    BL_SEED_ROW("Of the jitter and the noise."),
};

const bl_method bl_method_mask = {
    .id = "mask",
    .family = "attribution",
    .title = "Optimised mask",
    .purpose = "The smallest part of the picture that takes the score away, or that holds it",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "prob",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .result = "map",
    .cost = "2 F + steps × (1 F + 1 B)",
    .formula = BL_LATEX("\\min_m \\frac{f\\bigl(m \\odot u + (1 - m) \\odot u'\\bigr)}{|f(u)|} + \\lambda_1 "
                        "\\operatorname{mean}(1 - m) + "
                        "\\lambda_2 \\operatorname{mean} |\\nabla m|^3"),
    .caution =
        "Hangs on the start, the fill and every strength; it may find a pattern that fools the network in place of "
        "what it looks at.",
    .source = "Fong and Vedaldi 2017, Interpretable Explanations of Black Boxes by Meaningful Perturbation",
    .state = sizeof(state),
    .start = start,
    .step = step,
    .show = show,
    .finish = finish,
};
