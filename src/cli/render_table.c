/* Rows of name, value, unit. */
#include "cli/draw.h"

#include <stdio.h>

static void size(const bl_result *r, int *w, int *h) {
    char title[80], value[200], unit[40];
    const char *at = r->text.length ? r->text.data : "";
    int rows = 0;
    while (bl_table_next(&at, title, value, unit)) rows++;
    *w = BL_CELL + 60;
    *h = rows * BL_LINE;
}

static void draw(bl_page *p, int x, int y, const bl_result *r) {
    char title[80], value[200], unit[40], line[330];
    const char *at = r->text.length ? r->text.data : "";
    for (; bl_table_next(&at, title, value, unit); y += BL_LINE) {
        int used = bl_page_text(p, x, y, p->soft, title);
        snprintf(line, sizeof line, "%.60s %s", value, unit);
        bl_page_text(p, x + used + 12, y, p->ink, line);
    }
}

static void csv(const bl_result *r, bl_text *out) {
    char title[80], value[200], unit[40];
    const char *at = r->text.length ? r->text.data : "";
    bl_text_add(out, "name,value,unit\n");
    while (bl_table_next(&at, title, value, unit)) bl_text_add(out, "\"%s\",\"%s\",\"%s\"\n", title, value, unit);
}

const bl_renderer bl_renderer_table = {BL_TABLE, size, draw, csv};
