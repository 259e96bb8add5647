/* No memory: the n-th allocation fails, for every n, while a network is built, sealed, planned, run and edited. Each
 * time an error must come back, nothing may leak, and nothing may be touched that is not there. */
#include "graphs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long left; /* allocations that still succeed; negative: all of them */
static void *scarce(size_t align, size_t size) {
    return left == 0 ? NULL : (left -= left > 0, aligned_alloc(align, size));
}
/* base's allocator in place of the library's, with the allocation of C replaced. */
#define aligned_alloc scarce
#include "../../src/base/memory.c"
#undef aligned_alloc

static bl_status constant(bl_model *m, const char *name, const bl_shape *s, int *value, bl_error *error) {
    void *data;
    *value = bl_model_value(m, name, strlen(name));
    if (*value < 0) return bl_fail(error, BL_MEMORY, "no memory for a name");
    BL_TRY(bl_model_constant(m, *value, BL_FLOAT, s, &data, error));
    size_t n = bl_count(s);
    for (size_t i = 0; i < n; i++) ((bl_real *)data)[i] = (bl_real)0.1 * (bl_real)(i % 7 + 1);
    return BL_OK;
}

static bl_status node(bl_model *m, const char *op, const char *out, const int *in, int n_in, int *value,
                      bl_error *error) {
    *value = bl_model_value(m, out, strlen(out));
    if (*value < 0) return bl_fail(error, BL_MEMORY, "no memory for a name");
    return bl_model_node(m, op, NULL, in, n_in, *value, NULL, 0, error);
}

static bl_status build(bl_model *m, bl_error *error) {
    const bl_shape kernels = {4, {4, 3, 3, 3}}, four = {1, {4}}, large = {4, {64, 3, 3, 3}};
    int x = bl_model_value(m, "x", 1), w, stored, n[4], conv, norm, act, other, unused;
    if (x < 0) return bl_fail(error, BL_MEMORY, "no memory for a name");
    m->input = x, m->input_c = 3, m->input_h = m->input_w = 8;
    BL_TRY(constant(m, "stored", &kernels, &stored, error));
    BL_TRY(constant(m, "unused", &large, &unused, error)); /* has a block of its own */
    BL_TRY(constant(m, "gamma", &four, &n[0], error));
    BL_TRY(constant(m, "beta", &four, &n[1], error));
    BL_TRY(constant(m, "mean", &four, &n[2], error));
    BL_TRY(constant(m, "variance", &four, &n[3], error));
    BL_TRY(node(m, "Identity", "w", &stored, 1, &w, error));
    BL_TRY(node(m, "Conv", "conv", (int[]){x, w}, 2, &conv, error));
    BL_TRY(node(m, "BatchNormalization", "norm", (int[]){conv, n[0], n[1], n[2], n[3]}, 5, &norm, error));
    BL_TRY(node(m, "Sigmoid", "act", &norm, 1, &act, error));
    BL_TRY(node(m, "Conv", "other", (int[]){x, w}, 2, &other, error));
    BL_TRY(node(m, "Add", "sum", (int[]){act, other}, 2, &m->output, error));
    for (int i = 0; i < 300; i++) { /* so many that arrays and the index grow */
        char name[16];
        snprintf(name, sizeof name, "relu%d", i);
        BL_TRY(node(m, "Relu", name, (int[]){m->output}, 1, &m->output, error));
    }
    BL_TRY(bl_model_set_labels(m, "a\nb\nc", 5, error));
    return bl_model_seal(m, NULL, error);
}

static bl_status use(const bl_model *m, bl_error *error) {
    bl_plan *plan = NULL;
    bl_run *run = NULL;
    bl_wants w = BL_WANTS;
    w.gradient_all = w.observe_all = true;
    bl_status status = bl_plan_new(m, &w, &plan, error);
    if (status == BL_OK) status = bl_run_new(plan, &run, error);
    if (status == BL_OK) status = bl_run_forward(run, error);
    if (status == BL_OK) status = bl_run_intervene(run, "act:1*0.5 norm/0,1=1,2,3,4,5,6,7,8,9", NULL, error);
    if (status == BL_OK) status = bl_run_forward(run, error);
    if (status == BL_OK) status = bl_run_backward(run, &(bl_seed){.value = m->output, .weight = 1}, 1, NULL, error);
    bl_run_free(run);
    bl_plan_free(plan);
    return status;
}

static void every_allocation_fails_once(void **state) {
    (void)state;
    bl_status status = BL_MEMORY;
    long failures = 0;
    for (; status != BL_OK; failures++) {
        bl_error error = {0};
        bl_model *m = NULL;
        left = failures;
        status = bl_model_new(&m, &error);
        if (status == BL_OK) status = build(m, &error);
        if (status == BL_OK) status = use(m, &error);
        bl_model_free(m);
        if (status != BL_OK && (status != BL_MEMORY || error.message[0] == 0))
            fail_msg("allocation %ld: %s %s", failures, bl_status_name(status), error.message);
        assert_true(failures < 1000);
    }
    assert_true(failures > 25);
    left = -1;
}

static void a_network_survives_a_failed_plan(void **state) {
    (void)state;
    bl_error ignored;
    bl_model *m;
    left = -1;
    OK(bl_model_new(&m, error));
    OK(build(m, error));
    bl_status status = BL_MEMORY;
    for (long n = 0; status != BL_OK; n++) {
        left = n;
        status = use(m, &ignored);
    }
    left = -1;
    OK(use(m, error));
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(a_network_survives_a_failed_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
