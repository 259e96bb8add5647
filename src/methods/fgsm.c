/* The fast gradient sign method: one step to the corner of the box. */
#include "methods/attack_state.h"

static bl_status start(bl_job *job) {
    int eps = bl_job_integer(job, "eps");
    bl_attack_how how = {.eps = eps,
                         .alpha = (bl_real)eps,
                         .steps = 1,
                         .restarts = 1,
                         .target = bl_job_integer(job, "target"),
                         .seed = (uint64_t)bl_job_number(job, "seed")};
    return bl_attack_start(job, &how);
}

static const bl_method_input inputs[] = {{"picture", BL_INPUT_PICTURE, 1, 1, "The picture to change."}};
static const bl_param params[] = {
    BL_EPS_ROW,
    {.name = "target",
     .title = "target",
     .type = BL_PARAM_CLASS,
     .unit = "",
     .text = "",
     .meaning = "The class to become; none: any other than the predicted one."},
    {.name = "seed",
     .title = "seed",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 0,
     .most = 4294967295.0,
     .otherwise = 1,
     .meaning = "Which random noise is shown beside it."},
};

const bl_method bl_method_fgsm = {
    .id = "fgsm",
    .family = "attack",
    .title = "FGSM",
    .purpose = "One small step of every colour value along the sign of its gradient",
    .inputs = inputs,
    .n_inputs = 1,
    .objectives = "",
    .objective = "",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .result = "adversarial",
    .cost = "4 F + 1 B",
    .formula = BL_LATEX("u' = \\operatorname{clip}_{[0,1]}\\bigl(u + "
                        "\\varepsilon\\,\\operatorname{sign}\\nabla_u\\,\\ell(u, y)\\bigr)"),
    .caution = "Whether a change is small shows only at the true size: on 64×64 pixels, 8/255 can be seen.",
    .source = "Goodfellow et al. 2015, Explaining and Harnessing Adversarial Examples",
    .state = sizeof(bl_attack),
    .start = start,
    .step = bl_attack_step,
    .finish = bl_attack_finish,
};
