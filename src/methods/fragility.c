/* Fragility: how far a map can be moved by a change of the picture that nobody sees and that leaves the prediction as
 * it is. Goes down along the sign of ∂D/∂u, where D is the share that the largest pixels keep in the gradient's map. */
#include <math.h>
#include <string.h>

#include "methods/attack.h"
#include "methods/judging.h"
#include "methods/similarity.h"

enum { CHANCE = BL_JUDGED_PHASES, ATTACK, AFTER };
enum { HERE, AHEAD, BEHIND, PLACES }; /* where each round takes the gradient */
enum { LARGEST, CENTRE };
/* How far ahead and behind, of a colour's range, where it is most. A ReLU's gradient has steps and no slope of its own:
 * the distance must reach over some of them (docs/decisions/0012-bends.md). */
static const bl_real reach = 8 / (bl_real)255;

typedef struct {
    bl_judged judged;
    int eps, rounds;
    size_t top;                  /* how many pixels count as the largest */
    bl_real *here, *ahead, *way; /* gradients, and the way that they are compared along, in units of colour; C×H×W */
    bl_real *sizes;              /* the gradient's map: Σ|g| of a pixel */
    uint32_t *order;
    uint8_t *first, *now;    /* marks of the largest: of the picture as it is, of another map */
    double *numbers;         /* room for two maps */
    double least, own, p[2]; /* of the best round: what is to become small, what stays of the largest; the
                                prediction's probability before and after */
    double centre[2];        /* of the gradient's map at first */
    bl_real *chances;        /* of all classes */
    uint8_t *best;           /* pixels */
    bl_result *other, *picture, *change, *kept;
    double shared[2], like[2], moved; /* after the attack, and by chance */
} state;

static bl_status start(bl_job *job) {
    state *s = job->state;
    s->judged.back = true;
    BL_TRY(bl_judged_start(job));
    const bl_subject *q = &s->judged.subject;
    size_t classes = (size_t)bl_n_classes(bl_run_plan(q->run));
    s->eps = bl_job_integer(job, "eps"), s->rounds = bl_job_integer(job, "steps");
    s->top = (size_t)(bl_job_number(job, "top") / 100 * (double)q->pixels + 0.5);
    if (s->top < 1) s->top = 1;
    bl_job_phase(job, "random noise", s->judged.steps);
    bl_job_phase(job, "changing the picture", PLACES * s->rounds + 1);
    bl_job_phase(job, "the map again", s->judged.steps);
    bl_real **const arrays[] = {&s->here, &s->ahead, &s->way, &s->sizes};
    bool room = true;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        room = room && (*arrays[i] = bl_arena_take_array(&job->arena, q->n, sizeof **arrays[i]));
    s->order = bl_arena_take_array(&job->arena, q->pixels, sizeof *s->order);
    s->first = bl_arena_take(&job->arena, q->pixels), s->now = bl_arena_take(&job->arena, q->pixels);
    s->numbers = bl_arena_take_array(&job->arena, 2 * q->pixels, sizeof *s->numbers);
    s->chances = bl_arena_take_array(&job->arena, classes, sizeof *s->chances);
    s->best = bl_arena_take_array(&job->arena, q->pixels, 4);
    s->other = bl_job_add_result(job, "other", "after the change", BL_MAP, 1, q->height, q->width);
    s->picture = bl_job_add_result(job, "changed", "changed picture", BL_PICTURE, 1, q->height, q->width);
    s->change = bl_job_add_result(job, "perturbation", "perturbation", BL_PICTURE, 1, q->height, q->width);
    s->kept = bl_job_add_result(job, "kept", "of the largest stay", BL_SERIES, 1, 1, s->rounds + 1);
    if (!room || !s->order || !s->first || !s->now || !s->numbers || !s->chances || !s->best || !s->other ||
        !s->picture || !s->change || !s->kept)
        return bl_no_room(job);
    for (int i = 0; i <= s->rounds; i++) s->kept->data[i] = NAN;
    s->kept->limit = 1;
    bl_text_add(&s->kept->text, "of the largest stay");
    bl_text_add(&s->change->text, "Perturbation ×%d, grey = no change", bl_attack_gain(s->eps));
    return BL_OK;
}

