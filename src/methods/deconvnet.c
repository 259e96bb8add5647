/* Deconvnet: at every ReLU the signal goes on where it is positive, whatever the input was. A unit is sent back with
 * its own activation. */
#include "methods/backprop.h"

static bl_status step(bl_job *job, int phase, int number) {
    (void)phase, (void)number;
    bool unit = job->objective.n_terms == 1 && job->objective.terms[0].kind == BL_OBJ_UNIT;
    return bl_backprop_step(job, BL_RULE_DECONVNET, unit);
}

const bl_method bl_method_deconvnet = {
    .id = "deconvnet",
    .family = "attribution",
    .title = "Deconvnet",
    .purpose = "One activation alone, sent back down to the picture",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = bl_backprop_params,
    .n_params = 2,
    .result = "saliency",
    .cost = "1 F + 1 B",
    .formula = BL_LATEX("R^l = 1[R^{l+1} > 0]\\cdot R^{l+1} \\quad\\text{at every ReLU}"),
    .caution =
        "Made to look at single units. For a class much of it does not depend on the class: on the networks here the "
        "rank correlation with the map of a wrong class is 0.38 to 0.57.",
    .source = "Zeiler and Fergus 2014, Visualizing and Understanding Convolutional Networks",
    .state = sizeof(bl_backprop),
    .start = bl_backprop_start,
    .step = step,
};
