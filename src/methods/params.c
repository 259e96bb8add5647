/* One parser of parameter texts for command line, page, links and tests: name=value, separated by spaces; a value with
 * anything else in it is double-quoted, \" and \\ inside. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "methods/params.h"
#include "base/print.h"

enum { LONGEST = 256 };

static bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Edits (insert, delete, replace) from a to b; both are short. */
static int distance(const char *a, const char *b) {
    int row[64], n = (int)strlen(b);
    if (n > 62 || strlen(a) > 62) return 99;
    for (int j = 0; j <= n; j++) row[j] = j;
    for (int i = 1; a[i - 1]; i++) {
        int corner = row[0];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int change = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            row[j] = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            if (change < row[j]) row[j] = change;
        }
    }
    return row[n];
}

static bl_status unknown(bl_job *job, const char *name) {
    const bl_method *m = job->method;
    char all[200] = "";
    size_t used = 0;
    const char *nearest = NULL;
    int least = 3;
    for (int i = 0; i < m->n_params; i++) {
        int d = distance(name, m->params[i].name);
        if (d < least) least = d, nearest = m->params[i].name;
        int n = bl_format(all + used, sizeof all - used, "%s%s", i ? ", " : "", m->params[i].name);
        if (n > 0 && used + (size_t)n < sizeof all) used += (size_t)n;
    }
    bl_fail(job->error, BL_USAGE, "%s has no parameter \"%s\"", m->id, name);
    if (nearest) return bl_hint(job->error, BL_USAGE, "Did you mean %s?", nearest);
    if (!m->n_params) return bl_hint(job->error, BL_USAGE, "It takes none.");
    return bl_hint(job->error, BL_USAGE, "It has %s.", all);
}

static bl_status number(bl_job *job, const bl_param *p, const char *text, double *out) {
    double v = 0;
    const char *end = bl_read_number(text, &v);
    bool whole = p->type == BL_PARAM_INTEGER;
    if (end == text || *end || !isfinite(v))
        return bl_fail(job->error, BL_USAGE, "%s is a %snumber, not \"%s\"", p->name, whole ? "whole " : "", text);
    if (whole && v != floor(v)) return bl_fail(job->error, BL_USAGE, "%s is a whole number, not %s", p->name, text);
    if (v < p->least || v > p->most)
        return bl_fail(job->error, BL_USAGE, "%s goes from %.10g to %.10g, not %s", p->name, p->least, p->most, text);
    *out = v;
    return BL_OK;
}

static bl_status choice(bl_job *job, const bl_param *p, const char *text, double *out) {
    size_t n = strlen(text);
    int i = 0;
    for (const char *at = p->choices; *at; i++) {
        size_t length = strcspn(at, " ");
        if (n == length && memcmp(at, text, n) == 0) {
            *out = i;
            return BL_OK;
        }
        at += length;
        while (*at == ' ') at++;
    }
    return bl_fail(job->error, BL_USAGE, "%s is one of %s; not \"%s\"", p->name, p->choices, text);
}

/* A class by number or name, in the words of objectives; "" and "none" mean no class. */
static bl_status class_of(bl_job *job, const char *text, double *out) {
    *out = -1;
    if (!*text || strcmp(text, "none") == 0) return BL_OK;
    bool digits = strspn(text, "0123456789") == strlen(text);
    char objective[LONGEST + 16];
    bl_format(objective, sizeof objective, digits ? "class:%s" : "class:\"%s\"", text);
    bl_objective o;
    BL_TRY(bl_objective_parse(job->model, objective, &o, job->error));
    *out = o.terms[0].index;
    return BL_OK;
}

/* A layer by name; "" means none. */
static bl_status layer_of(bl_job *job, const bl_param *p, const char *text, double *out) {
    *out = -1;
    if (!*text) return BL_OK;
    char objective[LONGEST + 16];
    bl_format(objective, sizeof objective, "\"%s\"", text);
    bl_objective o;
    BL_TRY(bl_objective_parse(job->model, objective, &o, job->error));
    if (o.n_terms != 1 || o.terms[0].kind != BL_OBJ_LAYER)
        return bl_fail(job->error, BL_USAGE, "%s names one layer, not %s", p->name, text);
    *out = o.terms[0].value;
    return BL_OK;
}

/* A method by its id. */
static bl_status method_of(bl_job *job, const bl_param *p, const char *text, double *out) {
    int n;
    const bl_method *const *all = bl_methods(&n);
    for (int i = 0; i < n; i++)
        if (strcmp(all[i]->id, text) == 0 && bl_method_explains(all[i])) {
            *out = i;
            return BL_OK;
        }
    bl_fail(job->error, BL_USAGE, "%s is a method that explains with a map, not \"%s\"", p->name, text);
    return bl_hint(job->error, BL_USAGE, "Such are gradient, integrated, gradcam, occlusion …");
}

