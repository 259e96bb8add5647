/* Weight randomisation: the map again with weights drawn anew, layer after layer. What stays as it was does not explain
 * what the network has learned. */
#include <math.h>
#include <string.h>

#include "methods/judging.h"
#include "methods/similarity.h"

enum { CASCADING, INDEPENDENT, UPWARDS };
enum { SIZES, SIGNED, STRUCTURE, MEASURES };
enum { MOST_STAGES = 24 };

typedef struct {
    bl_judged judged;
    int *layers, n_layers, stages, seeds; /* layers with weights, the last one first; UPWARDS: the first one first */
    double *numbers;                      /* room for two maps: now, and the trained network's sizes */
    double sum[MEASURES][MOST_STAGES];
    int defined[MEASURES][MOST_STAGES]; /* seeds whose similarity is a number */
    bl_result *curves, *layer_bars, *maps;
} state;

static int find_layers(bl_job *job, int *out) {
    bool upwards = bl_job_integer(job, "order") == UPWARDS;
    const bl_model *m = job->model;
    int n = 0;
    for (int i = 0; i < m->n_nodes; i++) {
        int k = upwards ? i : m->n_nodes - 1 - i;
        if (bl_redraws(m, k) && bl_plan_has(bl_run_plan(((state *)job->state)->judged.subject.run), m->nodes[k].out))
            out[n++] = m->nodes[k].out;
    }
    return n;
}

static bl_status start(bl_job *job) {
    state *s = job->state;
    BL_TRY(bl_judged_start(job));
    const bl_subject *q = &s->judged.subject;
    s->layers = bl_arena_take_array(&job->arena, (size_t)job->model->n_nodes, sizeof *s->layers);
    s->numbers = bl_arena_take_array(&job->arena, 2 * q->pixels, sizeof *s->numbers);
    if (!s->layers || !s->numbers) return bl_no_room(job);
    s->n_layers = find_layers(job, s->layers), s->seeds = bl_job_integer(job, "seeds");
    if (!s->n_layers) return bl_fail(job->error, BL_UNSUPPORTED, "this network has no layer with weights to draw anew");
    int most = bl_job_integer(job, "stages");
    s->stages = s->n_layers < most ? s->n_layers : most;
    bl_job_phase(job, "with weights drawn anew", s->stages * s->seeds * s->judged.steps);
    s->curves =
        bl_job_add_result(job, "similarity", "likeness to the trained map", BL_SERIES, MEASURES, 1, s->stages + 1);
    s->layer_bars = bl_job_add_result(job, "layers", "likeness by layer", BL_BARS, 1, 1, s->stages);
    s->maps =
        bl_job_add_result(job, "maps", "maps, each by its own scale", BL_STACK, s->stages + 1, q->height, q->width);
    if (!s->curves || !s->layer_bars || !s->maps) return bl_no_room(job);
    for (int i = 0; i < MEASURES * (s->stages + 1); i++)
        s->curves->data[i] = i % (s->stages + 1) ? (bl_real)NAN : (bl_real)1;
    bl_text_add(&s->curves->text, "sizes, ranks\nwith sign, ranks\nstructure (SSIM)");
    return BL_OK;
}

/* The last of the layers that are drawn anew in a stage: stages share the layers evenly. */
static int last_of(const state *s, int stage) {
    return (int)((long)(stage + 1) * s->n_layers / s->stages) - 1;
}

static void write_edits(bl_job *job, int stage, int seed, bl_text *out) {
    const state *s = job->state;
    int last = last_of(s, stage), first = stage ? last_of(s, stage - 1) + 1 : 0;
    if (bl_job_integer(job, "order") != INDEPENDENT) first = 0;
    for (int i = first; i <= last; i++) {
        bl_text_add(out, ";\"");
        for (const char *c = job->model->values[s->layers[i]].name; *c; c++)
            bl_text_add(out, "%s%c", *c == '"' || *c == '\\' ? "\\" : "", *c);
        bl_text_add(out, "\"~%d", seed);
    }
}

/* A map between 0 and 1 by its own scale; with its sign, 0 becomes the middle. */
static void scaled(const bl_result *map, double *out) {
    double limit = map->limit > 0 ? (double)map->limit : 1;
    for (size_t i = 0, n = (size_t)map->height * (size_t)map->width; i < n; i++) {
        double v = (double)map->data[i] / limit;
        v = v > 1 ? 1 : v < -1 ? -1 : v;
        out[i] = map->is_signed ? (v + 1) / 2 : v;
    }
}

static void keep(state *s, int at, const bl_result *map) {
    double limit = map->limit > 0 ? (double)map->limit : 1;
    for (size_t i = 0; i < s->judged.subject.pixels; i++) {
        double v = (double)map->data[i] / limit;
        s->maps->data[(size_t)at * s->judged.subject.pixels + i] = (bl_real)(v > 1 ? 1 : v < -1 ? -1 : v);
    }
}

