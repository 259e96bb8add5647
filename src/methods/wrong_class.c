/* Evidence for a wrong class: the map of the prediction beside the map of a class that is not there. */
#include <math.h>
#include <string.h>

#include "methods/judging.h"
#include "methods/similarity.h"

typedef struct {
    bl_judged judged;
    int other; /* class; −1: the network has one alone */
    bl_objective objective;
    bl_result *map;
} state;

static bl_status start(bl_job *job) {
    state *s = job->state;
    BL_TRY(bl_judged_start(job));
    int classes = bl_n_classes(bl_run_plan(s->judged.subject.run));
    if (classes < 2)
        return bl_fail(job->error, BL_UNSUPPORTED, "the network has one class alone: there is no wrong one");
    bl_job_phase(job, "the map of the other class", s->judged.steps);
    s->map = bl_job_add_result(job, "other", "for the other class", BL_MAP, 1, s->judged.subject.height,
                               s->judged.subject.width);
    return s->map ? BL_OK : bl_no_room(job);
}

/* The class asked for, or the one with the least score: absurd. */
static void choose(bl_job *job) {
    state *s = job->state;
    const bl_real *scores = bl_run_value(s->judged.subject.run, job->model->scores);
    int n = bl_n_classes(bl_run_plan(s->judged.subject.run)), own = job->objective.terms[0].index;
    s->other = bl_job_integer(job, "other");
    for (int i = 0; s->other < 0 && i < n; i++) s->other = i == own ? -1 : i;
    for (int i = 0; bl_job_integer(job, "other") < 0 && i < n; i++)
        if (i != own && scores[i] < scores[s->other]) s->other = i;
    s->objective = job->objective;
    s->objective.terms[0].index = s->other;
}

static bl_status step(bl_job *job, int phase, int number) {
    state *s = job->state;
    if (phase < BL_JUDGED_PHASES) return bl_judged_step(job, phase, number);
    if (number == 0) {
        char text[400];
        choose(job);
        bl_objective_text(job->model, &s->objective, text, sizeof text);
        BL_TRY(bl_judged_again(job, NULL, text, NULL, NULL));
    }
    BL_TRY(bl_judged_advance(job));
    if (number < s->judged.steps - 1) return BL_OK;
    bl_result *own = s->judged.map;
    bl_judged_keep(&s->judged, s->map);
    own->limit = s->map->limit = own->limit > s->map->limit ? own->limit : s->map->limit; /* one scale for both */
    return BL_OK;
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    size_t n = s->judged.subject.pixels;
    double *a = bl_alloc_aligned(2 * n * sizeof *a), like[2];
    if (!a) return bl_no_room(job);
    for (int sizes = 0; sizes < 2; sizes++) {
        bl_map_doubles(s->judged.map->data, n, sizes, a), bl_map_doubles(s->map->data, n, sizes, a + n);
        like[sizes] = bl_rank_correlation(a, a + n, n);
    }
    bl_free_aligned(a);
    char buffer[24];
    bl_judged_open(job);
    bl_table_text(s->judged.facts, "other", "the other class", bl_model_label(job->model, s->other, buffer));
    bl_judged_figure(job, "signed", "likeness, ranks with sign", like[0], "");
    bl_judged_figure(job, "rank", "likeness, ranks of sizes", like[1], "");
    bl_table_close(s->judged.facts);
    if (like[0] > 0.8) bl_job_note(job, "The map hardly tells one class from the other.");
    return BL_OK;
}

static const bl_param params[] = {
    BL_JUDGED_ROWS,
    {.name = "other",
     .title = "other class",
     .type = BL_PARAM_CLASS,
     .unit = "",
     .text = "",
     .meaning = "The class that is not there; the one with the least score when none is given."},
};

const bl_method bl_method_wrong_class = {
    .id = "wrong-class",
    .family = "judging",
    .title = "Evidence for a wrong class",
    .purpose = "How much the map of the prediction is like that of a class that is not there",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = "class logp prob loss",
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .result = "other",
    .cost = "2 × the method",
    .formula = BL_LATEX("\\rho\\bigl(M_c, M_{c'}\\bigr)"),
    .caution =
        "Where both maps are alike, the map says where the network looks, not why it decides: the same places would "
        "explain a decision that is wrong.",
    .source = "Rudin 2019, Stop Explaining Black Box Machine Learning Models (the husky and the flute); Sixt et al. "
              "2020, When Explanations Lie (random logit)",
    .state = sizeof(state),
    .start = start,
    .step = step,
    .finish = finish,
    .end = bl_judged_end,
};
