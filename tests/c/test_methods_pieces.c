/* Superpixels, and the methods that hide them: LIME against a naive fit of the same samples, SHAP against Shapley's
 * sum.
 */
#include "jobs.h"
#include "methods/similarity.h"

static const char linear[] = "input x 3x16x20\nlabels a; b\nmean 0.5 0.4 0.3\nstd 0.25 0.5 1\nchannels RGB\n"
                             "flat = flatten x\nscores = dense flat 2\nprob = softmax scores\n";
static const char small[] =
    "input x 3x18x14\nlabels a; b; c; d\nmean 0.5 0.4 0.3\nstd 0.25 0.25 0.5\nchannels RGB\n"
    "conv_1 = conv x 6 3x3\nrelu_1 = relu conv_1\npool = maxpool relu_1 2x2 stride 2\nflat = flatten pool\n"
    "scores = dense flat 4\nprob = softmax scores\n";

/* Connected, numbered from 0 without gaps? */
static void check_pieces(const int32_t *label, int height, int width, int n) {
    int *seen = calloc((size_t)n, sizeof *seen), *queue = calloc((size_t)(height * width), sizeof *queue);
    bool *done = calloc((size_t)(height * width), sizeof *done);
    for (int start = 0; start < height * width; start++) {
        assert_in_range(label[start], 0, n - 1);
        if (done[start]) continue;
        assert_int_equal(seen[label[start]]++, 0); /* a second island */
        int count = 1;
        queue[0] = start, done[start] = true;
        for (int i = 0; i < count; i++)
            for (int k = 0; k < 4; k++) {
                int y = queue[i] / width + (k == 0) - (k == 1), x = queue[i] % width + (k == 2) - (k == 3);
                if (y < 0 || y >= height || x < 0 || x >= width) continue;
                int at = y * width + x;
                if (!done[at] && label[at] == label[start]) done[at] = true, queue[count++] = at;
            }
    }
    for (int i = 0; i < n; i++) assert_int_equal(seen[i], 1);
    free(seen), free(queue), free(done);
}

static void superpixels(void **state) {
    (void)state;
    static int32_t label[64 * 64];
    static const int sizes[][3] = {{64, 64, 50}, {37, 23, 12}, {1, 40, 7}, {40, 1, 7},
                                   {5, 4, 200},  {1, 1, 1},    {9, 9, 1}};
    for (int i = 0; i < 7; i++)
        for (int shade = 0; shade < 2; shade++) {
            bl_picture p = picture(sizes[i][1], sizes[i][0], shade ? 0 : 77, shade ? 255 : 77, 3);
            int n = bl_superpixels(&p, sizes[i][2], 10, label);
            assert_true(n >= 1);
            check_pieces(label, sizes[i][0], sizes[i][1], n);
            if (!shade) assert_true(n <= 2 * sizes[i][2]); /* one colour: about as many as were asked for */
            bl_picture_free(&p);
        }
    /* A chequerboard of squares is found again. */
    bl_picture p = picture(64, 64, 0, 0, 1);
    for (int i = 0; i < 64 * 64; i++)
        if ((i / 64 / 16 + i % 64 / 16) % 2) memset(p.pixels + 4 * i, 200, 3);
    assert_int_equal(bl_superpixels(&p, 16, 10, label), 16);
    for (int i = 0; i < 64 * 64; i++) assert_int_equal(label[i], label[i / 64 / 16 * 16 * 64 + i % 64 / 16 * 16]);
    bl_picture_free(&p);
}

/* The weight of the score of a class at number i of the picture. */
static double weight(bl_model *m, int class_index, int i) {
    const bl_real *w = constant_of(m, "scores", 1);
    for (int k = 0; k < m->n_nodes; k++)
        if (strcmp(m->values[m->nodes[k].out].name, "scores") == 0 && m->values[m->nodes[k].in[1]].shape.dim[0] == 2)
            return (double)w[class_index * 960 + i];
    return (double)w[i * 2 + class_index];
}

enum { MOST = 64 };

/* What each piece adds to a linear score when it is shown in place of the mean colour. */
static int terms_of(bl_model *m, const bl_picture *p, int wanted, int32_t label[320], double terms[MOST]) {
    bl_real x[960];
    bl_picture_to_input(p, m, x);
    int n = bl_superpixels(p, wanted, 10, label);
    assert_true(n < MOST);
    for (int k = 0; k < n; k++) terms[k] = 0;
    for (int i = 0; i < 960; i++) terms[label[i % 320]] += weight(m, 1, i) * (double)x[i];
    return n;
}

