#include "methods/attribution.h"

#include <math.h>
#include <string.h>

const bl_method_input bl_explained_picture[1] = {
    {"picture", BL_INPUT_PICTURE, 1, 1, "The picture whose prediction is explained."}};

bl_status bl_no_room(bl_job *job) {
    return bl_fail(job->error, BL_MEMORY, "there is no memory for %s", job->method->id);
}

bl_status bl_subject_start(bl_job *job, bl_subject *s, bool scores, int observe, int gradient) {
    const bl_model *m = job->model;
    bl_picture picture;
    BL_TRY(bl_job_network_picture(job, &picture));
    s->channels = m->input_c, s->height = picture.height, s->width = picture.width, s->predicted = -1;
    s->pixels = (size_t)s->height * (size_t)s->width, s->n = s->pixels * (size_t)s->channels;
    s->x = bl_arena_take_array(&job->arena, s->n, sizeof *s->x);
    s->picture = (bl_picture){s->width, s->height, bl_arena_take_array(&job->arena, s->pixels, 4)};
    bool room = s->x && s->picture.pixels;
    if (room) {
        memcpy(s->picture.pixels, picture.pixels, 4 * s->pixels);
        bl_picture_to_input(&picture, m, s->x);
    }
    bl_picture_free(&picture);
    if (!room) return bl_no_room(job);
    int keep[17], n_seeds = bl_objective_seeds(&job->objective, keep), n = n_seeds;
    if (observe >= 0) keep[n++] = observe;
    bl_wants wants = BL_WANTS;
    wants.height = s->height, wants.width = s->width, wants.rules = s->rules;
    wants.last = scores ? m->scores : bl_objective_last(m, &job->objective);
    if (observe >= 0 && m->values[observe].producer > m->values[wants.last].producer) wants.last = observe;
    wants.observe = keep, wants.n_observe = n;
    if (gradient >= 0) wants.seeds = keep, wants.n_seeds = n_seeds, wants.gradients = &gradient, wants.n_gradients = 1;
    BL_TRY(bl_job_make_run(job, &wants, &s->run));
    memcpy(bl_run_input(s->run), s->x, s->n * sizeof *s->x);
    return BL_OK;
}

bl_status bl_map_and_facts(bl_job *job, const bl_subject *s, const char *name, const char *title, bl_result **map,
                           bl_result **facts) {
    *map = bl_job_add_result(job, name, title, BL_MAP, 1, s->height, s->width);
    *facts = bl_job_add_result(job, "facts", "in numbers", BL_TABLE, 1, 1, 1);
    return *map && *facts ? BL_OK : bl_no_room(job);
}

bl_status bl_subject_look(bl_job *job, bl_subject *s) {
    BL_TRY(bl_job_forward(job, s->run));
    bl_job_choose_class(job, s->run);
    s->predicted = bl_batch_class(s->run, 0);
    return bl_objective_value(s->run, &job->objective, &s->value, job->error);
}

bl_status bl_subject_step(bl_job *job, int phase, int number) {
    (void)phase, (void)number;
    return bl_subject_look(job, job->state);
}

bl_status bl_subject_run(bl_job *job, const bl_subject *s, int batch, int gradient, bl_run **out) {
    int seeds[16], n = bl_objective_seeds(&job->objective, seeds);
    bl_wants wants = BL_WANTS;
    wants.batch = batch, wants.rules = s->rules, wants.height = s->height, wants.width = s->width;
    wants.last = bl_objective_last(job->model, &job->objective);
    if (gradient >= 0)
        wants.seeds = seeds, wants.n_seeds = n, wants.gradients = &gradient, wants.n_gradients = 1;
    else
        wants.observe = seeds, wants.n_observe = n;
    return bl_job_make_run(job, &wants, out);
}

int bl_batch_class(const bl_run *run, int i) {
    const bl_plan *plan = bl_run_plan(run);
    int scores = bl_plan_model(plan)->scores;
    if (!bl_plan_has(plan, scores) || !bl_run_value(run, scores)) return -1;
    int n = bl_n_classes(plan);
    return bl_largest(bl_run_value(run, scores) + (size_t)i * (size_t)n, n);
}

