/* Tests of explanations against known answers: explanations that are right, that are chance, that ignore the network.
 */
#include "jobs.h"
#include "methods/similarity.h"

static const char linear[] = "input x 1x8x9\nmean 0\nstd 1\nchannels grey\nflat = flatten x\nscore = dense flat 1\n";
static const char small[] = "input x 3x16x16\nlabels a; b; c\nmean 0.5 0.4 0.3\nstd 0.25 0.25 0.5\nchannels RGB\n"
                            "conv_1 = conv x 6 3x3\nrelu_1 = relu conv_1\nconv_2 = conv relu_1 8 3x3\n"
                            "relu_2 = relu conv_2\nflat = flatten relu_2\nscores = dense flat 3\nprob = softmax "
                            "scores\n";
enum { H = 8, W = 9, N = H * W };

static bl_model *linear_network(const bl_real weights[N], bl_real bias) {
    bl_model *m = network(linear, 1);
    set_layer(m, "score", N, weights, 1, &bias);
    return m;
}

static bl_picture grey(const uint8_t values[N]) {
    bl_picture p;
    assert_int_equal(bl_picture_make(W, H, &p, NULL), BL_OK);
    for (int i = 0; i < N; i++)
        for (int c = 0; c < 4; c++) p.pixels[4 * i + c] = c == 3 ? 255 : values[i];
    return p;
}

/* ---- how alike maps are ---- */

static double twin_rank(const bl_real *a, const bl_real *b, int n, bool sizes) {
    double sum = 0, aa = 0, bb = 0;
    for (int i = 0; i < n; i++) {
        double x = 0, y = 0; /* how many are smaller less how many are larger: twice the rank about its mean */
        for (int k = 0; k < n; k++) {
            double p = sizes ? fabs((double)a[i]) - fabs((double)a[k]) : (double)a[i] - (double)a[k];
            double q = sizes ? fabs((double)b[i]) - fabs((double)b[k]) : (double)b[i] - (double)b[k];
            x += (p > 0) - (p < 0), y += (q > 0) - (q < 0);
        }
        sum += x * y, aa += x * x, bb += y * y;
    }
    return sum / sqrt(aa * bb);
}

static void structure(void **state) {
    (void)state;
    double a[14 * 13], b[14 * 13];
    for (int i = 0; i < 14 * 13; i++) a[i] = (i * 37 % 101) / 101.0, b[i] = 0.25;
    assert_true(fabs(bl_structural_similarity(a, a, 14, 13) - 1) < 1e-12);
    for (int i = 0; i < 14 * 13; i++) a[i] = 0.5; /* two constants: the term of the means alone */
    double wanted = (2 * 0.5 * 0.25 + 1e-4) / (0.5 * 0.5 + 0.25 * 0.25 + 1e-4);
    assert_true(fabs(bl_structural_similarity(a, b, 14, 13) - wanted) < 1e-9);
    assert_true(fabs(bl_structural_similarity(a, b, 3, 2) - wanted) < 1e-9);
    for (int i = 0; i < 14 * 13; i++) a[i] = i % 2, b[i] = 1 - a[i]; /* each other's negative */
    assert_true(bl_structural_similarity(a, b, 14, 13) < -0.9);
    /* one window of 11 numbers, by hand: weights exp(−k²/4.5) */
    double sum = 0, ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
    for (int i = 0; i < 11; i++) a[i] = i % 3 / 2.0, b[i] = i % 4 / 3.0, sum += exp(-(i - 5) * (i - 5) / 4.5);
    for (int i = 0; i < 11; i++) {
        double w = exp(-(i - 5) * (i - 5) / 4.5) / sum;
        ma += w * a[i], mb += w * b[i], aa += w * a[i] * a[i], bb += w * b[i] * b[i], ab += w * a[i] * b[i];
    }
    wanted = (2 * ma * mb + 1e-4) * (2 * (ab - ma * mb) + 9e-4) /
             ((ma * ma + mb * mb + 1e-4) * (aa - ma * ma + bb - mb * mb + 9e-4));
    assert_true(fabs(bl_structural_similarity(a, b, 1, 11) - wanted) < 1e-6);
}

