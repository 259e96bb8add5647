/* A subcommand for every method: its options are the method's parameters. */
#include "cli/method.h"
#include "cli/draw.h"
#include "train/train.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const bl_option shared[] = {
    {"objective", "TEXT",
     "what is explained: class:7, class:\"red panda\", class:7-3, conv_1_1, conv_1_1:3, conv_1_1:3@5,8, …"},
    {"off", "LAYER:CHANNEL", "switches a channel off, for every pass; may be given more than once"},
    {"redraw", "all|LAYER", "draws the weights of all layers, or of one, anew: what is left of the result then?"},
    {"redraw-seed", "N", "the seed of --redraw (default: 1)"},
    {"edits", "TEXT", "changes to the network as a link of the page writes them: relu_1_1:3*0;conv_1_2/0,1=…"},
    {"out", "FILE.png", "one result as a picture; a picture keeps its exact pixels"},
    {"result", "NAME", "which one, for --out and --csv (default: what the method is asked for)"},
    {"sheet", "FILE.png", "all results on one page with their legend (default: METHOD.png)"},
    {"folder", "DIR", "every result by itself, as PNG and CSV, with legend.json"},
    {"csv", NULL, "one result as CSV on stdout"},
    {"json", NULL, "legend and numbers as JSON on stdout"},
    {"theme", "light|dark", "colours of the figures (default: light)"},
    {"threads", "N",
     "threads that steps are spread over; the results are the same bits for any number (default: all cores)"},
    BL_MODEL_OPTIONS,
};
enum { N_SHARED = sizeof shared / sizeof shared[0] };

/* ---- what a job made, written down ---- */

static bl_status write_png(const bl_picture *p, const char *path, bl_error *error) {
    bl_text png = {0};
    bl_status status = bl_picture_png(p, &png, error);
    if (status == BL_OK) status = bl_file_write(path, png.data, png.length, error);
    if (status == BL_OK) fprintf(stderr, "%s: %d×%d\n", path, p->width, p->height);
    bl_text_free(&png);
    return status;
}

static bl_status write_text(bl_text *t, const char *path, bl_error *error) {
    bl_status status = t->failed ? bl_fail(error, BL_MEMORY, "there is no memory for %s", path)
                                 : bl_file_write(path, t->data ? t->data : "", t->length, error);
    bl_text_free(t);
    return status;
}

static bl_status write_figure(const bl_result *r, bl_theme theme, const char *path, bl_error *error) {
    bl_picture picture = {0};
    bl_status status = bl_figure(r, theme, &picture, error);
    if (status == BL_OK) status = write_png(&picture, path, error);
    bl_picture_free(&picture);
    return status;
}

static bl_status write_sheet(const bl_job *job, bl_theme theme, const char *path, bl_error *error) {
    bl_picture picture = {0};
    bl_status status = bl_sheet(job, theme, &picture, error);
    if (status == BL_OK) status = write_png(&picture, path, error);
    bl_picture_free(&picture);
    return status;
}

static bl_status write_folder(const bl_job *job, bl_theme theme, const char *folder, bl_error *error) {
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return bl_fail(error, BL_IO, "%s cannot be made: %s", folder, strerror(errno));
    char path[1000];
    for (int i = 0; i < bl_job_n_results(job); i++) {
        const bl_result *r = bl_job_result(job, i);
        const bl_renderer *renderer = bl_renderer_of(r->kind);
        if (!r->ready || !renderer) continue;
        bl_text csv = {0};
        renderer->csv(r, &csv);
        snprintf(path, sizeof path, "%s/%s.csv", folder, r->name);
        BL_TRY(write_text(&csv, path, error));
        if (r->kind == BL_TABLE || r->kind == BL_TEXT) continue;
        snprintf(path, sizeof path, "%s/%s.png", folder, r->name);
        BL_TRY(write_figure(r, theme, path, error));
    }
    bl_text legend = {0};
    bl_job_legend_json(job, &legend);
    snprintf(path, sizeof path, "%s/legend.json", folder);
    return write_text(&legend, path, error);
}

