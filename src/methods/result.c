/* Results and their legend: what is shown, on which scale, and in which words. */
#include <string.h>

#include "kernels/kernels.h"
#include "methods/method.h"

const char *bl_result_kind_name(bl_result_kind kind) {
    static const char *const names[] = {"map", "stack", "picture", "series", "bars", "table", "text"};
    return (size_t)kind < sizeof names / sizeof *names ? names[kind] : "";
}

bl_result *bl_job_add_result(bl_job *job, const char *name, const char *title, bl_result_kind kind, int channels,
                             int height, int width) {
    if (job->n_results == BL_JOB_RESULTS) return NULL;
    bl_result *r = &job->results[job->n_results];
    *r = (bl_result){.name = name,
                     .title = title,
                     .kind = kind,
                     .channels = channels,
                     .height = height,
                     .width = width,
                     .family = BL_FAMILY_GREY,
                     .unit = ""};
    size_t n;
    if (!bl_mul_size((size_t)height, (size_t)width, &n)) return NULL;
    if (kind == BL_PICTURE) {
        if (!(r->pixels = bl_arena_take_array(&job->arena, n, 4))) return NULL;
    } else if (kind != BL_TABLE && kind != BL_TEXT) {
        if (!bl_mul_size(n, (size_t)channels, &n) || !(r->data = bl_arena_take_array(&job->arena, n, sizeof *r->data)))
            return NULL;
        if (n > job->n_scratch) {
            if (!(job->scratch = bl_arena_take_array(&job->arena, n, sizeof *job->scratch))) return NULL;
            job->n_scratch = n;
        }
    }
    job->n_results++;
    return r;
}

void bl_result_range(bl_job *job, bl_result *r, bl_family family, bool is_signed, float percentile) {
    size_t n = (size_t)r->channels * (size_t)r->height * (size_t)r->width;
    r->family = family, r->is_signed = is_signed, r->percentile = percentile;
    r->limit = bl_percentile_abs(r->data, n, percentile, (float *)job->scratch);
    /* A map with a few spots is still drawn: its largest value is the end of the scale then. */
    if (!(r->limit > 0)) r->limit = bl_percentile_abs(r->data, n, 100, (float *)job->scratch), r->percentile = 100;
}

void bl_result_class_names(const bl_job *job, bl_result *r) {
    char buffer[24];
    bl_text_clear(&r->text);
    for (int i = 0; i < r->width; i++)
        bl_text_add(&r->text, "%s%s", i ? "\n" : "", bl_model_label(job->model, i, buffer));
}

void bl_table_open(bl_result *r) {
    bl_text_clear(&r->text);
    bl_json_open(&r->text, NULL, '[');
}

static void row(bl_result *r, const char *name, const char *title) {
    bl_json_open(&r->text, NULL, '{');
    bl_json_string(&r->text, "name", name);
    bl_json_string(&r->text, "title", title);
}

void bl_table_number(bl_result *r, const char *name, const char *title, double value, const char *unit) {
    row(r, name, title);
    bl_json_number(&r->text, "value", value);
    bl_json_string(&r->text, "unit", unit);
    bl_json_close(&r->text, '}');
}

void bl_table_text(bl_result *r, const char *name, const char *title, const char *value) {
    row(r, name, title);
    bl_json_string(&r->text, "value", value);
    bl_json_close(&r->text, '}');
}

void bl_table_bool(bl_result *r, const char *name, const char *title, bool value) {
    row(r, name, title);
    bl_json_bool(&r->text, "value", value);
    bl_json_close(&r->text, '}');
}

void bl_table_close(bl_result *r) {
    bl_json_close(&r->text, ']');
    r->ready = true;
}

static void lines_json(bl_text *out, const char *key, const bl_text *lines) {
    bl_json_open(out, key, '[');
    for (const char *at = lines->length ? lines->data : ""; *at;) {
        size_t n = strcspn(at, "\n");
        char line[401];
        size_t m = n < sizeof line - 1 ? n : sizeof line - 1;
        memcpy(line, at, m);
        line[m] = 0;
        bl_json_string(out, NULL, line);
        at += n + (at[n] == '\n');
    }
    bl_json_close(out, ']');
}

static void objective_json(const bl_job *job, bl_text *out) {
    if (!job->objective.n_terms || job->class_open) return;
    char text[400], buffer[24];
    bl_objective_text(job->model, &job->objective, text, sizeof text);
    bl_json_string(out, "objective", text);
    const bl_objective_term *t = &job->objective.terms[0];
    if (job->objective.n_terms == 1 && t->kind <= BL_OBJ_LOSS) {
        bl_json_integer(out, "class", t->index);
        bl_json_string(out, "className", bl_model_label(job->model, t->index, buffer));
    }
}

void bl_job_legend_json(const bl_job *job, bl_text *out) {
    const bl_method *m = job->method;
    bl_json_open(out, NULL, '{');
    bl_json_string(out, "method", m->id);
    bl_json_string(out, "title", m->title);
    objective_json(job, out);
    bl_json_open(out, "parameters", '{');
    for (int i = 0; i < m->n_params; i++) bl_json_string(out, m->params[i].name, job->texts[i]);
    bl_json_close(out, '}');
    if (*job->edits) bl_json_string(out, "edits", job->edits);
    bl_json_integer(out, "forwards", job->forwards);
    bl_json_integer(out, "backwards", job->backwards);
    bl_json_string(out, "kernels", bl_kernels_name());
    bl_json_string(out, "caution", m->caution);
    bl_json_string(out, "source", m->source);
    lines_json(out, "notes", &job->notes);
    bl_json_open(out, "results", '[');
    for (int i = 0; i < job->n_results; i++) {
        const bl_result *r = &job->results[i];
        bl_json_open(out, NULL, '{');
        bl_json_string(out, "name", r->name);
        bl_json_string(out, "title", r->title);
        bl_json_string(out, "kind", bl_result_kind_name(r->kind));
        bl_json_integer(out, "channels", r->channels);
        bl_json_integer(out, "height", r->height);
        bl_json_integer(out, "width", r->width);
        bl_json_string(out, "family", bl_family_name(r->family));
        bl_json_bool(out, "signed", r->is_signed);
        bl_json_number(out, "limit", r->limit);
        bl_json_number(out, "percentile", r->percentile);
        bl_json_string(out, "unit", r->unit);
        bl_json_bool(out, "ready", r->ready);
        bl_json_close(out, '}');
    }
    bl_json_close(out, ']');
    bl_json_close(out, '}');
}
