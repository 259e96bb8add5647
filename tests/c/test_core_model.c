/* model and seal: what is refused, what is dropped, sorted, named, folded, and where the scores are. */
#include "graphs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../tolerances.h"

static void refuses_bad_nodes(void **state) {
    (void)state;
    bl_model *m = graph_new(3, 8, 8);
    graph_node(m, "Relu", "a", "x", "");
    FAILS(BL_UNSUPPORTED, "operator Warp is not supported", graph_try_node(m, "Warp", "b", "a", "", error));
    FAILS(BL_UNSUPPORTED, "attribute \"slope\"", graph_try_node(m, "Relu", "b", "a", "slope=1", error));
    FAILS(BL_FORMAT, "has 3 inputs", graph_try_node(m, "Relu", "b", "a a a", "", error));
    FAILS(BL_FORMAT, "input 0 is missing", graph_try_node(m, "Relu", "b", "-", "", error));
    FAILS(BL_FORMAT, "\"a\" is defined twice", graph_try_node(m, "Relu", "a", "x", "", error));
    FAILS(BL_FORMAT, "defined twice", graph_try_node(m, "Relu", "x", "a", "", error));
    void *data;
    bl_shape large = {4, {1 << 20, 1 << 20, 1, 1}}, five = {5, {1}}, many = {1, {BL_MAX_INTS + 1}};
    int c = graph_constant(m, "c", "3", 1, 0);
    FAILS(BL_FORMAT, "defined twice", bl_model_constant(m, c, BL_FLOAT, &five, &data, error));
    FAILS(BL_FORMAT, "defined twice", graph_try_node(m, "Relu", "c", "x", "", error));
    int d = bl_model_value(m, "d", 1);
    FAILS(BL_UNSUPPORTED, "too large", bl_model_constant(m, d, BL_FLOAT, &large, &data, error));
    FAILS(BL_UNSUPPORTED, "dimensions", bl_model_constant(m, d, BL_FLOAT, &five, &data, error));
    FAILS(BL_UNSUPPORTED, "integer", bl_model_constant(m, d, BL_INT, &many, &data, error));
    assert_int_equal(bl_model_value(m, "", 0), -1);
    assert_int_equal(bl_model_value(m, "a\0b", 3), -1);
    assert_int_equal(bl_model_value(m, "dx", 1), d);
    bl_model_free(m);
}

static void refuses_bad_graphs(void **state) {
    (void)state;
    bl_model *m = graph_new(3, 8, 8);
    FAILS(BL_FORMAT, "no input or no output", bl_model_seal(m, NULL, error));
    m->output = bl_model_value(m, "a", 1);
    FAILS(BL_FORMAT, "no node", bl_model_seal(m, NULL, error));
    bl_model_free(m);

    m = graph_new(3, 8, 8);
    graph_node(m, "Add", "a", "x b", "");
    graph_node(m, "Relu", "b", "c", "");
    m->output = graph_node(m, "Relu", "c", "a", "");
    FAILS(BL_FORMAT, "circle", bl_model_seal(m, NULL, error));
    bl_model_free(m);

    m = graph_new(3, 8, 8);
    m->output = graph_node(m, "Add", "a", "x nobody", "");
    FAILS(BL_FORMAT, "no node makes its input \"nobody\"", bl_model_seal(m, NULL, error));
    bl_model_free(m);
}

static void sorts_and_prunes(void **state) {
    (void)state;
    bl_model *m = graph_new(3, 8, 8);
    graph_node(m, "Relu", "d", "c", ""); /* written backwards */
    graph_node(m, "Add", "c", "b a", "");
    graph_node(m, "Relu", "dead", "b", "");
    graph_node(m, "Add", "lost", "nobody dead", ""); /* nobody needs what is wrong here */
    graph_node(m, "Relu", "b", "a", "");
    graph_node(m, "Relu", "a", "x", "");
    graph_seal(m, "d");
    assert_int_equal(m->n_nodes, 4);
    assert_int_equal(m->n_values, 5);
    for (int k = 0; k < m->n_nodes; k++) {
        assert_int_equal(m->values[m->nodes[k].out].producer, k);
        for (int i = 0; i < m->nodes[k].n_in; i++) assert_true(m->values[m->nodes[k].in[i]].producer < k);
        assert_int_equal(bl_model_find(m, m->nodes[k].name), m->nodes[k].out);
    }
    assert_int_equal(bl_model_find(m, "dead"), -1);
    assert_int_equal(bl_model_find(m, "x"), m->input);
    assert_int_equal(m->output, bl_model_find(m, "d"));
    bl_model_free(m);
}

