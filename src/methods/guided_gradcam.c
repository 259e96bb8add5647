/* Guided Grad-CAM: the edges of guided backpropagation inside the region of Grad-CAM. */
#include "methods/cam.h"

typedef struct {
    bl_subject subject;
    bl_run *run; /* for the way back by the other rule, down to the picture */
    bl_cam cam;
    bl_result *map, *region, *facts;
} state;

static bl_status start(bl_job *job) {
    state *s = job->state;
    bl_cam_layer(job, &s->cam);
    BL_TRY(bl_subject_start(job, &s->subject, false, s->cam.layer, s->cam.layer));
    BL_TRY(bl_cam_take(job, &s->cam, s->subject.run));
    BL_TRY(bl_subject_run(job, &s->subject, 1, job->model->input, &s->run));
    bl_job_phase(job, "Grad-CAM", 1);
    bl_job_phase(job, "guided", 1);
    BL_TRY(bl_map_and_facts(job, &s->subject, "saliency", "signal inside the region", &s->map, &s->facts));
    s->region = bl_job_add_result(job, "region", "Grad-CAM", BL_MAP, 1, s->subject.height, s->subject.width);
    return s->region ? BL_OK : bl_no_room(job);
}

static bl_status step(bl_job *job, int phase, int number) {
    (void)number;
    state *s = job->state;
    const bl_subject *subject = &s->subject;
    if (phase == 0) {
        BL_TRY(bl_subject_look(job, &s->subject));
        BL_TRY(bl_job_backward(job, subject->run, &job->objective));
        BL_TRY(bl_cam_cells(job, &s->cam, BL_CAM_GRAD, bl_run_value(subject->run, s->cam.layer),
                            bl_run_gradient(subject->run, s->cam.layer)));
        bl_cam_enlarge(job, &s->cam, subject, s->region->data);
        bl_map_show(job, s->region, bl_job_integer(job, "keep") != 0, "");
        return BL_OK;
    }
    bl_real *x = bl_run_input(s->run);
    for (size_t i = 0; i < subject->n; i++) x[i] = subject->x[i];
    BL_TRY(bl_job_forward(job, s->run));
    BL_TRY(bl_job_backward_by(job, s->run, &job->objective, &(bl_pass){.rule = BL_RULE_GUIDED}));
    int how = bl_job_integer(job, "reduce");
    bl_reduce(job->model, bl_run_gradient(s->run, job->model->input), (bl_reduction)how, 1, subject->pixels,
              s->map->data);
    for (size_t i = 0; i < subject->pixels; i++) s->map->data[i] *= s->region->data[i];
    bl_map_show(job, s->map, how == BL_REDUCE_SIGNED || bl_job_integer(job, "keep") != 0, "");
    bl_facts_open(job, s->facts, subject);
    bl_facts_largest(job, s->facts, s->map);
    bl_table_close(s->facts);
    return BL_OK;
}

static const bl_param params[] = {BL_CAM_ROWS, BL_REDUCE_ROW};

const bl_method bl_method_guided_gradcam = {
    .id = "guided-gradcam",
    .family = "attribution",
    .title = "Guided Grad-CAM",
    .purpose = "Fine edges inside the coarse region of a class",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "2 F + 2 B",
    .formula = BL_LATEX("M = G_{\\text{guided}} \\odot M_{\\text{Grad-CAM}}"),
    .caution =
        "It depends on the class by its coarse factor alone: the fine lines are guided backpropagation's, with its "
        "faults (Adebayo et al. 2018). On the networks here at most 0.21 of its order is left with all weights "
        "drawn anew.",
    .source = "Selvaraju et al. 2017, Grad-CAM",
    .state = sizeof(state),
    .start = start,
    .step = step,
};
