/* Pointing game and localisation: does the map lie on the thing that a box says is there? */
#include <math.h>

#include "methods/judging.h"

typedef struct {
    bl_judged judged;
    int top, left, bottom, right; /* first and last row and column of the box */
} state;

/* From a share of the picture's side to a pixel's edge; boxes in whole pixels stay whole. */
static int edge(bl_job *job, const char *name, int length) {
    return (int)floor(bl_job_number(job, name) * length + 0.5);
}

static bl_status start(bl_job *job) {
    state *s = job->state;
    BL_TRY(bl_judged_start(job));
    const bl_subject *q = &s->judged.subject;
    s->top = edge(job, "top", q->height), s->bottom = edge(job, "bottom", q->height) - 1;
    s->left = edge(job, "left", q->width), s->right = edge(job, "right", q->width) - 1;
    if (s->top <= s->bottom && s->left <= s->right) return BL_OK;
    bl_fail(job->error, BL_USAGE, "the box from %g, %g to %g, %g has no pixel of the picture in it",
            bl_job_number(job, "left"), bl_job_number(job, "top"), bl_job_number(job, "right"),
            bl_job_number(job, "bottom"));
    return bl_hint(job->error, BL_USAGE, "left, top, right and bottom are shares of the picture's sides, 0 to 1.");
}

static bool within(const state *s, size_t pixel, int slack) {
    int y = (int)(pixel / (size_t)s->judged.subject.width), x = (int)(pixel % (size_t)s->judged.subject.width);
    return y >= s->top - slack && y <= s->bottom + slack && x >= s->left - slack && x <= s->right + slack;
}

/* Of the pixels at least as large as the threshold and the box: what they share, of what they cover together. */
static double overlap(const state *s, const bl_real *map, double threshold) {
    size_t both = 0, any = 0;
    for (size_t i = 0; i < s->judged.subject.pixels; i++) {
        bool over = (double)map[i] >= threshold, in = within(s, i, 0);
        both += over && in, any += over || in;
    }
    return (double)both / (double)any;
}

static bl_status finish(bl_job *job) {
    enum { LEVELS = 20 };
    state *s = job->state;
    const bl_subject *q = &s->judged.subject;
    const bl_real *map = s->judged.map->data;
    int slack = bl_job_integer(job, "slack");
    bl_real most = map[0];
    double inside = 0, all = 0, best = 0;
    size_t area = 0, top = 0;
    bool hit = false;
    for (size_t i = 0; i < q->pixels; i++) {
        if (map[i] > most) most = map[i];
        if (map[i] > 0) all += (double)map[i], inside += within(s, i, 0) ? (double)map[i] : 0;
        area += within(s, i, 0);
    }
    for (size_t i = 0; i < q->pixels; i++) hit |= map[i] == most && within(s, i, slack);
    uint32_t *order = bl_alloc_aligned(q->pixels * sizeof *order);
    bl_status status = order ? bl_map_order(job, map, q->pixels, 0, order) : bl_no_room(job);
    for (size_t i = 0; status == BL_OK && i < area; i++) top += within(s, order[i], 0);
    bl_free_aligned(order);
    BL_TRY(status);
    for (int i = 1; i <= LEVELS; i++) best = fmax(best, overlap(s, map, (double)most * i / LEVELS));
    bool any = most > 0; /* a map that speaks for nothing points nowhere */
    bl_judged_open(job);
    bl_judged_figure(job, "hit", "the largest lies in the box", any ? hit : NAN, "");
    bl_judged_figure(job, "energy", "energy in the box", any ? inside / all : NAN, "");
    bl_judged_figure(job, "rank", "the largest pixels in the box", any ? (double)top / (double)area : NAN, "");
    bl_judged_figure(job, "iou15", "overlap above 15 %", any ? overlap(s, map, 0.15 * (double)most) : NAN, "");
    bl_judged_figure(job, "iou25", "overlap above 25 %", any ? overlap(s, map, 0.25 * (double)most) : NAN, "");
    bl_judged_figure(job, "iou50", "overlap above 50 %", any ? overlap(s, map, 0.5 * (double)most) : NAN, "");
    bl_judged_figure(job, "best", "overlap at its best", any ? best : NAN, "");
    bl_judged_figure(job, "area", "area of the box", (double)area / (double)q->pixels, "");
    bl_table_close(s->judged.facts);
    return BL_OK;
}

#define SIDE(name_, title_, otherwise_)                                                                                \
    {                                                                                                                  \
        .name = name_, .title = title_, .type = BL_PARAM_NUMBER, .unit = "", .least = 0, .most = 1,                    \
        .otherwise = otherwise_, .meaning = "The box's edge, as a share of the picture's side."                        \
    }
static const bl_param params[] = {
    BL_JUDGED_ROWS,
    SIDE("left", "box from the left", 0.25),
    SIDE("top", "from the top", 0.25),
    SIDE("right", "to the right", 0.75),
    SIDE("bottom", "to the bottom", 0.75),
    {.name = "slack",
     .title = "slack",
     .type = BL_PARAM_INTEGER,
     .unit = "px",
     .least = 0,
     .most = 50,
     .otherwise = 2,
     .meaning = "How far outside the box the largest pixel still counts as a hit."},
    BL_SEED_ROW("Of equal pixels' order."),
};

const bl_method bl_method_pointing = {
    .id = "pointing",
    .family = "judging",
    .title = "Pointing game",
    .purpose = "Whether a map lies on the thing in the box",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .result = "facts",
    .cost = "the method",
    .formula =
        BL_LATEX("\\frac{\\sum_{i \\in \\mathrm{box}} M_i^+}{\\sum_i M_i^+}, \\quad \\operatorname{arg\\,max} M \\in "
                 "\\mathrm{box}"),
    .caution =
        "A network may rightly look beside the thing, and things stand in the middle of photographs: compare with "
        "the control's centre.",
    .source =
        "Zhang et al. 2016, Top-down Neural Attention by Excitation Backprop; Wang et al. 2020, Score-CAM (energy)",
    .state = sizeof(state),
    .start = start,
    .step = bl_judged_step,
    .finish = finish,
    .end = bl_judged_end,
};
