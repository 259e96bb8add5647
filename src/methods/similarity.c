#include "methods/similarity.h"

#include <math.h>
#include <stdlib.h>

#include "base/elementary.h"

typedef struct {
    double value;
    size_t index;
} ranked;

static int by_value(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Twice the rank, so that shared ones are whole. */
static void rank(const double *v, size_t n, ranked *sorted, double *out) {
    for (size_t i = 0; i < n; i++) sorted[i] = (ranked){v[i], i};
    qsort(sorted, n, sizeof *sorted, by_value);
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first; end < n && sorted[end].value == sorted[first].value; end++) {
        }
        for (size_t i = first; i < end; i++) out[sorted[i].index] = (double)(first + end - 1);
    }
}

double bl_rank_correlation(const double *a, const double *b, size_t n) {
    ranked *sorted = bl_alloc_aligned((n + 1) * sizeof *sorted);
    double *x = bl_alloc_aligned((2 * n + 1) * sizeof *x), *y = x ? x + n : NULL, xx = 0, yy = 0, xy = 0;
    if (sorted && x) {
        rank(a, n, sorted, x), rank(b, n, sorted, y);
        for (size_t i = 0; i < n; i++) {
            double p = x[i] - (double)(n - 1), q = y[i] - (double)(n - 1); /* about the mean, which ties keep */
            xx += p * p, yy += q * q, xy += p * q;
        }
    }
    bl_free_aligned(sorted), bl_free_aligned(x);
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

double bl_structural_similarity(const double *a, const double *b, int height, int width) {
    enum { MOST = 11 };
    const double c1 = 0.01 * 0.01, c2 = 0.03 * 0.03;
    int rows = height < MOST ? height : MOST, columns = width < MOST ? width : MOST;
    double weight[MOST * MOST], all = 0, sum = 0;
    for (int i = 0; i < rows * columns; i++) {
        double y = i / columns - (rows - 1) / 2.0, x = i % columns - (columns - 1) / 2.0;
        all += weight[i] = (double)bl_exp((bl_real)(-(y * y + x * x) / (2 * 1.5 * 1.5)));
    }
    for (int top = 0; top + rows <= height; top++)
        for (int left = 0; left + columns <= width; left++) {
            double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
            for (int i = 0; i < rows * columns; i++) {
                double w = weight[i] / all, p = a[(top + i / columns) * width + left + i % columns],
                       q = b[(top + i / columns) * width + left + i % columns];
                ma += w * p, mb += w * q, aa += w * p * p, bb += w * q * q, ab += w * p * q;
            }
            double va = aa - ma * ma, vb = bb - mb * mb, cov = ab - ma * mb;
            sum += (2 * ma * mb + c1) * (2 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
        }
    return sum / ((double)(height - rows + 1) * (width - columns + 1));
}
