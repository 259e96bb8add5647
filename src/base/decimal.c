/* Both directions go through one large integer: doubles are m·2^e and decimals d·10^q, so that the one as the other is
 * m·2^e·10^s, cut to an integer, and a bit that says whether something was cut off. Exact, and short rather than fast:
 * a few hundred steps a number. (The classic account: Steele and White 1990, Clinger 1990.) */
#include "base/decimal.h"

#include <math.h>
#include <string.h>

#include "base/print.h"

enum {
    LIMBS = 48,  /* the largest numbers have 1200 bits: 2⁵³·10³⁴¹, or 10¹⁹ with 1130 bits put after it */
    DIGITS = 17, /* tell all doubles apart */
    KEPT = 19    /* digits that fit into 64 bits */
};

typedef struct {
    uint32_t limb[LIMBS]; /* lowest first */
    bool rest;            /* something other than 0 was cut off */
} large;

static void set(large *x, uint64_t value) {
    memset(x, 0, sizeof *x);
    x->limb[0] = (uint32_t)value;
    x->limb[1] = (uint32_t)(value >> 32);
}

static int bits(const large *x) {
    int n = LIMBS * 32;
    while (n > 0 && !(x->limb[(n - 1) / 32] >> ((n - 1) % 32))) n--;
    return n;
}

