/* Named curves over the same steps, with the range of their numbers at the axis. */
#include "cli/draw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEIGHT = 200, MOST = 4, DASH = 6 };
static const bl_ink inks[] = {{31, 99, 170}, {138, 83, 0}, {101, 107, 117}, {27, 107, 69}};

static void size(const bl_result *r, int *w, int *h) {
    *w = BL_CELL;
    *h = HEIGHT + BL_LINE * (1 + (r->channels < MOST ? r->channels : MOST));
}

/* Of curves that run along each other all are seen: those drawn later leave gaps. */
static bool is_gap(int at[MOST][BL_CELL], int c, int px) {
    for (int i = 0; i < c; i++)
        if (at[i][px] && abs(at[i][px] - at[c][px]) < 2) return px / DASH % (c + 1) != c;
    return false;
}

static void draw(bl_page *p, int x, int y, const bl_result *r) {
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < (size_t)r->channels * (size_t)r->width; i++)
        if (isfinite(r->data[i])) low = fmin(low, (double)r->data[i]), high = fmax(high, (double)r->data[i]);
    if (low > high) return;
    double span = high > low ? high - low : 1;
    bl_page_rect(p, x, y + HEIGHT, BL_CELL, 1, p->soft);
    int at[MOST][BL_CELL] = {0}; /* heights on the page; 0: nothing there */
    for (int c = 0; c < r->channels && c < MOST; c++) {
        int last = -1;
        for (int px = 0; px < BL_CELL; px++) {
            int i = r->width > 1 ? (int)((double)px * (r->width - 1) / (BL_CELL - 1) + 0.5) : 0;
            double v = (double)r->data[(size_t)c * (size_t)r->width + (size_t)i];
            if (!isfinite(v)) continue;
            int py = (int)(HEIGHT - 3 - (v - low) / span * (HEIGHT - 6));
            int from = last < 0 || py < last ? py : last, to = last < 0 || py > last ? py : last;
            at[c][px] = py;
            if (!is_gap(at, c, px)) bl_page_rect(p, x + px, y + from, 2, to - from + 2, inks[c]);
            last = py;
        }
        char name[60];
        bl_result_line(r, c, name);
        bl_page_text(p, x, y + HEIGHT + BL_LINE * (c + 1) + 4, inks[c], name);
    }
    char range[80];
    snprintf(range, sizeof range, "%.3g to %.3g", low, high);
    bl_page_text(p, x, y + HEIGHT + 6, p->soft, range);
}

static void csv(const bl_result *r, bl_text *out) {
    bl_text_add(out, "step");
    for (int c = 0; c < r->channels; c++) {
        char name[60];
        bl_result_line(r, c, name);
        bl_text_add(out, ",\"%s\"", name);
    }
    for (int i = 0; i < r->width; i++) {
        bl_text_add(out, "\n%d", i);
        for (int c = 0; c < r->channels; c++)
            bl_text_add(out, ",%.9g", (double)r->data[(size_t)c * (size_t)r->width + (size_t)i]);
    }
    bl_text_add(out, "\n");
}

const bl_renderer bl_renderer_series = {BL_SERIES, size, draw, csv};