/* The gradient at the picture at work, and h further along the way. */
static bl_status gradient(bl_job *job, bl_real h, bl_real *out) {
    state *s = job->state;
    const bl_subject *q = &s->judged.subject;
    const bl_model *m = job->model;
    bl_picture p = {q->width, q->height, s->picture->pixels};
    bl_real *x = bl_run_input(q->run);
    bl_picture_to_input(&p, m, x);
    for (size_t i = 0; h != 0 && i < q->n; i++) x[i] += h * s->way[i] / m->std[i / q->pixels & 3];
    BL_TRY(bl_job_forward(job, q->run));
    BL_TRY(bl_job_backward(job, q->run, &job->objective));
    memcpy(out, bl_run_gradient(q->run, m->input), q->n * sizeof *out);
    return BL_OK;
}

/* Every colour value `by` bytes up where `rise` is below 0, down where it is above; within the box around the picture.
 * Did anything change? */
static bool move(bl_job *job, const bl_real *rise, int by) {
    state *s = job->state;
    const bl_subject *q = &s->judged.subject;
    bool any = false;
    for (size_t i = 0; i < 4 * q->pixels; i++) {
        size_t c = i % 4;
        if (c == 3) continue;
        if (job->model->channels != BL_CHANNELS_RGB) c = job->model->channels == BL_CHANNELS_BGR ? 2 - c : 0;
        if (q->channels == 1) c = 0;
        bl_real r = rise[c * q->pixels + i / 4];
        int from = q->picture.pixels[i], at = s->picture->pixels[i], to = at - by * ((r > 0) - (r < 0));
        int low = from > s->eps ? from - s->eps : 0, high = from + s->eps < 255 ? from + s->eps : 255;
        to = to < low ? low : to > high ? high : to;
        any |= to != at;
        s->picture->pixels[i] = (uint8_t)to;
    }
    return any;
}

/* Marks the largest of a map of sizes. */
static bl_status mark(bl_job *job, const bl_real *sizes, uint8_t *marks) {
    state *s = job->state;
    size_t n = s->judged.subject.pixels;
    BL_TRY(bl_map_order(job, sizes, n, 0, s->order));
    memset(marks, 0, n);
    for (size_t i = 0; i < s->top; i++) marks[s->order[i]] = 1;
    return BL_OK;
}

static double both(const state *s) {
    double n = 0;
    for (size_t i = 0; i < s->judged.subject.pixels; i++) n += s->first[i] && s->now[i];
    return n / (double)s->top;
}

/* Row and column of the centre of mass; returns the mass. */
static double centre_of(const state *s, const bl_real *sizes, double at[2]) {
    const bl_subject *q = &s->judged.subject;
    double mass = 0, down = 0, right = 0;
    for (size_t i = 0; i < q->pixels; i++) {
        double v = (double)sizes[i];
        mass += v, down += v * (double)(i / (size_t)q->width), right += v * (double)(i % (size_t)q->width);
    }
    at[0] = down / mass, at[1] = right / mass;
    return mass;
}

/* Looks at the picture as it has become, keeps it if it is the best yet of the same prediction, and finds the way.
 * *end: there is none. */
