/* redraw: weights drawn anew, against layers computed here in double from the weights that a run says it has. */
#include "graphs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../tolerances.h"

enum { PICTURES = BL_REDRAW_PICTURES, SIDE = 9, PLANE = SIDE * SIDE, CHANNELS = 6, CLASSES = 5 };

/* conv, relu, batch normalisation, conv without addend, flatten, dense with β = 0.5 */
static bl_model *network(void) {
    bl_model *m = graph_new(3, SIDE, SIDE);
    graph_conv(m, "conv1", "x", 3, CHANNELS, 3, "pads=1,1,1,1");
    graph_node(m, "Relu", "relu1", "conv1", "");
    graph_constant(m, "norm_w", "6", 0.3, 1.5);
    graph_constant(m, "norm_b", "6", 0.5, 0.2);
    graph_constant(m, "norm_m", "6", 0.2, 0.4);
    graph_constant(m, "norm_v", "6", 0.01, 0.5);
    graph_node(m, "BatchNormalization", "norm", "relu1 norm_w norm_b norm_m norm_v", "");
    graph_constant(m, "conv2_w", "6,6,3,3", 0.2, 0.05);
    graph_node(m, "Conv", "conv2", "norm conv2_w", "pads=1,1,1,1");
    graph_node(m, "Flatten", "flat", "conv2", "");
    graph_constant(m, "dense_w", "5,486", 0.1, 0);
    graph_constant(m, "dense_b", "5", 1, 3);
    graph_node(m, "Gemm", "dense", "flat dense_w dense_b", "beta=0.5 transB=1");
    return graph_seal(m, "dense");
}

typedef struct {
    double conv1[PICTURES * CHANNELS * PLANE], norm[PICTURES * CHANNELS * PLANE], conv2[PICTURES * CHANNELS * PLANE],
        dense[PICTURES * CLASSES];
} layers;

static const bl_real *constant(const graph_running *g, const char *name) {
    const bl_real *data = bl_run_value(g->run, bl_model_find(bl_plan_model(g->plan), name));
    assert_non_null(data);
    return data;
}

static void conv(int in, const double *x, const bl_real *w, const bl_real *b, double *y) {
    for (int p = 0; p < PICTURES; p++)
        for (int o = 0; o < CHANNELS; o++)
            for (int i = 0; i < PLANE; i++) {
                double sum = b ? (double)b[o] : 0;
                for (int c = 0; c < in; c++)
                    for (int k = 0; k < 9; k++) {
                        int row = i / SIDE + k / 3 - 1, column = i % SIDE + k % 3 - 1;
                        if (row >= 0 && row < SIDE && column >= 0 && column < SIDE)
                            sum += x[(p * in + c) * PLANE + row * SIDE + column] * (double)w[(o * in + c) * 9 + k];
                    }
                y[(p * CHANNELS + o) * PLANE + i] = sum;
            }
}

/* All layers of the pictures of noise, with the weights that the run has. */
static void compute(const graph_running *g, layers *l) {
    const bl_model *m = bl_plan_model(g->plan);
    static bl_real pictures[PICTURES * 3 * PLANE];
    static double x[PICTURES * 3 * PLANE], relu[PICTURES * CHANNELS * PLANE];
    bl_redraw_pictures(m, SIDE, SIDE, pictures);
    for (int i = 0; i < PICTURES * 3 * PLANE; i++) x[i] = (double)pictures[i];
    conv(3, x, constant(g, "conv1_w"), constant(g, "conv1_b"), l->conv1);
    for (int i = 0; i < PICTURES * CHANNELS * PLANE; i++) {
        int c = i / PLANE % CHANNELS;
        relu[i] = l->conv1[i] > 0 ? l->conv1[i] : 0;
        l->norm[i] = (relu[i] - (double)constant(g, "norm_m")[c]) / sqrt((double)constant(g, "norm_v")[c] + 1e-5) *
                         (double)constant(g, "norm_w")[c] +
                     (double)constant(g, "norm_b")[c];
    }
    conv(CHANNELS, l->norm, constant(g, "conv2_w"), NULL, l->conv2);
    for (int p = 0; p < PICTURES; p++)
        for (int k = 0; k < CLASSES; k++) {
            double sum = 0.5 * (double)constant(g, "dense_b")[k];
            for (int i = 0; i < CHANNELS * PLANE; i++)
                sum += l->conv2[p * CHANNELS * PLANE + i] * (double)constant(g, "dense_w")[k * CHANNELS * PLANE + i];
            l->dense[p * CLASSES + k] = sum;
        }
}

static void spread(const double *x, int n, double *mean, double *deviation) {
    double squares = 0;
    *mean = 0;
    for (int i = 0; i < n; i++) *mean += x[i] / n;
    for (int i = 0; i < n; i++) squares += (x[i] - *mean) * (x[i] - *mean) / n;
    *deviation = sqrt(squares);
}

