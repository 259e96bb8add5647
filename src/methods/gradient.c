/* Saliency: the gradient of a score with respect to the picture. */
#include <math.h>

#include "methods/method.h"

typedef struct {
    bl_run *run;
    bl_result *map, *facts;
} state;

enum { REDUCE_MAX, REDUCE_SUM, REDUCE_L2, REDUCE_SIGNED };

static bl_status start(bl_job *job) {
    state *s = job->state;
    const bl_model *m = job->model;
    bl_picture picture;
    BL_TRY(bl_job_network_picture(job, &picture));
    int seeds[16], n_seeds = bl_objective_seeds(&job->objective, seeds);
    bl_wants wants = BL_WANTS;
    wants.height = picture.height, wants.width = picture.width;
    wants.last = bl_objective_last(m, &job->objective);
    wants.seeds = seeds, wants.n_seeds = n_seeds;
    wants.gradients = &m->input, wants.n_gradients = 1;
    bl_status status = bl_job_make_run(job, &wants, &s->run);
    if (status == BL_OK) bl_picture_to_input(&picture, m, bl_run_input(s->run));
    int height = picture.height, width = picture.width;
    bl_picture_free(&picture);
    BL_TRY(status);
    bl_job_phase(job, "forward and backward", 1);
    s->map = bl_job_add_result(job, "saliency", "sensitivity", BL_MAP, 1, height, width);
    s->facts = bl_job_add_result(job, "facts", "in numbers", BL_TABLE, 1, 1, 1);
    return s->map && s->facts ? BL_OK
                              : bl_fail(job->error, BL_MEMORY, "there is no memory for a map of %d×%d", height, width);
}

/* One number a pixel out of the gradient's channels, per unit of colour (0 black … 1 full), not of the network's own
 * scale. */
static void reduce(const bl_model *m, const bl_real *g, int how, size_t n, bl_real *map) {
    for (size_t i = 0; i < n; i++) {
        bl_real sum = 0;
        for (int c = 0; c < m->input_c; c++) {
            bl_real v = g[(size_t)c * n + i] / m->std[c & 3], size = v < 0 ? -v : v;
            if (how == REDUCE_MAX)
                sum = size > sum ? size : sum;
            else if (how == REDUCE_SUM)
                sum += size;
            else if (how == REDUCE_L2)
                sum += v * v;
            else
                sum += v;
        }
        map[i] = how == REDUCE_L2 ? sqrtf((float)sum) : sum;
    }
}

static void facts(bl_job *job, double value) {
    state *s = job->state;
    const bl_model *m = job->model;
    char text[400];
    bl_objective_text(m, &job->objective, text, sizeof text);
    bl_table_open(s->facts);
    bl_table_text(s->facts, "objective", "explained", text);
    bl_table_number(s->facts, "value", "its value", value, "");
    const bl_real *scores = bl_run_value(s->run, m->scores);
    int n = scores && bl_plan_has(bl_run_plan(s->run), m->scores) ? bl_n_classes(bl_run_plan(s->run)) : 0;
    if (n > 0) {
        int class_index = bl_largest(scores, n);
        char buffer[24];
        bl_table_text(s->facts, "predicted", "prediction", bl_model_label(m, class_index, buffer));
    }
    bl_real largest = 0;
    for (size_t i = 0, all = (size_t)s->map->height * (size_t)s->map->width; i < all; i++) {
        bl_real size = s->map->data[i] < 0 ? -s->map->data[i] : s->map->data[i];
        if (size > largest) largest = size;
    }
    bl_table_number(s->facts, "largest", "largest in the map", largest, "per unit of colour");
    bl_table_close(s->facts);
    if (largest == 0) bl_job_note(job, "The map is zero: nothing in the picture moves %s to first order.", text);
}

static bl_status step(bl_job *job, int phase, int number) {
    (void)phase, (void)number;
    state *s = job->state;
    BL_TRY(bl_job_forward(job, s->run));
    bl_job_choose_class(job, s->run);
    double value;
    BL_TRY(bl_objective_value(s->run, &job->objective, &value, job->error));
    BL_TRY(bl_job_backward(job, s->run, &job->objective));
    int how = bl_job_integer(job, "reduce");
    reduce(job->model, bl_run_gradient(s->run, job->model->input), how, (size_t)s->map->height * (size_t)s->map->width,
           s->map->data);
    bool is_signed = how == REDUCE_SIGNED;
    bl_result_range(job, s->map, is_signed ? BL_FAMILY_GRADIENT : BL_FAMILY_SIZE, is_signed,
                    (float)bl_job_number(job, "percentile"));
    s->map->unit = "per unit of colour";
    s->map->ready = true;
    facts(job, value);
    return BL_OK;
}

static const bl_method_input inputs[] = {
    {"picture", BL_INPUT_PICTURE, 1, 1, "The picture whose prediction is explained."}};
static const bl_param params[] = {
    {.name = "reduce",
     .title = "colours become",
     .type = BL_PARAM_CHOICE,
     .choices = "max sum l2 signed",
     .unit = "",
     .meaning = "How the colours of a pixel become one number: the largest size, the sum of sizes, the length, or the "
                "sum with its sign."},
    {.name = "percentile",
     .title = "brightest at",
     .type = BL_PARAM_NUMBER,
     .unit = "%",
     .least = 90,
     .most = 100,
     .otherwise = 99,
     .meaning = "The share of pixels below the end of the colour scale."},
};

const bl_method bl_method_gradient = {
    .id = "gradient",
    .family = "attribution",
    .title = "Saliency",
    .purpose = "What a small change of each pixel would do to the score",
    .inputs = inputs,
    .n_inputs = 1,
    .objectives = "class logp prob margin loss layer channel unit sum",
    .objective = "class",
    .params = params,
    .n_params = 2,
    .cost = "1 F + 1 B",
    .formula = "M_{ij} = \\max_c \\left| \\frac{\\partial S}{\\partial u_{c,i,j}} \\right|",
    .caution = "Noisy by nature: a large gradient means sensitive, not important, and evidence that is already certain "
               "has none.",
    .source = "Simonyan, Vedaldi and Zisserman 2013, Deep Inside Convolutional Networks",
    .state = sizeof(state),
    .start = start,
    .step = step,
};
