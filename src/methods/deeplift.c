/* DeepLIFT by its rescale rule: picture and reference go through the network as one batch, and every slope on the way
 * back is the rise between the two. */
#include <math.h>
#include <string.h>

#include "methods/attribution.h"

typedef struct {
    bl_subject subject; /* first: bl_subject_step */
    bl_run *run;        /* of the picture and its reference */
    bl_result *map, *facts;
} state;

static bl_status start(bl_job *job) {
    state *s = job->state;
    BL_TRY(bl_subject_start(job, &s->subject, false, -1, -1));
    s->subject.rules = BL_RULES_RESCALE;
    BL_TRY(bl_subject_run(job, &s->subject, 2, job->model->input, &s->run));
    bl_job_phase(job, "forward", 1);
    bl_job_phase(job, "both and back", 1);
    return bl_map_and_facts(job, &s->subject, "attribution", "share in the score", &s->map, &s->facts);
}

static bl_status step(bl_job *job, int phase, int number) {
    static const bl_fill fills[] = {BL_FILL_BLACK, BL_FILL_MEAN, BL_FILL_WHITE, BL_FILL_BLUR};
    state *s = job->state;
    const bl_subject *subject = &s->subject;
    if (phase == 0) return bl_subject_step(job, phase, number);
    bl_real *x = bl_run_input(s->run), *reference = x + subject->n;
    memcpy(x, subject->x, subject->n * sizeof *x);
    bl_fill_make(job, subject, fills[bl_job_integer(job, "baseline")], (float)subject->height / 8, 0, reference);
    double values[2];
    BL_TRY(bl_job_forward(job, s->run));
    BL_TRY(bl_objective_value(s->run, &job->objective, values, job->error));
    BL_TRY(bl_job_backward_by(job, s->run, &job->objective, &(bl_pass){.rule = BL_RULE_RESCALE}));
    bl_product(subject, reference, bl_run_gradient(s->run, job->model->input), 1, false, s->map->data);
    bl_map_show(job, s->map, true, "");
    double gap = bl_facts_complete(job, s->facts, subject, s->map, values[1]);
    bl_table_close(s->facts);
    bool linear = true;
    for (int i = 0; i < job->objective.n_terms; i++) {
        int kind = job->objective.terms[i].kind;
        linear &= kind == BL_OBJ_CLASS || kind == BL_OBJ_MARGIN || kind == BL_OBJ_CHANNEL || kind == BL_OBJ_UNIT;
    }
    if (gap > 0.01 && !linear)
        bl_job_note(job, "What is explained is no sum of the layer's numbers: shares add up for scores, channels and "
                         "units alone.");
    return BL_OK;
}

static const bl_param params[] = {
    {.name = "baseline",
     .title = "reference",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "black mean white blur",
     .meaning = "The picture that stands for nothing: one colour, or the picture blurred."},
    BL_PERCENTILE_ROW,
};

const bl_method bl_method_deeplift = {
    .id = "deeplift",
    .family = "attribution",
    .title = "DeepLIFT",
    .purpose = "The score's difference from a reference, sent back by differences in place of slopes",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "3 F + 2 B",
    .formula = BL_LATEX("M_i = m_i\\,(u_i - u'_i), \\quad m = \\frac{a - a'}{z - z'} \\text{ at every curve}"),
    .caution = "The answer depends on the reference: pixels of its colour can never get credit.",
    .source = "Shrikumar et al. 2017, Learning Important Features; maximum pools as in Lundberg and Lee 2017",
    .state = sizeof(state),
    .start = start,
    .step = step,
};
