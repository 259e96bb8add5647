/* kernels: the arithmetic. Pure functions on pointers and sizes; they know no tensor, no graph and no error: whoever
 * calls has checked every size. Pictures are C,H,W planes, row-major, one after another in a batch. Memory they work in
 * is given by the caller (`scratch`, of the bytes that the matching _scratch function says). Sums run in an order that
 * depends on the sizes of one picture only, so a batch gives the bits of its pictures alone. NaN propagates. Only base/
 * may be included here. */
#ifndef BL_KERNELS_H
#define BL_KERNELS_H

#include "base/base.h"
#include "kernels/names.h"

/* ---- which kernels ---- */

/* The native build holds the heavy kernels twice: exact (the bits of the WebAssembly module) and fast (8 lanes,
 * multiply-add in one rounding), where the processor can run them. Exact ones run until this is called, once, before
 * the first plan is made and the first thread started: memory that a plan reserves hangs on the choice. False, and no
 * change, where there are no fast ones or the processor cannot run them. */
bool bl_kernels_choose(bool fast);
/* "exact", "fast (AVX2, FMA)", or "relaxed SIMD" in the module of that name. */
const char *bl_kernels_name(void);

/* ---- sums ---- */

double bl_sum(const bl_real *x, size_t n);                                /* Σ x, in double */
double bl_dot(const bl_real *x, const bl_real *y, size_t n);              /* Σ x·y, in double */
void bl_add_to(bl_real *restrict y, const bl_real *restrict x, size_t n); /* y += x */

/* ---- element by element ---- */

/* y = a∘b over rows of n; a step is 1, or 0 where one number stands for the whole row. y may be a or b. */
void bl_row_add(size_t n, const bl_real *a, size_t a_step, const bl_real *b, size_t b_step, bl_real *y);
void bl_row_subtract(size_t n, const bl_real *a, size_t a_step, const bl_real *b, size_t b_step, bl_real *y);
void bl_row_multiply(size_t n, const bl_real *a, size_t a_step, const bl_real *b, size_t b_step, bl_real *y);
void bl_row_divide(size_t n, const bl_real *a, size_t a_step, const bl_real *b, size_t b_step, bl_real *y);
/* y = min(max(x, low), high); NaN stays. y may be x. Infinite bounds cut nothing. */
void bl_clip(size_t n, const bl_real *x, bl_real low, bl_real high, bl_real *y);
/* The way back through a cut to a range, as the last step of whatever makes the signal: where not low < y < high, the
 * number at the same place becomes 0. As bl_clip_backward over the finished signal, and the same bits. */
typedef struct {
    const bl_real *y;
    bl_real low, high;
} bl_gate;
/* dx = dy where low < y < high, else 0; with `positive` only where dy > 0 as well. y NULL: everywhere. */
void bl_clip_backward(size_t n, const bl_real *y, bl_real low, bl_real high, bool positive, const bl_real *dy,
                      bl_real *dx, bool add);
/* y = factor·x + shift; y may be x. dx = factor·dy. */
void bl_scale_shift(size_t n, const bl_real *x, bl_real factor, bl_real shift, bl_real *y);
void bl_scale(size_t n, const bl_real *dy, bl_real factor, bl_real *dx, bool add);

/* ---- matrices: element (i,j) of A is a[i·a_row + j·a_col] ---- */

typedef struct {
    const bl_real *data;
    ptrdiff_t row, col;
} bl_matrix;

/* C[m×n] = A[m×k]·B[k×n], added to C when `add`. Rows of C are contiguous, c_row apart. Fast for large m, n and k: both
 * operands are packed into panels. The bits of an element depend on k alone. */
size_t bl_gemm_scratch(int m, int n, int k);
void bl_gemm(int m, int n, int k, bl_matrix a, bl_matrix b, bl_real *c, ptrdiff_t c_row, bool add, void *scratch);
/* The same for dense layers, where one operand is much larger than the other and read once: nothing is packed as long
 * as rows of B are contiguous, or columns of B and rows of A are. The way is chosen by the strides alone. */
size_t bl_dense_scratch(int m, int n, int k, bl_matrix a, bl_matrix b);
void bl_dense(int m, int n, int k, bl_matrix a, bl_matrix b, bl_real *c, ptrdiff_t c_row, bool add, void *scratch);

/* ---- convolution ---- */

