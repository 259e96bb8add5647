/* Decimals and doubles, converted exactly. print.c is the caller. */
#ifndef BL_DECIMAL_H
#define BL_DECIMAL_H

#include "base/base.h"

/* Room for any number as text: sign, point, exponent, 17 digits and as many zeros again. */
enum { BL_DECIMAL_BYTES = 64 };

/* Writes |value| as printf's %.*g does, or %.*f when `fixed`, with its 0 at the end; precision is cut to 17. From 10¹⁵
 * up, `fixed` is as %.17g. Returns whether the value has a minus. */
bool bl_decimal_text(double value, bool fixed, int precision, char text[BL_DECIMAL_BYTES]);

#endif
