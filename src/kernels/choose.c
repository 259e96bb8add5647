/* The public names of the kernels that are compiled twice: each calls the variant that was chosen. Builds that hold
 * them once (WebAssembly, double, processors other than x86-64) have those names from the kernels themselves. */
#include "kernels/kernels.h"

#include <math.h>

const bl_finish bl_no_finish = {.low = -(bl_real)INFINITY, .high = (bl_real)INFINITY};

#if !defined(BL_TWICE)

bool bl_kernels_choose(bool fast) {
    return !fast;
}
const char *bl_kernels_name(void) {
#if defined(BL_FAST)
    return "relaxed SIMD";
#else
    return "exact";
#endif
}

#else

static bool use_fast;

bool bl_kernels_choose(bool fast) {
    if (fast && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))) return false;
    use_fast = fast;
    return true;
}
const char *bl_kernels_name(void) {
    return use_fast ? "fast (AVX2, FMA)" : "exact";
}

#define CHOOSE(type, name, parameters, arguments)                                                                      \
    type name##_exact parameters;                                                                                      \
    type name##_fast parameters;                                                                                       \
    type name parameters {                                                                                             \
        return use_fast ? name##_fast arguments : name##_exact arguments;                                              \
    }

CHOOSE(size_t, bl_gemm_scratch, (int m, int n, int k), (m, n, k))
CHOOSE(void, bl_gemm,
       (int m, int n, int k, bl_matrix a, bl_matrix b, bl_real *c, ptrdiff_t c_row, bool add, void *scratch),
       (m, n, k, a, b, c, c_row, add, scratch))
CHOOSE(size_t, bl_dense_scratch, (int m, int n, int k, bl_matrix a, bl_matrix b), (m, n, k, a, b))
CHOOSE(void, bl_dense,
       (int m, int n, int k, bl_matrix a, bl_matrix b, bl_real *c, ptrdiff_t c_row, bool add, void *scratch),
       (m, n, k, a, b, c, c_row, add, scratch))
CHOOSE(size_t, bl_conv_scratch, (const bl_conv_shape *s), (s))
CHOOSE(void, bl_conv_forward,
       (const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *w, const bl_finish *finish, bl_real *y,
        void *scratch),
       (s, pictures, x, w, finish, y, scratch))
CHOOSE(const char *, bl_conv_kernel, (const bl_conv_shape *s, bool backward), (s, backward))
CHOOSE(void, bl_conv_backward_input,
       (const bl_conv_shape *s, int pictures, const bl_real *dy, const bl_real *w, const bl_gate *gate, bl_real *dx,
        bool add, void *scratch),
       (s, pictures, dy, w, gate, dx, add, scratch))
CHOOSE(void, bl_conv_backward_weights,
       (const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *dy, bl_real *dw, bool add,
        void *scratch),
       (s, pictures, x, dy, dw, add, scratch))
CHOOSE(void, bl_channel_sums, (int pictures, int channels, size_t plane, const bl_real *dy, bl_real *dbias, bool add),
       (pictures, channels, plane, dy, dbias, add))

#endif
