/* objective: the number that is explained, attacked or dreamt of, and its derivative. Every picture of a batch has its
 * own. */
#include "core/internal.h"
#include "base/elementary.h"

#include <math.h>

int bl_objective_last(const bl_model *m, const bl_objective *o) {
    int last = m->input;
    for (int i = 0; i < o->n_terms; i++)
        if (m->values[o->terms[i].value].producer > m->values[last].producer) last = o->terms[i].value;
    return last;
}

int bl_objective_seeds(const bl_objective *o, int values[16]) {
    int n = 0;
    for (int i = 0; i < o->n_terms; i++) {
        bool again = false;
        for (int k = 0; k < n; k++) again = again || values[k] == o->terms[i].value;
        if (!again) values[n++] = o->terms[i].value;
    }
    return n;
}

/* A term's value as seen by one picture: channels (or classes) × height × width numbers from `first` on. */
typedef struct {
    size_t first, count, plane;
    int channels, height, width;
} view;

static bool is_class_kind(const bl_objective_term *t) {
    return t->kind <= BL_OBJ_LOSS;
}

static bl_status check_term(const bl_run *r, const bl_objective_term *t, view *v, bl_error *error) {
    const bl_plan *p = r->plan;
    const char *name = p->model->values[t->value].name;
    if (!bl_run_value(r, t->value)) {
        bl_fail(error, BL_USAGE, "the objective needs \"%.80s\", which this plan does not keep", name);
        return bl_hint(error, BL_USAGE, "observe it, or name it as a seed");
    }
    const bl_shape *s = &p->values[t->value].known.shape;
    bool alone = s->rank == 1 && p->batch == 1; /* a file may drop the batch of one */
    if (!alone && (s->rank < 2 || s->dim[0] != p->batch))
        return bl_fail(error, BL_SHAPE, "\"%.80s\" does not hold one part for each picture", name);
    int axis = alone ? 0 : 1;
    v->channels = s->dim[axis];
    v->height = s->rank > axis + 1 ? s->dim[axis + 1] : 1;
    v->width = s->rank > axis + 2 ? s->dim[axis + 2] : 1;
    v->plane = (size_t)v->height * (size_t)v->width;
    v->count = (size_t)v->channels * v->plane;
    if (v->count == 0) return bl_fail(error, BL_SHAPE, "\"%.80s\" is empty", name);
    if (is_class_kind(t)) {
        if (v->plane != 1) {
            bl_fail(error, BL_SHAPE, "the scores \"%.80s\" are a map of %d × %d, not one number for each class", name,
                    v->height, v->width);
            return bl_hint(error, BL_SHAPE,
                           "take pictures of the size the network is made for, or a layer as the objective");
        }
        bool binary = v->channels == 1 && p->model->head != BL_HEAD_SOFTMAX;
        int classes = binary ? 2 : v->channels,
            largest = t->kind == BL_OBJ_MARGIN && t->other > t->index ? t->other : t->index;
        if (largest >= classes)
            return bl_fail(error, BL_USAGE, "there is no class %d; the network has classes 0 to %d", largest,
                           classes - 1);
    } else if (t->kind != BL_OBJ_LAYER) {
        if (t->index >= v->channels)
            return bl_fail(error, BL_USAGE, "\"%.80s\" has channels 0 to %d, not %d", name, v->channels - 1, t->index);
        if (t->kind == BL_OBJ_UNIT && (t->row >= v->height || t->column >= v->width))
            return bl_fail(error, BL_USAGE, "\"%.80s\" has rows 0 to %d and columns 0 to %d, not %d,%d", name,
                           v->height - 1, v->width - 1, t->row, t->column);
    }
    return BL_OK;
}

/* log(1+e^−x), the loss of a sigmoid, without overflow. */
static double soft_loss(double x) {
    return (x < 0 ? -x : 0) + (double)bl_log((bl_real)1 + bl_exp((bl_real)(x < 0 ? x : -x)));
}

