/* The operators again, as the ONNX text has them: plain loops over indices, in double, without a word from src/kernels
 * or src/ops but the types. The oracle of the operator tests. */
#ifndef BL_NAIVE_H
#define BL_NAIVE_H

#include "trial.h"

/* The result's shape, and its numbers into out (room for NAIVE_MOST). in[i]: input i, NULL where it is of integers. */
enum { NAIVE_MOST = 1 << 16 };
typedef bl_shape (*naive_op)(const trial *t, const double *const *in, double *out);

bl_shape naive_conv(const trial *t, const double *const *in, double *out);
bl_shape naive_pool(const trial *t, const double *const *in, double *out);    /* all four poolings */
bl_shape naive_curve(const trial *t, const double *const *in, double *out);   /* activations */
bl_shape naive_softmax(const trial *t, const double *const *in, double *out); /* and its logarithm */
bl_shape naive_lrn(const trial *t, const double *const *in, double *out);
bl_shape naive_batchnorm(const trial *t, const double *const *in, double *out);
bl_shape naive_gemm(const trial *t, const double *const *in, double *out);
bl_shape naive_matmul(const trial *t, const double *const *in, double *out);
bl_shape naive_binary(const trial *t, const double *const *in, double *out); /* add, sub, mul, div */
bl_shape naive_concat(const trial *t, const double *const *in, double *out);
bl_shape naive_pad(const trial *t, const double *const *in, double *out);
bl_shape naive_transpose(const trial *t, const double *const *in, double *out);
bl_shape naive_slice(const trial *t, const double *const *in, double *out);
bl_shape naive_mean(const trial *t, const double *const *in, double *out);

#endif
