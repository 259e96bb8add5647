/* Plain words. */
#include "cli/draw.h"

static const char *words(const bl_result *r) {
    return r->text.length ? r->text.data : "";
}

static void size(const bl_result *r, int *w, int *h) {
    *w = 2 * BL_CELL;
    *h = bl_page_paragraph(NULL, 0, 0, 2 * BL_CELL, (bl_ink){0, 0, 0}, words(r), false);
}

static void draw(bl_page *p, int x, int y, const bl_result *r) {
    bl_page_paragraph(p, x, y, 2 * BL_CELL, p->ink, words(r), true);
}

static void csv(const bl_result *r, bl_text *out) {
    bl_text_add(out, "%s\n", words(r));
}

const bl_renderer bl_renderer_text = {BL_TEXT, size, draw, csv};
