/* Stability: does a map stay as it is when the seed changes, when the picture changes so little that nobody sees it,
 * and when it is moved by a pixel? */
#include <math.h>
#include <string.h>

#include "methods/judging.h"
#include "methods/similarity.h"

enum { MOVES = 4, SEEDS, NOISY, MOVED };

typedef struct {
    bl_judged judged;
    int seeds, draws;   /* further seeds (0: the method has none), noisy pictures */
    bl_picture changed; /* the picture of the item at work; its pixels belong to the arena */
    bl_real *maps;      /* of all seeds, the first one's in front */
    uint32_t *order;
    double *numbers;           /* room for two maps */
    double noisy, most, moved; /* Σ of likenesses; the largest change, of the map's length; Σ of likenesses */
    int n_noisy, n_moved;      /* that are defined */
} state;

static bl_status start(bl_job *job) {
    state *s = job->state;
    BL_TRY(bl_judged_start(job));
    const bl_subject *q = &s->judged.subject;
    const bl_method *m = s->judged.method;
    for (int i = 0; i < m->n_params; i++)
        if (strcmp(m->params[i].name, "seed") == 0) s->seeds = bl_job_integer(job, "seeds") - 1;
    if (s->seeds && strstr(s->judged.with, "seed="))
        return bl_fail(job->error, BL_USAGE, "the seeds are %s's own: leave seed out of with", job->method->id);
    s->draws = bl_job_integer(job, "draws");
    int items = s->seeds + s->draws + MOVES;
    bl_job_phase(job, "the map again", items * s->judged.steps);
    s->changed = (bl_picture){q->width, q->height, bl_arena_take_array(&job->arena, q->pixels, 4)};
    s->maps = bl_arena_take_array(&job->arena, (size_t)(s->seeds + 1) * q->pixels, sizeof *s->maps);
    s->order = bl_arena_take_array(&job->arena, q->pixels, sizeof *s->order);
    s->numbers = bl_arena_take_array(&job->arena, 2 * q->pixels, sizeof *s->numbers);
    return s->changed.pixels && s->maps && s->order && s->numbers ? BL_OK : bl_no_room(job);
}

static int kind_of(const state *s, int item) {
    return item < s->seeds ? SEEDS : item < s->seeds + s->draws ? NOISY : MOVED;
}

/* The picture with every colour changed a little, or moved: what comes in at the edge is the edge again. */
static void change(bl_job *job, int item, int *down, int *right) {
    state *s = job->state;
    const bl_subject *q = &s->judged.subject;
    bl_random r = {(uint64_t)bl_job_number(job, "seed"), BL_STREAM_SUBSETS, (uint32_t)item, 2000};
    double radius = 255 * bl_job_number(job, "radius");
    int move = item - s->seeds - s->draws;
    *down = move == 0 ? 1 : move == 1 ? -1 : 0, *right = move == 2 ? 1 : move == 3 ? -1 : 0;
    for (int i = 0; i < 4 * q->height * q->width; i++) {
        int y = i / 4 / q->width - *down, x = i / 4 % q->width - *right;
        y = y < 0 ? 0 : y >= q->height ? q->height - 1 : y, x = x < 0 ? 0 : x >= q->width ? q->width - 1 : x;
        double v = q->picture.pixels[4 * (y * q->width + x) + i % 4];
        if (kind_of(s, item) == NOISY && i % 4 != 3) v += radius * (2 * (double)bl_random_uniform(&r, (uint32_t)i) - 1);
        s->changed.pixels[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5);
    }
}

/* Of the places that both maps have, when the second was moved. */
static double likeness(state *s, const bl_real *was, const bl_real *now, int down, int right) {
    const bl_subject *q = &s->judged.subject;
    size_t n = 0;
    for (int y = 0; y < q->height; y++)
        for (int x = 0; x < q->width; x++) {
            int row = y + down, column = x + right;
            if (row < 0 || row >= q->height || column < 0 || column >= q->width) continue;
            s->numbers[n] = (double)was[y * q->width + x];
            s->numbers[q->pixels + n++] = (double)now[row * q->width + column];
        }
    return bl_rank_correlation(s->numbers, s->numbers + q->pixels, n);
}

/* How long the change is, of the map's own length. */
static double change_of(const bl_real *was, const bl_real *now, size_t n) {
    double length = 0, off = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)now[i] - (double)was[i];
        length += (double)was[i] * (double)was[i], off += d * d;
    }
    return length > 0 ? sqrt(off / length) : off > 0 ? NAN : 0;
}

