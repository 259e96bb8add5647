/* onnx: what is written is read again, to the bit; metadata; hostile bytes, failing sources. */
#include "graphs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"
#include "base/random.h"
#include "onnx/onnx.h"

static const char all_forms[] =
    "input x 3x12x10\ntitle A title\ncredit Somebody, 2026\nlabels cat; red panda; school bus\n"
    "mean 0.485 0.456 0.406\nstd 0.229 0.224 0.225\nchannels BGR\n"
    "c1 = conv x 6 3x3 stride 1,2 pad 0,1,1,0 groups 3\nn1 = batchnorm c1 epsilon 0.001\nr1 = relu n1\n"
    "c2 = conv r1 6 3x2 dilation 2,1 pad same nobias\nl = leakyrelu c2 0.2\nk = clip l -1 6\ns = sigmoid k\nt = tanh "
    "s\n"
    "hs = hardsigmoid t 0.25 0.5\nhw = hardswish hs\nm = maxpool hw 2x2 stride 2 ceil\na = avgpool m 2x2 pad 1 "
    "countpad\n"
    "nr = lrn a 3 alpha 0.01 beta 0.6 bias 2\np = pad nr 1,0,0,2\nsum = add p p\ndif = sub sum p\nmu = mul dif p\n"
    "cat = concat mu sum p\nga = globalavgpool cat\ngm = globalmaxpool cat\nratio = sub ga gm\nsq = squeeze ratio 2,3\n"
    "un = unsqueeze sq 2\nre = reshape un 1,18\ntr = transpose re 0,1\ndr = dropout tr 0.3\nid = identity dr\n"
    "fl = flatten id\nout = dense fl 3\nprob = softmax out\n";

static bl_model *from_text(const char *text) {
    bl_model *m = NULL;
    OK(bl_nettext_read(text, strlen(text), 5, &m, error));
    return m;
}

static bl_status read_bytes(const void *bytes, size_t length, bl_model **out, bl_error *error) {
    bl_bytes b = {bytes, length};
    bl_source source = bl_source_memory(&b);
    bl_open_options options = {.keep_batchnorm = true};
    return bl_onnx_read(&source, &options, out, error);
}

static bl_text written(const bl_model *m, const bl_write_options *options) {
    bl_text text = {0};
    OK(bl_onnx_write(m, options, &text, error));
    assert_true(text.length > 0);
    return text;
}

/* The output for one fixed picture; its element count in *n. */
static bl_real *output_of(const bl_model *m, size_t *n) {
    bl_plan *plan = NULL;
    bl_run *run = NULL;
    bl_wants wants = BL_WANTS;
    OK(bl_plan_new(m, &wants, &plan, error));
    OK(bl_run_new(plan, &run, error));
    bl_shape x = bl_plan_shape(plan, m->input), y = bl_plan_shape(plan, m->output);
    bl_random random = {.seed = 3, .stream = BL_STREAM_TEST};
    bl_random_normals(&random, 0, bl_count(&x), bl_run_input(run));
    OK(bl_run_forward(run, error));
    *n = bl_count(&y);
    bl_real *copy = malloc(*n * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, bl_run_value(run, m->output), *n * sizeof *copy);
    bl_run_free(run);
    bl_plan_free(plan);
    return copy;
}

static void same_networks(const bl_model *a, const bl_model *b) {
    assert_int_equal(a->n_nodes, b->n_nodes);
    for (int i = 0; i < a->n_nodes; i++) {
        const bl_node *p = &a->nodes[i], *q = &b->nodes[i];
        assert_ptr_equal(p->op, q->op);
        assert_string_equal(p->name, q->name);
        assert_string_equal(a->values[p->out].name, b->values[q->out].name);
        assert_int_equal(p->n_in, q->n_in);
        assert_int_equal(p->n_attrs, q->n_attrs);
        for (int k = 0; k < p->n_in; k++) {
            const bl_value *v = &a->values[p->in[k]], *w = &b->values[q->in[k]];
            assert_string_equal(v->name, w->name);
            assert_int_equal(v->is_constant, w->is_constant);
            if (!v->is_constant) continue;
            assert_int_equal(v->type, w->type);
            assert_memory_equal(&v->shape, &w->shape, sizeof v->shape);
            size_t n = bl_count(&v->shape);
            if (v->type == BL_INT)
                assert_memory_equal(v->ints, w->ints, n * sizeof *v->ints);
            else
                assert_memory_equal(v->data, w->data, n * sizeof *v->data);
        }
    }
}

