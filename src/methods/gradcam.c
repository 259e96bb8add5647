/* Grad-CAM and its relatives: channels of a layer weighted by their gradients. */
#include "methods/cam.h"

typedef struct {
    bl_subject subject;
    bl_cam cam;
    bl_result *map, *facts;
} state;

static bl_status start(bl_job *job) {
    state *s = job->state;
    bl_cam_layer(job, &s->cam);
    BL_TRY(bl_subject_start(job, &s->subject, false, s->cam.layer, s->cam.layer));
    BL_TRY(bl_cam_take(job, &s->cam, s->subject.run));
    bl_job_phase(job, "forward and backward", 1);
    return bl_map_and_facts(job, &s->subject, "map", "where the layer speaks for it", &s->map, &s->facts);
}

static bl_status step(bl_job *job, int phase, int number) {
    (void)phase, (void)number;
    state *s = job->state;
    BL_TRY(bl_subject_look(job, &s->subject));
    BL_TRY(bl_job_backward(job, s->subject.run, &job->objective));
    BL_TRY(bl_cam_cells(job, &s->cam, (bl_cam_kind)bl_job_integer(job, "variant"),
                        bl_run_value(s->subject.run, s->cam.layer), bl_run_gradient(s->subject.run, s->cam.layer)));
    bl_cam_enlarge(job, &s->cam, &s->subject, s->map->data);
    bl_cam_facts(job, &s->cam, &s->subject, s->map, s->facts);
    return BL_OK;
}

static const bl_param params[] = {
    {.name = "variant",
     .title = "weights by",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "gradcam gradcam++ hirescam layercam xgradcam cam",
     .meaning =
         "How channels are weighted: by their mean gradient, by Grad-CAM++'s, cell by cell (HiResCAM; LayerCAM: what "
         "is positive), by activation (XGrad-CAM), or by the dense layer itself (CAM)."},
    BL_CAM_ROWS,
};

const bl_method bl_method_gradcam = {
    .id = "gradcam",
    .family = "attribution",
    .title = "Grad-CAM",
    .purpose = "Where the channels of a late layer speak for the score",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "1 F + 1 B down to the layer",
    .formula = BL_LATEX(
        "M = \\operatorname{relu}\\Bigl(\\sum_k \\alpha_k A_k\\Bigr), \\quad \\alpha_k = \\frac1{hw} \\sum_{ij} "
        "\\frac{\\partial S}{\\partial A_{k,i,j}}"),
    .caution =
        "Coarse. The gradient is averaged first, so outside of networks that end in global average pooling it can mark "
        "places that were not used: compare HiResCAM.",
    .source =
        "Selvaraju et al. 2017, Grad-CAM; Zhou et al. 2016 (CAM); Chattopadhyay et al. 2018 (Grad-CAM++); Draelos and "
        "Carin 2020 (HiResCAM); Jiang et al. 2021 (LayerCAM); Fu et al. 2020 (XGrad-CAM)",
    .state = sizeof(state),
    .start = start,
    .step = step,
};
