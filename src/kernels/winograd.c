/* Tiles of 4×4 outputs, over all pictures; a block of them at a time. Of a block first the cells are transformed, then
 * for 8 output channels after another: their weights, the 36 products (tiles × channels) · (channels × 8), and the way
 * back into the picture. Weights are transformed anew for every block: kept, they would take four times the memory of
 * the weights, and reading that costs more than making them. */
#include "kernels/winograd.h"

#include "base/simd.h"
#include "kernels/panels.h"

#include <string.h>

#if defined(BL_DOUBLE)

bool bl_winograd_fits(const bl_conv_shape *s) {
    (void)s;
    return false;
}
size_t bl_winograd_scratch(const bl_conv_shape *s) {
    (void)s;
    return 0;
}
void bl_winograd(const bl_conv_shape *s, int pictures, const bl_real *x, bl_taps9 w, const bl_real *bias, bl_real *y,
                 bool add, void *scratch) {
    (void)s, (void)pictures, (void)x, (void)w, (void)bias, (void)y, (void)add, (void)scratch;
}

#else

enum {
    SIDE = 6, /* of the cells that a tile of 4×4 outputs is made from */
    POSITIONS = SIDE * SIDE,
    LANES = 4,
    OUTS = BL_NR,         /* output channels at a time */
    MOST_TILES = 64,      /* of a block … */
    MOST_CELLS = 300000,  /* … whose transformed cells, 36 numbers a tile and channel, stay in the second cache */
    LEAST_CHANNELS = 16,  /* with fewer, transforming costs more than it saves */
    MOST_CHANNELS = 2048, /* then scratch stays below 4 MB, and a tile of the products within the first cache */
    GAP = 16              /* numbers between positions: a distance of a power of two would map all to the same lines */
};

/* The points of interpolation: 0, ±A, ±B and infinity, and the squares. With √½ and √2 the transforms lose a fifth of
 * what they lose with the usual 1 and 2. */
#define A  0.70710678F
#define B  1.41421356F
#define AA 0.5F
#define BB 2.0F

#if defined(__clang__)
#define ROLLED _Pragma("clang loop unroll(disable)")
#else
#define ROLLED _Pragma("GCC unroll 1")
#endif

static int least(int a, int b) {
    return a < b ? a : b;
}
static int in_fours(int n) {
    return (n + 3) & ~3;
}
static int tiles_across(const bl_conv_shape *s) {
    return (s->out_width + 3) / 4;
}
static int tiles_of_picture(const bl_conv_shape *s) {
    return (s->out_height + 3) / 4 * tiles_across(s);
}
static int most_tiles(const bl_conv_shape *s) {
    int tiles = MOST_CELLS / POSITIONS / s->channels & ~3;
    return tiles < 4 ? 4 : least(tiles, MOST_TILES);
}
static ptrdiff_t cells_step(const bl_conv_shape *s) {
    return (ptrdiff_t)most_tiles(s) * s->channels + GAP;
}
static ptrdiff_t weights_step(const bl_conv_shape *s) {
    return (ptrdiff_t)OUTS * s->channels + GAP;
}
enum { PRODUCTS_STEP = MOST_TILES * OUTS + GAP };

bool bl_winograd_fits(const bl_conv_shape *s) {
    if (s->groups != 1 || s->kernel_h != 3 || s->kernel_w != 3 || s->stride_h != 1 || s->stride_w != 1 ||
        s->dilation_h != 1 || s->dilation_w != 1 || s->channels < LEAST_CHANNELS || s->channels > MOST_CHANNELS)
        return false;
    /* Work of an output and input channel: 36 products a tile, and the weights' transform that costs like four tiles,
     * against 9 products a position. */
    return 4 * ((double)in_fours(tiles_of_picture(s)) + 4) < (double)s->out_height * s->out_width;
}

/* Cells, weights and products transformed; numbers on the way; four tiles' cells beside a border. */
size_t bl_winograd_scratch(const bl_conv_shape *s) {
    size_t n = (size_t)(cells_step(s) + weights_step(s) + PRODUCTS_STEP) * POSITIONS;
    return (n + 2 * (size_t)(POSITIONS * LANES)) * sizeof(bl_real);
}

/* ---- cells ---- */

