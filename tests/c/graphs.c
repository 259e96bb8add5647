#include "graphs.h"
#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void graph_holds(const bl_error *error, const char *part) {
    if (!strstr(error->message, part) && !strstr(error->hint, part))
        fail_msg("\"%s\" is not in: %s (%s)", part, error->message, error->hint);
}

bl_model *graph_new(int channels, int height, int width) {
    bl_model *m;
    OK(bl_model_new(&m, error));
    m->input = bl_model_value(m, "x", 1);
    m->input_c = channels, m->input_h = height, m->input_w = width;
    return m;
}

static int value_of(bl_model *m, const char *name) {
    int v = bl_model_value(m, name, strlen(name));
    assert_true(v >= 0);
    return v;
}

enum { MOST = 16 };

/* One "name=value" of attribute text. */
static void read_attr(char *word, bl_attr *a, int64_t ints[MOST], char text[32]) {
    char *value = strchr(word, '=');
    assert_non_null(value);
    *value++ = 0;
    *a = (bl_attr){.name = word};
    if (strcmp(word, "auto_pad") == 0) {
        snprintf(text, 32, "%s", value);
        a->kind = BL_ATTR_STRING, a->s = text, a->n = (int)strlen(text);
        return;
    }
    bool list = strchr(value, ',') || strstr("kernel_shape pads strides dilations perm axes", word);
    if (strchr(value, '.'))
        a->kind = BL_ATTR_FLOAT, a->f = strtof(value, NULL);
    else if (!list)
        a->kind = BL_ATTR_INT, a->i = strtoll(value, NULL, 10);
    else {
        a->kind = BL_ATTR_INTS, a->ints = ints;
        for (char *at = value; at && a->n < MOST; at = strchr(at, ','), at = at ? at + 1 : NULL)
            ints[a->n++] = strtoll(at, NULL, 10);
    }
}

bl_status graph_try_node(bl_model *m, const char *op, const char *out, const char *inputs, const char *attrs,
                         bl_error *error) {
    int in[MOST], n_in = 0, n_attrs = 0;
    char words[400], texts[MOST][32];
    bl_attr list[MOST];
    int64_t ints[MOST][MOST];
    snprintf(words, sizeof words, "%s", inputs);
    for (char *w = strtok(words, " "); w; w = strtok(NULL, " ")) in[n_in++] = strcmp(w, "-") == 0 ? -1 : value_of(m, w);
    int to = value_of(m, out);
    snprintf(words, sizeof words, "%s", attrs);
    for (char *w = strtok(words, " "); w; w = strtok(NULL, " "), n_attrs++)
        read_attr(w, &list[n_attrs], ints[n_attrs], texts[n_attrs]);
    return bl_model_node(m, op, NULL, in, n_in, to, list, n_attrs, error);
}

int graph_node(bl_model *m, const char *op, const char *out, const char *inputs, const char *attrs) {
    OK(graph_try_node(m, op, out, inputs, attrs, error));
    return value_of(m, out);
}

static uint64_t seed_of(const char *name) {
    uint64_t h = 1469598103934665603u;
    for (; *name; name++) h = (h ^ (unsigned char)*name) * 1099511628211u;
    return h;
}

void graph_fill(bl_real *x, size_t n, uint64_t seed) {
    bl_random r = {.seed = seed, .stream = BL_STREAM_TEST};
    for (size_t i = 0; i < n; i++) {
        float value;
        bl_random_normals(&r, (uint32_t)i, 1, &value);
        x[i] = (bl_real)value;
    }
}

int graph_constant(bl_model *m, const char *name, const char *dims, double scale, double shift) {
    bl_shape s = {0};
    for (const char *at = dims; at && *at; at = strchr(at, ','), at = at ? at + 1 : NULL)
        s.dim[s.rank++] = (int32_t)strtol(at, NULL, 10);
    void *data;
    int v = value_of(m, name);
    OK(bl_model_constant(m, v, BL_FLOAT, &s, &data, error));
    graph_fill(data, bl_count(&s), seed_of(name));
    for (size_t i = 0; i < bl_count(&s); i++)
        ((bl_real *)data)[i] =
            (bl_real)((float)((double)((bl_real *)data)[i] * scale + shift)); /* the same in both builds */
    return v;
}

int graph_conv(bl_model *m, const char *out, const char *in, int channels, int out_channels, int kernel,
               const char *attrs) {
    char inputs[200], weight[64], bias[64], dims[64];
    snprintf(weight, sizeof weight, "%s_w", out);
    snprintf(bias, sizeof bias, "%s_b", out);
    snprintf(inputs, sizeof inputs, "%s %s %s", in, weight, bias);
    snprintf(dims, sizeof dims, "%d,%d,%d,%d", out_channels, channels, kernel, kernel);
    graph_constant(m, weight, dims, 1.2 / (kernel * (channels > 2 ? 2 : 1)), 0);
    snprintf(dims, sizeof dims, "%d", out_channels);
    graph_constant(m, bias, dims, 0.2, 0.1);
    return graph_node(m, "Conv", out, inputs, attrs);
}

