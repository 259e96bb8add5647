#include "kernels/panels.h"

#include <string.h>

enum {
    NC = 512 / BL_NR * BL_NR, /* columns of B packed at a time: 256·512 floats, within the second cache */
    DENSE_BLOCK = 256         /* columns of C that bl_dense keeps in the first cache */
};

static int least(int a, int b) {
    return a < b ? a : b;
}

size_t bl_gemm_scratch(int m, int n, int k) {
    size_t depth = (size_t)least(k, BL_KC), width = (size_t)bl_panels(least(n, NC)) * BL_NR;
    return ((size_t)m * (size_t)k + depth * width) * sizeof(bl_real);
}

void bl_gemm(int m, int n, int k, bl_matrix a, bl_matrix b, bl_real *c, ptrdiff_t c_row, bool add, void *scratch) {
    bl_real *rows = scratch, *columns = rows + (size_t)m * (size_t)k;
    for (int l = 0; l < k; l += BL_KC) {
        bl_matrix block = {a.data + l * a.col, a.row, a.col};
        bl_pack_rows(m, least(BL_KC, k - l), block, rows + (size_t)m * (size_t)l);
    }
    for (int j = 0; j < n; j += NC) {
        int width = least(NC, n - j);
        for (int l = 0; l < k; l += BL_KC) {
            int depth = least(BL_KC, k - l);
            bl_matrix block = {b.data + l * b.row + j * b.col, b.row, b.col};
            bl_pack_columns(depth, width, block, columns);
            bl_multiply_panels(m, width, depth, rows + (size_t)m * (size_t)l, columns, c + j, c_row, add || l > 0,
                               NULL);
        }
    }
}

/* y[0…n) += x0·b0 + x1·b1 + x2·b2 + x3·b3, in that order. */
static void add_four(int n, const bl_real x[4], const bl_real *restrict b, ptrdiff_t b_row, bl_real *restrict y) {
    const bl_real *b0 = b, *b1 = b + b_row, *b2 = b + 2 * b_row, *b3 = b + 3 * b_row;
    for (int j = 0; j < n; j++) y[j] = (((y[j] + x[0] * b0[j]) + x[1] * b1[j]) + x[2] * b2[j]) + x[3] * b3[j];
}

/* Rows of B are contiguous: C's rows grow by multiples of them. */
static void dense_by_rows(int m, int n, int k, bl_matrix a, bl_matrix b, bl_real *c, ptrdiff_t c_row) {
    for (int j = 0; j < n; j += DENSE_BLOCK) {
        int width = least(DENSE_BLOCK, n - j);
        for (int l = 0; l < k; l += 4) {
            const bl_real *rows = b.data + l * b.row + j;
            for (int i = 0; i < m; i++) {
                const bl_real *x = a.data + i * a.row + l * a.col;
                bl_real *y = c + i * c_row + j;
                if (l + 4 <= k) {
                    bl_real four[4] = {x[0], x[a.col], x[2 * a.col], x[3 * a.col]};
                    add_four(width, four, rows, b.row, y);
                } else {
                    for (int r = 0; r < k - l; r++)
                        for (int q = 0; q < width; q++) y[q] += x[r * a.col] * rows[r * b.row + q];
                }
            }
        }
    }
}

#if defined(BL_DOUBLE)
static inline void dots(int count, int k, const bl_real *x, const bl_real *w, ptrdiff_t w_col, bl_real *y) {
    for (int j = 0; j < count; j++)
        for (int l = 0; l < k; l++) y[j] += x[l] * w[j * w_col + l];
}
#else
/* `count` dot products with the same x; a constant where it is called. */
static inline __attribute__((always_inline)) void dots(int count, int k, const float *restrict x,
                                                       const float *restrict w, ptrdiff_t w_col, float *restrict y) {
    bl_vec sums[8];
    for (int j = 0; j < count; j++) sums[j] = bl_vec_zero();
    int l = 0;
    for (; l + BL_LANES <= k; l += BL_LANES) {
        bl_vec some = bl_vec_load(x + l);
        for (int j = 0; j < count; j++) sums[j] = bl_vec_madd(sums[j], some, bl_vec_load(w + j * w_col + l));
    }
    for (int j = 0; j < count; j++) {
        float rest = 0;
        for (int q = l; q < k; q++) rest = bl_madd(rest, x[q], w[j * w_col + q]);
        y[j] += bl_vec_sum(sums[j]) + rest;
    }
}
#endif

/* Columns of B and rows of A are contiguous: every element is a dot product. */
static void dense_by_dots(int m, int n, int k, bl_matrix a, bl_matrix b, bl_real *c, ptrdiff_t c_row) {
    int j = 0;
    for (; j + 8 <= n; j += 8)
        for (int i = 0; i < m; i++) dots(8, k, a.data + i * a.row, b.data + j * b.col, b.col, c + i * c_row + j);
    for (; j < n; j++)
        for (int i = 0; i < m; i++) dots(1, k, a.data + i * a.row, b.data + j * b.col, b.col, c + i * c_row + j);
}

static bool by_rows(bl_matrix b) {
    return b.col == 1;
}
static bool by_dots(bl_matrix a, bl_matrix b) {
    return b.row == 1 && a.col == 1;
}

size_t bl_dense_scratch(int m, int n, int k, bl_matrix a, bl_matrix b) {
    return by_rows(b) || by_dots(a, b) ? 0 : bl_gemm_scratch(m, n, k);
}

void bl_dense(int m, int n, int k, bl_matrix a, bl_matrix b, bl_real *c, ptrdiff_t c_row, bool add, void *scratch) {
    if (!by_rows(b) && !by_dots(a, b)) {
        bl_gemm(m, n, k, a, b, c, c_row, add, scratch);
        return;
    }
    if (!add)
        for (int i = 0; i < m; i++) memset(c + i * c_row, 0, (size_t)n * sizeof *c);
    if (by_rows(b))
        dense_by_rows(m, n, k, a, b, c, c_row);
    else
        dense_by_dots(m, n, k, a, b, c, c_row);
}
