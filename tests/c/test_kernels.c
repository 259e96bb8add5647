/* Kernels at the sizes where they change their way: blocks, panels and tails of matrices and convolutions, against
 * plain loops; sums; cross-entropy. All of it twice: the exact kernels, and the fast ones where the processor has them.
 * Every buffer has exactly its size. What operators do with them is tested in test_ops.c; small shapes of every kind in
 * test_kernels_grid.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conv_check.h"
#include "kernels/kernels.h"
#include "trial.h"
#include "../tolerances.h"

static dice numbers = {11};
static bl_real *drawn(size_t n) {
    return drawn_from(&numbers, n);
}
static void convolution(bl_conv_shape s, int pictures) {
    check_convolution(s, pictures, 0, &numbers);
}

typedef void (*multiply)(int m, int n, int k, bl_matrix a, bl_matrix b, bl_real *c, ptrdiff_t c_row, bool add,
                         void *scratch);

/* All four layings of the operands, written and added, into the middle of wider rows. */
static void product(multiply f, int m, int n, int k) {
    bl_real *a = drawn((size_t)m * (size_t)k), *b = drawn((size_t)k * (size_t)n);
    for (int lay = 0; lay < 8; lay++) {
        bl_matrix x = lay & 1 ? (bl_matrix){a, 1, m} : (bl_matrix){a, k, 1};
        bl_matrix y = lay & 2 ? (bl_matrix){b, 1, k} : (bl_matrix){b, n, 1};
        bool add = lay & 4;
        ptrdiff_t row = n + 3;
        size_t count = (size_t)row * (size_t)m, bytes = bl_gemm_scratch(m, n, k);
        if (f == bl_dense) bytes = bl_dense_scratch(m, n, k, x, y);
        bl_real *c = drawn(count);
        double *expected = malloc(count * sizeof *expected);
        for (size_t i = 0; i < count; i++) expected[i] = (double)c[i];
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++) {
                double sum = add ? expected[i * row + j] : 0;
                for (int l = 0; l < k; l++)
                    sum += (double)x.data[i * x.row + l * x.col] * (double)y.data[l * y.row + j * y.col];
                expected[i * row + j] = sum;
            }
        void *scratch = malloc(bytes + !bytes);
        f(m, n, k, x, y, c, row, add, scratch);
        expect_within(TOL_OP_FLOAT, c, expected, count, f == bl_gemm ? "gemm" : "dense", m, n, k);
        free(scratch);
        free(expected);
        free(c);
    }
    free(a);
    free(b);
}

static void matrices(void **state) {
    (void)state;
    const int sizes[][3] = {{1, 1, 1},   {4, 8, 16},   {5, 9, 3},   {10, 17, 27},  {3, 7, 255}, {4, 8, 256},
                            {6, 5, 257}, {2, 31, 515}, {7, 513, 9}, {13, 1025, 2}, {9, 16, 4},  {65, 3, 66}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        product(bl_gemm, sizes[i][0], sizes[i][1], sizes[i][2]);
        product(bl_dense, sizes[i][0], sizes[i][1], sizes[i][2]);
    }
}

/* The bits of a row do not depend on how many rows there are. */
static void rows_alone(void **state) {
    (void)state;
    enum { M = 11, N = 19, K = 300 };
    bl_real *a = drawn(M * K), *b = drawn(K * N);
    for (int lay = 0; lay < 4; lay++) {
        multiply f = lay & 1 ? bl_gemm : bl_dense;
        bl_matrix x = {a, K, 1}, y = lay & 2 ? (bl_matrix){b, 1, K} : (bl_matrix){b, N, 1};
        bl_real all[M * N], one[N];
        void *scratch = malloc(bl_gemm_scratch(M, N, K));
        f(M, N, K, x, y, all, N, false, scratch);
        for (int i = 0; i < M; i++) {
            x.data = a + i * K;
            f(1, N, K, x, y, one, N, false, scratch);
            assert_memory_equal(one, all + i * N, sizeof one);
        }
        free(scratch);
    }
    free(a);
    free(b);
}