/* Class scores of one picture, and how they become probabilities: one output alone says class 1 with +S, class 0 with
 * −S. */
typedef struct {
    const bl_real *s;
    int n;
    bool binary, independent; /* independent: a sigmoid for each class */
    double largest, log_sum;  /* of the softmax: largest score, and log Σ e^(s − largest) */
} scores;

static scores scores_of(const bl_run *r, const bl_objective_term *t, const view *v) {
    scores x = {.s = r->value[t->value] + v->first, .n = v->channels};
    x.binary = x.n == 1 && r->plan->model->head != BL_HEAD_SOFTMAX;
    x.independent = x.binary || r->plan->model->head == BL_HEAD_SIGMOID;
    if (x.independent) return x;
    x.largest = x.s[0];
    for (int i = 1; i < x.n; i++)
        if (x.s[i] > x.largest) x.largest = x.s[i];
    double sum = 0;
    for (int i = 0; i < x.n; i++) sum += (double)bl_exp((bl_real)(x.s[i] - x.largest));
    x.log_sum = (double)bl_log((bl_real)sum);
    return x;
}

static double score(const scores *x, int c) {
    return x->binary ? (c ? (double)x->s[0] : -(double)x->s[0]) : (double)x->s[c];
}

static double log_probability(const scores *x, int c) {
    return x->independent ? -soft_loss(score(x, c)) : score(x, c) - x->largest - x->log_sum;
}

static double probability(const scores *x, int c) {
    if (x->independent) return (double)bl_sigmoid((bl_real)score(x, c));
    return (double)bl_exp((bl_real)(score(x, c) - x->largest)) / (double)bl_exp((bl_real)x->log_sum);
}

static double class_value(const scores *x, const bl_objective_term *t) {
    switch (t->kind) {
    case BL_OBJ_LOGP: return log_probability(x, t->index);
    case BL_OBJ_PROB: return probability(x, t->index);
    case BL_OBJ_MARGIN: return score(x, t->index) - score(x, t->other);
    case BL_OBJ_LOSS: return -log_probability(x, t->index);
    default: return score(x, t->index);
    }
}

/* weight · ∂score(c)/∂s[k] */
static double score_derivative(const scores *x, int c, double weight, int k) {
    if (x->binary) return c ? weight : -weight;
    return k == c ? weight : 0;
}

/* weight · ∂log p(c)/∂s[k] = weight · (1[k=c] − p(k)); for a sigmoid 1 − p(c), at c alone. */
static double log_derivative(const scores *x, int c, double weight, int k) {
    if (x->independent) return score_derivative(x, c, weight * (double)bl_sigmoid((bl_real)-score(x, c)), k);
    if (k != c) return -weight * probability(x, k);
    double others = 0; /* 1 − p(c) as the sum of the others, which does not cancel when p(c) is nearly 1 */
    for (int i = 0; i < x->n; i++) others += i == c ? 0 : probability(x, i);
    return weight * others;
}

static double class_derivative(const scores *x, const bl_objective_term *t, double weight, int k) {
    switch (t->kind) {
    case BL_OBJ_LOGP: return log_derivative(x, t->index, weight, k);
    case BL_OBJ_PROB: return log_derivative(x, t->index, weight * probability(x, t->index), k);
    case BL_OBJ_LOSS: return log_derivative(x, t->index, -weight, k);
    case BL_OBJ_MARGIN: return score_derivative(x, t->index, weight, k) - score_derivative(x, t->other, weight, k);
    default: return score_derivative(x, t->index, weight, k);
    }
}