static bl_status look(bl_job *job, int round, bool *end) {
    state *s = job->state;
    const bl_subject *q = &s->judged.subject;
    bool to_centre = bl_job_integer(job, "aim") == CENTRE;
    double centre[2], share = 0;
    BL_TRY(gradient(job, 0, s->here));
    bl_reduce(job->model, s->here, BL_REDUCE_SUM, 1, q->pixels, s->sizes);
    double mass = centre_of(s, s->sizes, centre);
    BL_TRY(mark(job, s->sizes, s->now));
    if (round == 0) memcpy(s->first, s->now, q->pixels), memcpy(s->centre, centre, sizeof centre);
    for (size_t i = 0; i < q->pixels; i++) share += s->first[i] ? (double)s->sizes[i] / mass : 0;
    double down = centre[0] - s->centre[0], right = centre[1] - s->centre[1],
           small = to_centre ? -sqrt(down * down + right * right) : both(s) * (double)s->top + share;
    if (round == 0 || (small < s->least && bl_batch_class(q->run, 0) == q->predicted)) {
        s->least = small, s->own = both(s);
        memcpy(s->best, s->picture->pixels, 4 * q->pixels);
        bl_probabilities(job->model, bl_run_value(q->run, job->model->scores), bl_n_classes(bl_run_plan(q->run)),
                         s->chances);
        s->p[round > 0] = (double)s->chances[q->predicted];
        if (round == 0) s->p[1] = s->p[0];
    }
    s->kept->data[round] = (bl_real)s->own, s->kept->ready = s->picture->ready = true;
    if (down == 0 && right == 0) right = 1; /* to any side, at first */
    double most = 0;
    for (size_t i = 0; i < q->pixels; i++) {
        double y = (double)(i / (size_t)q->width) - centre[0], x = (double)(i % (size_t)q->width) - centre[1];
        bl_real w = (bl_real)(to_centre ? -(down * y + right * x) : s->first[i] - share);
        most = fmax(most, fabs((double)w));
        for (size_t k = i; k < q->n; k += q->pixels) s->way[k] = s->here[k] > 0 ? w : s->here[k] < 0 ? -w : 0;
    }
    *end = !(mass > 0 && most > 0);
    for (size_t i = 0; i < q->n && !*end; i++) s->way[i] /= (bl_real)most;
    return BL_OK;
}

static bl_status attack(bl_job *job, int number) {
    state *s = job->state;
    bool end = number == PLACES * s->rounds;
    switch (number % PLACES) {
    case HERE: {
        bool lost;
        BL_TRY(look(job, number / PLACES, &lost));
        end = end || lost;
        break;
    }
    case AHEAD: BL_TRY(gradient(job, reach, s->ahead)); break;
    default:
        BL_TRY(gradient(job, -reach, s->here));
        for (size_t i = 0; i < s->judged.subject.n; i++) s->ahead[i] -= s->here[i];
        end = !move(job, s->ahead, 1);
        if (end && number < PLACES) bl_job_note(job, "Nothing moves this map: the gradient does not bend here.");
    }
    if (end) bl_job_end_phase(job, false);
    return BL_OK;
}

/* What the judged method makes of the picture, after the attack (chance 0) or random noise (1). */
static bl_status compare(bl_job *job, int chance) {
    state *s = job->state;
    size_t n = s->judged.subject.pixels;
    const bl_result *was = s->judged.map, *now = bl_judged_map(&s->judged);
    double from[2], to[2];
    for (size_t i = 0; i < n; i++) s->sizes[i] = was->data[i] < 0 ? -was->data[i] : was->data[i];
    BL_TRY(mark(job, s->sizes, s->first));
    centre_of(s, s->sizes, from);
    for (size_t i = 0; i < n; i++) s->sizes[i] = now->data[i] < 0 ? -now->data[i] : now->data[i];
    BL_TRY(mark(job, s->sizes, s->now));
    centre_of(s, s->sizes, to);
    bl_map_doubles(was->data, n, false, s->numbers), bl_map_doubles(now->data, n, false, s->numbers + n);
    s->shared[chance] = both(s), s->like[chance] = bl_rank_correlation(s->numbers, s->numbers + n, n);
    if (chance) return BL_OK;
    s->moved = sqrt((to[0] - from[0]) * (to[0] - from[0]) + (to[1] - from[1]) * (to[1] - from[1]));
    bl_judged_keep(&s->judged, s->other);
    return BL_OK;
}

