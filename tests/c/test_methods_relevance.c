/* Shares sent back: relevance and DeepLIFT, against known answers, against loops in double that know the rules alone,
 * and by what they must add up to. */
#include "jobs.h"

static const char dot[] = "input x 1x2x2\nmean 0\nstd 1\nchannels grey\nflat = flatten x\nscore = dense flat 1\n";
static const char mixed[] =
    "input x 3x11x13\nlabels a; b; c\nmean 0.5 0.4 0.3\nstd 0.25 0.5 0.25\nchannels RGB\n"
    "conv_1 = conv x 4 3x3 pad 1\nnorm_1 = batchnorm conv_1\nrelu_1 = relu norm_1\npool_1 = maxpool relu_1 2x2 stride "
    "2\n"
    "conv_2 = conv pool_1 4 3x3 pad 1\nrelu_2 = relu conv_2\nsum = add relu_2 pool_1\nboth = concat sum pool_1\n"
    "conv_3 = conv both 6 3x3 stride 2 groups 2\nrelu_3 = relu conv_3\npool_3 = avgpool relu_3 2x1\n"
    "mean = globalavgpool pool_3\nflat = flatten mean\ndense = dense flat 5\nrelu_4 = relu dense\n"
    "scores = dense relu_4 3\nprob = softmax scores\n";
static const char chain[] =
    "input x 3x7x6\nmean 0.5 0.4 0.3\nstd 0.25 0.5 0.25\nchannels BGR\nconv_1 = conv x 3 3x3 pad 1\n"
    "relu_1 = relu conv_1\nconv_2 = conv relu_1 4 3x2 stride 2\nrelu_2 = relu conv_2\n"
    "flat = flatten relu_2\nscores = dense flat 2\n";

static void relevance_of_a_dense_layer(void **state) {
    (void)state;
    bl_model *m = network(dot, 1);
    set_layer(m, "score", 4, (const bl_real[]){1, -2, 3, 0.5f}, 1, (const bl_real[]){0.25f});
    bl_picture p = picture(2, 2, 0, 255, 1);
    for (int i = 0; i < 16; i++) p.pixels[i] = i % 4 == 3 ? 255 : (uint8_t)(51 * (i / 4 + 1));
    bl_job *job = run("lrp", m, &p, "class:1", "input=same");
    static const double wanted[4] = {0.2, -0.8, 1.8, 0.4};
    for (int i = 0; i < 4; i++) assert_true(fabs((double)result(job, "relevance")->data[i] - wanted[i]) < 1e-5);
    assert_true(fabs(fact(job, "sent") - 1.85) < 1e-5);
    assert_true(fabs(fact(job, "sum") - 1.6) < 1e-5); /* the bias keeps 0.25 */
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* Without biases and with a small epsilon, relevance is gradient × input, through every kind of node; other rules send
 * the whole score to the picture. */
static void without_biases(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        bl_model *m = network(mixed, seed);
        no_biases(m);
        bl_picture p = picture(13, 11, 0, 255, seed);
        bl_job *a = run("lrp", m, &p, NULL, "rule=epsilon input=same epsilon=1e-9"),
               *b = run("gradient-input", m, &p, NULL, "");
        double error = map_error(result(a, "relevance")->data, result(b, "attribution")->data, 143);
        if (!(error < 1e-4)) fail_msg("differs by %g from gradient times input", error);
        bl_job_end(a), bl_job_end(b);
        static const char *const rules[] = {"gamma", "plus", "epsilon"}, *const inputs[] = {"box", "flat", "square",
                                                                                            "same"};
        for (int r = 0; r < 3; r++)
            for (int i = 0; i < 4; i++) {
                char params[80];
                snprintf(params, sizeof params, "rule=%s input=%s epsilon=1e-9", rules[r], inputs[i]);
                bl_job *job = run("lrp", m, &p, NULL, params);
                if (!(fabs(fact(job, "kept") - 100) < 0.1)) fail_msg("%s keeps %g %%", params, fact(job, "kept"));
                bl_job_end(job);
            }
        bl_picture_free(&p);
        bl_model_free(m);
    }
}

