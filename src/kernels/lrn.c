#include "kernels/kernels.h"

#include "base/elementary.h"

#include <math.h>

/* The one beta that networks use needs square roots alone, which are exact everywhere. */
bl_real bl_inverse_power(bl_real s, double beta) {
    if (beta == 0.75) {
        double root = sqrt((double)s);
        return (bl_real)(1 / (root * sqrt(root)));
    }
    return bl_exp((bl_real)-beta * bl_log(s));
}

typedef struct {
    int channels, before, after;
} reach;

static reach of(int channels, int size) {
    return (reach){channels, (size - 1) / 2, size / 2};
}

/* Σ over the channels around c of one position. */
static double around(const reach *r, int before, int after, size_t plane, int c, const bl_real *x, const bl_real *y) {
    int first = c > before ? c - before : 0, last = after < r->channels - 1 - c ? c + after : r->channels - 1;
    double sum = 0;
    for (int q = first; q <= last; q++) sum += (double)x[(size_t)q * plane] * (double)y[(size_t)q * plane];
    return sum;
}

void bl_lrn(int channels, size_t plane, int size, double alpha, double beta, double bias, const bl_real *x,
            bl_real *y) {
    reach r = of(channels, size);
    for (int c = 0; c < channels; c++)
        for (size_t i = 0; i < plane; i++) {
            double squares = around(&r, r.before, r.after, plane, c, x + i, x + i);
            size_t at = (size_t)c * plane + i;
            y[at] = x[at] * bl_inverse_power((bl_real)(bias + alpha / size * squares), beta);
        }
}

/* dx_i = dy_i·s_i^−beta − 2·alpha·beta/size · x_i · Σ over the j whose window holds i of x_j · (dy_j·s_j^−(beta+1)):
 * those j lie `after` before i and `before` after it. */
void bl_lrn_backward(int channels, size_t plane, int size, double alpha, double beta, double bias, const bl_real *x,
                     const bl_real *dy, bl_real *dx, bool add, void *scratch) {
    reach r = of(channels, size);
    bl_real *direct = scratch, *through = direct + (size_t)channels * plane;
    for (int c = 0; c < channels; c++)
        for (size_t i = 0; i < plane; i++) {
            size_t at = (size_t)c * plane + i;
            bl_real s = (bl_real)(bias + alpha / size * around(&r, r.before, r.after, plane, c, x + i, x + i));
            direct[at] = dy[at] * bl_inverse_power(s, beta);
            through[at] = direct[at] / s;
        }
    for (int c = 0; c < channels; c++)
        for (size_t i = 0; i < plane; i++) {
            size_t at = (size_t)c * plane + i;
            double others = around(&r, r.after, r.before, plane, c, x + i, through + i);
            bl_real d = (bl_real)((double)direct[at] - 2 * alpha * beta / size * (double)x[at] * others);
            dx[at] = add ? dx[at] + d : d;
        }
}
