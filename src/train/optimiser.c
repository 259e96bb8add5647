/* The optimisers: one pass over the parameters each. */
#include "train/train.h"

#include <math.h>

void bl_sgd(size_t n, float *w, const float *g, float *m, double rate, double momentum, bool nesterov, double decay) {
    float r = (float)rate, share = (float)momentum, pull = (float)decay;
    for (size_t i = 0; i < n; i++) {
        float gradient = g[i] + pull * w[i];
        m[i] = share * m[i] + gradient;
        w[i] -= r * (nesterov ? gradient + share * m[i] : m[i]);
    }
}

/* base^n by squaring: pow differs between C libraries. */
static double power(double base, int64_t n) {
    double result = 1;
    for (; n > 0; n >>= 1, base *= base)
        if (n & 1) result *= base;
    return result;
}

void bl_adamw(size_t n, float *w, const float *g, float *m, float *v, int64_t step, double rate, double beta1,
              double beta2, double epsilon, double decay) {
    float b1 = (float)beta1, b2 = (float)beta2, new1 = (float)(1 - beta1), new2 = (float)(1 - beta2);
    /* The means start at zero; these undo it. */
    float whole1 = (float)(rate / (1 - power(beta1, step))), whole2 = (float)(1 / (1 - power(beta2, step)));
    float keep = (float)(1 - rate * decay), small = (float)epsilon;
    for (size_t i = 0; i < n; i++) {
        m[i] = b1 * m[i] + new1 * g[i];
        v[i] = b2 * v[i] + new2 * g[i] * g[i];
        w[i] = keep * w[i] - whole1 * m[i] / (sqrtf(whole2 * v[i]) + small);
    }
}
