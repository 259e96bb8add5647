/* run: partial passes, seeds, rules, accumulation, edits, and what is said about NaN. */
#include "graphs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t count_of(const graph_running *g, int value) {
    bl_shape s = bl_plan_shape(g->plan, value);
    return bl_count(&s);
}

static bl_wants everything(void) {
    bl_wants w = BL_WANTS;
    w.observe_all = w.gradient_all = true;
    return w;
}

/* All values and gradients of two runs, bit for bit. */
static void assert_same(const graph_running *a, const graph_running *b, const bl_model *m) {
    for (int v = 0; v < m->n_values; v++) {
        size_t bytes = count_of(a, v) * sizeof(bl_real);
        if (bl_run_value(a->run, v)) assert_memory_equal(bl_run_value(a->run, v), bl_run_value(b->run, v), bytes);
        if (bl_run_gradient(a->run, v))
            assert_memory_equal(bl_run_gradient(a->run, v), bl_run_gradient(b->run, v), bytes);
    }
}

static void forward_from_is_forward(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        bl_model *m = seed ? graph_random(seed, 20) : graph_classic();
        bl_wants w = everything();
        graph_running part = graph_start(m, &w, 1), whole = graph_start(m, &w, 1);
        OK(bl_run_forward(part.run, error));
        for (int k = 0; k < m->n_nodes; k += 3) {
            /* a constant that node k or a later one reads becomes another one */
            int c = -1;
            for (int j = k; j < m->n_nodes && c < 0; j++)
                for (int i = 1; i < m->nodes[j].n_in; i++)
                    if (m->values[m->nodes[j].in[i]].is_constant) c = m->nodes[j].in[i];
            if (c < 0) continue;
            size_t n = count_of(&part, c);
            bl_real *other = malloc(n * sizeof *other);
            graph_fill(other, n, 77 + (uint64_t)k);
            for (size_t i = 0; i < n; i++) other[i] *= (bl_real)0.1;
            OK(bl_run_set_constant(part.run, c, other, error));
            OK(bl_run_set_constant(whole.run, c, other, error));
            FAILS(BL_USAGE, "forward pass", bl_run_backward(part.run, NULL, 0, NULL, error));
            OK(bl_run_forward_from(part.run, k % 2 ? k : m->n_nodes, error)); /* it knows what has changed */
            OK(bl_run_forward(whole.run, error));
            bl_seed s = {.value = m->output, .index = 0, .weight = 1};
            OK(bl_run_backward(part.run, &s, 1, NULL, error));
            OK(bl_run_backward(whole.run, &s, 1, NULL, error));
            assert_same(&part, &whole, m);
            OK(bl_run_set_constant(part.run, c, NULL, error));
            OK(bl_run_set_constant(whole.run, c, NULL, error));
            free(other);
            OK(bl_run_forward_from(part.run, k, error));
        }
        FAILS(BL_USAGE, "no node", bl_run_forward_from(part.run, m->n_nodes + 1, error));
        FAILS(BL_USAGE, "no constant", bl_run_set_constant(part.run, m->input, NULL, error));
        graph_stop(&part);
        graph_stop(&whole);
        bl_model_free(m);
    }
    bl_model *m = graph_classic();
    graph_running g = graph_start(m, &BL_WANTS, 1);
    FAILS(BL_USAGE, "observes every value", bl_run_forward_from(g.run, 0, error));
    graph_stop(&g);
    bl_model_free(m);
}

