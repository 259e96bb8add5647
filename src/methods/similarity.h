/* How alike two maps are. */
#ifndef BL_METHODS_SIMILARITY_H
#define BL_METHODS_SIMILARITY_H

#include "base/base.h"

/* Spearman's rank correlation of n numbers, equal ones sharing their mean rank. NaN when one of both is constant (it
 * has no order), or without memory. */
double bl_rank_correlation(const double *a, const double *b, size_t n);

#endif
