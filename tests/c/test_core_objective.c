/* objective: the text form, its mistakes, and the numbers. */
#include "graphs.h"

#include <math.h>
#include <string.h>

#include "../tolerances.h"

static void text_and_back(void **state) {
    (void)state;
    static const struct {
        const char *text, *canonical;
    } table[] = {
        {"class:2", "class:2"},
        {" logp:0 ", "logp:0"},
        {"class:\"red panda\"", "class:1"},
        {"prob:\"RED PANDA\"", "prob:1"},
        {"class:\"bell pepper\"-\"Ailurus\"", "class:3-1"}, /* a synonym */
        {"class:4-0", "class:4-0"},
        {"class:4 - loss:0", "class:4-loss:0"},
        {"conv1", "conv1"},
        {"\"conv1\":3", "conv1:3"},
        {"conv1:3@5,8", "conv1:3@5,8"},
        {"class:2-0.5*conv1:3", "class:2-0.5*conv1:3"}, /* no margin: the 0 begins a factor */
        {"class:2-3 *conv1:3", "class:2-3*conv1:3"},
        {"0.7*conv1:3+0.3*conv2:5", "0.7*conv1:3+0.3*conv2:5"},
        {"-2 * conv1 + relu2:0@1,1", "-2*conv1+relu2:0@1,1"},
        {"1.5e-1*conv1-relu1", "0.15*conv1-relu1"},
    };
    bl_model *m = graph_classic();
    const char *labels = "a\nred panda, Ailurus fulgens, Ailurus\nc\nbell pepper\ne";
    OK(bl_model_set_labels(m, labels, strlen(labels), error));
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        bl_objective o;
        char text[200];
        OK(bl_objective_parse(m, table[i].text, &o, error));
        bl_objective_text(m, &o, text, sizeof text);
        assert_string_equal(text, table[i].canonical);
        OK(bl_objective_parse(m, text, &o, error));
        char cut[6];
        bl_objective_text(m, &o, cut, sizeof cut);
        assert_true(strncmp(cut, text, strlen(cut)) == 0 && strlen(cut) == (strlen(text) < 5 ? strlen(text) : 5));
    }
    bl_objective o;
    int seeds[16];
    OK(bl_objective_parse(m, "conv1+2*conv1:3+relu2+class:1", &o, error));
    assert_int_equal(o.n_terms, 4);
    assert_int_equal(bl_objective_seeds(&o, seeds), 3);
    assert_int_equal(bl_objective_last(m, &o), m->scores);
    OK(bl_objective_parse(m, "relu1+conv2:1", &o, error));
    assert_int_equal(bl_objective_last(m, &o), bl_model_find(m, "conv2"));
    bl_model_free(m);
}

static void odd_names(void **state) {
    (void)state;
    bl_model *m = graph_new(2, 4, 4);
    int x = m->input, a = bl_model_value(m, "odd \"one\" \\ here", 16), b = bl_model_value(m, "12", 2);
    OK(bl_model_node(m, "Relu", "r", &x, 1, a, NULL, 0, error));
    OK(bl_model_node(m, "Relu", "class", &a, 1, b, NULL, 0, error));
    graph_seal(m, "12");
    bl_objective o;
    char text[100];
    OK(bl_objective_parse(m, "\"odd \\\"one\\\" \\\\ here\":1+3*12:0-12", &o, error));
    bl_objective_text(m, &o, text, sizeof text);
    assert_string_equal(text, "\"odd \\\"one\\\" \\\\ here\":1+3*12:0-12");
    OK(bl_objective_parse(m, "\"class\":1", &o, error)); /* quoted: the layer, not the word */
    assert_int_equal(o.terms[0].kind, BL_OBJ_CHANNEL);
    assert_int_equal(o.terms[0].value, b);
    bl_model_free(m);
}

