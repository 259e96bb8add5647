/* Private to kernels/: the packed form of matrices, and the two inner loops that everything heavy runs in. */
#ifndef BL_PANELS_H
#define BL_PANELS_H

#include "base/vec.h"
#include "kernels/kernels.h"

enum {
    /* A tile is BL_MR rows by BL_NV vectors. 4×8 keeps 8 sums, 2 vectors of B and one of A in registers and spills
     * nowhere; with a multiply-add of its own and 8 lanes, 4×24 keeps 12 sums, which hide its delay. */
    BL_MR = 4,
    BL_NV = BL_LANES > 4 ? 3 : 2,
    BL_NR = BL_NV * BL_LANES, /* columns of a tile, and width of every panel of B */
    BL_KC = 256               /* depth of a block: a panel of B (8 or 24 KB) stays in the first cache */
};

/* How loops over the depth of a sum are laid out, by measurement (docs/decisions/0007-grids.md). In a function of their
 * own engines keep more of them in registers, and unrolled they hang less on where in memory the engine puts them; with
 * multiply-add in one step neither holds. */
#if !defined(__wasm__)
#define BL_APART __attribute__((noinline))
#define BL_UNROLLED
#elif defined(BL_FAST)
#define BL_APART inline __attribute__((always_inline))
#define BL_UNROLLED
#else
#define BL_APART    __attribute__((noinline))
#define BL_UNROLLED _Pragma("clang loop unroll_count(2)")
#endif

/* Packs m×k into rows of panels: 4 rows together as [k][4], what is left over (1 to 3 rows) as [k][rest]. m·k elements.
 */
void bl_pack_rows(int m, int k, bl_matrix a, bl_real *packed);
/* Packs k×n into panels of BL_NR columns, each [k][BL_NR]; columns that are missing in the last one become zero.
 * k · bl_panels(n) · BL_NR elements. */
void bl_pack_columns(int k, int n, bl_matrix b, bl_real *packed);
/* C[m×n] (+)= A·B of packed operands of depth k. Where `add` is false and start is not NULL, start[i] is added to row
 * i. */
void bl_multiply_panels(int m, int n, int k, const bl_real *a, const bl_real *b, bl_real *c, ptrdiff_t c_row, bool add,
                        const bl_real *start);
/* C[m×n] += Σ over `panels` panels and their BL_NR columns l of a[panel][i][l] · b[panel][j][l]: a product whose long
 * dimension, the sum's, lies in the lanes, so that nothing has to be transposed. a is [panel][m][BL_NR], b
 * [panel][n][BL_NR]. */
void bl_multiply_lanes(int m, int n, int panels, const bl_real *a, const bl_real *b, bl_real *c, ptrdiff_t c_row);

/* Taps of one channel. */
static inline int bl_taps(const bl_conv_shape *s) {
    return s->kernel_h * s->kernel_w;
}
static inline int bl_panels(int n) {
    return (n + BL_NR - 1) / BL_NR;
}

#endif
