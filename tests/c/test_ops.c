/* Every operator of the table in float: against its naive twin, gradients against differences of the twin, and the
 * promises of ops/op.h; then what must hold exactly: ties, zeros, rules. Shapes and refusals: test_ops_shapes.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op_checks.h"
#include "op_trials.h"

/* One input, given; the result and the gradient that a signal of these numbers gives. */
static void run_exactly(trial *t, const float *x, const float *signal, bl_rule rule, float *y, float *dx) {
    bench b;
    assert_int_equal(bench_open(&b, t, 1), BL_OK);
    memcpy(b.in[0], x, b.counts[0] * sizeof *x);
    bl_real *out, *gradient[TRIAL_INPUTS] = {copy_of(NULL, b.counts[0])};
    void *aux;
    static const bool write[TRIAL_INPUTS] = {false};
    bench_forward(&b, b.in, false, &out, &aux);
    bench_backward(&b, (const bl_real *const *)b.in, out, aux, signal, gradient, write, rule);
    if (y) memcpy(y, out, b.out_count * sizeof *y);
    memcpy(dx, gradient[0], b.counts[0] * sizeof *dx);
    free(gradient[0]);
    free(out);
    free(aux);
    bench_close(&b);
}

static void relu_rules(void **state) {
    (void)state;
    const float z[4] = {1, 1, -1, -1}, signal[4] = {1, -1, 1, -1};
    const float expected[3][4] = {{1, -1, 0, 0}, {1, 0, 0, 0}, {1, 0, 1, 0}};
    const bl_rule rules[3] = {BL_RULE_PLAIN, BL_RULE_GUIDED, BL_RULE_DECONVNET};
    for (int r = 0; r < 3; r++) {
        trial t = {.op = "Relu", .opset = 17};
        float dx[4];
        trial_input(&t, 1, (int32_t[]){4});
        run_exactly(&t, z, signal, rules[r], NULL, dx);
        for (int i = 0; i < 4; i++) assert_true(dx[i] == expected[r][i]);
    }
}

/* The derivative at 0 is 0, whatever the zero's sign. */
static void zeros(void **state) {
    (void)state;
    const char *ops[] = {"Relu", "LeakyRelu"};
    const float x[2] = {0.0F, -0.0F}, signal[2] = {3, 3};
    for (int k = 0; k < 2; k++) {
        trial t = {.op = ops[k], .opset = 17};
        float dx[2];
        trial_input(&t, 1, (int32_t[]){2});
        run_exactly(&t, x, signal, BL_RULE_PLAIN, NULL, dx);
        assert_true(dx[0] == 0 && dx[1] == 0);
    }
}

static void clip_bounds(void **state) {
    (void)state;
    const float x[5] = {-1, 0, 3, 6, 7}, signal[5] = {1, 1, -1, 1, 1};
    trial t = {.op = "Clip", .opset = 6};
    float y[5], dx[5];
    trial_input(&t, 1, (int32_t[]){5});
    trial_float(&t, "min", 0);
    trial_float(&t, "max", 6);
    run_exactly(&t, x, signal, BL_RULE_PLAIN, y, dx);
    const float expected[5] = {0, 0, 3, 6, 6}, slopes[5] = {0, 0, -1, 0, 0};
    for (int i = 0; i < 5; i++) assert_true(y[i] == expected[i] && dx[i] == slopes[i]);
    run_exactly(&t, x, signal, BL_RULE_GUIDED, y, dx);
    for (int i = 0; i < 5; i++) assert_true(dx[i] == 0);
}

/* Leaky: under the guided rule the plain derivative, then positive signal only. */
static void leaky_guided(void **state) {
    (void)state;
    const float x[4] = {1, 1, -1, -1}, signal[4] = {1, -1, 1, -1}, expected[4] = {1, 0, 0.25F, 0};
    trial t = {.op = "LeakyRelu", .opset = 17};
    float dx[4];
    trial_input(&t, 1, (int32_t[]){4});
    trial_float(&t, "alpha", 0.25F);
    run_exactly(&t, x, signal, BL_RULE_GUIDED, NULL, dx);
    for (int i = 0; i < 4; i++) assert_true(dx[i] == expected[i]);
}

