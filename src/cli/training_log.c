#include "cli/training_log.h"
#include "cli/draw.h"
#include "train/train.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char head[] = "epoch,step,rate,loss,accuracy,held_back_loss,held_back_accuracy,images_per_second,gflops,"
                           "seconds\n";
enum { COLUMNS = 7 }; /* of a row that are read again; the rest are times */

/* The next line's numbers, NaN where a field is empty; false after the last line. */
static bool next_row(const char **at, double row[COLUMNS]) {
    if (!*at || !**at) return false;
    const char *end = strchr(*at, '\n');
    if (!end) return false; /* a row that was cut is none */
    for (int i = 0; i < COLUMNS; i++) {
        char *stop;
        row[i] = strtod(*at, &stop);
        if (stop == *at) row[i] = NAN;
        *at = stop + strcspn(stop, ",\n");
        if (**at == ',') ++*at;
    }
    *at = end + 1;
    return true;
}

bl_status cli_training_log_open(const char *path, int64_t step, FILE **out, bl_error *error) {
    bl_text old = {0}, kept = {0};
    if (step > 0 && bl_file_read(path, &old, NULL) == BL_OK && old.length) {
        const char *at = old.data;
        double row[COLUMNS];
        for (const char *from = at; next_row(&at, row); from = at)
            if (!(row[1] > (double)step)) bl_text_bytes(&kept, from, (size_t)(at - from)); /* NaN: the head */
    }
    if (!kept.length) bl_text_add(&kept, "%s", head);
    bl_status status = kept.failed ? bl_fail(error, BL_MEMORY, "no memory for %s", path)
                                   : bl_file_write(path, kept.data, kept.length, error);
    bl_text_free(&old);
    bl_text_free(&kept);
    BL_TRY(status);
    *out = fopen(path, "a");
    return *out ? BL_OK : bl_fail(error, BL_IO, "%s cannot be written: %s", path, strerror(errno));
}

bl_status cli_training_log_add(FILE *log, const char *path, const cli_training_row *r, bl_error *error) {
    fprintf(log, "%d,%lld,%.6g,%.6f,%.6f,", r->epoch, (long long)r->step, r->rate, r->loss, r->accuracy);
    if (r->held_back)
        fprintf(log, "%.6f,%.6f,", r->held_back_loss, r->held_back_accuracy);
    else
        fprintf(log, ",,");
    fprintf(log, "%.1f,%.1f,%.2f\n", r->images_per_second, r->gflops, r->seconds);
    return fflush(log) == 0 ? BL_OK : bl_fail(error, BL_IO, "%s cannot be written: %s", path, strerror(errno));
}

/* ---- curves ---- */

typedef struct {
    const char *title, *names;
    int columns[2]; /* of the log; −1: none */
} panel;
static const panel panels[] = {{"Loss", "training\nheld back", {3, 5}},
                               {"Share of pictures that are right", "training\nheld back", {4, 6}},
                               {"Learning rate at the end of an epoch", "rate", {2, -1}}};
enum { PANELS = sizeof panels / sizeof panels[0], MARGIN = 24, HEIGHT = 310 };

static bl_status draw_panel(bl_page *page, int x, const panel *p, const double *rows, int n, bl_error *error) {
    bl_result r = {.name = p->title, .kind = BL_SERIES, .channels = p->columns[1] < 0 ? 1 : 2, .height = 1, .width = n};
    r.data = calloc((size_t)n * 2 + 1, sizeof *r.data);
    if (!r.data) return bl_fail(error, BL_MEMORY, "no memory for the curves");
    for (int c = 0; c < r.channels; c++)
        for (int i = 0; i < n; i++) r.data[c * n + i] = (bl_real)rows[i * COLUMNS + p->columns[c]];
    bl_text_add(&r.text, "%s", p->names);
    bl_page_text(page, x, MARGIN, page->ink, p->title);
    bl_renderer_of(BL_SERIES)->draw(page, x, MARGIN + BL_LINE + 4, &r);
    bl_text_free(&r.text);
    free(r.data);
    return BL_OK;
}

static bl_status draw(const double *rows, int n, const char *png, bl_error *error) {
    bl_page page;
    bl_text file = {0};
    BL_TRY(bl_page_make(PANELS * (BL_CELL + MARGIN) + MARGIN, HEIGHT, BL_THEME_LIGHT, &page, error));
    bl_status status = BL_OK;
    for (int i = 0; i < PANELS && status == BL_OK; i++)
        status = draw_panel(&page, MARGIN + i * (BL_CELL + MARGIN), &panels[i], rows, n, error);
    if (status == BL_OK) status = bl_picture_png(&page.picture, &file, error);
    if (status == BL_OK) status = bl_file_write(png, file.data, file.length, error);
    bl_text_free(&file);
    bl_picture_free(&page.picture);
    return status;
}

bl_status cli_training_curves(const char *log, const char *png, bl_error *error) {
    bl_text text = {0};
    BL_TRY(bl_file_read(log, &text, error));
    double row[COLUMNS], *rows = calloc(text.length + 1, sizeof row); /* a row has more bytes than one */
    int n = 0;
    const char *at = text.data;
    while (rows && next_row(&at, row))
        if (!isnan(row[0])) memcpy(rows + COLUMNS * n++, row, sizeof row);
    bl_status status = rows ? BL_OK : bl_fail(error, BL_MEMORY, "no memory for the curves");
    if (status == BL_OK && n) status = draw(rows, n, png, error);
    free(rows);
    bl_text_free(&text);
    return status;
}
