/* The network text: every line form there and back, weights that do not depend on later lines, and its refusals. */
#include "graphs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx/onnx.h"

static bl_model *read_text(const char *text, uint64_t seed) {
    bl_model *m = NULL;
    OK(bl_nettext_read(text, strlen(text), seed, &m, error));
    return m;
}

static void same_text_again(void **state) {
    (void)state;
    static const char text[] =
        "input x 3x12x10\ntitle A title\ncredit Somebody\nlabels cat; red panda; school bus\nmean 0.5 0.25 0.125\nstd "
        "0.5 0.5 1\n"
        "channels RGB\n\nc1 = conv x 6 3x3 stride 1,2 pad 0,1,1,0 groups 3\nn1 = batchnorm c1 epsilon 0.001\n"
        "c2 = conv n1 6 3x2 dilation 2,1 pad same nobias\nc3 = conv c2 4 1x1 stride 2 pad 1\n\"a b\" = relu c3\n"
        "l = leakyrelu \"a b\" 0.2\nl2 = leakyrelu l\nk = clip l2 -1 6\ns = sigmoid k\nt = tanh s\nhs = hardsigmoid t "
        "0.25 0.5\n"
        "hs2 = hardsigmoid hs\nhw = hardswish hs2\nm = maxpool hw 2x2 stride 2 ceil\na = avgpool m 2x2 pad 1 countpad\n"
        "nr = lrn a 3 alpha 0.01 beta 0.6 bias 2\np = pad nr 1,0,0,2\nsum = add p p\ndif = sub sum p\nmu = mul dif "
        "p\ndi = div mu sum\n"
        "cat = concat di sum p\nga = globalavgpool cat\ngm = globalmaxpool cat\nratio = sub ga gm\nsq = squeeze ratio "
        "2,3\n"
        "un = unsqueeze sq 2\nre = reshape un 1,12\ntr = transpose re 0,1\ndr = dropout tr 0.25\nid = identity dr\nfl "
        "= flatten id\n"
        "d1 = dense fl 5 nobias\nout = dense d1 3\nls = logsoftmax out 1\nprob = softmax ls\n";
    bl_model *m = read_text(text, 1);
    bl_text out = {0};
    OK(bl_nettext_write(m, &out, error));
    assert_string_equal(out.data, text);
    bl_text_free(&out);
    bl_model_free(m);
    static const char open[] = "input x 1x?x?\n\na = conv x 4 3x3\nb = globalavgpool a\nc = flatten b\nd = dense c 2\n";
    m = read_text(open, 1);
    assert_int_equal(m->input_h, -1);
    assert_int_equal(m->values[bl_model_find(m, "d.weight")].shape.dim[1], 4);
    OK(bl_nettext_write(m, &out, error));
    assert_string_equal(out.data, open);
    bl_text_free(&out);
    bl_model_free(m);
}

static void draws_weights(void **state) {
    (void)state;
    static const char text[] = "input x 3x16x16\na = conv x 64 3x3\nb = conv a 32 3x3\nf = flatten b\n";
    char longer[128];
    snprintf(longer, sizeof longer, "%sd = dense f 2\n", text);
    bl_model *m = read_text(text, 1), *same = read_text(longer, 1), *other = read_text(text, 2);
    const bl_value *w = &m->values[bl_model_find(m, "b.weight")];
    size_t n = bl_count(&w->shape), bytes = n * sizeof *w->data;
    assert_int_equal(n, 32 * 64 * 9);
    assert_memory_equal(w->data, same->values[bl_model_find(same, "b.weight")].data, bytes);
    assert_true(memcmp(w->data, other->values[bl_model_find(other, "b.weight")].data, bytes) != 0);
    assert_true(memcmp(w->data, m->values[bl_model_find(m, "a.weight")].data, 27 * sizeof *w->data) != 0);
    double sum = 0, squares = 0, due = sqrt(2.0 / (64 * 9));
    for (size_t i = 0; i < n; i++) sum += (double)w->data[i], squares += (double)w->data[i] * (double)w->data[i];
    /* 18,432 numbers: the deviation is known to 0.5%, the mean to 0.7% of it; four times that. */
    assert_true(fabs(sqrt(squares / (double)n) / due - 1) < 0.021);
    assert_true(fabs(sum / (double)n) < 0.03 * due);
    const bl_value *bias = &m->values[bl_model_find(m, "b.bias")];
    for (int i = 0; i < 32; i++) assert_true(bias->data[i] == 0);
    bl_model_free(m);
    bl_model_free(same);
    bl_model_free(other);
}

/* The first real text. */
static void tiny_vgg(void **state) {
    (void)state;
    char text[4096];
    FILE *file = fopen("models/tiny-vgg.net.txt", "rb");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof text, file), parameters = 0;
    fclose(file);
    bl_model *m = NULL;
    OK(bl_nettext_read(text, length, 1, &m, error));
    for (int i = 0; i < m->n_values; i++)
        if (m->values[i].is_constant && m->values[i].shape.rank > 0) parameters += bl_count(&m->values[i].shape);
    assert_int_equal(parameters, 280 + 3 * 910 + 13 * 13 * 10 * 10 + 10);
    assert_int_equal(m->n_labels, 10);
    assert_string_equal(m->labels[3], "bell pepper");
    assert_string_equal(m->nodes[0].name, "conv_1_1");
    assert_string_equal(m->values[m->scores].name, "output");
    bl_model_free(m);
}

