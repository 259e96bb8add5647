#include "kernels/panels.h"

#include "base/simd.h"

static int least(int a, int b) {
    return a < b ? a : b;
}

void bl_pack_rows(int m, int k, bl_matrix a, bl_real *packed) {
    for (int i = 0; i < m; i += BL_MR) {
        int rows = least(BL_MR, m - i);
        for (int j = 0; j < k; j++)
            for (int r = 0; r < rows; r++) *packed++ = a.data[(i + r) * a.row + j * a.col];
    }
}

void bl_pack_columns(int k, int n, bl_matrix b, bl_real *packed) {
    for (int j = 0; j < n; j += BL_NR) {
        int columns = least(BL_NR, n - j);
        for (int i = 0; i < k; i++, packed += BL_NR) {
            const bl_real *row = b.data + i * b.row + j * b.col;
            int c = 0;
            for (; c < columns; c++) packed[c] = row[c * b.col];
            for (; c < BL_NR; c++) packed[c] = 0;
        }
    }
}

#if defined(BL_DOUBLE)

/* The naive twins. */
static inline void tile(int rows, int k, const bl_real *a, const bl_real *b, bl_real *sums) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < BL_NR; j++) {
            bl_real sum = 0;
            for (int l = 0; l < k; l++) sum += a[l * rows + i] * b[l * BL_NR + j];
            sums[i * BL_NR + j] = sum;
        }
}

static inline void lanes(int rows, int columns, int panels, const bl_real *a, ptrdiff_t a_panel, const bl_real *b,
                         ptrdiff_t b_panel, bl_real *c, ptrdiff_t c_row) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            for (int p = 0; p < panels; p++)
                for (int l = 0; l < BL_NR; l++)
                    c[i * c_row + j] += a[p * a_panel + i * BL_NR + l] * b[p * b_panel + j * BL_NR + l];
}

#else

/* One tile of `rows` rows by 8 columns. `rows` is a constant wherever this is called, so that the sums are registers.
 */
static inline __attribute__((always_inline)) void tile(int rows, int k, const float *restrict a,
                                                       const float *restrict b, float *restrict sums) {
    bl_f32x4 low[BL_MR], high[BL_MR];
    for (int i = 0; i < rows; i++) low[i] = high[i] = bl_f32x4_zero();
    for (int l = 0; l < k; l++, a += rows, b += BL_NR) {
        bl_f32x4 b0 = bl_f32x4_load(b), b1 = bl_f32x4_load(b + 4);
        for (int i = 0; i < rows; i++) {
            bl_f32x4 x = bl_f32x4_load_splat(a + i);
            low[i] = bl_f32x4_add(low[i], bl_f32x4_mul(x, b0));
            high[i] = bl_f32x4_add(high[i], bl_f32x4_mul(x, b1));
        }
    }
    for (int i = 0; i < rows; i++) {
        bl_f32x4_store(sums + i * BL_NR, low[i]);
        bl_f32x4_store(sums + i * BL_NR + 4, high[i]);
    }
}

static inline __attribute__((always_inline)) void lanes(int rows, int columns, int panels, const float *restrict a,
                                                        ptrdiff_t a_panel, const float *restrict b, ptrdiff_t b_panel,
                                                        float *restrict c, ptrdiff_t c_row) {
    bl_f32x4 sums[BL_MR][2];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) sums[i][j] = bl_f32x4_zero();
    for (int p = 0; p < panels; p++, a += a_panel, b += b_panel) {
        for (int half = 0; half < BL_NR; half += 4) {
            bl_f32x4 y[2];
            for (int j = 0; j < columns; j++) y[j] = bl_f32x4_load(b + j * BL_NR + half);
            for (int i = 0; i < rows; i++) {
                bl_f32x4 x = bl_f32x4_load(a + i * BL_NR + half);
                for (int j = 0; j < columns; j++) sums[i][j] = bl_f32x4_add(sums[i][j], bl_f32x4_mul(x, y[j]));
            }
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) c[i * c_row + j] += bl_f32x4_sum(sums[i][j]);
}

#endif

static void store(const bl_real *sums, int rows, int columns, bl_real *c, ptrdiff_t c_row, bool add,
                  const bl_real *start) {
    for (int i = 0; i < rows; i++, c += c_row, sums += BL_NR) {
        bl_real first = start ? start[i] : 0;
        if (add)
            for (int j = 0; j < columns; j++) c[j] += sums[j];
        else
            for (int j = 0; j < columns; j++) c[j] = sums[j] + first;
    }
}

void bl_multiply_panels(int m, int n, int k, const bl_real *a, const bl_real *b, bl_real *c, ptrdiff_t c_row, bool add,
                        const bl_real *start) {
    for (int j = 0; j < n; j += BL_NR, b += (ptrdiff_t)k * BL_NR) {
        int columns = least(BL_NR, n - j);
        for (int i = 0; i < m; i += BL_MR) {
            bl_real sums[BL_MR * BL_NR];
            const bl_real *rows = a + (ptrdiff_t)i * k;
            switch (least(BL_MR, m - i)) {
            case 4: tile(4, k, rows, b, sums); break;
            case 3: tile(3, k, rows, b, sums); break;
            case 2: tile(2, k, rows, b, sums); break;
            default: tile(1, k, rows, b, sums); break;
            }
            /* A constant width for whole tiles lets the compiler store them in four vectors. */
            bl_real *corner = c + i * c_row + j;
            const bl_real *first = start ? start + i : NULL;
            if (columns == BL_NR)
                store(sums, least(BL_MR, m - i), BL_NR, corner, c_row, add, first);
            else
                store(sums, least(BL_MR, m - i), columns, corner, c_row, add, first);
        }
    }
}

void bl_multiply_lanes(int m, int n, int panels, const bl_real *a, const bl_real *b, bl_real *c, ptrdiff_t c_row) {
    ptrdiff_t a_panel = (ptrdiff_t)m * BL_NR, b_panel = (ptrdiff_t)n * BL_NR;
    for (int i = 0; i < m; i += BL_MR) {
        int rows = least(BL_MR, m - i);
        const bl_real *x = a + (ptrdiff_t)i * BL_NR;
        for (int j = 0; j < n; j += 2) {
            const bl_real *y = b + (ptrdiff_t)j * BL_NR;
            bl_real *corner = c + i * c_row + j;
            bool pair = j + 1 < n;
            switch (rows) {
            case 4:
                if (pair)
                    lanes(4, 2, panels, x, a_panel, y, b_panel, corner, c_row);
                else
                    lanes(4, 1, panels, x, a_panel, y, b_panel, corner, c_row);
                break;
            case 3:
                if (pair)
                    lanes(3, 2, panels, x, a_panel, y, b_panel, corner, c_row);
                else
                    lanes(3, 1, panels, x, a_panel, y, b_panel, corner, c_row);
                break;
            case 2:
                if (pair)
                    lanes(2, 2, panels, x, a_panel, y, b_panel, corner, c_row);
                else
                    lanes(2, 1, panels, x, a_panel, y, b_panel, corner, c_row);
                break;
            default:
                if (pair)
                    lanes(1, 2, panels, x, a_panel, y, b_panel, corner, c_row);
                else
                    lanes(1, 1, panels, x, a_panel, y, b_panel, corner, c_row);
                break;
            }
        }
    }
}
