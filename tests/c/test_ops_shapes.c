/* What operators do while a plan is made: shapes, shape arithmetic, and what they refuse, in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "op_trials.h"

#define DIMS(...)                                                                                                      \
    (int)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)), (int32_t[]) {                                           \
        __VA_ARGS__                                                                                                    \
    }
#define LIST(...)                                                                                                      \
    (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]) {                                           \
        __VA_ARGS__                                                                                                    \
    }

static const char *asked[512];
static int n_asked;

static trial begin(const char *op, int opset) {
    if (n_asked < 512) asked[n_asked++] = op;
    return (trial){.op = op, .opset = opset};
}

static trial with_input(const char *op, int opset, int rank, const int32_t *dim) {
    trial t = begin(op, opset);
    trial_input(&t, rank, dim);
    return t;
}

static void expect_shape(trial *t, bool alias, int rank, const int32_t *dim) {
    bench b;
    if (bench_open(&b, t, 1)) fail_msg("%s: %s", t->op, b.error.message);
    assert_int_equal(b.plan.is_alias, alias);
    assert_int_equal(b.plan.out.type, BL_FLOAT);
    assert_int_equal(b.plan.out.shape.rank, rank);
    for (int i = 0; i < rank; i++) assert_int_equal(b.plan.out.shape.dim[i], dim[i]);
    bench_close(&b);
}

static void expect_ints(trial *t, int rank, int n, const int64_t *values) {
    bench b;
    if (bench_open(&b, t, 1)) fail_msg("%s: %s", t->op, b.error.message);
    assert_int_equal(b.plan.out.type, BL_INT);
    assert_int_equal(b.plan.out.shape.rank, rank);
    assert_false(b.plan.is_alias);
    assert_int_equal((int)bl_count(&b.plan.out.shape), n);
    for (int i = 0; i < n; i++) assert_int_equal(b.plan.out.ints[i], values[i]);
    bench_close(&b);
}

/* The message names node and operator, and says `words`. */
static void expect_refusal(trial *t, bl_status code, const char *words) {
    bench b;
    char start[64];
    bl_status status = bench_open(&b, t, 1);
    snprintf(start, sizeof start, "node \"node\" (%s): ", t->op);
    if (status != code) fail_msg("%s (%s): %s \"%s\"", t->op, words, bl_status_name(status), b.error.message);
    if (strncmp(b.error.message, start, strlen(start)) || !strstr(b.error.message, words))
        fail_msg("%s: \"%s\" does not say \"%s\"", t->op, b.error.message, words);
    assert_int_equal(b.error.code, code);
    bench_close(&b);
}

static void aliases(void **state) {
    (void)state;
    trial t = with_input("Identity", 13, DIMS(2, 3));
    expect_shape(&t, true, DIMS(2, 3));
    t = with_input("Dropout", 13, DIMS(2, 3));
    expect_shape(&t, true, DIMS(2, 3));
    trial_input(&t, 0, NULL);
    trial_ints(&t, LIST(1));
    expect_refusal(&t, BL_UNSUPPORTED, "training_mode");
    t = with_input("Cast", 13, DIMS(2, 3));
    trial_int(&t, "to", 10);
    expect_shape(&t, true, DIMS(2, 3));
    t = with_input("Cast", 13, DIMS(2));
    trial_int(&t, "to", 7);
    expect_refusal(&t, BL_UNSUPPORTED, "floating point");

    t = with_input("Flatten", 13, DIMS(2, 3, 4, 5));
    expect_shape(&t, true, DIMS(2, 60));
    trial_int(&t, "axis", -1);
    expect_shape(&t, true, DIMS(24, 5));
    t.attrs[0].i = 0;
    expect_shape(&t, true, DIMS(1, 120));
    t.attrs[0].i = 4;
    expect_shape(&t, true, DIMS(120, 1));
    t.attrs[0].i = 5;
    expect_refusal(&t, BL_SHAPE, "axis 5");

    t = with_input("Squeeze", 11, DIMS(1, 3, 1, 1));
    expect_shape(&t, true, DIMS(3));
    trial_list(&t, "axes", LIST(-1, 0));
    expect_shape(&t, true, DIMS(3, 1));
    t.lists[0][0] = 1;
    expect_refusal(&t, BL_SHAPE, "axis 1 has 3 cells");
    t.lists[0][0] = 0;
    expect_refusal(&t, BL_SHAPE, "twice");
    t = with_input("Squeeze", 13, DIMS(1, 3, 1));
    trial_ints(&t, LIST(2));
    expect_shape(&t, true, DIMS(1, 3));

    t = with_input("Unsqueeze", 11, DIMS(2, 3));
    trial_list(&t, "axes", LIST(0, 3));
    expect_shape(&t, true, DIMS(1, 2, 3, 1));
    t = with_input("Unsqueeze", 13, DIMS(2, 3));
    trial_ints(&t, LIST(-1));
    expect_shape(&t, true, DIMS(2, 3, 1));
    t.ints[1][0] = 3;
    expect_refusal(&t, BL_SHAPE, "axis 3");
    t = with_input("Unsqueeze", 13, DIMS(2, 3));
    trial_ints(&t, LIST(0, 1, 2));
    expect_refusal(&t, BL_UNSUPPORTED, "rank 5");
}

