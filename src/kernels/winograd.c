/* Tiles of 4×4 outputs, over all pictures; a block of them at a time. Of a block first the cells are transformed, then
 * for OUTS output channels after another: their weights, the 36 products (tiles × channels) · (channels × OUTS), and
 * the way back into the picture. Weights are transformed anew for every block: kept, they would take four times the
 * memory of the weights, and reading that costs more than making them. */
#include "kernels/winograd.h"

#if defined(BL_DOUBLE)

bool bl_winograd_fits(const bl_conv_shape *s) {
    (void)s;
    return false;
}
size_t bl_winograd_scratch(const bl_conv_shape *s) {
    (void)s;
    return 0;
}
void bl_winograd(const bl_conv_shape *s, int pictures, const bl_real *x, bl_taps9 w, const bl_finish *finish,
                 bl_real *y, bool add, void *scratch) {
    (void)s, (void)pictures, (void)x, (void)w, (void)finish, (void)y, (void)add, (void)scratch;
}

#else

#include "kernels/gate.h"
#include "kernels/strip.h"
#include "kernels/winograd_parts.h"

/* Output channels of a panel that are computed: the narrow tiles of the products leave out whole vectors. */
static int computed(int outs) {
    return BL_NV == 3 ? in_vectors(outs) : OUTS;
}
static ptrdiff_t weights_step(const bl_conv_shape *s) {
    return (ptrdiff_t)OUTS * s->channels + GAP;
}
enum {
    PRODUCTS_STEP = MOST_TILES * OUTS + GAP,
    FETCHED = 16 /* channels whose kernels are fetched together on the way back */
};

bool bl_winograd_fits(const bl_conv_shape *s) {
    if (s->groups != 1 || s->kernel_h != 3 || s->kernel_w != 3 || s->stride_h != 1 || s->stride_w != 1 ||
        s->dilation_h != 1 || s->dilation_w != 1 || s->channels < LEAST_CHANNELS || s->channels > MOST_CHANNELS)
        return false;
        /* Work of an output and input channel: 36 products a tile, and the weights' transform that costs like four
         * tiles, against 9 products a position. The fast native build sees batches, which share the transform and fill
         * the fours. */
#if defined(BL_FAST) && !defined(__wasm__)
    double tiles = tiles_of_picture(s);
#else
    double tiles = in_fours(tiles_of_picture(s)) + 4.0;
#endif
    return 4 * tiles < (double)s->out_height * s->out_width;
}

/* Cells, weights and products transformed; numbers on the way; a vector of tiles' cells beside a border; kernels
 * fetched together. */
size_t bl_winograd_scratch(const bl_conv_shape *s) {
    size_t n = (size_t)(cells_step(s) + weights_step(s) + PRODUCTS_STEP) * POSITIONS;
    return (n + 2 * (size_t)(POSITIONS * BL_LANES) + FETCHED * 9 * OUTS) * sizeof(bl_real);
}

/* ---- cells ---- */

/* Tiles first … first+count−1 as [position][four tiles][channel][4], those from `total` on zero; a vector of tiles at a
 * time. */
static void transform_block(const bl_conv_shape *s, const float *x, int first, int count, int total, float *to,
                            float *between, float *copies) {
    ptrdiff_t plane = (ptrdiff_t)s->height * s->width, apart = (ptrdiff_t)s->channels * 4;
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
            transform_lanes(from, row, between, to + (ptrdiff_t)q * s->channels + c * 4, cells_step(s),
                            BL_GROUPS == 1 ? 4 : apart);
        }
    }
}

/* ---- weights ---- */

