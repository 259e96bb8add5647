#include "kernels/kernels.h"

/* Four sums side by side, joined as (0+1)+(2+3): no chain of n additions, and the same order on every machine. */
double bl_sum(const bl_real *x, size_t n) {
    double s[4] = {0, 0, 0, 0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int j = 0; j < 4; j++) s[j] += (double)x[i + (size_t)j];
    for (; i < n; i++) s[i & 3] += (double)x[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

double bl_dot(const bl_real *x, const bl_real *y, size_t n) {
    double s[4] = {0, 0, 0, 0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int j = 0; j < 4; j++) s[j] += (double)x[i + (size_t)j] * (double)y[i + (size_t)j];
    for (; i < n; i++) s[i & 3] += (double)x[i] * (double)y[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

void bl_add_to(bl_real *restrict y, const bl_real *restrict x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] += x[i];
}