static trial reshape(int n, const int64_t *to) {
    trial t = with_input("Reshape", 14, DIMS(2, 3, 4));
    trial_ints(&t, n, to);
    return t;
}

static void reshapes(void **state) {
    (void)state;
    trial t = reshape(LIST(0, -1));
    expect_shape(&t, true, DIMS(2, 12));
    t = reshape(LIST(4, 6));
    expect_shape(&t, true, DIMS(4, 6));
    t = reshape(LIST(0, 0, 2, -1));
    expect_shape(&t, true, DIMS(2, 3, 2, 2));
    t = reshape(LIST(5, -1));
    expect_refusal(&t, BL_SHAPE, "do not divide");
    t = reshape(LIST(5, 5));
    expect_refusal(&t, BL_SHAPE, "24 elements");
    t = reshape(LIST(-1, -1));
    expect_refusal(&t, BL_SHAPE, "is -1");
    t = reshape(LIST(1 << 24, 1 << 24, 1 << 24, 1 << 24));
    expect_refusal(&t, BL_SHAPE, "elements");
    t = reshape(LIST(INT64_MIN));
    expect_refusal(&t, BL_SHAPE, "new shape is");
    t = reshape(LIST(0, -1));
    trial_int(&t, "allowzero", 1);
    expect_refusal(&t, BL_SHAPE, "is 0");
    t = reshape(LIST(1, 2, 3, 4, 1));
    expect_refusal(&t, BL_UNSUPPORTED, "5 dimensions");
    t = with_input("Reshape", 14, DIMS(4));
    trial_input(&t, 1, (int32_t[]){2});
    expect_refusal(&t, BL_UNSUPPORTED, "known integers");
}

static trial of_ints(const char *op, int n, const int64_t *values) {
    trial t = begin(op, 13);
    trial_ints(&t, n, values);
    return t;
}

