/* plan: shapes for any size, limits, exact memory without overlap, and bits that depend on nothing that is planned. */
#include "graphs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/internal.h"

static void shapes(void **state) {
    (void)state;
    bl_model *m = graph_classic();
    bl_plan *p;
    bl_wants w = BL_WANTS;
    w.batch = 3;
    OK(bl_plan_new(m, &w, &p, error));
    bl_shape s = bl_plan_shape(p, bl_model_find(m, "pool2"));
    assert_true(s.rank == 4 && s.dim[0] == 3 && s.dim[1] == 6 && s.dim[2] == 2 && s.dim[3] == 2);
    s = bl_plan_shape(p, bl_model_find(m, "flat"));
    assert_true(s.rank == 2 && s.dim[0] == 3 && s.dim[1] == 24);
    assert_int_equal(bl_plan_batch(p), 3);
    double macs = 3.0 * (12 * 10 * 6 * 27 + 6 * 5 * 6 * 54 + 24 * 5);
    assert_true(bl_plan_macs(p) == macs);
    assert_true(bl_plan_node_macs(p, 0) == 3.0 * 12 * 10 * 6 * 27);
    bl_plan_free(p);
    /* the whole network takes one size only, and says which; up to its last layer before flatten it takes any */
    w.height = 40, w.width = 31;
    FAILS(BL_SHAPE, "made for 12 × 10", bl_plan_new(m, &w, &p, error));
    assert_null(p);
    w.last = bl_model_find(m, "pool2");
    OK(bl_plan_new(m, &w, &p, error));
    s = bl_plan_shape(p, w.last);
    assert_true(s.dim[2] == 6 && s.dim[3] == 7);
    assert_true(bl_plan_has(p, bl_model_find(m, "sum")) && !bl_plan_has(p, bl_model_find(m, "dense")));
    assert_true(bl_plan_has(p, bl_model_find(m, "dense_w")));
    bl_run *r;
    OK(bl_run_new(p, &r, error));
    OK(bl_run_forward(r, error));
    assert_null(bl_run_value(r, m->scores));
    assert_non_null(bl_run_value(r, w.last));
    bl_run_free(r);
    bl_plan_free(p);
    bl_model_free(m);
}

static void refusals(void **state) {
    (void)state;
    bl_model *m = graph_classic();
    bl_plan *p;
    bl_wants w = BL_WANTS;
    int dense = bl_model_find(m, "dense"), nowhere = 10000;
    w.last = bl_model_find(m, "relu2"), w.observe = &dense, w.n_observe = 1;
    FAILS(BL_USAGE, "comes after", bl_plan_new(m, &w, &p, error));
    w = BL_WANTS, w.gradients = &nowhere, w.n_gradients = 1;
    FAILS(BL_USAGE, "none of the network's", bl_plan_new(m, &w, &p, error));
    w = BL_WANTS, w.batch = 1 << 20;
    FAILS(BL_USAGE, "batch", bl_plan_new(m, &w, &p, error));
    w = BL_WANTS, w.height = 1 << 20, w.width = 1 << 20;
    FAILS(BL_MEMORY, "too large", bl_plan_new(m, &w, &p, error));
    w = BL_WANTS, w.limit = 20000;
    FAILS(BL_MEMORY, "the limit is 0.0 MB", bl_plan_new(m, &w, &p, error));
    w.limit = 0;
    OK(bl_plan_new(m, &w, &p, error));
    w.limit = bl_plan_bytes(p); /* exactly enough */
    bl_plan_free(p);
    OK(bl_plan_new(m, &w, &p, error));
    bl_plan_free(p);
    w.limit--;
    FAILS(BL_MEMORY, "limit", bl_plan_new(m, &w, &p, error));
    m->input_h = -1;
    w = BL_WANTS;
    FAILS(BL_USAGE, "how large", bl_plan_new(m, &w, &p, error));
    w.height = 12;
    OK(bl_plan_new(m, &w, &p, error));
    bl_plan_free(p);
    bl_model_free(m);
}

