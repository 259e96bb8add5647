/* What the tests of methods share: networks from texts, pictures of numbers, jobs run to their end, alone or by several
 * workers. */
#ifndef BL_TEST_JOBS_H
#define BL_TEST_JOBS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "methods/method.h"
#include "onnx/onnx.h"

static inline bl_model *network(const char *text, uint64_t seed) {
    bl_model *m;
    bl_error e = {0};
    if (bl_nettext_read(text, strlen(text), seed, &m, &e) != BL_OK) fail_msg("%s %s", e.message, e.hint);
    return m;
}

/* Input i of the node that makes the layer: 1 its weights, 2 its bias. The constants of a network may be written before
 * its first plan; only tests do. */
static inline bl_real *constant_of(bl_model *m, const char *layer, int i) {
    for (int k = 0; k < m->n_nodes; k++)
        if (strcmp(m->values[m->nodes[k].out].name, layer) == 0 && m->nodes[k].n_in > i)
            return m->values[m->nodes[k].in[i]].data;
    fail_msg("no layer %s with input %d", layer, i);
    return NULL;
}
/* Writes weights and, if the layer has one, its bias. */
static inline void set_layer(bl_model *m, const char *layer, int n, const bl_real *weights, int n_bias,
                             const bl_real *bias) {
    memcpy(constant_of(m, layer, 1), weights, (size_t)n * sizeof *weights);
    if (n_bias) memcpy(constant_of(m, layer, 2), bias, (size_t)n_bias * sizeof *bias);
}
/* All biases of all layers become 0. */
static inline void no_biases(bl_model *m) {
    for (int k = 0; k < m->n_nodes; k++)
        if (m->nodes[k].n_in > 2 && m->nodes[k].in[2] >= 0) {
            bl_value *v = &m->values[m->nodes[k].in[2]];
            memset(v->data, 0, bl_count(&v->shape) * sizeof *v->data);
        }
}

static inline bl_picture picture(int width, int height, int low, int high, uint64_t seed) {
    bl_picture p;
    assert_int_equal(bl_picture_make(width, height, &p, NULL), BL_OK);
    bl_random r = {.seed = seed, .stream = BL_STREAM_TEST};
    for (int i = 0; i < 4 * width * height; i++)
        p.pixels[i] =
            i % 4 == 3 ? 255 : (uint8_t)(low + (int)bl_random_below(&r, (uint32_t)i, (uint32_t)(high - low + 1)));
    return p;
}

/* Parameters for a short run, from the table alone: what is counted or measured in whole numbers is FEW at most. Left
 * out: `but`, which the caller gives, and NULL. */
static inline void brief(const bl_method *m, const char *but, char *out, size_t size) {
    enum { FEW = 6 };
    size_t n = 0;
    *out = 0;
    for (int i = 0; i < m->n_params; i++) {
        const bl_param *p = &m->params[i];
        if (p->type != BL_PARAM_INTEGER || p->otherwise <= FEW || (but && strcmp(p->name, but) == 0)) continue;
        n += (size_t)snprintf(out + n, size - n, "%s=%.17g ", p->name, p->least > FEW ? p->least : FEW);
        assert_true(n < size);
    }
}

static inline bl_job *start(const char *id, const bl_model *m, const bl_picture *p, const char *objective,
                            const char *params) {
    bl_request request = {.model = m, .picture = p, .objective = objective, .params = params};
    bl_job *job;
    bl_error e = {0};
    if (bl_job_start(bl_method_find(id), &request, &job, &e) != BL_OK) fail_msg("%s: %s %s", id, e.message, e.hint);
    return job;
}

static inline bl_job *run(const char *id, const bl_model *m, const bl_picture *p, const char *objective,
                          const char *params) {
    bl_job *job = start(id, m, p, objective, params);
    bl_error e = {0};
    for (bool done = false; !done;)
        if (bl_job_step(job, &done, &e) != BL_OK) fail_msg("%s: %s %s", id, e.message, e.hint);
    bl_progress progress = bl_job_progress(job);
    assert_int_equal(progress.steps_done, progress.steps_all);
    for (int i = 0; i < bl_job_n_results(job); i++) assert_true(bl_job_result(job, i)->ready);
    return job;
}

/* The same with `workers` jobs: step k of an independent phase is computed by job k mod workers, the steps of a round
 * in backward order, and merged by job 0. */
