/* Sensitivity-n: does the sum of a map over a set of blocks tell by how much the score falls when they are taken away
 * together? Sets of few blocks, and of many. */
#include <math.h>
#include <string.h>

#include "base/elementary.h"
#include "methods/judging.h"

enum { MOST_AT_ONCE = 16, SIZES = 10, MOST_SUBSETS = 500 };

typedef struct {
    bl_judged judged;
    bl_run *run;
    int side, rows, columns, cells; /* blocks of side × side pixels; those at the edges may be smaller */
    int sizes[SIZES], n_sizes;      /* how many blocks a set has */
    int subsets, batch, size_steps;
    bl_real *gone; /* C×H×W: what is put in the place of blocks */
    double *share; /* per block: the map's sum over it */
    uint32_t *set;
    double told[MOST_SUBSETS], fell[MOST_SUBSETS]; /* of the size at work */
    double correlation[SIZES];
    bl_result *bars;
} state;

/* From 1 to 0.8 of all, evenly by their logarithms. */
static void choose_sizes(state *s) {
    double most = 0.8 * s->cells < 1 ? 1 : 0.8 * s->cells;
    for (int i = 0; i < SIZES; i++) {
        int n = (int)((double)bl_exp((bl_real)i / (SIZES - 1) * bl_log((bl_real)most)) + 0.5);
        if (s->n_sizes == 0 || n > s->sizes[s->n_sizes - 1]) s->sizes[s->n_sizes++] = n;
    }
}

static bl_status start(bl_job *job) {
    state *s = job->state;
    BL_TRY(bl_judged_start(job));
    const bl_subject *q = &s->judged.subject;
    s->side = bl_job_integer(job, "block"), s->subsets = bl_job_integer(job, "subsets");
    s->rows = (q->height + s->side - 1) / s->side, s->columns = (q->width + s->side - 1) / s->side;
    s->cells = s->rows * s->columns;
    choose_sizes(s);
    s->batch = bl_job_batch(s->subsets, MOST_AT_ONCE);
    s->size_steps = (s->subsets + s->batch - 1) / s->batch;
    BL_TRY(bl_subject_run(job, q, s->batch, -1, &s->run));
    bl_job_phase(job, "taking blocks away", s->n_sizes * s->size_steps);
    s->gone = bl_arena_take_array(&job->arena, q->n, sizeof *s->gone);
    s->share = bl_arena_take_array(&job->arena, (size_t)s->cells, sizeof *s->share);
    s->set = bl_arena_take_array(&job->arena, (size_t)s->cells, sizeof *s->set);
    s->bars = bl_job_add_result(job, "sizes", "correlation by number of blocks", BL_BARS, 1, 1, s->n_sizes);
    return s->gone && s->share && s->set && s->bars ? BL_OK : bl_no_room(job);
}

static int cell_of(const state *s, size_t pixel) {
    int y = (int)(pixel / (size_t)s->judged.subject.width), x = (int)(pixel % (size_t)s->judged.subject.width);
    return y / s->side * s->columns + x / s->side;
}

/* Takes a set of blocks, drawn by chance, out of the picture; tells what the map says they are worth. */
static double take_away(bl_job *job, int size, int subset, bl_real *x) {
    state *s = job->state;
    const bl_subject *q = &s->judged.subject;
    bl_random r = {(uint64_t)bl_job_number(job, "seed"), BL_STREAM_SUBSETS, (uint32_t)subset, (uint32_t)size};
    double told = 0;
    for (uint32_t i = 0; i < (uint32_t)s->cells; i++) s->set[i] = i;
    for (int i = 0; i < s->sizes[size]; i++) { /* Fisher and Yates, as far as needed */
        uint32_t other = (uint32_t)i + bl_random_below(&r, (uint32_t)i, (uint32_t)(s->cells - i)), cell = s->set[other];
        s->set[other] = s->set[i], s->set[i] = cell;
        told += s->share[cell];
        int top = (int)cell / s->columns * s->side, left = (int)cell % s->columns * s->side;
        for (int y = top; y < top + s->side && y < q->height; y++)
            for (int column = left; column < left + s->side && column < q->width; column++)
                for (size_t at = (size_t)(y * q->width + column); at < q->n; at += q->pixels) x[at] = s->gone[at];
    }
    return told;
}