static void names_nodes(void **state) {
    (void)state;
    bl_model *m = graph_new(3, 8, 8);
    int x = m->input, a = bl_model_value(m, "a", 1), b = bl_model_value(m, "b", 1), c = bl_model_value(m, "c", 1);
    OK(bl_model_node(m, "Relu", "act", &x, 1, a, NULL, 0, error));
    OK(bl_model_node(m, "Relu", "act", &a, 1, b, NULL, 0, error));
    OK(bl_model_node(m, "Relu", "b", &b, 1, c, NULL, 0, error)); /* the name the second one had to take */
    graph_seal(m, "c");
    assert_string_equal(m->nodes[0].name, "act");
    assert_string_equal(m->nodes[1].name, "b");
    assert_string_equal(m->nodes[2].name, "c");
    assert_int_equal(bl_model_find(m, "act"), bl_model_find(m, "a"));
    bl_model_free(m);
}

static void many_values(void **state) {
    (void)state;
    bl_model *m = graph_new(1, 4, 4);
    char name[32], before[32] = "x";
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "value_%d", i);
        graph_node(m, "Relu", name, before, "");
        memcpy(before, name, sizeof name);
    }
    graph_seal(m, before);
    assert_int_equal(m->n_nodes, 3000);
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "value_%d", i);
        assert_string_equal(m->values[bl_model_find(m, name)].name, name);
    }
    bl_model_free(m);
}

static void finds_scores(void **state) {
    (void)state;
    bl_model *m = graph_classic();
    assert_int_equal(m->scores, bl_model_find(m, "dense"));
    assert_int_equal(m->head, BL_HEAD_SOFTMAX);
    bl_model_free(m);
    m = graph_new(3, 4, 4);
    graph_node(m, "Flatten", "flat", "x", "");
    graph_dense(m, "dense", "flat", 48, 3);
    graph_node(m, "Softmax", "soft", "dense", "");
    graph_node(m, "Identity", "again", "soft", "");
    graph_seal(m, "again");
    assert_int_equal(m->scores, bl_model_find(m, "dense")); /* seen through the identity */
    bl_model_free(m);
    m = graph_new(3, 4, 4);
    graph_node(m, "Flatten", "flat", "x", "");
    graph_dense(m, "dense", "flat", 48, 3);
    graph_node(m, "Relu", "relu", "dense", "");
    graph_seal(m, "relu");
    assert_int_equal(m->scores, m->output);
    assert_int_equal(m->head, BL_HEAD_SCORES);
    bl_model_free(m);
}

static void folds_constants(void **state) {
    (void)state;
    bl_model *m = graph_new(3, 6, 6);
    graph_constant(m, "stored", "4,3,3,3", 0.3, 0);
    graph_node(m, "Identity", "w1", "stored", "");
    graph_node(m, "Dropout", "w", "w1", "");
    graph_node(m, "Conv", "y", "x w", "");
    graph_seal(m, "y");
    assert_int_equal(m->n_nodes, 1);
    assert_int_equal(m->n_values, 3);
    int w = bl_model_find(m, "w");
    assert_true(m->values[w].is_constant && m->values[w].shape.rank == 4 && m->values[w].shape.dim[0] == 4);
    bl_real expected[4 * 27];
    bl_model *other = graph_new(3, 6, 6);
    int stored = graph_constant(other, "stored", "4,3,3,3", 0.3, 0);
    memcpy(expected, other->values[stored].data, sizeof expected);
    assert_memory_equal(m->values[w].data, expected, sizeof expected);
    bl_model_free(other);
    bl_model_free(m);
}

/* conv → normalisation → relu, twice on the same weights, and a dense layer with one. */
static bl_model *normalised(const bl_open_options *options) {
    bl_model *m = graph_new(2, 6, 5);
    graph_conv(m, "c1", "x", 2, 3, 3, "pads=1,1,1,1");
    graph_constant(m, "gamma", "3", 0.3, 1);
    graph_constant(m, "beta", "3", 0.3, 0);
    graph_constant(m, "mean", "3", 0.3, 0);
    graph_constant(m, "variance", "3", 0.05, 0.6);
    graph_node(m, "BatchNormalization", "n1", "c1 gamma beta mean variance", "epsilon=0.01");
    graph_node(m, "Relu", "r1", "n1", "");
    graph_node(m, "Conv", "c2", "x c1_w", "pads=1,1,1,1"); /* shares the weights, has no bias */
    graph_node(m, "Add", "s", "r1 c2", "");
    graph_node(m, "BatchNormalization", "n2", "c2 gamma beta mean variance", ""); /* c2 has two readers: stays */
    graph_node(m, "Add", "t", "s n2", "");
    graph_node(m, "Flatten", "f", "t", "");
    graph_constant(m, "dw", "90,3", 0.1, 0);
    graph_node(m, "Gemm", "g", "f dw", "");
    graph_node(m, "BatchNormalization", "n3", "g gamma beta mean variance", "");
    m->output = bl_model_value(m, "n3", 2);
    OK(bl_model_seal(m, options, error));
    return m;
}