static void writes_and_reads_to_the_bit(void **state) {
    (void)state;
    bl_model *m = from_text(all_forms), *again = NULL;
    bl_text text = written(m, NULL);
    OK(read_bytes(text.data, text.length, &again, error));
    same_networks(m, again);
    size_t n, k;
    bl_real *y = output_of(m, &n), *z = output_of(again, &k);
    assert_int_equal(n, 3);
    assert_int_equal(k, 3);
    assert_memory_equal(y, z, 3 * sizeof *y);
    assert_true(fabs((double)(y[0] - y[1])) > 1e-6);
    assert_int_equal(again->opset, m->opset);
    assert_int_equal(again->input_c, 3);
    assert_int_equal(again->input_h, 12);
    assert_int_equal(again->input_w, 10);
    assert_string_equal(again->title, "A title");
    assert_string_equal(again->credit, "Somebody, 2026");
    assert_int_equal(again->n_labels, 3);
    assert_string_equal(again->labels[1], "red panda");
    assert_true(again->has_preprocessing && again->channels == BL_CHANNELS_BGR);
    assert_memory_equal(again->mean, m->mean, 3 * sizeof(float));
    assert_memory_equal(again->std, m->std, 3 * sizeof(float));
    assert_int_equal(again->head, BL_HEAD_SOFTMAX);
    bl_text second = written(again, NULL);
    assert_int_equal(second.length, text.length);
    assert_memory_equal(second.data, text.data, text.length);
    free(y);
    free(z);
    bl_text_free(&text);
    bl_text_free(&second);
    bl_model_free(m);
    bl_model_free(again);
}

static void halves_weights(void **state) {
    (void)state;
    bl_model *m = from_text(all_forms), *again = NULL;
    bl_write_options options = {.half = true};
    bl_text text = written(m, &options);
    OK(read_bytes(text.data, text.length, &again, error));
    int halved = 0;
    for (int i = 0; i < m->n_values; i++) {
        const bl_value *v = &m->values[i];
        if (!v->is_constant || v->type != BL_FLOAT) continue;
        const bl_value *w = &again->values[bl_model_find(again, v->name)];
        for (size_t k = 0; k < bl_count(&v->shape); k++)
            assert_true(w->data[k] ==
                        (v->shape.rank >= 2 ? bl_half_to_float(bl_half_from_float(v->data[k])) : v->data[k]));
        halved += v->shape.rank >= 2;
    }
    assert_int_equal(halved, 3);
    bl_text second = written(again, &options);
    assert_int_equal(second.length, text.length); /* the order of the weights may be another */
    int weight = bl_model_find(m, "c1.weight");
    assert_true(weight >= 0);
    m->values[weight].data[4] = 70000;
    bl_text refused = {0};
    FAILS(BL_NOT_A_NUMBER, "weight \"c1.weight\" has 70000 at place 4", bl_onnx_write(m, &options, &refused, error));
    bl_text_free(&refused);
    bl_text_free(&text);
    bl_text_free(&second);
    bl_model_free(m);
    bl_model_free(again);
}

/* One mean for all channels of a network that has more than a picture has. */
static void writes_preprocessing_of_many_channels(void **state) {
    (void)state;
    bl_model *m = from_text("input x 7x2x2\nmean 0.5\nstd 0.25\nr = relu x\n"), *again = NULL;
    bl_text text = written(m, NULL);
    OK(read_bytes(text.data, text.length, &again, error));
    assert_true(again->mean[3] == 0.5f && again->std[3] == 0.25f);
    bl_text_free(&text);
    bl_model_free(m);
    bl_model_free(again);
}

/* The trainer writes weights that the model does not hold. */
static void writes_other_weights(void **state) {
    (void)state;
    bl_model *m = from_text(all_forms), *again = NULL;
    const bl_real **constants = calloc((size_t)m->n_values, sizeof *constants);
    const bl_real bias[3] = {1, 2, 3};
    constants[bl_model_find(m, "out.bias")] = bias;
    bl_text text = written(m, &(bl_write_options){.constants = constants});
    OK(read_bytes(text.data, text.length, &again, error));
    assert_memory_equal(again->values[bl_model_find(again, "out.bias")].data, bias, sizeof bias);
    assert_memory_equal(again->values[bl_model_find(again, "out.weight")].data,
                        m->values[bl_model_find(m, "out.weight")].data, 18 * 3 * sizeof *bias);
    free(constants);
    bl_text_free(&text);
    bl_model_free(m);
    bl_model_free(again);
}

static const char small[] =
    "input x 1x4x4\nlabels a; b\nc = conv x 2 3x3\nf = flatten c\nd = dense f 2\np = softmax d\n";

/* Whatever is accepted must hold together: it can be planned or says why not. */
static bool accepts(const uint8_t *bytes, size_t length) {
    uint8_t *exact = malloc(length ? length : 1); /* so that the sanitiser sees a read past the end */
    bl_model *m;
    bl_error error = {0};
    assert_non_null(exact);
    if (length) memcpy(exact, bytes, length);
    bool good = read_bytes(exact, length, &m, &error) == BL_OK;
    free(exact);
    if (!good) {
        assert_null(m);
        assert_true(error.message[0] != 0 && error.code != BL_OK && error.code != BL_INTERNAL);
        return false;
    }
    bl_plan *plan;
    bl_wants wants = BL_WANTS;
    wants.limit = 1 << 20;
    if (m->input_h < 0) wants.height = 4;
    if (m->input_w < 0) wants.width = 4;
    if (bl_plan_new(m, &wants, &plan, &error) == BL_OK)
        bl_plan_free(plan);
    else
        assert_true(error.message[0] != 0);
    bl_model_free(m);
    return true;
}

