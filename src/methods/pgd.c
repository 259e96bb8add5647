/* Projected gradient descent: many small steps in the box, from several random starts. */
#include "methods/attack_state.h"

static bl_status start(bl_job *job) {
    bl_attack_how how = {.eps = bl_job_integer(job, "eps"),
                         .alpha = (bl_real)bl_job_number(job, "alpha"),
                         .steps = bl_job_integer(job, "steps"),
                         .restarts = bl_job_integer(job, "restarts"),
                         .random_start = bl_job_integer(job, "start") == 0,
                         .target = bl_job_integer(job, "target"),
                         .seed = (uint64_t)bl_job_number(job, "seed")};
    if (!how.random_start && how.restarts > 1) {
        how.restarts = 1;
        bl_job_note(job, "One start: from the picture itself every start is the same.");
    }
    return bl_attack_start(job, &how);
}

static const bl_method_input inputs[] = {{"picture", BL_INPUT_PICTURE, 1, 1, "The picture to change."}};
static const bl_param params[] = {
    BL_EPS_ROW,
    {.name = "alpha",
     .title = "step",
     .type = BL_PARAM_NUMBER,
     .unit = "/255",
     .least = 0.1,
     .most = 32,
     .otherwise = 2,
     .logarithmic = true,
     .meaning = "How far each step goes."},
    {.name = "steps",
     .title = "steps",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 1,
     .most = 100,
     .otherwise = 20,
     .meaning = "How many steps a start takes."},
    {.name = "restarts",
     .title = "starts",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 1,
     .most = 20,
     .otherwise = 5,
     .meaning = "How many random starts are tried at most; the first that fools ends it."},
    {.name = "start",
     .title = "start from",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "random picture",
     .meaning = "Anywhere in the box, or the picture itself."},
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
     .meaning = "Of the random starts, and of the noise shown beside it."},
};

const bl_method bl_method_pgd = {
    .id = "pgd",
    .family = "attack",
    .title = "PGD",
    .purpose = "Many small steps along the sign of the gradient, never further than ε from the picture",
    .inputs = inputs,
    .n_inputs = 1,
    .objectives = "",
    .objective = "",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .result = "adversarial",
    .cost = "starts × steps × (1 F + 1 B)",
    .formula = BL_LATEX(
        "u_{t+1} = \\Pi_{\\varepsilon}\\bigl(u_t + \\alpha\\,\\operatorname{sign}\\nabla_u\\,\\ell(u_t, y)\\bigr)"),
    .caution = "A failed attack does not show that the picture is safe: another may succeed.",
    .source = "Madry et al. 2018, Towards Deep Learning Models Resistant to Adversarial Attacks",
    .state = sizeof(bl_attack),
    .start = start,
    .step = bl_attack_step,
    .finish = bl_attack_finish,
};
