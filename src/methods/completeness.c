/* Completeness: does a map add up to what it explains, the rise of the score from a baseline to the picture? */
#include <math.h>
#include <string.h>

#include "methods/judging.h"

typedef struct {
    bl_judged judged;
    bl_run *run;
    bl_fill fills[2]; /* the baselines: the mean of the score at both counts */
    int n_fills;      /* 0: none, the score itself is due */
    bool unknown;     /* the method's baseline is one of chance */
    double at;        /* the score at the baseline */
} state;

enum { OWN, NONE };

/* The baseline that the method's parameters name, if they do. */
static void own_baseline(state *s) {
    static const struct {
        const char *word;
        int n;
        bl_fill fills[2];
    } words[] = {{"mean", 1, {BL_FILL_MEAN}},
                 {"black", 1, {BL_FILL_BLACK}},
                 {"white", 1, {BL_FILL_WHITE}},
                 {"black-white", 2, {BL_FILL_BLACK, BL_FILL_WHITE}}};
    const bl_method *m = s->judged.method;
    for (int i = 0; i < m->n_params; i++) {
        if (strcmp(m->params[i].name, "baseline") != 0) continue;
        s->unknown = true;
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            if (strcmp(s->judged.inner->texts[i], words[k].word) == 0) {
                s->unknown = false, s->n_fills = words[k].n;
                memcpy(s->fills, words[k].fills, sizeof s->fills);
            }
    }
}

static bl_status start(bl_job *job) {
    static const bl_fill fills[] = {BL_FILL_MEAN, BL_FILL_BLACK, BL_FILL_WHITE};
    state *s = job->state;
    BL_TRY(bl_judged_start(job));
    int wanted = bl_job_integer(job, "baseline");
    if (wanted == OWN)
        own_baseline(s);
    else if (wanted != NONE)
        s->n_fills = 1, s->fills[0] = fills[wanted - NONE - 1];
    BL_TRY(bl_subject_run(job, &s->judged.subject, 1, -1, &s->run));
    if (s->n_fills) bl_job_phase(job, "the baseline", s->n_fills);
    return BL_OK;
}

static bl_status step(bl_job *job, int phase, int number) {
    state *s = job->state;
    double value;
    if (phase < BL_JUDGED_PHASES) return bl_judged_step(job, phase, number);
    bl_fill_make(job, &s->judged.subject, s->fills[number], 0, 0, bl_run_input(s->run));
    BL_TRY(bl_job_forward(job, s->run));
    BL_TRY(bl_objective_value(s->run, &job->objective, &value, job->error));
    s->at += value / s->n_fills;
    return BL_OK;
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    double sum = 0, value = s->judged.subject.value, due = s->unknown ? (double)NAN : value - s->at;
    double least = 0.01 * fabs(value) + 1e-6;
    for (size_t i = 0; i < s->judged.subject.pixels; i++) sum += (double)s->judged.map->data[i];
    bl_judged_open(job);
    bl_judged_figure(job, "sum", "the map adds up to", sum, "");
    bl_judged_figure(job, "due", "it should add up to", due, "");
    bl_judged_figure(job, "gap", "it misses that by", 100 * fabs(sum - due) / (fabs(due) > least ? fabs(due) : least),
                     "%");
    bl_table_close(s->judged.facts);
    if (s->unknown) bl_job_note(job, "The method's baseline is another for every picture: what is due is not known.");
    return BL_OK;
}

static const bl_param params[] = {
    BL_JUDGED_ROWS,
    {.name = "baseline",
     .title = "baseline",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "own none mean black white",
     .meaning = "What the score is compared with: the method's own baseline if it has one, nothing, the network's mean "
                "colour, black, or white."},
};

const bl_method bl_method_completeness = {
    .id = "completeness",
    .family = "judging",
    .title = "Completeness",
    .purpose = "Whether a map adds up to the score it explains",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .result = "facts",
    .cost = "the method + 1 to 3 F",
    .formula = BL_LATEX("\\frac{\\bigl|\\sum_i M_i - (S(u) - S(u'))\\bigr|}{|S(u) - S(u')|}"),
    .caution =
        "A right sum does not make the parts right; and methods that promise no sum are not worse for missing it.",
    .source = "Sundararajan et al. 2017, Axiomatic Attribution for Deep Networks; Bach et al. 2015, On Pixel-Wise "
              "Explanations",
    .state = sizeof(state),
    .start = start,
    .step = step,
    .finish = finish,
    .end = bl_judged_end,
};
