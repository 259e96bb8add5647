#include "base/half.h"

#include <string.h>

float bl_half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half >> 15) << 31, exponent = (half >> 10) & 31u, fraction = half & 0x3FFu;
    if (exponent == 0) { /* zero and subnormals: fraction · 2^−24 */
        float size = (float)fraction * 0x1p-24f;
        return sign ? -size : size;
    }
    uint32_t bits = sign | (exponent == 31 ? 255u : exponent + 112u) << 23 | fraction << 13;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* a >> shift, rounded to nearest, ties to even; 1 ≤ shift ≤ 31. */
static uint32_t shift_round(uint32_t a, uint32_t shift) {
    uint32_t rest = a & ((1u << shift) - 1), middle = 1u << (shift - 1), whole = a >> shift;
    return whole + (rest > middle || (rest == middle && (whole & 1u)));
}

uint16_t bl_half_from_float(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000u, exponent = bits >> 23 & 255u, fraction = bits & 0x7FFFFFu, size;
    if (exponent == 255)
        size = 0x7C00u | (fraction ? 0x200u | fraction >> 13 : 0u);
    else if (exponent >= 143)
        size = 0x7C00u; /* 65,536 and more */
    else if (exponent >= 113)
        size = shift_round((exponent - 112) << 23 | fraction, 13); /* may carry into infinity */
    else if (exponent >= 102)
        size = shift_round(0x800000u | fraction, 126 - exponent); /* subnormal half */
    else
        size = 0;
    return (uint16_t)(sign | size);
}
