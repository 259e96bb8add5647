/* Rank correlation against its definition: ranks by counting, ties at their mean, Pearson's formula in double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "kernels/kernels.h"
#include "conv_check.h"

static double correlation(size_t n, const bl_real *a, const bl_real *b, bool sizes) {
    void *scratch = malloc(bl_rank_scratch(n) + 1);
    double r = bl_rank_correlation(n, a, b, sizes, scratch);
    free(scratch);
    return r;
}

static double rank_by_counting(size_t n, const bl_real *x, size_t i) {
    double below = 0, equal = 0;
    for (size_t j = 0; j < n; j++) below += x[j] < x[i], equal += x[j] == x[i];
    return below + (equal + 1) / 2;
}

static double by_definition(size_t n, const bl_real *a, const bl_real *b) {
    double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++)
        ma += rank_by_counting(n, a, i) / (double)n, mb += rank_by_counting(n, b, i) / (double)n;
    for (size_t i = 0; i < n; i++) {
        double p = rank_by_counting(n, a, i) - ma, q = rank_by_counting(n, b, i) - mb;
        ab += p * q, aa += p * p, bb += q * q;
    }
    return ab / sqrt(aa * bb);
}

static void as_defined(void **state) {
    (void)state;
    dice d = {5};
    for (size_t n = 2; n < 300; n += n < 20 ? 1 : 37)
        for (int grain = 2; grain < 2000; grain *= 7) { /* coarse numbers have many ties */
            bl_real *a = drawn_from(&d, n), *b = drawn_from(&d, n), *sizes = drawn_from(&d, n);
            for (size_t i = 0; i < n; i++) {
                a[i] = (bl_real)floor((double)a[i] * grain),
                b[i] = (bl_real)floor((double)(a[i] + b[i] * (bl_real)grain));
                sizes[i] = a[i] < 0 ? -a[i] : a[i];
            }
            double r = correlation(n, a, b, false), wanted = by_definition(n, a, b);
            assert_true(isnan(wanted) ? isnan(r) : fabs(r - wanted) < 1e-12);
            r = correlation(n, a, sizes, true);
            assert_true(isnan(by_definition(n, sizes, sizes)) ? isnan(r) : r > 1 - 1e-12);
            free(a), free(b), free(sizes);
        }
}

static void ends(void **state) {
    (void)state;
    const bl_real up[] = {1, 2, 3, 40}, down[] = {-1, -2, -3, -40}, flat[] = {7, 7, 7, 7}, bad[] = {1, NAN, 2, 3};
    assert_true(fabs(correlation(4, up, up, false) - 1) < 1e-15);
    assert_true(fabs(correlation(4, up, down, false) + 1) < 1e-15);
    assert_true(fabs(correlation(4, up, down, true) - 1) < 1e-15);
    assert_true(isnan(correlation(4, up, flat, false)));
    assert_true(isnan(correlation(4, bad, up, false)));
    assert_true(isnan(correlation(0, up, up, false)));
    const bl_real ties[] = {1, 2, 2, 3}, order[] = {10, 20, 30, 40}; /* ranks 1, 2½, 2½, 4 */
    assert_true(fabs(correlation(4, ties, order, false) - 4.5 / sqrt(4.5 * 5)) < 1e-15);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_defined), cmocka_unit_test(ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
