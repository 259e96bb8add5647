#include "cli/draw.h"
#include "cli/letters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCALE = 2, BYTES = 270 * 160 }; /* stb_easy_font wants about 270 bytes a letter */

bl_status bl_page_make(int width, int height, bl_theme theme, bl_page *out, bl_error *error) {
    *out = (bl_page){.theme = theme};
    BL_TRY(bl_picture_make(width, height, &out->picture, error));
    bool dark = theme == BL_THEME_DARK;
    out->ground = dark ? (bl_ink){13, 15, 18} : (bl_ink){245, 245, 242};
    out->ink = dark ? (bl_ink){236, 238, 241} : (bl_ink){26, 28, 32};
    out->soft = dark ? (bl_ink){141, 149, 161} : (bl_ink){101, 107, 117};
    bl_page_rect(out, 0, 0, width, height, out->ground);
    return BL_OK;
}

void bl_page_rect(bl_page *p, int x, int y, int w, int h, bl_ink ink) {
    int right = x + w < p->picture.width ? x + w : p->picture.width,
        below = y + h < p->picture.height ? y + h : p->picture.height;
    for (int row = y > 0 ? y : 0; row < below; row++)
        for (int column = x > 0 ? x : 0; column < right; column++) {
            uint8_t *at = p->picture.pixels + 4 * ((size_t)row * (size_t)p->picture.width + (size_t)column);
            at[0] = ink.r, at[1] = ink.g, at[2] = ink.b, at[3] = 255;
        }
}

/* The letters have ASCII alone. */
static void spell(const char *text, char *out, size_t size) {
    static const struct {
        const char *from, *to;
    } spellings[] = {
        {"ε", "eps"}, {"σ", "sigma"}, {"×", "x"},   {"−", "-"},  {"–", "-"},  {"…", "..."}, {"½", "1/2"},
        {"‖", "||"},  {"²", "^2"},    {"∞", "inf"}, {"·", "*"},  {"“", "\""}, {"”", "\""},  {"’", "'"},
        {"é", "e"},   {"≤", "<="},    {"≥", ">="},  {"±", "+-"}, {"∂", "d"},
    };
    size_t used = 0;
    while (*text && used + 8 < size) {
        if (!((unsigned char)*text & 0x80)) {
            out[used++] = *text++;
            continue;
        }
        const char *to = "?";
        size_t length = 1;
        while (((unsigned char)text[length] & 0xC0) == 0x80) length++;
        for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++)
            if (strncmp(text, spellings[i].from, strlen(spellings[i].from)) == 0) to = spellings[i].to;
        used += (size_t)snprintf(out + used, size - used, "%s", to);
        text += length;
    }
    out[used] = 0;
}

int bl_page_text(bl_page *p, int x, int y, bl_ink ink, const char *text) {
    char plain[160];
    float *corners = malloc(BYTES);
    spell(text, plain, sizeof plain);
    int quads = corners ? bl_letter_quads(plain, corners, BYTES) : 0;
    for (int i = 0; i < quads; i++) {
        const float *q = corners + 16 * (size_t)i; /* four corners of four words; the first and third are opposite */
        bl_page_rect(p, x + SCALE * (int)q[0], y + SCALE * (int)q[1], SCALE * (int)(q[8] - q[0]),
                     SCALE * (int)(q[9] - q[1]), ink);
    }
    free(corners);
    return SCALE * bl_letters_width(plain);
}

int bl_page_paragraph(bl_page *p, int x, int y, int width, bl_ink ink, const char *text, bool draw) {
    int height = 0;
    while (*text) {
        char line[150] = "", plain[160];
        size_t taken = 0;
        for (size_t end = 0; text[end] && end < sizeof line - 8;) {
            end += 1 + strcspn(text + end + 1, " ");
            if (end >= sizeof line) break;
            char attempt[150];
            snprintf(attempt, sizeof attempt, "%.*s", (int)end, text);
            spell(attempt, plain, sizeof plain);
            if (taken && SCALE * bl_letters_width(plain) > width) break;
            memcpy(line, attempt, sizeof line);
            taken = end;
        }
        if (!taken) taken = strlen(text); /* one endless word: cut */
        if (draw) bl_page_text(p, x, y + height, ink, line);
        height += BL_LINE;
        text += taken;
        while (*text == ' ') text++;
    }
    return height;
}