static void partial_passes_leave_the_rest_alone(void **state) {
    (void)state;
    bl_model *m = graph_classic();
    bl_wants w = everything();
    graph_running g = graph_start(m, &w, 1);
    OK(bl_run_forward(g.run, error));
    bl_real *early =
        (bl_real *)bl_run_value(g.run, bl_model_find(m, "conv1")); /* spoilt, to see who computes it again */
    bl_real was = early[5];
    early[5] = 1234;
    for (int twice = 0; twice < 2; twice++) {
        OK(bl_run_forward_from(g.run, m->values[bl_model_find(m, "relu2")].producer, error));
        assert_true(early[5] == 1234);
    }
    OK(bl_run_forward_from(g.run, 0, error));
    assert_true(early[5] == was);
    early[5] = 1234;
    OK(bl_run_forward_from(g.run, m->n_nodes, error)); /* the pass before has left nothing to do */
    assert_true(early[5] == 1234);
    graph_stop(&g);
    bl_model_free(m);
}

/* The rule table of ReLU: Zeiler & Fergus 2014, Springenberg et al. 2015. */
static void rules(void **state) {
    (void)state;
    bl_model *m = graph_new(4, 1, 1);
    graph_node(m, "Relu", "y", "x", "");
    graph_seal(m, "y");
    bl_wants w = everything();
    graph_running g = graph_start(m, &w, 0);
    const bl_real z[4] = {1, 1, -1, -1}, arriving[4] = {1, -1, 1, -1};
    const bl_real expected[3][4] = {{1, -1, 0, 0}, {1, 0, 0, 0}, {1, 0, 1, 0}}; /* plain, guided, deconvnet */
    memcpy(bl_run_input(g.run), z, sizeof z);
    OK(bl_run_forward(g.run, error));
    bl_seed seed = {.value = m->output, .data = arriving, .weight = 1};
    for (int rule = 0; rule < 3; rule++) {
        OK(bl_run_backward(g.run, &seed, 1, &(bl_pass){.rule = (bl_rule)rule}, error));
        for (int i = 0; i < 4; i++) assert_true(bl_run_gradient(g.run, m->input)[i] == expected[rule][i]);
        int node = 0;
        bl_rule own = (bl_rule)rule; /* the same by name of the node, against another rule for all */
        OK(bl_run_backward(g.run, &seed, 1,
                           &(bl_pass){.rule = BL_RULE_DECONVNET, .nodes = &node, .rules = &own, .n_nodes = 1}, error));
        for (int i = 0; i < 4; i++) assert_true(bl_run_gradient(g.run, m->input)[i] == expected[rule][i]);
    }
    int node = 5;
    bl_rule own = BL_RULE_PLAIN;
    FAILS(BL_USAGE, "node 5",
          bl_run_backward(g.run, &seed, 1,
                          &(bl_pass){.rule = BL_RULE_PLAIN, .nodes = &node, .rules = &own, .n_nodes = 1}, error));
    graph_stop(&g);
    bl_model_free(m);
}

static void fan_out_adds(void **state) {
    (void)state;
    bl_model *m = graph_new(2, 1, 3);
    graph_node(m, "Identity", "a", "x", "");
    graph_node(m, "Add", "double", "a a", "");      /* one input twice: 2 */
    graph_node(m, "Add", "triple", "double x", ""); /* and past an alias: 3 */
    graph_node(m, "Relu", "r", "triple", "");
    graph_node(m, "Dropout", "d", "r", "");
    graph_node(m, "Add", "y", "d r", ""); /* an alias beside its source: 6 */
    graph_seal(m, "y");
    for (int separate = 0; separate < 2; separate++) {
        bl_wants w = everything();
        w.separate = separate != 0;
        graph_running g = graph_start(m, &w, 0);
        for (int i = 0; i < 6; i++) bl_run_input(g.run)[i] = (bl_real)(i + 1);
        OK(bl_run_forward(g.run, error));
        OK(bl_run_backward(g.run, &(bl_seed){.value = m->output, .index = 4, .weight = 0.5f}, 1, NULL, error));
        for (int i = 0; i < 6; i++) {
            assert_true(bl_run_value(g.run, m->output)[i] == 6 * (i + 1));
            assert_true(bl_run_gradient(g.run, m->input)[i] == (i == 4 ? 3 : 0));
        }
        graph_stop(&g);
    }
    bl_model_free(m);
}

