/* Optimised masks and expected gradients against known answers. */
#include "jobs.h"

static const char linear[] = "input x 3x8x8\nlabels a; b\nmean 0.5 0.4 0.3\nstd 0.25 0.5 1\nchannels RGB\n"
                             "flat = flatten x\nscores = dense flat 2\nprob = softmax scores\n";
static const char small[] =
    "input x 3x18x14\nlabels a; b; c; d\nmean 0.5 0.4 0.3\nstd 0.25 0.25 0.5\nchannels RGB\n"
    "conv_1 = conv x 6 3x3\nrelu_1 = relu conv_1\npool = maxpool relu_1 2x2 stride 2\nflat = flatten pool\n"
    "scores = dense flat 4\nprob = softmax scores\n";

/* The weight of the score of class b at number i of the picture. */
static bl_real *weight(bl_model *m, int i) {
    bl_real *w = constant_of(m, "scores", 1);
    for (int k = 0; k < m->n_nodes; k++)
        if (strcmp(m->values[m->nodes[k].out].name, "scores") == 0 && m->values[m->nodes[k].in[1]].shape.dim[0] == 2)
            return &w[192 + i];
    return &w[i * 2 + 1];
}

/* A linear score, a cell of the mask for every pixel, no smoothing: a pixel is hidden where what it adds to the score
 * is dearer than the area it takes, and not at all elsewhere. */