static void numbers_json(const bl_result *r, bl_text *t) {
    bl_json_open(t, r->name, '{');
    bl_json_string(t, "kind", bl_result_kind_name(r->kind));
    if (r->data) {
        bl_json_open(t, "shape", '[');
        bl_json_integer(t, NULL, r->channels);
        bl_json_integer(t, NULL, r->height);
        bl_json_integer(t, NULL, r->width);
        bl_json_close(t, ']');
        bl_json_open(t, "data", '[');
        for (size_t i = 0; i < (size_t)r->channels * (size_t)r->height * (size_t)r->width; i++)
            bl_json_number(t, NULL, (double)r->data[i]);
        bl_json_close(t, ']');
    }
    if (r->kind == BL_TABLE) {
        bl_text_add(t, ",\"rows\":%s", r->text.length ? r->text.data : "[]"); /* a table's text is JSON */
    } else if (r->text.length) {
        bl_json_string(t, "text", r->text.data);
    }
    bl_json_close(t, '}');
}

static int print_json(const bl_job *job) {
    bl_text t = {0}, legend = {0};
    bl_job_legend_json(job, &legend);
    bl_json_open(&t, NULL, '{');
    bl_json_integer(&t, "schema", 1);
    if (!legend.failed) bl_text_add(&t, ",\"legend\":%s", legend.data);
    bl_json_open(&t, "results", '{');
    for (int i = 0; i < bl_job_n_results(job); i++)
        if (bl_job_result(job, i)->ready) numbers_json(bl_job_result(job, i), &t);
    bl_json_close(&t, '}');
    bl_json_close(&t, '}');
    bl_text_add(&t, "\n");
    bl_text_free(&legend);
    return bl_print(&t);
}