/* Bᵀ·d, six numbers that are `step` apart each: its factors are the coefficients of x(x²−A²)(x²−B²) over one root. */
static inline void transform_cells(const bl_f32x4 d[SIDE], float *to, ptrdiff_t step) {
    const bl_f32x4 sum = bl_f32x4_splat(AA + BB), product = bl_f32x4_splat(AA * BB), a = bl_f32x4_splat(A),
                   b = bl_f32x4_splat(B), aa = bl_f32x4_splat(AA), bb = bl_f32x4_splat(BB);
    bl_f32x4 even = bl_f32x4_sub(d[4], bl_f32x4_mul(bb, d[2])),
             odd = bl_f32x4_mul(a, bl_f32x4_sub(d[3], bl_f32x4_mul(bb, d[1])));
    bl_f32x4_store(to + step, bl_f32x4_add(even, odd));
    bl_f32x4_store(to + 2 * step, bl_f32x4_sub(even, odd));
    even = bl_f32x4_sub(d[4], bl_f32x4_mul(aa, d[2]));
    odd = bl_f32x4_mul(b, bl_f32x4_sub(d[3], bl_f32x4_mul(aa, d[1])));
    bl_f32x4_store(to + 3 * step, bl_f32x4_add(even, odd));
    bl_f32x4_store(to + 4 * step, bl_f32x4_sub(even, odd));
    bl_f32x4_store(to, bl_f32x4_add(bl_f32x4_sub(bl_f32x4_mul(product, d[0]), bl_f32x4_mul(sum, d[2])), d[4]));
    bl_f32x4_store(to + 5 * step,
                   bl_f32x4_add(bl_f32x4_sub(bl_f32x4_mul(product, d[1]), bl_f32x4_mul(sum, d[3])), d[5]));
}

/* The 6×6 cells of one tile in a channel. Beside a border they are copied, with zeros around. */
typedef struct {
    const float *corner; /* of the first channel */
    float *copy;         /* NULL: all cells lie in the picture */
    int top, bottom, left, right;
} cells;

static cells find(const bl_conv_shape *s, const float *x, int tile, int total, float *copy) {
    cells c = {x, copy, 0, 0, 0, 0};
    if (tile < total) {
        int of = tiles_of_picture(s), picture = tile / of, row = tile % of / tiles_across(s) * 4 - s->pad_top,
            column = tile % of % tiles_across(s) * 4 - s->pad_left;
        int top = row < 0 ? least(-row, SIDE) : 0, left = column < 0 ? least(-column, SIDE) : 0,
            bottom = least(SIDE, s->height - row), right = least(SIDE, s->width - column);
        if (top < bottom && left < right) /* not padding alone */
            c = (cells){x + ((ptrdiff_t)picture * s->channels * s->height + row + top) * s->width + column + left,
                        bottom - top == SIDE && right - left == SIDE ? NULL : copy,
                        top,
                        bottom,
                        left,
                        right};
    }
    if (c.copy) memset(copy, 0, POSITIONS * sizeof *copy);
    return c;
}

static void copy_inside(const cells *c, const float *from, ptrdiff_t row) {
    for (int i = c->top; i < c->bottom; i++, from += row)
        for (int j = c->left; j < c->right; j++) c->copy[i * SIDE + j] = from[j - c->left];
}

/* Tiles first … first+count−1 as [position][four tiles][channel][4], those from `total` on zero. */
static void transform_block(const bl_conv_shape *s, const float *x, int first, int count, int total, float *to,
                            float *between, float *copies) {
    ptrdiff_t plane = (ptrdiff_t)s->height * s->width, step = cells_step(s);
    for (int q = 0; q < count; q += LANES) {
        cells four[LANES];
        for (int t = 0; t < LANES; t++) four[t] = find(s, x, first + q + t, total, copies + t * POSITIONS);
        for (int c = 0; c < s->channels; c++, to += LANES) {
            const float *from[LANES];
            ptrdiff_t row[LANES];
            for (int t = 0; t < LANES; t++) {
                from[t] = four[t].corner + c * plane;
                row[t] = s->width;
                if (!four[t].copy) continue;
                copy_inside(&four[t], from[t], s->width);
                from[t] = four[t].copy;
                row[t] = SIDE;
            }
            ROLLED for (int i = 0; i < SIDE; i++) {
                bl_f32x4 d[SIDE], last[LANES];
                for (int t = 0; t < LANES; t++) {
                    d[t] = bl_f32x4_load(from[t]);
                    last[t] = bl_f32x4_load(from[t] + 2);
                    from[t] += row[t];
                }
                bl_f32x4_transpose(d);
                bl_f32x4_transpose(last);
                d[4] = last[2];
                d[5] = last[3];
                transform_cells(d, between + i * SIDE * LANES, LANES);
            }
            ROLLED for (int j = 0; j < SIDE; j++) {
                bl_f32x4 d[SIDE];
                for (int i = 0; i < SIDE; i++) d[i] = bl_f32x4_load(between + (i * SIDE + j) * LANES);
                transform_cells(d, to + j * step, SIDE * step);
            }
        }
    }
}

