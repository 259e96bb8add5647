#include "kernels/panels.h"

#include <string.h>

static int least(int a, int b) {
    return a < b ? a : b;
}

/* Four rows together, from column `from` of the k on. */
static void pack_four(int from, int k, const bl_real *a, bl_matrix m, bl_real *packed) {
    int j = from;
#if !defined(BL_DOUBLE)
    for (; m.col == 1 && j + 4 <= k; j += 4) {
        bl_f32x4 four[4];
        for (int r = 0; r < 4; r++) four[r] = bl_f32x4_load(a + r * m.row + j);
        bl_f32x4_transpose(four);
        for (int r = 0; r < 4; r++) bl_f32x4_store(packed + 4 * (j + r), four[r]);
    }
    for (; m.row == 1 && j < k; j++) bl_f32x4_store(packed + 4 * j, bl_f32x4_load(a + j * m.col));
#endif
    for (; j < k; j++)
        for (int r = 0; r < 4; r++) packed[4 * j + r] = a[r * m.row + j * m.col];
}

void bl_pack_rows(int m, int k, bl_matrix a, bl_real *packed) {
    /* Where columns are runs of memory, a few of each in turn: they share lines of the cache. */
    int some = a.row == 1 ? 16 : k;
    for (int i = 0; i + 4 <= m; i += 32)
        for (int j = 0; j < k; j += some)
            for (int p = i; p + 4 <= least(m, i + 32); p += 4)
                pack_four(j, least(k, j + some), a.data + p * a.row, a, packed + (ptrdiff_t)p * k);
    int rest = m % 4;
    const bl_real *last = a.data + (m - rest) * a.row;
    packed += (ptrdiff_t)(m - rest) * k;
    for (int j = 0; j < k; j++)
        for (int r = 0; r < rest; r++) *packed++ = last[r * a.row + j * a.col];
}

