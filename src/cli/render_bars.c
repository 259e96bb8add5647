/* Numbers with names: the ten largest as bars from 0 to 1, or to the largest where that is more. */
#include "cli/draw.h"

#include <stdio.h>

enum { MOST = 10 };

static int shown(const bl_result *r) {
    return r->width < MOST ? r->width : MOST;
}

static void size(const bl_result *r, int *w, int *h) {
    *w = BL_CELL;
    *h = shown(r) * (BL_LINE + 8);
}

/* The next largest after (value, place); ties in order of place. */
static int next_largest(const bl_result *r, int last) {
    int best = -1;
    for (int i = 0; i < r->width; i++) {
        bool later = last < 0 || r->data[i] < r->data[last] ||
                     (r->data[i] <= r->data[last] && i > last && r->data[i] >= r->data[last]);
        if (later && (best < 0 || r->data[i] > r->data[best])) best = i;
    }
    return best;
}

static void draw(bl_page *p, int x, int y, const bl_result *r) {
    double end = 1;
    for (int i = 0; i < r->width; i++)
        if ((double)r->data[i] > end) end = (double)r->data[i];
    for (int i = 0, at = -1; i < shown(r) && (at = next_largest(r, at)) >= 0; i++) {
        char text[100], name[60];
        double v = (double)r->data[at];
        bl_result_line(r, at, name);
        snprintf(text, sizeof text, "%s  %.3f", name, v);
        bl_page_text(p, x, y + i * (BL_LINE + 8), p->ink, text);
        bl_page_rect(p, x, y + i * (BL_LINE + 8) + BL_LINE - 3, v > 0 ? (int)(v / end * BL_CELL) : 0, 5, p->soft);
    }
}

static void csv(const bl_result *r, bl_text *out) {
    bl_text_add(out, "index,name,value\n");
    for (int i = 0; i < r->width; i++) {
        char name[60];
        bl_result_line(r, i, name);
        bl_text_add(out, "%d,\"%s\",%.9g\n", i, name, (double)r->data[i]);
    }
}

const bl_renderer bl_renderer_bars = {BL_BARS, size, draw, csv};
