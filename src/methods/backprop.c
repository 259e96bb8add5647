#include "methods/backprop.h"

#include <math.h>
#include <string.h>

const bl_param bl_backprop_params[2] = {BL_REDUCE_ROW, BL_PERCENTILE_ROW};

bl_status bl_backprop_start(bl_job *job) {
    bl_backprop *s = job->state;
    BL_TRY(bl_subject_start(job, &s->subject, false, -1, job->model->input));
    bl_job_phase(job, "forward and backward", 1);
    s->colours = bl_job_add_result(job, "colours", "what came back, as a picture", BL_PICTURE, 1, s->subject.height,
                                   s->subject.width);
    if (!s->colours) return bl_no_room(job);
    return bl_map_and_facts(job, &s->subject, "saliency", "signal", &s->map, &s->facts);
}

/* Grey is the mean; a tenth of the range of colour is one deviation (the usual way to show these). */
static void draw(bl_job *job, bl_real *g) {
    bl_backprop *s = job->state;
    double mean = 0, squares = 0, n = (double)s->subject.n;
    for (size_t i = 0; i < s->subject.n; i++) mean += g[i] / n;
    for (size_t i = 0; i < s->subject.n; i++) squares += (g[i] - mean) * (g[i] - mean) / n;
    bl_real by = (bl_real)(0.1 / (sqrt(squares) + 1e-5)), middle = (bl_real)mean;
    for (size_t i = 0; i < s->subject.n; i++) g[i] = (g[i] - middle) * by + (bl_real)0.5;
    bl_unit_to_pixels(g, s->subject.channels, s->subject.height, s->subject.width, job->model->channels,
                      s->colours->pixels);
    s->colours->ready = true;
}

bl_status bl_backprop_step(bl_job *job, bl_rule rule, bool times_value) {
    bl_backprop *s = job->state;
    BL_TRY(bl_subject_look(job, &s->subject));
    BL_TRY(bl_job_backward_by(job, s->subject.run, &job->objective, &(bl_pass){.rule = rule}));
    const bl_real *came = bl_run_gradient(s->subject.run, job->model->input);
    bl_real *g = s->subject.x; /* the picture has gone into the run */
    for (size_t i = 0; i < s->subject.n; i++)
        g[i] = came[i] / job->model->std[i / s->subject.pixels & 3] * (times_value ? (bl_real)s->subject.value : 1);
    int how = bl_job_integer(job, "reduce");
    bl_reduce(job->model, g, (bl_reduction)how, 0, s->subject.pixels, s->map->data);
    bl_map_show(job, s->map, how == BL_REDUCE_SIGNED, "per unit of colour");
    draw(job, g);
    bl_facts_open(job, s->facts, &s->subject);
    bl_facts_largest(job, s->facts, s->map);
    bl_table_close(s->facts);
    return BL_OK;
}
