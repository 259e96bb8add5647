/* backlight judge: any tests of any explanations over any pictures, as one table. */
#include "cli/judge.h"
#include "train/train.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ITEMS = 64, MOST_THREADS = 64 };

typedef struct {
    float left, top, right, bottom; /* shares of the picture's sides */
} box;
typedef struct {
    const bl_arguments *a;
    bl_model *model;
    const char *objective;
    bl_judge_item tests[MOST_ITEMS], methods[MOST_ITEMS];
    int n_tests, n_methods;
    int n; /* pictures */
    bl_picture *pictures;
    int *classes;    /* of each; −1: not known */
    box *boxes;      /* of each; right 0: none */
    bl_pictures set; /* owns the pixels of pictures from --data; else each picture owns its own */
    bl_judge_outcome *outcomes;
    atomic_int taken, stopped;
    bl_error errors[MOST_THREADS];
    cli_progress progress;
    int n_tasks;
} judging;

/* ---- what is judged, and by what ---- */

/* "smoothgrad samples=20" */
static int read_item(const bl_arguments *a, const char *text, bool test, bl_judge_item *out) {
    char id[60];
    size_t n = strcspn(text, " ");
    snprintf(id, sizeof id, "%.*s", (int)(n < sizeof id ? n : sizeof id - 1), text);
    const bl_method *method = bl_method_find(id);
    bool fits = method && (test ? strcmp(method->family, "judging") == 0 && !bl_method_explains(method)
                                : bl_method_explains(method));
    if (!fits) {
        bl_nearest nearest = {.wanted = id};
        int all;
        const bl_method *const *methods = bl_methods(&all);
        for (int i = 0; i < all; i++)
            if (test ? strcmp(methods[i]->family, "judging") == 0 && !bl_method_explains(methods[i])
                     : bl_method_explains(methods[i]))
                bl_nearest_try(&nearest, methods[i]->id);
        char best[200];
        bl_nearest_text(&nearest, best, sizeof best);
        return bl_usage(a->command, "--%s %s: there is no such %s; is it %s?", test ? "test" : "method", id,
                        test ? "test of explanations" : "method that explains with a map", best);
    }
    out->method = method;
    snprintf(out->params, sizeof out->params, "%s", text[n] ? text + n + 1 : "");
    return BL_EXIT_OK;
}

static int read_items(judging *j) {
    static const char *const controls[] = {"kind=edges", "kind=centre", "kind=noise"};
    const bl_arguments *a = j->a;
    for (int i = 0; i < a->n_options; i++) {
        bool test = strcmp(a->names[i], "test") == 0;
        if (!test && strcmp(a->names[i], "method") != 0) continue;
        int *n = test ? &j->n_tests : &j->n_methods;
        if (*n == MOST_ITEMS) return bl_usage(a->command, "at most %d tests, and as many methods", MOST_ITEMS);
        int code = read_item(a, a->values[i], test, (test ? j->tests : j->methods) + (*n)++);
        if (code != BL_EXIT_OK) return code;
    }
    int all;
    const bl_method *const *methods = bl_methods(&all);
    bool own_tests = j->n_tests == 0, own_methods = j->n_methods == 0;
    for (int i = 0; i < all; i++) {
        bool explains = bl_method_explains(methods[i]),
             control = explains && strcmp(methods[i]->family, "judging") == 0;
        if (own_tests && !explains && strcmp(methods[i]->family, "judging") == 0)
            j->tests[j->n_tests++] = (bl_judge_item){.method = methods[i]};
        if (own_methods && explains && !control) j->methods[j->n_methods++] = (bl_judge_item){.method = methods[i]};
        for (size_t k = 0; own_methods && control && k < sizeof controls / sizeof *controls; k++) {
            j->methods[j->n_methods].method = methods[i];
            strcpy(j->methods[j->n_methods++].params, controls[k]);
        }
    }
    return BL_EXIT_OK;
}

/* ---- pictures ---- */

static bl_status make_room(judging *j, int n, bl_error *error) {
    j->pictures = calloc((size_t)n + 1, sizeof *j->pictures);
    j->classes = calloc((size_t)n + 1, sizeof *j->classes);
    j->boxes = calloc((size_t)n + 1, sizeof *j->boxes);
    return j->pictures && j->classes && j->boxes ? BL_OK
                                                 : bl_fail(error, BL_MEMORY, "there is no memory for %d pictures", n);
}

