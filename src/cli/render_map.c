/* A map: its numbers as colours, enlarged so that each can be seen, over a colour bar. */
#include "cli/draw.h"

#include <stdlib.h>

static void size(const bl_result *r, int *w, int *h) {
    int zoom = bl_zoom(r->width);
    *w = r->width * zoom > BL_CELL ? r->width * zoom : BL_CELL;
    *h = r->height * zoom + 12 + BL_LINE + 14;
}

static void draw(bl_page *p, int x, int y, const bl_result *r) {
    int zoom = bl_zoom(r->width);
    size_t n = (size_t)r->width * (size_t)r->height;
    uint8_t *rgba = malloc(4 * n);
    if (!rgba) return;
    bl_colour_map(r->data, n, r->family, p->theme, r->limit, rgba);
    bl_page_pixels(p, x, y, rgba, r->width, r->height, zoom);
    free(rgba);
    bl_page_legend(p, x, y + r->height * zoom + 10, r->width * zoom, r);
}

const bl_renderer bl_renderer_map = {BL_MAP, size, draw, bl_grid_csv};