/* G·g: six from three. */
static inline void transform_taps(bl_vec g0, bl_vec g1, bl_vec g2, float *to, ptrdiff_t step) {
    const float na = 1 / (2 * AA * (AA - BB)), nb = 1 / (2 * BB * (BB - AA));
    bl_vec even = bl_vec_madd(bl_vec_mul(bl_vec_splat(na), g0), bl_vec_splat(na * AA), g2),
           odd = bl_vec_mul(bl_vec_splat(na * A), g1);
    bl_vec_store(to + step, bl_vec_add(even, odd));
    bl_vec_store(to + 2 * step, bl_vec_sub(even, odd));
    even = bl_vec_madd(bl_vec_mul(bl_vec_splat(nb), g0), bl_vec_splat(nb * BB), g2);
    odd = bl_vec_mul(bl_vec_splat(nb * B), g1);
    bl_vec_store(to + 3 * step, bl_vec_add(even, odd));
    bl_vec_store(to + 4 * step, bl_vec_sub(even, odd));
    bl_vec_store(to, bl_vec_mul(bl_vec_splat(1 / (AA * BB)), g0));
    bl_vec_store(to + 5 * step, g2);
}

/* Nine taps of a vector of kernels. */
static inline void load_taps(const float *const kernel[BL_LANES], bl_vec taps[9]) {
    bl_vec ends[4];
    for (int o = 0; o < 4; o++) {
        const float *head[BL_GROUPS], *tail[BL_GROUPS], *end[BL_GROUPS];
        for (int g = 0; g < BL_GROUPS; g++) {
            head[g] = kernel[4 * g + o];
            tail[g] = head[g] + 4;
            end[g] = head[g] + 5;
        }
        taps[o] = bl_vec_load_groups(head);
        taps[4 + o] = bl_vec_load_groups(tail);
        ends[o] = bl_vec_load_groups(end);
    }
    bl_vec_transpose(taps);
    bl_vec_transpose(taps + 4);
    taps[8] = BL_VEC_SHUFFLE(BL_VEC_SHUFFLE(ends[0], ends[1], 3, 7, 3, 7), BL_VEC_SHUFFLE(ends[2], ends[3], 3, 7, 3, 7),
                             0, 1, 4, 5);
}

/* Kernels of `outs` output channels, and more to fill vectors, for channels first … first + count − 1, as
 * [position][channel][OUTS]. */