/* ---- the rules written once more ---- */

typedef struct {
    int rule; /* 0 gamma, 1 plus, 2 alpha-beta, 3 epsilon; 4 box, 5 flat, 6 square */
    double gamma, alpha, epsilon, low, high;
} naive_rule;

static double part_of(const naive_rule *q, double a, double w, int side) {
    double positive = w > 0 ? w : 0, negative = w < 0 ? w : 0;
    switch (q->rule) {
    case 0: return a * (w + q->gamma * (a >= 0 ? positive : negative));
    case 1: return a * w > 0 ? a * w : 0;
    case 2: return (side ? a * w < 0 : a * w > 0) ? a * w : 0;
    case 4: return a * w - q->low * positive - q->high * negative;
    case 5: return 1;
    case 6: return w * w;
    default: return a * w;
    }
}
static double bias_of(const naive_rule *q, double b, int side) {
    double positive = b > 0 ? b : 0;
    return q->rule == 0   ? b + q->gamma * positive
           : q->rule == 1 ? positive
           : q->rule == 2 ? (side ? b - positive : positive)
           : q->rule == 3 ? b
                          : 0;
}

typedef struct {
    int channels, height, width, outs, out_h, out_w, kernel_h, kernel_w, stride, pad;
} layer;

/* Visits every product of one number of a convolution: sum == NULL adds up both sides, else shares go to in. */
static void window(const layer *l, const naive_rule *q, const float *bounds, const double *a, const double *w, int o,
                   int y, int x, double z[2], const double give[2], double *in) {
    for (int c = 0; c < l->channels; c++)
        for (int i = 0; i < l->kernel_h; i++)
            for (int j = 0; j < l->kernel_w; j++) {
                int row = y * l->stride - l->pad + i, column = x * l->stride - l->pad + j;
                if (row < 0 || row >= l->height || column < 0 || column >= l->width) continue;
                naive_rule here = *q;
                if (bounds)
                    here.low = -(double)bounds[c] / (double)bounds[4 + c],
                    here.high = (1 - (double)bounds[c]) / (double)bounds[4 + c];
                int at = (c * l->height + row) * l->width + column;
                double weight = w[((o * l->channels + c) * l->kernel_h + i) * l->kernel_w + j];
                for (int side = 0; side < 2; side++) {
                    double part = part_of(&here, a[at], weight, side);
                    if (in)
                        in[at] += give[side] * part;
                    else
                        z[side] += part;
                }
            }
}

static void naive_back(const layer *l, const naive_rule *q, const float *bounds, const double *a, const double *w,
                       const double *b, const double *shares, double *in) {
    for (int i = 0; i < l->channels * l->height * l->width; i++) in[i] = 0;
    for (int o = 0; o < l->outs; o++)
        for (int y = 0; y < l->out_h; y++)
            for (int x = 0; x < l->out_w; x++) {
                double z[2] = {bias_of(q, b[o], 0), bias_of(q, b[o], 1)}, give[2];
                double whole = shares[(o * l->out_h + y) * l->out_w + x];
                window(l, q, bounds, a, w, o, y, x, z, NULL, NULL);
                for (int side = 0; side < 2; side++) {
                    double factor = q->rule == 2 ? (side ? 1 - q->alpha : q->alpha) : side ? 0 : 1;
                    double stable = z[side] + (z[side] >= 0 ? q->epsilon : -q->epsilon);
                    give[side] = factor * whole / stable;
                }
                window(l, q, bounds, a, w, o, y, x, NULL, give, in);
            }
}

static void naive_forward(const layer *l, const double *a, const double *w, const double *b, double *y, bool relu) {
    naive_rule plain = {.rule = 3};
    for (int o = 0; o < l->outs; o++)
        for (int i = 0; i < l->out_h * l->out_w; i++) {
            double z[2] = {b[o], 0};
            window(l, &plain, NULL, a, w, o, i / l->out_w, i % l->out_w, z, NULL, NULL);
            y[o * l->out_h * l->out_w + i] = relu && z[0] < 0 ? 0 : z[0];
        }
}

