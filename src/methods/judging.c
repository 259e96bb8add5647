#include "methods/judging.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/print.h"

static bl_status begin(bl_job *job, const bl_picture *picture, const char *objective, const char *edits,
                       const char *more) {
    bl_judged *j = job->state;
    bl_text all = {0}, params = {0};
    bl_text_add(&all, "%s;%s", job->edits, edits ? edits : "");
    bl_text_add(&params, "%s %s", j->with, more ? more : "");
    bl_job_end(j->inner);
    j->inner = NULL, j->done = false;
    size_t others = job->bytes - j->inner_bytes;
    bl_request request = {.model = job->model,
                          .picture = picture,
                          .objective = objective,
                          .edits = strcmp(all.failed ? ";" : all.data, ";") == 0 ? NULL : all.data,
                          .params = params.data,
                          .limit = !job->limit           ? 0
                                   : job->limit > others ? job->limit - others
                                                         : 1};
    bl_status status =
        all.failed || params.failed ? bl_no_room(job) : bl_job_start(j->method, &request, &j->inner, job->error);
    bl_text_free(&all), bl_text_free(&params);
    if (status != BL_OK) return status;
    bl_progress p = bl_job_progress(j->inner);
    if (p.bytes > j->inner_bytes) job->bytes += p.bytes - j->inner_bytes, j->inner_bytes = p.bytes;
    if ((int)p.steps_all > j->steps) j->steps = (int)p.steps_all;
    return BL_OK;
}

bl_status bl_judged_again(bl_job *job, const bl_picture *picture, const char *objective, const char *edits,
                          const char *more) {
    bl_judged *j = job->state;
    return begin(job, picture ? picture : &j->subject.picture, objective ? objective : j->objective, edits, more);
}

bl_status bl_judged_start(bl_job *job) {
    bl_judged *j = job->state;
    int n;
    BL_TRY(bl_subject_start(job, &j->subject, true, -1, j->back ? job->model->input : -1));
    j->method = bl_methods(&n)[bl_job_integer(job, "method")];
    for (int i = 0; i < job->method->n_params; i++)
        if (strcmp(job->method->params[i].name, "with") == 0) j->with = job->texts[i];
    bl_objective_text(job->model, &job->objective, j->objective, sizeof j->objective);
    if (job->class_open) j->objective[strcspn(j->objective, ":")] = 0;
    BL_TRY(bl_judged_again(job, NULL, NULL, NULL, NULL));
    const bl_result *map = bl_job_find_result(j->inner, NULL);
    if (!map || map->kind != BL_MAP || map->height != j->subject.height || map->width != j->subject.width)
        return bl_fail(job->error, BL_UNSUPPORTED, "%s gives no map of the picture's size to be judged", j->method->id);
    bl_job_phase(job, "forward", 1);
    bl_job_phase(job, "the map", j->steps);
    j->facts = bl_job_add_result(job, "facts", "in numbers", BL_TABLE, 1, 1, 1);
    j->map = bl_job_add_result(job, "map", j->method->title, BL_MAP, 1, j->subject.height, j->subject.width);
    return j->map && j->facts ? BL_OK : bl_no_room(job);
}

bl_status bl_judged_advance(bl_job *job) {
    bl_judged *j = job->state;
    if (j->done) return BL_OK;
    bl_progress before = bl_job_progress(j->inner);
    bl_status status = bl_job_step(j->inner, &j->done, job->error);
    bl_progress after = bl_job_progress(j->inner);
    job->forwards += after.forwards - before.forwards, job->backwards += after.backwards - before.backwards;
    return status;
}

bl_status bl_judged_step(bl_job *job, int phase, int number) {
    bl_judged *j = job->state;
    if (phase == BL_JUDGED_LOOK) {
        BL_TRY(bl_subject_look(job, &j->subject));
        bl_objective_text(job->model, &job->objective, j->objective, sizeof j->objective);
        return BL_OK;
    }
    BL_TRY(bl_judged_advance(job));
    if (number < job->phases[BL_JUDGED_MAP].steps - 1) return BL_OK;
    bl_judged_keep(j, j->map);
    return BL_OK;
}