static void folds_batchnorm(void **state) {
    (void)state;
    if (!bl_op_find("BatchNormalization")) fail_msg("there is no BatchNormalization");
    bl_open_options keep = {.keep_batchnorm = true};
    bl_model *folded = normalised(NULL), *kept = normalised(&keep);
    assert_int_equal(kept->n_nodes, 10);
    assert_int_equal(folded->n_nodes, 8);
    const bl_node *conv = &folded->nodes[folded->values[bl_model_find(folded, "n1")].producer];
    assert_string_equal(conv->op->name, "Conv");
    assert_string_equal(conv->stands_for, "n1");
    assert_string_equal(conv->name, "c1");
    assert_int_equal(bl_model_find(folded, "c1"), bl_model_find(folded, "n1")); /* the node's name still leads there */
    bl_objective o;
    FAILS(BL_USAGE, "nearest", bl_objective_parse(folded, "q7", &o, error));
    /* the shared weights are as they were */
    bl_real *a = folded->values[bl_model_find(folded, "c1_w")].data,
            *b = kept->values[bl_model_find(kept, "c1_w")].data;
    assert_memory_equal(a, b, 54 * sizeof *a);
    graph_running f = graph_start(folded, &BL_WANTS, 1), k = graph_start(kept, &BL_WANTS, 1);
    OK(bl_run_forward(f.run, error));
    OK(bl_run_forward(k.run, error));
    const bl_real *y = bl_run_value(f.run, folded->output), *z = bl_run_value(k.run, kept->output);
    for (int i = 0; i < 3; i++) assert_true(fabs((double)(y[i] - z[i])) < TOL_FOLDED * (1 + fabs((double)z[i])));
    graph_stop(&f);
    graph_stop(&k);
    bl_model_free(folded);
    bl_model_free(kept);
}

/* What would make weights that are no numbers stays a node, and a run names it. */
static void folds_no_infinity(void **state) {
    (void)state;
    bl_model *m = graph_new(2, 6, 5);
    graph_conv(m, "c", "x", 2, 3, 3, "");
    for (int i = 0; i < 3; i++) graph_constant(m, (const char *[]){"gamma", "beta", "mean"}[i], "3", 0.3, 1);
    graph_constant(m, "variance", "3", 0, -1);
    graph_node(m, "BatchNormalization", "n", "c gamma beta mean variance", "");
    graph_constant(m, "zeros", "3,1,1", 0, 0);
    graph_node(m, "Div", "quotient", "zeros zeros", "");
    graph_node(m, "Add", "s", "n quotient", "");
    graph_seal(m, "s");
    assert_int_equal(m->n_nodes, 4);
    graph_running g = graph_start(m, &BL_WANTS, 1);
    FAILS(BL_NOT_A_NUMBER, "\"n\"", bl_run_forward(g.run, error));
    graph_stop(&g);
    bl_model_free(m);
}

static void labels_and_preprocessing(void **state) {
    (void)state;
    bl_model *m = graph_classic();
    char buffer[24];
    assert_string_equal(bl_model_label(m, 7, buffer), "class 7");
    OK(bl_model_set_labels(m, "bell pepper\r\nred panda\n\nlast\n", 29, error));
    assert_int_equal(m->n_labels, 4);
    assert_string_equal(bl_model_label(m, 0, buffer), "bell pepper");
    assert_string_equal(bl_model_label(m, 1, buffer), "red panda");
    assert_string_equal(bl_model_label(m, 2, buffer), "class 2");
    assert_string_equal(bl_model_label(m, 3, buffer), "last");
    FAILS(BL_FORMAT, "zero byte", bl_model_set_labels(m, "a\0b", 3, error));
    assert_int_equal(m->n_labels, 4);
    const float mean[4] = {0.5f, 0.5f, 0.5f, 0.5f}, bad[4] = {1, 0, 1, 1}, worse[4] = {1, NAN, 1, 1};
    FAILS(BL_USAGE, "channel 1", bl_model_set_preprocessing(m, mean, bad, BL_CHANNELS_RGB, error));
    FAILS(BL_USAGE, "channel 1", bl_model_set_preprocessing(m, worse, mean, BL_CHANNELS_RGB, error));
    assert_false(m->has_preprocessing);
    OK(bl_model_set_preprocessing(m, mean, mean, BL_CHANNELS_BGR, error));
    assert_true(m->has_preprocessing && m->channels == BL_CHANNELS_BGR && m->std[2] == 0.5f);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_bad_nodes), cmocka_unit_test(refuses_bad_graphs),
        cmocka_unit_test(sorts_and_prunes),  cmocka_unit_test(names_nodes),
        cmocka_unit_test(many_values),       cmocka_unit_test(finds_scores),
        cmocka_unit_test(folds_constants),   cmocka_unit_test(folds_batchnorm),
        cmocka_unit_test(folds_no_infinity), cmocka_unit_test(labels_and_preprocessing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
