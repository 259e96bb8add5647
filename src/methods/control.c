/* Controls: maps that never asked the network. A test of explanations that they pass says nothing; a method that does
 * no better than they do has earned no trust. */
#include <math.h>
#include <string.h>

#include "methods/judging.h"

enum { EDGES, CENTRE, NOISE };

typedef struct {
    bl_subject subject;
    bl_result *map, *facts;
} state;

static bl_status start(bl_job *job) {
    state *s = job->state;
    BL_TRY(bl_subject_start(job, &s->subject, false, -1, -1));
    bl_job_phase(job, "forward", 1);
    return bl_map_and_facts(job, &s->subject, "map", "no explanation", &s->map, &s->facts);
}

/* Noise that is another for every value of the objective, so for every network: what a map that is chance alone gives.
 */
static void noise(bl_job *job, const state *s, bl_real *out) {
    uint64_t bits;
    memcpy(&bits, &s->subject.value, sizeof bits);
    bl_random r = {(uint64_t)bl_job_number(job, "seed"), BL_STREAM_CONTROL, (uint32_t)bits, (uint32_t)(bits >> 32)};
    for (size_t i = 0; i < s->subject.pixels; i++) out[i] = bl_random_uniform(&r, (uint32_t)i);
}

static void centre(const state *s, bl_real *out) {
    double y0 = (s->subject.height - 1) / 2.0, x0 = (s->subject.width - 1) / 2.0, most = sqrt(y0 * y0 + x0 * x0) + 1;
    for (int y = 0; y < s->subject.height; y++)
        for (int x = 0; x < s->subject.width; x++)
            out[y * s->subject.width + x] = (bl_real)(1 - sqrt((y - y0) * (y - y0) + (x - x0) * (x - x0)) / most);
}

static bl_status step(bl_job *job, int phase, int number) {
    (void)phase, (void)number;
    state *s = job->state;
    int kind = bl_job_integer(job, "kind");
    BL_TRY(bl_subject_look(job, &s->subject));
    if (kind == EDGES)
        bl_edges(&s->subject.picture, s->map->data);
    else if (kind == CENTRE)
        centre(s, s->map->data);
    else
        noise(job, s, s->map->data);
    bl_map_show(job, s->map, false, "");
    bl_facts_open(job, s->facts, &s->subject);
    bl_facts_largest(job, s->facts, s->map);
    bl_table_close(s->facts);
    return BL_OK;
}

static const bl_param params[] = {
    {.name = "kind",
     .title = "map",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "edges centre noise",
     .meaning = "The edges of the picture, the nearness to its middle, or noise."},
    BL_PERCENTILE_ROW,
    BL_SEED_ROW("Of the noise."),
};

const bl_method bl_method_control = {
    .id = "control",
    .family = "judging",
    .title = "Control",
    .purpose = "A map that never asked the network, to compare others with",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "1 F",
    .formula = BL_LATEX(
        "M = \\bigl|\\nabla u\\bigr| \\quad\\text{or}\\quad 1 - |x - x_0| \\quad\\text{or}\\quad \\text{chance}"),
    .caution = "It looks as convincing as many an explanation, and knows nothing of the network.",
    .source = "Adebayo et al. 2018, Sanity Checks for Saliency Maps (edge detector)",
    .state = sizeof(state),
    .start = start,
    .step = step,
};
