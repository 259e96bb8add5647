/* Deletion and insertion: how fast the prediction falls when the pixels that a map calls important go first, and how
 * fast it rises when they come first. Beside it the same for orders that know nothing of the network. */
#include <math.h>
#include <string.h>

#include "methods/judging.h"

enum { MOST_AT_ONCE = 16, MOST_DRAWS = 5 };
enum { DELETE, INSERT };
enum { OWN, EDGES, CENTRE, CHANCE, ORDERS = CHANCE + MOST_DRAWS };

typedef struct {
    bl_judged judged;
    bl_objective followed;
    bl_run *run;
    int points, batch, orders, way_steps; /* points of a curve, 0 … points; steps of a way of an order */
    bl_real *gone[2];                     /* C×H×W: what deleted pixels become; what insertion begins with */
    uint32_t *order;
    bl_real *map;
    double *curve[ORDERS][2]; /* points + 1 numbers */
    bl_result *curves;
} state;

static bl_status start(bl_job *job) {
    state *s = job->state;
    BL_TRY(bl_judged_start(job));
    const bl_subject *q = &s->judged.subject;
    s->points = bl_job_integer(job, "points");
    if ((size_t)s->points > q->pixels) s->points = (int)q->pixels;
    s->batch = bl_job_batch(s->points + 1, MOST_AT_ONCE);
    s->way_steps = (s->points + s->batch) / s->batch;
    s->orders = bl_job_integer(job, "compare") == 0 ? ORDERS : 1;
    BL_TRY(bl_subject_run(job, q, s->batch, -1, &s->run));
    bl_job_phase(job, "removing and adding pixels", s->orders * 2 * s->way_steps);
    s->gone[0] = bl_arena_take_array(&job->arena, 2 * q->n, sizeof(bl_real));
    s->order = bl_arena_take_array(&job->arena, q->pixels, sizeof *s->order);
    s->map = bl_arena_take_array(&job->arena, q->pixels, sizeof *s->map);
    size_t length = (size_t)s->points + 1;
    double *room = bl_arena_take_array(&job->arena, 2 * ORDERS * length, sizeof *room);
    s->curves = bl_job_add_result(job, "curves", "followed while pixels go and come", BL_SERIES, s->orders > 1 ? 4 : 2,
                                  1, (int)length);
    if (!s->gone[0] || !s->order || !s->map || !room || !s->curves) return bl_no_room(job);
    s->gone[1] = s->gone[0] + q->n;
    for (int i = 0; i < ORDERS * 2; i++) s->curve[i / 2][i % 2] = room + (size_t)i * length;
    for (int i = 0; i < s->curves->channels * s->curves->width; i++) s->curves->data[i] = (bl_real)NAN;
    bl_text_add(&s->curves->text, "deletion\ninsertion%s",
                s->orders > 1 ? "\ndeletion, by chance\ninsertion, by chance" : "");
    return BL_OK;
}

/* The pixels in the order of the map, or of one that is no explanation. */
static bl_status make_order(bl_job *job, int which) {
    state *s = job->state;
    const bl_subject *q = &s->judged.subject;
    const bl_real *map = which == OWN ? s->judged.map->data : which >= CHANCE ? NULL : s->map;
    if (which == EDGES) bl_edges(&q->picture, s->map);
    for (size_t i = 0; which == CENTRE && i < q->pixels; i++) {
        double y = (double)(i / (size_t)q->width) - (q->height - 1) / 2.0,
               x = (double)(i % (size_t)q->width) - (q->width - 1) / 2.0;
        s->map[i] = (bl_real) - (y * y + x * x);
    }
    return bl_map_order(job, map, q->pixels, (uint32_t)which, s->order);
}

/* How many pixels are changed at a point of a curve. */
static size_t pixels_at(const state *s, int point) {
    return (size_t)point * s->judged.subject.pixels / (size_t)s->points;
}

static bl_status measure(bl_job *job, int which, int way, int first) {
    state *s = job->state;
    const bl_subject *q = &s->judged.subject;
    const bl_real *from = way == DELETE ? q->x : s->gone[INSERT], *to = way == DELETE ? s->gone[DELETE] : q->x;
    double values[MOST_AT_ONCE];
    for (int i = 0; i < s->batch; i++) {
        bl_real *x = bl_run_input(s->run) + (size_t)i * q->n;
        int point = first + i < s->points ? first + i : s->points;
        memcpy(x, from, q->n * sizeof *x);
        for (size_t k = 0, n = pixels_at(s, point); k < n; k++)
            for (size_t c = s->order[k]; c < q->n; c += q->pixels) x[c] = to[c];
    }
    BL_TRY(bl_job_forward(job, s->run));
    BL_TRY(bl_objective_value(s->run, &s->followed, values, job->error));
    for (int i = 0; i < s->batch && first + i <= s->points; i++) s->curve[which][way][first + i] = values[i];
    return BL_OK;
}

/* The mean height of a curve: its trapezoids. */
static double area(const state *s, const double *curve) {
    double sum = 0;
    for (int i = 0; i <= s->points; i++) sum += curve[i];
    return (sum - (curve[0] + curve[s->points]) / 2) / s->points;
}