static void seeds_and_accumulation(void **state) {
    (void)state;
    bl_model *m = graph_classic();
    int conv1 = bl_model_find(m, "conv1"), relu2 = bl_model_find(m, "relu2"), weight = bl_model_find(m, "conv1_w");
    int later = bl_model_find(m, "dense_w"), list[3] = {m->input, weight, later}, from[3] = {conv1, relu2, m->scores};
    bl_wants w = BL_WANTS;
    w.gradients = list, w.n_gradients = 3, w.seeds = from, w.n_seeds = 3;
    graph_running g = graph_start(m, &w, 1);
    bl_error e;
    assert_int_equal(bl_run_backward(g.run, NULL, 0, NULL, &e), BL_USAGE); /* before any forward pass */
    OK(bl_run_forward(g.run, error));
    enum { N = 360 };
    bl_real parts[3][N], together[N];
    bl_seed seeds[3] = {{.value = conv1, .index = 17, .weight = 2},
                        {.value = relu2, .index = 3, .weight = -1},
                        {.value = m->scores, .index = 1, .weight = 1}};
    for (int i = 0; i < 3; i++) {
        OK(bl_run_backward(g.run, &seeds[i], 1, NULL, error));
        memcpy(parts[i], bl_run_gradient(g.run, m->input), sizeof *parts);
    }
    /* no way from conv1 to the dense layer's weights: exactly zero, whatever was there before */
    OK(bl_run_backward(g.run, &seeds[0], 1, NULL, error));
    for (size_t i = 0; i < count_of(&g, later); i++) assert_true(bl_run_gradient(g.run, later)[i] == 0);
    OK(bl_run_backward(g.run, seeds, 0, NULL, error));
    for (int i = 0; i < N; i++) assert_true(bl_run_gradient(g.run, m->input)[i] == 0);
    OK(bl_run_backward(g.run, seeds, 3, NULL, error));
    memcpy(together, bl_run_gradient(g.run, m->input), sizeof together);
    double size = 0;
    for (int i = 0; i < N; i++) {
        double sum = (double)parts[0][i] + parts[1][i] + parts[2][i];
        size += fabs(sum);
        assert_true(fabs(sum - together[i]) < 1e-4);
    }
    assert_true(size > 0.1);
    /* accumulating: a fresh pass and two that add are three times as much, across forward passes */
    OK(bl_run_backward(g.run, &seeds[2], 1, NULL, error));
    for (int i = 0; i < 2; i++) {
        OK(bl_run_forward(g.run, error));
        OK(bl_run_backward(g.run, &seeds[2], 1, &(bl_pass){.accumulate = true}, error));
    }
    for (int i = 0; i < N; i++)
        assert_true(fabs((double)bl_run_gradient(g.run, m->input)[i] - 3 * (double)parts[2][i]) < 1e-5);
    FAILS(BL_USAGE, "seed",
          bl_run_backward(g.run, &(bl_seed){.value = bl_model_find(m, "pool1"), .weight = 1}, 1, NULL, error));
    FAILS(BL_USAGE, "which has 5", bl_run_backward(g.run, &(bl_seed){.value = m->scores, .index = 5}, 1, NULL, error));
    graph_stop(&g);
    g = graph_start(m, &BL_WANTS, 1);
    OK(bl_run_forward(g.run, error));
    FAILS(BL_USAGE, "no gradient is wanted", bl_run_backward(g.run, seeds, 1, NULL, error));
    graph_stop(&g);
    bl_model_free(m);
}