static void arithmetic(void **state) {
    (void)state;
    trial t = with_input("Shape", 13, DIMS(2, 3, 4, 5));
    expect_ints(&t, 1, LIST(2, 3, 4, 5));
    t.opset = 15;
    trial_int(&t, "start", -2);
    trial_int(&t, "end", 9);
    expect_ints(&t, 1, LIST(4, 5));
    t.attrs[0].i = 4;
    expect_refusal(&t, BL_UNSUPPORTED, "no dimensions");

    t = of_ints("Gather", LIST(7, 8, 9));
    trial_ints(&t, LIST(-1, 0));
    expect_ints(&t, 1, LIST(9, 7));
    t.in[1].shape.rank = 0;
    expect_ints(&t, 0, LIST(9));
    t.ints[1][0] = 3;
    expect_refusal(&t, BL_SHAPE, "index 3");
    t = with_input("Gather", 13, DIMS(3, 2));
    trial_ints(&t, LIST(0));
    expect_refusal(&t, BL_UNSUPPORTED, "shape arithmetic");

    t = of_ints("Slice", LIST(2, 3, 4, 5));
    trial_ints(&t, LIST(-2));
    trial_ints(&t, LIST(INT64_MAX));
    expect_ints(&t, 1, LIST(4, 5));
    trial_ints(&t, LIST(0));
    trial_ints(&t, LIST(-1));
    t.ints[1][0] = INT64_MAX;
    t.ints[2][0] = INT64_MIN;
    expect_ints(&t, 1, LIST(5, 4, 3, 2));
    t.ints[4][0] = 0;
    expect_refusal(&t, BL_SHAPE, "step of 0");
    t.ints[4][0] = INT64_MIN;
    expect_refusal(&t, BL_SHAPE, "step of");
    t.ints[4][0] = 1;
    expect_refusal(&t, BL_SHAPE, "nothing is left");

    t = of_ints("Concat", LIST(2));
    trial_ints(&t, LIST(-1, 4));
    trial_int(&t, "axis", 0);
    expect_ints(&t, 1, LIST(2, -1, 4));
    t.n_attrs = 0;
    expect_refusal(&t, BL_FORMAT, "axis is missing");

    t = of_ints("Unsqueeze", LIST(6));
    t.in[0].shape.rank = 0;
    trial_ints(&t, LIST(0));
    expect_ints(&t, 1, LIST(6));
    t = of_ints("Squeeze", LIST(6));
    expect_ints(&t, 0, LIST(6));
    t = of_ints("Cast", LIST(6, 7));
    trial_int(&t, "to", 6);
    expect_ints(&t, 1, LIST(6, 7));
    t.attrs[0].i = 1;
    expect_refusal(&t, BL_UNSUPPORTED, "from integers");

    const struct {
        const char *op;
        int64_t y[2];
    } binary[] = {{"Add", {9, -5}}, {"Sub", {5, -9}}, {"Mul", {14, -14}}, {"Div", {3, -3}}};
    for (int i = 0; i < 4; i++) {
        t = of_ints(binary[i].op, LIST(7, -7));
        trial_ints(&t, LIST(2));
        expect_ints(&t, 1, 2, binary[i].y);
    }
    t = of_ints("Div", LIST(INT64_MIN));
    trial_ints(&t, LIST(-1));
    expect_refusal(&t, BL_FORMAT, "no result");
    t.ints[1][0] = 0;
    expect_refusal(&t, BL_FORMAT, "no result");
    t = of_ints("Mul", LIST(INT64_MAX));
    trial_ints(&t, LIST(INT64_MAX));
    expect_ints(&t, 1, LIST(1)); /* wraps, without undefined behaviour */
    t = of_ints("Add", LIST(1));
    trial_input(&t, 1, (int32_t[]){1});
    expect_refusal(&t, BL_UNSUPPORTED, "integers");

    t = of_ints("ConstantOfShape", LIST(2, 2));
    expect_refusal(&t, BL_UNSUPPORTED, "integers");
    trial_int(&t, "value", -1);
    expect_ints(&t, 2, LIST(-1, -1, -1, -1));
    t.ints[0][0] = 1 << 20;
    expect_refusal(&t, BL_UNSUPPORTED, "integer result");
    t.ints[0][0] = -1;
    expect_refusal(&t, BL_SHAPE, "is -1");
}

static trial conv(int size) {
    trial t = with_input("Conv", 13, DIMS(1, 4, size, size));
    trial_input(&t, 4, (int32_t[]){6, 4, 3, 3});
    return t;
}

