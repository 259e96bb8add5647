/* Whole networks against central differences, in double: gradients of the input, of weights, through joins, edits and
 * every kind of objective. ReLU and pooling have kinks; a direction across one is tried with smaller steps, and left
 * out when that does not help. */
#include "graphs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "../tolerances.h"

/* What ReLU and pooling have decided: the sign of every value that ReLU reads, the winner of every pool. */
static uint64_t decisions(const graph_running *g, const bl_model *m) {
    uint64_t h = 1469598103934665603u;
    for (int k = 0; k < m->n_nodes; k++) {
        const bl_node *node = &m->nodes[k];
        bool relu = strcmp(node->op->name, "Relu") == 0 || strcmp(node->op->name, "LeakyRelu") == 0;
        bool pool = strcmp(node->op->name, "MaxPool") == 0;
        if (!relu && !pool) continue;
        const bl_real *x = bl_run_value(g->run, node->in[0]), *y = bl_run_value(g->run, node->out);
        bl_shape s = bl_plan_shape(g->plan, node->in[0]), t = bl_plan_shape(g->plan, node->out);
        size_t nx = bl_count(&s), ny = bl_count(&t);
        for (size_t i = 0; relu && i < nx; i++) h = (h ^ (x[i] > 0)) * 1099511628211u;
        for (size_t i = 0; pool && i < ny; i++) /* which cell of its channel won */
            for (size_t j = 0; j < nx; j++)
                if (x[j] == y[i]) h = (h ^ j) * 1099511628211u;
    }
    return h;
}

typedef struct {
    const bl_model *m;
    graph_running g;
    bl_objective o;
    bl_real *at;   /* the numbers that are moved: the input, or a constant's copy */
    bl_real *base; /* where they stand */
    size_t n;
    int value; /* of the network: whose numbers they are */
} subject;

static double evaluate(subject *s, const double *direction, double h, uint64_t *decided) {
    for (size_t i = 0; i < s->n; i++) s->at[i] = s->base[i] + h * direction[i];
    double out[8], sum = 0;
    OK(bl_run_forward(s->g.run, error));
    OK(bl_objective_value(s->g.run, &s->o, out, error));
    for (int i = 0; i < bl_plan_batch(s->g.plan); i++) sum += out[i];
    *decided = decisions(&s->g, s->m);
    return sum;
}

/* Compares g·v with the difference along v. False: a kink is in the way. */
static bool compare(subject *s, const bl_real *gradient, const double *direction, double floor, const char *what) {
    double exact = 0;
    for (size_t i = 0; i < s->n; i++) exact += (double)gradient[i] * direction[i];
    for (double h = TOL_DIFFERENCE_STEP; h >= TOL_DIFFERENCE_STEP_LEAST; h /= 2) {
        uint64_t a, b, c;
        double up = evaluate(s, direction, h, &a), down = evaluate(s, direction, -h, &b);
        evaluate(s, direction, 0, &c);
        if (a != b || b != c) continue;
        double difference = (up - down) / (2 * h), size = fmax(fmax(fabs(exact), fabs(difference)), floor);
        /* rounding of the two values themselves, which a small step makes large */
        double rounding = 4e-16 * (fabs(up) + fabs(down)) / h;
        if (fabs(exact - difference) > TOL_DIFFERENCE * size + rounding)
            fail_msg("%s: gradient %.12g, difference %.12g (step %g)", what, exact, difference, h);
        return true;
    }
    return false;
}

/* The network at `objective`, moved in its input (constant NULL) or in a constant. */
static void check(bl_model *m, const char *objective, const char *constant, const char *edits, int batch) {
    subject s = {.m = m};
    OK(bl_objective_parse(m, objective, &s.o, error));
    int seeds[16];
    s.value = constant ? bl_model_find(m, constant) : m->input;
    assert_true(s.value >= 0);
    bl_wants w = BL_WANTS;
    w.batch = batch, w.observe_all = true, w.gradients = &s.value, w.n_gradients = 1;
    w.seeds = seeds, w.n_seeds = bl_objective_seeds(&s.o, seeds);
    s.g = graph_start(m, &w, 3);
    bl_shape shape = bl_plan_shape(s.g.plan, s.value);
    s.n = bl_count(&shape);
    s.base = malloc(s.n * sizeof *s.base);
    bl_real *copy = malloc(s.n * sizeof *copy), *gradient = malloc(s.n * sizeof *gradient);
    double *direction = malloc(s.n * sizeof *direction);
    memcpy(s.base, constant ? m->values[s.value].data : bl_run_input(s.g.run), s.n * sizeof *s.base);
    s.at = constant ? copy : bl_run_input(s.g.run);
    if (constant) OK(bl_run_set_constant(s.g.run, s.value, copy, error));
    if (edits) OK(bl_run_intervene(s.g.run, edits, NULL, error));
    memset(direction, 0, s.n * sizeof *direction);
    uint64_t decided;
    evaluate(&s, direction, 0, &decided);
    OK(bl_objective_backward(s.g.run, &s.o, NULL, error));
    memcpy(gradient, bl_run_gradient(s.g.run, s.value), s.n * sizeof *gradient);
    double largest = 0;
    for (size_t i = 0; i < s.n; i++) largest = fmax(largest, fabs((double)gradient[i]));
    assert_true(largest > 0);
    bl_random r = {.seed = 5, .stream = BL_STREAM_TEST};
    int left_out = 0;
    enum { DIRECTIONS = 20, PIXELS = 30 };
    for (int t = 0; t < DIRECTIONS + PIXELS; t++) {
        double norm = 0;
        for (size_t i = 0; i < s.n; i++) {
            float x;
            bl_random_normals(&r, (uint32_t)((size_t)t * s.n + i), 1, &x);
            direction[i] = t < DIRECTIONS ? (double)x : 0;
            norm += direction[i] * direction[i];
        }
        for (size_t i = 0; t < DIRECTIONS && i < s.n; i++) direction[i] /= sqrt(norm);
        if (t >= DIRECTIONS) direction[bl_random_word(&r, (uint32_t)t) % s.n] = 1;
        left_out += !compare(&s, gradient, direction, TOL_DIFFERENCE_FLOOR * largest, objective);
    }
    if (left_out > TOL_KINKS * (DIRECTIONS + PIXELS)) fail_msg("%s: %d directions on kinks", objective, left_out);
    free(s.base);
    free(copy);
    free(gradient);
    free(direction);
    graph_stop(&s.g);
}

