/* LIME: a linear model of the score, fitted to pictures near this one that lack some of its pieces. The sums of the
 * fit are kept for two halves of the samples, so that they can be held against each other. */
#include <math.h>
#include <string.h>

#include "base/elementary.h"
#include "methods/pieces.h"
#include "methods/similarity.h"

/* Weighted sums over samples: of 1, y, y², and per piece of z, z·y, and of the products of two. */
typedef struct {
    double w, y, yy, *z, *zy, *zz;
} sums;
typedef struct {
    bl_pieces pieces;
    sums half[2], all;
    double *a, *weights, *other;
    double intercept, fit;
    int seen;
} state;

static bool take_sums(bl_job *job, sums *s, size_t n) {
    s->z = bl_arena_take_array(&job->arena, n * (n + 2), sizeof *s->z);
    if (!s->z) return false;
    s->zy = s->z + n, s->zz = s->zy + n;
    return true;
}

static bl_status start(bl_job *job) {
    state *s = job->state;
    BL_TRY(bl_subject_start(job, &s->pieces.subject, false, -1, -1));
    BL_TRY(bl_pieces_cut(job, &s->pieces));
    size_t n = (size_t)s->pieces.n;
    s->a = bl_arena_take_array(&job->arena, n * n, sizeof *s->a);
    s->weights = bl_arena_take_array(&job->arena, n, sizeof *s->weights);
    s->other = bl_arena_take_array(&job->arena, n, sizeof *s->other);
    if (!s->a || !s->weights || !s->other || !take_sums(job, &s->half[0], n) || !take_sums(job, &s->half[1], n) ||
        !take_sums(job, &s->all, n))
        return bl_no_room(job);
    int samples = bl_job_integer(job, "samples");
    if (samples < 5 * s->pieces.n)
        bl_job_note(job, "%d samples are few for %d pieces: at least %d would be better.", samples, s->pieces.n,
                    5 * s->pieces.n);
    return bl_pieces_phase(job, &s->pieces, samples);
}

/* The whole picture first; then each piece is there or not. */
static void mask(bl_job *job, int item) {
    bl_pieces *p = job->state;
    bl_random r = {(uint64_t)bl_job_number(job, "seed"), BL_STREAM_LIME, (uint32_t)item, 0};
    for (int k = 0; k < p->n; k++) p->on[k] = item == 0 || bl_random_word(&r, (uint32_t)k) >> 31;
}

static bl_status part(bl_job *job, int phase, int first, int count, bl_real *out) {
    (void)phase;
    return bl_pieces_part(job, job->state, mask, first, count, out);
}

static bl_status merge(bl_job *job, int phase, int item, const bl_real *value) {
    (void)phase;
    state *s = job->state;
    sums *h = &s->half[item & 1];
    const uint8_t *on = s->pieces.on;
    int n = s->pieces.n, there = 0;
    mask(job, item);
    for (int k = 0; k < n; k++) there += on[k];
    double far = 1 - sqrt((double)there / n), width = bl_job_number(job, "width"), y = value[0];
    double w = bl_exp((bl_real)(-far * far / (2 * width * width)));
    h->w += w, h->y += w * y, h->yy += w * y * y;
    for (int i = 0; i < n; i++) {
        if (!on[i]) continue;
        h->z[i] += w, h->zy[i] += w * y;
        for (int k = 0; k <= i; k++) h->zz[i * n + k] += on[k] ? w : 0;
    }
    s->seen++;
    return BL_OK;
}