static inline bl_job *run_shared(int workers, const char *id, const bl_model *m, const bl_picture *p,
                                 const char *objective, const char *params) {
    bl_job *jobs[8];
    assert_true(workers <= 8);
    for (int i = 0; i < workers; i++) jobs[i] = start(id, m, p, objective, params);
    bl_error e = {0};
    for (bool done = false; !done;) {
        bl_share share = bl_job_share(jobs[0]);
        if (share.phase < 0) {
            if (bl_job_step(jobs[0], &done, &e) != BL_OK) fail_msg("%s: %s %s", id, e.message, e.hint);
            continue;
        }
        const bl_real *parts[8];
        size_t sizes[8];
        int n = share.n_steps - share.next < workers ? share.n_steps - share.next : workers;
        for (int i = n - 1; i >= 0; i--) {
            for (bool over = false; bl_job_share(jobs[i]).phase != share.phase;)
                assert_int_equal(bl_job_step(jobs[i], &over, &e), BL_OK);
            if (bl_job_part(jobs[i], share.phase, share.next + i, &parts[i], &sizes[i], &e) != BL_OK)
                fail_msg("%s: %s %s", id, e.message, e.hint);
            assert_true(sizes[i] <= share.numbers);
        }
        for (int i = 0; i < n; i++)
            assert_int_equal(bl_job_merge(jobs[0], share.next + i, parts[i], sizes[i], &done, &e), BL_OK);
    }
    for (int i = 1; i < workers; i++) bl_job_end(jobs[i]);
    return jobs[0];
}

static inline const bl_result *result(const bl_job *job, const char *name) {
    for (int i = 0; i < bl_job_n_results(job); i++)
        if (strcmp(bl_job_result(job, i)->name, name) == 0) return bl_job_result(job, i);
    fail_msg("no result %s", name);
    return NULL;
}

/* The number of a row in a table result. */
static inline double fact(const bl_job *job, const char *name) {
    char row[64];
    snprintf(row, sizeof row, "{\"name\":\"%s\"", name);
    const char *found = strstr(result(job, "facts")->text.data, row);
    if (!found) fail_msg("no row %s in %s", name, result(job, "facts")->text.data);
    found = strstr(found, "\"value\":") + 8;
    return strncmp(found, "true", 4) == 0 ? 1 : strtod(found, NULL);
}

/* Does the legend hold these words? */
static inline bool legend_says(const bl_job *job, const char *words) {
    bl_text legend = {0};
    bl_job_legend_json(job, &legend);
    bool says = strstr(legend.data, words) != NULL;
    bl_text_free(&legend);
    return says;
}

/* Every number, pixel and word of all results, and the passes. */
static inline void same_results(const bl_job *a, const bl_job *b) {
    assert_int_equal(bl_job_n_results(a), bl_job_n_results(b));
    for (int i = 0; i < bl_job_n_results(a); i++) {
        const bl_result *r = bl_job_result(a, i), *s = bl_job_result(b, i);
        size_t n = (size_t)r->channels * (size_t)r->height * (size_t)r->width;
        if (r->data) assert_memory_equal(r->data, s->data, n * sizeof *r->data);
        if (r->pixels) assert_memory_equal(r->pixels, s->pixels, 4 * (size_t)r->height * (size_t)r->width);
        if (r->text.length) assert_string_equal(r->text.data, s->text.data);
        assert_true(r->limit == s->limit);
    }
    bl_progress p = bl_job_progress(a), q = bl_job_progress(b);
    assert_int_equal(p.forwards, q.forwards);
    assert_int_equal(p.backwards, q.backwards);
    assert_int_equal(p.steps_done, q.steps_done);
}

/* 1, 2 and 4 workers give the same bits. */
static inline void any_number_of_workers(const char *id, const bl_model *m, const bl_picture *p, const char *objective,
                                         const char *params) {
    bl_job *alone = run(id, m, p, objective, params);
    for (int workers = 2; workers <= 4; workers += 2) {
        bl_job *shared = run_shared(workers, id, m, p, objective, params);
        same_results(alone, shared);
        bl_job_end(shared);
    }
    bl_job_end(alone);
}

/* The greatest difference of two maps, over the greatest of the second. */
static inline double map_error(const bl_real *a, const bl_real *b, size_t n) {
    double most = 0, off = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite((double)a[i]) || !isfinite((double)b[i])) return INFINITY;
        most = fmax(most, fabs((double)b[i])), off = fmax(off, fabs((double)a[i] - (double)b[i]));
    }
    return off == 0 ? 0 : off / most;
}

#endif
