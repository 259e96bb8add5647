/* Fragility: the change of a picture that moves a map and not the prediction, against functions whose every bend is
 * known, and against maps that the methods themselves give. */
#include "jobs.h"

enum { H = 4, W = 5, N = H * W };

static bl_picture shades(int width, int height, const uint8_t *values) {
    bl_picture p;
    assert_int_equal(bl_picture_make(width, height, &p, NULL), BL_OK);
    for (int i = 0; i < width * height; i++)
        for (int c = 0; c < 4; c++) p.pixels[4 * i + c] = c == 3 ? 255 : values[i];
    return p;
}

/* S = Σ w·tanh(x): slopes w(1 − tanh²x) fall as x > 0 grows, so the largest go up, all others down. */
static void of_a_smooth_function(void **state) {
    (void)state;
    bl_model *m = network("input x 1x4x5\nmean 0\nstd 1\nchannels grey\nconv_1 = conv x 1 1x1\nact_1 = tanh conv_1\n"
                          "flat = flatten act_1\nscores = dense flat 2\n",
                          1);
    bl_real one = 1, none = 0, weights[2 * N] = {0}, biases[2] = {0, -100};
    uint8_t values[N];
    double slope[N];
    for (int i = 0; i < N; i++) {
        values[i] = (uint8_t)(60 + i * 37 % 120);
        weights[i] = (bl_real)((i * 7 % N + 1) * (i % 2 ? -0.1 : 0.1));
        slope[i] = fabs((double)weights[i]) * (1 - pow(tanh(values[i] / 255.0), 2));
    }
    set_layer(m, "conv_1", 1, &one, 1, &none);
    set_layer(m, "scores", 2 * N, weights, 2, biases);
    bl_picture p = shades(W, H, values);
    for (int steps = 1; steps <= 12; steps += 11) {
        char params[80];
        snprintf(params, sizeof params, "method=gradient with=reduce=sum eps=8 top=20 steps=%d", steps);
        bl_job *job = run("fragility", m, &p, "class:0", params);
        const bl_result *changed = result(job, "changed"), *magnified = result(job, "perturbation");
        for (int i = 0; i < N; i++) {
            int larger = 0, by = steps < 8 ? steps : 8;
            for (int k = 0; k < N; k++) larger += slope[k] > slope[i];
            int wanted = values[i] + (larger < 4 ? by : -by);
            for (int c = 0; c < 3; c++)
                if (changed->pixels[4 * i + c] != wanted)
                    fail_msg("%d steps, pixel %d: %d, not %d", steps, i, changed->pixels[4 * i + c], wanted);
            assert_int_equal(magnified->pixels[4 * i], 128 + 10 * (wanted - values[i]));
        }
        bl_job_end(job);
    }
    bl_picture_free(&p);
    bl_model_free(m);
}

static const char small[] =
    "input x 3x14x16\nmean 0.5 0.4 0.3\nstd 0.25 0.25 0.5\nchannels RGB\n"
    "conv_1 = conv x 6 3x3\nrelu_1 = relu conv_1\nconv_2 = conv relu_1 8 3x3\n"
    "relu_2 = relu conv_2\nflat = flatten relu_2\nscores = dense flat 3\nprob = softmax scores\n";

static void nothing_moves(void **state) {
    (void)state;
    bl_picture p = picture(16, 14, 40, 215, 3);
    bl_model *straight =
                 network("input x 3x14x16\nmean 0.5\nstd 0.25\nchannels RGB\nflat = flatten x\nscores = dense flat "
                         "3\n",
                         1),
             *bent = network(small, 4);
    for (int i = 0; i < 2; i++) {
        bl_job *job = run("fragility", i ? bent : straight, &p, NULL, i ? "eps=0" : "");
        assert_memory_equal(result(job, "changed")->pixels, p.pixels, 4 * 14 * 16);
        assert_memory_equal(result(job, "other")->data, result(job, "map")->data, 14 * 16 * sizeof(bl_real));
        assert_true(fact(job, "shared") == 1 && fact(job, "rank") == 1 && fact(job, "moved") == 0);
        assert_true(fact(job, "before") == fact(job, "after"));
        assert_true(i || legend_says(job, "does not bend"));
        bl_job_end(job);
    }
    bl_picture_free(&p);
    bl_model_free(straight), bl_model_free(bent);
}

/* How many of the `top` largest numbers of both maps are the same, of all. */
static double shared(const bl_real *a, const bl_real *b, int n, int top) {
    int both = 0;
    for (int i = 0; i < n; i++) {
        int over_a = 0, over_b = 0;
        for (int k = 0; k < n; k++) over_a += a[k] > a[i], over_b += b[k] > b[i];
        both += over_a < top && over_b < top;
    }
    return (double)both / top;
}

static void centre(const bl_real *map, int n, int width, double at[2]) {
    double mass = 0;
    at[0] = at[1] = 0;
    for (int i = 0; i < n; i++) mass += (double)map[i];
    for (int i = 0; i < n; i++)
        at[0] += (double)map[i] / mass * (i / width), at[1] += (double)map[i] / mass * (i % width);
}

/* What is said is what the methods say of the picture as it was and as it became; the prediction is the same; by chance
 * less moves. */