/* conv → its own shape → (batch, −1) → reshape: the integers are known while planning and never computed. */
static void shape_arithmetic(void **state) {
    (void)state;
    bl_model *m = graph_new(2, 6, 5);
    void *ints;
    graph_conv(m, "c", "x", 2, 3, 3, "");
    graph_node(m, "Tanh", "only_asked", "c", ""); /* whose shape is asked for, but not its numbers */
    graph_node(m, "Shape", "shape", "only_asked", "");
    int zero = bl_model_value(m, "zero", 4), rest = bl_model_value(m, "rest", 4);
    OK(bl_model_constant(m, zero, BL_INT, &(bl_shape){1, {1}}, &ints, error));
    OK(bl_model_constant(m, rest, BL_INT, &(bl_shape){1, {1}}, &ints, error));
    *(int64_t *)ints = -1;
    graph_node(m, "Gather", "batch", "shape zero", "");
    graph_node(m, "Concat", "wanted", "batch rest", "axis=0");
    graph_node(m, "Reshape", "y", "c wanted", "");
    graph_seal(m, "y");
    bl_wants w = BL_WANTS;
    w.batch = 3, w.gradients = &m->input, w.n_gradients = 1;
    graph_running g = graph_start(m, &w, 1);
    bl_shape s = bl_plan_shape(g.plan, m->output);
    assert_true(s.rank == 2 && s.dim[0] == 3 && s.dim[1] == 36);
    assert_false(bl_plan_has(g.plan, bl_model_find(m, "shape")) || bl_plan_has(g.plan, bl_model_find(m, "only_asked")));
    OK(bl_run_forward(g.run, error));
    OK(bl_run_backward(g.run, &(bl_seed){.value = m->output, .index = 40, .weight = 1}, 1, NULL, error));
    bool some = false;
    for (int i = 0; i < 60; i++) { /* of the second picture */
        assert_true(bl_run_gradient(g.run, m->input)[i] == 0 && bl_run_gradient(g.run, m->input)[120 + i] == 0);
        some = some || bl_run_gradient(g.run, m->input)[60 + i] != 0;
    }
    assert_true(some);
    graph_stop(&g);
    bl_plan *p;
    int shape = bl_model_find(m, "shape");
    w = BL_WANTS, w.gradients = &shape, w.n_gradients = 1;
    FAILS(BL_USAGE, "integers", bl_plan_new(m, &w, &p, error));
    w = BL_WANTS, w.last = shape;
    FAILS(BL_UNSUPPORTED, "integers", bl_plan_new(m, &w, &p, error));
    w = BL_WANTS, w.observe_all = true;
    g = graph_start(m, &w, 1);
    OK(bl_run_forward(g.run, error));
    assert_null(bl_run_value(g.run, shape));
    graph_stop(&g);
    bl_model_free(m);
}

static bool is_part(const bl_plan *p, int buffer, int of) {
    while (buffer >= 0 && buffer != of) buffer = p->buffers[buffer].inside;
    return buffer == of;
}

/* No two pieces of memory may overlap while both are alive, but for parts with their wholes: every pair. */
static void check_layout(const bl_plan *p) {
    for (int i = 0; i < p->n_buffers; i++) {
        const bl_buffer *a = &p->buffers[i], *whole = &p->buffers[bl_whole_buffer(p, i)];
        assert_true(whole->offset % BL_ALIGN == 0 && a->from <= a->to && a->offset + a->bytes <= p->tensor_bytes);
        assert_true(a->offset >= whole->offset && a->offset + a->bytes <= whole->offset + whole->bytes);
        assert_true(whole->from <= a->from && whole->to >= a->to);
        for (int k = 0; k < i; k++) {
            const bl_buffer *b = &p->buffers[k];
            if (is_part(p, i, k) || is_part(p, k, i)) continue;
            bool apart = a->offset + a->bytes <= b->offset || b->offset + b->bytes <= a->offset;
            assert_true(apart || a->to < b->from || b->to < a->from);
        }
    }
}

