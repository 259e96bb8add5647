/* Deep dream: gradient ascent on the picture, from small sizes to large (octaves). Only the network up to the layer
 * that is dreamt of is planned, so that its size is free even where the whole network's is not. */
#include <math.h>
#include <string.h>

#include "methods/attribution.h"

enum { MAX_OCTAVES = 8, LEAST_SIDE = 16 };

typedef struct {
    int octaves, steps, jitter, channels;
    double step, smooth;
    bool keep_colours, noise;
    uint64_t seed;
    struct {
        int height, width;
        bl_run *run;
    } octave[MAX_OCTAVES]; /* small to large */
    /* C×H×W at the size at work, room for the largest; colours 0 … 1 in the network's order of channels */
    bl_real *photo; /* at the largest size always */
    bl_real *base;  /* the photograph at this size */
    bl_real *u;     /* the dream */
    bl_real *spare; /* detail between octaves; blurred gradient and preview meanwhile */
    bl_real *gradient, *mixed, *plane;
    double first, last;
    bl_result *start, *dream, *strength, *facts;
} state;

/* Runs of all octaves, largest first. A smaller one that the layer does not fit into is left out. */
static bl_status plan(bl_job *job, int height, int width, int wanted, double ratio) {
    state *s = job->state;
    int seeds[16], n_seeds = bl_objective_seeds(&job->objective, seeds), made = 0;
    double scale = 1;
    for (; made < wanted; made++, scale *= ratio) {
        int h = (int)(height / scale + 0.5), w = (int)(width / scale + 0.5);
        if (made > 0 && (h < LEAST_SIDE || w < LEAST_SIDE)) break;
        bl_wants wants = BL_WANTS;
        wants.height = h, wants.width = w, wants.last = bl_objective_last(job->model, &job->objective);
        wants.seeds = seeds, wants.n_seeds = n_seeds, wants.gradients = &job->model->input, wants.n_gradients = 1;
        bl_run *run;
        bl_status status = bl_job_make_run(job, &wants, &run);
        if (status == BL_SHAPE && made > 0) break;
        BL_TRY(status);
        int at = MAX_OCTAVES - 1 - made;
        s->octave[at].height = h, s->octave[at].width = w, s->octave[at].run = run;
    }
    memmove(s->octave, s->octave + MAX_OCTAVES - made, (size_t)made * sizeof s->octave[0]);
    s->octaves = made;
    if (made < wanted) bl_job_note(job, "%d of %d octaves: smaller ones are too small for this layer.", made, wanted);
    return BL_OK;
}

/* The size asked for; where the objective comes after a dense layer, the network's own. */
static bl_status choose_size(bl_job *job) {
    const bl_model *m = job->model;
    int size = bl_job_integer(job, "size"), octaves = bl_job_integer(job, "octaves");
    double ratio = bl_job_number(job, "ratio"), aspect = 1;
    if (job->picture) aspect = (double)job->picture->width / job->picture->height;
    int width = aspect >= 1 ? size : (int)(size * aspect + 0.5),
        height = aspect >= 1 ? (int)(size / aspect + 0.5) : size;
    if (width < LEAST_SIDE) width = LEAST_SIDE;
    if (height < LEAST_SIDE) height = LEAST_SIDE;
    bl_error *caller = job->error, refused;
    job->error = &refused;
    bl_status status = plan(job, height, width, octaves, ratio);
    job->error = caller;
    if (status == BL_SHAPE && m->input_h > 0 && m->input_w > 0 && (height != m->input_h || width != m->input_w)) {
        BL_TRY(plan(job, m->input_h, m->input_w, 1, ratio));
        bl_job_note(job,
                    "%d×%d pixels, one octave: what comes after a dense layer has the network's own size. Layers and "
                    "channels before it can be dreamt of at any size.",
                    m->input_h, m->input_w);
        return BL_OK;
    }
    if (status != BL_OK && caller) *caller = refused;
    return status;
}

static bl_status first_picture(bl_job *job) {
    state *s = job->state;
    int h = s->octave[s->octaves - 1].height, w = s->octave[s->octaves - 1].width;
    size_t n = (size_t)s->channels * (size_t)h * (size_t)w;
    if (s->noise) {
        bl_random r = {.seed = s->seed, .stream = BL_STREAM_DREAM_NOISE};
        bl_random_normals(&r, 0, n, s->photo);
        for (size_t i = 0; i < n; i++) {
            bl_real v = (bl_real)0.5 + (bl_real)0.1 * s->photo[i];
            s->photo[i] = v < 0 ? 0 : v > 1 ? 1 : v;
        }
        return BL_OK;
    }
    if (!job->picture) {
        bl_fail(job->error, BL_USAGE, "a dream from a photograph needs a picture");
        return bl_hint(job->error, BL_USAGE, "Give one, or use start=noise.");
    }
    bl_picture picture;
    BL_TRY(bl_picture_fit(job->picture, w, h, &picture, job->error));
    bl_picture_to_planes(&picture, s->channels, job->model->channels, s->photo);
    for (size_t i = 0; i < n; i++) s->photo[i] /= 255;
    bl_picture_free(&picture);
    return BL_OK;
}

