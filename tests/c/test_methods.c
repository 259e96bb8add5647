/* methods: parameters and their mistakes, jobs, and the first methods against known answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/elementary.h"
#include "methods/method.h"
#include "onnx/onnx.h"

/* 5×4 on purpose: rows and columns must not be mixed up. */
static const char linear[] = "input x 3x4x5\nlabels red panda; ladybug\nmean 0 0 0\nstd 1 1 1\nchannels RGB\n"
                             "flat = flatten x\nscores = dense flat 2\nprob = softmax scores\n";
static const char small[] =
    "input x 3x20x24\nlabels a; b; c; d\nmean 0.5 0.4 0.3\nstd 0.25 0.25 0.5\nchannels RGB\n"
    "conv_1 = conv x 6 3x3\nrelu_1 = relu conv_1\nconv_2 = conv relu_1 8 3x3\nrelu_2 = relu conv_2\n"
    "pool = maxpool relu_2 2x2 stride 2\nflat = flatten pool\nscores = dense flat 4\nprob = softmax scores\n";
static const char open_size[] = "input x 3x?x?\nlabels a; b; c\nmean 0.5 0.5 0.5\nstd 0.25 0.25 0.25\nchannels RGB\n"
                                "conv_1 = conv x 4 3x3 pad 1\nrelu_1 = relu conv_1\nmean_1 = globalavgpool relu_1\n"
                                "flat = flatten mean_1\nscores = dense flat 3\n";

static bl_model *network(const char *text, uint64_t seed) {
    bl_model *m;
    bl_error e = {0};
    if (bl_nettext_read(text, strlen(text), seed, &m, &e) != BL_OK) fail_msg("%s %s", e.message, e.hint);
    return m;
}

/* The constants of a network may be written before its first plan; only tests do. */
static bl_real *weights_of(bl_model *m, const char *layer) {
    for (int i = 0; i < m->n_nodes; i++)
        if (strcmp(m->values[m->nodes[i].out].name, layer) == 0) return m->values[m->nodes[i].in[1]].data;
    fail_msg("no layer %s", layer);
    return NULL;
}

static bl_picture picture(int width, int height, int low, int high, uint64_t seed) {
    bl_picture p;
    assert_int_equal(bl_picture_make(width, height, &p, NULL), BL_OK);
    bl_random r = {.seed = seed, .stream = BL_STREAM_TEST};
    for (int i = 0; i < 4 * width * height; i++)
        p.pixels[i] =
            i % 4 == 3 ? 255 : (uint8_t)(low + (int)bl_random_below(&r, (uint32_t)i, (uint32_t)(high - low + 1)));
    return p;
}

static bl_job *start(const char *id, const bl_model *m, const bl_picture *p, const char *objective,
                     const char *params) {
    bl_request request = {.model = m, .picture = p, .objective = objective, .params = params};
    bl_job *job;
    bl_error e = {0};
    if (bl_job_start(bl_method_find(id), &request, &job, &e) != BL_OK) fail_msg("%s: %s %s", id, e.message, e.hint);
    return job;
}

static bl_job *run(const char *id, const bl_model *m, const bl_picture *p, const char *objective, const char *params) {
    bl_job *job = start(id, m, p, objective, params);
    bl_error e = {0};
    for (bool done = false; !done;)
        if (bl_job_step(job, &done, &e) != BL_OK) fail_msg("%s: %s %s", id, e.message, e.hint);
    bl_progress progress = bl_job_progress(job);
    assert_int_equal(progress.steps_done, progress.steps_all);
    for (int i = 0; i < bl_job_n_results(job); i++) assert_true(bl_job_result(job, i)->ready);
    return job;
}

static const bl_result *result(const bl_job *job, const char *name) {
    for (int i = 0; i < bl_job_n_results(job); i++)
        if (strcmp(bl_job_result(job, i)->name, name) == 0) return bl_job_result(job, i);
    fail_msg("no result %s", name);
    return NULL;
}

/* The number of a row in a table result. */
static double fact(const bl_job *job, const char *name) {
    char row[64];
    snprintf(row, sizeof row, "{\"name\":\"%s\"", name);
    const char *found = strstr(result(job, "facts")->text.data, row);
    if (!found) fail_msg("no row %s in %s", name, result(job, "facts")->text.data);
    found = strstr(found, "\"value\":") + 8;
    return strncmp(found, "true", 4) == 0 ? 1 : strtod(found, NULL);
}