/* Gauss with pivots, on n equations of n unknowns and a right side. */
static void eliminate(double a[MOST][MOST + 1], int n) {
    for (int i = 0; i < n; i++) {
        int best = i;
        for (int k = i; k < n; k++)
            if (fabs(a[k][i]) > fabs(a[best][i])) best = k;
        for (int j = 0; j <= n; j++) {
            double swap = a[i][j];
            a[i][j] = a[best][j], a[best][j] = swap;
        }
        for (int k = 0; k < n; k++) {
            if (k == i) continue;
            double factor = a[k][i] / a[i][i];
            for (int j = 0; j <= n; j++) a[k][j] -= factor * a[i][j];
        }
    }
    for (int i = 0; i < n; i++) a[i][n] /= a[i][i];
}

static void lime_of_a_linear_score(void **state) {
    (void)state;
    bl_model *m = network(linear, 2);
    bl_picture p = picture(20, 16, 0, 255, 2);
    int32_t label[320];
    double terms[MOST], bias = (double)constant_of(m, "scores", 2)[1];
    int n = terms_of(m, &p, 12, label, terms);
    static const double ridges[] = {0, 1, 30};
    for (int i = 0; i < 3; i++) {
        char params[120];
        snprintf(params, sizeof params, "segments=12 samples=400 seed=5 width=0.3 fill=mean ridge=%g", ridges[i]);
        bl_job *job = run("lime", m, &p, "class:1", params);
        /* The samples once more, with the intercept as an unknown of its own that is not drawn to 0. */
        static double a[MOST][MOST + 1];
        memset(a, 0, sizeof a);
        for (uint32_t item = 0; item < 400; item++) {
            bl_random r = {5, BL_STREAM_LIME, item, 0};
            double z[MOST], y = bias, there = 0;
            for (int k = 0; k < n; k++) {
                z[k] = item == 0 || bl_random_word(&r, (uint32_t)k) >= 0x80000000u;
                y += z[k] * terms[k], there += z[k];
            }
            z[n] = 1;
            double far = 1 - there / sqrt(there * n > 0 ? there * n : 1), w = exp(-far * far / (2 * 0.3 * 0.3));
            for (int r1 = 0; r1 <= n; r1++) {
                for (int c = 0; c <= n; c++) a[r1][c] += w * z[r1] * z[c];
                a[r1][n + 1] += w * z[r1] * y;
            }
        }
        for (int k = 0; k < n; k++) a[k][k] += ridges[i];
        eliminate(a, n + 1);
        bl_real wanted[320];
        for (int k = 0; k < 320; k++) wanted[k] = (bl_real)a[label[k]][n + 1];
        double error = map_error(result(job, "map")->data, wanted, 320);
        if (!(error < 1e-4)) fail_msg("%s: off by %g", params, error);
        if (i == 0) {
            for (int k = 0; k < 320; k++) wanted[k] = (bl_real)terms[label[k]];
            assert_true(map_error(result(job, "map")->data, wanted, 320) < 1e-4);
            assert_true(fabs(fact(job, "fit") - 100) < 1e-2);
            assert_true(fact(job, "agreement") > 0.99);
            assert_true(fabs(fact(job, "local") - fact(job, "value")) < 1e-3 * fabs(fact(job, "value")));
        }
        bl_job_end(job);
    }
    bl_picture_free(&p);
    bl_model_free(m);
}

static double game(const bl_model *m, const bl_picture *p, const int32_t *label, int n, unsigned on) {
    bl_wants wants = BL_WANTS;
    bl_plan *plan;
    bl_run *r;
    wants.last = m->scores;
    assert_int_equal(bl_plan_new(m, &wants, &plan, NULL), BL_OK);
    assert_int_equal(bl_run_new(plan, &r, NULL), BL_OK);
    bl_real *x = bl_run_input(r), value;
    int pixels = p->width * p->height;
    bl_picture_to_input(p, m, x);
    (void)n;
    for (int i = 0; i < 3 * pixels; i++)
        if (!(on >> label[i % pixels] & 1)) x[i] = 0;
    assert_int_equal(bl_run_forward(r, NULL), BL_OK);
    value = bl_run_value(r, m->scores)[2];
    bl_run_free(r);
    bl_plan_free(plan);
    return (double)value;
}