/* Lines "file TAB x0 TAB y0 TAB x1 TAB y1", first and last pixel of pictures as large as the set's. */
static bl_status read_boxes(judging *j, const char *path, char *const *names, bl_error *error) {
    bl_text text = {0};
    BL_TRY(bl_file_read(path, &text, error));
    bl_text_bytes(&text, "", 1);
    for (int i = 0; i < j->n && text.data; i++) {
        size_t length = strlen(names[i]);
        for (const char *at = text.data; (at = strstr(at, names[i])); at += length) {
            double x0, y0, x1, y1;
            if ((at != text.data && at[-1] != '\n') || at[length] != '\t') continue;
            if (sscanf(at + length, "%lf %lf %lf %lf", &x0, &y0, &x1, &y1) != 4) break;
            double w = j->set.width, h = j->set.height;
            j->boxes[i] = (box){(float)(x0 / w), (float)(y0 / h), (float)((x1 + 1) / w), (float)((y1 + 1) / h)};
            break;
        }
    }
    bl_text_free(&text);
    return BL_OK;
}

/* Pictures spread evenly over the set: its order goes by class. */
static bl_status read_set(judging *j, const char *dir, int wanted, int threads, bl_error *error) {
    const bl_arguments *a = j->a;
    int32_t h = j->model->input_h > 0 ? j->model->input_h : 64, w = j->model->input_w > 0 ? j->model->input_w : 64;
    BL_TRY(bl_pictures_read(dir, bl_option_value(a, "split", "val"), bl_option_value(a, "classes", NULL), j->model, w,
                            h, threads, &j->set, error));
    bl_pictures_say_unread(&j->set, stderr);
    j->n = wanted < j->set.n ? wanted : j->set.n;
    BL_TRY(make_room(j, j->n, error));
    char **names = calloc((size_t)j->n + 1, sizeof *names);
    if (!names) return bl_fail(error, BL_MEMORY, "there is no memory for %d pictures", j->n);
    for (int i = 0; i < j->n; i++) {
        int at = (int)(((int64_t)2 * i + 1) * j->set.n / (2 * j->n));
        j->pictures[i] = bl_pictures_at(&j->set, at), j->classes[i] = j->set.classes[at], names[i] = j->set.names[at];
    }
    const char *boxes = bl_option_value(a, "boxes", NULL);
    bl_status status = boxes ? read_boxes(j, boxes, names, error) : BL_OK;
    free(names);
    return status;
}

static bl_status read_pictures(judging *j, int wanted, int threads, bl_error *error) {
    const char *dir = bl_option_value(j->a, "data", NULL);
    if (dir) return read_set(j, dir, wanted, threads, error);
    BL_TRY(make_room(j, j->a->n - 1, error));
    for (int i = 1; i < j->a->n; i++) {
        BL_TRY(bl_open_picture(j->a->arguments[i], &j->pictures[j->n], error));
        j->classes[j->n++] = -1;
    }
    return BL_OK;
}

/* ---- the work ---- */

static bool wants_box(const bl_method *test) {
    for (int i = 0; i < test->n_params; i++)
        if (strcmp(test->params[i].name, "left") == 0) return true;
    return false;
}

/* One test of one method on one picture. A test that asks for a box explains the class that the data tell, since the
 * box is around that; without a box it is left out. */
static bl_status judge_one(judging *j, int test, int method, int picture, bl_judge_outcome *out, bl_error *error) {
    const bl_judge_item *t = &j->tests[test], *m = &j->methods[method];
    char params[700], own[64];
    int n = snprintf(params, sizeof params, "method=%s with=\"", m->method->id);
    for (const char *c = m->params; *c && n < 500; c++)
        n += snprintf(params + n, sizeof params - (size_t)n, "%s%c", *c == '"' || *c == '\\' ? "\\" : "", *c);
    n += snprintf(params + n, sizeof params - (size_t)n, "\" %s", t->params);
    const char *objective = j->objective;
    if (wants_box(t->method) && j->classes[picture] >= 0) {
        const box *b = &j->boxes[picture];
        if (!(b->right > 0)) return BL_OK;
        snprintf(params + n, sizeof params - (size_t)n, " left=%.9g top=%.9g right=%.9g bottom=%.9g", (double)b->left,
                 (double)b->top, (double)b->right, (double)b->bottom);
        snprintf(own, sizeof own, "class:%d", j->classes[picture]);
        if (!objective) objective = own;
    }
    bl_request request = {
        .model = j->model, .picture = &j->pictures[picture], .objective = objective, .params = params};
    bl_job *job;
    BL_TRY(bl_job_start(t->method, &request, &job, error));
    bl_status status = BL_OK;
    for (bool done = false; !done && status == BL_OK;) {
        status = bl_job_step(job, &done, error);
        if (status == BL_OK && !done && bl_interrupted())
            status = bl_fail(error, BL_STOPPED, "stopped; nothing was written");
    }
    if (status == BL_OK) bl_judge_read(job, out);
    bl_job_end(job);
    return status;
}