int graph_dense(bl_model *m, const char *out, const char *in, int inputs, int outputs) {
    char names[200], weight[64], bias[64], dims[64];
    snprintf(weight, sizeof weight, "%s_w", out);
    snprintf(bias, sizeof bias, "%s_b", out);
    snprintf(names, sizeof names, "%s %s %s", in, weight, bias);
    snprintf(dims, sizeof dims, "%d,%d", outputs, inputs);
    graph_constant(m, weight, dims, 0.2, 0);
    snprintf(dims, sizeof dims, "%d", outputs);
    graph_constant(m, bias, dims, 0.2, 0);
    return graph_node(m, "Gemm", out, names, "transB=1");
}

bl_model *graph_seal(bl_model *m, const char *output) {
    m->output = value_of(m, output);
    OK(bl_model_seal(m, NULL, error));
    return m;
}

bl_model *graph_classic(void) {
    bl_model *m = graph_new(3, 12, 10);
    graph_conv(m, "conv1", "x", 3, 6, 3, "pads=1,1,1,1");
    graph_node(m, "Relu", "relu1", "conv1", "");
    graph_node(m, "MaxPool", "pool1", "relu1", "kernel_shape=2,2 strides=2,2");
    graph_conv(m, "conv2", "pool1", 6, 6, 3, "pads=1,1,1,1");
    graph_node(m, "Relu", "relu2", "conv2", "");
    graph_node(m, "Add", "sum", "relu2 pool1", "");
    graph_node(m, "MaxPool", "pool2", "sum", "kernel_shape=3,2 strides=3,2");
    graph_node(m, "Dropout", "drop", "pool2", "");
    graph_node(m, "Flatten", "flat", "drop", "");
    graph_dense(m, "dense", "flat", 24, 5);
    graph_node(m, "Softmax", "probability", "dense", "");
    return graph_seal(m, "probability");
}

/* The operators a random graph draws from; those of one input first. */
static const char *const unary[] = {"Relu", "Identity", "Dropout", "Tanh", "Sigmoid", "LeakyRelu"};
static const char *const joins[] = {"Add", "Mul", "Sub", "Concat"};

bl_model *graph_random(uint64_t seed, int nodes) {
    bl_random r = {.seed = seed, .stream = BL_STREAM_TEST, .sample = 7};
    uint32_t drawn = 0;
    bl_model *m = graph_new(2, 9, 7);
    char names[64][8] = {"x"};
    int channels[64] = {2}, n = 1;
    assert_true(nodes < 60);
    while (n <= nodes) {
        char out[8], inputs[32];
        snprintf(out, sizeof out, "v%d", n);
        int recent = n < 4 ? n : 4, a = n - 1 - (int)bl_random_below(&r, drawn++, (uint32_t)recent);
        int b = (int)bl_random_below(&r, drawn++, (uint32_t)n);
        uint32_t kind = bl_random_below(&r, drawn++, 10);
        const char *op = kind < 4 ? unary[bl_random_below(&r, drawn++, 6)] : joins[bl_random_below(&r, drawn++, 4)];
        bool concat = strcmp(op, "Concat") == 0;
        if (kind >= 8 || !bl_op_find(op)) {
            channels[n] = 1 + (int)bl_random_below(&r, drawn++, 5);
            graph_conv(m, out, names[a], channels[a], channels[n], kind == 9 ? 1 : 3, kind == 9 ? "" : "pads=1,1,1,1");
        } else if (kind < 4) {
            channels[n] = channels[a];
            graph_node(m, op, out, names[a], "");
        } else {
            if ((concat && channels[a] + channels[b] > 12) || (!concat && channels[a] != channels[b])) continue;
            channels[n] = concat ? channels[a] + channels[b] : channels[a];
            snprintf(inputs, sizeof inputs, "%s %s", names[a], names[b]);
            graph_node(m, op, out, inputs, concat ? "axis=1" : "");
        }
        snprintf(names[n], sizeof names[n], "%.7s", out);
        n++;
    }
    return graph_seal(m, names[n - 1]);
}

graph_running graph_start(const bl_model *m, const bl_wants *wants, uint64_t first) {
    graph_running g;
    OK(bl_plan_new(m, wants, &g.plan, error));
    OK(bl_run_new(g.plan, &g.run, error));
    bl_shape s = bl_plan_shape(g.plan, m->input);
    size_t one = bl_count(&s) / (size_t)s.dim[0];
    for (int i = 0; i < s.dim[0]; i++) graph_fill(bl_run_input(g.run) + (size_t)i * one, one, first + (uint64_t)i);
    return g;
}

void graph_stop(graph_running *g) {
    bl_run_free(g->run);
    bl_plan_free(g->plan);
}
