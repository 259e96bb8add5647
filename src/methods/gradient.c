/* Saliency: the gradient of a score with respect to the picture. */
#include "methods/attribution.h"

typedef struct {
    bl_subject subject;
    bl_result *map, *facts;
} state;

static bl_status start(bl_job *job) {
    state *s = job->state;
    BL_TRY(bl_subject_start(job, &s->subject, false, -1, job->model->input));
    bl_job_phase(job, "forward and backward", 1);
    return bl_map_and_facts(job, &s->subject, "saliency", "sensitivity", &s->map, &s->facts);
}

static bl_status step(bl_job *job, int phase, int number) {
    (void)phase, (void)number;
    state *s = job->state;
    BL_TRY(bl_subject_look(job, &s->subject));
    BL_TRY(bl_job_backward(job, s->subject.run, &job->objective));
    int how = bl_job_integer(job, "reduce");
    bl_reduce(job->model, bl_run_gradient(s->subject.run, job->model->input), (bl_reduction)how, 1, s->subject.pixels,
              s->map->data);
    bl_map_show(job, s->map, how == BL_REDUCE_SIGNED, "per unit of colour");
    bl_facts_open(job, s->facts, &s->subject);
    bl_facts_largest(job, s->facts, s->map);
    bl_table_close(s->facts);
    return BL_OK;
}

static const bl_param params[] = {BL_REDUCE_ROW, BL_PERCENTILE_ROW};

const bl_method bl_method_gradient = {
    .id = "gradient",
    .family = "attribution",
    .title = "Saliency",
    .purpose = "What a small change of each pixel would do to the score",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "1 F + 1 B",
    .formula = BL_LATEX("M_{ij} = \\max_c \\left| \\frac{\\partial S}{\\partial u_{c,i,j}} \\right|"),
    .caution = "Noisy by nature: a large gradient means sensitive, not important, and evidence that is already certain "
               "has none.",
    .source = "Simonyan et al. 2013, Deep Inside Convolutional Networks",
    .state = sizeof(state),
    .start = start,
    .step = step,
};
