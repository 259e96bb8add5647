/* Pages of results: one figure, or all of a job beside each other with the legend below. */
#include "cli/draw.h"

#include <stdio.h>
#include <string.h>

#define RENDERER(name) extern const bl_renderer bl_renderer_##name;
#include "cli/renderers.def"
#undef RENDERER

const bl_renderer *bl_renderer_of(bl_result_kind kind) {
    static const bl_renderer *const all[] = {
#define RENDERER(name) &bl_renderer_##name,
#include "cli/renderers.def"
#undef RENDERER
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i]->kind == kind) return all[i];
    return NULL;
}

enum { MARGIN = 24, GAP = 28, WIDTH = 1280 };

bl_status bl_figure(const bl_result *r, bl_theme theme, bl_picture *out, bl_error *error) {
    if (r->kind == BL_PICTURE) {
        BL_TRY(bl_picture_make(r->width, r->height, out, error));
        memcpy(out->pixels, r->pixels, 4 * (size_t)r->width * (size_t)r->height);
        return BL_OK;
    }
    const bl_renderer *renderer = bl_renderer_of(r->kind);
    int w = 0, h = 0;
    if (renderer) renderer->size(r, &w, &h);
    if (!w || !h)
        return bl_fail(error, BL_USAGE, "\"%s\" is a %s, which cannot be drawn", r->name, bl_result_kind_name(r->kind));
    bl_page page;
    BL_TRY(bl_page_make(w + 2 * MARGIN, h + 2 * MARGIN, theme, &page, error));
    renderer->draw(&page, MARGIN, MARGIN, r);
    *out = page.picture;
    return BL_OK;
}

/* Lays the results out in rows, left to right; draws them when page is not NULL. Returns the height used. */
static int lay_out(const bl_job *job, bl_page *page) {
    int x = MARGIN, y = MARGIN, row = 0;
    for (int i = 0; i < bl_job_n_results(job); i++) {
        const bl_result *r = bl_job_result(job, i);
        const bl_renderer *renderer = r->ready ? bl_renderer_of(r->kind) : NULL;
        int w = 0, h = 0;
        if (renderer) renderer->size(r, &w, &h);
        if (!w || !h) continue;
        if (x > MARGIN && x + w > WIDTH - MARGIN) x = MARGIN, y += row + GAP, row = 0;
        if (page) {
            bl_page_text(page, x, y, page->ink, r->title);
            renderer->draw(page, x, y + BL_LINE + 4, r);
        }
        x += w + GAP;
        if (h + BL_LINE + 4 > row) row = h + BL_LINE + 4;
    }
    return y + row + GAP;
}

static void legend_text(const bl_job *job, bl_text *out) {
    char objective[400] = "";
    if (job->objective.n_terms) bl_objective_text(job->model, &job->objective, objective, sizeof objective);
    bl_text_add(out, "%s%s%s.", job->method->title, *objective ? ", of " : "", objective);
    for (int i = 0; i < job->method->n_params; i++)
        if (*job->texts[i]) bl_text_add(out, " %s=%s", job->method->params[i].name, job->texts[i]);
    bl_text_add(out, ". %d forward and %d backward passes. %s %s", job->forwards, job->backwards, job->method->caution,
                job->method->source);
}

bl_status bl_sheet(const bl_job *job, bl_theme theme, bl_picture *out, bl_error *error) {
    bl_text legend = {0};
    legend_text(job, &legend);
    if (legend.failed) {
        bl_text_free(&legend);
        return bl_fail(error, BL_MEMORY, "there is no memory for the legend");
    }
    int top = lay_out(job, NULL), width = WIDTH - 2 * MARGIN;
    int height = top + bl_page_paragraph(NULL, 0, 0, width, (bl_ink){0, 0, 0}, legend.data, false) + MARGIN;
    bl_page page;
    bl_status status = bl_page_make(WIDTH, height, theme, &page, error);
    if (status == BL_OK) {
        lay_out(job, &page);
        bl_page_paragraph(&page, MARGIN, top, width, page.soft, legend.data, true);
        *out = page.picture;
    }
    bl_text_free(&legend);
    return status;
}