/* ---- weights drawn anew ---- */

static void edges_outlive_the_network(void **state) {
    (void)state;
    bl_model *m = network(small, 4);
    bl_picture p = picture(16, 16, 0, 255, 3);
    static const char *const orders[] = {"cascading", "independent", "upwards"};
    for (int i = 0; i < 3; i++) {
        char params[120];
        snprintf(params, sizeof params, "method=control with=\"kind=edges\" order=%s", orders[i]);
        bl_job *job = run("randomisation", m, &p, NULL, params);
        const bl_result *curves = result(job, "similarity");
        assert_int_equal(curves->width, 4);
        for (int k = 0; k < 3 * 4; k++) assert_true(fabs((double)curves->data[k] - 1) < 1e-6);
        assert_true(fact(job, "rank") == 1 && strstr(result(job, "facts")->text.data, "hardly depends"));
        bl_job_end(job);
        snprintf(params, sizeof params, "method=control with=\"kind=noise\" seeds=8 order=%s", orders[i]);
        job = run("randomisation", m, &p, NULL, params);
        if (!(fabs(fact(job, "rank")) < 0.1)) fail_msg("noise is like noise: %g", fact(job, "rank"));
        assert_non_null(strstr(result(job, "facts")->text.data, "depends on training"));
        bl_job_end(job);
    }
    bl_picture_free(&p);
    bl_model_free(m);
}

