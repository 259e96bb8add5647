/* RISE: the score as a function of random soft masks, pixel by pixel. */
#include <math.h>
#include <string.h>

#include "methods/attribution.h"

enum { MOST_AT_ONCE = 16, SLOPE = 0 };

typedef struct {
    bl_subject subject; /* first: bl_subject_step */
    bl_run *run;
    bl_real *grid, *large; /* cells × cells; enlarged, one cell more than the picture each way */
    int cells, cell_h, cell_w;
    double *m, *mm, *fm; /* Σ per pixel of the mask, its square, score × mask */
    double f, ff;        /* Σ of the score, its square */
    int seen;
    bl_result *map, *facts;
} state;

static bl_status start(bl_job *job) {
    state *s = job->state;
    bl_subject *subject = &s->subject;
    BL_TRY(bl_subject_start(job, subject, false, -1, -1));
    int masks = bl_job_integer(job, "masks"), batch = bl_job_batch(masks, MOST_AT_ONCE);
    BL_TRY(bl_subject_run(job, subject, batch, -1, &s->run));
    s->cells = bl_job_integer(job, "cells");
    s->cell_h = (subject->height + s->cells - 1) / s->cells, s->cell_w = (subject->width + s->cells - 1) / s->cells;
    size_t large = (size_t)((s->cells + 1) * s->cell_h) * (size_t)((s->cells + 1) * s->cell_w);
    s->grid = bl_arena_take_array(&job->arena, (size_t)s->cells * (size_t)s->cells, sizeof *s->grid);
    s->large = bl_arena_take_array(&job->arena, large, sizeof *s->large);
    s->m = bl_arena_take_array(&job->arena, 3 * subject->pixels, sizeof *s->m);
    bl_job_phase(job, "forward", 1);
    if (!s->grid || !s->large || !s->m ||
        !bl_job_phase_independent(job, "random masks", masks, batch, subject->pixels + 1))
        return bl_no_room(job);
    s->mm = s->m + subject->pixels, s->fm = s->mm + subject->pixels;
    return bl_map_and_facts(job, subject, "map", "worth of each pixel", &s->map, &s->facts);
}

/* A grid of ones and zeros, enlarged, and cut at a random place. */
static void make_mask(bl_job *job, int item, bl_real *mask) {
    state *s = job->state;
    bl_random r = {(uint64_t)bl_job_number(job, "seed"), BL_STREAM_RISE_GRID, (uint32_t)item, 0};
    float share = (float)bl_job_number(job, "share");
    int n = s->cells * s->cells, large_w = (s->cells + 1) * s->cell_w;
    for (int i = 0; i < n; i++) s->grid[i] = bl_random_uniform(&r, (uint32_t)i) < share;
    bl_resize(s->grid, 1, s->cells, s->cells, s->large, (s->cells + 1) * s->cell_h, large_w);
    r.stream = BL_STREAM_RISE_SHIFT;
    int top = (int)bl_random_below(&r, 0, (uint32_t)s->cell_h), left = (int)bl_random_below(&r, 1, (uint32_t)s->cell_w);
    for (int y = 0; y < s->subject.height; y++)
        memcpy(mask + y * s->subject.width, s->large + (y + top) * large_w + left,
               (size_t)s->subject.width * sizeof *mask);
}

static bl_status part(bl_job *job, int phase, int first, int count, bl_real *out) {
    (void)phase;
    state *s = job->state;
    const bl_subject *subject = &s->subject;
    size_t pixels = subject->pixels;
    int batch = bl_plan_batch(bl_run_plan(s->run));
    for (int i = 0; i < batch; i++) {
        bl_real *x = bl_run_input(s->run) + (size_t)i * subject->n,
                *mask = out + (size_t)(i < count ? i : 0) * (pixels + 1);
        if (i < count) make_mask(job, first + i, mask);
        for (size_t c = 0; c < subject->n; c += pixels)
            for (size_t k = 0; k < pixels; k++) x[c + k] = subject->x[c + k] * mask[k];
    }
    double values[MOST_AT_ONCE];
    BL_TRY(bl_job_forward(job, s->run));
    BL_TRY(bl_objective_value(s->run, &job->objective, values, job->error));
    for (int i = 0; i < count; i++) out[(size_t)i * (pixels + 1) + pixels] = (bl_real)values[i];
    return BL_OK;
}