/* What a hostile or careless file can say about windows. */
static void windows(void **state) {
    (void)state;
    trial t = conv(8);
    expect_shape(&t, false, DIMS(1, 6, 6, 6));
    t = conv(2);
    expect_refusal(&t, BL_SHAPE, "does not fit");
    const struct {
        const char *name;
        int64_t value;
    } bad[] = {{"strides", 0},           {"strides", -1},    {"strides", INT64_MAX}, {"dilations", 0},
               {"dilations", INT64_MIN}, {"pads", -1},       {"pads", INT64_MAX},    {"pads", (1 << 24) + 1},
               {"kernel_shape", 0},      {"kernel_shape", 2}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        t = conv(8);
        trial_list(&t, bad[i].name, *bad[i].name == 'p' ? 4 : 2, (int64_t[]){bad[i].value, 1, 1, 1});
        if (!strcmp(bad[i].name, "kernel_shape")) t.lists[0][1] = 3;
        expect_refusal(&t, BL_SHAPE, bad[i].name);
    }
    t = conv(8);
    trial_list(&t, "dilations", LIST(1 << 24, 1 << 24));
    expect_refusal(&t, BL_SHAPE, "does not fit");
    t = conv(8);
    trial_list(&t, "pads", LIST(1 << 24, 1 << 24, 1 << 24, 1 << 24));
    expect_refusal(&t, BL_SHAPE, "larger than");
    t = conv(8);
    trial_list(&t, "pads", LIST(1 << 20, 1 << 20, 1 << 20, 1 << 20));
    expect_refusal(&t, BL_SHAPE, "elements");
    t = conv(8);
    trial_list(&t, "strides", LIST(1));
    expect_refusal(&t, BL_UNSUPPORTED, "two spatial axes");
    t = conv(8);
    trial_string(&t, "auto_pad", "SOMEHOW");
    expect_refusal(&t, BL_FORMAT, "SOMEHOW");
    t = conv(8);
    trial_float(&t, "group", 1);
    expect_refusal(&t, BL_FORMAT, "attribute group must be an integer");
    t = conv(8);
    trial_int(&t, "group", 3);
    expect_refusal(&t, BL_SHAPE, "3 groups");
    t.attrs[0].i = 2;
    expect_refusal(&t, BL_SHAPE, "4 channels a group");
    t.attrs[0].i = -1;
    expect_refusal(&t, BL_SHAPE, "-1 groups");
    t = with_input("Conv", 13, DIMS(1, 4, 8));
    trial_input(&t, 3, (int32_t[]){6, 4, 3});
    expect_refusal(&t, BL_UNSUPPORTED, "two-dimensional");
    t = conv(8);
    trial_input(&t, 1, (int32_t[]){5});
    expect_refusal(&t, BL_SHAPE, "6 numbers");

    t = with_input("MaxPool", 12, DIMS(1, 2, 5, 5));
    expect_refusal(&t, BL_FORMAT, "kernel_shape is missing");
    trial_list(&t, "kernel_shape", LIST(2, 2));
    trial_list(&t, "strides", LIST(2, 2));
    expect_shape(&t, false, DIMS(1, 2, 2, 2));
    trial_int(&t, "ceil_mode", 1);
    expect_shape(&t, false, DIMS(1, 2, 3, 3));
    trial_list(&t, "pads", LIST(2, 0, 0, 0));
    expect_refusal(&t, BL_SHAPE, "padding only");
    t.lists[3][0] = 0;
    trial_int(&t, "storage_order", 1);
    expect_refusal(&t, BL_UNSUPPORTED, "storage_order");
    /* Two taps three apart around a picture of two cells: both may miss it. */
    t = with_input("AveragePool", 19, DIMS(1, 1, 2, 2));
    trial_list(&t, "kernel_shape", LIST(2, 1));
    trial_list(&t, "dilations", LIST(3, 1));
    trial_list(&t, "pads", LIST(1, 0, 1, 0));
    expect_refusal(&t, BL_SHAPE, "padding only");
    t = with_input("MaxPool", 12, DIMS(1, 1, 2048, 2048));
    trial_list(&t, "kernel_shape", LIST(2048, 2048));
    trial_list(&t, "pads", LIST(2047, 2047, 2047, 2047));
    expect_refusal(&t, BL_UNSUPPORTED, "steps");
    t = with_input("GlobalAveragePool", 13, DIMS(1, 2, 5));
    expect_refusal(&t, BL_UNSUPPORTED, "rank 3");
}