static void objectives(void **state) {
    (void)state;
    static const char *const kinds[] = {"class:2",      "logp:1",      "prob:3",
                                        "class:4-0",    "loss:2",      "conv2",
                                        "relu1:3",      "conv2:1@2,3", "0.7*conv2:1+0.3*relu2:5-2*logp:1+sum",
                                        "probability:2"};
    bl_model *m = graph_classic();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) check(m, kinds[i], NULL, NULL, 1);
    check(m, "logp:1+conv1:2", NULL, NULL, 3);
    bl_model_free(m);
}

static void weights(void **state) {
    (void)state;
    static const char *const names[] = {"conv1_w", "conv1_b", "conv2_w", "conv2_b", "dense_w", "dense_b"};
    bl_model *m = graph_classic();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) check(m, "loss:2", names[i], NULL, 3);
    bl_model_free(m);
}

static void one_output(void **state) {
    (void)state;
    for (int head = 0; head < 2; head++) {
        bl_model *m = graph_new(3, 6, 6);
        graph_conv(m, "conv", "x", 3, 4, 3, "");
        graph_node(m, "Tanh", "tanh", "conv", "");
        graph_node(m, "Flatten", "flat", "tanh", "");
        graph_dense(m, "dense", "flat", 64, head ? 3 : 1);
        if (head) graph_node(m, "Sigmoid", "sigmoid", "dense", "");
        graph_seal(m, head ? "sigmoid" : "dense");
        check(m, "logp:0", NULL, NULL, 1);
        check(m, "prob:1", NULL, NULL, 1);
        check(m, "loss:1", NULL, NULL, 2);
        check(m, "class:0-1", NULL, NULL, 1);
        bl_model_free(m);
    }
}

static void random_graphs(void **state) {
    (void)state;
    for (uint64_t seed = 100; seed < 130; seed++) {
        bl_model *m = graph_random(seed, 6 + (int)(seed % 12));
        char text[100];
        snprintf(text, sizeof text, "\"%s\"", m->values[m->output].name);
        bool reached =
            false; /* the output of a random graph may be a sum that cancels; then there is nothing to compare */
        bl_wants w = BL_WANTS;
        bl_objective o;
        w.gradients = &m->input, w.n_gradients = 1;
        graph_running g = graph_start(m, &w, 3);
        OK(bl_objective_parse(m, text, &o, error));
        OK(bl_run_forward(g.run, error));
        OK(bl_objective_backward(g.run, &o, NULL, error));
        for (int i = 0; i < 2 * 9 * 7; i++) reached = reached || bl_run_gradient(g.run, m->input)[i] != 0;
        graph_stop(&g);
        if (reached) check(m, text, NULL, NULL, 2);
        bl_model_free(m);
    }
}

static void edits(void **state) {
    (void)state;
    /* =mean is not checked here: by definition it carries no gradient, though the mean depends on the input */
    bl_model *m = graph_classic();
    check(m, "logp:1", NULL, "relu1:3*0 relu1:2*-1.5 relu2:1*0.5 conv2:*@1,1,3,2=0.5", 2);
    check(m, "logp:1", NULL, "conv1/2,1=1,0,-1,2,0,-2,1,0,-1 relu2:4*0.25", 1);
    check(m, "logp:1", "conv1_w", "conv2/2,1=1,0,-1,2,0,-2,1,0,-1 pool1:0*2", 1);
    /* operators whose backward reads their own output, which an edit has changed: it must see the one before */
    check(m, "class:1", NULL, "probability:2*-3", 1);
    check(m, "probability:1+probability:2", NULL, "probability:2*-3 probability:0*0", 1);
    bl_model_free(m);
    m = graph_new(2, 6, 5);
    graph_conv(m, "c", "x", 2, 4, 3, "");
    graph_node(m, "Sigmoid", "s", "c", "");
    graph_node(m, "Tanh", "t", "c", "");
    graph_node(m, "Mul", "y", "s t", "");
    graph_seal(m, "y");
    check(m, "y", NULL, "s:1*3 t:2*-2 s:3@0,0,2,1=0.3", 1);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objectives),    cmocka_unit_test(weights), cmocka_unit_test(one_output),
        cmocka_unit_test(random_graphs), cmocka_unit_test(edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