static void scores_of(const bl_model *m, const bl_picture *p, bl_real *scores, int n) {
    bl_wants wants = BL_WANTS;
    wants.height = p->height, wants.width = p->width, wants.last = m->scores;
    bl_plan *plan;
    bl_run *r;
    assert_int_equal(bl_plan_new(m, &wants, &plan, NULL), BL_OK);
    assert_int_equal(bl_run_new(plan, &r, NULL), BL_OK);
    bl_picture_to_input(p, m, bl_run_input(r));
    assert_int_equal(bl_run_forward(r, NULL), BL_OK);
    memcpy(scores, bl_run_value(r, m->scores), (size_t)n * sizeof *scores);
    bl_run_free(r);
    bl_plan_free(plan);
}

/* ---- parameters, objectives, requests ---- */

static void refused(const char *id, const bl_model *m, const bl_picture *p, const char *objective, const char *params,
                    const char *words) {
    bl_request request = {.model = m, .picture = p, .objective = objective, .params = params};
    bl_job *job;
    bl_error e = {0};
    assert_int_equal(bl_job_start(bl_method_find(id), &request, &job, &e), BL_USAGE);
    assert_null(job);
    char all[700];
    snprintf(all, sizeof all, "%s | %s", e.message, e.hint);
    if (!strstr(all, words)) fail_msg("\"%s\" does not say \"%s\"", all, words);
}

static void mistakes(void **state) {
    (void)state;
    bl_model *m = network(small, 1);
    bl_picture p = picture(30, 20, 0, 255, 1);
    refused("pgd", m, &p, NULL, "epz=3", "no parameter \"epz\" | Did you mean eps?");
    refused("pgd", m, &p, NULL, "wavelength=3", "It has eps, alpha, steps, restarts, start, target, seed");
    refused("pgd", m, &p, NULL, "eps=33", "eps goes from 0 to 32, not 33");
    refused("pgd", m, &p, NULL, "eps=-1", "eps goes from 0 to 32, not -1");
    refused("pgd", m, &p, NULL, "eps=2.5", "eps is a whole number, not 2.5");
    refused("pgd", m, &p, NULL, "eps=nan", "eps is a whole number, not \"nan\"");
    refused("pgd", m, &p, NULL, "alpha=2x", "alpha is a number, not \"2x\"");
    refused("pgd", m, &p, NULL, "alpha=", "alpha is a number, not \"\"");
    refused("pgd", m, &p, NULL, "alpha", "alpha has no value");
    refused("pgd", m, &p, NULL, "=3", "name=value");
    refused("pgd", m, &p, NULL, "start=noise", "start is one of random picture; not \"noise\"");
    refused("pgd", m, &p, NULL, "eps=1 eps=2", "eps is given twice");
    refused("pgd", m, &p, NULL, "target=\"a", "no closing quote");
    refused("pgd", m, &p, NULL, "target=e", "no class \"e\"");
    refused("pgd", m, &p, NULL, "target=4", "no class 4");
    refused("maps", m, &p, NULL, "layer=conv_3", "conv_");
    refused("maps", m, &p, NULL, "layer=conv_1:2", "conv_1:2");
    refused("maps", m, &p, "class:1", "", "maps takes no objective");
    refused("gradient", m, &p, "class:9", "", "no class 9");
    refused("dream", m, &p, "loss:1", "", "does not take an objective of the kind loss");
    refused("gradient", m, NULL, "", "", "gradient needs a picture");
    refused("dream", m, NULL, "", "size=64", "start=noise");
    bl_picture_free(&p);
    bl_model_free(m);

    bl_model *unknown = network("input x 3x4x5\nflat = flatten x\nscores = dense flat 2\n", 1);
    p = picture(5, 4, 0, 255, 1);
    if (!unknown->has_preprocessing) refused("gradient", unknown, &p, "", "", "how it wants its pictures");
    unknown->has_preprocessing = true;
    bl_picture_free(&p);
    bl_model_free(unknown);
}