static void compare(state *s, int stage) {
    const bl_subject *q = &s->judged.subject;
    const bl_result *now = bl_judged_map(&s->judged), *was = s->judged.map;
    double *a = s->numbers, *b = a + q->pixels, like[MEASURES];
    for (int sizes = 0; sizes < 2; sizes++) {
        bl_map_doubles(now->data, q->pixels, sizes, a), bl_map_doubles(was->data, q->pixels, sizes, b);
        like[sizes ? SIZES : SIGNED] = bl_rank_correlation(a, b, q->pixels);
    }
    scaled(now, a), scaled(was, b);
    like[STRUCTURE] = isfinite(like[SIZES]) ? bl_structural_similarity(a, b, q->height, q->width) : NAN;
    for (int k = 0; k < MEASURES; k++) {
        if (isfinite(like[k])) s->sum[k][stage] += like[k], s->defined[k][stage]++;
        s->curves->data[k * (s->stages + 1) + stage + 1] =
            (bl_real)(s->defined[k][stage] ? s->sum[k][stage] / s->defined[k][stage] : NAN);
    }
}

static bl_status step(bl_job *job, int phase, int number) {
    state *s = job->state;
    if (phase < BL_JUDGED_PHASES) return bl_judged_step(job, phase, number);
    int item = number / s->judged.steps, at = number % s->judged.steps, stage = item / s->seeds;
    if (number == 0) keep(s, 0, s->judged.map);
    if (at == 0) {
        bl_text edits = {0};
        write_edits(job, stage, bl_job_integer(job, "seed") + item % s->seeds, &edits);
        bl_status status = edits.failed ? bl_no_room(job) : bl_judged_again(job, NULL, NULL, edits.data, NULL);
        bl_text_free(&edits);
        BL_TRY(status);
    }
    BL_TRY(bl_judged_advance(job));
    if (at < s->judged.steps - 1) return BL_OK;
    compare(s, stage);
    if (item % s->seeds == 0) keep(s, stage + 1, bl_judged_map(&s->judged));
    return BL_OK;
}

static void show(bl_job *job) {
    state *s = job->state;
    if (!s->judged.map->ready) return;
    bl_text_clear(&s->layer_bars->text);
    for (int i = 0; i < s->stages; i++) {
        double v = (double)s->curves->data[i + 1];
        s->layer_bars->data[i] = (bl_real)(isfinite(v) ? v : 0);
        bl_text_add(&s->layer_bars->text, "%s%s", i ? "\n" : "", job->model->values[s->layers[last_of(s, i)]].name);
    }
    bl_result_range(job, s->layer_bars, BL_FAMILY_GREY, true, 100);
    bl_result_range(job, s->maps, s->judged.map->family, s->judged.map->is_signed, 100);
    s->curves->ready = s->layer_bars->ready = s->maps->ready = true;
}

/* Of a measure: the last stage's, or the mean over layers where each was drawn by itself. */
static double outcome(const state *s, const bl_job *job, int measure) {
    const bl_real *curve = s->curves->data + measure * (s->stages + 1) + 1;
    if (bl_job_integer(job, "order") != INDEPENDENT) return (double)curve[s->stages - 1];
    double sum = 0;
    for (int i = 0; i < s->stages; i++) sum += (double)curve[i] / s->stages;
    return sum;
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    double rank = outcome(s, job, SIZES), size = fabs(rank);
    bl_judged_open(job);
    bl_judged_figure(job, "rank", "likeness, ranks of sizes", rank, "");
    bl_judged_figure(job, "signed", "likeness, ranks with sign", outcome(s, job, SIGNED), "");
    bl_judged_figure(job, "ssim", "likeness, structure (SSIM)", outcome(s, job, STRUCTURE), "");
    bl_table_text(s->judged.facts, "verdict", "verdict",
                  !isfinite(rank) ? "a map without any order"
                  : size < 0.3    ? "depends on training"
                  : size <= 0.6   ? "unclear"
                                  : "hardly depends on training");
    bl_table_close(s->judged.facts);
    if (s->stages < s->n_layers)
        bl_job_note(job, "The %d layers with weights are drawn anew in %d stages.", s->n_layers, s->stages);
    return BL_OK;
}

static const bl_param params[] = {
    BL_JUDGED_ROWS,
    {.name = "order",
     .title = "order",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "cascading independent upwards",
     .meaning = "From the last layer down, keeping what was drawn; each layer by itself; or from the first layer up."},
    {.name = "stages",
     .title = "stages",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 1,
     .most = MOST_STAGES,
     .otherwise = 8,
     .meaning = "In how many steps the layers are drawn anew, at most; one: all at once."},
    {.name = "seeds",
     .title = "draws",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 1,
     .most = 20,
     .otherwise = 1,
     .meaning = "How often weights are drawn in each stage; likenesses are averaged."},
    {.name = "seed",
     .title = "seed",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 0,
     .most = 2000000000,
     .otherwise = 1,
     .meaning = "Of the weights; further draws count on from it."},
};

const bl_method bl_method_randomisation = {
    .id = "randomisation",
    .family = "judging",
    .title = "Weight randomisation",
    .purpose = "How much of a map is left when what the network has learned is not",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .result = "similarity",
    .cost = "(1 + stages × draws) × the method",
    .formula =
        BL_LATEX("\\rho\\bigl(|M_{\\theta}|, |M_{\\theta'_k}|\\bigr), \\quad \\theta'_k: \\text{the weights of } k "
                 "\\text{ layers drawn anew}"),
    .caution = "A map that changes may still be wrong, and how much of the picture shines through a network of chance "
               "depends on its layers: compare with the control's edges.",
    .source = "Adebayo et al. 2018, Sanity Checks for Saliency Maps; Binder et al. 2023, Shortcomings of Top-Down "
              "Randomization-Based Sanity Checks (order)",
    .state = sizeof(state),
    .start = start,
    .step = step,
    .show = show,
    .finish = finish,
    .end = bl_judged_end,
};