static void transform_some(const bl_conv_shape *s, bl_taps9 w, int outs, int first, int count, float *to,
                           float *between) {
    ptrdiff_t step = weights_step(s);
    for (int part = 0; part < computed(outs); part += BL_LANES) {
        const float *kernel[BL_LANES]; /* missing ones repeat the last; their products are not stored */
        for (int o = 0; o < BL_LANES; o++) kernel[o] = w.w + least(part + o, outs - 1) * w.out_step;
        for (int c = first; c < first + count; c++) {
            bl_vec taps[9];
            load_taps(kernel, taps);
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

/* … for all channels. On the way back the kernels of a channel lie far from the next one's, and every one would be
 * waited for alone: so those of a few channels are fetched together. */
static void transform_weights(const bl_conv_shape *s, bl_taps9 w, int outs, float *to, float *between, float *fetched) {
    int most = w.in_step == 9 ? s->channels : FETCHED;
    for (int c = 0; c < s->channels; c += most) {
        int count = least(most, s->channels - c);
        bl_taps9 some = {w.w + c * w.in_step, w.out_step, w.in_step, w.turned};
        if (w.in_step != 9) {
            for (int i = 0; i < count; i++) bl_copy_run(some.w + i * w.in_step, 9 * outs, fetched + i * 9 * OUTS);
            some = (bl_taps9){fetched, 9, 9 * OUTS, w.turned};
        }
        transform_some(s, some, outs, c, count, to, between);
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

/* What is left of a row at the right edge; apart, so that whole rows stay small. */
static __attribute__((noinline)) void put_cut(bl_f32x4 row, int columns, const bl_gate *gate, bool add, float *y,
                                              ptrdiff_t at) {
    float cut[4];
    bl_f32x4_store(cut, row);
    for (int j = 0; j < columns; j++, at++) {
        bool open = !gate || (gate->low < gate->y[at] && gate->y[at] < gate->high);
        y[at] = !open ? 0 : add ? y[at] + cut[j] : cut[j];
    }
}

/* A row of up to four outputs of one channel, at their place y + at. */
static inline void put(bl_f32x4 row, int columns, const bl_gate *gate, bool add, float *y, ptrdiff_t at) {
    if (columns < 4) {
        put_cut(row, columns, gate, add, y, at);
        return;
    }
    if (add) row = bl_f32x4_add(bl_f32x4_load(y + at), row);
    if (gate) row = bl_gate4(gate->y + at, bl_f32x4_splat(gate->low), bl_f32x4_splat(gate->high), row);
    bl_f32x4_store(y + at, row);
}

/* Products [position][tile][OUTS] of one tile to `outs` channels of y from its channel `out` on. */
static void finish_tile(const bl_conv_shape *s, const float *products, int tile, int out, int outs,
                        const bl_finish *finish, float *y, bool add, float *between) {
    int of = tiles_of_picture(s), picture = tile / of, row = tile % of / tiles_across(s) * 4,
        column = tile % of % tiles_across(s) * 4;
    int rows = least(4, s->out_height - row), columns = least(4, s->out_width - column);
    ptrdiff_t plane = (ptrdiff_t)s->out_height * s->out_width;
    for (int part = 0; part < outs; part += BL_LANES) {
        int some = least(BL_LANES, outs - part);
        const float *m = products + part;
        const bl_vec lowest = bl_vec_splat(finish->low), highest = bl_vec_splat(finish->high);
        bl_vec first = bl_vec_zero();
        if (finish->bias) {
            float few[BL_LANES] = {0};
            memcpy(few, finish->bias + out + part, (size_t)some * sizeof *few);
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
                bl_vec_store(between + (POSITIONS + i * 4 + j) * BL_LANES,
                             bl_vec_min(bl_vec_max(bl_vec_add(four[i], first), lowest), highest));
        }
        ptrdiff_t corner =
            ((ptrdiff_t)picture * s->out_channels + out + part) * plane + (ptrdiff_t)row * s->out_width + column;
        for (int i = 0; i < rows; i++) {
            bl_vec lanes[4];
            for (int j = 0; j < 4; j++) lanes[j] = bl_vec_load(between + (POSITIONS + i * 4 + j) * BL_LANES);
            bl_vec_transpose(lanes);
            ptrdiff_t at = corner + (ptrdiff_t)i * s->out_width;
            for (int o = 0; o < some; o++, at += plane)
                put(bl_vec_group(lanes[o & 3], o / 4), columns, finish->gate, add, y, at);
        }
    }
}

void bl_winograd(const bl_conv_shape *s, int pictures, const bl_real *x, bl_taps9 w, const bl_finish *finish,
                 bl_real *y, bool add, void *scratch) {
    int total = pictures * tiles_of_picture(s), most = most_tiles(s), blocks = (total + most - 1) / most,
        block = in_vectors((total + blocks - 1) / blocks);
    float *between = scratch, *copies = between + POSITIONS * BL_LANES, *inputs = copies + POSITIONS * BL_LANES,
          *weights = inputs + POSITIONS * cells_step(s), *products = weights + POSITIONS * weights_step(s),
          *fetched = products + POSITIONS * PRODUCTS_STEP;
    for (int first = 0; first < total; first += block) {
        int count = least(block, total - first);
        transform_block(s, x, first, count, total, inputs, between, copies);
        for (int out = 0; out < s->out_channels; out += OUTS) {
            int outs = least(OUTS, s->out_channels - out);
            bl_taps9 some = w;
            some.w += out * w.out_step;
            transform_weights(s, some, outs, weights, between, fetched);
            for (int p = 0; p < POSITIONS; p++)
                bl_multiply_panels(in_fours(count), computed(outs), s->channels, inputs + p * cells_step(s),
                                   weights + p * weights_step(s), products + p * PRODUCTS_STEP, OUTS, false, NULL);
            for (int t = 0; t < count; t++)
                finish_tile(s, products + t * OUTS, first + t, out, outs, finish, y, add, between);
        }
    }
}

#endif
