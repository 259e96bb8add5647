/* Tiles of 4×4 outputs, over all pictures; a block of them at a time. Of a block first the cells are transformed, then
 * for 8 output channels after another: their weights, the 36 products (tiles × channels) · (channels × 8), and the way
 * back into the picture. Weights are transformed anew for every block: kept, they would take four times the memory of
 * the weights, and reading that costs more than making them. */
#include "kernels/winograd.h"

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
static int in_vectors(int n) {
    return (n + BL_LANES - 1) & ~(BL_LANES - 1);
}
/* Output channels of a panel that are computed: the narrow tiles of the products leave out whole vectors. */
static int computed(int outs) {
    return BL_NV == 3 ? in_vectors(outs) : OUTS;
}
static int tiles_across(const bl_conv_shape *s) {
    return (s->out_width + 3) / 4;
}
static int tiles_of_picture(const bl_conv_shape *s) {
    return (s->out_height + 3) / 4 * tiles_across(s);
}
static int most_tiles(const bl_conv_shape *s) {
    int tiles = MOST_CELLS / POSITIONS / s->channels & ~(BL_LANES - 1);
    return tiles < BL_LANES ? BL_LANES : least(tiles, MOST_TILES);
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
    return (n + 2 * (size_t)(POSITIONS * BL_LANES)) * sizeof(bl_real);
}

/* ---- cells ---- */

/* The groups of a vector, `apart` from each other. */
static inline void put_groups(float *to, ptrdiff_t apart, bl_vec a) {
    if (apart == 4)
        bl_vec_store(to, a);
    else
        for (int g = 0; g < BL_GROUPS; g++) bl_f32x4_store(to + g * apart, bl_vec_group(a, g));
}