/* ---- weights ---- */

/* G·g: six from three. */
static inline void transform_taps(bl_f32x4 g0, bl_f32x4 g1, bl_f32x4 g2, float *to, ptrdiff_t step) {
    const float na = 1 / (2 * AA * (AA - BB)), nb = 1 / (2 * BB * (BB - AA));
    bl_f32x4 even = bl_f32x4_add(bl_f32x4_mul(bl_f32x4_splat(na), g0), bl_f32x4_mul(bl_f32x4_splat(na * AA), g2)),
             odd = bl_f32x4_mul(bl_f32x4_splat(na * A), g1);
    bl_f32x4_store(to + step, bl_f32x4_add(even, odd));
    bl_f32x4_store(to + 2 * step, bl_f32x4_sub(even, odd));
    even = bl_f32x4_add(bl_f32x4_mul(bl_f32x4_splat(nb), g0), bl_f32x4_mul(bl_f32x4_splat(nb * BB), g2));
    odd = bl_f32x4_mul(bl_f32x4_splat(nb * B), g1);
    bl_f32x4_store(to + 3 * step, bl_f32x4_add(even, odd));
    bl_f32x4_store(to + 4 * step, bl_f32x4_sub(even, odd));
    bl_f32x4_store(to, bl_f32x4_mul(bl_f32x4_splat(1 / (AA * BB)), g0));
    bl_f32x4_store(to + 5 * step, g2);
}

/* Kernels of 8 output channels, of which `outs` are there, as [position][channel][8]. */
static void transform_weights(const bl_conv_shape *s, bl_taps9 w, int outs, float *to, float *between) {
    ptrdiff_t step = weights_step(s);
    for (int half = 0; half < OUTS; half += LANES) {
        const float *kernel[LANES]; /* missing ones repeat the last; their products are not stored */
        for (int o = 0; o < LANES; o++) kernel[o] = w.w + least(half + o, outs - 1) * w.out_step;
        for (int c = 0; c < s->channels; c++) {
            bl_f32x4 taps[9];
            for (int o = 0; o < LANES; o++) {
                taps[o] = bl_f32x4_load(kernel[o]);
                taps[4 + o] = bl_f32x4_load(kernel[o] + 4);
            }
            taps[8] = bl_f32x4_of(kernel[0][8], kernel[1][8], kernel[2][8], kernel[3][8]);
            bl_f32x4_transpose(taps);
            bl_f32x4_transpose(taps + 4);
            for (int o = 0; o < LANES; o++) kernel[o] += w.in_step;
            /* Turned by 180°: the other end of the list. */
            if (w.turned)
                for (int i = 0; i < 3; i++)
                    transform_taps(taps[8 - 3 * i], taps[7 - 3 * i], taps[6 - 3 * i], between + i * SIDE * LANES,
                                   LANES);
            else
                for (int i = 0; i < 3; i++)
                    transform_taps(taps[3 * i], taps[3 * i + 1], taps[3 * i + 2], between + i * SIDE * LANES, LANES);
            ROLLED for (int j = 0; j < SIDE; j++) transform_taps(
                bl_f32x4_load(between + j * LANES), bl_f32x4_load(between + (SIDE + j) * LANES),
                bl_f32x4_load(between + (2 * SIDE + j) * LANES), to + j * step + c * OUTS + half, SIDE * step);
        }
    }
}

/* ---- the way back ---- */

/* Aᵀ·m: four from six. */
static inline void transform_products(const bl_f32x4 m[SIDE], bl_f32x4 y[4]) {
    bl_f32x4 sum_a = bl_f32x4_add(m[1], m[2]), sum_b = bl_f32x4_add(m[3], m[4]), left_a = bl_f32x4_sub(m[1], m[2]),
             left_b = bl_f32x4_sub(m[3], m[4]);
    y[0] = bl_f32x4_add(m[0], bl_f32x4_add(sum_a, sum_b));
    y[1] = bl_f32x4_add(bl_f32x4_mul(bl_f32x4_splat(A), left_a), bl_f32x4_mul(bl_f32x4_splat(B), left_b));
    y[2] = bl_f32x4_add(bl_f32x4_mul(bl_f32x4_splat(AA), sum_a), bl_f32x4_mul(bl_f32x4_splat(BB), sum_b));
    y[3] = bl_f32x4_add(
        bl_f32x4_add(bl_f32x4_mul(bl_f32x4_splat(AA * A), left_a), bl_f32x4_mul(bl_f32x4_splat(BB * B), left_b)), m[5]);
}

