/* IEEE 754 half precision, as weights are stored in files. Nothing is computed in it. */
#ifndef BL_HALF_H
#define BL_HALF_H

#include "base/base.h"

/* Exact for all 65,536 patterns; NaN keeps its payload. */
float bl_half_to_float(uint16_t half);
/* To nearest, ties to even; overflow gives infinity, NaN stays NaN. */
uint16_t bl_half_from_float(float x);

#endif
