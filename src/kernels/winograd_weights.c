/* The gradient of the weights of a 3×3 convolution by F(3×3, 4×4): the adjoint of what winograd.c computes. Of every
 * tile, the 6×6 cells (BᵀdB) and the 4×4 signals (A·dY·Aᵀ) are transformed; 36 products (out × tiles) · (tiles × in)
 * sum over all tiles of all pictures, a block of them at a time; Gᵀ·M·G takes the sums to 3×3. Sums of a chunk of the
 * output channels stay in memory between blocks. In the fast native build alone: it is the trainer that needs it. */
#include "kernels/winograd.h"

#if defined(BL_FAST) && !defined(__wasm__)

#include "kernels/winograd_parts.h"

enum {
    MOST_SUMS = 600000 /* numbers: 2.4 MB */
};

static int in_panels(int channels) {
    return bl_panels(channels) * BL_NR;
}
static int chunk_of(const bl_conv_shape *s) {
    int outs = MOST_SUMS / POSITIONS / in_vectors(s->channels) & ~(BL_LANES - 1), all = in_vectors(s->out_channels);
    if (outs < 2 * BL_LANES) outs = 2 * BL_LANES;
    return least(outs, all);
}
static ptrdiff_t inputs_step(const bl_conv_shape *s) {
    return (ptrdiff_t)most_tiles(s) * in_panels(s->channels) + GAP;
}
static ptrdiff_t signals_step(const bl_conv_shape *s) {
    return (ptrdiff_t)most_tiles(s) * chunk_of(s) + GAP;
}
static ptrdiff_t sums_step(const bl_conv_shape *s) {
    return (ptrdiff_t)chunk_of(s) * in_vectors(s->channels) + GAP;
}

bool bl_winograd_weights_fits(const bl_conv_shape *s) {
    return s->out_channels >= BL_LANES && bl_winograd_fits(s);
}

size_t bl_winograd_weights_scratch(const bl_conv_shape *s) {
    size_t n = (size_t)(inputs_step(s) + signals_step(s) + sums_step(s)) * POSITIONS;
    return (n + 2 * (size_t)(POSITIONS * BL_LANES)) * sizeof(float);
}

/* Tiles first … first+count−1 as [position][panel of channels][tile][BL_NR]. Channels that are missing in the last
 * vector repeat the last one: their sums are left where they are. */
static void transform_inputs(const bl_conv_shape *s, const float *x, int first, int count, float *to, float *between,
                             float *copies) {
    ptrdiff_t plane = (ptrdiff_t)s->height * s->width;
    for (int t = 0; t < count; t++) {
        cells tile = find(s, x, first + t, first + count, copies);
        for (int c = 0; c < s->channels; c += BL_LANES) {
            const float *from[BL_LANES];
            ptrdiff_t row[BL_LANES];
            for (int l = 0; l < BL_LANES; l++) {
                from[l] = tile.corner + least(c + l, s->channels - 1) * plane;
                row[l] = s->width;
                if (!tile.copy) continue;
                cells one = tile;
                one.copy = copies + l * POSITIONS;
                if (c == 0 && l > 0) memset(one.copy, 0, POSITIONS * sizeof(float));
                copy_inside(&one, from[l], s->width);
                from[l] = one.copy;
                row[l] = SIDE;
            }
            float *panel = to + (ptrdiff_t)(c / BL_NR) * count * BL_NR;
            transform_lanes(from, row, between, panel + t * BL_NR + c % BL_NR, inputs_step(s), 4);
        }
    }
}

/* A·y: six from four. */
static inline void transform_signal(const bl_vec y[4], float *to, ptrdiff_t step, ptrdiff_t apart) {
    bl_vec even = bl_vec_madd(y[0], bl_vec_splat(AA), y[2]),
           odd = bl_vec_madd(bl_vec_mul(bl_vec_splat(A), y[1]), bl_vec_splat(AA * A), y[3]);
    put_groups(to + step, apart, bl_vec_add(even, odd));
    put_groups(to + 2 * step, apart, bl_vec_sub(even, odd));
    even = bl_vec_madd(y[0], bl_vec_splat(BB), y[2]);
    odd = bl_vec_madd(bl_vec_mul(bl_vec_splat(B), y[1]), bl_vec_splat(BB * B), y[3]);
    put_groups(to + 3 * step, apart, bl_vec_add(even, odd));
    put_groups(to + 4 * step, apart, bl_vec_sub(even, odd));
    put_groups(to, apart, y[0]);
    put_groups(to + 5 * step, apart, y[3]);
}

/* Signals of `outs` channels from `out` on as [position][four channels][tile][4]; those that are missing in the last
 * vector are zero. */