static bl_status start(bl_job *job) {
    static const char *const titles[MAX_OCTAVES] = {"octave 1", "octave 2", "octave 3", "octave 4",
                                                    "octave 5", "octave 6", "octave 7", "octave 8"};
    state *s = job->state;
    BL_TRY(bl_picture_suits(job->model, job->error));
    s->steps = bl_job_integer(job, "steps"), s->jitter = bl_job_integer(job, "jitter");
    s->step = bl_job_number(job, "step") / 255, s->smooth = bl_job_number(job, "smooth");
    s->noise = bl_job_integer(job, "start") == 1;
    s->keep_colours = bl_job_integer(job, "colours") == 0;
    s->seed = (uint64_t)bl_job_number(job, "seed"), s->channels = job->model->input_c;
    BL_TRY(choose_size(job));
    int h = s->octave[s->octaves - 1].height, w = s->octave[s->octaves - 1].width;
    size_t plane = (size_t)h * (size_t)w, n = (size_t)s->channels * plane;
    bl_real **const buffers[] = {&s->photo, &s->base, &s->u, &s->spare, &s->gradient, &s->mixed};
    bool ok = (s->plane = bl_arena_take_array(&job->arena, plane, sizeof *s->plane)) != NULL;
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        ok = ok && (*buffers[i] = bl_arena_take_array(&job->arena, n, sizeof **buffers[i]));
    ok = ok && (s->dream = bl_job_add_result(job, "dream", "dream", BL_PICTURE, 1, h, w)) &&
         (s->start = bl_job_add_result(job, "picture", "start", BL_PICTURE, 1, h, w)) &&
         (s->strength = bl_job_add_result(job, "strength", "strength", BL_SERIES, 1, 1, s->octaves * (s->steps + 1))) &&
         (s->facts = bl_job_add_result(job, "facts", "in numbers", BL_TABLE, 1, 1, 1));
    if (!ok) return bl_no_room(job);
    BL_TRY(first_picture(job));
    bl_unit_to_pixels(s->photo, s->channels, h, w, job->model->channels, s->start->pixels);
    s->start->ready = true;
    for (int i = 0; i < s->strength->width; i++) s->strength->data[i] = NAN;
    bl_text_add(&s->strength->text, "strength");
    for (int o = 0; o < s->octaves; o++) bl_job_phase(job, titles[o], s->steps + 1);
    return BL_OK;
}

static void begin_octave(state *s, int o) {
    int h = s->octave[o].height, w = s->octave[o].width, c = s->channels;
    int full_h = s->octave[s->octaves - 1].height, full_w = s->octave[s->octaves - 1].width;
    if (o > 0) {
        int old_h = s->octave[o - 1].height, old_w = s->octave[o - 1].width;
        for (size_t i = 0, n = (size_t)c * (size_t)old_h * (size_t)old_w; i < n; i++)
            s->spare[i] = s->u[i] - s->base[i];
        bl_resize(s->spare, c, old_h, old_w, s->u, h, w);
    }
    bl_resize(s->photo, c, full_h, full_w, s->base, h, w);
    for (size_t i = 0, n = (size_t)c * (size_t)h * (size_t)w; i < n; i++) {
        bl_real v = s->base[i] + (o > 0 ? s->u[i] : 0);
        s->u[i] = v < 0 ? 0 : v > 1 ? 1 : v;
    }
}

/* Copies planes shifted around by (down, right), each number times scale[c] plus offset[c]. */
static void roll(const bl_real *from, bl_real *to, int channels, int h, int w, int down, int right,
                 const bl_real *scale, const bl_real *offset) {
    down = ((down % h) + h) % h, right = ((right % w) + w) % w;
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < h; y++) {
            const bl_real *row = from + ((size_t)c * (size_t)h + (size_t)y) * (size_t)w;
            bl_real *out = to + ((size_t)c * (size_t)h + (size_t)((y + down) % h)) * (size_t)w;
            for (int x = 0; x < w; x++) out[(x + right) % w] = row[x] * scale[c] + offset[c];
        }
}