static bl_status step(bl_job *job, int phase, int number) {
    state *s = job->state;
    size_t n = s->judged.subject.pixels;
    if (phase < BL_JUDGED_PHASES) return bl_judged_step(job, phase, number);
    int item = number / s->judged.steps, at = number % s->judged.steps, kind = kind_of(s, item), down, right;
    change(job, item, &down, &right);
    if (number == 0) memcpy(s->maps, s->judged.map->data, n * sizeof *s->maps);
    if (at == 0) {
        bl_text more = {0};
        if (kind == SEEDS) bl_text_add(&more, "seed=%d", item + 2);
        bl_status status = more.failed
                               ? bl_no_room(job)
                               : bl_judged_again(job, kind == SEEDS ? NULL : &s->changed, NULL, NULL, more.data);
        bl_text_free(&more);
        BL_TRY(status);
    }
    BL_TRY(bl_judged_advance(job));
    if (at < s->judged.steps - 1) return BL_OK;
    const bl_real *was = s->judged.map->data, *now = bl_judged_map(&s->judged)->data;
    if (kind == SEEDS) {
        memcpy(s->maps + (size_t)(item + 1) * n, now, n * sizeof *now);
        return BL_OK;
    }
    double like = likeness(s, was, now, down, right);
    if (kind == NOISY) s->most = fmax(s->most, change_of(was, now, n));
    if (isfinite(like) && kind == NOISY) s->noisy += like, s->n_noisy++;
    if (isfinite(like) && kind == MOVED) s->moved += like, s->n_moved++;
    return BL_OK;
}

/* Marks the largest tenth of a map. */
static bl_status largest_tenth(bl_job *job, int map, double *marks) {
    state *s = job->state;
    size_t n = s->judged.subject.pixels;
    BL_TRY(bl_map_order(job, s->maps + (size_t)map * n, n, 0, s->order));
    memset(marks, 0, n * sizeof *marks);
    for (size_t i = 0; i < (n + 9) / 10; i++) marks[s->order[i]] = 1;
    return BL_OK;
}

/* Over all pairs of seeds: likeness, and what the largest tenths share, of what they cover together. */
static bl_status pairs(bl_job *job, double *like, double *shared) {
    state *s = job->state;
    size_t n = s->judged.subject.pixels;
    int all = 0;
    *like = *shared = 0;
    for (int i = 0; i <= s->seeds; i++)
        for (int k = 0; k < i; k++, all++) {
            double both = 0, any = 0;
            *like += likeness(s, s->maps + (size_t)i * n, s->maps + (size_t)k * n, 0, 0);
            BL_TRY(largest_tenth(job, i, s->numbers));
            BL_TRY(largest_tenth(job, k, s->numbers + n));
            for (size_t p = 0; p < n; p++)
                both += s->numbers[p] * s->numbers[n + p], any += fmax(s->numbers[p], s->numbers[n + p]);
            *shared += both / any;
        }
    *like = all ? *like / all : 1, *shared = all ? *shared / all : 1; /* without a seed there is nothing to change */
    return BL_OK;
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    double like, shared;
    BL_TRY(pairs(job, &like, &shared));
    bl_judged_open(job);
    bl_judged_figure(job, "seeds", "repeatability, other seeds", like, "");
    bl_judged_figure(job, "tenth", "largest tenth, other seeds", shared, "");
    bl_judged_figure(job, "noise", "likeness under noise", s->n_noisy ? s->noisy / s->n_noisy : NAN, "");
    bl_judged_figure(job, "change", "largest change under noise", s->most, "");
    bl_judged_figure(job, "moved", "likeness when moved by 1 px", s->n_moved ? s->moved / s->n_moved : NAN, "");
    bl_table_close(s->judged.facts);
    return BL_OK;
}

static const bl_param params[] = {
    BL_JUDGED_ROWS,
    {.name = "seeds",
     .title = "seeds",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 2,
     .most = 20,
     .otherwise = 5,
     .meaning = "With how many seeds a method of chance is repeated."},
    {.name = "draws",
     .title = "noisy pictures",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 1,
     .most = 100,
     .otherwise = 10,
     .meaning = "How often noise is added."},
    {.name = "radius",
     .title = "noise",
     .type = BL_PARAM_NUMBER,
     .unit = "",
     .least = 0,
     .most = 0.5,
     .otherwise = 0.02,
     .meaning = "By how much a colour may change at most, of its range."},
    BL_SEED_ROW("Of the noise."),
};

const bl_method bl_method_stability = {
    .id = "stability",
    .family = "judging",
    .title = "Stability",
    .purpose = "Whether a map stays as it is under another seed, a little noise, a shift by one pixel",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .result = "facts",
    .cost = "(4 + noisy pictures + seeds) × the method",
    .formula = BL_LATEX("\\max_{\\|r\\|_\\infty \\le 0.02} \\frac{\\|M(u + r) - M(u)\\|}{\\|M(u)\\|}"),
    .caution =
        "A map that never changes is stable and may be worth nothing: the control's centre is the most stable of all.",
    .source = "Yeh et al. 2019, On the (In)fidelity and Sensitivity of Explanations (max-sensitivity)",
    .state = sizeof(state),
    .start = start,
    .step = step,
    .finish = finish,
    .end = bl_judged_end,
};
