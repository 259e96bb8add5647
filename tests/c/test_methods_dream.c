/* dream: the objective rises, sizes are free where they can be, nothing is allocated on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <sanitizer/allocator_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "methods/method.h"
#include "onnx/onnx.h"

static const char dense_end[] =
    "input x 3x32x32\nlabels a; b; c; d\nmean 0.5 0.4 0.3\nstd 0.25 0.25 0.5\nchannels RGB\n"
    "conv_1 = conv x 6 3x3\nrelu_1 = relu conv_1\nconv_2 = conv relu_1 8 3x3\nrelu_2 = relu conv_2\n"
    "pool = maxpool relu_2 2x2 stride 2\nflat = flatten pool\nscores = dense flat 4\n";
static const char pooled_end[] = "input x 1x32x32\nlabels a; b; c\nmean 0.5\nstd 0.25\nchannels grey\n"
                                 "conv_1 = conv x 4 3x3 pad 1\nrelu_1 = relu conv_1\nmean_1 = globalavgpool relu_1\n"
                                 "flat = flatten mean_1\nscores = dense flat 3\n";

static bl_model *network(const char *text, uint64_t seed) {
    bl_model *m;
    bl_error e = {0};
    if (bl_nettext_read(text, strlen(text), seed, &m, &e) != BL_OK) fail_msg("%s %s", e.message, e.hint);
    return m;
}

static bl_picture photo(int width, int height) {
    bl_picture p;
    assert_int_equal(bl_picture_make(width, height, &p, NULL), BL_OK);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *q = p.pixels + 4 * (y * width + x);
            q[0] = (uint8_t)(128 + 60 * sin(x * 0.31) * cos(y * 0.17)), q[1] = (uint8_t)(100 + 90 * x / width);
            q[2] = (uint8_t)(60 + 120 * y / height), q[3] = 255;
        }
    return p;
}

static bl_status finish(bl_job *job, bl_error *e) {
    bl_status status = BL_OK;
    for (bool done = false; !done && status == BL_OK;) status = bl_job_step(job, &done, e);
    return status;
}

static bl_job *dream(const bl_model *m, const bl_picture *p, const char *objective, const char *params) {
    bl_request request = {.model = m, .picture = p, .objective = objective, .params = params};
    bl_job *job;
    bl_error e = {0};
    if (bl_job_start(bl_method_find("dream"), &request, &job, &e) != BL_OK || finish(job, &e) != BL_OK)
        fail_msg("%s: %s %s", params, e.message, e.hint);
    return job;
}

static const bl_result *result(const bl_job *job, const char *name) {
    for (int i = 0; i < bl_job_n_results(job); i++)
        if (strcmp(bl_job_result(job, i)->name, name) == 0) return bl_job_result(job, i);
    fail_msg("no result %s", name);
    return NULL;
}

/* Without jitter and with small steps, nine of ten steps and every octave as a whole make the layer stronger. */
static void rises(const bl_job *job, int octaves, int steps) {
    const bl_result *s = result(job, "strength");
    assert_int_equal(s->width, octaves * (steps + 1));
    int up = 0;
    for (int o = 0; o < octaves; o++) {
        const bl_real *v = s->data + o * (steps + 1);
        for (int t = 0; t < steps; t++) up += v[t + 1] > v[t];
        assert_true(v[steps] > v[0]);
    }
    if (up * 10 < octaves * steps * 9) fail_msg("%d of %d steps rise", up, octaves * steps);
}