/* Mixes the gradient from three blurs of equal strength: less of the checkers that strides and pools leave. */
static void smooth(state *s, int h, int w) {
    size_t n = (size_t)s->channels * (size_t)h * (size_t)w;
    memset(s->mixed, 0, n * sizeof *s->mixed);
    for (double sigma = s->smooth / 2; sigma < s->smooth * 2.5; sigma *= 2) {
        bl_blur(s->gradient, s->channels, h, w, (float)sigma, s->spare, s->plane);
        double squares = 0;
        for (size_t i = 0; i < n; i++) squares += (double)s->spare[i] * s->spare[i];
        if (!(squares > 0)) continue;
        bl_real weight = (bl_real)sqrt((double)n / squares);
        for (size_t i = 0; i < n; i++) s->mixed[i] += weight * s->spare[i];
    }
    memcpy(s->gradient, s->mixed, n * sizeof *s->gradient);
}

/* A layer's objective is a mean, so that octaves of different size can be compared. */
static bl_status measure(bl_job *job, int o, double *value) {
    state *s = job->state;
    bl_job_choose_class(job, s->octave[o].run);
    return bl_objective_value(s->octave[o].run, &job->objective, value, job->error);
}

/* Mean and deviation of each colour back to the photograph's, so that shapes change and the tint stays; of noise, which
 * has hardly any contrast, the mean alone. */
static void restore_colours(state *s, int h, int w) {
    size_t n = (size_t)h * (size_t)w;
    for (int c = 0; c < s->channels; c++) {
        const bl_real *from[2] = {s->base + (size_t)c * n, s->u + (size_t)c * n};
        double mean[2], deviation[2];
        for (int k = 0; k < 2; k++) {
            double sum = 0, squares = 0;
            for (size_t i = 0; i < n; i++) sum += from[k][i], squares += (double)from[k][i] * from[k][i];
            mean[k] = sum / (double)n;
            deviation[k] = sqrt(fmax(squares / (double)n - mean[k] * mean[k], 0));
        }
        bl_real scale =
            (bl_real)(!s->noise && deviation[1] > 1e-4 && deviation[0] > 1e-4 ? deviation[0] / deviation[1] : 1);
        for (size_t i = (size_t)c * n, end = i + n; i < end; i++)
            s->u[i] = (s->u[i] - (bl_real)mean[1]) * scale + (bl_real)mean[0];
    }
}

static bl_status climb(bl_job *job, int o, int down, int right) {
    state *s = job->state;
    const bl_model *m = job->model;
    int h = s->octave[o].height, w = s->octave[o].width;
    size_t n = (size_t)s->channels * (size_t)h * (size_t)w;
    BL_TRY(bl_job_backward(job, s->octave[o].run, &job->objective));
    bl_real scale[4], zero[4] = {0};
    for (int c = 0; c < 4; c++) scale[c] = 1 / (bl_real)m->std[c];
    roll(bl_run_gradient(s->octave[o].run, m->input), s->gradient, s->channels, h, w, -down, -right, scale, zero);
    if (s->smooth > 0) smooth(s, h, w);
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += s->gradient[i] < 0 ? -s->gradient[i] : s->gradient[i];
    if (!(sum > 0)) {
        char text[200];
        bl_objective_text(m, &job->objective, text, sizeof text);
        bl_fail(job->error, BL_USAGE, "the gradient of %s is 0 everywhere: every unit of it is closed for this picture",
                text);
        return bl_hint(job->error, BL_USAGE, "Choose another layer, channel or picture.");
    }
    bl_real pace = (bl_real)(s->step * (double)n / sum);
    for (size_t i = 0; i < n; i++) s->u[i] += pace * s->gradient[i];
    if (s->keep_colours) restore_colours(s, h, w);
    for (size_t i = 0; i < n; i++) s->u[i] = s->u[i] < 0 ? 0 : s->u[i] > 1 ? 1 : s->u[i];
    return BL_OK;
}

static void preview(bl_job *job, int o) {
    state *s = job->state;
    const bl_real *u = s->u;
    if (o + 1 < s->octaves) {
        bl_resize(s->u, s->channels, s->octave[o].height, s->octave[o].width, s->spare, s->dream->height,
                  s->dream->width);
        u = s->spare;
    }
    bl_unit_to_pixels(u, s->channels, s->dream->height, s->dream->width, job->model->channels, s->dream->pixels);
    s->dream->ready = s->strength->ready = true;
}