static void convolutions(void **state) {
    (void)state;
    convolution(square(60, 7, 9, 3, 1, 1, 1), 2); /* more channels than one block of the sum's depth */
    convolution(square(60, 7, 9, 3, 2, 1, 1), 2);
    convolution(square(4, 9, 270, 3, 2, 1, 1), 1);  /* the same, backwards */
    convolution(square(2, 37, 3, 2, 1, 0, 1), 1);   /* more positions than one block is wide */
    convolution(square(300, 12, 7, 1, 1, 0, 1), 1); /* 1×1 */
    convolution(square(3, 33, 5, 7, 2, 3, 1), 1);
    convolution(square(1, 19, 1, 17, 1, 0, 1), 1); /* one kernel deeper than a block */
    convolution(square(6, 21, 6, 3, 1, 1, 6), 2);  /* depthwise: eights, fours, borders */
    convolution(square(6, 20, 12, 3, 2, 1, 6), 2);
    convolution(square(5, 14, 5, 5, 1, 2, 5), 1);
    convolution(square(3, 4, 2, 1, 1, 5, 1), 1); /* padding all round */
}

/* Every way of geometry: kernels, strides beyond the kernel, dilation, groups, padding none, one, just short of the
 * kernel and beyond it, maps down to one cell, remainders of every block. */
static void any_convolutions(void **state) {
    (void)state;
    for (int i = 0; i < 300; i++) {
        int groups = roll(&numbers, 0, 3) ? 1 : roll(&numbers, 2, 5), in = roll(&numbers, 1, i % 5 ? 9 : 70),
            out = roll(&numbers, 1, i % 7 ? 13 : 41);
        if (groups > 1 && roll(&numbers, 0, 1)) in = 1; /* depthwise */
        bl_conv_shape s = {.channels = in * groups,
                           .height = roll(&numbers, 1, 19),
                           .width = roll(&numbers, 1, 27),
                           .out_channels = out * groups,
                           .kernel_h = roll(&numbers, 1, 5),
                           .kernel_w = roll(&numbers, 1, 5),
                           .stride_h = roll(&numbers, 1, 3),
                           .stride_w = roll(&numbers, 1, 3),
                           .dilation_h = roll(&numbers, 0, 2) ? 1 : roll(&numbers, 2, 4),
                           .dilation_w = roll(&numbers, 0, 2) ? 1 : roll(&numbers, 2, 4),
                           .groups = groups};
        if (i % 3 == 0) s.kernel_h = s.kernel_w = s.stride_h = s.stride_w = 1;
        if (i % 11 == 0) s.stride_w = roll(&numbers, 6, 9);
        int reach_h = (s.kernel_h - 1) * s.dilation_h, reach_w = (s.kernel_w - 1) * s.dilation_w;
        int pads[4][4] = {{0, 0, 0, 0}, {1, 1, 1, 1}, {reach_h, reach_h, reach_w, reach_w}, {5, 7, 6, 5}};
        const int *pad = pads[roll(&numbers, 0, 3)];
        s.pad_top = pad[0];
        s.pad_left = pad[2];
        int room_h = s.height + pad[0] + pad[1] - reach_h - 1, room_w = s.width + pad[2] + pad[3] - reach_w - 1;
        if (room_h < 0 || room_w < 0) continue;
        s.out_height = room_h / s.stride_h + 1;
        s.out_width = room_w / s.stride_w + 1;
        convolution(s, roll(&numbers, 1, 2));
    }
    bl_conv_shape far = square(2, 3, 2, 3, 1, 0, 1); /* taps so far apart that strips would be huge */
    far.dilation_h = far.dilation_w = far.pad_top = far.pad_left = 1 << 12;
    far.out_height = far.out_width = 3;
    convolution(far, 1);
}