static void refuses(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"", "has no node"},
        {"input x 3x8x8\n", "has no node"},
        {"a = relu x\n", "line 1: the input must come before"},
        {"input x 3x8\n", "line 1: the input's size is channels x height x width"},
        {"input x 3x8x8x8\n", "line 1: the input's size"},
        {"input x 0x8x8\n", "line 1: the input's size"},
        {"input x ?x8x8\n", "line 1: the input's size"},
        {"input x 3x8x8 extra\n", "\"extra\" is not understood"},
        {"input x 3x8x8\ninput y 3x8x8\n", "line 2: a second input"},
        {"input x 3x8x8\na = gelu x\n", "line 2: there is no operator \"gelu\""},
        {"input x 3x8x8\na relu x\n", "line 2: \"a\" begins no line"},
        {"input x 3x8x8\na =\n", "line 2: the operator is missing"},
        {"input x 3x8x8\na = relu\n", "line 2: the name of an input is missing"},
        {"input x 3x8x8\na = relu b\n", "line 2: there is no value \"b\""},
        {"input x 3x8x8\na = relu a\n", "line 2: there is no value \"a\""},
        {"input x 3x8x8\na = relu x x\n", "line 2: \"x\" is not understood"},
        {"input x 3x8x8\nx = relu x\n", "line 2: the name \"x\" is taken"},
        {"input x 3x8x8\na = relu x\na = relu x\n", "line 3: the name \"a\" is taken"},
        {"input x 3x8x8\na = conv x 4\n", "the window is missing"},
        {"input x 3x8x8\na = conv x 0 3x3\n", "the number of channels must be a whole number from 1"},
        {"input x 3x8x8\na = conv x 4 3y3\n", "the window must be height x width"},
        {"input x 3x8x8\na = conv x 4 3x3 stride 0\n", "stride must be 1 or more"},
        {"input x 3x8x8\na = conv x 4 3x3 pad 1,2\n", "pad is one number, or four"},
        {"input x 3x8x8\na = conv x 4 3x3 pad -1\n", "pad must not be negative"},
        {"input x 3x8x8\na = conv x 4 3x3 groups 3\n", "3 groups do not divide 3 channels in and 4 out"},
        {"input x 3x8x8\na = conv x 4 9x9\n", "node \"a\" (Conv)"},
        {"input x 3x8x8\na = conv x 9999999 9999x9999\n", "more than"},
        {"input x 3x8x8\na = dense x 4\n", "put `flatten` before it"},
        {"input x 3x?x8\na = flatten x\nb = dense a 4\n", "dense needs a fixed size"},
        {"input x 3x8x8\na = clip x 1\n", "the upper bound is missing"},
        {"input x 3x8x8\na = dropout x 1\n", "lies from 0 to below 1"},
        {"input x 3x8x8\na = leakyrelu x nan\n", "the slope must be a number"},
        {"input x 3x8x8\na = transpose x 0,1,b\n", "whole numbers with commas"},
        {"input x 3x8x8\n\"a = relu x\n", "line 2: a double quote is not closed"},
        {"input x 3x8x8\nlabels @classes.txt\na = relu x\n", "line 2: labels stand in the text itself"},
        {"input x 3x8x8\nchannels CMYK\na = relu x\n", "channels can be RGB, BGR or grey"},
        {"input x 3x8x8\nmean 1 2\na = relu x\n", "2 numbers for 3 channels"},
        {"input x 3x8x8\nmean 1 2 3 4 5\na = relu x\n", "more than four"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bl_error error = {0};
        bl_model *m;
        if (bl_nettext_read(bad[i].text, strlen(bad[i].text), 1, &m, &error) == BL_OK)
            fail_msg("accepted: %s", bad[i].text);
        assert_null(m);
        graph_holds(&error, bad[i].part);
    }
    bl_model *m;
    FAILS(BL_FORMAT, "not UTF-8", bl_nettext_read("input \xff", 7, 1, &m, error));
    FAILS(BL_FORMAT, "not UTF-8", bl_nettext_read("input\0x", 7, 1, &m, error));
}

static void refuses_to_write(void **state) {
    (void)state;
    bl_model *m = graph_new(3, 8, 8);
    graph_constant(m, "c", "3,1,1", 1, 0);
    graph_node(m, "Add", "sum", "x c", "");
    m = graph_seal(m, "sum");
    bl_text out = {0};
    FAILS(BL_UNSUPPORTED, "node \"sum\" (Add) has no line form in the network text: an input is a constant",
          bl_nettext_write(m, &out, error));
    bl_text_free(&out);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_text_again), cmocka_unit_test(draws_weights),    cmocka_unit_test(tiny_vgg),
        cmocka_unit_test(refuses),         cmocka_unit_test(refuses_to_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
