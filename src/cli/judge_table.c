/* Means over pictures, and the three ways to write them. */
#include "cli/judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The string after `"key":"` in a row of JSON, unescaped as far as tables of figures need it. */
static bool string_of(const char *row, const char *end, const char *key, char *out, size_t size) {
    char wanted[40];
    snprintf(wanted, sizeof wanted, "\"%s\":\"", key);
    const char *at = strstr(row, wanted);
    size_t n = 0;
    out[0] = 0;
    if (!at || at >= end) return false;
    for (at += strlen(wanted); *at && *at != '"' && n + 1 < size; at++) {
        if (*at == '\\' && at[1]) at++;
        out[n++] = *at;
    }
    out[n] = 0;
    return true;
}

void bl_judge_read(const bl_job *job, bl_judge_outcome *out) {
    const bl_result *facts = bl_job_find_result(job, "facts");
    out->n = 0;
    for (const char *at = facts && facts->text.length ? facts->text.data : ""; (at = strstr(at, "{\"name\":"));) {
        const char *end = strchr(at, '}'), *value = strstr(at, "\"value\":");
        if (!end || out->n == BL_JUDGE_FIGURES) return;
        if (value && value < end && value[8] != '"' && value[8] != 't' && value[8] != 'f') {
            bl_judge_figure *f = &out->figures[out->n++];
            string_of(at, end, "name", f->name, sizeof f->name);
            string_of(at, end, "title", f->title, sizeof f->title);
            string_of(at, end, "unit", f->unit, sizeof f->unit);
            f->value = strtod(value + 8, NULL);
        }
        at = end;
    }
}

typedef struct {
    bl_judge_figure what;
    int n;
    double mean, deviation;
} average;

static const bl_judge_outcome *outcomes_of(const bl_judge_table *t, int test, int method) {
    return t->outcomes + ((size_t)test * (size_t)t->n_methods + (size_t)method) * (size_t)t->n_pictures;
}

/* The figures of a test in the order in which they first come; a figure that a picture has not is left out of its mean.
 */
static int names_of(const bl_judge_table *t, int test, average out[BL_JUDGE_FIGURES]) {
    int n = 0;
    for (int i = 0; i < t->n_methods * t->n_pictures; i++) {
        const bl_judge_outcome *o = outcomes_of(t, test, 0) + i;
        for (int k = 0; k < o->n; k++) {
            int known = 0;
            while (known < n && strcmp(out[known].what.name, o->figures[k].name) != 0) known++;
            if (known == n && n < BL_JUDGE_FIGURES) out[n++] = (average){.what = o->figures[k]};
        }
    }
    return n;
}

static void average_of(const bl_judge_table *t, int test, int method, average *a) {
    double sum = 0, squares = 0;
    a->n = 0;
    for (int turn = 0; turn < 2; turn++)
        for (int p = 0; p < t->n_pictures; p++) {
            const bl_judge_outcome *o = outcomes_of(t, test, method) + p;
            for (int k = 0; k < o->n; k++) {
                if (strcmp(o->figures[k].name, a->what.name) != 0) continue;
                double v = o->figures[k].value;
                if (turn)
                    squares += (v - sum / a->n) * (v - sum / a->n);
                else
                    sum += v, a->n++;
            }
        }
    a->mean = a->n ? sum / a->n : NAN;
    a->deviation = a->n > 1 ? sqrt(squares / (a->n - 1)) : NAN;
}

static void item_text(const bl_judge_item *i, char *out, size_t size) {
    snprintf(out, size, "%s%s%s", i->method->id, *i->params ? " " : "", i->params);
}

