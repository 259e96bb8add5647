/* Feature maps: what each channel of one layer answers to the picture. */
#include "methods/attribution.h"

typedef struct {
    bl_run *run;
    int layer;
    bl_result *maps, *means;
} state;

static bl_status start(bl_job *job) {
    state *s = job->state;
    const bl_model *m = job->model;
    s->layer = bl_job_integer(job, "layer");
    if (s->layer < 0) s->layer = bl_default_layer(m, 0);

    bl_picture picture;
    BL_TRY(bl_job_network_picture(job, &picture));
    bl_wants wants = BL_WANTS;
    wants.height = picture.height, wants.width = picture.width, wants.last = s->layer;
    bl_status status = bl_job_make_run(job, &wants, &s->run);
    if (status == BL_OK) bl_picture_to_input(&picture, m, bl_run_input(s->run));
    bl_picture_free(&picture);
    BL_TRY(status);

    /* A layer without rows and columns (after flatten) is a stack of single numbers. */
    bl_shape shape = bl_plan_shape(bl_run_plan(s->run), s->layer);
    int height = shape.rank == 4 ? shape.dim[2] : 1, width = shape.rank == 4 ? shape.dim[3] : 1;
    int channels = (int)(bl_count(&shape) / ((size_t)height * (size_t)width));
    bl_job_phase(job, "forward", 1);
    s->maps = bl_job_add_result(job, "maps", m->values[s->layer].name, BL_STACK, channels, height, width);
    s->means = bl_job_add_result(job, "means", "mean of each channel", BL_BARS, 1, 1, channels);
    return s->maps && s->means ? BL_OK : bl_no_room(job);
}

static bl_status step(bl_job *job, int phase, int number) {
    (void)phase, (void)number;
    state *s = job->state;
    BL_TRY(bl_job_forward(job, s->run));
    const bl_real *a = bl_run_value(s->run, s->layer);
    size_t plane = (size_t)s->maps->height * (size_t)s->maps->width, n = plane * (size_t)s->maps->channels;
    bool is_signed = false;
    for (size_t i = 0; i < n; i++) {
        s->maps->data[i] = a[i];
        is_signed |= a[i] < 0;
    }
    int silent = 0;
    for (int c = 0; c < s->maps->channels; c++) {
        double sum = 0;
        bool any = false;
        for (size_t i = 0; i < plane; i++) sum += a[(size_t)c * plane + i], any |= a[(size_t)c * plane + i] != 0;
        s->means->data[c] = (bl_real)(sum / (double)plane);
        silent += !any;
    }
    if (silent) bl_job_note(job, "%d of %d channels are silent on this picture.", silent, s->maps->channels);
    for (int c = 0; c < s->means->width; c++) bl_text_add(&s->means->text, "%s%d", c ? "\n" : "", c);
    bl_result_range(job, s->maps, BL_FAMILY_ACTIVATION, is_signed, 99.5f);
    bl_result_range(job, s->means, BL_FAMILY_ACTIVATION, is_signed, 100);
    s->maps->ready = s->means->ready = true;
    return BL_OK;
}

static const bl_method_input inputs[] = {
    {"picture", BL_INPUT_PICTURE, 1, 1, "The picture that goes through the network."}};
static const bl_param params[] = {
    {.name = "layer",
     .title = "layer",
     .type = BL_PARAM_LAYER,
     .text = "",
     .unit = "",
     .meaning = "The layer to look at; the first convolution when none is given."},
};

const bl_method bl_method_maps = {
    .id = "maps",
    .family = "feature",
    .title = "Feature maps",
    .purpose = "What each channel of a layer answers to the picture",
    .inputs = inputs,
    .n_inputs = 1,
    .objectives = "",
    .objective = "",
    .params = params,
    .n_params = 1,
    .cost = "1 F",
    .formula = BL_LATEX(
        "A^l_{k,i,j} = \\operatorname{relu}\\Bigl(b_k + \\sum_{c,p,q} w_{k,c,p,q}\\, A^{l-1}_{c,\\,i+p,\\,j+q}\\Bigr)"),
    .caution = "A bright spot says that the channel answers there, not that the prediction depends on it.",
    .source = "Zeiler and Fergus 2014, Visualizing and Understanding Convolutional Networks",
    .state = sizeof(state),
    .start = start,
    .step = step,
};
