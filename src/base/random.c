/* Philox4x32-10: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. */
#include "base/random.h"
#include "base/simd.h"

#include <math.h>
#include <string.h>

void bl_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

/* The four words of elements 4·block … 4·block+3. */
static void four_words(const bl_random *r, uint32_t block, uint32_t out[4]) {
    const uint32_t counter[4] = {block, r->sample, r->step, (uint32_t)r->stream};
    const uint32_t key[2] = {(uint32_t)r->seed, (uint32_t)(r->seed >> 32)};
    bl_philox(counter, key, out);
}

uint32_t bl_random_word(const bl_random *r, uint32_t element) {
    uint32_t words[4];
    four_words(r, element / 4, words);
    return words[element % 4];
}

static float uniform_of(uint32_t word) {
    return (float)(word >> 8) * 0x1p-24f;
}

float bl_random_uniform(const bl_random *r, uint32_t element) {
    return uniform_of(bl_random_word(r, element));
}

uint32_t bl_random_below(const bl_random *r, uint32_t element, uint32_t n) {
    return (uint32_t)(((uint64_t)bl_random_word(r, element) * n) >> 32);
}

static void sixteen_uniforms(const uint32_t words[16], float out[16]) {
    for (int i = 0; i < 16; i++) out[i] = uniform_of(words[i]);
}

/* Box and Muller 1958: a pair of normals from a pair of words, the first as a uniform number in (0,1), so that its
 * logarithm is finite, the second as an angle. */
#if defined(BL_DOUBLE)
static void four_normals(const uint32_t words[4], float out[4]) {
    for (int i = 0; i < 4; i += 2) {
        double u = ((words[i] >> 9) + 0.5) * 0x1p-23, angle = 6.28318530717958647692 * (words[i + 1] >> 8) * 0x1p-24;
        double radius = sqrt(-2 * log(u));
        out[i] = (float)(radius * cos(angle));
        out[i + 1] = (float)(radius * sin(angle));
    }
}
static void sixteen_normals(const uint32_t words[16], float out[16]) {
    for (int i = 0; i < 16; i += 4) four_normals(words + i, out + i);
}
#else
/* a·x + b for every lane. */
static bl_f32x4 line(bl_f32x4 a, bl_f32x4 x, float b) {
    return bl_f32x4_add(bl_f32x4_mul(a, x), bl_f32x4_splat(b));
}

/* Four pairs at once, in float: about as many pictures' worth of noise is needed as passes of the network. The
 * polynomials are those of Cephes (Moshier 1989), right to two units in the last place. */
static void four_pairs(const uint32_t *words, float *out) {
    float m[4], e[4], turn[4], c[4], s[4];
    for (int i = 0; i < 4; i++) {
        /* k + ½ is exact, and so is its power of two; log u is small where u is near 1, so both are taken apart before
         * the logarithm, with the mantissa in [√½, √2). */
        float x = (float)(words[2 * i] >> 9) + 0.5f;
        uint32_t bits;
        memcpy(&bits, &x, sizeof bits);
        int high = (bits & 0x7FFFFFu) > 0x3504F3u; /* of √2 */
        bits = (bits & 0x7FFFFFu) | (uint32_t)(127 - high) << 23;
        memcpy(&m[i], &bits, sizeof bits);
        memcpy(&bits, &x, sizeof bits);
        e[i] = (float)((int)(bits >> 23) - 127 - 23 + high);
        /* To the nearest quarter of a turn, and the rest of it, −½ … ½ quarters. */
        uint32_t angle = words[2 * i + 1] >> 8;
        turn[i] = (float)((int32_t)((angle + 0x200000u) & 0x3FFFFFu) - 0x200000) * 0x1p-22f;
    }
    bl_f32x4 f = bl_f32x4_sub(bl_f32x4_load(m), bl_f32x4_splat(1)), z = bl_f32x4_mul(f, f);
    bl_f32x4 y = line(bl_f32x4_splat(7.0376836292e-2f), f, -1.1514610310e-1f);
    static const float log_series[] = {1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f,
                                       2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f};
    for (int i = 0; i < 7; i++) y = line(y, f, log_series[i]);
    bl_f32x4 exponent = bl_f32x4_load(e);
    y = bl_f32x4_add(bl_f32x4_mul(bl_f32x4_mul(y, f), z), bl_f32x4_mul(exponent, bl_f32x4_splat(-2.12194440e-4f)));
    y = bl_f32x4_sub(y, bl_f32x4_mul(z, bl_f32x4_splat(0.5f)));
    y = bl_f32x4_add(bl_f32x4_add(y, f), bl_f32x4_mul(exponent, bl_f32x4_splat(0.693359375f)));
    bl_f32x4 radius = bl_f32x4_sqrt(bl_f32x4_mul(y, bl_f32x4_splat(-2)));

    bl_f32x4 r = bl_f32x4_mul(bl_f32x4_load(turn), bl_f32x4_splat(1.57079632679f));
    z = bl_f32x4_mul(r, r);
    y = line(line(bl_f32x4_splat(-1.9515295891e-4f), z, 8.3321608736e-3f), z, -1.6666654611e-1f);
    bl_f32x4_store(s, bl_f32x4_mul(radius, bl_f32x4_add(bl_f32x4_mul(bl_f32x4_mul(y, z), r), r)));
    y = line(line(bl_f32x4_splat(2.443315711809948e-5f), z, -1.388731625493765e-3f), z, 4.166664568298827e-2f);
    y = line(line(y, z, -0.5f), z, 1);
    bl_f32x4_store(c, bl_f32x4_mul(radius, y));
    for (int i = 0; i < 4; i++) {
        uint32_t quarter = ((words[2 * i + 1] >> 8) + 0x200000u) >> 22;
        float cosine = quarter & 1 ? s[i] : c[i], sine = quarter & 1 ? c[i] : s[i];
        out[2 * i] = (quarter + 1) & 2 ? -cosine : cosine;
        out[2 * i + 1] = quarter & 2 ? -sine : sine;
    }
}
static void sixteen_normals(const uint32_t words[16], float out[16]) {
    four_pairs(words, out);
    four_pairs(words + 8, out + 8);
}
#endif

static void fill(const bl_random *r, uint32_t first, size_t count, float *out,
                 void (*make)(const uint32_t words[16], float sixteen[16])) {
    uint32_t words[16];
    float sixteen[16];
    for (size_t i = 0; i < count;) {
        uint32_t element = first + (uint32_t)i, skip = element % 16;
        for (uint32_t k = 0; k < 4; k++) four_words(r, element / 16 * 4 + k, words + 4 * k);
        size_t n = count - i < 16 - skip ? count - i : 16 - skip;
        make(words, n < 16 ? sixteen : out + i);
        if (n < 16) memcpy(out + i, sixteen + skip, n * sizeof *out);
        i += n;
    }
}

void bl_random_uniforms(const bl_random *r, uint32_t first, size_t count, float *out) {
    fill(r, first, count, out, sixteen_uniforms);
}

void bl_random_normals(const bl_random *r, uint32_t first, size_t count, float *out) {
    fill(r, first, count, out, sixteen_normals);
}
