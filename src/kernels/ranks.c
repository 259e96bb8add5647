/* Spearman's rank correlation (Spearman 1904): do two lists of numbers put their places in the same order? */
#include <math.h>

#include "kernels/kernels.h"

static bl_real key(const bl_real *x, uint32_t i, bool sizes) {
    return sizes && x[i] < 0 ? -x[i] : x[i];
}

/* Heap sort of the numbers 0 … n−1 by their keys: no memory of its own, no slow case. */
static void sink(const bl_real *x, bool sizes, uint32_t *order, size_t from, size_t n) {
    for (size_t at = from, child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && key(x, order[child], sizes) < key(x, order[child + 1], sizes)) child++;
        if (!(key(x, order[at], sizes) < key(x, order[child], sizes))) return;
        uint32_t kept = order[at];
        order[at] = order[child], order[child] = kept;
    }
}

/* Ranks 0 … n−1; equal numbers share the mean of theirs. */
static void ranks(size_t n, const bl_real *x, bool sizes, uint32_t *order, double *rank) {
    for (size_t i = 0; i < n; i++) order[i] = (uint32_t)i;
    for (size_t i = n / 2; i-- > 0;) sink(x, sizes, order, i, n);
    for (size_t end = n; end-- > 1;) {
        uint32_t kept = order[0];
        order[0] = order[end], order[end] = kept;
        sink(x, sizes, order, 0, end);
    }
    for (size_t first = 0, after; first < n; first = after) {
        for (after = first + 1; after < n && key(x, order[after], sizes) == key(x, order[first], sizes);) after++;
        for (size_t i = first; i < after; i++) rank[order[i]] = (double)(first + after - 1) / 2;
    }
}

size_t bl_rank_scratch(size_t n) {
    return n * (2 * sizeof(double) + sizeof(uint32_t));
}

double bl_rank_correlation(size_t n, const bl_real *a, const bl_real *b, bool sizes, void *scratch) {
    double *rank_a = scratch, *rank_b = rank_a + n;
    uint32_t *order = (uint32_t *)(rank_b + n);
    for (size_t i = 0; i < n; i++)
        if (isnan(a[i]) || isnan(b[i])) return NAN;
    ranks(n, a, sizes, order, rank_a);
    ranks(n, b, sizes, order, rank_b);
    double mean = ((double)n - 1) / 2, both = 0, of_a = 0, of_b = 0;
    for (size_t i = 0; i < n; i++) {
        double p = rank_a[i] - mean, q = rank_b[i] - mean;
        both += p * q, of_a += p * p, of_b += q * q;
    }
    return of_a > 0 && of_b > 0 ? both / sqrt(of_a * of_b) : NAN;
}