/* No layout can do with less than what is alive at once. */
static size_t least_bytes(const bl_plan *p) {
    size_t most = 0;
    for (int time = -1; time <= 2 * p->model->n_nodes; time++) {
        size_t alive = 0;
        for (int i = 0; i < p->n_buffers; i++)
            if (p->buffers[i].inside < 0 && p->buffers[i].from <= time && p->buffers[i].to >= time)
                alive += bl_round_up(p->buffers[i].bytes);
        if (alive > most) most = alive;
    }
    return most;
}

/* A value must be alive from the node that makes it to the last that reads it, forwards and backwards. */
static void check_lives(const bl_plan *p) {
    const bl_model *m = p->model;
    size_t offset, bytes;
    int from, to;
    for (int k = 0; k < m->n_nodes; k++) {
        if (!p->nodes[k].computed) continue;
        assert_true(bl_plan_place(p, m->nodes[k].out, false, &offset, &bytes, &from, &to));
        assert_true(from <= k && to >= k);
        for (int i = 0; i < m->nodes[k].n_in; i++) {
            int v = m->nodes[k].in[i];
            if (bl_plan_place(p, v, false, &offset, &bytes, &from, &to)) assert_true(from < k && to >= k);
            bool back = p->nodes[k].backward && p->nodes[k].grad_in[i];
            if (back) {
                assert_true(bl_plan_place(p, v, true, &offset, &bytes, &from, &to));
                assert_true(from <= 2 * m->n_nodes - 1 - k && to >= 2 * m->n_nodes - 1 - k);
            }
        }
    }
}

static void layout_of_random_graphs(void **state) {
    (void)state;
    size_t together = 0, apart = 0, least = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        bl_model *m = graph_random(seed, 4 + (int)seed % 40);
        for (int variant = 0; variant < 4; variant++) {
            bl_wants w = BL_WANTS;
            w.gradient_all = variant == 1, w.observe_all = variant == 2;
            w.gradients = &m->input, w.n_gradients = variant == 3;
            bl_plan *p;
            OK(bl_plan_new(m, &w, &p, error));
            check_layout(p);
            check_lives(p);
            together += p->tensor_bytes;
            least += least_bytes(p);
            bl_plan_free(p);
            w.separate = true;
            OK(bl_plan_new(m, &w, &p, error));
            check_layout(p);
            apart += p->tensor_bytes;
            bl_plan_free(p);
        }
        bl_model_free(m);
    }
    assert_true(together * 10 < apart * 9);    /* sharing must be worth it: here a tenth at the very least */
    assert_true(together * 100 < least * 105); /* and waste little */
}

/* Output and gradients of every kind of plan must have the same bits. Copies them for comparison. */
typedef struct {
    bl_real output[4096], input_gradient[4096], weight_gradient[4096];
} numbers;

static int some_weight(const bl_model *m) {
    for (int v = 0; v < m->n_values; v++)
        if (m->values[v].is_constant) return v;
    return m->input;
}

static void run_once(const bl_model *m, bl_wants w, uint64_t first, numbers *out) {
    int wanted[2] = {m->input, some_weight(m)};
    w.gradients = wanted, w.n_gradients = 2;
    graph_running g = graph_start(m, &w, first);
    bl_shape s = bl_plan_shape(g.plan, m->output), x = bl_plan_shape(g.plan, m->input),
             c = bl_plan_shape(g.plan, wanted[1]);
    size_t n = bl_count(&s), one = n / (size_t)s.dim[0];
    assert_true(n <= 4096 && bl_count(&x) <= 4096 && bl_count(&c) <= 4096);
    bl_real *seed = malloc(n * sizeof *seed);
    for (int i = 0; i < s.dim[0]; i++) graph_fill(seed + (size_t)i * one, one, 1000 + first + (uint64_t)i);
    memset(out, 0, sizeof *out);
    for (int again = 0; again < 2; again++) { /* the second pass finds memory as the first has left it */
        OK(bl_run_forward(g.run, error));
        memcpy(out->output, bl_run_value(g.run, m->output), n * sizeof *seed);
        for (int twice = 0; twice < 2; twice++)
            OK(bl_run_backward(g.run, &(bl_seed){.value = m->output, .data = seed, .weight = 1}, 1, NULL, error));
        memcpy(out->input_gradient, bl_run_gradient(g.run, m->input), bl_count(&x) * sizeof *seed);
        memcpy(out->weight_gradient, bl_run_gradient(g.run, wanted[1]), bl_count(&c) * sizeof *seed);
    }
    free(seed);
    graph_stop(&g);
}

