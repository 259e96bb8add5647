/* Philox4x32-10: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. */
#include "base/random.h"
#include "base/elementary.h"

#include <math.h>

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

static void four_uniforms(const uint32_t words[4], float out[4]) {
    for (int i = 0; i < 4; i++) out[i] = uniform_of(words[i]);
}

/* Box and Muller 1958: a pair of normals from a pair of uniforms, the first in (0,1) so that its logarithm is finite.
 */
static void four_normals(const uint32_t words[4], float out[4]) {
    for (int i = 0; i < 4; i += 2) {
        bl_real u = ((bl_real)(words[i] >> 9) + (bl_real)0.5) * (bl_real)0x1p-23;
        bl_real angle = (bl_real)6.28318530717958647692 * (bl_real)uniform_of(words[i + 1]);
        bl_real radius = (bl_real)sqrt((double)((bl_real)-2 * bl_log(u)));
        out[i] = (float)(radius * bl_cos(angle));
        out[i + 1] = (float)(radius * bl_sin(angle));
    }
}

static void fill(const bl_random *r, uint32_t first, size_t count, float *out,
                 void (*make)(const uint32_t words[4], float four[4])) {
    uint32_t words[4];
    float four[4];
    for (size_t i = 0; i < count;) {
        uint32_t element = first + (uint32_t)i;
        four_words(r, element / 4, words);
        make(words, four);
        for (uint32_t k = element % 4; k < 4 && i < count; k++, i++) out[i] = four[k];
    }
}

void bl_random_uniforms(const bl_random *r, uint32_t first, size_t count, float *out) {
    fill(r, first, count, out, four_uniforms);
}

void bl_random_normals(const bl_random *r, uint32_t first, size_t count, float *out) {
    fill(r, first, count, out, four_normals);
}