static void multiply(large *x, uint32_t factor) {
    uint64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (uint64_t)x->limb[i] * factor;
        x->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void divide(large *x, uint32_t divisor) {
    uint64_t left = 0;
    for (int i = LIMBS - 1; i >= 0; i--) {
        left = left << 32 | x->limb[i];
        x->limb[i] = (uint32_t)(left / divisor);
        left %= divisor;
    }
    if (left) x->rest = true;
}

/* x·base^n, or x/base^−n. A step is the largest power that fits a limb. */
static void scale(large *x, uint32_t base, int per_step, int n) {
    for (int count = n < 0 ? -n : n; count > 0;) {
        uint32_t step = 1;
        for (int i = 0; i < per_step && count > 0; i++, count--) step *= base;
        if (n < 0)
            divide(x, step);
        else
            multiply(x, step);
    }
}
static void scale_ten(large *x, int n) {
    scale(x, 10, 9, n);
}
static void scale_two(large *x, int n) {
    scale(x, 2, 31, n);
}

/* x/4, to the nearest, ties to even. */
static uint64_t quarter(const large *x) {
    uint64_t low = (uint64_t)x->limb[1] << 32 | x->limb[0], whole = low >> 2 | (uint64_t)x->limb[2] << 62;
    bool half = low & 2, more = (low & 1) || x->rest;
    return whole + (half && (more || (whole & 1)));
}

/* m·2^e·10^s, to the nearest integer; below 2⁶⁴. */
static uint64_t scaled(uint64_t m, int e, int s) {
    large x;
    set(&x, m);
    if (s > 0) scale_ten(&x, s);
    if (e + 2 > 0) scale_two(&x, e + 2);
    if (s < 0) scale_ten(&x, s);
    if (e + 2 < 0) scale_two(&x, e + 2);
    return quarter(&x);
}

/* value > 0 as digits·10^(exponent − count + 1) with `count` digits; returns the digits. */
static uint64_t split(double value, int count, int *exponent) {
    int e;
    uint64_t m = (uint64_t)ldexp(frexp(value, &e), 53), above = 1, digits;
    for (int i = 0; i < count; i++) above *= 10;
    int place = (int)floor((e - 1) * 0.30102999566398120); /* the first digit's, or the one below */
    while ((digits = scaled(m, e - 53, count - 1 - place)) >= above) place++;
    *exponent = place;
    return digits;
}

/* Writes `count` digits, zeros in front, and ends them. */
static char *put_digits(char *to, uint64_t digits, int count) {
    to[count] = 0;
    for (int i = count - 1; i >= 0; i--, digits /= 10) to[i] = (char)('0' + digits % 10);
    return to + count;
}

bool bl_decimal_text(double value, bool fixed, int precision, char text[BL_DECIMAL_BYTES]) {
    bool minus = signbit(value);
    double size = fabs(value);
    if (!(size <= 1.7976931348623157e308)) {
        strcpy(text, size > 0 ? "inf" : "nan");
        return minus;
    }
    int count = precision > DIGITS || (fixed && size >= 1e15) ? DIGITS : precision, place = 0;
    char digits[DIGITS * 2 + 8];
    if (fixed && size < 1e15) { /* whole part and fraction are rounded as one number, of 15 + count digits */
        double whole = floor(size);
        int e;
        uint64_t above = 1, m = (uint64_t)ldexp(frexp(size - whole, &e), 53);
        uint64_t fraction = scaled(m, e - 53, count), left = (uint64_t)whole;
        for (int i = 0; i < count; i++) above *= 10;
        if (count == 0) fraction = size - whole > 0.5 || (size - whole == 0.5 && (left & 1));
        if (fraction >= above) left++, fraction -= above;
        int n = bl_format(text, BL_DECIMAL_BYTES, "%llu", (unsigned long long)left);
        if (count == 0) return minus;
        text[n] = '.';
        put_digits(text + n + 1, fraction, count);
        return minus;
    }
    if (count < 1) count = 1;
    uint64_t all = size > 0 ? split(size, count, &place) : 0;
    put_digits(digits, all, count);
    bool power = place < -4 || place >= count;
    while (count > 1 && digits[count - 1] == '0') count--;
    char *to = text;
    if (!power && place < 0) {
        *to++ = '0';
        *to++ = '.';
        for (int i = place + 1; i < 0; i++) *to++ = '0';
    }
    int before = power ? 1 : place >= 0 ? place + 1 : count; /* digits before the point, or all behind it */
    for (int i = 0; i < count || i < before; i++) {
        if (i == before) *to++ = '.';
        *to++ = i < count ? digits[i] : '0';
    }
    *to = 0;
    if (power) bl_format(to, 8, "e%c%02d", place < 0 ? '-' : '+', place < 0 ? -place : place);
    return minus;
}

/* d·10^q to the nearest double. */
static double joined(uint64_t d, int q, bool rest) {
    if (d == 0 || q < -345 - KEPT) return 0;
    if (q > 310) return INFINITY;
    large x;
    set(&x, d);
    x.rest = rest;
    int shift = 0;
    if (q < 0) { /* so that the quotient has more than 64 bits */
        shift = 66 - q * 10 / 3;
        scale_two(&x, shift);
    }
    scale_ten(&x, q);
    /* The double's last place: 53 bits below the first, but never below 2^−1074. */
    int last = bits(&x) - 53;
    if (last - shift < -1074) last = shift - 1074;
    scale_two(&x, 2 - last);
    return ldexp((double)quarter(&x), last - shift);
}

const char *bl_read_number(const char *text, double *out) {
    const char *at = text + (*text == '-' || *text == '+');
    double value = INFINITY;
    if (strncmp(at, "inf", 3) == 0) {
        at += 3;
    } else {
        uint64_t digits = 0;
        int kept = 0, power = 0;
        bool any = false, point = false, rest = false;
        for (;; at++) {
            if (*at == '.' && !point) {
                point = true;
                continue;
            }
            if (*at < '0' || *at > '9') break;
            any = true;
            if (kept < KEPT) {
                digits = digits * 10 + (uint64_t)(*at - '0');
                kept += digits > 0;
                power -= point;
            } else {
                rest |= *at != '0';
                power += !point;
            }
        }
        if (!any) return text;
        int64_t exponent = 0;
        if (*at == 'e' || *at == 'E') {
            const char *end = bl_read_integer(at + 1, &exponent);
            if (end != at + 1) at = end;
        }
        if (exponent > 200000) exponent = 200000;
        if (exponent < -200000) exponent = -200000;
        value = joined(digits, power + (int)exponent, rest);
    }
    *out = *text == '-' ? -value : value;
    return at;
}

const char *bl_read_integer(const char *text, int64_t *out) {
    const char *at = text + (*text == '-' || *text == '+');
    if (*at < '0' || *at > '9') return text;
    uint64_t value = 0, most = (uint64_t)INT64_MAX + (*text == '-');
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        value = value > (most - digit) / 10 ? most : value * 10 + digit;
    }
    *out = *text == '-' ? (int64_t)(0 - value) : (int64_t)value;
    return at;
}
