#include "methods/pieces.h"

#include <math.h>
#include <string.h>

enum { MOST_AT_ONCE = 16, COMPACTNESS = 10 };

/* Each piece in its own mean colour. */
static bl_status own_mean(bl_job *job, bl_pieces *p) {
    const bl_subject *s = &p->subject;
    double *sum = bl_arena_take_array(&job->arena, (size_t)p->n, sizeof *sum);
    int *count = bl_arena_take_array(&job->arena, (size_t)p->n, sizeof *count);
    if (!sum || !count) return bl_no_room(job);
    for (size_t i = 0; i < s->pixels; i++) count[p->label[i]]++;
    for (size_t first = 0; first < s->n; first += s->pixels) {
        for (int k = 0; k < p->n; k++) sum[k] = 0;
        for (size_t i = 0; i < s->pixels; i++) sum[p->label[i]] += s->x[first + i];
        for (size_t i = 0; i < s->pixels; i++) p->off[first + i] = (bl_real)(sum[p->label[i]] / count[p->label[i]]);
    }
    return BL_OK;
}

bl_status bl_pieces_cut(bl_job *job, bl_pieces *p) {
    static const bl_fill fills[] = {BL_FILL_MEAN, BL_FILL_MEAN, BL_FILL_BLACK, BL_FILL_BLUR};
    const bl_subject *s = &p->subject;
    p->label = bl_arena_take_array(&job->arena, s->pixels, sizeof *p->label);
    p->off = bl_arena_take_array(&job->arena, s->n, sizeof *p->off);
    if (!p->label || !p->off) return bl_no_room(job);
    if (!(p->n = bl_superpixels(&s->picture, bl_job_integer(job, "segments"), COMPACTNESS, p->label)))
        return bl_no_room(job);
    if (!(p->on = bl_arena_take_array(&job->arena, (size_t)p->n, 1))) return bl_no_room(job);
    int fill = bl_job_integer(job, "fill");
    if (fill == 0) return own_mean(job, p);
    if (fill == 3) { /* as wide as a piece is */
        bl_real *scratch = bl_arena_take_array(&job->arena, s->pixels, sizeof *scratch);
        if (!scratch) return bl_no_room(job);
        bl_blur(s->x, s->channels, s->height, s->width, (float)sqrt((double)s->pixels / p->n) / 2, p->off, scratch);
        return BL_OK;
    }
    bl_fill_make(job, s, fills[fill], 0, 0, p->off);
    return BL_OK;
}

bl_status bl_pieces_phase(bl_job *job, bl_pieces *p, int items) {
    int batch = bl_job_batch(items, MOST_AT_ONCE);
    BL_TRY(bl_subject_run(job, &p->subject, batch, -1, &p->run));
    bl_job_phase(job, "forward", 1);
    if (!bl_job_phase_independent(job, "hiding pieces", items, batch, 1)) return bl_no_room(job);
    return bl_map_and_facts(job, &p->subject, "map", "worth of each piece", &p->map, &p->facts);
}

bl_status bl_pieces_part(bl_job *job, bl_pieces *p, void (*mask)(bl_job *job, int item), int first, int count,
                         bl_real *out) {
    const bl_subject *s = &p->subject;
    int batch = bl_plan_batch(bl_run_plan(p->run));
    for (int i = 0; i < batch; i++) {
        bl_real *x = bl_run_input(p->run) + (size_t)i * s->n;
        mask(job, i < count ? first + i : first);
        for (size_t c = 0; c < s->n; c += s->pixels)
            for (size_t k = 0; k < s->pixels; k++) x[c + k] = p->on[p->label[k]] ? s->x[c + k] : p->off[c + k];
    }
    double values[MOST_AT_ONCE];
    BL_TRY(bl_job_forward(job, p->run));
    BL_TRY(bl_objective_value(p->run, &job->objective, values, job->error));
    for (int i = 0; i < count; i++) out[i] = (bl_real)values[i];
    return BL_OK;
}

void bl_pieces_show(bl_job *job, bl_pieces *p, const double *weights) {
    for (size_t i = 0; i < p->subject.pixels; i++) p->map->data[i] = (bl_real)weights[p->label[i]];
    bl_map_show(job, p->map, true, "");
}

void bl_solve(double *a, double *b, int n) {
    double largest = 0;
    for (int i = 0; i < n; i++) largest = a[i * n + i] > largest ? a[i * n + i] : largest;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = a[i * n + j], pivot = a[j * n + j];
            for (int k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
            if (i == j)
                a[i * n + i] = sum > 1e-12 * largest ? sqrt(sum) : 0;
            else
                a[i * n + j] = pivot > 0 ? sum / pivot : 0;
        }
        for (int k = 0; k < i; k++) b[i] -= a[i * n + k] * b[k];
        b[i] = a[i * n + i] > 0 ? b[i] / a[i * n + i] : 0;
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++) b[i] -= a[k * n + i] * b[k];
        b[i] = a[i * n + i] > 0 ? b[i] / a[i * n + i] : 0;
    }
}