/* Shapley's own sum over all coalitions. */
static void shap_is_shapley(void **state) {
    (void)state;
    for (int wanted = 1; wanted <= 8; wanted++) {
        bl_model *m = network(small, (uint64_t)wanted);
        bl_picture p = picture(14, 18, 0, 255, (uint64_t)wanted);
        int32_t label[252];
        int n = bl_superpixels(&p, wanted, 10, label);
        assert_true(n <= 11);
        static double v[1 << 11];
        double factorial[12] = {1}, phi[11] = {0};
        for (int k = 1; k < 12; k++) factorial[k] = factorial[k - 1] * k;
        for (unsigned on = 0; on < 1u << n; on++) v[on] = game(m, &p, label, n, on);
        for (int j = 0; j < n; j++)
            for (unsigned on = 0; on < 1u << n; on++) {
                if (on >> j & 1) continue;
                int size = 0;
                for (int k = 0; k < n; k++) size += on >> k & 1;
                phi[j] += factorial[size] * factorial[n - size - 1] / factorial[n] * (v[on | 1u << j] - v[on]);
            }
        char params[60];
        snprintf(params, sizeof params, "segments=%d fill=mean", wanted);
        bl_job *job = run("shap", m, &p, "class:2", params);
        bl_real map[252];
        for (int i = 0; i < 252; i++) map[i] = (bl_real)phi[label[i]];
        double error = map_error(result(job, "map")->data, map, 252);
        if (!(error < 1e-4)) fail_msg("%d pieces: off by %g", n, error);
        assert_true(fact(job, "exact") == 1);
        assert_true(fabs(fact(job, "sum") - fact(job, "due")) < 1e-6 * fabs(fact(job, "due")) + 1e-9);
        bl_job_end(job);
        bl_picture_free(&p);
        bl_model_free(m);
    }
}

/* Of a linear score every piece's value is its own term, whatever coalitions are drawn; of others, more come nearer and
 * the sum is always whole. */
static void shap_by_samples(void **state) {
    (void)state;
    bl_model *m = network(linear, 2);
    bl_picture p = picture(20, 16, 0, 255, 2);
    int32_t label[320];
    double terms[MOST];
    terms_of(m, &p, 30, label, terms);
    bl_real wanted[320];
    for (int i = 0; i < 320; i++) wanted[i] = (bl_real)terms[label[i]];
    static const char *const params[] = {"segments=30 fill=mean samples=130",
                                         "segments=30 fill=mean samples=501 seed=3",
                                         "segments=30 fill=mean samples=2000"};
    for (int i = 0; i < 3; i++) {
        bl_job *job = run("shap", m, &p, "class:1", params[i]);
        double error = map_error(result(job, "map")->data, wanted, 320);
        if (!(error < 1e-3)) fail_msg("%s: off by %g", params[i], error);
        assert_true(fact(job, "exact") == 0);
        bl_job_end(job);
    }
    bl_picture_free(&p);
    bl_model_free(m);
    m = network(small, 4), p = picture(14, 18, 0, 255, 4);
    bl_job *truth = run("shap", m, &p, "class:2", "segments=11 samples=8192 fill=black");
    assert_true(fact(truth, "exact") == 1);
    double off[2] = {0, 0};
    for (int seed = 1; seed <= 12; seed++)
        for (int k = 0; k < 2; k++) {
            char text[80];
            snprintf(text, sizeof text, "segments=11 samples=%d fill=black seed=%d", k ? 400 : 100, seed);
            bl_job *job = run("shap", m, &p, "class:2", text);
            off[k] += map_error(result(job, "map")->data, result(truth, "map")->data, 252);
            assert_true(fabs(fact(job, "sum") - fact(job, "due")) < 1e-6 * fabs(fact(job, "due")) + 1e-9);
            bl_job_end(job);
        }
    if (!(off[0] / 12 < 0.25 && off[1] < 0.6 * off[0])) fail_msg("errors %g and %g", off[0] / 12, off[1] / 12);
    bl_job_end(truth);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void shared(void **state) {
    (void)state;
    bl_model *m = network(small, 3);
    bl_picture p = picture(14, 18, 0, 255, 3);
    any_number_of_workers("lime", m, &p, NULL, "samples=101 segments=9");
    any_number_of_workers("lime", m, &p, "relu_1:2", "samples=60 segments=5 fill=blur");
    any_number_of_workers("shap", m, &p, NULL, "samples=101 segments=20");
    any_number_of_workers("shap", m, &p, "class:1-2", "segments=6");
    bl_picture_free(&p);
    bl_model_free(m);
}

/* Ranks 1, 2½, 2½, 4 against 1, 2, 3, 4, by hand; the same order and its opposite; no order at all. */
static void ranks(void **state) {
    (void)state;
    static const double ties[] = {-7, 2, 2, 30}, order[] = {1, 2, 3, 4}, back[] = {9, 8, 7, -6}, flat[] = {5, 5, 5, 5};
    assert_true(fabs(bl_rank_correlation(ties, order, 4) - 4.5 / sqrt(4.5 * 5)) < 1e-12);
    assert_true(fabs(bl_rank_correlation(ties, ties, 4) - 1) < 1e-12);
    assert_true(fabs(bl_rank_correlation(order, back, 4) + 1) < 1e-12);
    assert_true(isnan(bl_rank_correlation(order, flat, 4)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(superpixels),     cmocka_unit_test(lime_of_a_linear_score),
        cmocka_unit_test(shap_is_shapley), cmocka_unit_test(shap_by_samples),
        cmocka_unit_test(shared),          cmocka_unit_test(ranks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