/* Pearson's; not defined where one side never changes. */
static double correlate(const double *a, const double *b, int n) {
    double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
    for (int i = 0; i < n; i++) ma += a[i] / n, mb += b[i] / n;
    for (int i = 0; i < n; i++)
        aa += (a[i] - ma) * (a[i] - ma), bb += (b[i] - mb) * (b[i] - mb), ab += (a[i] - ma) * (b[i] - mb);
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}

static void begin(bl_job *job) {
    static const bl_fill fills[] = {BL_FILL_MEAN, BL_FILL_BLACK, BL_FILL_BLUR};
    state *s = job->state;
    bl_fill_make(job, &s->judged.subject, fills[bl_job_integer(job, "fill")], (float)s->side, 0, s->gone);
    for (size_t i = 0; i < s->judged.subject.pixels; i++) s->share[cell_of(s, i)] += (double)s->judged.map->data[i];
}

static bl_status step(bl_job *job, int phase, int number) {
    state *s = job->state;
    const bl_subject *q = &s->judged.subject;
    if (phase < BL_JUDGED_PHASES) return bl_judged_step(job, phase, number);
    if (number == 0) begin(job);
    int size = number / s->size_steps, first = number % s->size_steps * s->batch;
    double values[MOST_AT_ONCE];
    for (int i = 0; i < s->batch; i++) {
        bl_real *x = bl_run_input(s->run) + (size_t)i * q->n;
        memcpy(x, q->x, q->n * sizeof *x);
        if (first + i < s->subsets) s->told[first + i] = take_away(job, size, first + i, x);
    }
    BL_TRY(bl_job_forward(job, s->run));
    BL_TRY(bl_objective_value(s->run, &job->objective, values, job->error));
    for (int i = 0; i < s->batch && first + i < s->subsets; i++) s->fell[first + i] = q->value - values[i];
    if (first + s->batch < s->subsets) return BL_OK;
    s->correlation[size] = correlate(s->told, s->fell, s->subsets);
    s->bars->data[size] = (bl_real)(isfinite(s->correlation[size]) ? s->correlation[size] : 0);
    bl_text_add(&s->bars->text, "%s%d", size ? "\n" : "", s->sizes[size]);
    return BL_OK;
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    double sum = 0;
    for (int i = 0; i < s->n_sizes; i++) sum += s->correlation[i] / s->n_sizes;
    bl_result_range(job, s->bars, BL_FAMILY_GREY, true, 100);
    s->bars->ready = true;
    bl_judged_open(job);
    bl_judged_figure(job, "mean", "correlation, mean over sizes", sum, "");
    bl_judged_figure(job, "one", "of single blocks", s->correlation[0], "");
    bl_judged_figure(job, "many", "of the largest sets", s->correlation[s->n_sizes - 1], "");
    bl_table_close(s->judged.facts);
    return BL_OK;
}

static const bl_param params[] = {
    BL_JUDGED_ROWS,
    {.name = "block",
     .title = "block",
     .type = BL_PARAM_INTEGER,
     .unit = "px",
     .least = 1,
     .most = 32,
     .otherwise = 4,
     .meaning = "The side of the blocks that are taken away."},
    {.name = "subsets",
     .title = "sets",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 10,
     .most = MOST_SUBSETS,
     .otherwise = 100,
     .logarithmic = true,
     .meaning = "Sets drawn of each size."},
    {.name = "fill",
     .title = "replaced by",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "mean black blur",
     .meaning = "What is put in their place: the network's mean colour, black, or the picture blurred."},
    BL_SEED_ROW("Of the sets."),
};

const bl_method bl_method_sensitivity_n = {
    .id = "sensitivity-n",
    .family = "judging",
    .title = "Sensitivity-n",
    .purpose = "Whether a map's sum over parts tells how the score falls without them",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .result = "sizes",
    .cost = "the method + 10 × sets × 1 F",
    .formula =
        BL_LATEX("\\operatorname{corr}_T \\Bigl(\\sum_{i \\in T} M_i,\\; S(u) - S(u_{T := u'})\\Bigr), \\quad |T| = n"),
    .caution = "Maps that say how sensitive a score is, and not what a part is worth, need not pass; and a linear "
               "network alone can be told exactly at every size.",
    .source = "Ancona et al. 2018, Towards Better Understanding of Gradient-Based Attribution Methods",
    .state = sizeof(state),
    .start = start,
    .step = step,
    .finish = finish,
    .end = bl_judged_end,
};