static double chance(const state *s, int way, int point) {
    double sum = 0;
    for (int i = CHANCE; i < ORDERS; i++)
        sum += (point < 0 ? area(s, s->curve[i][way]) : s->curve[i][way][point]) / MOST_DRAWS;
    return sum;
}

static void draw(state *s, int which, int way) {
    size_t length = (size_t)s->points + 1;
    for (size_t i = 0; i < length; i++)
        if (which == OWN)
            s->curves->data[(size_t)way * length + i] = (bl_real)s->curve[OWN][way][i];
        else if (which == ORDERS - 1)
            s->curves->data[(size_t)(2 + way) * length + i] = (bl_real)chance(s, way, (int)i);
}

static bl_status step(bl_job *job, int phase, int number) {
    static const bl_fill fills[] = {BL_FILL_MEAN, BL_FILL_BLACK, BL_FILL_BLUR, BL_FILL_NOISE};
    state *s = job->state;
    if (phase < BL_JUDGED_PHASES) return bl_judged_step(job, phase, number);
    int which = number / (2 * s->way_steps), way = number / s->way_steps % 2, at = number % s->way_steps;
    if (number == 0) {
        const bl_subject *q = &s->judged.subject;
        s->followed = bl_followed(job);
        bl_fill_make(job, q, fills[bl_job_integer(job, "fill")], (float)bl_job_number(job, "blur"), 0, s->gone[DELETE]);
        bl_fill_make(job, q, BL_FILL_BLUR, (float)bl_job_number(job, "blur"), 0, s->gone[INSERT]);
    }
    if (way == DELETE && at == 0) BL_TRY(make_order(job, which));
    BL_TRY(measure(job, which, way, at * s->batch));
    if (at == s->way_steps - 1) draw(s, which, way);
    return BL_OK;
}

static void show(bl_job *job) {
    state *s = job->state;
    s->curves->ready = s->judged.map->ready;
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    double start = s->curve[OWN][INSERT][0], whole = s->judged.subject.value;
    bl_judged_open(job);
    bl_judged_figure(job, "deletion", "deletion (lower: better)", area(s, s->curve[OWN][DELETE]), "");
    bl_judged_figure(job, "insertion", "insertion (higher: better)", area(s, s->curve[OWN][INSERT]), "");
    bl_judged_figure(job, "blurred", "where insertion begins", start, "");
    if (s->orders > 1) {
        bl_judged_figure(job, "deletion_edges", "deletion by edges", area(s, s->curve[EDGES][DELETE]), "");
        bl_judged_figure(job, "insertion_edges", "insertion by edges", area(s, s->curve[EDGES][INSERT]), "");
        bl_judged_figure(job, "deletion_centre", "deletion from the middle", area(s, s->curve[CENTRE][DELETE]), "");
        bl_judged_figure(job, "insertion_centre", "insertion from the middle", area(s, s->curve[CENTRE][INSERT]), "");
        bl_judged_figure(job, "deletion_chance", "deletion by chance", chance(s, DELETE, -1), "");
        bl_judged_figure(job, "insertion_chance", "insertion by chance", chance(s, INSERT, -1), "");
    }
    bl_table_close(s->judged.facts);
    if (s->followed.terms[0].kind == BL_OBJ_PROB && s->followed.n_terms == 1 && start > 0.1 && whole > 0)
        bl_job_note(job, "The blurred picture is still taken for the class with %.0f %%: insertion says little here.",
                    100 * start);
    return BL_OK;
}

static const bl_param params[] = {
    BL_JUDGED_ROWS,
    {.name = "points",
     .title = "points",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 2,
     .most = 512,
     .otherwise = 64,
     .logarithmic = true,
     .meaning = "In how many steps all pixels go, and come."},
    {.name = "fill",
     .title = "deleted pixels",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "mean black blur noise",
     .meaning = "What deleted pixels become: the network's mean colour, black, the picture blurred, or noise."},
    {.name = "blur",
     .title = "blur",
     .type = BL_PARAM_NUMBER,
     .unit = "px",
     .least = 0.5,
     .most = 50,
     .otherwise = 8,
     .meaning = "Deviation of the blur that insertion begins with: so large that the class cannot be told any more."},
    {.name = "compare",
     .title = "other orders",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "yes no",
     .meaning = "Also by edges, from the middle outwards, and five times by chance."},
    BL_SEED_ROW("Of equal pixels' order, and of chance."),
};

const bl_method bl_method_deletion = {
    .id = "deletion",
    .family = "judging",
    .title = "Deletion and insertion",
    .purpose = "How fast the prediction goes with the pixels that a map calls important",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .result = "curves",
    .cost = "the method + 2 × points × 1 F, nine times with other orders",
    .formula = BL_LATEX("\\mathrm{AUC} = \\frac1n \\Bigl(\\sum_{i=0}^n p_i - \\frac{p_0 + p_n}2\\Bigr)"),
    .caution = "Pictures with pixels missing are unlike any that the network was trained on: the prediction may fall "
               "because of the holes, not of what was in them.",
    .source = "Petsiuk et al. 2018, RISE; Samek et al. 2017 (pixel flipping); Hooker et al. 2019, ROAR (the caution)",
    .state = sizeof(state),
    .start = start,
    .step = step,
    .show = show,
    .finish = finish,
    .end = bl_judged_end,
};