static void assert_spread(const double *was, const double *is, int n, bool mean_too) {
    double mean[2], deviation[2];
    spread(was, n, &mean[0], &deviation[0]);
    spread(is, n, &mean[1], &deviation[1]);
    assert_true(fabs(deviation[1] - deviation[0]) <= TOL_REDRAWN * deviation[0]);
    if (mean_too) assert_true(fabs(mean[1] - mean[0]) <= TOL_REDRAWN * deviation[0]);
}

/*/* Pearson's, of two constants. */
static double alike(const bl_real *a, const bl_real *b, int n) {
    double ab = 0, aa = 0, bb = 0, ma = 0, mb = 0;
    for (int i = 0; i < n; i++) ma += (double)a[i] / n, mb += (double)b[i] / n;
    for (int i = 0; i < n; i++) {
        double p = (double)a[i] - ma, q = (double)b[i] - mb;
        ab += p * q, aa += p * p, bb += q * q;
    }
    return ab / sqrt(aa * bb);
}

static void every_layer_keeps_its_spread(void **state) {
    (void)state;
    static layers was, is;
    bl_model *m = network();
    graph_running g = graph_start(m, &BL_WANTS, 1), own = graph_start(m, &BL_WANTS, 1);
    compute(&g, &was);
    OK(bl_run_intervene(g.run, "*~3", NULL, error));
    compute(&g, &is);
    int n = PICTURES * CHANNELS * PLANE;
    assert_spread(was.conv1, is.conv1, n, true);
    assert_spread(was.norm, is.norm, n, true);
    assert_spread(was.conv2, is.conv2, n, false);
    assert_spread(was.dense, is.dense, PICTURES * CLASSES, true);
    /* nothing of the old weights is left, and what normalises starts as before training */
    assert_true(fabs(alike(constant(&g, "conv1_w"), constant(&own, "conv1_w"), 6 * 27)) < 0.25);
    assert_true(fabs(alike(constant(&g, "conv2_w"), constant(&own, "conv2_w"), 6 * 54)) < 0.2);
    assert_true(fabs(alike(constant(&g, "dense_w"), constant(&own, "dense_w"), 5 * 486)) < 0.07);
    for (int c = 1; c < CHANNELS; c++) {
        assert_true(constant(&g, "norm_w")[c] == constant(&g, "norm_w")[0]);
        assert_true(constant(&g, "conv1_b")[c] == constant(&g, "conv1_b")[0]);
    }
    for (int c = 0; c < CHANNELS; c++) { /* statistics: those of the layer before */
        double mean = 0, squares = 0;
        for (int turn = 0; turn < 2; turn++)
            for (int i = 0; i < n; i++) {
                if (i / PLANE % CHANNELS != c) continue;
                double x = is.conv1[i] > 0 ? is.conv1[i] : 0;
                if (turn == 0)
                    mean += x / (PICTURES * PLANE);
                else
                    squares += (x - mean) * (x - mean) / (PICTURES * PLANE);
            }
        assert_true(fabs(mean - (double)constant(&g, "norm_m")[c]) <= TOL_REDRAWN * (fabs(mean) + sqrt(squares)));
        assert_true(fabs(squares - (double)constant(&g, "norm_v")[c]) <= TOL_REDRAWN * squares + 1e-12);
    }
    graph_stop(&g);
    graph_stop(&own);
    bl_model_free(m);
}

static void assert_scores(const graph_running *a, const graph_running *b, bool same) {
    const bl_model *m = bl_plan_model(a->plan);
    bl_shape s = bl_plan_shape(a->plan, m->scores);
    int differ =
        memcmp(bl_run_value(a->run, m->scores), bl_run_value(b->run, m->scores), bl_count(&s) * sizeof(bl_real));
    assert_true((differ == 0) == same);
}