void bl_judged_end(bl_job *job) {
    bl_judged *j = job->state;
    bl_job_end(j->inner);
}

const bl_result *bl_judged_map(const bl_judged *j) {
    return bl_job_find_result(j->inner, NULL);
}

void bl_judged_keep(const bl_judged *j, bl_result *out) {
    const bl_result *map = bl_judged_map(j);
    memcpy(out->data, map->data, j->subject.pixels * sizeof *map->data);
    out->is_signed = map->is_signed, out->family = map->family, out->unit = map->unit;
    out->limit = map->limit, out->percentile = map->percentile, out->ready = true;
}

void bl_judged_open(bl_job *job) {
    bl_judged *j = job->state;
    char buffer[24];
    bl_table_open(j->facts);
    bl_table_text(j->facts, "method", "judged", j->method->title);
    bl_table_text(j->facts, "objective", "explained", j->objective);
    if (j->subject.predicted >= 0)
        bl_table_text(j->facts, "predicted", "prediction", bl_model_label(job->model, j->subject.predicted, buffer));
}

void bl_judged_figure(bl_job *job, const char *name, const char *title, double value, const char *unit) {
    bl_judged *j = job->state;
    if (isfinite(value))
        bl_table_number(j->facts, name, title, value, unit);
    else
        bl_table_text(j->facts, name, title, "not defined");
}

void bl_map_doubles(const bl_real *map, size_t n, bool sizes, double *out) {
    for (size_t i = 0; i < n; i++) out[i] = sizes ? fabs((double)map[i]) : (double)map[i];
}

typedef struct {
    bl_real value;
    uint32_t chance, index;
} placed;

static int largest_first(const void *a, const void *b) {
    const placed *x = a, *y = b;
    if (x->value != y->value) return x->value > y->value ? -1 : 1;
    if (x->chance != y->chance) return x->chance < y->chance ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

bl_status bl_map_order(bl_job *job, const bl_real *map, size_t n, uint32_t sample, uint32_t *order) {
    bl_random r = {(uint64_t)bl_job_number(job, "seed"), BL_STREAM_TIES, sample, 0};
    placed *all = bl_alloc_aligned(n * sizeof *all);
    if (!all) return bl_no_room(job);
    for (uint32_t i = 0; i < n; i++) all[i] = (placed){map ? map[i] : 0, bl_random_word(&r, i), i};
    qsort(all, n, sizeof *all, largest_first);
    for (size_t i = 0; i < n; i++) order[i] = all[i].index;
    bl_free_aligned(all);
    return BL_OK;
}

bl_objective bl_followed(const bl_job *job) {
    bl_objective o = job->objective;
    if (o.n_terms == 1 &&
        (o.terms[0].kind == BL_OBJ_CLASS || o.terms[0].kind == BL_OBJ_LOGP || o.terms[0].kind == BL_OBJ_LOSS))
        o.terms[0].kind = BL_OBJ_PROB, o.terms[0].weight = 1;
    return o;
}

void bl_edges(const bl_picture *p, bl_real *out) {
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++) {
            double dx = 0, dy = 0;
            for (int v = -1; v <= 1; v++)
                for (int u = -1; u <= 1; u++) {
                    int row = y + v < 0 ? 0 : y + v >= p->height ? p->height - 1 : y + v;
                    int column = x + u < 0 ? 0 : x + u >= p->width ? p->width - 1 : x + u;
                    const uint8_t *c = p->pixels + 4 * (row * p->width + column);
                    double grey = (c[0] + c[1] + c[2]) / 765.0;
                    dx += u * (v ? 1 : 2) * grey, dy += v * (u ? 1 : 2) * grey;
                }
            out[y * p->width + x] = (bl_real)sqrt(dx * dx + dy * dy);
        }
}