static void texts_as_used(void **state) {
    (void)state;
    bl_model *m = network(linear, 1);
    bl_picture p = picture(5, 4, 0, 255, 1);
    bl_real scores[2];
    scores_of(m, &p, scores, 2);
    char params[80];
    snprintf(params, sizeof params, "  eps=3\tseed=\"7\" target=\"%s\"\n",
             scores[0] > scores[1] ? "ladybug" : "red panda");
    bl_job *job = run("fgsm", m, &p, NULL, params);
    bl_text legend = {0};
    bl_job_legend_json(job, &legend);
    assert_non_null(strstr(legend.data, "\"parameters\":{\"eps\":\"3\",\"target\":\""));
    assert_non_null(strstr(legend.data, "\"seed\":\"7\""));
    assert_non_null(strstr(legend.data, "\"caution\":\"Whether"));
    assert_non_null(strstr(legend.data, "\"name\":\"adversarial\""));
    bl_text_free(&legend);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void manifest(void **state) {
    (void)state;
    bl_text json = {0};
    bl_manifest_json(&json);
    assert_false(json.failed);
    int n, depth = 0;
    const bl_method *const *all = bl_methods(&n);
    assert_true(n >= 5);
    for (int i = 0; i < n; i++) {
        char id[64];
        snprintf(id, sizeof id, "{\"id\":\"%s\"", all[i]->id);
        assert_non_null(strstr(json.data, id));
        assert_ptr_equal(bl_method_find(all[i]->id), all[i]);
        for (int k = 0; k < all[i]->n_params; k++) {
            const bl_param *q = &all[i]->params[k];
            assert_true(strlen(q->meaning) > 0 && q->unit);
            if (q->type <= BL_PARAM_INTEGER)
                assert_true(q->least <= q->otherwise && q->otherwise <= q->most && (!q->logarithmic || q->least > 0));
        }
        assert_true(strlen(all[i]->caution) > 0 && strlen(all[i]->source) > 0 && strlen(all[i]->formula) > 0);
    }
    bool quoted = false;
    for (size_t i = 0; i < json.length; i++) {
        char c = json.data[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted)
            depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        assert_true(depth > 0 || i + 1 == json.length);
    }
    assert_int_equal(depth, 0);
    assert_null(bl_method_find("nothing"));
    bl_text_free(&json);
}

static void limits(void **state) {
    (void)state;
    bl_model *m = network(small, 1);
    bl_picture p = picture(30, 20, 0, 255, 1);
    bl_request request = {.model = m, .picture = &p, .params = "size=256", .limit = 1 << 20};
    bl_job *job;
    bl_error e;
    assert_int_equal(bl_job_start(bl_method_find("dream"), &request, &job, &e), BL_MEMORY);
    assert_null(job);
    request.limit = 0, request.params = "size=64";
    assert_int_equal(bl_job_start(bl_method_find("dream"), &request, &job, &e), BL_OK);
    size_t bytes = bl_job_progress(job).bytes;
    bl_job_end(job);
    request.limit = bytes;
    assert_int_equal(bl_job_start(bl_method_find("dream"), &request, &job, &e), BL_OK);
    bl_job_end(job);
    request.limit = bytes - 1;
    assert_int_equal(bl_job_start(bl_method_find("dream"), &request, &job, &e), BL_MEMORY);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* ---- maps and saliency ---- */

static void maps(void **state) {
    (void)state;
    bl_model *m = network(small, 3);
    bl_picture p = picture(24, 20, 0, 255, 2);
    bl_job *job = run("maps", m, &p, NULL, "");
    const bl_result *r = result(job, "maps"), *means = result(job, "means");
    assert_string_equal(r->title, "relu_1"); /* the first convolution with its activation */
    assert_int_equal(r->channels, 6);
    assert_int_equal(r->height, 18);
    assert_int_equal(r->width, 22);
    assert_false(r->is_signed);
    /* One number by hand: the kernel on the pixels, the bias, ReLU. */
    const bl_real *w = weights_of(m, "conv_1");
    bl_real x[3 * 20 * 24];
    bl_picture_to_input(&p, m, x);
    for (int k = 0; k < 6; k++) {
        double sum = 0, mean = 0;
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < 3; j++)
                    sum += (double)w[((k * 3 + c) * 3 + i) * 3 + j] * x[(c * 20 + 7 + i) * 24 + 11 + j];
        assert_true(fabs((sum > 0 ? sum : 0) - r->data[(k * 18 + 7) * 22 + 11]) < 1e-4);
        for (int i = 0; i < 18 * 22; i++) mean += r->data[k * 18 * 22 + i];
        assert_true(fabs(mean / (18 * 22) - means->data[k]) < 1e-5);
    }
    bl_job_end(job);
    job = run("maps", m, &p, NULL, "layer=conv_2");
    assert_int_equal(result(job, "maps")->channels, 8);
    assert_true(result(job, "maps")->is_signed);
    assert_true(result(job, "maps")->limit > 0);
    bl_job_end(job);
    job = run("maps", m, &p, NULL, "layer=scores");
    assert_int_equal(result(job, "maps")->channels, 4);
    assert_int_equal(result(job, "maps")->height * result(job, "maps")->width, 1);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* A linear score: the gradient is its weights, divided by the deviation, for any picture. */
static void gradient_of_linear(void **state) {
    (void)state;
    bl_model *m = network("input x 1x2x2\nmean 0\nstd 1\nchannels grey\nflat = flatten x\nscore = dense flat 1\n", 1);
    static const bl_real w[4] = {1, -2, 3, 0.5f};
    memcpy(weights_of(m, "score"), w, sizeof w);
    bl_picture p = picture(2, 2, 0, 255, 4);
    bl_job *job = run("gradient", m, &p, "class:1", "");
    for (int i = 0; i < 4; i++) assert_true(result(job, "saliency")->data[i] == (w[i] < 0 ? -w[i] : w[i]));
    assert_int_equal(result(job, "saliency")->family, BL_FAMILY_SIZE);
    assert_int_equal(bl_job_progress(job).forwards, 1);
    assert_int_equal(bl_job_progress(job).backwards, 1);
    bl_job_end(job);
    static const float mean[4] = {0.5f, 0, 0, 0}, std[4] = {0.25f, 1, 1, 1};
    assert_int_equal(bl_model_set_preprocessing(m, mean, std, BL_CHANNELS_GREY, NULL), BL_OK);
    job = run("gradient", m, &p, "class:1", "reduce=signed");
    for (int i = 0; i < 4; i++) assert_true(result(job, "saliency")->data[i] == 4 * w[i]);
    assert_true(result(job, "saliency")->is_signed);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void gradient_reductions(void **state) {
    (void)state;
    bl_model *m = network(linear, 5);
    bl_picture p = picture(5, 4, 0, 255, 4);
    const bl_real *w = weights_of(m, "scores");
    static const char *const params[] = {"reduce=max", "reduce=sum", "reduce=l2", "reduce=signed"};
    bl_real scores[2];
    scores_of(m, &p, scores, 2);
    int y = scores[1] > scores[0];
    for (int k = 0; k < 4; k++) {
        bl_job *job = run("gradient", m, &p, NULL, params[k]);
        bl_real g[3], unit = 0;
        for (int c = 0; c < 3; c++) {
            g[c] = w[y * 60 + c * 20 + 7];
            if (k == 0) unit = fmaxf((float)unit, fabsf((float)g[c]));
            if (k == 1) unit += fabsf((float)g[c]);
            if (k == 2) unit += g[c] * g[c];
            if (k == 3) unit += g[c];
        }
        if (k == 2) unit = sqrtf((float)unit);
        assert_true(fabs((double)(result(job, "saliency")->data[7] - unit)) < 1e-6);
        bl_job_end(job);
    }
    bl_picture_free(&p);
    bl_model_free(m);
}

/* ---- attacks ---- */

/* On a linear classifier one FGSM step moves the lead of the predicted class by exactly ε times the sum of |w_y − w_k|.
 */
static void fgsm_on_linear(void **state) {
    (void)state;
    bl_model *m = network(linear, 2);
    const bl_real *w = weights_of(m, "scores");
    bl_picture p = picture(5, 4, 60, 190, 6); /* no byte is cut at 0 or 255 */
    bl_job *job = run("fgsm", m, &p, NULL, "eps=8");
    bl_picture after = {5, 4, result(job, "adversarial")->pixels};
    bl_real before_scores[2], after_scores[2];
    scores_of(m, &p, before_scores, 2);
    scores_of(m, &after, after_scores, 2);
    int y = before_scores[1] > before_scores[0];
    double change = ((double)after_scores[y] - after_scores[1 - y]) - ((double)before_scores[y] - before_scores[1 - y]),
           expected = 0;
    for (int i = 0; i < 60; i++) expected -= fabs((double)w[i] - w[60 + i]) * 8 / 255;
    assert_true(fabs(change - expected) < 1e-5 * fabs(expected) + 1e-6);
    assert_true(fact(job, "linf") == 8);
    assert_true(fact(job, "changed") == 100);
    assert_true(fabs(fact(job, "l2") - 8 / 255.0 * sqrt(60)) < 1e-6);
    assert_true(fact(job, "gain") == 10);
    assert_true(strstr(result(job, "perturbation")->text.data, "×10") != NULL);
    for (int i = 0; i < 80; i++) {
        int d = after.pixels[i] - p.pixels[i];
        assert_int_equal(result(job, "perturbation")->pixels[i], i % 4 == 3 ? 255 : 128 + 10 * d);
        assert_int_equal(abs(result(job, "noisy")->pixels[i] - p.pixels[i]), i % 4 == 3 ? 0 : 8);
    }
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void one_pgd_step_is_fgsm(void **state) {
    (void)state;
    bl_model *m = network(small, 4);
    bl_picture p = picture(24, 20, 0, 255, 7);
    bl_job *a = run("fgsm", m, &p, NULL, "eps=5"),
           *b = run("pgd", m, &p, NULL, "eps=5 alpha=5 steps=1 restarts=1 start=picture");
    assert_memory_equal(result(a, "adversarial")->pixels, result(b, "adversarial")->pixels, 4 * 24 * 20);
    assert_memory_equal(result(a, "noisy")->pixels, result(b, "noisy")->pixels, 4 * 24 * 20);
    bl_job_end(a), bl_job_end(b);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* What counts: the file as saved, opened again, at most ε away from what was given, has the prediction that is claimed.
 */
static void saved_and_opened(void **state) {
    (void)state;
    static const char *const params[] = {"eps=1", "eps=2 alpha=0.7 seed=3", "eps=6 target=2",
                                         "eps=12 alpha=3.3 target=3 restarts=2", "eps=0"};
    int fooled = 0;
    for (int seed = 1; seed <= 4; seed++) {
        bl_model *m = network(small, (uint64_t)seed);
        bl_picture p = picture(24, 20, 0, 255, 10 + (uint64_t)seed);
        bl_real before[4], after[4], probabilities[4];
        scores_of(m, &p, before, 4);
        int y = bl_largest(before, 4);
        for (size_t k = 0; k < sizeof params / sizeof *params; k++) {
            int target = strstr(params[k], "target=2") ? 2 : strstr(params[k], "target=3") ? 3 : -1;
            if (target == y) continue;
            bl_job *job = run("pgd", m, &p, NULL, params[k]);
            bl_picture attacked = {24, 20, result(job, "adversarial")->pixels}, opened;
            bl_text png = {0};
            assert_int_equal(bl_picture_png(&attacked, &png, NULL), BL_OK);
            assert_int_equal(bl_picture_decode((const uint8_t *)png.data, png.length, "a.png", &opened, NULL, NULL),
                             BL_OK);
            int largest = 0;
            for (int i = 0; i < 4 * 24 * 20; i++)
                largest = abs(opened.pixels[i] - p.pixels[i]) > largest ? abs(opened.pixels[i] - p.pixels[i]) : largest;
            assert_true(largest <= atoi(params[k] + 4));
            assert_true(fact(job, "linf") == largest);
            scores_of(m, &opened, after, 4);
            int z = bl_largest(after, 4);
            bool success = target >= 0 ? z == target : z != y;
            assert_int_equal(fact(job, "success") == 1, success);
            fooled += success;
            bl_probabilities(m, after, 4, probabilities);
            assert_memory_equal(probabilities, result(job, "after")->data, sizeof probabilities);
            assert_true(result(job, "race")->data[0] >= 0 &&
                        result(job, "race")->data[result(job, "race")->width - 1] == probabilities[y]);
            if (atoi(params[k] + 4) == 0) assert_false(success);
            bl_text_free(&png);
            bl_picture_free(&opened);
            bl_job_end(job);
        }
        bl_picture_free(&p);
        bl_model_free(m);
    }
    assert_true(fooled >= 6); /* else the tests above say little */
}

/* The last step is so short that rounding undoes it: the attack goes on in whole bytes. */
static void rounding_is_repaired(void **state) {
    (void)state;
    bl_model *m = network(linear, 2);
    bl_real *w = weights_of(m, "scores"), *bias = NULL;
    for (int i = 0; i < m->n_nodes; i++)
        if (strcmp(m->values[m->nodes[i].out].name, "scores") == 0) bias = m->values[m->nodes[i].in[2]].data;
    bl_picture p = picture(5, 4, 60, 190, 6);
    bl_real scores[2];
    scores_of(m, &p, scores, 2);
    double slope = 0;
    for (int i = 0; i < 60; i++) slope += fabs((double)w[i] - w[60 + i]) / 255;
    bias[0] +=
        (bl_real)((double)scores[1] - scores[0] + 0.1 * slope); /* class 0 leads by a tenth of a byte everywhere */
    bl_job *job = run("pgd", m, &p, NULL, "eps=1 alpha=0.2 steps=2 start=picture");
    assert_true(fact(job, "success") == 1);
    assert_true(fact(job, "linf") == 1);
    assert_true(fact(job, "backwards") > 2); /* two steps, and one more afterwards */
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void same_seed_same_bytes(void **state) {
    (void)state;
    bl_model *m = network(small, 4);
    bl_picture p = picture(24, 20, 0, 255, 7);
    bl_job *a = run("pgd", m, &p, NULL, "eps=3 steps=5 seed=11"), *b = run("pgd", m, &p, NULL, "eps=3 steps=5 seed=11"),
           *c = run("pgd", m, &p, NULL, "eps=3 steps=5 seed=12");
    assert_memory_equal(result(a, "adversarial")->pixels, result(b, "adversarial")->pixels, 4 * 24 * 20);
    assert_memory_equal(result(a, "noise")->pixels, result(b, "noise")->pixels, 4 * 24 * 20);
    assert_memory_not_equal(result(a, "adversarial")->pixels, result(c, "adversarial")->pixels, 4 * 24 * 20);
    assert_memory_not_equal(result(a, "noise")->pixels, result(c, "noise")->pixels, 4 * 24 * 20);
    bl_job_end(a), bl_job_end(b), bl_job_end(c);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void attacks_refuse(void **state) {
    (void)state;
    bl_model *m = network("input x 3x4x5\nmean 0 0 0\nstd 1 1 1\nflat = flatten x\nscore = dense flat 1\n", 1);
    bl_picture p = picture(5, 4, 0, 255, 1);
    bl_request request = {.model = m, .picture = &p};
    bl_job *job;
    bl_error e;
    assert_int_equal(bl_job_start(bl_method_find("fgsm"), &request, &job, &e), BL_UNSUPPORTED);
    assert_non_null(strstr(e.message, "two classes"));
    bl_model_free(m);
    /* The predicted class as target; and scores that nothing moves. */
    m = network(linear, 1);
    bl_real scores[2];
    scores_of(m, &p, scores, 2);
    char params[20];
    snprintf(params, sizeof params, "target=%d", scores[1] > scores[0]);
    job = start("fgsm", m, &p, NULL, params);
    bool done;
    assert_int_equal(bl_job_step(job, &done, &e), BL_USAGE);
    assert_non_null(strstr(e.message, "already"));
    assert_int_equal(bl_job_step(job, &done, &e), BL_USAGE); /* it stays ended */
    bl_job_end(job);
    bl_model_free(m);
    m = network(linear, 1);
    memset(weights_of(m, "scores"), 0, 120 * sizeof(bl_real));
    job = run("pgd", m, &p, NULL, "restarts=1 steps=2");
    assert_true(fact(job, "success") == 0);
    assert_non_null(strstr(result(job, "verdict")->text.data, "gradient is zero"));
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void gains(void **state) {
    (void)state;
    static const int eps[] = {0, 1, 2, 4, 8, 12, 16, 32}, gain[] = {100, 100, 50, 20, 10, 10, 5, 2};
    bl_model *m = network(linear, 2);
    bl_picture p = picture(5, 4, 60, 190, 6);
    for (int i = 0; i < 8; i++) {
        char params[20];
        snprintf(params, sizeof params, "eps=%d", eps[i]);
        bl_job *job = run("fgsm", m, &p, NULL, params);
        assert_true(fact(job, "gain") == gain[i]);
        bl_job_end(job);
    }
    bl_picture_free(&p);
    bl_model_free(m);
}

/* An open size takes 224×224; probabilities are the network's. */
static void open_networks(void **state) {
    (void)state;
    bl_model *m = network(open_size, 3);
    bl_picture p = picture(40, 30, 0, 255, 3);
    bl_job *job = run("gradient", m, &p, NULL, "");
    assert_int_equal(result(job, "saliency")->width, 224);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes),
        cmocka_unit_test(texts_as_used),
        cmocka_unit_test(manifest),
        cmocka_unit_test(limits),
        cmocka_unit_test(maps),
        cmocka_unit_test(gradient_of_linear),
        cmocka_unit_test(gradient_reductions),
        cmocka_unit_test(fgsm_on_linear),
        cmocka_unit_test(one_pgd_step_is_fgsm),
        cmocka_unit_test(saved_and_opened),
        cmocka_unit_test(rounding_is_repaired),
        cmocka_unit_test(same_seed_same_bytes),
        cmocka_unit_test(attacks_refuse),
        cmocka_unit_test(gains),
        cmocka_unit_test(open_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
