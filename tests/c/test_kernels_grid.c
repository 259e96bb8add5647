/* Kernels on small shapes of every kind, exact and fast: remainders of 0 to 9 beyond a block in every dimension of a
 * product; convolutions with paddings of 0, 1, K−1, K and more on each side, strides beyond the kernel, 1×1 pictures,
 * groups, and NaN. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "conv_check.h"
#include "../tolerances.h"

static dice numbers = {29};

static void product(int m, int n, int k) {
    bl_real *a = drawn_from(&numbers, (size_t)(m * k)), *b = drawn_from(&numbers, (size_t)(k * n)),
            *c = copy_of(NULL, (size_t)(m * n));
    double *expected = calloc((size_t)(m * n), sizeof *expected);
    for (int i = 0; i < m * n; i++)
        for (int l = 0; l < k; l++) expected[i] += (double)a[i / n * k + l] * (double)b[l * n + i % n];
    void *scratch = malloc(bl_gemm_scratch(m, n, k));
    bl_gemm(m, n, k, (bl_matrix){a, k, 1}, (bl_matrix){b, n, 1}, c, n, false, scratch);
    expect_within(TOL_OP_FLOAT, c, expected, (size_t)(m * n), "product", m, n, k);
    void *all[] = {a, b, c, expected, scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

/* Blocks are 4 rows, 8 or 24 columns, and 256 deep. */
static void remainders(void **state) {
    (void)state;
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 10; j++) {
            product(4 + i, 8 + j, 3);
            product(4 + i, 24 + j, 5);
            product(3, 24 + i, 256 + j);
        }
}

/* For a kernel's reach along an axis. */
static int padding(int reach) {
    const int some[] = {0, 1, reach - 1, reach, reach + 2};
    return some[roll(&numbers, 0, 4)];
}

static bool axis(int size, int kernel, int dilation, int stride, int before, int *out) {
    int reach = (kernel - 1) * dilation + 1, all = size + before + padding(reach) - reach;
    *out = all / stride + 1;
    return all >= 0;
}

static bl_conv_shape any_shape(void) {
    for (;;) {
        const int kernels[] = {1, 2, 3, 3, 5}, wide = roll(&numbers, 0, 3) == 0;
        int groups = wide ? 1 : roll(&numbers, 1, 3), each = wide ? roll(&numbers, 16, 40) : roll(&numbers, 1, 5);
        bl_conv_shape s = {.channels = groups * each,
                           .height = roll(&numbers, 1, 13),
                           .width = roll(&numbers, 1, 33),
                           .out_channels = groups * (wide ? roll(&numbers, 8, 33) : roll(&numbers, 1, 10)),
                           .kernel_h = wide ? 3 : kernels[roll(&numbers, 0, 4)],
                           .kernel_w = wide ? 3 : kernels[roll(&numbers, 0, 4)],
                           .dilation_h = wide ? 1 : roll(&numbers, 1, 2),
                           .dilation_w = wide ? 1 : roll(&numbers, 1, 2),
                           .groups = groups};
        s.stride_h = wide ? 1 : roll(&numbers, 1, s.kernel_h + 2);
        s.stride_w = wide ? 1 : roll(&numbers, 1, s.kernel_w + 2);
        if (roll(&numbers, 0, 9) == 0) s.height = s.width = 1;
        s.pad_top = padding((s.kernel_h - 1) * s.dilation_h + 1);
        s.pad_left = padding((s.kernel_w - 1) * s.dilation_w + 1);
        bool fits = axis(s.height, s.kernel_h, s.dilation_h, s.stride_h, s.pad_top, &s.out_height);
        if (axis(s.width, s.kernel_w, s.dilation_w, s.stride_w, s.pad_left, &s.out_width) && fits) return s;
    }
}

static void shapes(void **state) {
    (void)state;
    for (int i = 0; i < 250; i++) check_convolution(any_shape(), roll(&numbers, 1, 2), 0, &numbers);
}
static void not_numbers(void **state) {
    (void)state;
    for (int i = 0; i < 120; i++) check_convolution(any_shape(), roll(&numbers, 1, 2), roll(&numbers, 1, 3), &numbers);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(remainders), cmocka_unit_test(shapes),
                                       cmocka_unit_test(not_numbers)};
    int failed = cmocka_run_group_tests_name("exact", tests, NULL, NULL);
    if (bl_kernels_choose(true)) failed += cmocka_run_group_tests_name("fast", tests, NULL, NULL);
    return failed;
}