static void bits_do_not_depend_on_the_plan(void **state) {
    (void)state;
    static numbers plain, other;
    for (uint64_t seed = 0; seed < 60; seed++) {
        bl_model *m = seed ? graph_random(seed, 3 + (int)seed % 30) : graph_classic();
        run_once(m, BL_WANTS, 5, &plain);
        bl_wants w = BL_WANTS;
        w.separate = true;
        run_once(m, w, 5, &other);
        assert_memory_equal(&plain, &other, sizeof plain);
        w = BL_WANTS, w.observe_all = true;
        run_once(m, w, 5, &other);
        assert_memory_equal(&plain, &other, sizeof plain);
        w = BL_WANTS, w.gradient_all = true;
        run_once(m, w, 5, &other);
        assert_memory_equal(&plain, &other, sizeof plain);
        int some[2] = {m->nodes[m->n_nodes / 2].out, m->nodes[m->n_nodes / 3].out};
        w = BL_WANTS, w.observe = some, w.n_observe = 2;
        run_once(m, w, 5, &other);
        assert_memory_equal(&plain, &other, sizeof plain);
        bl_model_free(m);
    }
}

static void a_batch_has_the_bits_of_its_pictures(void **state) {
    (void)state;
    static numbers batch, single;
    enum { N = 5 };
    for (uint64_t seed = 0; seed < 30; seed++) {
        bl_model *m = seed ? graph_random(seed, 3 + (int)seed) : graph_classic();
        bl_wants w = BL_WANTS;
        w.batch = N;
        run_once(m, w, 20, &batch);
        bl_plan *p;
        OK(bl_plan_new(m, &BL_WANTS, &p, error));
        bl_shape s = bl_plan_shape(p, m->output), x = bl_plan_shape(p, m->input);
        bl_plan_free(p);
        for (uint64_t i = 0; i < N; i++) {
            run_once(m, BL_WANTS, 20 + i, &single);
            assert_memory_equal(batch.output + i * bl_count(&s), single.output, bl_count(&s) * sizeof(bl_real));
            assert_memory_equal(batch.input_gradient + i * bl_count(&x), single.input_gradient,
                                bl_count(&x) * sizeof(bl_real));
        }
        bl_model_free(m);
    }
}

static void observed_values_stay(void **state) {
    (void)state;
    bl_model *m = graph_classic();
    int one = bl_model_find(m, "conv1");
    bl_wants all = BL_WANTS, only = BL_WANTS;
    all.observe_all = all.gradient_all = true;
    only.observe = &one, only.n_observe = 1, only.gradients = &m->input, only.n_gradients = 1;
    graph_running a = graph_start(m, &all, 1), b = graph_start(m, &only, 1);
    bl_seed seed = {.value = m->scores, .index = 2, .weight = 1};
    OK(bl_run_forward(a.run, error));
    OK(bl_run_forward(b.run, error));
    OK(bl_run_backward(a.run, &seed, 1, NULL, error));
    OK(bl_run_backward(b.run, &seed, 1, NULL, error));
    bl_shape s = bl_plan_shape(a.plan, one);
    assert_memory_equal(bl_run_value(a.run, one), bl_run_value(b.run, one), bl_count(&s) * sizeof(bl_real));
    assert_non_null(bl_run_value(b.run, m->scores));
    assert_null(bl_run_value(b.run, bl_model_find(m, "relu2")));
    assert_null(bl_run_gradient(b.run, one));
    assert_non_null(bl_run_gradient(a.run, bl_model_find(m, "relu2")));
    assert_ptr_equal(bl_run_value(b.run, bl_model_find(m, "conv1_w")), m->values[bl_model_find(m, "conv1_w")].data);
    bool below = false; /* before a relu, negative numbers: not worked over in place */
    for (size_t i = 0; i < bl_count(&s); i++) below = below || bl_run_value(b.run, one)[i] < 0;
    assert_true(below);
    graph_stop(&a);
    graph_stop(&b);
    bl_model_free(m);
}

