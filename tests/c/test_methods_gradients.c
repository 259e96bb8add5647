/* Gradient × input, Integrated Gradients, guided backpropagation and deconvnet against known answers. */
#include "jobs.h"

static const char plain[] = "input x 1x2x2\nmean 0\nstd 1\nchannels grey\nflat = flatten x\nscore = dense flat 1\n";
static const char hidden[] = "input x 1x1x%d\nmean 0\nstd %s\nchannels grey\nflat = flatten x\nz = dense flat %d\n"
                             "a = relu z\nscore = dense a 1\n";
static const char small[] =
    "input x 3x14x12\nlabels a; b; c; d\nmean 0.5 0.4 0.3\nstd 0.25 0.25 0.5\nchannels RGB\n"
    "conv_1 = conv x 6 3x3\nrelu_1 = relu conv_1\n%sconv_2 = conv %s 8 3x3\nrelu_2 = relu conv_2\n"
    "pool = maxpool relu_2 2x2 stride 2\nflat = flatten pool\nscores = dense flat 4\nprob = softmax scores\n";

static bl_model *small_network(bool twice, uint64_t seed) {
    char text[600];
    snprintf(text, sizeof text, small, twice ? "again = relu relu_1\n" : "", twice ? "again" : "relu_1");
    return network(text, seed);
}

static bl_picture grey(int width, int height, const uint8_t *values) {
    bl_picture p;
    assert_int_equal(bl_picture_make(width, height, &p, NULL), BL_OK);
    for (int i = 0; i < width * height; i++)
        for (int c = 0; c < 4; c++) p.pixels[4 * i + c] = c == 3 ? 255 : values[i];
    return p;
}

static void near(const bl_real *got, int n, const double *wanted) {
    for (int i = 0; i < n; i++)
        if (!(fabs((double)got[i] - wanted[i]) < 1e-5))
            fail_msg("number %d is %g, not %g", i, (double)got[i], wanted[i]);
}