static void objective_rises(void **state) {
    (void)state;
    bl_model *m = network(dense_end, 2);
    bl_picture p = photo(90, 60);
    bl_job *job = dream(m, &p, "", "size=96 octaves=3 steps=20 step=0.3 jitter=0 colours=free smooth=0");
    rises(job, 3, 20);
    assert_int_equal(result(job, "dream")->width, 96); /* three times what the network was made for */
    assert_int_equal(result(job, "dream")->height, 64);
    bl_job_end(job);
    job = dream(m, &p, "conv_2:3", "size=64 octaves=2 steps=10 step=0.3 jitter=0 colours=free");
    rises(job, 2, 10);
    bl_job_end(job);
    job = dream(m, NULL, "conv_1:2@10,12",
                "size=64 octaves=1 steps=10 step=0.3 jitter=0 colours=free smooth=0 start=noise");
    rises(job, 1, 10);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* With the settings of every day: the picture changes and the layer answers far more strongly. */
static void everyday(void **state) {
    (void)state;
    bl_model *m = network(dense_end, 2);
    bl_picture p = photo(90, 60);
    bl_job *job = dream(m, &p, NULL, "size=96");
    const bl_result *s = result(job, "strength");
    assert_true(s->data[s->width - 1] > 1.5 * s->data[0]);
    int changed = 0;
    for (int i = 0; i < 4 * 96 * 64; i++)
        changed += result(job, "dream")->pixels[i] != result(job, "picture")->pixels[i];
    assert_true(changed > 96 * 64);
    bl_progress progress = bl_job_progress(job);
    assert_int_equal(progress.forwards, 4 * 11 - (progress.n_phases < 4 ? 11 * (4 - progress.n_phases) : 0));
    assert_int_equal(progress.backwards * 11, progress.forwards * 10);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void colours_stay(void **state) {
    (void)state;
    bl_model *m = network(dense_end, 2);
    bl_picture p = photo(64, 64);
    static const char *const params[] = {"size=64 octaves=2 steps=8 step=3",
                                         "size=64 octaves=2 steps=8 step=3 colours=free"};
    double away[2] = {0};
    for (int k = 0; k < 2; k++) {
        bl_job *job = dream(m, &p, NULL, params[k]);
        double mean[3] = {0};
        for (int i = 0; i < 64 * 64 * 4; i++)
            if (i % 4 < 3) mean[i % 4] += (result(job, "dream")->pixels[i] - p.pixels[i]) / (64 * 64.0);
        for (int c = 0; c < 3; c++) away[k] = fmax(away[k], fabs(mean[c]));
        bl_job_end(job);
    }
    if (!(away[0] < 4 && away[1] > 3 * away[0])) fail_msg("means moved by %.1f and %.1f bytes", away[0], away[1]);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void no_steps_no_change(void **state) {
    (void)state;
    bl_model *m = network(dense_end, 2);
    bl_picture p = photo(128, 128);
    bl_job *job = dream(m, &p, "conv_1", "size=128 steps=0 octaves=4");
    assert_memory_equal(result(job, "dream")->pixels, p.pixels, 4 * 128 * 128);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void notes_of(const bl_job *job, const char *words) {
    bl_text legend = {0};
    bl_job_legend_json(job, &legend);
    if (!strstr(legend.data, words)) fail_msg("%s does not say \"%s\"", legend.data, words);
    bl_text_free(&legend);
}

static void sizes(void **state) {
    (void)state;
    bl_model *m = network(dense_end, 2);
    bl_picture p = photo(90, 60);
    bl_job *job = dream(m, &p, "class:2", "size=128 steps=3"); /* behind a dense layer: the network's own size */
    assert_int_equal(result(job, "dream")->width, 32);
    assert_int_equal(result(job, "dream")->height, 32);
    notes_of(job, "the network's own size");
    bl_job_end(job);
    bl_model_free(m);
    m = network(pooled_end, 2);
    job = dream(m, &p, "class:2",
                "size=128 octaves=2 steps=8 step=0.3 jitter=0 colours=free smooth=0"); /* no dense layer over positions:
                                                                                          any size */
    assert_int_equal(result(job, "dream")->width, 128);
    rises(job, 2, 8);
    const uint8_t *q = result(job, "dream")->pixels;
    for (int i = 0; i < 128 * 85; i++)
        assert_true(q[4 * i] == q[4 * i + 1] && q[4 * i] == q[4 * i + 2]); /* a grey network dreams in grey */
    bl_job_end(job);
    job = dream(m, &p, "conv_1", "size=64 octaves=8 ratio=2 steps=1"); /* 64, 32 and 16 wide; 16 wide is 11 high */
    notes_of(job, "2 of 8 octaves");
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void seeds(void **state) {
    (void)state;
    bl_model *m = network(dense_end, 2);
    bl_job *a = dream(m, NULL, NULL, "size=64 start=noise steps=3 seed=5"),
           *b = dream(m, NULL, NULL, "size=64 start=noise steps=3 seed=5"),
           *c = dream(m, NULL, NULL, "size=64 start=noise steps=3 seed=6");
    assert_memory_equal(result(a, "dream")->pixels, result(b, "dream")->pixels, 4 * 64 * 64);
    assert_memory_not_equal(result(a, "picture")->pixels, result(c, "picture")->pixels, 4 * 64 * 64);
    bl_job_end(a), bl_job_end(b), bl_job_end(c);
    bl_picture p = photo(64, 64);
    a = dream(m, &p, NULL, "size=64 steps=3 seed=5"),
    b = dream(m, &p, NULL, "size=64 steps=3 seed=6"); /* other jitter */
    assert_memory_not_equal(result(a, "dream")->pixels, result(b, "dream")->pixels, 4 * 64 * 64);
    bl_job_end(a), bl_job_end(b);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void closed_layer(void **state) {
    (void)state;
    bl_model *m = network(dense_end, 2);
    for (int i = 0; i < m->n_nodes; i++) /* biases far below zero close every ReLU */
        if (strcmp(m->values[m->nodes[i].out].name, "conv_1") == 0)
            for (int k = 0; k < 6; k++) m->values[m->nodes[i].in[2]].data[k] = -1000;
    bl_picture p = photo(64, 64);
    bl_request request = {.model = m, .picture = &p, .objective = "relu_1", .params = "size=64"};
    bl_job *job;
    bl_error e = {0};
    assert_int_equal(bl_job_start(bl_method_find("dream"), &request, &job, &e), BL_OK);
    assert_int_equal(finish(job, &e), BL_USAGE);
    assert_non_null(strstr(e.message, "gradient of relu_1 is 0 everywhere"));
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* ---- memory: after start, only texts of results may grow ---- */

static int allocations;
static void count(const volatile void *memory, size_t bytes) {
    (void)memory, (void)bytes;
    allocations++;
}
static void nothing(const volatile void *memory) {
    (void)memory;
}

static void steps_allocate_nothing(void **state) {
    (void)state;
    static const char *const jobs[][2] = {
        {"dream", "size=64 steps=3"}, {"pgd", "steps=3 restarts=2 eps=1"}, {"fgsm", ""}, {"gradient", ""}};
    assert_true(__sanitizer_install_malloc_and_free_hooks(count, nothing) > 0);
    bl_model *m = network(dense_end, 2);
    bl_picture p = photo(64, 64);
    for (size_t k = 0; k < sizeof jobs / sizeof *jobs; k++) {
        bl_request request = {.model = m, .picture = &p, .params = jobs[k][1]};
        bl_job *job;
        bl_error e = {0};
        allocations = 0;
        assert_int_equal(bl_job_start(bl_method_find(jobs[k][0]), &request, &job, &e), BL_OK);
        assert_true(allocations > 0); /* the counter works */
        size_t bytes = bl_job_progress(job).bytes;
        for (bool done = false; !done;) {
            size_t written = 0, now = 0;
            for (int i = 0; i < bl_job_n_results(job); i++) written += bl_job_result(job, i)->text.capacity;
            allocations = 0;
            assert_int_equal(bl_job_step(job, &done, &e), BL_OK);
            int during = allocations;
            for (int i = 0; i < bl_job_n_results(job); i++) now += bl_job_result(job, i)->text.capacity;
            if (now == written && during) fail_msg("%s allocated %d times in a step", jobs[k][0], during);
        }
        assert_int_equal(bl_job_progress(job).bytes, bytes);
        bl_job_end(job);
    }
    bl_picture_free(&p);
    bl_model_free(m);
}

/* Stopped in the middle: what was ready can be read, and nothing leaks (the address sanitiser says so at the end). */
static void stopped(void **state) {
    (void)state;
    bl_model *m = network(dense_end, 2);
    bl_picture p = photo(64, 64);
    bl_request request = {.model = m, .picture = &p, .params = "size=64"};
    bl_job *job;
    bool done;
    assert_int_equal(bl_job_start(bl_method_find("dream"), &request, &job, NULL), BL_OK);
    assert_false(result(job, "dream")->ready);
    for (int i = 0; i < 5; i++) assert_int_equal(bl_job_step(job, &done, NULL), BL_OK);
    assert_true(result(job, "dream")->ready);
    assert_int_equal(bl_job_progress(job).steps_done, 5);
    assert_true(isnan(result(job, "strength")->data[5]));
    bl_job_end(job);
    bl_job_end(NULL);
    bl_picture_free(&p);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objective_rises), cmocka_unit_test(everyday),
        cmocka_unit_test(colours_stay),    cmocka_unit_test(no_steps_no_change),
        cmocka_unit_test(sizes),           cmocka_unit_test(seeds),
        cmocka_unit_test(closed_layer),    cmocka_unit_test(steps_allocate_nothing),
        cmocka_unit_test(stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