/* A result that is cut while it is stored has the bits of one that is cut afterwards; NaN stays. */
static void cut_results(void **state) {
    (void)state;
    const bl_conv_shape shapes[] = {square(20, 13, 21, 3, 1, 1, 1), square(5, 13, 7, 3, 1, 1, 1),
                                    square(40, 9, 33, 1, 1, 0, 1),  square(70, 12, 5, 3, 2, 1, 1),
                                    square(6, 13, 6, 3, 1, 1, 6),   square(6, 13, 12, 3, 2, 1, 6)};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const bl_conv_shape *s = &shapes[i];
        size_t nx = (size_t)(s->channels * s->height * s->width),
               ny = (size_t)(s->out_channels * s->out_height * s->out_width);
        bl_real *x = drawn(nx),
                *w = drawn((size_t)(s->out_channels * s->channels / s->groups * s->kernel_h * s->kernel_w));
        bl_real *bias = drawn((size_t)s->out_channels), *apart = copy_of(NULL, ny), *together = copy_of(NULL, ny);
        x[nx / 2] = (bl_real)NAN;
        void *scratch = malloc(bl_conv_scratch(s));
        bl_conv_forward(s, 1, x, w, &(bl_finish){.bias = bias, .low = -(bl_real)INFINITY, .high = (bl_real)INFINITY},
                        apart, scratch);
        size_t lost = 0, cut = 0;
        for (size_t k = 0; k < ny; k++) lost += isnan(apart[k]) != 0, cut += apart[k] < (bl_real)-0.5;
        assert_true(lost > 0 && lost < ny && cut > 0);
        bl_clip(ny, apart, (bl_real)-0.5, 1, apart);
        bl_conv_forward(s, 1, x, w, &(bl_finish){.bias = bias, .low = (bl_real)-0.5, .high = 1}, together, scratch);
        assert_memory_equal(apart, together, ny * sizeof *apart);
        free(x), free(w), free(bias), free(apart), free(together), free(scratch);
    }
}

/* 3×3 with 16 and more channels, where another way is taken: every remainder of its tiles of 4×4, of their fours, of
 * the blocks of 64, and of the eights of channels; every padding on either side; shapes just too small for it. */
static void wide_convolutions(void **state) {
    (void)state;
    for (int i = 0; i < 100; i++) {
        int pad[4];
        for (int k = 0; k < 4; k++) pad[k] = roll(&numbers, 0, 3) ? roll(&numbers, 0, 2) : roll(&numbers, 3, 7);
        bl_conv_shape s = {.channels = roll(&numbers, 13, 24),
                           .height = roll(&numbers, 1, 17),
                           .width = roll(&numbers, 1, 17),
                           .out_channels = roll(&numbers, 0, 2) ? roll(&numbers, 14, 19) : roll(&numbers, 1, 9),
                           .kernel_h = 3,
                           .kernel_w = 3,
                           .stride_h = 1,
                           .stride_w = 1,
                           .dilation_h = 1,
                           .dilation_w = 1,
                           .pad_top = pad[0],
                           .pad_left = pad[1],
                           .groups = 1};
        if (i % 8 == 0) s.pad_top = -roll(&numbers, 0, 2);
        s.out_height = s.height + s.pad_top + pad[2] - 2;
        s.out_width = s.width + s.pad_left + pad[3] - 2;
        if (s.out_height > 0 && s.out_width > 0) convolution(s, roll(&numbers, 1, 3));
    }
    convolution(square(16, 41, 16, 3, 1, 1, 1), 1); /* blocks that share no picture … */
    convolution(square(17, 11, 8, 3, 1, 1, 1), 9);  /* … and some that do */
    convolution(square(200, 13, 24, 3, 1, 1, 1), 2);
    convolution(square(520, 7, 512, 3, 1, 1, 1), 1);
    convolution(square(2049, 6, 3, 3, 1, 1, 1), 1); /* too many channels for it */
}