static void dead_network(void **state) {
    (void)state;
    bl_model *m = graph_classic();
    bl_wants w = everything();
    graph_running g = graph_start(m, &w, 1);
    bl_real bias[6] = {-100, -100, -100, -100, -100, -100};
    OK(bl_run_set_constant(g.run, bl_model_find(m, "conv1_b"), bias, error));
    OK(bl_run_forward(g.run, error));
    OK(bl_run_backward(g.run, &(bl_seed){.value = m->scores, .index = 1, .weight = 1}, 1, NULL, error));
    for (size_t i = 0; i < count_of(&g, m->input); i++) assert_true(bl_run_gradient(g.run, m->input)[i] == 0);
    graph_stop(&g);
    bl_model_free(m);
}

static void interventions(void **state) {
    (void)state;
    bl_model *m = graph_classic();
    bl_wants w = everything();
    graph_running g = graph_start(m, &w, 1), plain = graph_start(m, &w, 1);
    int relu1 = bl_model_find(m, "relu1"), conv2 = bl_model_find(m, "conv2"), first;
    OK(bl_run_forward(plain.run, error));
    OK(bl_run_forward(g.run, error));
    OK(bl_run_intervene(g.run, "relu1:2*0; relu1:3*-2 relu1:4=mean;conv2:*@1,2,3,4=0.5", &first, error));
    assert_int_equal(first, m->values[relu1].producer);
    OK(bl_run_forward_from(g.run, first, error));
    const bl_real *was = bl_run_value(plain.run, relu1), *is = bl_run_value(g.run, relu1),
                  *painted = bl_run_value(g.run, conv2);
    double mean = 0;
    for (int i = 0; i < 120; i++) mean += was[4 * 120 + i] / 120.0;
    for (int i = 0; i < 120; i++) {
        assert_true(is[120 + i] == was[120 + i] && is[2 * 120 + i] == 0 && is[3 * 120 + i] == -2 * was[3 * 120 + i]);
        assert_true(fabs((double)is[4 * 120 + i] - mean) < 1e-5 && is[4 * 120 + i] == is[4 * 120]);
    }
    for (int c = 0; c < 6; c++)
        for (int row = 0; row < 6; row++)
            for (int column = 0; column < 5; column++)
                if (row >= 1 && row <= 3 && column >= 2 && column <= 4)
                    assert_true(painted[c * 30 + row * 5 + column] == 0.5f);
    /* another edit before: the pass starts there; one that stays is not begun again */
    OK(bl_run_intervene(g.run, "relu1:2*0; relu1:3*-2 relu1:4=mean;conv2:1*3", &first, error));
    assert_int_equal(first, m->values[conv2].producer);
    OK(bl_run_forward_from(g.run, first, error));
    OK(bl_run_intervene(g.run, " relu1:2*0 relu1:3*-2;; relu1:4=mean conv2:1*3;", &first, error));
    assert_int_equal(first, m->n_nodes);
    OK(bl_run_backward(g.run, &(bl_seed){.value = m->scores, .index = 1, .weight = 1}, 1, NULL, error));
    const bl_real *gradient = bl_run_gradient(g.run, relu1); /* replaced and switched off: none; others: some */
    bool some = false;
    for (int i = 0; i < 120; i++) {
        assert_true(gradient[2 * 120 + i] == 0 && gradient[4 * 120 + i] == 0);
        some = some || gradient[3 * 120 + i] != 0;
    }
    assert_true(some);
    /* wrong text changes nothing */
    FAILS(BL_USAGE, "channels 0 to 5, not 6", bl_run_intervene(g.run, "relu1:1*0 relu1:6*0", &first, error));
    OK(bl_run_forward(g.run, error));
    assert_true(bl_run_value(g.run, relu1)[3 * 120] == -2 * was[3 * 120]);
    OK(bl_run_intervene(g.run, "", &first, error));
    assert_int_equal(first, m->values[relu1].producer);
    FAILS(BL_USAGE, "edits", bl_run_backward(g.run, NULL, 0, NULL, error));
    OK(bl_run_forward_from(g.run, first, error));
    OK(bl_run_backward(plain.run, NULL, 0, NULL, error));
    OK(bl_run_backward(g.run, NULL, 0, NULL, error));
    assert_same(&g, &plain, m);
    graph_stop(&g);
    graph_stop(&plain);
    bl_model_free(m);
}