static void works_in_place(void **state) {
    (void)state;
    bl_model *m = graph_classic();
    bl_plan *p;
    OK(bl_plan_new(m, &BL_WANTS, &p, error));
    int relu = m->values[bl_model_find(m, "relu1")].producer;
    assert_true(p->nodes[relu].in_place);
    bl_plan_free(p);
    int conv = bl_model_find(m, "conv1");
    bl_wants w = BL_WANTS;
    w.observe = &conv, w.n_observe = 1;
    OK(bl_plan_new(m, &w, &p, error));
    assert_false(p->nodes[relu].in_place);
    bl_plan_free(p);
    bl_model_free(m);
}

static bl_model *graph_of_gates(void) {
    bl_model *m = graph_new(3, 12, 12);
    graph_conv(m, "conv1", "x", 3, 6, 3, "pads=1,1,1,1");
    graph_node(m, "Relu", "relu1", "conv1", "");
    graph_conv(m, "conv2", "relu1", 6, 6, 3, "pads=1,1,1,1");
    graph_node(m, "Add", "sum", "conv2 relu1", "");
    graph_node(m, "Relu", "relu2", "sum", "");
    graph_node(m, "MaxPool", "pool", "relu2", "kernel_shape=3,3 strides=2,2");
    graph_conv(m, "conv3", "pool", 6, 4, 3, "");
    graph_node(m, "Relu", "relu3", "conv3", "");
    graph_node(m, "Flatten", "flat", "relu3", "");
    graph_dense(m, "dense", "flat", 36, 5);
    return graph_seal(m, "dense");
}

/* The gradients of two runs, to what is wanted, from every seed, under several rules and edits: bit for bit. */
static void same_gradients(const graph_running *a, const graph_running *b, int cut, const char *const edits[3]) {
    const bl_wants *w = &a->plan->wants;
    int node = a->plan->model->values[cut].producer;
    bl_rule guided = BL_RULE_GUIDED;
    const bl_pass passes[] = {{.rule = BL_RULE_PLAIN},
                              {.rule = BL_RULE_GUIDED},
                              {.rule = BL_RULE_DECONVNET},
                              {.rule = BL_RULE_PLAIN, .nodes = &node, .rules = &guided, .n_nodes = 1}};
    for (int e = 0; e < 3; e++) {
        OK(bl_run_intervene(a->run, edits[e], NULL, error));
        OK(bl_run_intervene(b->run, edits[e], NULL, error));
        OK(bl_run_forward(a->run, error));
        OK(bl_run_forward(b->run, error));
        /* The same edits again: what they were made over must not be lost. */
        OK(bl_run_intervene(a->run, edits[e], NULL, error));
        for (int i = 0; i < 4 * w->n_seeds; i++) {
            bl_seed seed = {.value = w->seeds[i / 4], .index = i / 4 ? 77 : 2, .weight = 1};
            OK(bl_run_backward(a->run, &seed, 1, &passes[i % 4], error));
            OK(bl_run_backward(b->run, &seed, 1, &passes[i % 4], error));
            for (int g = 0; g < w->n_gradients; g++) {
                bl_shape s = bl_plan_shape(a->plan, w->gradients[g]);
                assert_memory_equal(bl_run_gradient(a->run, w->gradients[g]), bl_run_gradient(b->run, w->gradients[g]),
                                    bl_count(&s) * sizeof(bl_real));
            }
        }
    }
}

