/* What methods must do when the question is turned round: classes exchanged, everything mirrored, two things in one
 * picture, two pixels that go together. */
#include "jobs.h"

static const char small[] = "input x 3x9x12\nmean 0.5 0.4 0.3\nstd 0.25 0.25 0.5\nchannels RGB\n"
                            "conv_1 = conv x 5 3x3 pad 1\nrelu_1 = relu conv_1\nconv_2 = conv relu_1 6 3x3 pad 1\n"
                            "relu_2 = relu conv_2\nflat = flatten relu_2\nscores = dense flat 3\n";
enum { H = 9, W = 12, CELLS = H * W };

/* These ask the network with the picture, changed smoothly; cutting it into pieces is not the same from the other side,
 * nor is chance. */
static const char *const even[][2] = {{"gradient", ""},
                                      {"gradient-input", ""},
                                      {"integrated", "steps=10"},
                                      {"lrp", ""},
                                      {"deeplift", ""},
                                      {"guided", ""},
                                      {"deconvnet", ""},
                                      {"gradcam", ""},
                                      {"guided-gradcam", ""},
                                      {"score-cam", ""},
                                      {"occlusion", "size=4 stride=2"},
                                      {"control", "kind=edges"}};

static const bl_real *map_of(const bl_job *job) {
    return bl_job_find_result(job, NULL)->data;
}

static size_t count_of(const bl_model *m, const char *layer, int i) {
    for (int k = 0; k < m->n_nodes; k++)
        if (strcmp(m->values[m->nodes[k].out].name, layer) == 0) return bl_count(&m->values[m->nodes[k].in[i]].shape);
    return 0;
}

/* Weights of the dense layer: does one class's lie together? */
static bool by_class(const bl_model *m) {
    for (int k = 0; k < m->n_nodes; k++)
        if (strcmp(m->values[m->nodes[k].out].name, "scores") == 0)
            return m->values[m->nodes[k].in[1]].shape.dim[0] == 3;
    return false;
}
static size_t place(const bl_model *m, int class_index, size_t cell) {
    return by_class(m) ? (size_t)class_index * 6 * CELLS + cell : cell * 3 + (size_t)class_index;
}

static void classes_exchanged(void **state) {
    (void)state;
    static const int other[3] = {2, 0, 1};
    bl_model *a = network(small, 3), *b = network(small, 3);
    for (int c = 0; c < 3; c++) {
        constant_of(b, "scores", 2)[other[c]] = constant_of(a, "scores", 2)[c];
        for (size_t i = 0; i < 6 * CELLS; i++)
            constant_of(b, "scores", 1)[place(b, other[c], i)] = constant_of(a, "scores", 1)[place(a, c, i)];
    }
    bl_picture p = picture(W, H, 0, 255, 3);
    char objectives[2][20];
    for (size_t i = 0; i < sizeof even / sizeof *even; i++)
        for (int c = 0; c < 3; c++) {
            snprintf(objectives[0], 20, "class:%d", c), snprintf(objectives[1], 20, "class:%d", other[c]);
            bl_job *one = run(even[i][0], a, &p, objectives[0], even[i][1]),
                   *two = run(even[i][0], b, &p, objectives[1], even[i][1]);
            assert_memory_equal(map_of(one), map_of(two), CELLS * sizeof(bl_real));
            bl_job_end(one), bl_job_end(two);
        }
    bl_picture_free(&p);
    bl_model_free(a), bl_model_free(b);
}

/* Kernels and dense weights mirrored, and the picture: so is the map. */
static void mirrored(void **state) {
    (void)state;
    bl_model *a = network(small, 5), *b = network(small, 5);
    static const char *const kernels[] = {"conv_1", "conv_2"};
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < count_of(a, kernels[k], 1); i++)
            constant_of(b, kernels[k], 1)[i] = constant_of(a, kernels[k], 1)[i / 3 * 3 + 2 - i % 3];
    for (int c = 0; c < 3; c++)
        for (size_t i = 0; i < 6 * CELLS; i++)
            constant_of(b, "scores", 1)[place(b, c, i)] =
                constant_of(a, "scores", 1)[place(a, c, i / W * W + W - 1 - i % W)];
    bl_picture p = picture(W, H, 0, 255, 7), q = picture(W, H, 0, 0, 1);
    for (int i = 0; i < 4 * CELLS; i++) q.pixels[i] = p.pixels[4 * (i / 4 / W * W + W - 1 - i / 4 % W) + i % 4];
    for (size_t i = 0; i < sizeof even / sizeof *even; i++) {
        bl_job *one = run(even[i][0], a, &p, "class:1", even[i][1]),
               *two = run(even[i][0], b, &q, "class:1", even[i][1]);
        bl_real turned[CELLS];
        for (int k = 0; k < CELLS; k++) turned[k] = map_of(two)[k / W * W + W - 1 - k % W];
        double error = map_error(turned, map_of(one), CELLS); /* sums in another order */
        if (!(error < 1e-4)) fail_msg("%s differs by %g from its mirror", even[i][0], error);
        bl_job_end(one), bl_job_end(two);
    }
    bl_picture_free(&p), bl_picture_free(&q);
    bl_model_free(a), bl_model_free(b);
}