static void overlaid_kernels(void **state) {
    (void)state;
    bl_model *m = graph_classic();
    bl_wants w = everything();
    graph_running g = graph_start(m, &w, 1), other = graph_start(m, &w, 1);
    int weight = bl_model_find(m, "conv2_w"), first;
    bl_real *edited = malloc(count_of(&g, weight) * sizeof *edited);
    memcpy(edited, m->values[weight].data, count_of(&g, weight) * sizeof *edited);
    for (int i = 0; i < 9; i++) edited[(4 * 6 + 1) * 9 + i] = (bl_real)(i - 4);
    OK(bl_run_forward(g.run, error));
    OK(bl_run_intervene(g.run, "conv2/4,1=-4,-3,-2,-1,0,1,2,3,4", &first, error));
    assert_int_equal(first, m->values[bl_model_find(m, "conv2")].producer);
    OK(bl_run_forward_from(g.run, first, error));
    OK(bl_run_set_constant(other.run, weight, edited, error));
    OK(bl_run_forward(other.run, error));
    bl_seed seed = {.value = m->scores, .index = 1, .weight = 1};
    OK(bl_run_backward(g.run, &seed, 1, NULL, error));
    OK(bl_run_backward(other.run, &seed, 1, NULL, error));
    OK(bl_run_set_constant(other.run, weight, NULL, error)); /* the value it shows, not what it was computed with */
    assert_same(&g, &other, m);
    assert_ptr_equal(bl_run_value(g.run, weight), m->values[weight].data); /* the edit is a copy */
    OK(bl_run_intervene(g.run, "\"conv2\"/4,1=1,1,1,1,1,1,1,1,1 conv2/0,0=0,0,0,0,0,0,0,0,0", &first, error));
    OK(bl_run_intervene(g.run, "", &first, error));
    OK(bl_run_forward(g.run, error));
    OK(bl_run_forward(other.run, error));
    OK(bl_run_backward(g.run, &seed, 1, NULL, error));
    OK(bl_run_backward(other.run, &seed, 1, NULL, error));
    assert_same(&g, &other, m);
    free(edited);
    graph_stop(&g);
    graph_stop(&other);
    bl_model_free(m);
}

static void refused_interventions(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } table[] = {
        {"relu3:1*0", "nearest: \"relu1\""},
        {"relu1", "expected :"},
        {"relu1:", "channel is missing"},
        {"relu1:1", "expected *factor"},
        {"relu1:1*", "factor"},
        {"relu1:1*nan", "factor"},
        {"relu1:1*1e999", "factor"},
        {"relu1:1*0x10", "factor"},
        {"relu1:1@1,2,3=4", "corner"},
        {"relu1:1@0,0,12,3=1", "do not fit"},
        {"relu1:1@3,0,2,3=1", "do not fit"},
        {"relu1:1@0,0,1,1", "=number"},
        {"relu1:1*2relu1:1*2", "space"},
        {"x:0*0", "no layer's output"},
        {"conv1_w:0*0", "no layer's output"},
        {"drop:0*0", "edit \"pool2\""},
        {"relu1/0,0=1", "no convolution"},
        {"conv1/0,3=1", "no kernel"},
        {"conv1/6,0=1", "no kernel"},
        {"conv1/0,0=1,2,3", "3 × 3"},
        {"conv1/,0=1", "output,input"},
        {"\"conv1/0,0=1", "not closed"},
        {"conv1/0,0=1,2,3,4,5,6,7,8,9,10", "space"},
        {"relu1:99999999999*0", "missing"},
        {";,", "name is missing"},
    };
    bl_model *m = graph_classic();
    graph_running g = graph_start(m, &BL_WANTS, 1);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        FAILS(BL_USAGE, table[i].part, bl_run_intervene(g.run, table[i].text, NULL, error));
    bl_error *none = NULL;
    assert_int_equal(bl_run_intervene(g.run, "relu3:1*0", NULL, none), BL_USAGE);
    graph_stop(&g);
    bl_model_free(m);
}