static bl_status set(bl_job *job, int i, const char *text) {
    const bl_param *p = &job->method->params[i];
    switch (p->type) {
    case BL_PARAM_NUMBER:
    case BL_PARAM_INTEGER: BL_TRY(number(job, p, text, &job->numbers[i])); break;
    case BL_PARAM_CHOICE: BL_TRY(choice(job, p, text, &job->numbers[i])); break;
    case BL_PARAM_CLASS: BL_TRY(class_of(job, text, &job->numbers[i])); break;
    case BL_PARAM_LAYER: BL_TRY(layer_of(job, p, text, &job->numbers[i])); break;
    case BL_PARAM_METHOD: BL_TRY(method_of(job, p, text, &job->numbers[i])); break;
    case BL_PARAM_TEXT: break;
    }
    job->texts[i] = bl_arena_text(&job->arena, text, strlen(text));
    return job->texts[i]
               ? BL_OK
               : bl_fail(job->error, BL_MEMORY, "there is no memory for the parameters of %s", job->method->id);
}

static bl_status defaults(bl_job *job) {
    const bl_method *m = job->method;
    for (int i = 0; i < m->n_params; i++) {
        const bl_param *p = &m->params[i];
        char text[LONGEST] = "";
        if (p->type == BL_PARAM_NUMBER || p->type == BL_PARAM_INTEGER)
            bl_format(text, sizeof text, "%.10g", p->otherwise);
        else if (p->type == BL_PARAM_CHOICE)
            bl_format(text, sizeof text, "%.*s", (int)strcspn(p->choices, " "), p->choices);
        else if (p->text)
            bl_format(text, sizeof text, "%s", p->text);
        BL_TRY(set(job, i, text));
    }
    return BL_OK;
}

/* Reads one name=value at *text into name and value; *text moves on. */
static bl_status word(bl_job *job, const char **text, char *name, char *value) {
    const char *at = *text;
    size_t n = strcspn(at, "= \t\r\n\"");
    if (n == 0 || n >= LONGEST)
        return bl_fail(job->error, BL_USAGE, "parameters are written name=value, not \"%.40s\"", at);
    memcpy(name, at, n);
    name[n] = 0;
    at += n;
    if (*at != '=') return bl_fail(job->error, BL_USAGE, "%s has no value: parameters are written %s=…", name, name);
    bool quoted = false;
    size_t m = 0;
    for (at++; *at && (quoted || !blank(*at)); at++) {
        if (*at == '"') {
            quoted = !quoted;
            continue;
        }
        if (quoted && *at == '\\' && (at[1] == '"' || at[1] == '\\')) at++;
        if (m + 1 >= LONGEST)
            return bl_fail(job->error, BL_USAGE, "the value of %s is longer than %d characters", name, LONGEST - 1);
        value[m++] = *at;
    }
    if (quoted) return bl_fail(job->error, BL_USAGE, "the value of %s has no closing quote", name);
    value[m] = 0;
    *text = at;
    return BL_OK;
}

bl_status bl_params_read(bl_job *job, const char *text) {
    const bl_method *m = job->method;
    job->numbers = bl_arena_take_array(&job->arena, (size_t)m->n_params, sizeof *job->numbers);
    job->texts = bl_arena_take_array(&job->arena, (size_t)m->n_params, sizeof *job->texts);
    if (m->n_params && (!job->numbers || !job->texts))
        return bl_fail(job->error, BL_MEMORY, "there is no memory for the parameters of %s", m->id);
    BL_TRY(defaults(job));
    uint64_t given = 0;
    for (const char *at = text ? text : "";;) {
        while (blank(*at)) at++;
        if (!*at) return BL_OK;
        char name[LONGEST], value[LONGEST];
        BL_TRY(word(job, &at, name, value));
        int i = 0;
        while (i < m->n_params && strcmp(m->params[i].name, name) != 0) i++;
        if (i == m->n_params) return unknown(job, name);
        if (given >> i & 1) return bl_fail(job->error, BL_USAGE, "%s is given twice", name);
        given |= (uint64_t)1 << i;
        BL_TRY(set(job, i, value));
    }
}

static int find(const bl_job *job, const char *name) {
    for (int i = 0; i < job->method->n_params; i++)
        if (strcmp(job->method->params[i].name, name) == 0) return i;
    return -1;
}

double bl_job_number(const bl_job *job, const char *name) {
    int i = find(job, name);
    return i < 0 ? NAN : job->numbers[i];
}

int bl_job_integer(const bl_job *job, const char *name) {
    int i = find(job, name);
    return i < 0 ? -1 : (int)job->numbers[i];
}
