/* Occlusion: how much the score falls when a square of the picture is hidden. */
#include <string.h>

#include "methods/attribution.h"

enum { MOST_AT_ONCE = 16 };

typedef struct {
    bl_subject subject;
    bl_run *run;
    bl_real *fill;                   /* what hides */
    double *sum;                     /* per pixel: the falls of the windows over it */
    int *count;                      /* … and how many these are */
    int size, stride, rows, columns; /* of a window; of the grid of windows */
    int *became;                     /* per class: windows that make it the prediction */
    int classes, changed;
    bl_result *map, *facts;
} state;

/* Windows start at 0, stride, 2·stride …; the last ends with the picture. */
static int windows(int length, int size, int stride) {
    return (length - size + stride - 1) / stride + 1;
}
static int start_of(int i, int length, int size, int stride) {
    int at = i * stride;
    return at > length - size ? length - size : at;
}

static bl_status start(bl_job *job) {
    state *s = job->state;
    bl_subject *subject = &s->subject;
    s->size = bl_job_integer(job, "size");
    s->stride = bl_job_integer(job, "stride");
    if (s->stride > s->size) {
        s->stride = s->size;
        bl_job_note(job, "The square is moved by its own size, %d: larger steps would leave gaps.", s->size);
    }
    BL_TRY(bl_subject_start(job, subject, false, -1, -1));
    if (s->size > subject->height || s->size > subject->width)
        return bl_fail(job->error, BL_USAGE, "size is at most the picture's, %d×%d for this network, not %d",
                       subject->height, subject->width, s->size);
    s->rows = windows(subject->height, s->size, s->stride), s->columns = windows(subject->width, s->size, s->stride);
    int items = s->rows * s->columns, batch = bl_job_batch(items, MOST_AT_ONCE);
    BL_TRY(bl_subject_run(job, subject, batch, -1, &s->run));
    s->classes = bl_plan_has(bl_run_plan(s->run), job->model->scores) ? bl_n_classes(bl_run_plan(s->run)) : 0;
    s->fill = bl_arena_take_array(&job->arena, subject->n, sizeof *s->fill);
    s->sum = bl_arena_take_array(&job->arena, subject->pixels, sizeof *s->sum);
    s->count = bl_arena_take_array(&job->arena, subject->pixels, sizeof *s->count);
    s->became = bl_arena_take_array(&job->arena, (size_t)s->classes + 1, sizeof *s->became);
    bl_job_phase(job, "forward", 1);
    if (!s->fill || !s->sum || !s->count || !s->became ||
        !bl_job_phase_independent(job, "hiding squares", items, batch, 2))
        return bl_no_room(job);
    return bl_map_and_facts(job, subject, "map", "fall of the score when hidden", &s->map, &s->facts);
}

static bl_status step(bl_job *job, int phase, int number) {
    (void)phase, (void)number;
    static const bl_fill fills[] = {BL_FILL_MEAN, BL_FILL_BLACK, BL_FILL_BLUR, BL_FILL_NOISE};
    state *s = job->state;
    bl_fill_make(job, &s->subject, fills[bl_job_integer(job, "fill")], (float)s->size / 2, 0, s->fill);
    return bl_subject_look(job, &s->subject);
}

/* The first row and column of a window. */
static void place(bl_job *job, int item, int *y, int *x) {
    const state *s = job->state;
    *y = start_of(item / s->columns, s->subject.height, s->size, s->stride);
    *x = start_of(item % s->columns, s->subject.width, s->size, s->stride);
}