static void mistakes(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } table[] = {
        {"", "name is missing"},
        {"conv9:1", "nearest: \"conv1\""},
        {"class:5", "classes 0 to 4"},
        {"class:", "number of a class"},
        {"class:\"fox\"", "there is no class \"fox\""},
        {"class:\"fux\"", "\"fax\""},
        {"conv1:", "number of a channel"},
        {"conv1:1@3", "row,column"},
        {"conv1+", "name is missing"},
        {"conv1 relu1", "expected + or -"},
        {"conv1_w", "constant"},
        {"class:1-9", "classes 0 to 4"},
        {"\"conv1", "not closed"},
        {"nan*conv1", "no layer"},
        {"1e99*conv1", "no layer"},
        {"conv1++relu1", "name is missing"},
        {"conv1+conv1+conv1+conv1+conv1+conv1+conv1+conv1+conv1+conv1+conv1+conv1+conv1+conv1+conv1+conv1+conv1",
         "16 terms"},
    };
    bl_model *m = graph_classic();
    OK(bl_model_set_labels(m, "fax\nb\nc\nd\ne", 11, error));
    bl_objective o;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        FAILS(BL_USAGE, table[i].part, bl_objective_parse(m, table[i].text, &o, error));
    bl_model_free(m);
    m = graph_classic(); /* without labels the run finds out */
    graph_running g = graph_start(m, &BL_WANTS, 1);
    double value;
    OK(bl_objective_parse(m, "class:7", &o, error));
    FAILS(BL_USAGE, "before it", bl_objective_value(g.run, &o, &value, error));
    OK(bl_run_forward(g.run, error));
    FAILS(BL_USAGE, "classes 0 to 4", bl_objective_value(g.run, &o, &value, error));
    OK(bl_objective_parse(m, "conv1:1", &o, error));
    FAILS(BL_USAGE, "does not keep", bl_objective_value(g.run, &o, &value, error));
    FAILS(BL_USAGE, "numbers", bl_objective_parse(m, "class:\"numbers\"", &o, error));
    graph_stop(&g);
    int conv1 = bl_model_find(m, "conv1");
    bl_wants w = BL_WANTS;
    w.observe = &conv1, w.n_observe = 1;
    g = graph_start(m, &w, 1);
    OK(bl_run_forward(g.run, error));
    OK(bl_objective_parse(m, "conv1:6", &o, error));
    FAILS(BL_USAGE, "channels 0 to 5", bl_objective_value(g.run, &o, &value, error));
    OK(bl_objective_parse(m, "conv1:5@12,0", &o, error));
    FAILS(BL_USAGE, "rows 0 to 11", bl_objective_value(g.run, &o, &value, error));
    graph_stop(&g);
    bl_model_free(m);
}

/* A network that only shows its input as scores of `classes`, behind the given head. */
static bl_model *shown(int classes, const char *head) {
    bl_model *m = graph_new(classes, 1, 1);
    graph_node(m, "Identity", "s", "x", "");
    graph_node(m, "Flatten", "f", "s", "");
    if (head) graph_node(m, head, "p", "f", "");
    return graph_seal(m, head ? "p" : "f");
}

static double evaluate(bl_model *m, const bl_real *scores, const char *text, bl_real *gradient) {
    bl_wants w = BL_WANTS;
    w.gradients = &m->input, w.n_gradients = 1;
    graph_running g = graph_start(m, &w, 0);
    bl_objective o;
    double value;
    memcpy(bl_run_input(g.run), scores, (size_t)m->input_c * sizeof *scores);
    OK(bl_objective_parse(m, text, &o, error));
    OK(bl_run_forward(g.run, error));
    OK(bl_objective_value(g.run, &o, &value, error));
    OK(bl_objective_backward(g.run, &o, NULL, error));
    memcpy(gradient, bl_run_gradient(g.run, m->input), (size_t)m->input_c * sizeof *gradient);
    graph_stop(&g);
    return value;
}

static void near(double a, double b) {
    if (!(fabs(a - b) <= TOL_OBJECTIVE * (1 + fabs(b)))) fail_msg("%.9g, not %.9g", a, b);
}