void bl_page_pixels(bl_page *p, int x, int y, const uint8_t *rgba, int w, int h, int zoom) {
    for (int row = 0; row < h; row++)
        for (int column = 0; column < w; column++) {
            const uint8_t *c = rgba + 4 * ((size_t)row * (size_t)w + (size_t)column);
            bl_page_rect(p, x + column * zoom, y + row * zoom, zoom, zoom, (bl_ink){c[0], c[1], c[2]});
        }
}

void bl_page_legend(bl_page *p, int x, int y, int w, const bl_result *r) {
    uint8_t table[256][4];
    char text[120];
    bl_colour_table(r->family, p->theme, table);
    for (int i = 0; i < w; i++) {
        const uint8_t *c =
            table[r->is_signed || r->family == BL_FAMILY_SIZE || r->family == BL_FAMILY_GREY ? i * 255 / (w - 1)
                                                                                             : 128 + i * 127 / (w - 1)];
        bl_page_rect(p, x + i, y, 1, 8, (bl_ink){c[0], c[1], c[2]});
    }
    if (r->limit <= 0)
        snprintf(text, sizeof text, "all zero");
    else if (r->is_signed)
        snprintf(text, sizeof text, "-%.3g to +%.3g %s", (double)r->limit, (double)r->limit, r->unit ? r->unit : "");
    else
        snprintf(text, sizeof text, "0 to %.3g %s", (double)r->limit, r->unit ? r->unit : "");
    bl_page_text(p, x, y + 14, p->soft, text);
}

int bl_zoom(int w) {
    return w < 1 || w >= BL_CELL ? 1 : (BL_CELL + w - 1) / w;
}

void bl_grid_csv(const bl_result *r, bl_text *out) {
    const bl_real *v = r->data;
    for (int c = 0; c < r->channels; c++) {
        if (r->channels > 1) bl_text_add(out, "# channel %d\n", c);
        for (int y = 0; y < r->height; y++)
            for (int x = 0; x < r->width; x++) bl_text_add(out, "%.9g%s", (double)*v++, x + 1 == r->width ? "\n" : ",");
    }
}

void bl_result_line(const bl_result *r, int i, char out[60]) {
    const char *at = r->text.length ? r->text.data : "";
    for (; i > 0 && *at; i--) at += strcspn(at, "\n") + (strchr(at, '\n') != NULL);
    snprintf(out, 60, "%.*s", (int)strcspn(at, "\n"), at);
}

/* A string of our own JSON after "key":, unescaped as far as titles and labels need; numbers as they stand. */
static bool json_field(const char *row, const char *end, const char *key, char *out, size_t size) {
    char wanted[24];
    snprintf(wanted, sizeof wanted, "\"%s\":", key);
    const char *at = strstr(row, wanted);
    out[0] = 0;
    if (!at || at >= end) return false;
    at += strlen(wanted);
    bool quoted = *at == '"';
    if (quoted) at++;
    size_t n = 0;
    for (; at < end && n + 1 < size && (quoted ? *at != '"' : *at != ',' && *at != '}'); at++) {
        if (quoted && *at == '\\' && at + 1 < end) at++;
        out[n++] = *at;
    }
    out[n] = 0;
    return true;
}

/* Numbers to four digits: these tables are read by people, exact ones are in the data. */
static void shorten(char value[200]) {
    char *end;
    double number = strtod(value, &end);
    if (end != value && *end == 0 && strpbrk(value, ".e")) snprintf(value, 200, "%.4g", number);
}

bool bl_table_next(const char **at, char title[80], char value[200], char unit[40]) {
    const char *row = strchr(*at, '{');
    if (!row) return false;
    const char *end = row;
    for (bool quoted = false; *end && (quoted || *end != '}'); end++) {
        if (*end == '\\' && end[1])
            end++;
        else if (*end == '"')
            quoted = !quoted;
    }
    json_field(row, end, "title", title, 80);
    if (json_field(row, end, "value", value, 200)) shorten(value);
    json_field(row, end, "unit", unit, 40);
    *at = *end ? end + 1 : end;
    return true;
}