void bl_reduce(const bl_model *m, const bl_real *g, bl_reduction how, int power, size_t n, bl_real *map) {
    for (int c = 0; c < m->input_c; c++) {
        bl_real std = m->std[c & 3], by = power == 0 ? 1 : power == 1 ? std : std * std;
        for (size_t i = 0; i < n; i++) {
            bl_real v = g[(size_t)c * n + i] / by, sum = c ? map[i] : 0;
            if (how == BL_REDUCE_L2)
                sum += v * v;
            else if (how == BL_REDUCE_SIGNED)
                sum += v;
            else {
                v = v < 0 ? -v : v;
                sum = how == BL_REDUCE_SUM ? sum + v : v > sum ? v : sum;
            }
            map[i] = sum;
        }
    }
    for (size_t i = 0; how == BL_REDUCE_L2 && i < n; i++) map[i] = (bl_real)sqrt((double)map[i]);
}

void bl_map_show(bl_job *job, bl_result *map, bool is_signed, const char *unit) {
    bl_result_range(job, map, is_signed ? BL_FAMILY_GRADIENT : BL_FAMILY_SIZE, is_signed,
                    (float)bl_job_number(job, "percentile"));
    map->unit = unit;
    map->ready = true;
}

static bl_real network_scale(const bl_model *m, int channel, bl_real u) {
    return (u - m->mean[channel & 3]) / m->std[channel & 3];
}

void bl_fill_make(bl_job *job, const bl_subject *s, bl_fill fill, float sigma, uint32_t sample, bl_real *out) {
    if (fill == BL_FILL_BLUR) {
        bl_blur(s->x, s->channels, s->height, s->width, sigma, out, job->scratch);
        return;
    }
    bl_random r = {fill == BL_FILL_NOISE ? (uint64_t)bl_job_number(job, "seed") : 0, BL_STREAM_BASELINE, sample, 0};
    for (size_t i = 0; i < s->n; i++) {
        int c = (int)(i / s->pixels);
        out[i] = fill == BL_FILL_MEAN ? 0
                                      : network_scale(job->model, c,
                                                      fill == BL_FILL_NOISE ? bl_random_uniform(&r, (uint32_t)i)
                                                                            : fill == BL_FILL_WHITE);
    }
}

void bl_product(const bl_subject *s, const bl_real *base, const bl_real *g, bl_real factor, bool add, bl_real *map) {
    for (size_t i = 0; i < s->pixels; i++) {
        bl_real sum = 0;
        for (size_t k = i; k < s->n; k += s->pixels) sum += (s->x[k] - (base ? base[k] : 0)) * g[k];
        map[i] = add ? map[i] + factor * sum : factor * sum;
    }
}

double bl_facts_complete(bl_job *job, bl_result *facts, const bl_subject *s, const bl_result *map, double baseline) {
    double sum = 0, due = s->value - baseline, least = 0.01 * fabs(s->value) + 1e-6;
    for (size_t i = 0; i < s->pixels; i++) sum += map->data[i];
    double gap = fabs(sum - due) / (fabs(due) > least ? fabs(due) : least);
    bl_facts_open(job, facts, s);
    bl_table_number(facts, "baseline", "its value at the baseline", baseline, "");
    bl_facts_sum(facts, map, due, "the difference of both values");
    bl_table_number(facts, "gap", "the sum misses it by", 100 * gap, "%");
    bl_facts_largest(job, facts, map);
    return gap;
}

void bl_facts_sum(bl_result *facts, const bl_result *map, double due, const char *of) {
    double sum = 0;
    for (size_t i = 0, n = (size_t)map->height * (size_t)map->width; i < n; i++) sum += map->data[i];
    bl_table_number(facts, "sum", "the map adds up to", sum, "");
    bl_table_number(facts, "due", of, due, "");
}

void bl_facts_open(bl_job *job, bl_result *facts, const bl_subject *s) {
    char text[400], buffer[24];
    bl_objective_text(job->model, &job->objective, text, sizeof text);
    bl_table_open(facts);
    bl_table_text(facts, "objective", "explained", text);
    bl_table_number(facts, "value", "its value", s->value, "");
    if (s->predicted >= 0)
        bl_table_text(facts, "predicted", "prediction", bl_model_label(job->model, s->predicted, buffer));
}

void bl_facts_largest(bl_job *job, bl_result *facts, const bl_result *map) {
    bl_real largest = 0;
    for (size_t i = 0, n = (size_t)map->height * (size_t)map->width; i < n; i++) {
        bl_real size = map->data[i] < 0 ? -map->data[i] : map->data[i];
        if (size > largest) largest = size;
    }
    bl_table_number(facts, "largest", "largest in the map", largest, map->unit);
    char text[400];
    bl_objective_text(job->model, &job->objective, text, sizeof text);
    if (largest == 0)
        bl_job_note(job, "The map is zero: this method finds nothing in the picture that moves %s.", text);
}
