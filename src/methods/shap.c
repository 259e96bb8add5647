/* SHAP: Shapley values of pieces of the picture, as players whose game is the score. By weighted least squares over
 * coalitions: all of them where they are few, which is exact, else whole sizes from both ends and samples of the rest.
 */
#include <math.h>
#include <string.h>

#include "methods/pieces.h"

typedef struct {
    bl_pieces pieces;
    int samples;  /* coalitions but for the empty and the whole one */
    int sizes;    /* 1 … sizes are tried in full, and n−sizes … n−1 */
    int full;     /* how many coalitions these are */
    double share; /* of the kernel's weight that each drawn coalition has */
    double *a, *b, *solved, *weights, first, last;
    int seen;
} state;

/* n over k; capped, where it is more than anybody tries. */
static double choose(int n, int k) {
    double result = 1;
    for (int i = 1; i <= k && result < 1e9; i++) result = result * (n - k + i) / i;
    return floor(result + 0.5);
}

/* What all coalitions of a size weigh together in Shapley's kernel. */
static double kernel(int n, int size) {
    return (n - 1.0) / ((double)size * (n - size));
}

static bool middle(int n, int size) {
    return 2 * size == n;
}

/* Sizes from both ends as long as the samples last; what weight is left goes to coalitions drawn. */
static void spread(state *s, int most) {
    int n = s->pieces.n;
    double left = most;
    for (int size = 1; 2 * size <= n; size++) {
        double all = choose(n, size) * (middle(n, size) ? 1 : 2);
        bool rest = 2 * (size + 1) <= n; /* of which two at least are to be drawn */
        if (all > left - (rest ? 2 : 0)) break;
        left -= all, s->full += (int)all, s->sizes = size;
    }
    double weight = 0;
    for (int size = s->sizes + 1; size < n - s->sizes; size++) weight += kernel(n, size);
    bool everything = weight == 0;
    int drawn = everything ? 0 : (most - s->full) / 2 * 2; /* each with what it lacks */
    s->samples = s->full + drawn;
    s->share = everything ? 0 : weight / drawn;
}

static bl_status start(bl_job *job) {
    state *s = job->state;
    BL_TRY(bl_subject_start(job, &s->pieces.subject, false, -1, -1));
    BL_TRY(bl_pieces_cut(job, &s->pieces));
    size_t n = (size_t)s->pieces.n;
    s->a = bl_arena_take_array(&job->arena, 2 * n * n, sizeof *s->a);
    s->b = bl_arena_take_array(&job->arena, 2 * n, sizeof *s->b);
    if (!s->a || !s->b) return bl_no_room(job);
    s->solved = s->a + n * n, s->weights = s->b + n;
    spread(s, bl_job_integer(job, "samples"));
    return bl_pieces_phase(job, &s->pieces, s->samples + 2);
}

/* Coalition `number` of those of a size, in order. */
static void unrank(uint8_t *on, int n, int size, double number) {
    for (int k = 0; k < n; k++) {
        double with = size > 0 ? choose(n - k - 1, size - 1) : 0;
        on[k] = number < with;
        if (on[k])
            size--;
        else
            number -= with;
    }
}

/* A size by its weight, then one of its coalitions; the next item is everything it lacks. */
static void draw(bl_job *job, int item) {
    state *s = job->state;
    bl_pieces *p = &s->pieces;
    int n = p->n, size = s->sizes + 1;
    bl_random r = {(uint64_t)bl_job_number(job, "seed"), BL_STREAM_SHAP, (uint32_t)item / 2, 0};
    double total = 0;
    for (int k = size; k < n - s->sizes; k++) total += kernel(n, k);
    double at = (double)bl_random_uniform(&r, 0) * total;
    while (size + 1 < n - s->sizes && at >= kernel(n, size)) at -= kernel(n, size++);
    for (int k = 0, left = size; k < n; k++) { /* each so likely that all coalitions of the size are */
        p->on[k] = bl_random_below(&r, 1 + (uint32_t)k, (uint32_t)(n - k)) < (uint32_t)left;
        left -= p->on[k];
        if (item & 1) p->on[k] = !p->on[k];
    }
}