/* A linear score: every pixel gets its own term, whatever the rule and the number of steps. */
static void of_a_linear_score(void **state) {
    (void)state;
    bl_model *m = network(plain, 1);
    set_layer(m, "score", 4, (bl_real[]){1, -2, 3, 0.5f}, 1, (bl_real[]){0.25f});
    bl_picture p = grey(2, 2, (uint8_t[]){51, 102, 153, 204});
    static const double terms[] = {0.2, -0.8, 1.8, 0.4}, from_white[] = {-0.8, 1.2, -1.2, -0.1};
    bl_job *job = run("gradient-input", m, &p, "class:1", "baseline=black");
    near(result(job, "attribution")->data, 4, terms);
    assert_true(fabs(fact(job, "sum") - 1.6) < 1e-5 && fabs(fact(job, "due") - 1.85) < 1e-5);
    bl_job_end(job);
    static const char *const rules[] = {"rule=midpoint steps=3", "rule=gauss steps=8", "rule=trapezoid steps=2"};
    for (int i = 0; i < 3; i++) {
        job = run("integrated", m, &p, "class:1", rules[i]);
        near(result(job, "attribution")->data, 4, terms);
        assert_true(fact(job, "gap") < 1e-3);
        bl_job_end(job);
    }
    job = run("integrated", m, &p, "class:1", "baseline=white steps=5");
    near(result(job, "attribution")->data, 4, from_white);
    bl_job_end(job);
    job = run("integrated", m, &p, "class:1", "baseline=black-white steps=5");
    double middle[4];
    for (int i = 0; i < 4; i++) middle[i] = (terms[i] + from_white[i]) / 2;
    near(result(job, "attribution")->data, 4, middle);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* f = 1 − max(1 − x, 0) at 2 from 0: saturated, so the gradient is 0, but the rise is 1. */
static void of_a_saturated_score(void **state) {
    (void)state;
    char text[300];
    snprintf(text, sizeof text, hidden, 1, "0.5", 1);
    bl_model *m = network(text, 1);
    set_layer(m, "z", 1, (bl_real[]){-1}, 1, (bl_real[]){1});
    set_layer(m, "score", 1, (bl_real[]){-1}, 1, (bl_real[]){1});
    bl_picture p = grey(1, 1, (uint8_t[]){255});
    bl_job *job = run("gradient-input", m, &p, "class:1", "baseline=black");
    assert_true(result(job, "attribution")->data[0] == 0);
    assert_true(legend_says(job, "map is zero"));
    bl_job_end(job);
    job = run("integrated", m, &p, "class:1", "steps=10");
    near(result(job, "attribution")->data, 1, (double[]){1});
    bl_job_end(job);
    job = run("integrated", m, &p, "class:1", "steps=11"); /* the middle point lies on the kink */
    near(result(job, "attribution")->data, 1, (double[]){10.0 / 11});
    assert_true(legend_says(job, "misses"));
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* The smaller of two numbers, (3, 1) from 0. */
static void of_a_minimum(void **state) {
    (void)state;
    char text[300];
    snprintf(text, sizeof text, hidden, 2, "0.33333333", 2);
    bl_model *m = network(text, 1);
    set_layer(m, "z", 4, (bl_real[]){1, 0, 1, -1}, 2, (bl_real[]){0, 0});
    set_layer(m, "score", 2, (bl_real[]){1, -1}, 1, (bl_real[]){0});
    bl_picture p = grey(2, 1, (uint8_t[]){255, 85});
    bl_job *job = run("integrated", m, &p, "class:1", "");
    near(result(job, "attribution")->data, 2, (double[]){0, 1});
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* Without any bias a network of ReLUs is as many times its value as its input: the shares add up to the score. */
static void of_a_network_without_biases(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        bl_model *m = small_network(false, seed);
        no_biases(m);
        bl_picture p = picture(12, 14, 0, 255, seed);
        bl_job *job = run("gradient-input", m, &p, NULL, "");
        assert_true(fabs(fact(job, "sum") - fact(job, "value")) < 1e-4 * fabs(fact(job, "value")));
        bl_job_end(job);
        bl_picture_free(&p);
        bl_model_free(m);
    }
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void completeness(void **state) {
    (void)state;
    enum { N = 40 };
    double at_64[N], at_256[N], sum_64 = 0, sum_256 = 0;
    for (int i = 0; i < N; i++) {
        bl_model *m = small_network(false, (uint64_t)i + 1);
        bl_picture p = picture(12, 14, 0, 255, (uint64_t)i);
        bl_job *few = run("integrated", m, &p, NULL, "steps=64"), *many = run("integrated", m, &p, NULL, "steps=256");
        sum_64 += at_64[i] = fact(few, "gap"), sum_256 += at_256[i] = fact(many, "gap");
        bl_job_end(few);
        bl_job_end(many);
        bl_picture_free(&p);
        bl_model_free(m);
    }
    qsort(at_64, N, sizeof *at_64, ascending);
    if (!(at_64[N / 2] <= 1) || !(sum_256 <= sum_64 / 3))
        fail_msg("median %g %%, %g %g", at_64[N / 2], sum_64, sum_256);
}

/* The same function as another graph gives the same map. */
static void another_graph(void **state) {
    (void)state;
    bl_model *one = small_network(false, 4), *other = small_network(true, 4);
    static const char *const layers[] = {"conv_1", "conv_2", "scores"};
    for (int i = 0; i < 3; i++)
        for (int k = 1; k < 3; k++) {
            for (int v = 0; v < one->n_values; v++)
                if (one->values[v].data == constant_of(one, layers[i], k))
                    memcpy(constant_of(other, layers[i], k), one->values[v].data,
                           bl_count(&one->values[v].shape) * sizeof(bl_real));
        }
    bl_picture p = picture(12, 14, 0, 255, 4);
    static const char *const methods[] = {"integrated", "gradient-input"};
    for (int i = 0; i < 2; i++) {
        bl_job *a = run(methods[i], one, &p, "class:2", ""), *b = run(methods[i], other, &p, "class:2", "");
        assert_memory_equal(result(a, "attribution")->data, result(b, "attribution")->data, 168 * sizeof(bl_real));
        bl_job_end(a);
        bl_job_end(b);
    }
    static const char *const params[] = {"steps=13 baseline=noise", "steps=9 rule=gauss baseline=blur",
                                         "steps=6 rule=trapezoid baseline=black-white"};
    for (int i = 0; i < 3; i++) any_number_of_workers("integrated", one, &p, NULL, params[i]);
    bl_picture_free(&p);
    bl_model_free(one);
    bl_model_free(other);
}

/* z = (1, 1, −1, −1), the signal (1, −1, 1, −1). */
static void rules_at_a_relu(void **state) {
    (void)state;
    bl_model *m = network("input x 1x1x4\nmean 0.5\nstd 0.5\nchannels grey\nflat = flatten x\na = relu flat\n"
                          "score = dense a 1\n",
                          1);
    set_layer(m, "score", 4, (bl_real[]){1, -1, 1, -1}, 0, NULL);
    bl_picture p = grey(4, 1, (uint8_t[]){255, 255, 0, 0});
    static const char *const methods[] = {"gradient", "guided", "deconvnet"};
    static const double wanted[3][4] = {{2, -2, 0, 0}, {2, 0, 0, 0}, {2, 0, 2, 0}}; /* per unit of colour */
    for (int i = 0; i < 3; i++) {
        bl_job *job = run(methods[i], m, &p, "class:1", "reduce=signed");
        near(result(job, "saliency")->data, 4, wanted[i]);
        bl_job_end(job);
    }
    bl_picture_free(&p);
    bl_model_free(m);
}

static void guided_where_nothing_is_negative(void **state) {
    (void)state;
    bl_model *m = small_network(false, 2);
    for (int v = 0; v < m->n_values; v++)
        for (size_t i = 0; m->values[v].is_constant && m->values[v].data && i < bl_count(&m->values[v].shape); i++)
            m->values[v].data[i] = fabsf((float)m->values[v].data[i]);
    bl_picture p = picture(12, 14, 200, 255, 4);
    bl_job *a = run("guided", m, &p, "class:1", ""), *b = run("gradient", m, &p, "class:1", ""),
           *c = run("deconvnet", m, &p, "class:1", "");
    assert_memory_equal(result(a, "saliency")->data, result(b, "saliency")->data, 168 * sizeof(bl_real));
    assert_memory_equal(result(c, "saliency")->data, result(b, "saliency")->data, 168 * sizeof(bl_real));
    bl_job_end(a);
    bl_job_end(b);
    bl_job_end(c);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* One unit of one linear layer: its filter at its place, times its activation, and nothing elsewhere. */
static void deconvnet_of_a_unit(void **state) {
    (void)state;
    bl_model *m = network("input x 1x6x7\nmean 0\nstd 1\nchannels grey\nconv = conv x 2 3x3\nflat = flatten conv\n"
                          "scores = dense flat 2\n",
                          3);
    uint8_t values[42];
    for (int i = 0; i < 42; i++) values[i] = (uint8_t)(i * 89);
    bl_picture p = grey(7, 6, values);
    bl_real x[42];
    bl_picture_to_input(&p, m, x);
    const bl_real *w = constant_of(m, "conv", 1) + 9;
    double activation = constant_of(m, "conv", 2)[1];
    for (int i = 0; i < 9; i++) activation += (double)w[i] * x[(2 + i / 3) * 7 + 1 + i % 3];
    bl_job *job = run("deconvnet", m, &p, "conv:1@2,1", "reduce=signed");
    double wanted[42] = {0};
    for (int i = 0; i < 9; i++) wanted[(2 + i / 3) * 7 + 1 + i % 3] = activation * (double)w[i];
    near(result(job, "saliency")->data, 42, wanted);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_linear_score),   cmocka_unit_test(of_a_saturated_score),
        cmocka_unit_test(of_a_minimum),        cmocka_unit_test(of_a_network_without_biases),
        cmocka_unit_test(completeness),        cmocka_unit_test(another_graph),
        cmocka_unit_test(rules_at_a_relu),     cmocka_unit_test(guided_where_nothing_is_negative),
        cmocka_unit_test(deconvnet_of_a_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