static bl_status step(bl_job *job, int phase, int number) {
    state *s = job->state;
    const bl_subject *q = &s->judged.subject;
    if (phase < BL_JUDGED_PHASES) return bl_judged_step(job, phase, number);
    if (number == 0) memcpy(s->picture->pixels, phase == AFTER ? s->best : q->picture.pixels, 4 * q->pixels);
    if (phase == ATTACK) return attack(job, number);
    if (number == 0) {
        if (phase == CHANCE) {
            bl_random r = {(uint64_t)bl_job_number(job, "seed"), BL_STREAM_NOISE_CONTROL, 0, 0};
            for (size_t i = 0; i < q->n; i++) s->way[i] = bl_random_word(&r, (uint32_t)i) >> 31 ? 1 : -1;
            move(job, s->way, s->eps);
        }
        bl_picture p = {q->width, q->height, s->picture->pixels};
        BL_TRY(bl_judged_again(job, &p, NULL, NULL, NULL));
    }
    BL_TRY(bl_judged_advance(job));
    return number < s->judged.steps - 1 ? BL_OK : compare(job, phase == CHANCE);
}

static bl_status finish(bl_job *job) {
    state *s = job->state;
    const bl_subject *q = &s->judged.subject;
    bl_magnify(q->picture.pixels, s->best, q->pixels, s->eps, s->change->pixels);
    s->change->ready = true;
    bl_judged_open(job);
    bl_judged_figure(job, "shared", "of the largest stay", s->shared[0], "");
    bl_judged_figure(job, "shared-noise", "of the largest stay, random noise", s->shared[1], "");
    bl_judged_figure(job, "rank", "likeness", s->like[0], "");
    bl_judged_figure(job, "rank-noise", "likeness, random noise", s->like[1], "");
    bl_judged_figure(job, "moved", "the centre moved by", s->moved, "px");
    bl_judged_figure(job, "gradient", "of the gradient's largest stay", s->own, "");
    bl_judged_figure(job, "before", "probability before", s->p[0], "");
    bl_judged_figure(job, "after", "probability after", s->p[1], "");
    bl_table_close(s->judged.facts);
    return BL_OK;
}

static const bl_param params[] = {
    BL_JUDGED_ROWS,
    {.name = "aim",
     .title = "aim",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "largest centre",
     .meaning = "Take the largest pixels of the gradient's map away, or move its centre."},
    BL_EPS_ROW,
    {.name = "steps",
     .title = "steps",
     .type = BL_PARAM_INTEGER,
     .unit = "",
     .least = 1,
     .most = 300,
     .otherwise = 50,
     .meaning = "How often every colour value goes up or down by 1/255."},
    {.name = "top",
     .title = "largest",
     .type = BL_PARAM_NUMBER,
     .unit = "%",
     .least = 0.1,
     .most = 50,
     .otherwise = 2,
     .meaning = "The share of pixels that count as the largest."},
    BL_SEED_ROW("Of equal pixels' order and of the noise."),
};

const bl_method bl_method_fragility = {
    .id = "fragility",
    .family = "judging",
    .title = "Fragility",
    .purpose = "How far a map moves when the picture changes unseen and the prediction stays",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .result = "other",
    .cost = "3 × the method + steps × (3 F + 3 B)",
    .formula =
        BL_LATEX("\\min_{\\|r\\|_\\infty \\le \\varepsilon} \\frac{\\sum_{i \\in K} M_i(u + r)}{\\sum_i M_i(u + r)}"),
    .caution = "The change is made against the gradient's map, whichever is judged: one that holds against it may fall "
               "to a change made for it.",
    .source = "Ghorbani et al. 2019, Interpretation of Neural Networks Is Fragile",
    .state = sizeof(state),
    .start = start,
    .step = step,
    .finish = finish,
    .end = bl_judged_end,
};