static bl_status merge(bl_job *job, int phase, int item, const bl_real *mask) {
    (void)phase, (void)item;
    state *s = job->state;
    double f = mask[s->subject.pixels];
    for (size_t i = 0; i < s->subject.pixels; i++) {
        s->m[i] += mask[i];
        s->mm[i] += (double)mask[i] * mask[i];
        s->fm[i] += f * mask[i];
    }
    s->f += f, s->ff += f * f;
    s->seen++;
    return BL_OK;
}

static void show(bl_job *job) {
    state *s = job->state;
    bool slope = bl_job_integer(job, "form") == SLOPE;
    double n = s->seen, share = bl_job_number(job, "share");
    if (s->seen < 2) return;
    for (size_t i = 0; i < s->subject.pixels; i++) {
        double varies = s->mm[i] - s->m[i] * s->m[i] / n, with = s->fm[i] - s->f * s->m[i] / n;
        s->map->data[i] = (bl_real)(!slope ? s->fm[i] / (n * share) : varies > 1e-9 * n ? with / varies : 0);
    }
    bl_map_show(job, s->map, slope, "");
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    double mean = s->f / s->seen, varies = s->ff / s->seen - mean * mean, deviation = varies > 0 ? sqrt(varies) : 0;
    bl_facts_open(job, s->facts, &s->subject);
    bl_table_number(s->facts, "mean", "its mean under masks", mean, "");
    bl_table_number(s->facts, "error", "standard error of the mean", deviation / sqrt(s->seen), "");
    bl_facts_largest(job, s->facts, s->map);
    bl_table_close(s->facts);
    return BL_OK;
}

static const bl_param params[] = {
    {.name = "masks",
     .title = "masks",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 100,
     .most = 8000,
     .otherwise = 2000,
     .logarithmic = true,
     .meaning = "How many random masks are tried."},
    {.name = "cells",
     .title = "cells",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 2,
     .most = 16,
     .otherwise = 7,
     .meaning = "How many cells a mask has each way, before it is enlarged."},
    {.name = "share",
     .title = "kept",
     .type = BL_PARAM_NUMBER,
     .unit = "",
     .least = 0.1,
     .most = 0.9,
     .otherwise = 0.5,
     .meaning = "The share of cells that stay visible; the rest becomes the network's mean colour."},
    {.name = "form",
     .title = "form",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "slope classic",
     .meaning = "By how much the score rises with the mask at a pixel, or the mean score of masks that keep it (the "
                "paper's)."},
    BL_PERCENTILE_ROW,
    BL_SEED_ROW("Of the masks."),
};

const bl_method bl_method_rise = {
    .id = "rise",
    .family = "attribution",
    .title = "RISE",
    .purpose = "What pixels are worth, from the score under random masks",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "prob",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "1 F + masks × 1 F",
    .formula =
        BL_LATEX("M_\\lambda = \\frac{\\sum_i (f(u \\odot m_i) - \\bar f)(m_{i,\\lambda} - \\bar m_\\lambda)}{\\sum_i "
                 "(m_{i,\\lambda} - \\bar m_\\lambda)^2}"),
    .caution = "An estimate from random masks: another seed gives another map. In the classic form all values are "
               "positive, and "
               "the background is not zero.",
    .source = "Petsiuk et al. 2018, RISE",
    .state = sizeof(state),
    .start = start,
    .step = bl_subject_step,
    .part = part,
    .merge = merge,
    .show = show,
    .finish = finish,
};