static void mask_of_a_linear_score(void **state) {
    (void)state;
    bl_model *m = network(linear, 2);
    bl_picture p = picture(8, 8, 0, 255, 2);
    bl_real x[192];
    bl_picture_to_input(&p, m, x);
    double value = (double)constant_of(m, "scores", 2)[1], terms[64] = {0};
    for (int i = 0; i < 192; i++) terms[i % 64] += (double)*weight(m, i) * (double)x[i];
    for (int i = 0; i < 64; i++) value += terms[i];
    for (int keep = 0; keep < 2; keep++)
        for (int from = 0; from < 2; from++) {
            char params[120];
            snprintf(params, sizeof params, "form=%s start=%s grid=8 jitter=0 smooth=0 area=2 fill=mean steps=400",
                     keep ? "keep" : "hide", from ? "disc" : "whole");
            bl_job *job = run("mask", m, &p, "class:1", params);
            const bl_real *map = result(job, "map")->data;
            double left = value;
            int there = 0;
            for (int i = 0; i < 64; i++) {
                double gain = terms[i] / fabs(value) - 2.0 / 64;
                bool wanted = gain > 0;
                there += wanted;
                left -= wanted ? terms[i] : 0;
                if (fabs(gain) > 1e-3 && fabs((double)map[i] - wanted) > 0.02)
                    fail_msg("%s: %g at %d, gain %g", params, (double)map[i], i, gain);
            }
            assert_true(there > 4 && there < 60);
            double after = keep ? value - left + (double)constant_of(m, "scores", 2)[1] : left;
            if (!(fabs(fact(job, "after") - after) < 0.05 * fabs(value) + 0.05))
                fail_msg("%g, not %g", fact(job, "after"), after);
            bl_job_end(job);
        }
    /* What only the left half decides is hidden on the left alone, also on a coarse grid that is enlarged; and where
     * area is too dear, or edges are, nothing is, or all alike. */
    for (int i = 0; i < 192; i++) *weight(m, i) = i % 8 < 4 ? (bl_real)(x[i] > 0 ? 0.5 : -0.5) : 0;
    bl_job *job = run("mask", m, &p, "class:1", "grid=4 fill=mean jitter=0 smooth=0.01 area=0.5");
    double halves[2] = {0, 0};
    for (int i = 0; i < 64; i++) halves[i % 8 > 3] += (double)result(job, "map")->data[i] / 32;
    if (!(halves[0] > 0.8 && halves[1] < 0.2)) fail_msg("%g on the left, %g on the right", halves[0], halves[1]);
    assert_true(fact(job, "after") < 0.3 * fact(job, "value"));
    bl_job_end(job);
    job = run("mask", m, &p, "class:1", "grid=4 fill=mean area=100");
    for (int i = 0; i < 64; i++) assert_true((double)result(job, "map")->data[i] < 0.01);
    bl_job_end(job);
    job = run("mask", m, &p, "class:1", "grid=4 fill=mean smooth=1000 area=0.1 start=disc jitter=1 steps=1000");
    double least = 1, most = 0;
    for (int i = 0; i < 64; i++) {
        double v = (double)result(job, "map")->data[i];
        least = fmin(least, v), most = fmax(most, v);
    }
    if (!(most - least < 0.25)) fail_msg("from %g to %g", least, most);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void same_seed_same_mask(void **state) {
    (void)state;
    bl_model *m = network(small, 3);
    bl_picture p = picture(14, 18, 0, 255, 3);
    bl_job *a = run("mask", m, &p, NULL, "steps=20 seed=4"), *b = run("mask", m, &p, NULL, "steps=20 seed=4"),
           *c = run("mask", m, &p, NULL, "steps=20 seed=5");
    same_results(a, b);
    assert_true(map_error(result(a, "map")->data, result(c, "map")->data, 252) > 1e-3);
    assert_true(result(a, "curve")->data[0] == (bl_real)fact(a, "value") || fact(a, "value") > 0);
    bl_job_end(a), bl_job_end(b), bl_job_end(c);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* Of a linear score the terms against the baseline whatever is drawn; of others Integrated Gradients' answer as samples
 * grow; and the sum comes to the difference from the mean baseline. */
static void expected_gradients(void **state) {
    (void)state;
    bl_model *m = network(linear, 2);
    bl_picture p = picture(8, 8, 0, 255, 2);
    static const char *const bases[] = {"black", "white", "mean"};
    for (int i = 0; i < 3; i++) {
        char params[60], base[40];
        snprintf(params, sizeof params, "samples=7 baseline=%s", bases[i]),
            snprintf(base, sizeof base, "baseline=%s", bases[i]);
        bl_job *a = run("gradient-shap", m, &p, "class:1", params), *b = run("gradient-input", m, &p, "class:1", base);
        assert_true(map_error(result(a, "attribution")->data, result(b, "attribution")->data, 64) < 1e-5);
        bl_job_end(a), bl_job_end(b);
    }
    bl_picture_free(&p);
    bl_model_free(m);
    m = network(small, 4), p = picture(14, 18, 0, 255, 4);
    bl_job *truth = run("integrated", m, &p, "class:2", "steps=400");
    double off[2] = {0, 0};
    for (int seed = 1; seed <= 10; seed++)
        for (int k = 0; k < 2; k++) {
            char params[80];
            snprintf(params, sizeof params, "samples=%d baseline=black seed=%d", k ? 160 : 40, seed);
            bl_job *job = run("gradient-shap", m, &p, "class:2", params);
            double e = map_error(result(job, "attribution")->data, result(truth, "attribution")->data, 252);
            off[k] += e * e;
            bl_job_end(job);
        }
    double ratio = sqrt(off[0] / off[1]); /* error falls with the root of the number of samples */
    if (!(ratio > 1.4 && ratio < 2.9 && sqrt(off[1] / 10) < 0.15))
        fail_msg("ratio %g, error %g", ratio, sqrt(off[1] / 10));
    bl_job_end(truth);
    bl_job *job = run("gradient-shap", m, &p, "class:2", "samples=1000");
    if (!(fact(job, "gap") < 5)) fail_msg("the sum misses by %g %%", fact(job, "gap"));
    bl_job_end(job);
    any_number_of_workers("gradient-shap", m, &p, NULL, "samples=11");
    any_number_of_workers("gradient-shap", m, &p, "relu_1:2", "samples=9 baseline=noise");
    bl_picture_free(&p);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mask_of_a_linear_score),
        cmocka_unit_test(same_seed_same_mask),
        cmocka_unit_test(expected_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