static double mask_of(bl_job *job, int item) {
    state *s = job->state;
    bl_pieces *p = &s->pieces;
    int n = p->n;
    memset(p->on, item == 1, (size_t)n);
    if (item < 2) return 0;
    item -= 2;
    if (item >= s->full) {
        draw(job, item - s->full);
        return s->share;
    }
    for (int size = 1;; size++) {
        double all = choose(n, size);
        for (int turn = 0; turn < (middle(n, size) ? 1 : 2); turn++) {
            if (item < all) {
                unrank(p->on, n, size, item);
                for (int k = 0; turn && k < n; k++) p->on[k] = !p->on[k];
                return kernel(n, size) / all;
            }
            item -= (int)all;
        }
    }
}
static void mask(bl_job *job, int item) {
    mask_of(job, item);
}

static bl_status part(bl_job *job, int phase, int first, int count, bl_real *out) {
    (void)phase;
    return bl_pieces_part(job, job->state, mask, first, count, out);
}

/* The last player's value is what the others leave of the whole: least squares of n−1 unknowns. */
static bl_status merge(bl_job *job, int phase, int item, const bl_real *value) {
    (void)phase;
    state *s = job->state;
    const uint8_t *on = s->pieces.on;
    int n = s->pieces.n, last = n - 1;
    if (item == 0) s->first = value[0];
    if (item == 1) s->last = value[0];
    double w = mask_of(job, item), y = (double)value[0] - s->first - (on[last] ? s->last - s->first : 0);
    for (int i = 0; i < last && item > 1; i++) {
        double x = on[i] - on[last];
        if (x == 0) continue;
        s->b[i] += w * x * y;
        for (int k = 0; k <= i; k++) s->a[i * last + k] += w * x * (on[k] - on[last]);
    }
    s->seen++;
    return BL_OK;
}

static void show(bl_job *job) {
    state *s = job->state;
    int last = s->pieces.n - 1;
    if (s->seen < 2) return;
    memcpy(s->solved, s->a, (size_t)(last * last) * sizeof *s->a);
    memcpy(s->weights, s->b, (size_t)last * sizeof *s->b);
    bl_solve(s->solved, s->weights, last);
    s->weights[last] = s->last - s->first;
    for (int k = 0; k < last; k++) s->weights[last] -= s->weights[k];
    bl_pieces_show(job, &s->pieces, s->weights);
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    bl_pieces *p = &s->pieces;
    double sum = 0;
    for (int k = 0; k < p->n; k++) sum += s->weights[k];
    bl_facts_open(job, p->facts, &p->subject);
    bl_table_number(p->facts, "segments", "pieces", p->n, "");
    bl_table_bool(p->facts, "exact", "every coalition was tried", s->share == 0);
    bl_table_number(p->facts, "empty", "its value with all pieces hidden", s->first, "");
    bl_table_number(p->facts, "sum", "the pieces add up to", sum, "");
    bl_table_number(p->facts, "due", "the difference of both values", s->last - s->first, "");
    bl_facts_largest(job, p->facts, p->map);
    bl_table_close(p->facts);
    return BL_OK;
}

static const bl_param params[] = {
    BL_PIECES_ROWS,
    {.name = "samples",
     .title = "coalitions",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 64,
     .most = 8192,
     .otherwise = 2128,
     .logarithmic = true,
     .meaning = "At most how many sets of pieces are tried; up to 11 pieces need no more than 2046, and are exact."},
    BL_PERCENTILE_ROW,
    BL_SEED_ROW("Of the sets that are drawn."),
};

const bl_method bl_method_shap = {
    .id = "shap",
    .family = "attribution",
    .title = "SHAP",
    .purpose = "What each piece of the picture adds to the score, on average over all sets of others",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "prob",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "3 F + coalitions × 1 F",
    .formula = BL_LATEX(
        "\\phi_j = \\sum_{T \\not\\ni j} \\frac{|T|!\\,(M - |T| - 1)!}{M!} \\bigl( f(T \\cup j) - f(T) \\bigr)"),
    .caution =
        "What is absent is played by a fill that the network never saw, and pieces that go together share credit.",
    .source = "Lundberg and Lee 2017, A Unified Approach to Interpreting Model Predictions",
    .state = sizeof(state),
    .start = start,
    .step = bl_subject_step,
    .part = part,
    .merge = merge,
    .show = show,
    .finish = finish,
};