/* One picture's term, without its weight. */
static double term_value(const bl_run *r, const bl_objective_term *t, const view *v) {
    if (is_class_kind(t)) {
        scores x = scores_of(r, t, v);
        return class_value(&x, t);
    }
    const bl_real *a = r->value[t->value] + v->first;
    double sum = 0;
    if (t->kind == BL_OBJ_LAYER) {
        for (size_t i = 0; i < v->count; i++) sum += (double)a[i] * (double)a[i];
        return 0.5 * sum / (double)v->count;
    }
    a += (size_t)t->index * v->plane;
    if (t->kind == BL_OBJ_UNIT) return (double)a[(size_t)t->row * (size_t)v->width + (size_t)t->column];
    for (size_t i = 0; i < v->plane; i++) sum += (double)a[i];
    return sum / (double)v->plane;
}

/* gradient: of this picture's part of the value. */
static void term_gradient(const bl_run *r, const bl_objective_term *t, const view *v, bl_real *gradient) {
    if (is_class_kind(t)) {
        scores x = scores_of(r, t, v);
        for (int k = 0; k < x.n; k++) gradient[k] += (bl_real)class_derivative(&x, t, t->weight, k);
        return;
    }
    if (t->kind == BL_OBJ_LAYER) {
        const bl_real *a = r->value[t->value] + v->first;
        bl_real weight = (bl_real)(t->weight / (double)v->count);
        for (size_t i = 0; i < v->count; i++) gradient[i] += weight * a[i];
        return;
    }
    gradient += (size_t)t->index * v->plane;
    if (t->kind == BL_OBJ_UNIT)
        gradient[(size_t)t->row * (size_t)v->width + (size_t)t->column] += (bl_real)t->weight;
    else
        for (size_t i = 0; i < v->plane; i++) gradient[i] += (bl_real)(t->weight / (double)v->plane);
}

bl_status bl_objective_value(const bl_run *r, const bl_objective *o, double *out, bl_error *error) {
    int batch = r->plan->batch;
    if (!r->has_values) return bl_fail(error, BL_USAGE, "an objective needs a forward pass before it");
    for (int n = 0; n < batch; n++) out[n] = 0;
    for (int i = 0; i < o->n_terms; i++) {
        const bl_objective_term *t = &o->terms[i];
        view v = {0};
        BL_TRY(check_term(r, t, &v, error));
        for (int n = 0; n < batch; n++, v.first += v.count) out[n] += t->weight * term_value(r, t, &v);
    }
    return BL_OK;
}

bl_status bl_objective_seed(const bl_run *r, const bl_objective *o, int value, size_t index, double *seed,
                            bl_error *error) {
    for (int i = 0; i < o->n_terms; i++) {
        const bl_objective_term *t = &o->terms[i];
        view v = {0};
        if (t->value != value) continue;
        BL_TRY(check_term(r, t, &v, error));
        v.first = index / v.count * v.count;
        size_t inside = index - v.first, channel = inside / v.plane;
        if (is_class_kind(t)) {
            scores x = scores_of(r, t, &v);
            *seed += class_derivative(&x, t, t->weight, (int)channel);
        } else if (t->kind == BL_OBJ_LAYER) {
            *seed += t->weight / (double)v.count * (double)r->value[value][index];
        } else if (channel == (size_t)t->index) {
            bool here = inside % v.plane == (size_t)t->row * (size_t)v.width + (size_t)t->column;
            *seed += t->kind == BL_OBJ_UNIT ? (here ? t->weight : 0) : t->weight / (double)v.plane;
        }
    }
    return BL_OK;
}

bl_status bl_objective_backward(bl_run *r, const bl_objective *o, const bl_pass *pass, bl_error *error) {
    BL_TRY(bl_backward_begin(r, pass, error));
    for (int i = 0; i < o->n_terms; i++) {
        const bl_objective_term *t = &o->terms[i];
        view v = {0};
        bl_real *gradient;
        BL_TRY(check_term(r, t, &v, error));
        BL_TRY(bl_backward_seed(r, t->value, &gradient, error));
        for (int n = 0; gradient && n < r->plan->batch; n++, v.first += v.count)
            term_gradient(r, t, &v, gradient + v.first);
    }
    bl_backward_go(r, pass);
    return BL_OK;
}
