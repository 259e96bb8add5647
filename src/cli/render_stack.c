/* Maps of many channels: tiles of one scale, ten abreast. */
#include "cli/draw.h"

#include <stdlib.h>

enum { ABREAST = 10, TILE = 72, GAP = 4 };

static int zoom_of(const bl_result *r) {
    int side = r->width > r->height ? r->width : r->height;
    return side >= TILE ? 1 : (TILE + side - 1) / side;
}

static int abreast(const bl_result *r) {
    return r->channels < ABREAST ? r->channels : ABREAST;
}

static void size(const bl_result *r, int *w, int *h) {
    int zoom = zoom_of(r), rows = (r->channels + ABREAST - 1) / ABREAST;
    *w = abreast(r) * (r->width * zoom + GAP) - GAP;
    if (*w < BL_CELL) *w = BL_CELL;
    *h = rows * (r->height * zoom + GAP) + 8 + BL_LINE + 14;
}

static void draw(bl_page *p, int x, int y, const bl_result *r) {
    int zoom = zoom_of(r), rows = (r->channels + ABREAST - 1) / ABREAST;
    size_t n = (size_t)r->width * (size_t)r->height;
    uint8_t *rgba = malloc(4 * n);
    if (!rgba) return;
    for (int c = 0; c < r->channels; c++) {
        bl_colour_map(r->data + (size_t)c * n, n, r->family, p->theme, r->limit, rgba);
        bl_page_pixels(p, x + c % ABREAST * (r->width * zoom + GAP), y + c / ABREAST * (r->height * zoom + GAP), rgba,
                       r->width, r->height, zoom);
    }
    free(rgba);
    bl_page_legend(p, x, y + rows * (r->height * zoom + GAP) + 6, BL_CELL, r);
}

const bl_renderer bl_renderer_stack = {BL_STACK, size, draw, bl_grid_csv};