/* The likeness is that of the two maps that the method itself gives, with these edits and without. */
static void likeness_of_two_jobs(void **state) {
    (void)state;
    static const struct {
        const char *order;
        int stage;
        const char *edits;
    } cases[] = {{"cascading", 1, "scores~7"},       {"cascading", 2, "scores~7;conv_2~7"}, {"cascading", 3, "*~7"},
                 {"independent", 2, "conv_2~7"},     {"independent", 3, "conv_1~7"},        {"upwards", 1, "conv_1~7"},
                 {"upwards", 2, "conv_1~7;conv_2~7"}};
    bl_model *m = network(small, 4);
    bl_picture p = picture(16, 16, 0, 255, 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char params[120];
        snprintf(params, sizeof params, "method=gradient-input seed=7 order=%s", cases[i].order);
        bl_job *judged = run("randomisation", m, &p, "class:1", params),
               *own = run("gradient-input", m, &p, "class:1", ""), *drawn;
        bl_request request = {.model = m, .picture = &p, .objective = "class:1", .edits = cases[i].edits};
        bl_error e = {0};
        assert_int_equal(bl_job_start(bl_method_find("gradient-input"), &request, &drawn, &e), BL_OK);
        for (bool done = false; !done;) assert_int_equal(bl_job_step(drawn, &done, &e), BL_OK);
        const bl_real *a = result(own, "attribution")->data, *b = result(drawn, "attribution")->data;
        const bl_result *curves = result(judged, "similarity");
        assert_memory_equal(result(judged, "map")->data, a, 256 * sizeof *a);
        for (int sizes = 0; sizes < 2; sizes++) {
            double got = (double)curves->data[(sizes ? 0 : 1) * curves->width + cases[i].stage];
            if (!(fabs(got - twin_rank(a, b, 256, sizes)) < 1e-6))
                fail_msg("%s, stage %d: %g", cases[i].order, cases[i].stage, got);
        }
        bl_job_end(judged), bl_job_end(own), bl_job_end(drawn);
    }
    bl_job *job = run("randomisation", m, &p, NULL, "stages=2"); /* three layers in two stages: one, then all */
    assert_int_equal(result(job, "similarity")->width, 3);
    bl_job *three = run("randomisation", m, &p, NULL, "");
    for (int k = 0; k < 3; k++)
        assert_true(result(job, "similarity")->data[3 * k + 2] == result(three, "similarity")->data[4 * k + 3]);
    bl_job_end(job), bl_job_end(three);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* ---- deletion and insertion ---- */

/* The mean height of the curve of a linear score, whose terms go (or come) in this order. */
static double area(const double *terms, const int *order, double start, int n) {
    double value = start, sum = start / 2;
    for (int i = 0; i < n; i++) value += terms[order[i]], sum += i < n - 1 ? value : value / 2;
    return sum / n;
}

static void permute(const double *terms, int *order, int at, double start, double *least, double *most) {
    if (at == 6) {
        double a = area(terms, order, start, 6);
        if (a < *least) *least = a;
        if (a > *most) *most = a;
    }
    for (int i = at; i < 6; i++) {
        int held = order[at];
        order[at] = order[i], order[i] = held;
        permute(terms, order, at + 1, start, least, most);
        order[i] = order[at], order[at] = held;
    }
}

/* Of all 720 orders of six pixels, that of an exact attribution has the lowest curve of deletion. */
static void best_of_all_orders(void **state) {
    (void)state;
    bl_model *m = network("input x 1x2x3\nmean 0\nstd 1\nchannels grey\nflat = flatten x\nscore = dense flat 1\n", 1);
    static const bl_real weights[6] = {1, -2, 3, 0.5f, -0.25f, 2};
    set_layer(m, "score", 6, weights, 1, (bl_real[]){0.25f});
    bl_picture p = {3, 2, (uint8_t[24]){0}};
    double gone[6], come[6], value = 0.25, blurred = 0.25;
    bl_real x[6], blur[6], scratch[6];
    for (int i = 0; i < 6; i++) memset(p.pixels + 4 * i, 40 + 35 * i, 3), p.pixels[4 * i + 3] = 255;
    for (int i = 0; i < 6; i++) x[i] = (bl_real)((40 + 35 * i) / 255.0);
    bl_blur(x, 1, 2, 3, 8, blur, scratch);
    for (int i = 0; i < 6; i++) {
        value += (double)weights[i] * (double)x[i], gone[i] = -(double)weights[i] * (double)x[i];
        blurred += (double)weights[i] * (double)blur[i];
        come[i] = (double)weights[i] * ((double)x[i] - (double)blur[i]);
    }
    double least = INFINITY, most = -INFINITY;
    permute(gone, (int[]){0, 1, 2, 3, 4, 5}, 0, value, &least, &most);
    bl_job *job = run("deletion", m, &p, "score:0", "method=gradient-input with=\"baseline=black\" points=6");
    if (!(fabs(fact(job, "deletion") - least) < 1e-5)) fail_msg("%g, not %g", fact(job, "deletion"), least);
    assert_true(fact(job, "deletion_chance") > least && fact(job, "deletion_chance") < most);
    /* insertion in that same order, from the blurred picture */
    int order[6] = {0, 1, 2, 3, 4, 5};
    for (int i = 0; i < 6; i++)
        for (int k = i + 1; k < 6; k++)
            if (gone[order[k]] < gone[order[i]]) {
                int held = order[i];
                order[i] = order[k], order[k] = held;
            }
    assert_true(fabs(fact(job, "insertion") - area(come, order, blurred, 6)) < 1e-5);
    assert_true(fabs(fact(job, "blurred") - blurred) < 1e-5);
    const bl_result *curves = result(job, "curves");
    assert_int_equal(curves->width, 7);
    assert_true(fabs((double)curves->data[0] - value) < 1e-5 && fabs((double)curves->data[6] - 0.25) < 1e-5);
    assert_true(fabs((double)curves->data[7] - blurred) < 1e-5 && fabs((double)curves->data[13] - value) < 1e-5);
    bl_job_end(job);
    bl_model_free(m);
}

/* A class is followed by its probability; a score that nothing changes has a flat curve. */
static void curves_of_a_class(void **state) {
    (void)state;
    bl_model *m = network(small, 4);
    bl_picture p = picture(16, 16, 0, 255, 3);
    bl_job *job = run("deletion", m, &p, "class:2", "points=20 compare=no");
    const bl_result *curves = result(job, "curves");
    assert_int_equal(curves->channels, 2);
    double sum = 0;
    for (int i = 0; i <= 20; i++) {
        assert_true(curves->data[i] > 0 && curves->data[i] < 1);
        sum += (double)curves->data[i] * (i == 0 || i == 20 ? 0.5 : 1);
    }
    assert_true(fabs(sum / 20 - fact(job, "deletion")) < 1e-6);
    assert_true(curves->data[0] == curves->data[41]); /* nothing gone is all come */
    bl_job_end(job);
    memset(constant_of(m, "scores", 1), 0, 3 * 8 * 144 * sizeof(bl_real));
    job = run("deletion", m, &p, "class:2", "points=20");
    double prob = fact(job, "deletion");
    assert_true(fabs(fact(job, "insertion") - prob) < 1e-6 && fabs(fact(job, "deletion_chance") - prob) < 1e-6);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* ---- localisation ---- */

static void a_map_that_is_the_box(void **state) {
    (void)state;
    bl_real weights[N];
    uint8_t values[N];
    for (int i = 0; i < N; i++) values[i] = 200, weights[i] = i / W >= 2 && i / W < 6 && i % W >= 3 && i % W < 6;
    bl_model *m = linear_network(weights, 0);
    bl_picture p = grey(values);
    static const char box[] = "method=gradient-input with=\"baseline=black\" left=0.33333333 top=0.25 right=0.66666667 "
                              "bottom=0.75 ";
    char params[200];
    bl_job *job = run("pointing", m, &p, "class:1", box);
    static const char *const names[] = {"hit", "energy", "rank", "iou15", "iou25", "iou50", "best"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (fabs(fact(job, names[i]) - 1) > 1e-6) fail_msg("%s is %g", names[i], fact(job, names[i]));
    assert_true(fabs(fact(job, "area") - 12.0 / N) < 1e-6);
    bl_job_end(job);
    /* everywhere the same: the energy is the box's area, the overlap too */
    for (int i = 0; i < N; i++) weights[i] = 1;
    set_layer(m, "score", N, weights, 0, NULL);
    job = run("pointing", m, &p, "class:1", box);
    assert_true(fabs(fact(job, "energy") - 12.0 / N) < 1e-6 && fabs(fact(job, "iou50") - 12.0 / N) < 1e-6);
    assert_true(fact(job, "hit") == 1);
    bl_job_end(job);
    /* one pixel, two beside the box: a hit with that slack alone; and half the energy where a second lies within */
    for (int i = 0; i < N; i++) weights[i] = i == 3 * W + 7 ? 2 : i == 3 * W + 4 ? 1 : i == 0 ? -5 : 0;
    set_layer(m, "score", N, weights, 0, NULL);
    for (int slack = 1; slack < 3; slack++) {
        snprintf(params, sizeof params, "%s slack=%d", box, slack);
        job = run("pointing", m, &p, "class:1", params);
        assert_true(fact(job, "hit") == (slack == 2));
        assert_true(fabs(fact(job, "energy") - 1.0 / 3) < 1e-6 && fabs(fact(job, "iou25") - 1.0 / 13) < 1e-6);
        bl_job_end(job);
    }
    memset(weights, 0, sizeof weights);
    set_layer(m, "score", N, weights, 0, NULL);
    job = run("pointing", m, &p, "class:1", box);
    assert_non_null(strstr(result(job, "facts")->text.data, "not defined"));
    bl_job_end(job);
    bl_request request = {.model = m, .picture = &p, .params = "left=0.5 right=0.4"};
    bl_error e = {0};
    assert_int_equal(bl_job_start(bl_method_find("pointing"), &request, &job, &e), BL_USAGE);
    assert_non_null(strstr(e.message, "no pixel"));
    bl_picture_free(&p);
    bl_model_free(m);
}

/* ---- parts that are taken away, or changed ---- */

/* A picture of a linear network, whose weights are as different as may be. */
static bl_model *some_linear_network(bl_picture *p, bl_real bias) {
    bl_real weights[N];
    uint8_t values[N];
    for (int i = 0; i < N; i++)
        values[i] = (uint8_t)(60 + i * 53 % 190), weights[i] = (bl_real)((i * 29 % 17 - 8) / 8.0);
    *p = grey(values);
    return linear_network(weights, bias);
}

static const char *const shares = "method=gradient-input with=\"baseline=black\" fill=black";

/* What each pixel is worth is exactly known: every set, every square, every noise is foretold. */
static void a_linear_score_is_foretold(void **state) {
    (void)state;
    bl_picture p;
    bl_model *m = some_linear_network(&p, 0.5f);
    char params[200];
    for (int block = 1; block < 4; block++) {
        snprintf(params, sizeof params, "%s block=%d subsets=40", shares, block);
        bl_job *job = run("sensitivity-n", m, &p, "class:1", params);
        const bl_result *sizes = result(job, "sizes");
        for (int i = 0; i < sizes->width; i++)
            if (!(fabs((double)sizes->data[i] - 1) < 1e-4)) fail_msg("of %d: %g", i, (double)sizes->data[i]);
        assert_true(fabs(fact(job, "mean") - 1) < 1e-4 && strncmp(sizes->text.data, "1\n2\n", 4) == 0);
        bl_job_end(job);
    }
    bl_job *job = run("sensitivity-n", m, &p, "class:1", "method=control with=\"kind=noise\" block=1 subsets=400");
    if (!(fabs(fact(job, "one")) < 0.2)) fail_msg("noise foretells %g", fact(job, "one"));
    bl_job_end(job);
    job = run("infidelity", m, &p, "class:1", shares);
    assert_true(fact(job, "infidelity") < 1e-8 && fact(job, "relative") < 1e-6 && fabs(fact(job, "factor") - 1) < 1e-4);
    bl_job_end(job);
    job = run("infidelity", m, &p, "class:1", "method=gradient with=\"reduce=signed\" change=noise");
    assert_true(fact(job, "infidelity") < 1e-8 && fact(job, "relative") < 1e-6);
    bl_job_end(job);
    job = run("infidelity", m, &p, "class:1", "method=control with=\"kind=noise\"");
    assert_true(fact(job, "relative") > 0.2 && fact(job, "scaled") <= fact(job, "relative"));
    bl_job_end(job);
    bl_picture_free(&p);
    /* slopes taken for shares: of a picture that is half as bright as white everywhere, half of them is right */
    uint8_t values[N];
    memset(values, 128, sizeof values);
    p = grey(values);
    job = run("infidelity", m, &p, "class:1", "method=gradient with=\"reduce=signed\" fill=black");
    assert_true(fabs(fact(job, "factor") - 128 / 255.0) < 1e-4 && fact(job, "scaled") < 1e-6);
    assert_true(fact(job, "relative") > 0.5);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void sums(void **state) {
    (void)state;
    bl_picture p;
    bl_model *m = some_linear_network(&p, 0.5f);
    double at_white = 0.5, score;
    for (int i = 0; i < N; i++) at_white += (double)constant_of(m, "score", 1)[i];
    bl_job *job = run("completeness", m, &p, "class:1", "method=gradient-input with=\"baseline=black\"");
    score = fact(job, "due") + 0.5;
    assert_true(fact(job, "gap") < 1e-3 && fabs(fact(job, "sum") - fact(job, "due")) < 1e-4);
    bl_job_end(job);
    job = run("completeness", m, &p, "class:1", "method=gradient-input with=\"baseline=black\" baseline=none");
    assert_true(fabs(fact(job, "due") - score) < 1e-4 && fabs(fact(job, "gap") - fabs(50 / score)) < 1e-2);
    bl_job_end(job);
    job = run("completeness", m, &p, "class:1", "method=gradient-input with=\"baseline=black\" baseline=white");
    assert_true(fabs(fact(job, "due") - (score - at_white)) < 1e-4 && fact(job, "gap") > 1);
    bl_job_end(job);
    job = run("completeness", m, &p, "class:1", "method=integrated with=\"baseline=black-white steps=4\"");
    assert_true(fabs(fact(job, "due") - (score - (at_white + 0.5) / 2)) < 1e-4 && fact(job, "gap") < 1e-2);
    bl_job_end(job);
    job = run("completeness", m, &p, "class:1", "method=integrated with=\"baseline=noise steps=4\"");
    assert_non_null(strstr(result(job, "facts")->text.data, "not defined"));
    assert_true(legend_says(job, "not known"));
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* ---- other seeds, pictures nearly the same, other classes ---- */

static void steady(void **state) {
    (void)state;
    bl_model *m = network(small, 4);
    bl_picture p = picture(16, 16, 0, 255, 3);
    for (int i = 0; i < 256; i++) /* an even margin, so that what moves in is what moves out */
        if (i / 16 < 3 || i / 16 > 12 || i % 16 < 3 || i % 16 > 12) memset(p.pixels + 4 * i, 90, 3);
    bl_job *job = run("stability", m, &p, NULL, "method=control with=\"kind=centre\"");
    assert_true(fact(job, "noise") == 1 && fact(job, "change") == 0 && fact(job, "moved") < 1);
    bl_job_end(job);
    job = run("stability", m, &p, NULL, "method=control with=\"kind=edges\" draws=3");
    assert_true(fabs(fact(job, "moved") - 1) < 1e-9 && fact(job, "noise") < 1 && fact(job, "change") > 0);
    assert_true(fact(job, "seeds") == 1 && fact(job, "tenth") == 1);
    double little = fact(job, "change");
    bl_job_end(job);
    job = run("stability", m, &p, NULL, "method=control with=\"kind=edges\" draws=3 radius=0.2");
    assert_true(fact(job, "change") > 3 * little);
    bl_job_end(job);
    job = run("stability", m, &p, NULL, "method=control with=\"kind=edges\" draws=3 radius=0");
    assert_true(fact(job, "change") == 0);
    bl_job_end(job);
    /* two seeds: their likeness, and what the largest tenths share */
    bl_job *one = run("rise", m, &p, "class:1", "masks=100 seed=1"),
           *two = run("rise", m, &p, "class:1", "masks=100 seed=2");
    job = run("stability", m, &p, "class:1", "method=rise with=\"masks=100\" seeds=2 draws=1");
    const bl_real *a = result(one, "map")->data, *b = result(two, "map")->data;
    int both = 0;
    for (int i = 0; i < 256; i++) {
        int over_a = 0, over_b = 0;
        for (int k = 0; k < 256; k++) over_a += a[k] > a[i], over_b += b[k] > b[i];
        both += over_a < 26 && over_b < 26;
    }
    assert_true(fabs(fact(job, "seeds") - twin_rank(a, b, 256, false)) < 1e-6);
    assert_true(fabs(fact(job, "tenth") - both / (52.0 - both)) < 1e-6);
    bl_job_end(job), bl_job_end(one), bl_job_end(two);
    bl_error e = {0};
    bl_request request = {.model = m, .picture = &p, .params = "method=rise with=\"seed=3\""};
    assert_int_equal(bl_job_start(bl_method_find("stability"), &request, &job, &e), BL_USAGE);
    assert_non_null(strstr(e.message, "leave seed out"));
    bl_picture_free(&p);
    bl_model_free(m);
}

static void two_classes(void **state) {
    (void)state;
    bl_model *m = network("input x 1x8x9\nmean 0\nstd 1\nchannels grey\nflat = flatten x\nscore = dense flat 3\n", 1);
    bl_real weights[3 * N], bias[3] = {1000, 0, -100};
    for (int i = 0; i < N; i++)
        weights[i] = (bl_real)((i * 29 % 71) / 71.0 + 0.1), weights[N + i] = 3, weights[2 * N + i] = -weights[i];
    set_layer(m, "score", 3 * N, weights, 3, bias);
    uint8_t values[N];
    memset(values, 200, sizeof values);
    bl_picture p = grey(values);
    bl_job *job = run("wrong-class", m, &p, NULL, "method=gradient-input with=\"baseline=black\"");
    assert_true(fabs(fact(job, "signed") + 1) < 1e-9 && fabs(fact(job, "rank") - 1) < 1e-9);
    assert_non_null(strstr(result(job, "facts")->text.data, "class 2")); /* the least likely */
    assert_true(result(job, "map")->limit == result(job, "other")->limit);
    bl_job_end(job);
    job = run("wrong-class", m, &p, NULL, "method=gradient-input with=\"baseline=black\" other=1");
    assert_non_null(strstr(result(job, "facts")->text.data, "not defined")); /* a constant map has no order */
    bl_job_end(job);
    job = run("wrong-class", m, &p, NULL, "method=control");
    assert_non_null(strstr(result(job, "facts")->text.data, "not defined"));
    bl_job_end(job);
    bl_picture_free(&p);
    p = picture(9, 8, 0, 255, 3);
    job = run("wrong-class", m, &p, NULL, "method=control");
    assert_true(fact(job, "signed") == 1 && legend_says(job, "hardly tells"));
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* ---- every test ---- */

static const bl_method *judging(int i) {
    int n;
    const bl_method *const *all = bl_methods(&n);
    for (int k = 0; k < n; k++)
        if (strcmp(all[k]->family, "judging") == 0 && strcmp(all[k]->id, "control") != 0 && i-- == 0) return all[k];
    return NULL;
}

static bl_status refusal(const bl_method *method, const char *params, bl_error *e) {
    bl_model *m = network(small, 4);
    bl_picture p = picture(16, 16, 0, 255, 3);
    bl_request request = {.model = m, .picture = &p, .params = params};
    bl_job *job;
    bl_status status = bl_job_start(method, &request, &job, e);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
    return status;
}

static void refused(void **state) {
    (void)state;
    const bl_method *test;
    for (int i = 0; (test = judging(i)); i++) {
        bl_error e = {0};
        assert_int_equal(refusal(test, "method=dream", &e), BL_USAGE);
        assert_non_null(strstr(e.message, "dream"));
        assert_int_equal(refusal(test, "with=\"sigmund=3\"", &e), BL_USAGE);
        assert_non_null(strstr(e.message, "sigmund"));
        assert_int_equal(refusal(test, "method=deletion", &e), BL_USAGE); /* no test of tests */
    }
}

/* Every test with every method that explains, ended after some steps, and run to its end: finite numbers or a word. */
static void every_method_in_every_test(void **state) {
    (void)state;
    bl_model *m = network(small, 4), *dead = network(small, 4);
    for (int i = 0; i < 6; i++) constant_of(dead, "conv_1", 2)[i] = -1000;
    bl_picture p = picture(16, 16, 0, 255, 3);
    int n;
    const bl_method *const *all = bl_methods(&n), *test;
    for (int i = 0; (test = judging(i)); i++)
        for (int k = 0; k < n; k++) {
            if (!bl_method_explains(all[k])) continue;
            char params[200], given[100];
            brief(all[k], NULL, given, sizeof given);
            snprintf(params, sizeof params, "method=%s with=\"%s\"", all[k]->id, given);
            bl_job *job = start(test->id, m, &p, NULL, params);
            bool done = false;
            for (int steps = 0; steps < 3 + k && !done; steps++) {
                assert_int_equal(bl_job_step(job, &done, NULL), BL_OK);
                bl_job_show(job);
            }
            bl_job_end(job);
            job = run(test->id, k % 2 ? m : dead, &p, NULL, params);
            for (int r = 0; r < bl_job_n_results(job); r++) {
                const bl_result *at = bl_job_result(job, r);
                size_t count = (size_t)at->channels * (size_t)at->height * (size_t)at->width;
                for (size_t v = 0; at->data && at->kind != BL_SERIES && v < count; v++)
                    if (!isfinite((double)at->data[v])) fail_msg("%s of %s: %s", test->id, all[k]->id, at->name);
                if (at->text.length && strstr(at->text.data, "NaN")) fail_msg("%s: %s", test->id, at->text.data);
            }
            bl_job_end(job);
        }
    bl_picture_free(&p);
    bl_model_free(m), bl_model_free(dead);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structure),
        cmocka_unit_test(edges_outlive_the_network),
        cmocka_unit_test(likeness_of_two_jobs),
        cmocka_unit_test(best_of_all_orders),
        cmocka_unit_test(curves_of_a_class),
        cmocka_unit_test(a_map_that_is_the_box),
        cmocka_unit_test(a_linear_score_is_foretold),
        cmocka_unit_test(sums),
        cmocka_unit_test(steady),
        cmocka_unit_test(two_classes),
        cmocka_unit_test(refused),
        cmocka_unit_test(every_method_in_every_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
