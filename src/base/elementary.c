/* Elementary functions in plain multiplications and additions. They compute in double, where a short Taylor series is
 * exact enough for float, so that no table, no fused operation and no C library decides about a bit. */
#include "base/elementary.h"

#include <math.h>
#include <string.h>

#if defined(BL_DOUBLE)

bl_real bl_exp(bl_real x) {
    return exp(x);
}
bl_real bl_log(bl_real x) {
    return log(x);
}
bl_real bl_tanh(bl_real x) {
    return tanh(x);
}
bl_real bl_sin(bl_real x) {
    return sin(x);
}
bl_real bl_cos(bl_real x) {
    return cos(x);
}
bl_real bl_sigmoid(bl_real x) {
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

#else

static double from_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static const double LN2 = 0.69314718055994530942;

/* e^x for |x| ≤ 700, relative error below 1e-14: x = n·ln 2 + r, |r| ≤ ln 2 / 2, and the series of e^r to r^11. */
static double exp_of(double x) {
    double shifted = x * (1 / LN2) + (x < 0 ? -0.5 : 0.5);
    int n = (int)shifted;
    double r = x - n * LN2;
    double sum = 1.0 / 39916800;
    static const double factor[] = {1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120,
                                    1.0 / 24,      1.0 / 6,      0.5,         1,          1};
    for (size_t i = 0; i < sizeof factor / sizeof *factor; i++) sum = sum * r + factor[i];
    return sum * from_bits((uint64_t)(n + 1023) << 52);
}

bl_real bl_exp(bl_real x) {
    if (x != x) return x;
    if (x > 88.72283f) return INFINITY; /* the largest float whose e^x is one */
    if (x < -104) return 0;
    return (float)exp_of(x);
}

/* x = m·2^e with m in [√½, √2); log m = 2 artanh((m−1)/(m+1)). */
bl_real bl_log(bl_real x) {
    if (x != x || x == INFINITY) return x;
    if (x == 0) return -INFINITY;
    if (x < 0) return NAN;
    double wide = x; /* every float, also a subnormal one, is a normal double */
    uint64_t bits;
    memcpy(&bits, &wide, sizeof bits);
    int e = (int)(bits >> 52) - 1023;
    double m = from_bits((bits & 0xFFFFFFFFFFFFFu) | (uint64_t)1023 << 52);
    if (m > 1.41421356237309504880) m *= 0.5, e++;
    double f = (m - 1) / (m + 1), s = f * f;
    double series = 1 + s * (1.0 / 3 + s * (1.0 / 5 + s * (1.0 / 7 + s * (1.0 / 9 + s * (1.0 / 11)))));
    return (float)(e * LN2 + 2 * f * series);
}

bl_real bl_tanh(bl_real x) {
    if (x != x) return x;
    double size = x < 0 ? -(double)x : (double)x, s = size * size, t;
    if (size < 0.125)
        t = size * (1 - s * (1.0 / 3 - s * (2.0 / 15 - s * (17.0 / 315))));
    else if (size > 10)
        t = 1; /* 1 − tanh 10 is below half a unit in the last place */
    else {
        double e = exp_of(2 * size);
        t = (e - 1) / (e + 1);
    }
    return (float)(x < 0 ? -t : size == 0 ? (double)x : t);
}

bl_real bl_sigmoid(bl_real x) {
    if (x != x) return x;
    if (x < -104) return 0;
    if (x > 104) return 1;
    if (x >= 0) return (float)(1 / (1 + exp_of(-(double)x)));
    double e = exp_of(x);
    return (float)(e / (1 + e));
}

/* x = n·π/2 + r, |r| ≤ π/4; π/2 in two parts, so that n times the first is exact. Gives sin or cos by quadrant. */
static float circle(float x, int quadrant) {
    if (!(x > -1e9f && x < 1e9f)) return NAN;
    double turns = x * 0.63661977236758134308;
    int n = (int)(turns + (turns < 0 ? -0.5 : 0.5));
    double r = (x - n * 1.57079632673412561417) - n * 6.07710050650619224932e-11, s = r * r;
    unsigned which = (unsigned)(n + quadrant);
    double y = which & 1u ? 1 - s * (0.5 - s * (1.0 / 24 - s * (1.0 / 720 - s * (1.0 / 40320 - s * (1.0 / 3628800)))))
                          : r * (1 - s * (1.0 / 6 - s * (1.0 / 120 - s * (1.0 / 5040 - s * (1.0 / 362880)))));
    return (float)(which & 2u ? -y : y);
}

bl_real bl_sin(bl_real x) {
    return x == 0 ? x : circle(x, 0);
}
bl_real bl_cos(bl_real x) {
    return circle(x, 1);
}

#endif
