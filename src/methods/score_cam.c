/* Score-CAM: each channel of a layer is laid over the picture as a mask, and weighted by the score that is left. */
#include "base/elementary.h"
#include "methods/cam.h"

enum { MOST_AT_ONCE = 8 };

typedef struct {
    bl_subject subject; /* first: bl_subject_step */
    bl_cam cam;
    bl_run *run;
    bl_real *mask, *scores; /* H×W; one a channel */
    int seen;
    bl_result *map, *facts;
} state;

static bl_status start(bl_job *job) {
    state *s = job->state;
    bl_cam_layer(job, &s->cam);
    BL_TRY(bl_subject_start(job, &s->subject, false, s->cam.layer, -1));
    BL_TRY(bl_cam_take(job, &s->cam, s->subject.run));
    int batch = bl_job_batch(s->cam.channels, MOST_AT_ONCE);
    BL_TRY(bl_subject_run(job, &s->subject, batch, -1, &s->run));
    s->mask = bl_arena_take_array(&job->arena, s->subject.pixels, sizeof *s->mask);
    s->scores = bl_arena_take_array(&job->arena, (size_t)s->cam.channels, sizeof *s->scores);
    bl_job_phase(job, "forward", 1);
    if (!s->mask || !s->scores || !bl_job_phase_independent(job, "channel by channel", s->cam.channels, batch, 1))
        return bl_no_room(job);
    return bl_map_and_facts(job, &s->subject, "map", "where the layer speaks for it", &s->map, &s->facts);
}

static const bl_real *channel(const state *s, int k) {
    return bl_run_value(s->subject.run, s->cam.layer) + (size_t)k * (size_t)s->cam.height * (size_t)s->cam.width;
}

/* The channel enlarged to the picture, its least number 0 and its largest 1; a channel that is the same everywhere is
 * no mask, and leaves nothing of the picture. */
static void make_mask(state *s, int k) {
    bl_resize(channel(s, k), 1, s->cam.height, s->cam.width, s->mask, s->subject.height, s->subject.width);
    bl_real low = s->mask[0], high = s->mask[0];
    for (size_t i = 0; i < s->subject.pixels; i++) {
        if (s->mask[i] < low) low = s->mask[i];
        if (s->mask[i] > high) high = s->mask[i];
    }
    for (size_t i = 0; i < s->subject.pixels; i++) s->mask[i] = high > low ? (s->mask[i] - low) / (high - low) : 0;
}

static bl_status part(bl_job *job, int phase, int first, int count, bl_real *out) {
    (void)phase;
    state *s = job->state;
    int batch = bl_plan_batch(bl_run_plan(s->run));
    for (int i = 0; i < batch; i++) {
        bl_real *x = bl_run_input(s->run) + (size_t)i * s->subject.n;
        if (i < count) make_mask(s, first + i);
        for (size_t k = 0; k < s->subject.n; k++) x[k] = s->subject.x[k] * s->mask[k % s->subject.pixels];
    }
    double values[MOST_AT_ONCE];
    BL_TRY(bl_job_forward(job, s->run));
    BL_TRY(bl_objective_value(s->run, &job->objective, values, job->error));
    for (int i = 0; i < count; i++) out[i] = (bl_real)values[i];
    return BL_OK;
}

static bl_status merge(bl_job *job, int phase, int item, const bl_real *value) {
    (void)phase;
    state *s = job->state;
    s->scores[item] = *value;
    s->seen = item + 1;
    return BL_OK;
}

/* The weights: a softmax over the channels so far. Gives 1/Σα², how many channels that is in effect. */
static double weigh(state *s) {
    size_t n = (size_t)s->cam.height * (size_t)s->cam.width;
    bl_real most = s->scores[bl_largest(s->scores, s->seen)];
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) s->cam.cells[i] = 0;
    for (int k = 0; k < s->seen; k++) sum += bl_exp(s->scores[k] - most);
    for (int k = 0; k < s->seen; k++) {
        bl_real weight = (bl_real)(bl_exp(s->scores[k] - most) / sum);
        squares += (double)weight * weight;
        for (size_t i = 0; i < n; i++) s->cam.cells[i] += weight * channel(s, k)[i];
    }
    return 1 / squares;
}

static void show(bl_job *job) {
    state *s = job->state;
    if (!s->seen) return;
    weigh(s);
    bl_cam_enlarge(job, &s->cam, &s->subject, s->map->data);
    bl_map_show(job, s->map, bl_job_integer(job, "keep") != 0, "");
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    double channels = weigh(s);
    bl_cam_enlarge(job, &s->cam, &s->subject, s->map->data);
    bl_cam_facts(job, &s->cam, &s->subject, s->map, s->facts);
    if (channels < 2)
        bl_job_note(job,
                    "One channel has nearly all the weight: scores of this size make the softmax over channels sharp.");
    return BL_OK;
}

static const bl_param params[] = {BL_CAM_ROWS};

const bl_method bl_method_score_cam = {
    .id = "score-cam",
    .family = "attribution",
    .title = "Score-CAM",
    .purpose = "Channels of a late layer weighted by the score that each leaves as a mask",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "1 F + channels × 1 F",
    .formula = BL_LATEX("M = \\operatorname{relu}\\Bigl(\\sum_k \\alpha_k A_k\\Bigr), \\quad \\alpha = "
                        "\\operatorname{softmax}_k S(u \\odot m_k)"),
    .caution =
        "The softmax over channels makes it depend on the scale of the scores: large ones leave all the weight to one "
        "channel.",
    .source = "Wang et al. 2020, Score-CAM",
    .state = sizeof(state),
    .start = start,
    .step = bl_subject_step,
    .part = part,
    .merge = merge,
    .show = show,
    .finish = finish,
};
