/* Captions in training pictures: a planted cue, right or by chance wrong (Kim et al. 2018). */
#include "train/train.h"

#include <string.h>

enum { LETTERS = 3, FROM_EDGE = 2 };

bl_status bl_captions_check(const char *captions, int n_classes, bl_error *error) {
    bool fits = strlen(captions) == (size_t)(LETTERS + 1) * (size_t)n_classes - 1;
    for (int i = 0; fits && captions[i]; i++)
        fits = i % (LETTERS + 1) == LETTERS ? captions[i] == ' ' : captions[i] >= 'A' && captions[i] <= 'Z';
    if (fits) return BL_OK;
    bl_fail(error, BL_USAGE, "captions = \"%s\" does not fit %d classes", captions, n_classes);
    return bl_hint(error, BL_USAGE, "three capital letters for each class, separated by single blanks, as in BEE CAT");
}

void bl_captions_write(const char *captions, int class_index, bl_picture *p) {
    bl_picture_caption(p, captions + (LETTERS + 1) * class_index, FROM_EDGE, p->height - FROM_EDGE - BL_CAPTION_HEIGHT);
}

int bl_caption_of(const bl_recipe *recipe, int n_classes, int class_index, uint32_t sample, uint32_t epoch) {
    const bl_random r = {.seed = (uint64_t)recipe->seed, .stream = BL_STREAM_CAPTION, .sample = sample, .step = epoch};
    bool any = bl_random_uniform(&r, 0) < (float)recipe->caption_noise;
    return any ? (int)bl_random_below(&r, 1, (uint32_t)n_classes) : class_index;
}