/* Red on the left, green on the right, a class for each: maps of a class are largest in its half. */
static void two_things(void **state) {
    (void)state;
    bl_model *m = network("input x 3x8x16\nmean 0\nstd 1\nchannels RGB\nconv = conv x 2 3x3 pad 1\nrelu = relu conv\n"
                          "mean = globalavgpool relu\nflat = flatten mean\nscores = dense flat 2\n",
                          1);
    no_biases(m);
    bl_real kernels[54];
    for (int i = 0; i < 54; i++) kernels[i] = i / 9 % 3 == i / 27 ? 0.2f : i / 9 % 3 == 1 - i / 27 ? -0.2f : 0;
    set_layer(m, "conv", 54, kernels, 0, NULL);
    set_layer(m, "scores", 4, (bl_real[]){1, -0.3f, -0.3f, 1}, 0, NULL);
    bl_picture p = picture(16, 8, 0, 0, 1);
    for (int i = 0; i < 8 * 16; i++) p.pixels[4 * i + (i % 16 < 8 ? 0 : 1)] = (uint8_t)(150 + i * 29 % 100);
    static const char *const cases[][2] = {{"gradcam", ""},
                                           {"gradcam", "variant=gradcam++"},
                                           {"gradcam", "variant=hirescam"},
                                           {"gradcam", "variant=layercam"},
                                           {"gradcam", "variant=xgradcam"},
                                           {"gradcam", "variant=cam"},
                                           {"score-cam", ""},
                                           {"occlusion", "size=4 stride=2"},
                                           {"gradient-input", "baseline=black"},
                                           {"integrated", ""},
                                           {"rise", "masks=400"},
                                           {"lime", "segments=8 samples=200 fill=black"},
                                           {"shap", "segments=8 fill=black"},
                                           {"deeplift", ""},
                                           {"guided-gradcam", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int c = 0; c < 2; c++) {
            bl_job *job = run(cases[i][0], m, &p, c ? "class:1" : "class:0", cases[i][1]);
            const bl_real *map = map_of(job);
            int best = 0;
            for (int k = 0; k < 8 * 16; k++)
                if (map[k] > map[best]) best = k;
            if (best % 16 / 8 != c)
                fail_msg("%s %s: class %d is found at column %d", cases[i][0], cases[i][1], c, best % 16);
            bl_job_end(job);
        }
    bl_picture_free(&p);
    bl_model_free(m);
}

/* f = x·y from (0, 0): both have half of it, whatever the number of steps. */
static void of_a_product(void **state) {
    (void)state;
    bl_model *m = network("input x 1x1x2\nmean 0\nstd 0.5\nchannels grey\nflat = flatten x\na = dense flat 1\n"
                          "b = dense flat 1\nscore = mul a b\n",
                          1);
    set_layer(m, "a", 2, (bl_real[]){1, 0}, 1, (bl_real[]){0});
    set_layer(m, "b", 2, (bl_real[]){0, 1}, 1, (bl_real[]){0});
    bl_picture p = picture(2, 1, 255, 255, 1);
    memset(p.pixels + 4, 102, 3);
    static const char *const params[] = {"steps=2", "steps=7", "steps=3 rule=gauss"};
    for (int i = 0; i < 3; i++) {
        bl_job *job = run("integrated", m, &p, "class:1", params[i]);
        for (int k = 0; k < 2; k++) assert_true(fabs((double)map_of(job)[k] - 0.5 * 2 * 0.8) < 1e-5);
        bl_job_end(job);
    }
    bl_picture_free(&p);
    bl_model_free(m);
}

/* f = ½ Σ q·u²: the gradient q·u is what noise leaves of it, but for a standard error of σ·q over the root of the
 * number of copies. */
static void of_squares(void **state) {
    (void)state;
    bl_model *m = network("input x 1x4x5\nmean 0\nstd 1\nchannels grey\nflat = flatten x\nsquare = mul flat flat\n"
                          "score = dense square 1\n",
                          1);
    bl_real weights[20];
    for (int i = 0; i < 20; i++) weights[i] = (bl_real)(0.5 * (i * 7 % 20 - 9.5));
    set_layer(m, "score", 20, weights, 1, (bl_real[]){0});
    bl_picture p = picture(5, 4, 0, 0, 1);
    for (int i = 0; i < 20; i++) memset(p.pixels + 4 * i, 12 * i + 10, 3);
    double off[2] = {0, 0}, sigma = 0.3 * 228 / 255;
    for (int k = 0; k < 2; k++)
        for (int seed = 1; seed <= 5; seed++) {
            char params[80];
            int n = k ? 400 : 100;
            snprintf(params, sizeof params, "samples=%d sigma=0.3 reduce=signed seed=%d", n, seed);
            bl_job *job = run("smoothgrad", m, &p, "class:1", params);
            for (int i = 0; i < 20; i++) {
                double q = 2 * (double)weights[i],
                       z = ((double)map_of(job)[i] - q * (12 * i + 10) / 255) / (sigma * fabs(q) / sqrt(n));
                off[k] += z * z / 100;
            }
            bl_job_end(job);
        }
    /* a hundred standard normals each, squared: their mean is 1, with a deviation of 0.14 */
    if (!(off[0] > 0.5 && off[0] < 1.6 && off[1] > 0.5 && off[1] < 1.6)) fail_msg("%g and %g, not 1", off[0], off[1]);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* Games whose Shapley values are known: the smaller of two, the glove game (the left glove, and one of two right ones),
 * a player who adds nothing, two who add the same. */
static void games(void **state) {
    (void)state;
    static const char text[] = "input x 1x1x3\nmean 0\nstd 1\nchannels grey\nflat = flatten x\nh = dense flat 3\n"
                               "r = relu h\nk = dense r 3\ns = relu k\nscore = dense s 1\n";
    /* first, larger − first other, smaller: layers by hand; pixels are 0 or 1 (white) */
    bl_model *m = network(text, 1);
    bool by_rows = false;
    for (int k = 0; k < m->n_nodes; k++)
        if (strcmp(m->values[m->nodes[k].out].name, "h") == 0)
            for (int i = 0; i < m->nodes[k].n_attrs; i++)
                by_rows |= strcmp(m->nodes[k].attrs[i].name, "transB") == 0 && m->nodes[k].attrs[i].i;
    /* h = (x0, x1, x2 − x1); k = (max(x1, x2) = h1 + h2, x0, x0 − max(x1, x2)); score = min(x0, max) = s1 − s2 */
    static const double h[9] = {1, 0, 0, 0, 1, 0, 0, -1, 1}, k[9] = {0, 1, 1, 1, 0, 0, 1, -1, -1};
    static const double dummy_h[9] = {1, 0, 0, 0, 1, 0, 0, 0, 0}, dummy_k[9] = {1, 1, 0, 0, 0, 0, 0, 0, 0};
    static const bl_real glove_end[3] = {0, 1, -1}, sum_end[3] = {1, 0, 0};
    static const double glove[3] = {2.0 / 3, 1.0 / 6, 1.0 / 6}, alike[3] = {1, 1, 0};
    static const bl_real none[3] = {0, 0, 0};
    bl_picture p = picture(3, 1, 255, 255, 1);
    for (int game = 0; game < 2; game++) {
        bl_real first[9], second[9];
        for (int i = 0; i < 9; i++) {
            int from = by_rows ? i : i % 3 * 3 + i / 3;
            first[i] = (bl_real)(game ? dummy_h : h)[from], second[i] = (bl_real)(game ? dummy_k : k)[from];
        }
        set_layer(m, "h", 9, first, 3, none), set_layer(m, "k", 9, second, 3, none);
        set_layer(m, "score", 3, game ? sum_end : glove_end, 1, none);
        bl_job *job = run("shap", m, &p, "class:1", "segments=3 fill=black");
        for (int i = 0; i < 3; i++)
            if (!(fabs((double)map_of(job)[i] - (game ? alike : glove)[i]) < 1e-5))
                fail_msg("game %d, player %d: %g", game, i, (double)map_of(job)[i]);
        bl_job_end(job);
    }
    bl_picture_free(&p);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_exchanged), cmocka_unit_test(mirrored),   cmocka_unit_test(two_things),
        cmocka_unit_test(of_a_product),      cmocka_unit_test(of_squares), cmocka_unit_test(games),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