enum { MOST = 300 };
static void take(bl_model *m, const char *name, int i, int n, double *out) {
    const bl_real *from = constant_of(m, name, i);
    assert_true(n <= MOST);
    for (int k = 0; k < n; k++) out[k] = (double)from[k];
}

static void every_rule(void **state) {
    (void)state;
    bl_model *m = network(chain, 5);
    bl_real *biases[3] = {constant_of(m, "conv_1", 2), constant_of(m, "conv_2", 2), constant_of(m, "scores", 2)};
    bl_random r = {.seed = 5, .stream = BL_STREAM_TEST};
    for (uint32_t i = 0; i < 9; i++)
        biases[i / 3 < 2 ? i / 3 : 2][i < 3 ? i : i < 7 ? i - 3 : i - 7] = bl_random_uniform(&r, i) - (bl_real)0.4;
    bl_picture p = picture(6, 7, 0, 255, 9);
    bl_real input[126];
    bl_picture_to_input(&p, m, input);
    static const layer first = {3, 7, 6, 3, 7, 6, 3, 3, 1, 1}, second = {3, 7, 6, 4, 3, 3, 3, 2, 2, 0},
                       third = {36, 1, 1, 2, 1, 1, 1, 1, 1, 0};
    double x[126], w1[MOST], b1[3], w2[MOST], b2[4], w3[MOST], b3[2], a1[126], a2[36], s[2], turned[72];
    for (int i = 0; i < 126; i++) x[i] = (double)input[i];
    take(m, "conv_1", 1, 81, w1), take(m, "conv_1", 2, 3, b1), take(m, "conv_2", 1, 72, w2),
        take(m, "conv_2", 2, 4, b2);
    take(m, "scores", 1, 72, w3), take(m, "scores", 2, 2, b3);
    for (int k = 0; k < m->n_nodes; k++) /* dense weights may lie either way */
        if (strcmp(m->values[m->nodes[k].out].name, "scores") == 0 && m->values[m->nodes[k].in[1]].shape.dim[0] == 36) {
            for (int i = 0; i < 72; i++) turned[i % 2 * 36 + i / 2] = w3[i];
            memcpy(w3, turned, sizeof turned);
        }
    naive_forward(&first, x, w1, b1, a1, true);
    naive_forward(&second, a1, w2, b2, a2, true);
    naive_forward(&third, a2, w3, b3, s, false);
    float bounds[8];
    memcpy(bounds, m->mean, sizeof m->mean), memcpy(bounds + 4, m->std, sizeof m->std);
    static const char *const rules[] = {"gamma", "plus", "alpha-beta", "epsilon"}, *const inputs[] = {"box", "flat",
                                                                                                      "square", "same"};
    for (int c = 0; c < 2; c++)
        for (int rule = 0; rule < 4; rule++)
            for (int of_input = 0; of_input < 4; of_input++) {
                naive_rule q = {.rule = rule, .gamma = 0.7, .alpha = 1.5, .epsilon = 1e-3}, dense = q, start = q;
                dense.rule = 3;
                if (of_input < 3) start.rule = 4 + of_input;
                double shares[2] = {c ? 0 : s[0], c ? s[1] : 0}, r2[36], r1[126], r0[126];
                naive_back(&third, &dense, NULL, a2, w3, b3, shares, r2);
                naive_back(&second, &q, NULL, a1, w2, b2, r2, r1);
                naive_back(&first, &start, bounds, x, w1, b1, r1, r0);
                bl_real wanted[42];
                for (int i = 0; i < 42; i++) wanted[i] = (bl_real)(r0[i] + r0[42 + i] + r0[84 + i]);
                char params[120];
                snprintf(params, sizeof params, "rule=%s input=%s gamma=0.7 alpha=1.5 epsilon=1e-3", rules[rule],
                         inputs[of_input]);
                bl_job *job = run("lrp", m, &p, c ? "class:1" : "class:0", params);
                double error = map_error(result(job, "relevance")->data, wanted, 42);
                if (!(error < 1e-4)) fail_msg("%s: off by %g", params, error);
                bl_job_end(job);
            }
    /* The ends of gamma: nothing is favoured, or only what is positive. */
    bl_job *a = run("lrp", m, &p, "class:1", "rule=gamma gamma=0 input=same"),
           *b = run("lrp", m, &p, "class:1", "rule=epsilon input=same");
    assert_true(map_error(result(a, "relevance")->data, result(b, "relevance")->data, 42) < 1e-4);
    bl_job_end(a), bl_job_end(b);
    a = run("lrp", m, &p, "class:1", "rule=gamma gamma=1000 input=flat");
    b = run("lrp", m, &p, "class:1", "rule=plus input=flat");
    assert_true(map_error(result(a, "relevance")->data, result(b, "relevance")->data, 42) < 1e-2);
    bl_job_end(a), bl_job_end(b);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void no_rule_for_it(void **state) {
    (void)state;
    bl_model *m =
        network("input x 3x6x6\nmean 0.5\nstd 0.25\nchannels RGB\nconv_1 = conv x 3 1x1\ngate = sigmoid conv_1\n"
                "out = mul conv_1 gate\nflat = flatten out\nscores = dense flat 2\n",
                1);
    bl_picture p = picture(6, 6, 0, 255, 1);
    static const char *const ids[] = {"lrp", "deeplift"};
    for (int i = 0; i < 2; i++) {
        bl_request request = {.model = m, .picture = &p, .params = ""};
        bl_job *job;
        bl_error e = {0};
        assert_int_equal(bl_job_start(bl_method_find(ids[i]), &request, &job, &e), BL_UNSUPPORTED);
        assert_non_null(strstr(e.message, "\"out\" (Mul) has no rule"));
        request.objective = "conv_1:1"; /* before it there is nothing to split */
        assert_int_equal(bl_job_start(bl_method_find(ids[i]), &request, &job, &e), BL_OK);
        bl_job_end(job);
    }
    bl_picture_free(&p);
    bl_model_free(m);
}

/* ---- DeepLIFT ---- */

static void deeplift_of_known_functions(void **state) {
    (void)state;
    /* 1 − relu(1 − x) at 2 against 0 */
    bl_model *m = network("input x 1x1x1\nmean 0\nstd 0.5\nchannels grey\nflat = flatten x\nhidden = dense flat 1\n"
                          "relu = relu hidden\nscore = dense relu 1\n",
                          1);
    set_layer(m, "hidden", 1, (const bl_real[]){-1}, 1, (const bl_real[]){1});
    set_layer(m, "score", 1, (const bl_real[]){-1}, 1, (const bl_real[]){1});
    bl_picture p = picture(1, 1, 255, 255, 1);
    bl_job *job = run("deeplift", m, &p, "class:1", "");
    assert_true(fabs((double)result(job, "attribution")->data[0] - 1) < 1e-6);
    bl_job_end(job);
    bl_model_free(m);
    bl_picture_free(&p);
    /* The smaller of 3 and 1, as x − relu(x − y) */
    m = network("input x 1x1x2\nmean 0\nstd 0.333333333\nchannels grey\nflat = flatten x\nhidden = dense flat 2\n"
                "relu = relu hidden\nscore = dense relu 1\n",
                1);
    bool by_rows = false;
    for (int k = 0; k < m->n_nodes; k++)
        if (strcmp(m->values[m->nodes[k].out].name, "hidden") == 0) /* an attribute says that weights lie turned */
            for (int i = 0; i < m->nodes[k].n_attrs; i++)
                by_rows |= strcmp(m->nodes[k].attrs[i].name, "transB") == 0 && m->nodes[k].attrs[i].i;
    set_layer(m, "hidden", 4, by_rows ? (const bl_real[]){1, 0, 1, -1} : (const bl_real[]){1, 1, 0, -1}, 2,
              (const bl_real[]){0, 0});
    set_layer(m, "score", 2, (const bl_real[]){1, -1}, 1, (const bl_real[]){0});
    p = picture(2, 1, 255, 255, 1);
    memset(p.pixels + 4, 85, 3);
    job = run("deeplift", m, &p, "class:1", "");
    assert_true(fabs((double)result(job, "attribution")->data[0]) < 1e-5);
    assert_true(fabs((double)result(job, "attribution")->data[1] - 1) < 1e-5);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* Shares add up to the difference from the reference, through every kind of node; of a linear score they are its terms.
 */
static void deeplift_adds_up(void **state) {
    (void)state;
    static const char curves[] =
        "input x 3x9x10\nmean 0.5 0.4 0.3\nstd 0.25 0.5 0.25\nchannels RGB\nconv_1 = conv x 4 3x3\nact_1 = sigmoid "
        "conv_1\n"
        "conv_2 = conv act_1 4 3x3\nact_2 = leakyrelu conv_2 0.1\npool = maxpool act_2 3x3 stride 2\nact_3 = tanh "
        "pool\n"
        "conv_3 = conv act_3 4 1x1\nact_4 = hardswish conv_3\nflat = flatten act_4\nscores = dense flat 3\n";
    static const char *const texts[] = {mixed, curves}, *const objectives[] = {"class:1", "class:0-2", "conv_2:1"},
                             *const bases[] = {"baseline=black", "baseline=white", "baseline=mean", "baseline=blur"};
    for (int t = 0; t < 2; t++)
        for (uint64_t seed = 1; seed <= 4; seed++) {
            bl_model *m = network(texts[t], seed);
            bl_picture p = picture(13, 11, 0, 255, seed);
            for (int o = 0; o < 3; o++)
                for (int b = 0; b < 4; b++) {
                    bl_job *job = run("deeplift", m, &p, objectives[o], bases[b]);
                    if (!(fact(job, "gap") < 0.1))
                        fail_msg("%d %s %s: %g %%", t, objectives[o], bases[b], fact(job, "gap"));
                    bl_job_end(job);
                }
            bl_picture_free(&p);
            bl_model_free(m);
        }
    bl_model *m = network(dot, 3);
    bl_picture p = picture(2, 2, 0, 255, 3);
    bl_job *a = run("deeplift", m, &p, NULL, "baseline=white"),
           *b = run("gradient-input", m, &p, NULL, "baseline=white");
    assert_true(map_error(result(a, "attribution")->data, result(b, "attribution")->data, 4) < 1e-6);
    bl_job_end(a), bl_job_end(b);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* One hidden layer of curves: share of pixel i = Σ v·(a − a')/(z − z')·w·(x − x'). */
static void deeplift_of_one_layer(void **state) {
    (void)state;
    bl_model *m = network("input x 1x3x2\nmean 0.5\nstd 0.25\nchannels grey\nconv = conv x 5 3x2\nact = tanh conv\n"
                          "flat = flatten act\nscore = dense flat 1\n",
                          4);
    bl_picture p = picture(2, 3, 0, 255, 4);
    for (int i = 0; i < 24; i++)
        if (i % 4 != 3) p.pixels[i] = p.pixels[i - i % 4]; /* grey, so that nothing is rounded on the way */
    bl_real x[6], wanted[6] = {0};
    bl_picture_to_input(&p, m, x);
    const bl_real *w = constant_of(m, "conv", 1), *b = constant_of(m, "conv", 2), *v = constant_of(m, "score", 1);
    for (int k = 0; k < 5; k++) {
        double z = (double)b[k], z_base = z;
        for (int i = 0; i < 6; i++) z += (double)w[6 * k + i] * (double)x[i], z_base += (double)w[6 * k + i] * -2;
        for (int i = 0; i < 6; i++)
            wanted[i] += (bl_real)((double)v[k] * (tanh(z) - tanh(z_base)) / (z - z_base) * (double)w[6 * k + i] *
                                   ((double)x[i] + 2));
    }
    bl_job *job = run("deeplift", m, &p, "class:1", "");
    assert_true(map_error(result(job, "attribution")->data, wanted, 6) < 1e-4);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relevance_of_a_dense_layer),
        cmocka_unit_test(without_biases),
        cmocka_unit_test(every_rule),
        cmocka_unit_test(no_rule_for_it),
        cmocka_unit_test(deeplift_of_known_functions),
        cmocka_unit_test(deeplift_adds_up),
        cmocka_unit_test(deeplift_of_one_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