static void names_who_made_nan(void **state) {
    (void)state;
    bl_model *m = graph_classic();
    for (int observed = 0; observed < 2; observed++) {
        bl_wants w = BL_WANTS;
        w.observe_all = observed != 0;
        w.batch = 2;
        graph_running g = graph_start(m, &w, 1);
        int weight = bl_model_find(m, "conv2_w");
        bl_real *bad = malloc(count_of(&g, weight) * sizeof *bad);
        memcpy(bad, m->values[weight].data, count_of(&g, weight) * sizeof *bad);
        bad[2 * 54 + 4] = NAN; /* the middle of the kernel from input 0 to output 2 */
        OK(bl_run_set_constant(g.run, weight, bad, error));
        FAILS(BL_NOT_A_NUMBER,
              "node \"conv2\" (Conv) gives NaN or infinity: 60 of 360 values, the first in picture 0, channel 2, row "
              "0, column 0",
              bl_run_forward(g.run, error));
        FAILS(BL_NOT_A_NUMBER, "\"conv2_w\"", bl_run_forward(g.run, error));
        assert_non_null(bl_run_value(g.run, m->scores));
        assert_true(isnan(bl_run_value(g.run, m->scores)[0]));
        OK(bl_run_set_constant(g.run, weight, NULL, error));
        OK(bl_run_forward(g.run, error));
        bl_run_input(g.run)[360 + 120 + 13] = INFINITY;
        FAILS(BL_NOT_A_NUMBER,
              "the input holds NaN or infinity: 1 of 720 values, the first in picture 1, channel 1, row 1, column 3",
              bl_run_forward(g.run, error));
        free(bad);
        graph_stop(&g);
    }
    bl_model_free(m);
}

/* A browser's: 31.7 microseconds from call to call, told in steps of 100; sometimes something else has the processor.
 */
static double coarse_clock(void) {
    static int calls;
    static double now;
    now += ++calls % 1009 ? 31.7e-6 : 0.5;
    return floor(now * 1e4) / 1e4;
}

static void profiles_by_a_coarse_clock(void **state) {
    (void)state;
    bl_model *m = graph_classic();
    bl_wants w = everything();
    graph_running g = graph_start(m, &w, 1);
    bl_objective objective;
    OK(bl_objective_parse(m, "class:0", &objective, error));
    bl_profile_row *rows = calloc((size_t)m->n_nodes, sizeof *rows);
    OK(bl_profile(g.run, &objective, 200, coarse_clock, rows, error));
    for (int k = 0; k < m->n_nodes; k++) {
        if (!bl_plan_has(g.plan, m->nodes[k].out) || rows[k].forward == 0) continue;
        if (fabs(rows[k].forward - 0.0317) > 0.012) fail_msg("%s took %g ms", m->nodes[k].name, rows[k].forward);
        if (rows[k].backward > 0 && fabs(rows[k].backward - 0.0317) > 0.012)
            fail_msg("%s took %g ms back", m->nodes[k].name, rows[k].backward);
    }
    assert_true(rows[0].forward > 0 && rows[0].backward > 0);
    free(rows);
    graph_stop(&g);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_from_is_forward),
        cmocka_unit_test(partial_passes_leave_the_rest_alone),
        cmocka_unit_test(rules),
        cmocka_unit_test(fan_out_adds),
        cmocka_unit_test(seeds_and_accumulation),
        cmocka_unit_test(dead_network),
        cmocka_unit_test(interventions),
        cmocka_unit_test(overlaid_kernels),
        cmocka_unit_test(refused_interventions),
        cmocka_unit_test(names_who_made_nan),
        cmocka_unit_test(profiles_by_a_coarse_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