static void heads(void **state) {
    (void)state;
    const bl_real s[3] = {1, 2, -1};
    bl_real g[3];
    double sum = exp(1) + exp(2) + exp(-1), p1 = exp(2) / sum;
    bl_model *m = shown(3, "Softmax");
    near(evaluate(m, s, "class:1", g), 2);
    assert_true(g[0] == 0 && g[1] == 1 && g[2] == 0);
    near(evaluate(m, s, "logp:1", g), log(p1));
    near((double)g[0], -exp(1) / sum), near((double)g[1], 1 - p1), near((double)g[2], -exp(-1) / sum);
    near(evaluate(m, s, "loss:1", g), -log(p1));
    near((double)g[1], p1 - 1);
    near(evaluate(m, s, "prob:1", g), p1);
    near((double)g[1], p1 * (1 - p1)), near((double)g[0], -p1 * exp(1) / sum);
    near(evaluate(m, s, "class:1-2", g), 3);
    assert_true(g[0] == 0 && g[1] == 1 && g[2] == -1);
    near(evaluate(m, s, "2*class:1-0.5*loss:0", g), 4 + 0.5 * (1 - log(sum)));
    const bl_real sure[3] = {0, 60, -60}; /* saturated: finite, and the right sign */
    evaluate(m, sure, "logp:1", g);
    assert_true(g[1] > 0 && g[1] < 1e-20 && g[0] < 0);
    near(evaluate(m, sure, "logp:2", g), -120);
    bl_model_free(m);

    m = shown(3, NULL); /* no head: as before a softmax */
    near(evaluate(m, s, "logp:1", g), log(p1));
    bl_model_free(m);

    m = shown(1, NULL); /* one output: class 1 is +S, class 0 is −S */
    const bl_real one[1] = {2}, large[1] = {90};
    near(evaluate(m, one, "class:1", g), 2), near((double)g[0], 1);
    near(evaluate(m, one, "class:0", g), -2), near((double)g[0], -1);
    near(evaluate(m, one, "class:1-0", g), 4), near((double)g[0], 2);
    double q = 1 / (1 + exp(-2));
    near(evaluate(m, one, "prob:1", g), q), near((double)g[0], q * (1 - q));
    near(evaluate(m, one, "logp:0", g), log(1 - q)), near((double)g[0], -q);
    near(evaluate(m, large, "loss:0", g), 90), near((double)g[0], 1);
    bl_objective o;
    OK(bl_objective_parse(m, "class:2", &o, error));
    bl_model_free(m);

    m = shown(1, "Softmax"); /* of one class: always certain */
    near(evaluate(m, one, "prob:0", g), 1), assert_true(g[0] == 0);
    near(evaluate(m, one, "logp:0", g), 0), assert_true(g[0] == 0);
    near(evaluate(m, one, "class:0", g), 2), assert_true(g[0] == 1);
    bl_model_free(m);

    if (!bl_op_find("Sigmoid")) fail_msg("there is no Sigmoid");
    m = shown(3, "Sigmoid"); /* a yes or no for each class */
    assert_int_equal(m->head, BL_HEAD_SIGMOID);
    near(evaluate(m, s, "prob:1", g), q), near((double)g[1], q * (1 - q));
    assert_true(g[0] == 0 && g[2] == 0);
    near(evaluate(m, s, "logp:1", g), log(q)), near((double)g[1], 1 - q);
    bl_model_free(m);
}

static void layers_are_means(void **state) {
    (void)state;
    bl_model *m = graph_new(2, 2, 3);
    graph_node(m, "Identity", "y", "x", "");
    graph_seal(m, "y");
    bl_wants w = BL_WANTS;
    w.batch = 2;
    w.gradients = &m->input, w.n_gradients = 1;
    graph_running g = graph_start(m, &w, 0);
    bl_real *x = bl_run_input(g.run);
    for (int i = 0; i < 24; i++) x[i] = (bl_real)(i + 1);
    bl_objective o;
    double value[2];
    OK(bl_run_forward(g.run, error));
    OK(bl_objective_parse(m, "y", &o, error));
    OK(bl_objective_value(g.run, &o, value, error));
    OK(bl_objective_backward(g.run, &o, NULL, error));
    near(value[0], 0.5 * 650 / 12), near(value[1], 0.5 * (4900 - 650) / 12);
    for (int i = 0; i < 24; i++) near((double)bl_run_gradient(g.run, m->input)[i], (i + 1) / 12.0);
    OK(bl_objective_parse(m, "3*y:1-y:0@1,2", &o, error));
    OK(bl_objective_value(g.run, &o, value, error));
    OK(bl_objective_backward(g.run, &o, NULL, error));
    near(value[0], 3 * 9.5 - 6), near(value[1], 3 * 21.5 - 18);
    for (int i = 0; i < 24; i++)
        near((double)bl_run_gradient(g.run, m->input)[i], i % 12 >= 6 ? 0.5 : i % 12 == 5 ? -1 : 0);
    FAILS(BL_SHAPE, "not one number for each class",
          (bl_objective_parse(m, "class:0", &o, error), bl_objective_value(g.run, &o, value, error)));
    graph_stop(&g);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_back), cmocka_unit_test(odd_names),        cmocka_unit_test(mistakes),
        cmocka_unit_test(heads),         cmocka_unit_test(layers_are_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
