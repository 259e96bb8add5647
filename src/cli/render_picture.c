/* A picture, enlarged by a whole number so that its own pixels stay what they are. */
#include "cli/draw.h"

static void size(const bl_result *r, int *w, int *h) {
    *w = r->width * bl_zoom(r->width);
    *h = r->height * bl_zoom(r->width);
}

static void draw(bl_page *p, int x, int y, const bl_result *r) {
    bl_page_pixels(p, x, y, r->pixels, r->width, r->height, bl_zoom(r->width));
}

static void csv(const bl_result *r, bl_text *out) {
    bl_text_add(out, "row,column,red,green,blue\n");
    for (int i = 0; i < r->width * r->height; i++) {
        const uint8_t *c = r->pixels + 4 * (size_t)i;
        bl_text_add(out, "%d,%d,%d,%d,%d\n", i / r->width, i % r->width, c[0], c[1], c[2]);
    }
}

const bl_renderer bl_renderer_picture = {BL_PICTURE, size, draw, csv};