static void transform_signals(const bl_conv_shape *s, const float *dy, int out, int outs, int first, int count,
                              float *to, float *between, float *copies) {
    int of = tiles_of_picture(s), across = tiles_across(s);
    ptrdiff_t plane = (ptrdiff_t)s->out_height * s->out_width, step = signals_step(s), apart = (ptrdiff_t)count * 4;
    for (int t = 0; t < count; t++) {
        int picture = (first + t) / of, top = (first + t) % of / across * 4, left = (first + t) % of % across * 4;
        int rows = least(4, s->out_height - top), columns = least(4, s->out_width - left);
        const float *corner =
            dy + ((ptrdiff_t)picture * s->out_channels + out) * plane + (ptrdiff_t)top * s->out_width + left;
        for (int o = 0; o < outs; o += BL_LANES) {
            const float *from[BL_LANES];
            ptrdiff_t row = s->out_width;
            for (int l = 0; l < BL_LANES; l++) from[l] = corner + least(o + l, outs - 1) * plane;
            if (rows < 4 || columns < 4 || outs - o < BL_LANES) {
                memset(copies, 0, BL_LANES * 16 * sizeof *copies);
                for (int l = 0; l < BL_LANES; l++) {
                    for (int i = 0; i < rows && o + l < outs; i++)
                        for (int j = 0; j < columns; j++) copies[l * 16 + i * 4 + j] = from[l][i * row + j];
                    from[l] = copies + l * 16;
                }
                row = 4;
            }
            for (int i = 0; i < 4; i++) {
                bl_vec y[4];
                for (int l = 0; l < 4; l++) {
                    const float *groups[BL_GROUPS];
                    for (int g = 0; g < BL_GROUPS; g++) groups[g] = from[4 * g + l] + i * row;
                    y[l] = bl_vec_load_groups(groups);
                }
                bl_vec_transpose(y);
                transform_signal(y, between + i * SIDE * BL_LANES, BL_LANES, 4);
            }
            for (int j = 0; j < SIDE; j++) {
                bl_vec y[4];
                for (int i = 0; i < 4; i++) y[i] = bl_vec_load(between + (i * SIDE + j) * BL_LANES);
                transform_signal(y, to + (ptrdiff_t)o * count + t * 4 + j * step, SIDE * step, apart);
            }
        }
    }
}

/* Gᵀ·m: three from six. */
static inline void transform_sums(const bl_vec m[SIDE], bl_vec g[3]) {
    const float na = 1 / (2 * AA * (AA - BB)), nb = 1 / (2 * BB * (BB - AA));
    bl_vec sum_a = bl_vec_add(m[1], m[2]), sum_b = bl_vec_add(m[3], m[4]);
    g[0] = bl_vec_madd(bl_vec_madd(bl_vec_mul(bl_vec_splat(1 / (AA * BB)), m[0]), bl_vec_splat(na), sum_a),
                       bl_vec_splat(nb), sum_b);
    g[1] = bl_vec_madd(bl_vec_mul(bl_vec_splat(na * A), bl_vec_sub(m[1], m[2])), bl_vec_splat(nb * B),
                       bl_vec_sub(m[3], m[4]));
    g[2] = bl_vec_madd(bl_vec_madd(m[5], bl_vec_splat(na * AA), sum_a), bl_vec_splat(nb * BB), sum_b);
}

/* The sums of one output channel, [position][channel], added to its kernels. */
static void finish_kernels(const bl_conv_shape *s, const float *sums, float *dw) {
    ptrdiff_t step = sums_step(s);
    for (int c = 0; c < s->channels; c += BL_LANES, dw += 9 * BL_LANES) {
        bl_vec half[3][SIDE];
        float taps[9][BL_LANES];
        for (int j = 0; j < SIDE; j++) {
            bl_vec six[SIDE], three[3];
            for (int i = 0; i < SIDE; i++) six[i] = bl_vec_load(sums + (i * SIDE + j) * step + c);
            transform_sums(six, three);
            for (int i = 0; i < 3; i++) half[i][j] = three[i];
        }
        for (int i = 0; i < 3; i++) {
            bl_vec three[3];
            transform_sums(half[i], three);
            for (int j = 0; j < 3; j++) bl_vec_store(taps[3 * i + j], three[j]);
        }
        for (int l = 0; l < least(BL_LANES, s->channels - c); l++)
            for (int t = 0; t < 9; t++) dw[9 * l + t] += taps[t][l];
    }
}

void bl_winograd_weights(const bl_conv_shape *s, int pictures, const float *x, const float *dy, float *dw,
                         void *scratch) {
    int total = pictures * tiles_of_picture(s), block = most_tiles(s), chunk = chunk_of(s),
        row = in_vectors(s->channels);
    float *between = scratch, *copies = between + POSITIONS * BL_LANES, *inputs = copies + POSITIONS * BL_LANES,
          *signals = inputs + POSITIONS * inputs_step(s), *sums = signals + POSITIONS * signals_step(s);
    for (int out = 0; out < s->out_channels; out += chunk) {
        int outs = least(chunk, s->out_channels - out);
        for (int first = 0; first < total; first += block) {
            int count = least(block, total - first);
            transform_inputs(s, x, first, count, inputs, between, copies);
            transform_signals(s, dy, out, outs, first, count, signals, between, copies);
            for (int p = 0; p < POSITIONS; p++)
                bl_multiply_panels(in_fours(outs), row, count, signals + p * signals_step(s),
                                   inputs + p * inputs_step(s), sums + p * sums_step(s), row, first > 0, NULL);
        }
        for (int o = 0; o < outs; o++) finish_kernels(s, sums + o * row, dw + (ptrdiff_t)(out + o) * s->channels * 9);
    }
}

#else

bool bl_winograd_weights_fits(const bl_conv_shape *s) {
    (void)s;
    return false;
}
size_t bl_winograd_weights_scratch(const bl_conv_shape *s) {
    (void)s;
    return 0;
}
void bl_winograd_weights(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *dy, bl_real *dw,
                         void *scratch) {
    (void)s, (void)pictures, (void)x, (void)dy, (void)dw, (void)scratch;
}

#endif
