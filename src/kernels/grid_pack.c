/* Packs the weights of a gradient to the input: kernels are taken apart into the taps of each phase of the stride. */
#include "kernels/grid_parts.h"

#include <string.h>

enum {
    TOGETHER =
        8 * BL_MR /* results whose weights are packed in turn: more panels would share lines of the first cache */
};

/* Where a tap's weights go: its grid's begin at `grid`, and in each block of channels there it is one of `taps`. None:
 * nobody hears of it. */
typedef struct {
    ptrdiff_t grid;
    int taps, index, block;
} tap_place;

static void find_places(const bl_conv_shape *s, const bl_grid *all, tap_place *places) {
    memset(places, 0, (size_t)bl_taps(s) * sizeof *places);
    ptrdiff_t at = 0;
    for (bl_phase p = {.y = -1, .x = -1}; bl_next_phase(s, &p);) {
        const bl_grid *g = &p.grid;
        int block = bl_least(all->channels, bl_grid_block(bl_grid_shares(s) ? all : g));
        for (int i = 0; i < g->n_taps; i++)
            places[(g->ky + i / g->taps_x * g->by_y) * g->kernel_w + g->kx + i % g->taps_x * g->by_x] =
                (tap_place){at, g->n_taps, i, block};
        at += (ptrdiff_t)all->channels * g->outs * g->n_taps;
    }
}

/* Kernels of `some` results, `w_out` apart: tap k of all of them to to[k]. */
static void pack_taps(const bl_real *w, ptrdiff_t w_out, int taps, int some, bl_real *const to[]) {
    int k = 0;
#if !defined(BL_DOUBLE)
    for (; some == 4 && k + 4 <= taps; k += 4) {
        bl_f32x4 four[4];
        for (int r = 0; r < 4; r++) four[r] = bl_f32x4_load(w + r * w_out + k);
        bl_f32x4_transpose(four);
        for (int r = 0; r < 4; r++) bl_f32x4_store(to[k + r], four[r]);
    }
#endif
    for (; k < taps; k++)
        for (int r = 0; r < some; r++) to[k][r] = w[r * w_out + k];
}

/* Where weights of a channel go, tap by tap: to[k] + panel · of_panel[k] + rank[k] · results of the panel. */
typedef struct {
    bl_real *to[BL_MOST_TAPS];
    ptrdiff_t of_panel[BL_MOST_TAPS], rank[BL_MOST_TAPS];
} tap_rows;

static void find_rows(const bl_grid *all, int taps, const tap_place *places, int channel, bl_real *packed,
                      bl_real *nowhere, tap_rows *rows) {
    for (int k = 0; k < taps; k++) {
        const tap_place *p = &places[k];
        int start = p->taps ? channel / p->block * p->block : 0, block = bl_least(p->block, all->channels - start);
        rows->to[k] = p->taps ? packed + p->grid + (ptrdiff_t)start * p->taps * all->outs : nowhere;
        rows->of_panel[k] = (ptrdiff_t)block * p->taps * BL_MR;
        rows->rank[k] = (ptrdiff_t)(channel - start) * p->taps + p->index;
    }
}

/* A channel's weights of neighbouring results lie together, and are taken apart all at once, a few panels at a time. */
void bl_grid_pack(const bl_conv_shape *s, const bl_real *w, bl_real *packed) {
    const bl_grid all = bl_shared_grid(s);
    if (all.n_taps == 0 || bl_grid_is_matrix(&all)) return;
    int taps = bl_taps(s);
    tap_place places[BL_MOST_TAPS];
    tap_rows rows;
    bl_real nowhere[BL_MR];
    find_places(s, &all, places);
    for (int first = 0; first < all.outs; first += TOGETHER)
        for (int c = 0; c < all.channels; c++) {
            find_rows(&all, taps, places, c, packed, nowhere, &rows);
            for (int i = first; i < bl_least(first + TOGETHER, all.outs); i += BL_MR) {
                int some = bl_least(BL_MR, all.outs - i);
                bl_real *to[BL_MOST_TAPS];
                for (int k = 0; k < taps; k++) to[k] = rows.to[k] + i / BL_MR * rows.of_panel[k] + rows.rank[k] * some;
                pack_taps(w + i * all.w_out + c * all.w_in, all.w_out, taps, some, to);
            }
        }
}