/* The first reader of a cut value takes the cut back, so far as the pass allows; else the cut's own node does. The
 * gradients are those of a plan whose values all have memory of their own, bit for bit. */
static void cuts_are_taken_back_by_readers(void **state) {
    (void)state;
    bl_model *m = graph_of_gates();
    int relu1 = bl_model_find(m, "relu1"), conv1 = bl_model_find(m, "conv1");
    int seeds[2] = {m->scores, relu1}, wanted[2] = {m->input, conv1};
    const char *gating[] = {"conv2", "pool"}, *not [] = {"conv1", "sum", "conv3", "flat"};
    for (int more = 0; more < 2; more++) { /* with the gradient before the cut observed, too */
        bl_wants w = BL_WANTS;
        w.seeds = seeds, w.n_seeds = 2, w.gradients = wanted, w.n_gradients = 1 + more;
        graph_running g = graph_start(m, &w, 3);
        w.separate = true;
        graph_running apart = graph_start(m, &w, 3);
        for (int i = 0; i < 2; i++) assert_true(g.plan->nodes[m->values[bl_model_find(m, gating[i])].producer].gates);
        for (int i = 0; i < 4; i++) assert_false(g.plan->nodes[m->values[bl_model_find(m, not [i])].producer].gates);
        same_gradients(&g, &apart, relu1, (const char *const[]){"", "relu1:1*-0.5", "relu2:2=mean"});
        graph_stop(&g);
        graph_stop(&apart);
    }
    bl_model_free(m);
}

static bl_model *graph_of_stacks(void) {
    bl_model *m = graph_new(3, 12, 12);
    graph_conv(m, "conv0", "x", 3, 4, 3, "pads=1,1,1,1");
    graph_node(m, "Relu", "relu0", "conv0", "");
    graph_conv(m, "conv1", "relu0", 4, 5, 1, "");
    graph_node(m, "Relu", "relu1", "conv1", "");
    graph_conv(m, "conv2", "relu0", 4, 3, 3, "pads=1,1,1,1");
    graph_node(m, "Relu", "relu2", "conv2", "");
    graph_node(m, "Concat", "fire", "relu1 relu2", "axis=1");
    graph_conv(m, "conv3", "fire", 8, 3, 3, "pads=1,1,1,1");
    graph_node(m, "Relu", "relu3", "conv3", "");
    graph_conv(m, "conv4", "fire", 8, 2, 3, "pads=1,1,1,1");
    graph_node(m, "Sigmoid", "sigmoid", "conv4", "");
    graph_node(m, "Concat", "inner", "relu3 sigmoid", "axis=1");
    graph_node(m, "Concat", "outer", "relu0 inner relu0", "axis=1");
    graph_node(m, "MaxPool", "pool", "outer", "kernel_shape=3,3 strides=2,2");
    graph_node(m, "Flatten", "flat", "pool", "");
    graph_dense(m, "dense", "flat", 13 * 25, 5);
    return graph_seal(m, "dense");
}

/* What only a Concat reads is made in its place, with its gradient; the cut that all its inputs have in common is taken
 * back by who reads it. Nothing of it is seen from outside. */