static bl_status part(bl_job *job, int phase, int first, int count, bl_real *out) {
    (void)phase;
    state *s = job->state;
    const bl_subject *subject = &s->subject;
    int batch = bl_plan_batch(bl_run_plan(s->run)), width = subject->width, top, left;
    for (int i = 0; i < batch; i++) {
        bl_real *x = bl_run_input(s->run) + (size_t)i * subject->n;
        memcpy(x, subject->x, subject->n * sizeof *x);
        if (i >= count) continue;
        place(job, first + i, &top, &left);
        for (int c = 0; c < subject->channels; c++)
            for (int y = top; y < top + s->size; y++) {
                size_t at = (size_t)c * subject->pixels + (size_t)(y * width + left);
                memcpy(x + at, s->fill + at, (size_t)s->size * sizeof *x);
            }
    }
    double values[MOST_AT_ONCE];
    BL_TRY(bl_job_forward(job, s->run));
    BL_TRY(bl_objective_value(s->run, &job->objective, values, job->error));
    for (int i = 0; i < count; i++)
        out[2 * i] = (bl_real)(s->subject.value - values[i]), out[2 * i + 1] = (bl_real)bl_batch_class(s->run, i);
    return BL_OK;
}

static bl_status merge(bl_job *job, int phase, int item, const bl_real *fell) {
    (void)phase;
    state *s = job->state;
    int top, left, class_index = (int)fell[1];
    place(job, item, &top, &left);
    for (int y = top; y < top + s->size; y++)
        for (int x = left; x < left + s->size; x++) {
            s->sum[y * s->subject.width + x] += fell[0];
            s->count[y * s->subject.width + x]++;
        }
    if (class_index >= 0 && class_index < s->classes && class_index != s->subject.predicted)
        s->became[class_index]++, s->changed++;
    return BL_OK;
}

static void show(bl_job *job) {
    state *s = job->state;
    for (size_t i = 0; i < s->subject.pixels; i++)
        s->map->data[i] = s->count[i] ? (bl_real)(s->sum[i] / s->count[i]) : 0;
    bl_map_show(job, s->map, true, "");
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    char buffer[24];
    int most = 0;
    for (int k = 1; k < s->classes; k++)
        if (s->became[k] > s->became[most]) most = k;
    bl_facts_open(job, s->facts, &s->subject);
    bl_table_number(s->facts, "windows", "squares hidden", (double)s->rows * s->columns, "");
    if (s->classes) bl_table_number(s->facts, "changed", "of these change the prediction", s->changed, "");
    if (s->changed) bl_table_text(s->facts, "became", "most often to", bl_model_label(job->model, most, buffer));
    bl_facts_largest(job, s->facts, s->map);
    bl_table_close(s->facts);
    return BL_OK;
}

static const bl_param params[] = {
    {.name = "size",
     .title = "square",
     .type = BL_PARAM_INTEGER,
     .unit = "px",
     .least = 1,
     .most = 64,
     .otherwise = 8,
     .meaning = "The side of the square that hides."},
    {.name = "stride",
     .title = "step",
     .type = BL_PARAM_INTEGER,
     .unit = "px",
     .least = 1,
     .most = 32,
     .otherwise = 4,
     .meaning = "How far the square is moved each time."},
    {.name = "fill",
     .title = "filled with",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "mean black blur noise",
     .meaning = "The network's mean colour, black, the picture blurred, or noise."},
    BL_PERCENTILE_ROW,
    BL_SEED_ROW("Of the noise that fills."),
};

const bl_method bl_method_occlusion = {
    .id = "occlusion",
    .family = "attribution",
    .title = "Occlusion",
    .purpose = "How much the score falls when a square of the picture is hidden",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "1 F + squares × 1 F",
    .formula = BL_LATEX(
        "M_{ij} = \\operatorname*{mean}_{w \\ni (i,j)} \\bigl( S(u) - S(u \\text{ with } w \\text{ hidden}) \\bigr)"),
    .caution = "A grey square is itself an unusual thing, and one like what it hides shows nothing.",
    .source = "Zeiler and Fergus 2014, Visualizing and Understanding Convolutional Networks",
    .state = sizeof(state),
    .start = start,
    .step = step,
    .part = part,
    .merge = merge,
    .show = show,
    .finish = finish,
};