static void cut_at_every_byte(void **state) {
    (void)state;
    bl_model *m = from_text(small);
    bl_text text = written(m, NULL);
    int accepted = 0;
    for (size_t n = 0; n < text.length; n++) accepted += accepts((uint8_t *)text.data, n);
    assert_int_equal(accepted, 1); /* before the labels, the last thing in the file */
    assert_true(accepts((uint8_t *)text.data, text.length));
    bl_text_free(&text);
    bl_model_free(m);
}

static void every_byte_changed(void **state) {
    (void)state;
    static const uint8_t changes[] = {0x01, 0x02, 0x08, 0x40, 0x80, 0xff};
    bl_model *m = from_text(small);
    bl_text text = written(m, NULL);
    int accepted = 0, tried = 0;
    for (size_t i = 0; i < text.length; i++)
        for (size_t k = 0; k < sizeof changes; k++, tried++) {
            text.data[i] = (char)((uint8_t)text.data[i] ^ changes[k]);
            accepted += accepts((uint8_t *)text.data, text.length);
            text.data[i] = (char)((uint8_t)text.data[i] ^ changes[k]);
        }
    assert_true(accepted > 0 && accepted < tried); /* weights may be anything finite, lengths may not */
    bl_text_free(&text);
    bl_model_free(m);
}

static void random_bytes(void **state) {
    (void)state;
    uint8_t bytes[256];
    for (uint32_t round = 0; round < 3000; round++) {
        bl_random r = {.seed = 11, .stream = BL_STREAM_TEST, .sample = round};
        size_t length = bl_random_below(&r, 0, sizeof bytes + 1);
        for (uint32_t i = 0; i < length; i++) bytes[i] = (uint8_t)bl_random_word(&r, i + 1);
        /* Half of them begin as a model with a graph that claims the rest. */
        if (round % 2 && length > 8) {
            const uint8_t head[] = {0x08, 0x08, 0x3a, (uint8_t)((length - 5) & 0x7f) | 0x80,
                                    (uint8_t)((length - 5) >> 7)};
            memcpy(bytes, head, sizeof head);
        }
        assert_false(accepts(bytes, length));
    }
}

typedef struct {
    bl_bytes bytes;
    int left; /* reads until it fails */
    uint64_t pulled;
} flaky;

static bool flaky_read(void *user, uint64_t offset, size_t n, void *to) {
    flaky *f = user;
    assert_true(offset <= f->bytes.length && n <= f->bytes.length - offset); /* the reader's promise */
    if (f->left-- == 0) return false;
    memcpy(to, f->bytes.bytes + offset, n);
    f->pulled += n;
    return true;
}

/* A source that fails at its n-th read, for every n. */
static void source_fails(void **state) {
    (void)state;
    bl_model *m = from_text("input x 3x16x16\na = conv x 64 3x3\nb = conv a 32 3x3\nc = relu b\n"), *again = NULL;
    bl_text text = written(m, NULL);
    int failures = 0;
    for (int n = 0;; n++) {
        flaky f = {.bytes = {(uint8_t *)text.data, text.length}, .left = n};
        bl_source source = {text.length, flaky_read, &f};
        bl_error error = {0};
        bl_status status = bl_onnx_read(&source, NULL, &again, &error);
        if (status == BL_OK) break;
        assert_int_equal(status, BL_IO);
        assert_null(again);
        graph_holds(&error, "cannot be read at byte");
        failures++;
    }
    assert_true(failures > 3);
    bl_model_free(again);
    bl_text_free(&text);
    bl_model_free(m);
}

static void empty_file(void **state) {
    (void)state;
    bl_model *m;
    FAILS(BL_FORMAT, "the file is empty", read_bytes("", 0, &m, error));
    FAILS(BL_FORMAT, "not a valid ONNX file", read_bytes("hello, I am a text file\n", 24, &m, error));
    FAILS(BL_FORMAT, "it holds no graph", read_bytes("\x08\x08", 2, &m, error));
    FAILS(BL_FORMAT, "a number has more than 64 bits",
          read_bytes("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, &m, error));
    FAILS(BL_FORMAT, "claims 127 bytes, but only 1 are left", read_bytes("\x3a\x7f\x00", 3, &m, error));
    FAILS(BL_FORMAT, "unknown wire type 3", read_bytes("\x3b\x00", 2, &m, error));
    FAILS(BL_FORMAT, "no valid number", read_bytes("\x00\x00", 2, &m, error));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_to_the_bit),
        cmocka_unit_test(halves_weights),
        cmocka_unit_test(writes_other_weights),
        cmocka_unit_test(writes_preprocessing_of_many_channels),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(every_byte_changed),
        cmocka_unit_test(random_bytes),
        cmocka_unit_test(source_fails),
        cmocka_unit_test(empty_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
