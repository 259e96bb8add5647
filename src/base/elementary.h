/* Elementary functions of our own, so that every build and every machine gives the same bits: the C library's
 * differ. Errors are at most 2 units in the last place over the stated range; tested against double. */
#ifndef BL_ELEMENTARY_H
#define BL_ELEMENTARY_H

#include "base/base.h"

/* In the double build these are the C library's double functions. */
bl_real bl_exp(bl_real x);  /* all x; overflow gives infinity, NaN stays */
bl_real bl_log(bl_real x);  /* x > 0; 0 gives −infinity, x < 0 NaN */
bl_real bl_tanh(bl_real x); /* all x */
bl_real bl_sin(bl_real x);  /* |x| ≤ 1e4 */
bl_real bl_cos(bl_real x);
bl_real bl_sigmoid(bl_real x); /* 1/(1+e^−x), without overflow */

#endif