/* Bᵀ·d, six numbers that are `step` apart each: its factors are the coefficients of x(x²−A²)(x²−B²) over one root. */
static inline void transform_cells(const bl_vec d[SIDE], float *to, ptrdiff_t step, ptrdiff_t apart) {
    const bl_vec product = bl_vec_splat(AA * BB), sum = bl_vec_splat(-(AA + BB)), a = bl_vec_splat(A),
                 b = bl_vec_splat(B), minus_a = bl_vec_splat(-A), minus_b = bl_vec_splat(-B),
                 minus_aa = bl_vec_splat(-AA), minus_bb = bl_vec_splat(-BB);
    bl_vec even = bl_vec_madd(d[4], minus_bb, d[2]), odd = bl_vec_madd(d[3], minus_bb, d[1]);
    put_groups(to + step, apart, bl_vec_madd(even, a, odd));
    put_groups(to + 2 * step, apart, bl_vec_madd(even, minus_a, odd));
    even = bl_vec_madd(d[4], minus_aa, d[2]);
    odd = bl_vec_madd(d[3], minus_aa, d[1]);
    put_groups(to + 3 * step, apart, bl_vec_madd(even, b, odd));
    put_groups(to + 4 * step, apart, bl_vec_madd(even, minus_b, odd));
    put_groups(to, apart, bl_vec_add(bl_vec_madd(bl_vec_mul(product, d[0]), sum, d[2]), d[4]));
    put_groups(to + 5 * step, apart, bl_vec_add(bl_vec_madd(bl_vec_mul(product, d[1]), sum, d[3]), d[5]));
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

/* Tiles first … first+count−1 as [position][four tiles][channel][4], those from `total` on zero; a vector of tiles at a
 * time. */
static void transform_block(const bl_conv_shape *s, const float *x, int first, int count, int total, float *to,
                            float *between, float *copies) {
    ptrdiff_t plane = (ptrdiff_t)s->height * s->width, step = cells_step(s), apart = (ptrdiff_t)s->channels * 4;
    for (int q = 0; q < count; q += BL_LANES) {
        cells some[BL_LANES];
        for (int t = 0; t < BL_LANES; t++) some[t] = find(s, x, first + q + t, total, copies + t * POSITIONS);
        for (int c = 0; c < s->channels; c++) {
            const float *from[BL_LANES];
            ptrdiff_t row[BL_LANES];
            for (int t = 0; t < BL_LANES; t++) {
                from[t] = some[t].corner + c * plane;
                row[t] = s->width;
                if (!some[t].copy) continue;
                copy_inside(&some[t], from[t], s->width);
                from[t] = some[t].copy;
                row[t] = SIDE;
            }
            ROLLED for (int i = 0; i < SIDE; i++) {
                bl_vec d[SIDE], last[4];
                for (int t = 0; t < 4; t++) {
                    const float *head[BL_GROUPS], *tail[BL_GROUPS];
                    for (int g = 0; g < BL_GROUPS; g++) {
                        head[g] = from[4 * g + t];
                        tail[g] = head[g] + 2;
                        from[4 * g + t] += row[4 * g + t];
                    }
                    d[t] = bl_vec_load_groups(head);
                    last[t] = bl_vec_load_groups(tail);
                }
                bl_vec_transpose(d);
                bl_vec_transpose(last);
                d[4] = last[2];
                d[5] = last[3];
                transform_cells(d, between + i * SIDE * BL_LANES, BL_LANES, 4);
            }
            float *cell = to + (ptrdiff_t)q * s->channels + c * 4;
            ROLLED for (int j = 0; j < SIDE; j++) {
                bl_vec d[SIDE];
                for (int i = 0; i < SIDE; i++) d[i] = bl_vec_load(between + (i * SIDE + j) * BL_LANES);
                transform_cells(d, cell + j * step, SIDE * step, BL_GROUPS == 1 ? 4 : apart);
            }
        }
    }
}

/* ---- weights ---- */

/* G·g: six from three. */
static inline void transform_taps(bl_vec g0, bl_vec g1, bl_vec g2, float *to, ptrdiff_t step) {
    const float na = 1 / (2 * AA * (AA - BB)), nb = 1 / (2 * BB * (BB - AA));
    bl_vec even = bl_vec_madd(bl_vec_mul(bl_vec_splat(na), g0), bl_vec_splat(na * AA), g2);
    bl_vec_store(to + step, bl_vec_madd(even, bl_vec_splat(na * A), g1));
    bl_vec_store(to + 2 * step, bl_vec_madd(even, bl_vec_splat(-na * A), g1));
    even = bl_vec_madd(bl_vec_mul(bl_vec_splat(nb), g0), bl_vec_splat(nb * BB), g2);
    bl_vec_store(to + 3 * step, bl_vec_madd(even, bl_vec_splat(nb * B), g1));
    bl_vec_store(to + 4 * step, bl_vec_madd(even, bl_vec_splat(-nb * B), g1));
    bl_vec_store(to, bl_vec_mul(bl_vec_splat(1 / (AA * BB)), g0));
    bl_vec_store(to + 5 * step, g2);
}

/* Kernels of `outs` output channels, and more to fill vectors, as [position][channel][OUTS]. */
static void transform_weights(const bl_conv_shape *s, bl_taps9 w, int outs, float *to, float *between) {
    ptrdiff_t step = weights_step(s);
    for (int part = 0; part < computed(outs); part += BL_LANES) {
        const float *kernel[BL_LANES]; /* missing ones repeat the last; their products are not stored */
        for (int o = 0; o < BL_LANES; o++) kernel[o] = w.w + least(part + o, outs - 1) * w.out_step;
        for (int c = 0; c < s->channels; c++) {
            bl_vec taps[9];
            float last[BL_LANES];
            for (int o = 0; o < 4; o++) {
                const float *head[BL_GROUPS], *tail[BL_GROUPS];
                for (int g = 0; g < BL_GROUPS; g++) {
                    head[g] = kernel[4 * g + o];
                    tail[g] = head[g] + 4;
                    last[4 * g + o] = head[g][8];
                }
                taps[o] = bl_vec_load_groups(head);
                taps[4 + o] = bl_vec_load_groups(tail);
            }
            taps[8] = bl_vec_load(last);
            bl_vec_transpose(taps);
            bl_vec_transpose(taps + 4);
            for (int o = 0; o < BL_LANES; o++) kernel[o] += w.in_step;
            /* Turned by 180°: the other end of the list. */
            if (w.turned)
                for (int i = 0; i < 3; i++)
                    transform_taps(taps[8 - 3 * i], taps[7 - 3 * i], taps[6 - 3 * i], between + i * SIDE * BL_LANES,
                                   BL_LANES);
            else
                for (int i = 0; i < 3; i++)
                    transform_taps(taps[3 * i], taps[3 * i + 1], taps[3 * i + 2], between + i * SIDE * BL_LANES,
                                   BL_LANES);
            ROLLED for (int j = 0; j < SIDE; j++) transform_taps(
                bl_vec_load(between + j * BL_LANES), bl_vec_load(between + (SIDE + j) * BL_LANES),
                bl_vec_load(between + (2 * SIDE + j) * BL_LANES), to + j * step + c * OUTS + part, SIDE * step);
        }
    }
}

/* ---- the way back ---- */

/* Aᵀ·m: four from six. */
static inline void transform_products(const bl_vec m[SIDE], bl_vec y[4]) {
    bl_vec sum_a = bl_vec_add(m[1], m[2]), sum_b = bl_vec_add(m[3], m[4]), left_a = bl_vec_sub(m[1], m[2]),
           left_b = bl_vec_sub(m[3], m[4]);
    y[0] = bl_vec_add(m[0], bl_vec_add(sum_a, sum_b));
    y[1] = bl_vec_madd(bl_vec_mul(bl_vec_splat(A), left_a), bl_vec_splat(B), left_b);
    y[2] = bl_vec_madd(bl_vec_mul(bl_vec_splat(AA), sum_a), bl_vec_splat(BB), sum_b);
    y[3] = bl_vec_add(bl_vec_madd(bl_vec_mul(bl_vec_splat(AA * A), left_a), bl_vec_splat(BB * B), left_b), m[5]);
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

/* Products [position][tile][OUTS] of one tile to `outs` channels of y from its channel `out` on. */
static void finish_tile(const bl_conv_shape *s, const float *products, int tile, int out, int outs, const float *bias,
                        float *y, bool add, float *between) {
    int of = tiles_of_picture(s), picture = tile / of, row = tile % of / tiles_across(s) * 4,
        column = tile % of % tiles_across(s) * 4;
    int rows = least(4, s->out_height - row), columns = least(4, s->out_width - column);
    ptrdiff_t plane = (ptrdiff_t)s->out_height * s->out_width;
    for (int part = 0; part < outs; part += BL_LANES) {
        int some = least(BL_LANES, outs - part);
        const float *m = products + part;
        bl_vec first = bl_vec_zero();
        if (bias) {
            float few[BL_LANES] = {0};
            memcpy(few, bias + part, (size_t)some * sizeof *few);
            first = bl_vec_load(few);
        }
        ROLLED for (int i = 0; i < SIDE; i++) {
            bl_vec six[SIDE], four[4];
            for (int j = 0; j < SIDE; j++) six[j] = bl_vec_load(m + (ptrdiff_t)(i * SIDE + j) * PRODUCTS_STEP);
            transform_products(six, four);
            for (int j = 0; j < 4; j++) bl_vec_store(between + (j * SIDE + i) * BL_LANES, four[j]);
        }
        /* Now along the other axis: [column][six] becomes four rows. */
        ROLLED for (int j = 0; j < 4; j++) {
            bl_vec six[SIDE], four[4];
            for (int i = 0; i < SIDE; i++) six[i] = bl_vec_load(between + (j * SIDE + i) * BL_LANES);
            transform_products(six, four);
            for (int i = 0; i < 4; i++)
                bl_vec_store(between + (POSITIONS + i * 4 + j) * BL_LANES, bl_vec_add(four[i], first));
        }
        float *corner =
            y + ((ptrdiff_t)picture * s->out_channels + out + part) * plane + (ptrdiff_t)row * s->out_width + column;
        for (int i = 0; i < rows; i++) {
            bl_vec lanes[4];
            for (int j = 0; j < 4; j++) lanes[j] = bl_vec_load(between + (POSITIONS + i * 4 + j) * BL_LANES);
            bl_vec_transpose(lanes);
            float *to = corner + (ptrdiff_t)i * s->out_width;
            for (int o = 0; o < some; o++) put(bl_vec_group(lanes[o & 3], o / 4), columns, add, to + o * plane);
        }
    }
}

void bl_winograd(const bl_conv_shape *s, int pictures, const bl_real *x, bl_taps9 w, const bl_real *bias, bl_real *y,
                 bool add, void *scratch) {
    int total = pictures * tiles_of_picture(s), most = most_tiles(s), blocks = (total + most - 1) / most,
        block = in_vectors((total + blocks - 1) / blocks);
    float *between = scratch, *copies = between + POSITIONS * BL_LANES, *inputs = copies + POSITIONS * BL_LANES,
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
                bl_multiply_panels(in_fours(count), computed(outs), s->channels, inputs + p * cells_step(s),
                                   weights + p * weights_step(s), products + p * PRODUCTS_STEP, OUTS, false, NULL);
            for (int t = 0; t < count; t++)
                finish_tile(s, products + t * OUTS, first + t, out, outs, bias ? bias + out : NULL, y, add, between);
        }
    }
}

#endif