/* Letters of a UTF-8 text. */
static int letters(const char *text) {
    int n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* What a person wants to read at once: the tables. */
static void print_tables(const bl_job *job) {
    char title[80], value[200], unit[40];
    for (int i = 0; i < bl_job_n_results(job); i++) {
        const bl_result *r = bl_job_result(job, i);
        if (!r->ready || r->kind != BL_TABLE) continue;
        for (const char *at = r->text.length ? r->text.data : ""; bl_table_next(&at, title, value, unit);)
            printf("%s%*s %s%s%s\n", title, letters(title) < 28 ? 28 - letters(title) : 0, "", value, *unit ? " " : "",
                   unit);
    }
    printf("%s\n", job->method->caution);
}

static int unknown_result(const bl_arguments *a, const bl_job *job) {
    const char *name = bl_option_value(a, "result", "");
    bl_nearest nearest = {.wanted = name};
    for (int i = 0; i < bl_job_n_results(job); i++) bl_nearest_try(&nearest, bl_job_result(job, i)->name);
    char best[200];
    bl_nearest_text(&nearest, best, sizeof best);
    return bl_usage(a->command, "%s gives no result \"%s\"; is it %s?", job->method->id, name, best);
}

static int write_results(const bl_arguments *a, const bl_job *job) {
    bl_error error = {0};
    bl_theme theme = strcmp(bl_option_value(a, "theme", "light"), "dark") == 0 ? BL_THEME_DARK : BL_THEME_LIGHT;
    const char *out = bl_option_value(a, "out", NULL), *sheet = bl_option_value(a, "sheet", NULL),
               *folder = bl_option_value(a, "folder", NULL);
    bool json = bl_option_given(a, "json"), csv = bl_option_given(a, "csv");
    char usual[100];
    if (!out && !sheet && !folder && !json && !csv) {
        snprintf(usual, sizeof usual, "%s.png", job->method->id);
        sheet = usual;
    }
    const bl_result *one = bl_job_find_result(job, bl_option_value(a, "result", NULL));
    if (!one) return unknown_result(a, job);
    bl_status status = BL_OK;
    if (out) status = write_figure(one, theme, out, &error);
    if (status == BL_OK && sheet) status = write_sheet(job, theme, sheet, &error);
    if (status == BL_OK && folder) status = write_folder(job, theme, folder, &error);
    if (status != BL_OK) return bl_report(a, &error);
    if (json) return print_json(job);
    if (csv) {
        bl_text t = {0};
        bl_renderer_of(one->kind)->csv(one, &t);
        return bl_print(&t);
    }
    print_tables(job);
    return BL_EXIT_OK;
}

/* ---- running ---- */

/* The job that gives the results, and others of the same request that help with its independent phases. */
enum { MOST_JOBS = 64 };
typedef struct {
    bl_job *jobs[MOST_JOBS];
    int n;
    bl_share share; /* the phase of this round */
    const bl_real *parts[MOST_JOBS];
    size_t sizes[MOST_JOBS];
    bl_status status[MOST_JOBS];
    bl_error errors[MOST_JOBS];
} crew;

/* Job i does step next + i; its own steps before the phase first. */
static void do_part(void *user, int thread, int i) {
    (void)thread;
    crew *t = user;
    bl_error *error = &t->errors[i];
    bl_status status = BL_OK;
    for (bool done = false; status == BL_OK && !done && bl_job_share(t->jobs[i]).phase != t->share.phase;)
        status = bl_job_step(t->jobs[i], &done, error);
    if (status == BL_OK)
        status = bl_job_part(t->jobs[i], t->share.phase, t->share.next + i, &t->parts[i], &t->sizes[i], error);
    t->status[i] = status;
}

/* A step, or as many at once as there are jobs; parts are merged in order, so that the bits stay those of one. */
static bl_status take_steps(crew *t, bool *done, bl_error *error) {
    t->share = bl_job_share(t->jobs[0]);
    if (t->n == 1 || t->share.phase < 0) return bl_job_step(t->jobs[0], done, error);
    int left = t->share.n_steps - t->share.next, n = left < t->n ? left : t->n;
    bl_parallel(n, n, do_part, t);
    for (int i = 0; i < n; i++) {
        if (t->status[i] != BL_OK) {
            *error = t->errors[i];
            return t->status[i];
        }
        BL_TRY(bl_job_merge(t->jobs[0], t->share.next + i, t->parts[i], t->sizes[i], done, error));
    }
    return BL_OK;
}

static bl_status run_job(crew *t, bl_error *error) {
    cli_progress line = {0};
    bl_status status = BL_OK;
    for (bool done = false; !done && status == BL_OK;) {
        status = take_steps(t, &done, error);
        bl_progress p = bl_job_progress(t->jobs[0]);
        char text[160];
        snprintf(text, sizeof text, "%s  %ld of %ld", p.phase_title ? p.phase_title : t->jobs[0]->method->title,
                 p.steps_done, p.steps_all);
        cli_progress_show(&line, p.steps_all ? (double)p.steps_done / (double)p.steps_all : 1, text);
        if (status == BL_OK && !done && bl_interrupted())
            status = bl_fail(error, BL_STOPPED, "stopped after %ld of %ld steps; nothing was written", p.steps_done,
                             p.steps_all);
    }
    cli_progress_clear(&line);
    return status;
}

/* The options that are parameters, as a parameter text. Values with spaces are quoted; the core checks them. */
static void parameters(const bl_arguments *a, const bl_method *method, bl_text *out) {
    for (int i = 0; i < method->n_params; i++) {
        const char *value = bl_option_value(a, method->params[i].name, NULL);
        if (!value) continue;
        bl_text_add(out, "%s%s=\"", out->length ? " " : "", method->params[i].name);
        for (; *value; value++) bl_text_add(out, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
        bl_text_add(out, "\"");
    }
}

/* The options that change the network, as interventions (core.h). */
static void changes(const bl_arguments *a, int64_t seed, bl_text *out) {
    const char *layer = bl_option_value(a, "redraw", NULL);
    bl_text_add(out, "%s", bl_option_value(a, "edits", ""));
    for (int i = 0; i < a->n_options; i++)
        if (strcmp(a->names[i], "off") == 0) bl_text_add(out, "%s%s*0", out->length ? ";" : "", a->values[i]);
    if (!layer) return;
    bl_text_add(out, "%s", out->length ? ";" : "");
    if (strcmp(layer, "all") == 0) {
        bl_text_add(out, "*~%lld", (long long)seed);
        return;
    }
    bl_text_add(out, "\"");
    for (; *layer; layer++) bl_text_add(out, "%s%c", *layer == '"' || *layer == '\\' ? "\\" : "", *layer);
    bl_text_add(out, "\"~%lld", (long long)seed);
}

static int run(const bl_arguments *a) {
    const bl_method *method = bl_method_find(a->command->name);
    const char *theme = bl_option_value(a, "theme", "light");
    if (strcmp(theme, "light") != 0 && strcmp(theme, "dark") != 0)
        return bl_usage(a->command, "--theme is light or dark, not \"%s\"", theme);
    bl_error error = {0};
    bl_model *model = NULL;
    bl_picture picture = {0};
    bl_text params = {0}, edits = {0};
    crew team = {0};
    int64_t threads = bl_processors();
    int64_t seed = 1;
    if (!bl_option_integer(a, "threads", 1, MOST_JOBS, &threads)) return BL_EXIT_USAGE;
    if (!bl_option_integer(a, "redraw-seed", 0, INT32_MAX, &seed)) return BL_EXIT_USAGE;
    bl_status status = bl_open_model(a, a->arguments[0], &model, &error);
    if (status == BL_OK && a->n > 1) status = bl_open_picture(a->arguments[1], &picture, &error);
    if (status == BL_OK) {
        parameters(a, method, &params);
        changes(a, seed, &edits);
        if (params.failed || edits.failed) status = bl_fail(&error, BL_MEMORY, "there is no memory for the request");
        bl_request request = {.model = model,
                              .picture = a->n > 1 ? &picture : NULL,
                              .objective = bl_option_value(a, "objective", NULL),
                              .edits = edits.data,
                              .params = params.length ? params.data : ""};
        if (!method->part) threads = 1; /* nothing to share */
        for (; status == BL_OK && team.n < threads; team.n += status == BL_OK)
            status = bl_job_start(method, &request, &team.jobs[team.n], &error);
    }
    if (status == BL_OK) status = run_job(&team, &error);
    int code = status == BL_OK ? write_results(a, team.jobs[0]) : bl_report(a, &error);
    while (team.n > 0) bl_job_end(team.jobs[--team.n]);
    bl_text_free(&params);
    bl_text_free(&edits);
    bl_picture_free(&picture);
    bl_model_free(model);
    return code;
}

/* ---- the table line ---- */

static void describe(const bl_param *p, char *out, size_t size) {
    int meaning = (int)strlen(p->meaning);
    if (meaning && p->meaning[meaning - 1] == '.') meaning--;
    if (p->type == BL_PARAM_NUMBER || p->type == BL_PARAM_INTEGER)
        snprintf(out, size, "%.*s; %.10g to %.10g%s%s (default: %.10g)", meaning, p->meaning, p->least, p->most,
                 *p->unit ? " " : "", p->unit, p->otherwise);
    else if (p->type == BL_PARAM_CHOICE)
        snprintf(out, size, "%.*s; %s (default: the first)", meaning, p->meaning, p->choices);
    else
        snprintf(out, size, "%.*s%s%s%s", meaning, p->meaning, *p->text ? " (default: " : "", p->text,
                 *p->text ? ")" : "");
}

bool bl_method_command_make(const bl_method *method, bl_method_command *out) {
    static const char *const words[] = {"N", "N", "WORD", "LAYER", "CLASS", "TEXT", "METHOD"};
    if (method->n_params + N_SHARED + 1 > BL_METHOD_OPTIONS) return false;
    memset(out, 0, sizeof *out);
    int n = 0;
    for (int i = 0; i < method->n_params; i++, n++) {
        const bl_param *p = &method->params[i];
        describe(p, out->meanings[n], sizeof out->meanings[n]);
        /* meaning may be cut, but never inside a letter */
        for (size_t end = strlen(out->meanings[n]);
             end + 1 == sizeof out->meanings[n] && (out->meanings[n][end - 1] & 0x80); end--)
            out->meanings[n][end - 1] = 0;
        out->options[n] = (bl_option){p->name, words[p->type], out->meanings[n]};
    }
    for (int i = 0; i < N_SHARED; i++)
        if ((*method->objectives || strcmp(shared[i].name, "objective") != 0) &&
            (method->part || strcmp(shared[i].name, "threads") != 0))
            out->options[n++] = shared[i];
    int needed = method->n_inputs && method->inputs[0].least > 0;
    snprintf(out->examples, sizeof out->examples,
             "  backlight %s models/tiny-vgg.onnx %s --sheet %s.png\n  backlight %s models/tiny-vgg.onnx %s --json\n",
             method->id, method->n_inputs ? "public/samples/red-panda.jpg" : "", method->id, method->id,
             method->n_inputs ? "public/samples/red-panda.jpg" : "");
    out->command = (bl_command){.name = method->id,
                                .summary = method->purpose,
                                .usage = !method->n_inputs ? "MODEL"
                                         : needed          ? "MODEL PICTURE"
                                                           : "MODEL [PICTURE]",
                                .examples = out->examples,
                                .options = out->options,
                                .least = 1 + needed,
                                .most = method->n_inputs ? 2 : 1,
                                .run = run};
    return true;
}