static void seeded_and_taken_back(void **state) {
    (void)state;
    bl_model *m = network();
    bl_wants all = BL_WANTS;
    all.observe_all = all.gradient_all = true;
    graph_running g = graph_start(m, &all, 1), other = graph_start(m, &BL_WANTS, 1), own = graph_start(m, &BL_WANTS, 1);
    int first;
    OK(bl_run_forward(own.run, error));
    OK(bl_run_forward(g.run, error));
    OK(bl_run_intervene(g.run, "*~3", &first, error));
    assert_int_equal(first, m->values[bl_model_find(m, "conv1")].producer);
    OK(bl_run_forward_from(g.run, m->n_nodes, error));
    assert_scores(&g, &own, false);
    size_t drawn = bl_run_edit_bytes(g.run);
    /* whatever else the plan keeps: the same bits */
    OK(bl_run_intervene(other.run, "*~3", NULL, error));
    OK(bl_run_forward(other.run, error));
    assert_scores(&g, &other, true);
    OK(bl_run_intervene(other.run, "*~4", NULL, error));
    OK(bl_run_forward(other.run, error));
    assert_scores(&g, &other, false);
    /* said again beside another edit, nothing is drawn twice: only what that edit changes runs */
    OK(bl_run_intervene(g.run, "*~3 conv2:1*0", &first, error));
    assert_int_equal(first, m->values[bl_model_find(m, "conv2")].producer);
    /* one layer alone leaves the others */
    OK(bl_run_intervene(g.run, "conv2~3", NULL, error));
    assert_ptr_equal(constant(&g, "conv1_w"), m->values[bl_model_find(m, "conv1_w")].data);
    assert_ptr_not_equal(constant(&g, "conv2_w"), m->values[bl_model_find(m, "conv2_w")].data);
    assert_ptr_equal(constant(&g, "dense_w"), m->values[bl_model_find(m, "dense_w")].data);
    /* a kernel edited in a redrawn layer lies over the drawn ones */
    OK(bl_run_intervene(g.run, "conv2~3 conv2/0,0=0,0,0,0,0,0,0,0,0", NULL, error));
    OK(bl_run_forward(g.run, error));
    OK(bl_run_intervene(other.run, "\"conv2\"~3", NULL, error));
    bl_real *by_hand = malloc(6 * 54 * sizeof *by_hand);
    memcpy(by_hand, constant(&other, "conv2_w"), 6 * 54 * sizeof *by_hand);
    memset(by_hand, 0, 9 * sizeof *by_hand);
    OK(bl_run_intervene(other.run, "", NULL, error));
    OK(bl_run_set_constant(other.run, bl_model_find(m, "conv2_w"), by_hand, error));
    OK(bl_run_forward(other.run, error));
    assert_scores(&g, &other, true);
    /* and the network's own come back */
    OK(bl_run_intervene(g.run, "", &first, error));
    assert_int_equal(first, m->values[bl_model_find(m, "conv2")].producer);
    OK(bl_run_forward_from(g.run, m->n_nodes, error));
    assert_scores(&g, &own, true);
    assert_true(drawn > bl_run_edit_bytes(g.run) + 5 * 486 * sizeof(bl_real));
    free(by_hand);
    graph_stop(&g);
    graph_stop(&other);
    graph_stop(&own);
    bl_model_free(m);
}

static void refused(void **state) {
    (void)state;
    bl_model *m = network();
    graph_running g = graph_start(m, &BL_WANTS, 1);
    FAILS(BL_USAGE, "a seed is missing", bl_run_intervene(g.run, "*~", NULL, error));
    FAILS(BL_USAGE, "expected ~seed", bl_run_intervene(g.run, "*:1*0", NULL, error));
    FAILS(BL_USAGE, "no weights to draw anew", bl_run_intervene(g.run, "relu1~1", NULL, error));
    FAILS(BL_USAGE, "nearest", bl_run_intervene(g.run, "conv3~1", NULL, error));
    FAILS(BL_USAGE, "space", bl_run_intervene(g.run, "conv2~1x", NULL, error));
    assert_ptr_equal(constant(&g, "conv2_w"), m->values[bl_model_find(m, "conv2_w")].data);
    graph_stop(&g);
    bl_model_free(m);
    m = graph_new(3, 4, 4);
    graph_node(m, "Relu", "relu", "x", "");
    graph_node(m, "Flatten", "flat", "relu", "");
    graph_seal(m, "flat");
    g = graph_start(m, &BL_WANTS, 1);
    FAILS(BL_USAGE, "no layer with weights", bl_run_intervene(g.run, "*~1", NULL, error));
    graph_stop(&g);
    bl_model_free(m);
}

/* What a shorter plan does not compute is not edited, and says nothing. */
static void beyond_the_plan(void **state) {
    (void)state;
    bl_model *m = network();
    bl_wants w = BL_WANTS;
    w.last = bl_model_find(m, "norm");
    graph_running part = graph_start(m, &w, 1), whole = graph_start(m, &BL_WANTS, 1);
    OK(bl_run_intervene(part.run, "conv2:1*0 *~3 conv2/0,0=0,0,0,0,0,0,0,0,0", NULL, error));
    OK(bl_run_forward(part.run, error));
    OK(bl_run_intervene(whole.run, "*~3", NULL, error));
    assert_memory_equal(constant(&part, "norm_w"), constant(&whole, "norm_w"), CHANNELS * sizeof(bl_real));
    assert_memory_equal(constant(&part, "conv1_w"), constant(&whole, "conv1_w"), 6 * 27 * sizeof(bl_real));
    graph_stop(&part);
    graph_stop(&whole);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_keeps_its_spread),
        cmocka_unit_test(seeded_and_taken_back),
        cmocka_unit_test(refused),
        cmocka_unit_test(beyond_the_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