typedef struct {
    int channels, height, width; /* of one picture */
    int out_channels, out_height, out_width;
    int kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    int pad_top, pad_left; /* may be negative; what lies beyond bottom and right follows from the sizes */
    int groups;            /* divides both numbers of channels */
} bl_conv_shape;

/* What is done with a result before it is stored: the channel's bias (NULL: none) is added, then it is cut to a range
 * as bl_clip does, and with what may be there already it goes through the gate (NULL: none). */
typedef struct {
    const bl_real *bias;
    bl_real low, high; /* infinite: not cut */
    const bl_gate *gate;
} bl_finish;
extern const bl_finish bl_no_finish;

/* Bytes that any of the three need. */
size_t bl_conv_scratch(const bl_conv_shape *s);
/* How the convolution is computed, or its gradient to the input; a few words. */
const char *bl_conv_kernel(const bl_conv_shape *s, bool backward);
/* y = w ∗ x + bias, cut, over `pictures` pictures. w: out_channels × channels/groups × kernel_h × kernel_w. */
void bl_conv_forward(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *w, const bl_finish *finish,
                     bl_real *y, void *scratch);
void bl_conv_backward_input(const bl_conv_shape *s, int pictures, const bl_real *dy, const bl_real *w,
                            const bl_gate *gate, bl_real *dx, bool add, void *scratch);
void bl_conv_backward_weights(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *dy, bl_real *dw,
                              bool add, void *scratch);
/* dbias[c] = Σ of dy over pictures and positions; plane = positions of one channel. */
void bl_channel_sums(int pictures, int channels, size_t plane, const bl_real *dy, bl_real *dbias, bool add);

/* ---- pooling: every plane by itself ---- */

typedef struct {
    int height, width, out_height, out_width;
    int kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    int pad_top, pad_left, pad_bottom, pad_right;
    bool count_padding; /* average: padded cells count (cells beyond the padding never do) */
} bl_pool_shape;

/* Every window must hold at least one cell of the picture. argmax: index in the plane of the first largest cell (or of
 * the first NaN); may be NULL. */
void bl_max_pool(const bl_pool_shape *s, size_t planes, const bl_real *x, bl_real *y, int32_t *argmax);
void bl_max_pool_backward(const bl_pool_shape *s, size_t planes, const bl_real *dy, const int32_t *argmax,
                          const bl_gate *gate, bl_real *dx, bool add);
/* What each cell of one window counts in its mean. */
bl_real bl_average_share(const bl_pool_shape *s, int row, int column);
void bl_average_pool(const bl_pool_shape *s, size_t planes, const bl_real *x, bl_real *y);
void bl_average_pool_backward(const bl_pool_shape *s, size_t planes, const bl_real *dy, bl_real *dx, bool add);

/* ---- local response normalisation (Krizhevsky et al. 2012), one picture of channels × plane ----
 * y = x / s^beta, s = bias + alpha/size · Σ x² over the channels c−⌊(size−1)/2⌋ … c+⌈(size−1)/2⌉. */

bl_real bl_inverse_power(bl_real s, double beta); /* s^−beta */
void bl_lrn(int channels, size_t plane, int size, double alpha, double beta, double bias, const bl_real *x, bl_real *y);
/* scratch: 2 · channels · plane elements. */
void bl_lrn_backward(int channels, size_t plane, int size, double alpha, double beta, double bias, const bl_real *x,
                     const bl_real *dy, bl_real *dx, bool add, void *scratch);

/* ---- softmax and cross-entropy: `outer` × n × `inner`, over the middle ---- */

void bl_softmax(size_t outer, size_t n, size_t inner, const bl_real *x, bl_real *y);
void bl_log_softmax(size_t outer, size_t n, size_t inner, const bl_real *x, bl_real *y);
/* dx from the outputs y. */
void bl_softmax_backward(size_t outer, size_t n, size_t inner, const bl_real *y, const bl_real *dy, bl_real *dx,
                         bool add);
void bl_log_softmax_backward(size_t outer, size_t n, size_t inner, const bl_real *y, const bl_real *dy, bl_real *dx,
                             bool add);
/* Σ over rows of −Σ q·log softmax(scores), q = 1−smoothing at the label plus smoothing/n everywhere (Szegedy et al.
 * 2016). gradient (may be NULL) gets factor · (softmax − q). labels are 0 … n−1. */
double bl_cross_entropy(size_t rows, size_t n, const bl_real *scores, const int32_t *labels, double smoothing,
                        double factor, bl_real *gradient);

#endif
