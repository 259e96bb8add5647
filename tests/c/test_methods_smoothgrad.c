/* Sharing an independent phase, and SmoothGrad, the first method with one, against known answers. */
#include "jobs.h"

static const char small[] =
    "input x 3x20x24\nlabels a; b; c; d\nmean 0.5 0.4 0.3\nstd 0.25 0.25 0.5\nchannels RGB\n"
    "conv_1 = conv x 6 3x3\nrelu_1 = relu conv_1\nconv_2 = conv relu_1 8 3x3\nrelu_2 = relu conv_2\n"
    "pool = maxpool relu_2 2x2 stride 2\nflat = flatten pool\nscores = dense flat 4\nprob = softmax scores\n";
static const char linear[] = "input x 3x4x5\nlabels red panda; ladybug\nmean 0 0 0\nstd 1 0.5 2\nchannels RGB\n"
                             "flat = flatten x\nscores = dense flat 2\nprob = softmax scores\n";
/* One pixel, one ReLU: its score is max(u, 0). */
static const char corner[] = "input x 1x1x1\nmean 0\nstd 1\nchannels grey\nflat = flatten x\nz = dense flat 1\n"
                             "a = relu z\nscore = dense a 1\n";

static bl_model *corner_network(void) {
    bl_model *m = network(corner, 1);
    set_layer(m, "z", 1, (bl_real[]){1}, 0, NULL);
    set_layer(m, "score", 1, (bl_real[]){1}, 0, NULL);
    no_biases(m);
    return m;
}