void bl_judge_text(const bl_judge_table *t, bl_text *out) {
    char name[280];
    for (int test = 0; test < t->n_tests; test++) {
        average averages[BL_JUDGE_FIGURES];
        int n = names_of(t, test, averages);
        item_text(&t->tests[test], name, sizeof name);
        bl_text_add(out, "%s%s, %d picture%s\n%-34s", test ? "\n" : "", name, t->n_pictures,
                    t->n_pictures == 1 ? "" : "s", "");
        for (int k = 0; k < n; k++) bl_text_add(out, " %17s", averages[k].what.name);
        bl_text_add(out, "\n");
        for (int m = 0; m < t->n_methods; m++) {
            item_text(&t->methods[m], name, sizeof name);
            bl_text_add(out, "%-34s", name);
            for (int k = 0; k < n; k++) {
                char cell[40] = "–";
                average_of(t, test, m, &averages[k]);
                if (averages[k].n) snprintf(cell, sizeof cell, "%.3f ± %.3f", averages[k].mean, averages[k].deviation);
                if (averages[k].n == 1) snprintf(cell, sizeof cell, "%.3f", averages[k].mean);
                int bytes = (int)strlen(cell), signs = averages[k].n > 1 ? 1 : averages[k].n == 0 ? 2 : 0;
                bl_text_add(out, " %*s%s", bytes - signs < 17 ? 17 - bytes + signs : 0, "", cell);
            }
            bl_text_add(out, "\n");
        }
        for (int k = 0; k < n; k++) bl_text_add(out, "  %s: %s\n", averages[k].what.name, averages[k].what.title);
        bl_text_add(out, "  %s\n", t->tests[test].method->caution);
    }
}

static void csv_string(bl_text *out, const char *text) {
    bl_text_add(out, "\"");
    for (; *text; text++) bl_text_add(out, *text == '"' ? "\"\"" : "%c", *text);
    bl_text_add(out, "\"");
}

void bl_judge_csv(const bl_judge_table *t, bl_text *out) {
    bl_text_add(out,
                "network,test,test parameters,method,method parameters,figure,title,unit,mean,deviation,pictures\n");
    for (int test = 0; test < t->n_tests; test++) {
        average averages[BL_JUDGE_FIGURES];
        int n = names_of(t, test, averages);
        for (int m = 0; m < t->n_methods; m++)
            for (int k = 0; k < n; k++) {
                average *a = &averages[k];
                average_of(t, test, m, a);
                const char *words[] = {t->network,
                                       t->tests[test].method->id,
                                       t->tests[test].params,
                                       t->methods[m].method->id,
                                       t->methods[m].params,
                                       a->what.name,
                                       a->what.title,
                                       a->what.unit};
                for (size_t i = 0; i < sizeof words / sizeof *words; i++)
                    csv_string(out, words[i]), bl_text_add(out, ",");
                if (a->n) bl_text_add(out, "%.9g", a->mean);
                bl_text_add(out, ",");
                if (a->n > 1) bl_text_add(out, "%.9g", a->deviation);
                bl_text_add(out, ",%d\n", a->n);
            }
    }
}

static void item_json(bl_text *out, const bl_judge_item *i) {
    bl_json_string(out, "id", i->method->id);
    bl_json_string(out, "title", i->method->title);
    bl_json_string(out, "parameters", i->params);
}

void bl_judge_json(const bl_judge_table *t, bl_text *out) {
    bl_json_open(out, NULL, '{');
    bl_json_integer(out, "schema", 1);
    bl_json_string(out, "network", t->network);
    bl_json_integer(out, "pictures", t->n_pictures);
    bl_json_open(out, "tests", '[');
    for (int test = 0; test < t->n_tests; test++) {
        average averages[BL_JUDGE_FIGURES];
        int n = names_of(t, test, averages);
        bl_json_open(out, NULL, '{');
        item_json(out, &t->tests[test]);
        bl_json_string(out, "caution", t->tests[test].method->caution);
        bl_json_open(out, "figures", '[');
        for (int k = 0; k < n; k++) {
            bl_json_open(out, NULL, '{');
            bl_json_string(out, "name", averages[k].what.name);
            bl_json_string(out, "title", averages[k].what.title);
            bl_json_string(out, "unit", averages[k].what.unit);
            bl_json_close(out, '}');
        }
        bl_json_close(out, ']');
        bl_json_open(out, "methods", '[');
        for (int m = 0; m < t->n_methods; m++) {
            bl_json_open(out, NULL, '{');
            item_json(out, &t->methods[m]);
            bl_json_open(out, "figures", '{');
            for (int k = 0; k < n; k++) {
                average_of(t, test, m, &averages[k]);
                bl_json_open(out, averages[k].what.name, '{');
                bl_json_number(out, "mean", averages[k].mean);
                bl_json_number(out, "deviation", averages[k].deviation);
                bl_json_integer(out, "pictures", averages[k].n);
                bl_json_close(out, '}');
            }
            bl_json_close(out, '}');
            bl_json_close(out, '}');
        }
        bl_json_close(out, ']');
        bl_json_close(out, '}');
    }
    bl_json_close(out, ']');
    bl_json_close(out, '}');
    bl_text_add(out, "\n");
}