static void task(void *user, int thread, int i) {
    judging *j = user;
    if (atomic_load(&j->stopped)) return;
    int picture = i % j->n, method = i / j->n % j->n_methods, test = i / j->n / j->n_methods;
    if (judge_one(j, test, method, picture, &j->outcomes[i], &j->errors[thread]) != BL_OK) atomic_store(&j->stopped, 1);
    int taken = atomic_fetch_add(&j->taken, 1) + 1;
    if (thread != 0) return;
    char text[160];
    snprintf(text, sizeof text, "%s of %s, %d of %d", j->tests[test].method->id, j->methods[method].method->id, taken,
             j->n_tasks);
    cli_progress_show(&j->progress, (double)taken / j->n_tasks, text);
}

static bl_status judge_all(judging *j, int threads, bl_error *error) {
    j->n_tasks = j->n_tests * j->n_methods * j->n;
    j->outcomes = calloc((size_t)j->n_tasks + 1, sizeof *j->outcomes);
    if (!j->outcomes) return bl_fail(error, BL_MEMORY, "there is no memory for %d outcomes", j->n_tasks);
    bl_parallel(threads, j->n_tasks, task, j);
    cli_progress_clear(&j->progress);
    if (!atomic_load(&j->stopped)) return BL_OK;
    for (int i = 0; i < MOST_THREADS; i++)
        if (j->errors[i].code != BL_OK) *error = j->errors[i];
    return error->code;
}

static int print(const judging *j) {
    bl_text text = {0};
    const char *path = j->a->arguments[0], *slash = strrchr(path, '/');
    const bl_judge_table table = {
        slash ? slash + 1 : path, j->tests, j->methods, j->n_tests, j->n_methods, j->n, j->outcomes};
    if (bl_option_given(j->a, "json"))
        bl_judge_json(&table, &text);
    else if (bl_option_given(j->a, "csv"))
        bl_judge_csv(&table, &text);
    else
        bl_judge_text(&table, &text);
    return bl_print(&text);
}

static int run(const bl_arguments *a) {
    int64_t threads = bl_processors(), wanted = 32;
    bool set = bl_option_given(a, "data");
    if (!bl_option_integer(a, "threads", 1, MOST_THREADS, &threads) ||
        !bl_option_integer(a, "pictures", 1, 1000000, &wanted))
        return BL_EXIT_USAGE;
    if (set == (a->n > 1)) return bl_usage(a->command, "pictures are named, or come from --data DIR: one of both");
    if (!set && bl_option_given(a, "boxes")) return bl_usage(a->command, "--boxes belongs to --data");
    judging *j = calloc(1, sizeof *j);
    if (!j) return BL_EXIT_MEMORY;
    j->a = a, j->objective = bl_option_value(a, "objective", NULL);
    bl_error error = {0};
    int code = read_items(j);
    bl_status status = code == BL_EXIT_OK ? bl_open_model(a, a->arguments[0], &j->model, &error) : BL_USAGE;
    if (status == BL_OK) status = read_pictures(j, (int)wanted, (int)threads, &error);
    if (status == BL_OK) status = judge_all(j, (int)threads, &error);
    if (code == BL_EXIT_OK) code = status == BL_OK ? print(j) : bl_report(a, &error);
    for (int i = 0; !set && i < j->n; i++) bl_picture_free(&j->pictures[i]);
    if (set) bl_pictures_free(&j->set);
    free(j->pictures), free(j->classes), free(j->boxes), free(j->outcomes);
    bl_model_free(j->model);
    free(j);
    return code;
}

static const bl_option options[] = {
    {"test", "TEXT", "a test and its parameters, as \"randomisation seeds=3\"; may be given again (default: all)"},
    {"method", "TEXT", "a method and its parameters, as \"smoothgrad samples=20\"; may be given again (default: all)"},
    {"objective", "TEXT", "what is explained (default: the predicted class; in a box, the class that the data tell)"},
    {"data", "DIR", "pictures of a data set, as backlight eval takes them"},
    {"split", "NAME", "another folder of it than val"},
    {"classes", "FILE", "what folders hold, as backlight eval takes it"},
    {"pictures", "N", "how many of the set, spread evenly over it (default: 32)"},
    {"boxes", "FILE", "where things are: lines of file, x0, y0, x1, y1 in pixels, separated by TABs"},
    {"json", NULL, "as JSON"},
    {"csv", NULL, "as CSV"},
    {"threads", "N", "1 to 64; default: all processors; the result does not depend on it"},
    BL_MODEL_OPTIONS,
    {0}};
const bl_command bl_command_judge = {
    "judge",
    "Test what explanations are worth, over many pictures, as one table",
    "MODEL [PICTURE…]",
    "  backlight judge models/tiny-vgg.onnx public/samples/koala.jpg --test randomisation --method guided\n"
    "  backlight judge models/tiny-vgg.onnx --data ~/tiny-imagenet --boxes ~/tiny-imagenet/boxes.tsv --test pointing\n",
    options,
    1,
    1000000,
    run};