static void other_refusals(void **state) {
    (void)state;
    trial t = with_input("BatchNormalization", 14, DIMS(1, 2, 5, 5));
    for (int i = 0; i < 4; i++) trial_input(&t, 1, (int32_t[]){2});
    trial_int(&t, "training_mode", 1);
    expect_refusal(&t, BL_UNSUPPORTED, "training_mode");
    t.n_attrs = 0;
    t.in[3].shape.dim[0] = 3;
    expect_refusal(&t, BL_SHAPE, "input 3");
    t = with_input("Gemm", 13, DIMS(2, 3));
    trial_input(&t, 2, (int32_t[]){4, 5});
    expect_refusal(&t, BL_SHAPE, "3 numbers");
    t = with_input("MatMul", 13, DIMS(3));
    trial_input(&t, 2, (int32_t[]){3, 5});
    expect_refusal(&t, BL_UNSUPPORTED, "vectors");
    t = with_input("Mul", 13, DIMS(2, 3));
    trial_input(&t, 1, (int32_t[]){2});
    expect_refusal(&t, BL_SHAPE, "broadcast");
    t = with_input("Add", 13, DIMS(1 << 20, 1));
    trial_input(&t, 1, (int32_t[]){1 << 20});
    expect_refusal(&t, BL_SHAPE, "elements");
    t = with_input("Softmax", 13, DIMS(2, 3));
    trial_int(&t, "axis", 2);
    expect_refusal(&t, BL_SHAPE, "axis 2");
    t = with_input("Transpose", 13, DIMS(2, 3));
    trial_list(&t, "perm", LIST(0, 0));
    expect_refusal(&t, BL_SHAPE, "perm");
    t = with_input("Pad", 10, DIMS(2, 3));
    trial_list(&t, "pads", LIST(0, 3, 0, 0));
    trial_string(&t, "mode", "reflect");
    expect_refusal(&t, BL_SHAPE, "cannot be padded");
    t.attrs[1].s = "wrap";
    expect_refusal(&t, BL_UNSUPPORTED, "wrap");
    t.attrs[1].s = "constant";
    t.lists[0][1] = INT64_MAX;
    expect_refusal(&t, BL_SHAPE, "cannot be padded");
    t.lists[0][1] = -3;
    expect_refusal(&t, BL_SHAPE, "dimension 1 of the result would be 0");
    t = with_input("LRN", 13, DIMS(1, 2, 3, 3));
    expect_refusal(&t, BL_FORMAT, "size");
    t = with_input("Clip", 13, DIMS(2));
    trial_input(&t, 0, NULL);
    expect_refusal(&t, BL_UNSUPPORTED, "constant");
    t = with_input("Concat", 13, DIMS(2, 3));
    trial_input(&t, 2, (int32_t[]){3, 3});
    trial_int(&t, "axis", 1);
    expect_refusal(&t, BL_SHAPE, "input 1");
    t = with_input("ReduceMean", 18, DIMS(2, 3));
    trial_ints(&t, LIST(2));
    expect_refusal(&t, BL_SHAPE, "axis 2");
}

/* Every row is whole, in order, and tested somewhere. */
static void table(void **state) {
    (void)state;
    int n;
    const bl_op *const *ops = bl_ops(&n);
    assert_true(n > 30);
    for (int i = 0; i < n; i++) {
        const bl_op *op = ops[i];
        assert_ptr_equal(bl_op_find(op->name), op);
        if (i && strcasecmp(ops[i - 1]->name, op->name) >= 0) fail_msg("%s stands out of order", op->name);
        if (!op->plan || !op->attrs || !op->summary || !*op->summary || op->since < 1 || op->min_in < 1 ||
            (op->max_in != -1 && op->max_in < op->min_in) || !op->forward != !op->backward)
            fail_msg("%s: its row is not whole", op->name);
        bool computed = false, planned = false;
        for (int k = 0; k < n_op_trials; k++) computed |= !strcmp(all_op_trials[k].op, op->name);
        for (int k = 0; k < n_asked; k++) planned |= !strcmp(asked[k], op->name);
        if (op->forward ? !computed : !planned) fail_msg("%s has no test", op->name);
    }
    assert_null(bl_op_find("Nothing"));
    assert_null(bl_op_find("conv"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aliases),        cmocka_unit_test(reshapes),
        cmocka_unit_test(arithmetic),     cmocka_unit_test(windows),
        cmocka_unit_test(other_refusals), cmocka_unit_test(table), /* the last: it looks at what the others asked */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