/* A row of up to four outputs of one channel. */
static inline void put(bl_f32x4 row, int columns, bool add, float *y) {
    if (columns == 4) {
        bl_f32x4_store(y, add ? bl_f32x4_add(bl_f32x4_load(y), row) : row);
        return;
    }
    float cut[4];
    bl_f32x4_store(cut, row);
    for (int j = 0; j < columns; j++) y[j] = add ? y[j] + cut[j] : cut[j];
}

/* Products [position][tile][8] of one tile to `outs` channels of y from its channel `out` on. */
static void finish_tile(const bl_conv_shape *s, const float *products, int tile, int out, int outs, const float *bias,
                        float *y, bool add, float *between) {
    int of = tiles_of_picture(s), picture = tile / of, row = tile % of / tiles_across(s) * 4,
        column = tile % of % tiles_across(s) * 4;
    int rows = least(4, s->out_height - row), columns = least(4, s->out_width - column);
    ptrdiff_t plane = (ptrdiff_t)s->out_height * s->out_width;
    for (int half = 0; half < outs; half += LANES) {
        int some = least(LANES, outs - half);
        const float *m = products + half;
        bl_f32x4 first = bl_f32x4_zero();
        if (bias) {
            float four[LANES] = {0};
            memcpy(four, bias + half, (size_t)some * sizeof *four);
            first = bl_f32x4_load(four);
        }
        ROLLED for (int i = 0; i < SIDE; i++) {
            bl_f32x4 six[SIDE], four[4];
            for (int j = 0; j < SIDE; j++) six[j] = bl_f32x4_load(m + (ptrdiff_t)(i * SIDE + j) * PRODUCTS_STEP);
            transform_products(six, four);
            for (int j = 0; j < 4; j++) bl_f32x4_store(between + (j * SIDE + i) * LANES, four[j]);
        }
        /* Now along the other axis: [column][six] becomes four rows. */
        ROLLED for (int j = 0; j < 4; j++) {
            bl_f32x4 six[SIDE], four[4];
            for (int i = 0; i < SIDE; i++) six[i] = bl_f32x4_load(between + (j * SIDE + i) * LANES);
            transform_products(six, four);
            for (int i = 0; i < 4; i++)
                bl_f32x4_store(between + (POSITIONS + i * 4 + j) * LANES, bl_f32x4_add(four[i], first));
        }
        float *corner =
            y + ((ptrdiff_t)picture * s->out_channels + out + half) * plane + (ptrdiff_t)row * s->out_width + column;
        for (int i = 0; i < rows; i++) {
            bl_f32x4 lanes[4];
            for (int j = 0; j < 4; j++) lanes[j] = bl_f32x4_load(between + (POSITIONS + i * 4 + j) * LANES);
            bl_f32x4_transpose(lanes);
            for (int o = 0; o < some; o++)
                put(lanes[o], columns, add, corner + o * plane + (ptrdiff_t)i * s->out_width);
        }
    }
}

void bl_winograd(const bl_conv_shape *s, int pictures, const bl_real *x, bl_taps9 w, const bl_real *bias, bl_real *y,
                 bool add, void *scratch) {
    int total = pictures * tiles_of_picture(s), most = most_tiles(s), blocks = (total + most - 1) / most,
        block = in_fours((total + blocks - 1) / blocks);
    float *between = scratch, *copies = between + POSITIONS * LANES, *inputs = copies + POSITIONS * LANES,
          *weights = inputs + POSITIONS * cells_step(s), *products = weights + POSITIONS * weights_step(s);
    for (int first = 0; first < total; first += block) {
        int count = least(block, total - first);
        transform_block(s, x, first, count, total, inputs, between, copies);
        for (int out = 0; out < s->out_channels; out += OUTS) {
            int outs = least(OUTS, s->out_channels - out);
            bl_taps9 some = w;
            some.w += out * w.out_step;
            transform_weights(s, some, outs, weights, between);
            for (int p = 0; p < POSITIONS; p++)
                bl_multiply_panels(in_fours(count), OUTS, s->channels, inputs + p * cells_step(s),
                                   weights + p * weights_step(s), products + p * PRODUCTS_STEP, OUTS, false, NULL);
            for (int t = 0; t < count; t++)
                finish_tile(s, products + t * OUTS, first + t, out, outs, bias ? bias + out : NULL, y, add, between);
        }
    }
}

#endif
