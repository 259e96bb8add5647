/* Drawing results into pictures: a page, text on it, and a renderer for every result kind (renderers.def). Private to
 * cli/. */
#ifndef BL_CLI_DRAW_H
#define BL_CLI_DRAW_H

#include "cli/cli.h"

enum { BL_LINE = 22, BL_CELL = 288 }; /* px: a line of text; the width results are drawn at */

typedef struct {
    uint8_t r, g, b;
} bl_ink;
typedef struct {
    bl_picture picture;
    bl_theme theme;
    bl_ink ground, ink, soft;
} bl_page;
bl_status bl_page_make(int width, int height, bl_theme theme, bl_page *out, bl_error *error);
/* Everything is cut at the page's edges. */
void bl_page_rect(bl_page *p, int x, int y, int w, int h, bl_ink ink);
/* One line; letters without a plain equivalent are spelled (ε: eps). Returns its width in px. */
int bl_page_text(bl_page *p, int x, int y, bl_ink ink, const char *text);
/* The same, broken between words at width; returns the height used. draw false: only measures. */
int bl_page_paragraph(bl_page *p, int x, int y, int width, bl_ink ink, const char *text, bool draw);
/* RGBA pixels enlarged by a whole number. */
void bl_page_pixels(bl_page *p, int x, int y, const uint8_t *rgba, int w, int h, int zoom);
/* The colour bar of a result with its ends: "0 … 0.16 per unit of colour"; BL_LINE + 10 high. */
void bl_page_legend(bl_page *p, int x, int y, int w, const bl_result *r);

/* ---- one renderer a kind ---- */
typedef struct {
    bl_result_kind kind;
    /* Size on a page, without title; 0×0: nothing to draw. */
    void (*size)(const bl_result *r, int *w, int *h);
    void (*draw)(bl_page *p, int x, int y, const bl_result *r);
    void (*csv)(const bl_result *r, bl_text *out);
} bl_renderer;
const bl_renderer *bl_renderer_of(bl_result_kind kind); /* NULL: none */
/* How many times a picture w wide is enlarged to fill BL_CELL. */
int bl_zoom(int w);
/* Numbers of channels×height×width as CSV: a block a channel, a line a row. Shared by map and stack. */
void bl_grid_csv(const bl_result *r, bl_text *out);

/* The i-th line of a result's text: the name of a curve or a bar. */
void bl_result_line(const bl_result *r, int i, char out[60]);

/* All results on one page, with titles and legend. */
bl_status bl_sheet(const bl_job *job, bl_theme theme, bl_picture *out, bl_error *error);
/* One result by itself; a picture keeps its exact pixels. BL_USAGE when its kind cannot be drawn. */
bl_status bl_figure(const bl_result *r, bl_theme theme, bl_picture *out, bl_error *error);
/* A cursor over the rows of a TABLE: false after the last. */
bool bl_table_next(const char **at, char title[80], char value[200], char unit[40]);

#endif
