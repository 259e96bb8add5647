/* Tensor files: what is written is read again; what is none, or promises what it does not hold, is refused. */
#include "graphs.h"

#include <math.h>
#include <string.h>

#include "base/half.h"
#include "onnx/onnx.h"

static bl_status read_bytes(const void *bytes, size_t length, bl_tensors *out, bl_error *error) {
    bl_bytes b = {bytes, length};
    bl_source source = bl_source_memory(&b);
    return bl_tensors_read(&source, out, error);
}

static bl_real frames[12] = {0, 0.1f, -2, 65504, 1e-7f, 3, -0.0f, 5, 6, 7.77f, 8, 9};
static bl_real means[3] = {1.0f / 3, -1e20f, 1e-30f};
static int64_t steps[2] = {-1, INT64_C(1) << 40};
static const bl_tensor three[] = {
    {.name = "conv.w", .type = BL_FLOAT, .half = true, .rank = 5, .dim = {2, 3, 1, 2, 1}, .data = frames},
    {.name = "mean", .type = BL_FLOAT, .rank = 1, .dim = {3}, .data = means},
    {.name = "backlight.step", .type = BL_INT, .rank = 1, .dim = {2}, .ints = steps},
};

static bl_text written(const bl_tensor *tensors, int n) {
    bl_text text = {0};
    OK(bl_tensors_write(tensors, n, "test", &text, error));
    return text;
}

static void come_back(void **state) {
    (void)state;
    bl_text file = written(three, 3);
    bl_tensors t;
    OK(read_bytes(file.data, file.length, &t, error));
    assert_int_equal(t.n, 3);
    const bl_tensor *w = bl_tensors_find(&t, "conv.w"), *m = bl_tensors_find(&t, "mean");
    const bl_tensor *s = bl_tensors_find(&t, "backlight.step");
    assert_true(w && m && s && !bl_tensors_find(&t, "conv"));
    assert_true(w->half && w->rank == 5 && !m->half && m->rank == 1);
    assert_memory_equal(w->dim, three[0].dim, sizeof w->dim);
    for (int i = 0; i < 12; i++)
        assert_true((float)w->data[i] == bl_half_to_float(bl_half_from_float((float)frames[i])));
    for (int i = 0; i < 3; i++) assert_true((float)m->data[i] == (float)means[i]);
    assert_memory_equal(s->ints, steps, sizeof steps);
    bl_tensors_free(&t);
    bl_text_free(&file);
}

static void cut_anywhere_is_refused(void **state) {
    (void)state;
    bl_text file = written(three, 3);
    bl_error error;
    bl_tensors t;
    size_t graph_end = file.length - 6; /* the opset that follows it is not asked for */
    for (size_t n = 0; n < graph_end; n++) {
        assert_int_not_equal(read_bytes(file.data, n, &t, &error), BL_OK);
        assert_true(t.n == 0 && error.message[0]);
    }
    bl_text_free(&file);
}

static void expect(const bl_text *file, bl_status code, const char *words) {
    bl_error error;
    bl_tensors t;
    assert_int_equal(read_bytes(file->data, file->length, &t, &error), code);
    if (!strstr(error.message, words)) fail_msg("\"%s\" does not say \"%s\"", error.message, words);
    assert_int_equal(t.n, 0);
}

static void refuses_what_is_no_tensor_file(void **state) {
    (void)state;
    static const char network[] = "input x 1x2x2\na = conv x 1 1x1\n";
    bl_model *m = NULL;
    bl_text file = {0};
    OK(bl_nettext_read(network, sizeof network - 1, 1, &m, error));
    OK(bl_onnx_write(m, NULL, &file, error));
    expect(&file, BL_FORMAT, "this is a network, not a file of tensors alone");
    bl_text_free(&file);
    bl_model_free(m);
    bl_tensor twice[] = {three[1], three[2]};
    twice[1].name = "mean";
    file = written(twice, 2);
    expect(&file, BL_FORMAT, "tensor \"mean\" stands twice");
    bl_text_free(&file);
    bl_real bad[2] = {1, (bl_real)NAN};
    bl_tensor nan = {.name = "w", .type = BL_FLOAT, .rank = 1, .dim = {2}, .data = bad};
    file = written(&nan, 1);
    expect(&file, BL_NOT_A_NUMBER, "\"w\" has 1 of 2 numbers that are NaN");
    bl_text_free(&file);
    file = written(three, 0);
    expect(&file, BL_FORMAT, "holds no tensor");
    bl_text_free(&file);
}

static void half_precision_has_an_end(void **state) {
    (void)state;
    bl_real large[2] = {1, 65520};
    bl_tensor t = {.name = "w", .type = BL_FLOAT, .half = true, .rank = 1, .dim = {2}, .data = large};
    bl_text file = {0};
    bl_error error;
    assert_int_equal(bl_tensors_write(&t, 1, "test", &file, &error), BL_NOT_A_NUMBER);
    assert_non_null(strstr(error.message, "\"w\" has 65520 at place 1"));
    assert_int_equal(file.length, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(come_back),
        cmocka_unit_test(cut_anywhere_is_refused),
        cmocka_unit_test(refuses_what_is_no_tensor_file),
        cmocka_unit_test(half_precision_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