static void shared_steps(void **state) {
    (void)state;
    bl_model *m = network(small, 1);
    bl_picture p = picture(24, 20, 0, 255, 1);
    static const char *const params[] = {"samples=13", "samples=5 average=variance", "samples=32 average=square seed=9",
                                         "samples=7 average=size reduce=l2"};
    for (int i = 0; i < 4; i++) any_number_of_workers("smoothgrad", m, &p, NULL, params[i]);
    any_number_of_workers("smoothgrad", m, &p, "conv_2:3@4,5", "samples=9");

    /* Of two jobs with batches of different sizes, the same item is the same numbers. */
    bl_job *five = start("smoothgrad", m, &p, "class:1", "samples=5"),
           *eight = start("smoothgrad", m, &p, "class:1", "samples=8");
    bool done;
    assert_int_equal(bl_job_step(five, &done, NULL), BL_OK);
    assert_int_equal(bl_job_step(eight, &done, NULL), BL_OK);
    assert_int_not_equal(five->phases[1].batch, eight->phases[1].batch);
    size_t size = five->phases[1].numbers, n;
    bl_real *of_five = malloc(5 * size * sizeof *of_five);
    const bl_real *part;
    for (int k = 0, at = 0; k < bl_job_share(five).n_steps; k++) {
        assert_int_equal(bl_job_part(five, 1, k, &part, &n, NULL), BL_OK);
        memcpy(of_five + (size_t)at * size, part, (n - 2) * sizeof *part);
        at += (int)((n - 2) / size);
    }
    for (int k = 0, at = 0; at < 5; k++) {
        assert_int_equal(bl_job_part(eight, 1, k, &part, &n, NULL), BL_OK);
        for (size_t i = 0; i < (n - 2) / size && at < 5; i++, at++)
            assert_memory_equal(part + i * size, of_five + (size_t)at * size, size * sizeof *part);
    }
    free(of_five);

    /* What is out of order is refused, and leaves the job as it was. */
    bl_error e = {0};
    assert_int_equal(bl_job_part(five, 0, 0, &part, &n, &e), BL_USAGE);
    assert_int_equal(bl_job_part(five, 1, 99, &part, &n, &e), BL_USAGE);
    assert_int_equal(bl_job_part(five, 1, 0, &part, &n, &e), BL_OK);
    assert_int_equal(bl_job_merge(five, 1, part, n, &done, &e), BL_USAGE);
    assert_int_equal(bl_job_merge(five, 0, part, n, &done, &e), BL_OK);
    bl_job_end(five);
    bl_job_end(eight);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void batches(void **state) {
    (void)state;
    for (int items = 1; items < 300; items++) {
        int b = bl_job_batch(items, 16);
        assert_true(b >= 1 && b <= 16 && b <= items);
        int steps = (items + b - 1) / b;
        assert_true(items > 16 ? steps * b - items < steps : b == items);
    }
    assert_int_equal(bl_job_batch(225, 16), 15);
    assert_int_equal(bl_job_batch(64, 4), 4);
    assert_int_equal(bl_job_batch(50, 1), 1);
}

static void previews(void **state) {
    (void)state;
    bl_model *m = network(small, 1);
    bl_picture p = picture(24, 20, 0, 255, 1);
    bl_job *eight = start("smoothgrad", m, &p, "class:1", "samples=8"), *five;
    bool done = false;
    while (bl_job_share(eight).phase < 0) assert_int_equal(bl_job_step(eight, &done, NULL), BL_OK);
    bl_job_show(eight);
    assert_false(result(eight, "saliency")->ready);
    /* After n copies the preview is what n copies give. */
    assert_int_equal(bl_job_step(eight, &done, NULL), BL_OK);
    assert_int_equal(bl_job_step(eight, &done, NULL), BL_OK);
    bl_job_show(eight);
    assert_true(done && result(eight, "saliency")->ready);
    bl_job *six = start("smoothgrad", m, &p, "class:1", "samples=16");
    for (int i = 0; i < 3; i++) assert_int_equal(bl_job_step(six, &done, NULL), BL_OK);
    bl_job_show(six);
    assert_memory_equal(result(six, "saliency")->data, result(eight, "saliency")->data, 480 * sizeof(bl_real));
    five = run("smoothgrad", m, &p, "class:1", "samples=5");
    assert_true(map_error(result(five, "saliency")->data, result(six, "saliency")->data, 480) > 1e-3);
    bl_job_end(five);
    bl_job_end(six);
    bl_job_end(eight);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* Where the gradient is the same everywhere, or no noise is added, the average is the gradient. */
static void equals_gradient(void **state) {
    (void)state;
    static const char *const reductions[] = {"reduce=max", "reduce=sum", "reduce=l2", "reduce=signed"};
    bl_model *models[] = {network(linear, 3), network(small, 3)};
    bl_picture p = picture(24, 20, 0, 255, 4);
    for (int k = 0; k < 8; k++) {
        bl_model *m = models[k & 1];
        char params[80];
        snprintf(params, sizeof params, "samples=11 sigma=%s %s", k & 1 ? "0" : "0.3", reductions[k / 2]);
        bl_job *plain = run("gradient", m, &p, "class:1", reductions[k / 2]);
        bl_job *smooth = run("smoothgrad", m, &p, "class:1", params);
        const bl_result *a = result(smooth, "saliency"), *b = result(plain, "saliency");
        assert_true(map_error(a->data, b->data, (size_t)a->height * (size_t)a->width) < 1e-6);
        assert_int_equal(a->is_signed, b->is_signed);
        bl_job_end(plain);
        bl_job_end(smooth);
    }
    bl_picture_free(&p);
    bl_model_free(models[0]);
    bl_model_free(models[1]);
}

/* At the corner of a ReLU every other copy has the gradient 1, the others 0: the mean is their share, and so is the
 * mean of squares; the variance is share·(1 − share). */
static void corner_of_a_relu(void **state) {
    (void)state;
    bl_model *m = corner_network();
    bl_picture p = picture(1, 1, 0, 0, 1);
    bl_job *mean = run("smoothgrad", m, &p, "class:1", "samples=400");
    bl_job *square = run("smoothgrad", m, &p, "class:1", "samples=400 average=square");
    bl_job *variance = run("smoothgrad", m, &p, "class:1", "samples=400 average=variance");
    double share = result(mean, "saliency")->data[0];
    assert_true(fabs(share - 0.5) < 2 * 0.5 / sqrt(400));
    assert_true(fabs(share * 400 - floor(share * 400 + 0.5)) < 1e-3);
    assert_true(fabs(result(square, "saliency")->data[0] - share) < 1e-6);
    assert_true(fabs(result(variance, "saliency")->data[0] - share * (1 - share)) < 1e-6);
    assert_true(legend_says(mean, "one colour alone"));
    assert_true(fabs(fact(mean, "sigma") - 0.15) < 1e-9);
    bl_job_end(mean);
    bl_job_end(square);
    bl_job_end(variance);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* The error falls as one over the root of the number of copies. */
static void error_falls(void **state) {
    (void)state;
    bl_model *m = corner_network();
    bl_picture p = picture(1, 1, 0, 0, 1);
    double squares[2] = {0, 0};
    for (int seed = 1; seed <= 200; seed++)
        for (int k = 0; k < 2; k++) {
            char params[60];
            snprintf(params, sizeof params, "samples=%d seed=%d", k ? 64 : 16, seed);
            bl_job *job = run("smoothgrad", m, &p, "class:1", params);
            double off = result(job, "saliency")->data[0] - 0.5;
            squares[k] += off * off;
            bl_job_end(job);
        }
    double ratio = sqrt(squares[0] / squares[1]);
    if (!(ratio > 1.7 && ratio < 2.35)) fail_msg("%g instead of 2", ratio);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void counts_and_facts(void **state) {
    (void)state;
    bl_model *m = network(small, 3);
    bl_picture p = picture(24, 20, 0, 255, 4);
    bl_job *job = run("smoothgrad", m, &p, NULL, "samples=8 sigma=0");
    assert_int_equal(bl_job_progress(job).forwards, 9);
    assert_int_equal(bl_job_progress(job).backwards, 8);
    assert_true(fact(job, "same") == 100);
    bl_job_end(job);
    job = run("smoothgrad", m, &p, NULL, "samples=64 sigma=0.5");
    double same = fact(job, "same");
    assert_true(same > 0 && same < 100);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_steps),     cmocka_unit_test(batches),          cmocka_unit_test(previews),
        cmocka_unit_test(equals_gradient),  cmocka_unit_test(corner_of_a_relu), cmocka_unit_test(error_falls),
        cmocka_unit_test(counts_and_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
