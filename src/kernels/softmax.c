#include "kernels/kernels.h"

#include "base/elementary.h"

/* The largest of a row, NaN if there is one: then the whole row becomes NaN, as it should. */
static bl_real largest(const bl_real *x, size_t n, size_t step) {
    bl_real most = x[0];
    for (size_t i = 1; i < n; i++)
        if (x[i * step] > most || x[i * step] != x[i * step]) most = x[i * step];
    return most;
}

/* Σ e^(x−most), in double: n may be large, and probabilities are shown. */
static double exponentials(const bl_real *x, size_t n, size_t step, bl_real most) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)bl_exp(x[i * step] - most);
    return sum;
}

void bl_softmax(size_t outer, size_t n, size_t inner, const bl_real *x, bl_real *y) {
    for (size_t row = 0; row < outer * inner; row++) {
        size_t at = row / inner * n * inner + row % inner;
        bl_real most = largest(x + at, n, inner);
        bl_real factor = (bl_real)(1 / exponentials(x + at, n, inner, most));
        for (size_t i = 0; i < n; i++) y[at + i * inner] = bl_exp(x[at + i * inner] - most) * factor;
    }
}

void bl_log_softmax(size_t outer, size_t n, size_t inner, const bl_real *x, bl_real *y) {
    for (size_t row = 0; row < outer * inner; row++) {
        size_t at = row / inner * n * inner + row % inner;
        bl_real most = largest(x + at, n, inner);
        bl_real log_sum = bl_log((bl_real)exponentials(x + at, n, inner, most));
        for (size_t i = 0; i < n; i++) y[at + i * inner] = (x[at + i * inner] - most) - log_sum;
    }
}

void bl_softmax_backward(size_t outer, size_t n, size_t inner, const bl_real *y, const bl_real *dy, bl_real *dx,
                         bool add) {
    for (size_t row = 0; row < outer * inner; row++) {
        size_t at = row / inner * n * inner + row % inner;
        double mean = 0;
        for (size_t i = 0; i < n; i++) mean += (double)y[at + i * inner] * (double)dy[at + i * inner];
        for (size_t i = 0; i < n; i++) {
            size_t j = at + i * inner;
            bl_real d = (bl_real)((double)y[j] * ((double)dy[j] - mean));
            dx[j] = add ? dx[j] + d : d;
        }
    }
}

void bl_log_softmax_backward(size_t outer, size_t n, size_t inner, const bl_real *y, const bl_real *dy, bl_real *dx,
                             bool add) {
    for (size_t row = 0; row < outer * inner; row++) {
        size_t at = row / inner * n * inner + row % inner;
        double sum = 0;
        for (size_t i = 0; i < n; i++) sum += (double)dy[at + i * inner];
        for (size_t i = 0; i < n; i++) {
            size_t j = at + i * inner;
            bl_real d = (bl_real)((double)dy[j] - (double)bl_exp(y[j]) * sum);
            dx[j] = add ? dx[j] + d : d;
        }
    }
}

double bl_cross_entropy(size_t rows, size_t n, const bl_real *scores, const int32_t *labels, double smoothing,
                        double factor, bl_real *gradient) {
    double loss = 0, everywhere = smoothing / (double)n;
    for (size_t row = 0; row < rows; row++) {
        const bl_real *x = scores + row * n;
        bl_real most = largest(x, n, 1);
        double sum = exponentials(x, n, 1, most), log_sum = (double)bl_log((bl_real)sum);
        for (size_t i = 0; i < n; i++) {
            double target = everywhere + (i == (size_t)labels[row] ? 1 - smoothing : 0);
            if (target != 0) loss -= target * ((double)(x[i] - most) - log_sum);
            if (gradient) gradient[row * n + i] = (bl_real)(factor * ((double)bl_exp(x[i] - most) / sum - target));
        }
    }
    return loss;
}
