/* How alike two maps are. */
#ifndef BL_METHODS_SIMILARITY_H
#define BL_METHODS_SIMILARITY_H

#include "base/base.h"

/* Spearman's rank correlation of n numbers, equal ones sharing their mean rank. NaN when one of both is constant (it
 * has no order), or without memory. */
double bl_rank_correlation(const double *a, const double *b, size_t n);
/* Structural similarity (Wang et al. 2004) of two maps of height × width numbers in 0 … 1: Gaussian windows of 11×11
 * with deviation 1.5 (of the map's size where that is smaller), mean over those that lie within. 1: the same. */
double bl_structural_similarity(const double *a, const double *b, int height, int width);

#endif