/* The first of equals gets the whole signal; a NaN wins; −∞ is a number like any other. */
static void pool_ties(void **state) {
    (void)state;
    const struct {
        float x[4];
        int winner;
    } cases[] = {{{1, 1, 0, 1}, 0},
                 {{0, 1, 1, 1}, 1},
                 {{0, 0, 0, 1}, 3},
                 {{0, 0, 0, 0}, 0},
                 {{-0.0F, 0, 0, 0}, 0},
                 {{1, NAN, 9, NAN}, 1},
                 {{-INFINITY, -INFINITY, -INFINITY, -INFINITY}, 0},
                 {{NAN, 1, 2, 3}, 0},
                 {{1, 2, 3, NAN}, 3}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        for (int global = 0; global < 2; global++) {
            trial t = {.op = global ? "GlobalMaxPool" : "MaxPool", .opset = 17};
            float y, dx[4], signal = 2;
            trial_input(&t, 4, (int32_t[]){1, 1, 2, 2});
            if (!global) trial_list(&t, "kernel_shape", 2, (int64_t[]){2, 2});
            run_exactly(&t, cases[k].x, &signal, BL_RULE_PLAIN, &y, dx);
            for (int i = 0; i < 4; i++) assert_true(dx[i] == (i == cases[k].winner ? 2 : 0));
            assert_memory_equal(&y, &cases[k].x[cases[k].winner], sizeof y);
        }
        /* The same window six times side by side: some are pooled four at once. */
        trial t = {.op = "MaxPool", .opset = 17};
        float x[24], y[6], dx[24];
        const float signal[6] = {2, 2, 2, 2, 2, 2};
        trial_input(&t, 4, (int32_t[]){1, 1, 2, 12});
        trial_list(&t, "kernel_shape", 2, (int64_t[]){2, 2});
        trial_list(&t, "strides", 2, (int64_t[]){2, 2});
        for (int i = 0; i < 24; i++) x[i] = cases[k].x[i / 12 * 2 + i % 2];
        run_exactly(&t, x, signal, BL_RULE_PLAIN, y, dx);
        for (int i = 0; i < 24; i++) assert_true(dx[i] == (i / 12 * 2 + i % 2 == cases[k].winner ? 2 : 0));
        for (int i = 0; i < 6; i++) assert_memory_equal(&y[i], &cases[k].x[cases[k].winner], sizeof y[i]);
    }
}

/* Large and equal scores stay finite, forwards and backwards. */
static void saturated_softmax(void **state) {
    (void)state;
    const char *ops[] = {"Softmax", "LogSoftmax"};
    const float x[3] = {1000, 0, -1000}, signal[3] = {1, 0, 0};
    for (int k = 0; k < 2; k++) {
        trial t = {.op = ops[k], .opset = 17};
        float y[3], dx[3];
        trial_input(&t, 2, (int32_t[]){1, 3});
        run_exactly(&t, x, signal, BL_RULE_PLAIN, y, dx);
        for (int i = 0; i < 3; i++) assert_true(isfinite(y[i]) && isfinite(dx[i]));
        assert_true(y[0] == (k ? 0.0F : 1.0F) && (k ? y[2] == -2000 : y[2] == 0));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_forward), cmocka_unit_test(check_gradients),   cmocka_unit_test(check_adjoint),
        cmocka_unit_test(check_add),     cmocka_unit_test(check_reads),       cmocka_unit_test(check_batch),
        cmocka_unit_test(check_nan),     cmocka_unit_test(check_explain),     cmocka_unit_test(relu_rules),
        cmocka_unit_test(zeros),         cmocka_unit_test(clip_bounds),       cmocka_unit_test(leaky_guided),
        cmocka_unit_test(pool_ties),     cmocka_unit_test(saturated_softmax),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