/* Nothing outside the picture is read, and what lies beside it in memory has no say. */
static void wide_alone(void **state) {
    (void)state;
    bl_conv_shape s = square(16, 9, 11, 3, 1, 1, 1);
    enum { N = 5, X = 16 * 81, Y = 11 * 81 };
    bl_real *x = drawn(N * X), *w = drawn(16 * 11 * 9), *y = copy_of(NULL, N * Y), *one = copy_of(NULL, Y);
    void *scratch = malloc(bl_conv_scratch(&s));
    for (int c = 0; c < 16; c++) x[2 * X + c * 81 + 40] = (bl_real)(c % 2 ? INFINITY : NAN);
    bl_conv_forward(&s, N, x, w, &bl_no_finish, y, scratch);
    for (int p = 0; p < N; p++) {
        bl_conv_forward(&s, 1, x + p * X, w, &bl_no_finish, one, scratch);
        assert_memory_equal(one, y + p * Y, Y * sizeof *one);
        for (int i = 0; i < Y; i++) {
            int row = i % 81 / 9, column = i % 9, tile_row = row / 4 * 4, tile_column = column / 4 * 4;
            /* Cell 4,4 lies in the cells of the tiles that begin at most 4 before and 1 behind it. */
            bool reached = p == 2 && tile_row <= 4 && tile_column <= 4;
            bool asked = p == 2 && row >= 3 && row <= 5 && column >= 3 && column <= 5;
            assert_true(isnan(y[p * Y + i]) ? reached : !asked);
        }
    }
    free(x);
    free(w);
    free(y);
    free(one);
    free(scratch);
}

static void sums(void **state) {
    (void)state;
    for (size_t n = 0; n < 20; n++) {
        bl_real *x = drawn(n), *y = drawn(n);
        double sum = 0, product = 0;
        for (size_t i = 0; i < n; i++) {
            sum += (double)x[i];
            product += (double)x[i] * (double)y[i];
        }
        assert_true(fabs(bl_sum(x, n) - sum) < 1e-12 && fabs(bl_dot(x, y, n) - product) < 1e-12);
        free(x);
        free(y);
    }
    /* A small number is not lost beside large ones. */
    bl_real far[3] = {1e8F, 1, -1e8F};
    assert_true(bl_sum(far, 3) == 1);
}

/* Loss and gradient against the definition; two uniform classes give ln 2. */
static void cross_entropy(void **state) {
    (void)state;
    enum { ROWS = 3, N = 5 };
    const int32_t labels[ROWS] = {0, 4, 2};
    for (int smooth = 0; smooth < 2; smooth++) {
        double smoothing = smooth * 0.1, loss = 0, expected[ROWS * N];
        bl_real *x = drawn(ROWS * N), *gradient = copy_of(NULL, ROWS * N);
        for (int i = 0; i < ROWS; i++) {
            double sum = 0;
            for (int j = 0; j < N; j++) sum += exp((double)x[i * N + j]);
            for (int j = 0; j < N; j++) {
                double q = smoothing / N + (j == labels[i] ? 1 - smoothing : 0), p = exp((double)x[i * N + j]) / sum;
                loss -= q * log(p);
                expected[i * N + j] = 0.25 * (p - q);
            }
        }
        double got = bl_cross_entropy(ROWS, N, x, labels, smoothing, 0.25, gradient);
        assert_true(fabs(got - loss) < 1e-5);
        expect_within(TOL_OP_FLOAT, gradient, expected, ROWS * N, "cross-entropy", ROWS, N, smooth);
        assert_true(bl_cross_entropy(ROWS, N, x, labels, smoothing, 1, NULL) == got);
        free(x);
        free(gradient);
    }
    const bl_real even[2] = {7, 7}, sure[2] = {1000, -1000};
    assert_true(fabs(bl_cross_entropy(1, 2, even, (int32_t[]){1}, 0, 1, NULL) - log(2)) < 1e-7);
    assert_true(bl_cross_entropy(1, 2, sure, (int32_t[]){1}, 0, 1, NULL) == 2000); /* finite where a probability is 0 */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrices),          cmocka_unit_test(rows_alone),       cmocka_unit_test(convolutions),
        cmocka_unit_test(wide_convolutions), cmocka_unit_test(wide_alone),       cmocka_unit_test(sums),
        cmocka_unit_test(cross_entropy),     cmocka_unit_test(any_convolutions), cmocka_unit_test(cut_results),
    };
    int failed = cmocka_run_group_tests_name("exact", tests, NULL, NULL);
    if (bl_kernels_choose(true)) failed += cmocka_run_group_tests_name("fast", tests, NULL, NULL);
    return failed;
}
