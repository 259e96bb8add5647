/* Gradient × input: each pixel's share in the score to first order, as far as it differs from a baseline. */
#include "methods/attribution.h"

typedef struct {
    bl_subject subject;
    bl_real *base;
    bl_result *map, *facts;
} state;

static bl_status start(bl_job *job) {
    state *s = job->state;
    BL_TRY(bl_subject_start(job, &s->subject, false, -1, job->model->input));
    if (!(s->base = bl_arena_take_array(&job->arena, s->subject.n, sizeof *s->base))) return bl_no_room(job);
    bl_job_phase(job, "forward and backward", 1);
    return bl_map_and_facts(job, &s->subject, "attribution", "share in the score", &s->map, &s->facts);
}

static bl_status step(bl_job *job, int phase, int number) {
    (void)phase, (void)number;
    state *s = job->state;
    BL_TRY(bl_subject_look(job, &s->subject));
    BL_TRY(bl_job_backward(job, s->subject.run, &job->objective));
    bl_fill_make(job, &s->subject, (bl_fill)bl_job_integer(job, "baseline"), 0, 0, s->base);
    bl_product(&s->subject, s->base, bl_run_gradient(s->subject.run, job->model->input), 1, false, s->map->data);
    bl_map_show(job, s->map, true, "");
    bl_facts_open(job, s->facts, &s->subject);
    bl_facts_sum(s->facts, s->map, s->subject.value, "the value");
    bl_facts_largest(job, s->facts, s->map);
    bl_table_close(s->facts);
    return BL_OK;
}

static const bl_param params[] = {
    {.name = "baseline",
     .title = "compared with",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "mean black white",
     .meaning =
         "What a pixel is compared with: the network's mean colour, black or white. Pixels of that colour get 0."},
    BL_PERCENTILE_ROW,
};

const bl_method bl_method_gradient_input = {
    .id = "gradient-input",
    .family = "attribution",
    .title = "Gradient × input",
    .purpose = "Each pixel's share in the score, to first order",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "1 F + 1 B",
    .formula = BL_LATEX("M_{ij} = \\sum_c (u_{c,i,j} - u'_{c,i,j}) \\frac{\\partial S}{\\partial u_{c,i,j}}"),
    .caution =
        "It looks sharp because the picture itself is multiplied in, and pixels of the baseline's colour get nothing "
        "whatever the network does with them.",
    .source = "Shrikumar et al. 2016, Not Just a Black Box",
    .state = sizeof(state),
    .start = start,
    .step = step,
};
