/* The names nearest to one that does not exist, for "there is no x; is it y?". */
#ifndef BL_NEAREST_H
#define BL_NEAREST_H

#include "base/base.h"

/* The names nearest to `wanted`, best first, as '"a", "b" or "c"' into buffer. */
typedef struct {
    const char *wanted;
    const char *best[3];
    int distance[3];
} bl_nearest;
void bl_nearest_try(bl_nearest *n, const char *candidate);
void bl_nearest_text(const bl_nearest *n, char *buffer, size_t size);

#endif