static void stacks_are_made_in_their_places(void **state) {
    (void)state;
    bl_model *m = graph_of_stacks();
    int relu1 = bl_model_find(m, "relu1"), conv1 = bl_model_find(m, "conv1"), fire = bl_model_find(m, "fire"),
        seeds[2] = {m->scores, fire}, wanted[2] = {m->input, conv1}, node = m->values[fire].producer;
    for (int more = 0; more < 3; more++) { /* the last time with an input of it observed */
        bl_wants w = BL_WANTS;
        w.seeds = seeds, w.n_seeds = 2, w.gradients = wanted, w.n_gradients = more ? 2 : 1;
        int relu2 = bl_model_find(m, "relu2");
        w.observe = &relu2, w.n_observe = more == 2;
        graph_running g = graph_start(m, &w, 3);
        const bl_plan *p = g.plan;
        assert_true(bl_stacked(p, node, 0) && bl_stacked(p, node, 1) == (more < 2));
        assert_true((p->values[fire].gate >= 0) == (more < 2));
        assert_true(p->nodes[m->values[bl_model_find(m, "conv3")].producer].gates == (more < 2));
        int outer = m->values[bl_model_find(m, "outer")].producer;
        assert_true(!bl_stacked(p, outer, 0) && bl_stacked(p, outer, 1) && !bl_stacked(p, outer, 2));
        assert_true(p->values[m->nodes[outer].out].gate < 0);
        check_layout(p);
        check_lives(p);
        w.separate = true;
        graph_running apart = graph_start(m, &w, 3);
        assert_false(bl_stacked(apart.plan, node, 0));
        same_gradients(&g, &apart, relu1, (const char *const[]){"", "fire:1*-0.5 fire:6=mean", "relu1:2*3 fire:2*0"});
        graph_stop(&g);
        graph_stop(&apart);
    }
    bl_model_free(m);
}

/* AddressSanitizer tells of every allocation. */
int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void *, size_t),
                                              void (*free_hook)(const volatile void *));
static size_t n_allocations, allocated;
static void on_malloc(const volatile void *p, size_t size) {
    (void)p;
    n_allocations++;
    allocated += size;
}
static void on_free(const volatile void *p) {
    (void)p;
}

static void allocates_exactly_and_once(void **state) {
    (void)state;
    bl_model *m = graph_classic();
    bl_wants w = BL_WANTS;
    w.batch = 2, w.observe_all = w.gradient_all = true;
    bl_plan *p;
    bl_run *r;
    bl_objective o;
    OK(bl_plan_new(m, &w, &p, error));
    OK(bl_objective_parse(m, "logp:1+0.5*conv2+relu1:3", &o, error));
    int seeds[16];
    w.n_seeds = bl_objective_seeds(&o, seeds), w.seeds = seeds;
    bl_plan_free(p);
    OK(bl_plan_new(m, &w, &p, error));
    n_allocations = allocated = 0;
    OK(bl_run_new(p, &r, error));
    assert_int_equal(n_allocations, 1);
    assert_int_equal(allocated, bl_plan_bytes(p));
    n_allocations = 0;
    double value[2];
    graph_fill(bl_run_input(r), 2 * 3 * 12 * 10, 3);
    OK(bl_run_forward(r, error));
    OK(bl_objective_value(r, &o, value, error));
    OK(bl_objective_backward(r, &o, NULL, error));
    OK(bl_run_backward(r, &(bl_seed){.value = m->scores, .index = 1, .weight = 2}, 1,
                       &(bl_pass){.rule = BL_RULE_GUIDED}, error));
    OK(bl_run_forward_from(r, 3, error));
    OK(bl_run_backward(r, &(bl_seed){.value = m->scores, .index = 1, .weight = 2}, 1, NULL, error));
    assert_int_equal(n_allocations, 0);
    bl_run_free(r);
    bl_plan_free(p);
    bl_model_free(m);
}

int main(void) {
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(refusals),
        cmocka_unit_test(shape_arithmetic),
        cmocka_unit_test(layout_of_random_graphs),
        cmocka_unit_test(bits_do_not_depend_on_the_plan),
        cmocka_unit_test(a_batch_has_the_bits_of_its_pictures),
        cmocka_unit_test(observed_values_stay),
        cmocka_unit_test(works_in_place),
        cmocka_unit_test(cuts_are_taken_back_by_readers),
        cmocka_unit_test(stacks_are_made_in_their_places),
        cmocka_unit_test(allocates_exactly_and_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