static bl_status step(bl_job *job, int o, int t) {
    state *s = job->state;
    const bl_model *m = job->model;
    if (t == 0) begin_octave(s, o);
    bool last = t == s->steps; /* measures only, in place */
    bl_random r = {.seed = s->seed, .stream = BL_STREAM_JITTER, .sample = (uint32_t)o, .step = (uint32_t)t};
    uint32_t span = 2 * (uint32_t)s->jitter + 1;
    int down = last ? 0 : (int)bl_random_below(&r, 0, span) - s->jitter,
        right = last ? 0 : (int)bl_random_below(&r, 1, span) - s->jitter;
    bl_real scale[4], offset[4];
    for (int c = 0; c < 4; c++)
        scale[c] = 1 / (bl_real)m->std[c], offset[c] = -(bl_real)m->mean[c] / (bl_real)m->std[c];
    roll(s->u, bl_run_input(s->octave[o].run), s->channels, s->octave[o].height, s->octave[o].width, down, right, scale,
         offset);
    BL_TRY(bl_job_forward(job, s->octave[o].run));
    double value;
    BL_TRY(measure(job, o, &value));
    s->strength->data[o * (s->steps + 1) + t] = (bl_real)value;
    if (o == 0 && t == 0) s->first = value;
    s->last = value;
    if (!last) BL_TRY(climb(job, o, down, right));
    preview(job, o);
    return BL_OK;
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    char text[400];
    bl_objective_text(job->model, &job->objective, text, sizeof text);
    bl_result_range(job, s->strength, BL_FAMILY_ACTIVATION, s->first < 0, 100);
    bl_table_open(s->facts);
    bl_table_text(s->facts, "objective", "dreamt of", text);
    bl_table_number(s->facts, "first", "strength at the start", s->first, "");
    bl_table_number(s->facts, "last", "strength at the end", s->last, "");
    bl_table_number(s->facts, "width", "width", s->dream->width, "px");
    bl_table_number(s->facts, "height", "height", s->dream->height, "px");
    bl_table_number(s->facts, "octaves", "octaves", s->octaves, "");
    bl_table_close(s->facts);
    return BL_OK;
}

static const bl_method_input inputs[] = {
    {"picture", BL_INPUT_PICTURE, 0, 1, "The photograph to start from; none is needed for a dream from noise."}};
static const bl_param params[] = {
    {.name = "size",
     .title = "size",
     .type = BL_PARAM_INTEGER,
     .unit = "px",
     .least = 64,
     .most = 1024,
     .otherwise = 256,
     .logarithmic = true,
     .meaning = "The longer side of the dream."},
    {.name = "octaves",
     .title = "octaves",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 1,
     .most = MAX_OCTAVES,
     .otherwise = 4,
     .meaning = "How many sizes it goes through, from small to large: figures large and small."},
    {.name = "ratio",
     .title = "octave ratio",
     .type = BL_PARAM_NUMBER,
     .unit = "×",
     .least = 1.2,
     .most = 2,
     .otherwise = 1.4,
     .meaning = "How much larger each octave is than the one before."},
    {.name = "steps",
     .title = "steps",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 0,
     .most = 200,
     .otherwise = 10,
     .meaning = "Steps in each octave."},
    {.name = "step",
     .title = "step size",
     .type = BL_PARAM_NUMBER,
     .unit = "/255",
     .least = 0.1,
     .most = 16,
     .otherwise = 1.5,
     .logarithmic = true,
     .meaning = "How far a colour value moves in a step, on average."},
    {.name = "jitter",
     .title = "jitter",
     .type = BL_PARAM_INTEGER,
     .unit = "px",
     .least = 0,
     .most = 64,
     .otherwise = 16,
     .meaning = "How far the picture is shifted by chance before each step, so that no grid shows."},
    {.name = "smooth",
     .title = "smooth",
     .type = BL_PARAM_NUMBER,
     .unit = "px",
     .least = 0,
     .most = 4,
     .otherwise = 0.5,
     .meaning = "Blur of the gradient; 0 leaves it as it is."},
    {.name = "colours",
     .title = "colours",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "keep free",
     .meaning = "Keep the tint and contrast of the start, or let them go where the gradient pulls them."},
    {.name = "start",
     .title = "start from",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "photo noise",
     .meaning = "The photograph, or grey noise."},
    {.name = "seed",
     .title = "seed",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 0,
     .most = 4294967295.0,
     .otherwise = 1,
     .meaning = "Of jitter and noise."},
};

const bl_method bl_method_dream = {
    .id = "dream",
    .family = "dream",
    .title = "Deep dream",
    .purpose = "Change the picture so that a layer, a channel or a class answers more strongly",
    .inputs = inputs,
    .n_inputs = 1,
    .objectives = "layer channel unit class logp prob margin sum",
    .objective = "layer",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "octaves × steps × (1 F + 1 B)",
    .formula = BL_LATEX("u \\leftarrow u + \\eta\\,\\frac{\\nabla_u \\tfrac12 \\lVert A^l "
                        "\\rVert^2}{\\operatorname{mean}\\,\\lvert\\nabla_u \\tfrac12 \\lVert A^l \\rVert^2\\rvert}"),
    .caution = "What appears comes from the training pictures, not from this one.",
    .source = "Mordvintsev et al. 2015, Inceptionism: Going Deeper into Neural Networks",
    .state = sizeof(state),
    .start = start,
    .step = step,
    .finish = finish,
};