/* Ridge regression about the weighted means; returns the share of the variance that it explains. */
static double fit(bl_job *job, const sums *h, double *weights, double *intercept) {
    state *s = job->state;
    int n = s->pieces.n;
    double ridge = bl_job_number(job, "ridge"), total = h->yy - h->y * h->y / h->w, left = total;
    for (int i = 0; i < n; i++) {
        weights[i] = h->zy[i] - h->z[i] * h->y / h->w;
        for (int k = 0; k <= i; k++)
            s->a[i * n + k] = h->zz[i * n + k] - h->z[i] * h->z[k] / h->w + (i == k ? ridge : 0);
    }
    bl_solve(s->a, weights, n);
    *intercept = h->y / h->w;
    for (int i = 0; i < n; i++) {
        *intercept -= weights[i] * h->z[i] / h->w;
        left -= 2 * weights[i] * (h->zy[i] - h->z[i] * h->y / h->w);
        for (int k = 0; k < n; k++) {
            double zz = i >= k ? h->zz[i * n + k] : h->zz[k * n + i];
            left += weights[i] * weights[k] * (zz - h->z[i] * h->z[k] / h->w);
        }
    }
    return total > 1e-12 * h->yy ? 1 - left / total : 0;
}

static void show(bl_job *job) {
    state *s = job->state;
    int n = s->pieces.n;
    const sums *a = &s->half[0], *b = &s->half[1];
    sums *all = &s->all;
    if (s->seen < 2) return;
    all->w = a->w + b->w, all->y = a->y + b->y, all->yy = a->yy + b->yy;
    for (int i = 0; i < n * (n + 2); i++) all->z[i] = a->z[i] + b->z[i];
    s->fit = fit(job, all, s->weights, &s->intercept);
    bl_pieces_show(job, &s->pieces, s->weights);
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    bl_pieces *p = &s->pieces;
    double local = s->intercept, unused, *halves[2] = {s->other, s->all.z}; /* the sums are not needed any more */
    for (int k = 0; k < p->n; k++) local += s->weights[k];
    for (int i = 0; i < 2; i++) fit(job, &s->half[i], halves[i], &unused);
    double same = bl_rank_correlation(halves[0], halves[1], (size_t)p->n);
    bl_facts_open(job, p->facts, &p->subject);
    bl_table_number(p->facts, "segments", "pieces", p->n, "");
    bl_table_number(p->facts, "local", "the linear model gives", local, "");
    bl_table_number(p->facts, "fit", "of the variance explained", 100 * s->fit, "%");
    if (same == same) bl_table_number(p->facts, "agreement", "rank correlation of two halves of the samples", same, "");
    bl_facts_largest(job, p->facts, p->map);
    bl_table_close(p->facts);
    if (s->fit < 0.5) bl_job_note(job, "The linear model does not fit: the score is not a sum of pieces here.");
    if (same < 0.7) bl_job_note(job, "Two halves of the samples rank the pieces differently: more samples are needed.");
    return BL_OK;
}

static const bl_param params[] = {
    BL_PIECES_ROWS,
    {.name = "samples",
     .title = "samples",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 50,
     .most = 5000,
     .otherwise = 1000,
     .logarithmic = true,
     .meaning = "How many pictures with pieces hidden are tried."},
    {.name = "width",
     .title = "width",
     .type = BL_PARAM_NUMBER,
     .unit = "",
     .least = 0.05,
     .most = 10,
     .otherwise = 0.25,
     .logarithmic = true,
     .meaning = "How much samples count that lack many pieces; large: as much as others."},
    {.name = "ridge",
     .title = "ridge",
     .type = BL_PARAM_NUMBER,
     .unit = "",
     .least = 0,
     .most = 100,
     .otherwise = 1,
     .meaning = "Draws weights towards 0."},
    BL_PERCENTILE_ROW,
    BL_SEED_ROW("Of the samples."),
};

const bl_method bl_method_lime = {
    .id = "lime",
    .family = "attribution",
    .title = "LIME",
    .purpose = "A linear model of the score in pieces of the picture",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "prob",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "1 F + samples × 1 F",
    .formula = BL_LATEX("\\min_w \\sum_i \\pi_i \\bigl( f(h(z_i)) - w_0 - w^\\top z_i \\bigr)^2 + \\alpha \\|w\\|^2"),
    .caution = "Depends on the pieces, what hides them, the width and the seed; and a straight line may fit badly.",
    .source = "Ribeiro et al. 2016, “Why Should I Trust You?”; pieces: Achanta et al. 2012, SLIC",
    .state = sizeof(state),
    .start = start,
    .step = bl_subject_step,
    .part = part,
    .merge = merge,
    .show = show,
    .finish = finish,
};