static void moved(void **state) {
    (void)state;
    enum { PIXELS = 14 * 16, TOP = 22 };
    double attacked = 0, noise = 0, far = 0;
    for (uint64_t seed = 1; seed <= 4; seed++)
        for (int aim = 0; aim < 2; aim++) {
            bl_model *m = network(small, seed);
            bl_picture p = picture(16, 14, 0, 255, seed);
            char params[120];
            snprintf(params, sizeof params, "with=reduce=sum steps=20 top=10 aim=%s", aim ? "centre" : "largest");
            bl_job *job = run("fragility", m, &p, NULL, params);
            bl_picture q = {16, 14, result(job, "changed")->pixels};
            int largest = 0;
            for (int i = 0; i < 4 * PIXELS; i++) {
                int off = q.pixels[i] - p.pixels[i];
                if (abs(off) > largest) largest = abs(off);
            }
            assert_true(largest > 0 && largest <= 8);
            bl_job *before = run("gradient", m, &p, NULL, "reduce=sum"),
                   *after = run("gradient", m, &q, NULL, "reduce=sum");
            bl_text legends[2] = {{0}, {0}};
            bl_job_legend_json(before, &legends[0]), bl_job_legend_json(after, &legends[1]);
            const char *class_before = strstr(legends[0].data, "\"class\""),
                       *class_after = strstr(legends[1].data, "\"class\"");
            assert_memory_equal(class_before, class_after, strcspn(class_before, ","));
            bl_text_free(&legends[0]), bl_text_free(&legends[1]);
            const bl_real *a = result(before, "saliency")->data, *b = result(after, "saliency")->data;
            assert_memory_equal(result(job, "map")->data, a, PIXELS * sizeof *a);
            assert_memory_equal(result(job, "other")->data, b, PIXELS * sizeof *b);
            double kept = shared(a, b, PIXELS, TOP), from[2], to[2];
            assert_true(fabs(fact(job, "shared") - kept) < 1e-6 && fabs(fact(job, "gradient") - kept) < 1e-6);
            centre(a, PIXELS, 16, from), centre(b, PIXELS, 16, to);
            double way = hypot(to[0] - from[0], to[1] - from[1]);
            if (!(fabs(fact(job, "moved") - way) < 1e-3)) fail_msg("%g, not %g", fact(job, "moved"), way);
            const bl_result *curve = result(job, "kept");
            assert_true(curve->data[0] == 1);
            for (int i = 1; !aim && i < curve->width && isfinite((double)curve->data[i]); i++)
                assert_true(curve->data[i] <= curve->data[i - 1]);
            if (aim)
                far += way;
            else
                attacked += kept / 4, noise += fact(job, "shared-noise") / 4, far -= way;
            bl_job_end(job), bl_job_end(before), bl_job_end(after);
            bl_picture_free(&p);
            bl_model_free(m);
        }
    if (!(attacked < noise - 0.1)) fail_msg("of the largest %g stay after the attack, %g by chance", attacked, noise);
    assert_true(far > 0); /* who aims at the centre moves it farther */
}

/* A network that reads blue first is attacked as its twin that reads red first; a grey one stays grey. */
static void channels(void **state) {
    (void)state;
    char text[400];
    bl_picture p = picture(16, 14, 0, 255, 5);
    bl_job *jobs[2];
    bl_model *models[2];
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "%s", small);
        if (i) memcpy(strstr(text, "RGB"), "BGR", 3), memcpy(strstr(text, "mean"), "mean 0.3 0.4 0.5", 16);
        if (i) memcpy(strstr(text, "std"), "std 0.5 0.25 0.25", 17);
        models[i] = network(text, 2);
        bl_real *w = constant_of(models[i], "conv_1", 1);
        for (int k = 0; i && k < 6; k++)
            for (int j = 0; j < 9; j++) {
                bl_real red = w[27 * k + j];
                w[27 * k + j] = w[27 * k + 18 + j], w[27 * k + 18 + j] = red;
            }
        jobs[i] = run("fragility", models[i], &p, NULL, "steps=8");
    }
    /* sums of channels in another order round otherwise: nearly all bytes */
    int other = 0;
    for (int i = 0; i < 4 * 14 * 16; i++)
        other += result(jobs[0], "changed")->pixels[i] != result(jobs[1], "changed")->pixels[i];
    if (other > 45) fail_msg("%d bytes are others", other);
    for (int i = 0; i < 2; i++) bl_job_end(jobs[i]), bl_model_free(models[i]);
    bl_model *grey = network("input x 1x14x16\nmean 0.5\nstd 0.25\nchannels grey\nconv_1 = conv x 6 3x3\nrelu_1 = relu "
                             "conv_1\nflat = flatten relu_1\nscores = dense flat 3\n",
                             1);
    bl_job *job = run("fragility", grey, &p, NULL, "steps=8");
    const uint8_t *pixels = result(job, "changed")->pixels;
    int off = 0;
    for (int i = 0; i < 14 * 16; i++) {
        assert_true(pixels[4 * i] == pixels[4 * i + 1] && pixels[4 * i] == pixels[4 * i + 2]);
        off += pixels[4 * i] != p.pixels[4 * i];
    }
    assert_true(off > 100);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(grey);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_smooth_function),
        cmocka_unit_test(nothing_moves),
        cmocka_unit_test(moved),
        cmocka_unit_test(channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
