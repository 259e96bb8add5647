/* Random numbers that are counted, not drawn: Philox4x32-10 (Salmon et al. 2011). A number depends only on
 * (seed, stream, sample, step, element), so results cannot depend on workers, batches or order. */
#ifndef BL_RANDOM_H
#define BL_RANDOM_H

#include "base/base.h"

/* One stream for each use. Never renumber: a seed printed in a legend must give its picture again. */
typedef enum {
    BL_STREAM_SMOOTHGRAD = 1,
    BL_STREAM_LIME = 2,
    BL_STREAM_RISE_GRID = 3,
    BL_STREAM_RISE_SHIFT = 4,
    BL_STREAM_PGD_START = 5,
    BL_STREAM_EVOLUTION = 6,
    BL_STREAM_WEIGHTS = 7,
    BL_STREAM_JITTER = 8,
    BL_STREAM_BASELINE = 9,
    BL_STREAM_SHAP = 10,
    BL_STREAM_TIES = 11,          /* the order of pixels with equal numbers */
    BL_STREAM_SUBSETS = 13,       /* parts of a picture that are changed to test a map */
    BL_STREAM_NOISE_CONTROL = 20, /* the random noise shown beside an attack */
    BL_STREAM_DREAM_NOISE = 21,   /* the picture a dream from noise starts with */
    BL_STREAM_ORDER = 22,         /* training: order of the pictures */
    BL_STREAM_AUGMENT = 23,       /* training: flips, shifts, colours */
    BL_STREAM_DROPOUT = 24,
    BL_STREAM_CAPTION = 26,   /* training: whose caption a picture gets */
    BL_STREAM_ADVERSARY = 25, /* training and measuring against attacks: where they start */
    BL_STREAM_CONTROL = 27,   /* maps of noise that explanations are compared with */
    BL_STREAM_TEST = 99
} bl_stream;

typedef struct {
    uint64_t seed;
    bl_stream stream;
    uint32_t sample, step;
} bl_random;

void bl_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
uint32_t bl_random_word(const bl_random *r, uint32_t element);
float bl_random_uniform(const bl_random *r, uint32_t element);              /* [0,1), 24 bits */
uint32_t bl_random_below(const bl_random *r, uint32_t element, uint32_t n); /* 0 … n−1, n ≤ 65,536 */
/* out[i], i < count: elements first … first+count−1, each independent of how they are asked for. */
void bl_random_uniforms(const bl_random *r, uint32_t first, size_t count, float *out);
void bl_random_normals(const bl_random *r, uint32_t first, size_t count, float *out); /* mean 0, deviation 1 */

#endif