void bl_pack_columns(int k, int n, bl_matrix b, bl_real *packed) {
    int whole = b.col == 1 ? n / BL_NR : 0; /* panels whose rows are runs of memory: row after row */
    for (int i = 0; i < k; i++) {
        const bl_real *row = b.data + i * b.row;
        for (int j = 0; j < whole; j++)
            memcpy(packed + ((ptrdiff_t)j * k + i) * BL_NR, row + j * BL_NR, BL_NR * sizeof *packed);
    }
    packed += (ptrdiff_t)whole * k * BL_NR;
    for (int j = whole * BL_NR; j < n; j += BL_NR) {
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
static inline void tile(int rows, int vectors, int k, const bl_real *a, const bl_real *b, bl_real *c, ptrdiff_t c_row,
                        int columns, bool add, const bl_real *start) {
    (void)vectors;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            bl_real sum = 0;
            for (int l = 0; l < k; l++) sum += a[l * rows + i] * b[l * BL_NR + j];
            c[i * c_row + j] = sum + (add ? c[i * c_row + j] : start ? start[i] : 0);
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

/* What is left of a tile at the right edge; apart, so that whole tiles stay small. */
static __attribute__((noinline)) void store_cut(const float *sums, ptrdiff_t row, int rows, int columns, float *c,
                                                ptrdiff_t c_row, bool add, const float *start) {
    for (int i = 0; i < rows; i++, c += c_row, sums += row) {
        float first = start ? start[i] : 0;
        for (int j = 0; j < columns; j++) c[j] = add ? c[j] + sums[j] : sums[j] + first;
    }
}

/* One tile of `rows` rows by `vectors` vectors, of which `columns` columns are stored. `rows` and `vectors` are
 * constants wherever this is called, so that the sums are registers. */
static inline __attribute__((always_inline)) void tile(int rows, int vectors, int k, const float *restrict a,
                                                       const float *restrict b, float *restrict c, ptrdiff_t c_row,
                                                       int columns, bool add, const float *restrict start) {
    bl_vec sums[BL_MR][BL_NV];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v++) sums[i][v] = bl_vec_zero();
    BL_UNROLLED for (const float *end = a + (ptrdiff_t)k * rows; a != end; a += rows, b += BL_NR) {
        bl_vec y[BL_NV];
        for (int v = 0; v < vectors; v++) y[v] = bl_vec_load(b + v * BL_LANES);
        for (int i = 0; i < rows; i++) {
            bl_vec x = bl_vec_load_splat(a + i);
            for (int v = 0; v < vectors; v++) sums[i][v] = bl_vec_madd(sums[i][v], x, y[v]);
        }
    }
    if (columns < vectors * BL_LANES) {
        float cut[BL_MR * BL_NR];
        for (int i = 0; i < rows; i++)
            for (int v = 0; v < vectors; v++) bl_vec_store(cut + i * BL_NR + v * BL_LANES, sums[i][v]);
        store_cut(cut, BL_NR, rows, columns, c, c_row, add, start);
        return;
    }
    for (int i = 0; i < rows; i++, c += c_row) {
        bl_vec first = bl_vec_splat(start ? start[i] : 0);
        for (int v = 0; v < vectors; v++) {
            float *to = c + v * BL_LANES;
            bl_vec_store(to, bl_vec_add(sums[i][v], add ? bl_vec_load(to) : first));
        }
    }
}

static inline __attribute__((always_inline)) void lanes(int rows, int columns, int panels, const float *restrict a,
                                                        ptrdiff_t a_panel, const float *restrict b, ptrdiff_t b_panel,
                                                        float *restrict c, ptrdiff_t c_row) {
    bl_vec sums[BL_MR][BL_NV];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) sums[i][j] = bl_vec_zero();
    for (int p = 0; p < panels; p++, a += a_panel, b += b_panel) {
        for (int l = 0; l < BL_NR; l += BL_LANES) {
            bl_vec y[BL_NV];
            for (int j = 0; j < columns; j++) y[j] = bl_vec_load(b + j * BL_NR + l);
            for (int i = 0; i < rows; i++) {
                bl_vec x = bl_vec_load(a + i * BL_NR + l);
                for (int j = 0; j < columns; j++) sums[i][j] = bl_vec_madd(sums[i][j], x, y[j]);
            }
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) c[i * c_row + j] += bl_vec_sum(sums[i][j]);
}

#endif

/* Nearly all tiles are whole ones. */
static BL_APART void whole_tile(int k, const bl_real *a, const bl_real *b, bl_real *c, ptrdiff_t c_row, int columns,
                                bool add, const bl_real *start) {
    tile(BL_MR, BL_NV, k, a, b, c, c_row, columns, add, start);
}

/* What is constant in the loops above is chosen here. */
static inline __attribute__((always_inline)) void tiles(int rows, int vectors, int k, const bl_real *a,
                                                        const bl_real *b, bl_real *c, ptrdiff_t c_row, int columns,
                                                        bool add, const bl_real *start) {
    switch (rows) {
    case 4:
        if (vectors == BL_NV)
            whole_tile(k, a, b, c, c_row, columns, add, start);
        else
            tile(4, vectors, k, a, b, c, c_row, columns, add, start);
        break;
    case 3: tile(3, vectors, k, a, b, c, c_row, columns, add, start); break;
    case 2: tile(2, vectors, k, a, b, c, c_row, columns, add, start); break;
    default: tile(1, vectors, k, a, b, c, c_row, columns, add, start); break;
    }
}

void bl_multiply_panels(int m, int n, int k, const bl_real *a, const bl_real *b, bl_real *c, ptrdiff_t c_row, bool add,
                        const bl_real *start) {
    for (int j = 0; j < n; j += BL_NR, b += (ptrdiff_t)k * BL_NR) {
        int columns = least(BL_NR, n - j);
        for (int i = 0; i < m; i += BL_MR) {
            int rows = least(BL_MR, m - i);
            const bl_real *x = a + (ptrdiff_t)i * k, *first = start ? start + i : NULL;
            bl_real *corner = c + i * c_row + j;
            /* Three vectors where two or one would do is too much. */
            if (BL_NV == 3 && columns <= BL_LANES)
                tiles(rows, 1, k, x, b, corner, c_row, columns, add, first);
            else if (BL_NV == 3 && columns <= 2 * BL_LANES)
                tiles(rows, 2, k, x, b, corner, c_row, columns, add, first);
            else
                tiles(rows, BL_NV, k, x, b, corner, c_row, columns, add, first);
        }
    }
}

static inline __attribute__((always_inline)) void lane_tiles(int rows, int columns, int panels, const bl_real *a,
                                                             ptrdiff_t a_panel, const bl_real *b, ptrdiff_t b_panel,
                                                             bl_real *c, ptrdiff_t c_row) {
    switch (rows) {
    case 4: lanes(4, columns, panels, a, a_panel, b, b_panel, c, c_row); break;
    case 3: lanes(3, columns, panels, a, a_panel, b, b_panel, c, c_row); break;
    case 2: lanes(2, columns, panels, a, a_panel, b, b_panel, c, c_row); break;
    default: lanes(1, columns, panels, a, a_panel, b, b_panel, c, c_row); break;
    }
}

void bl_multiply_lanes(int m, int n, int panels, const bl_real *a, const bl_real *b, bl_real *c, ptrdiff_t c_row) {
    ptrdiff_t a_panel = (ptrdiff_t)m * BL_NR, b_panel = (ptrdiff_t)n * BL_NR;
    for (int i = 0; i < m; i += BL_MR) {
        int rows = least(BL_MR, m - i);
        const bl_real *x = a + (ptrdiff_t)i * BL_NR;
        for (int j = 0; j < n; j += BL_NV) {
            const bl_real *y = b + (ptrdiff_t)j * BL_NR;
            bl_real *corner = c + i * c_row + j;
            if (BL_NV == 3 && n - j >= 3)
                lane_tiles(rows, 3, panels, x, a_panel, y, b_panel, corner, c_row);
            else if (n - j >= 2)
                lane_tiles(rows, 2, panels, x, a_panel, y, b_panel, corner, c_row);
            else
                lane_tiles(rows, 1, panels, x, a_panel, y, b_panel, corner, c_row);
        }
    }
}
