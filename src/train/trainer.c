/* The trainer: steps over batches. A batch is cut into shards; each shard is augmented, run forwards and backwards by
 * one thread into gradients of its own; these are added in order of the shards, and the optimiser moves the weights. */
#include "kernels/kernels.h"
#include "train/train.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int value;
    size_t offset, count;
    bool decays;    /* biases are not pulled to zero */
    bool statistic; /* a running mean or variance of batch normalisation: followed, not trained */
} parameter;

typedef struct {
    bl_run *runs[2]; /* of usual steps, of early ones (NULL where the recipe has none) */
    bl_plan *plans[2];
    bl_adversary *adversaries[2]; /* NULL where the recipe has none */
    bl_dropout_state dropout;
    bl_real *seed; /* gradient of the loss by the scores, of a shard */
    bl_status status;
    bl_error error;
} worker;

struct bl_trainer {
    const bl_model *model;
    const bl_recipe *recipe;
    const bl_pictures *pictures;
    int threads, n_classes, n_parameters;
    parameter *parameters;
    bl_training_state state;
    worker *workers;
    float *gradients; /* shards × state.n */
    double *losses;   /* of each shard, summed over its pictures */
    int *correct;
    bl_feed *feed;
    const bl_batch *batch; /* of this step */
    const bl_real **constants;
};

/* Does some node of that operator read the value at input first … last? */
static bool is_read(const bl_model *model, int value, const char *op, int first, int last) {
    for (int i = 0; i < model->n_nodes; i++) {
        const bl_node *node = &model->nodes[i];
        if (strcmp(node->op->name, op) != 0) continue;
        for (int k = first; k < node->n_in && k <= last; k++)
            if (node->in[k] == value) return true;
    }
    return false;
}

bool bl_is_parameter(const bl_model *model, int value) {
    const bl_value *v = &model->values[value];
    if (!v->is_constant || v->type != BL_FLOAT) return false;
    return is_read(model, value, "Conv", 1, 2) || is_read(model, value, "Gemm", 1, 2) ||
           is_read(model, value, "MatMul", 1, 1) || is_read(model, value, "BatchNormalization", 1, 2);
}

static bool is_statistic(const bl_model *model, int value) {
    const bl_value *v = &model->values[value];
    return v->is_constant && v->type == BL_FLOAT && is_read(model, value, "BatchNormalization", 3, 4);
}

static bl_status out_of_memory(bl_error *error) {
    return bl_fail(error, BL_MEMORY, "no memory to train");
}

static bl_status find_parameters(bl_trainer *t, bl_error *error) {
    const bl_model *m = t->model;
    t->parameters = calloc((size_t)m->n_values + 1, sizeof *t->parameters);
    t->constants = calloc((size_t)m->n_values + 1, sizeof *t->constants);
    if (!t->parameters || !t->constants) return out_of_memory(error);
    size_t n = 0;
    for (int v = 0; v < m->n_values; v++) {
        bool statistic = is_statistic(m, v);
        if (!statistic && !bl_is_parameter(m, v)) continue;
        size_t count = bl_count(&m->values[v].shape);
        t->parameters[t->n_parameters++] = (parameter){v, n, count, m->values[v].shape.rank > 1, statistic};
        n += bl_round_up(count * sizeof(float)) / sizeof(float);
    }
    if (n == 0) return bl_fail(error, BL_UNSUPPORTED, "the network has no weights to train");
    t->state.n = n;
    return BL_OK;
}

static bl_status make_state(bl_trainer *t, bl_error *error) {
    bl_training_state *s = &t->state;
    size_t bytes = s->n * sizeof(float);
    s->weights = bl_alloc_aligned(bytes);
    s->first = bl_alloc_aligned(bytes);
    s->second = bl_alloc_aligned(bytes);
    s->average = bl_alloc_aligned(bytes);
    t->gradients = bl_alloc_aligned(bytes * (size_t)t->recipe->shards);
    t->losses = calloc((size_t)t->recipe->shards, sizeof *t->losses);
    t->correct = calloc((size_t)t->recipe->shards, sizeof *t->correct);
    if (!s->weights || !s->first || !s->second || !s->average || !t->gradients || !t->losses || !t->correct)
        return out_of_memory(error);
    for (int i = 0; i < t->n_parameters; i++) {
        const parameter *p = &t->parameters[i];
        memcpy(s->weights + p->offset, t->model->values[p->value].data, p->count * sizeof(float));
    }
    memcpy(s->average, s->weights, bytes);
    return BL_OK;
}

static bl_status make_run(bl_trainer *t, worker *w, const int *values, bool early, bl_error *error) {
    int batch = (int)(t->recipe->batch / t->recipe->shards);
    bl_wants wants = BL_WANTS;
    wants.batch = batch;
    wants.height = early ? (int32_t)t->recipe->early_side : t->pictures->height;
    wants.width = early ? (int32_t)t->recipe->early_side : t->pictures->width;
    wants.last = t->model->scores;
    wants.seeds = &t->model->scores, wants.n_seeds = 1;
    wants.gradients = values, wants.n_gradients = t->n_parameters;
    wants.substitute = bl_training_twin, wants.user = &w->dropout;
    BL_TRY(bl_plan_new(t->model, &wants, &w->plans[early], error));
    bl_shape scores = bl_plan_shape(w->plans[early], t->model->scores);
    if (bl_count(&scores) != (size_t)batch * (size_t)t->n_classes)
        return bl_fail(error, BL_SHAPE, "the network gives %zu scores a picture, but has %d labels",
                       bl_count(&scores) / (size_t)batch, t->n_classes);
    BL_TRY(bl_run_new(w->plans[early], &w->runs[early], error));
    return t->recipe->adversarial > 0 ? bl_adversary_new(t->model, &wants, &w->adversaries[early], error) : BL_OK;
}

static bl_status make_worker(bl_trainer *t, worker *w, const int *values, bl_error *error) {
    BL_TRY(make_run(t, w, values, false, error));
    if (t->recipe->early > 0) BL_TRY(make_run(t, w, values, true, error));
    size_t batch = (size_t)(t->recipe->batch / t->recipe->shards);
    w->seed = bl_alloc_aligned(batch * (size_t)t->n_classes * sizeof *w->seed);
    return w->seed ? BL_OK : out_of_memory(error);
}

static bl_status make(bl_trainer *t, bl_error *error) {
    if (t->recipe->batch % t->recipe->shards != 0)
        return bl_fail(error, BL_USAGE, "batch = %d cannot be cut into shards = %d equal parts", (int)t->recipe->batch,
                       (int)t->recipe->shards);
    if (t->pictures->n < t->recipe->batch)
        return bl_fail(error, BL_USAGE, "batch = %d, but there are only %d pictures to train on", (int)t->recipe->batch,
                       t->pictures->n);
    if (!t->model->has_preprocessing) return bl_fail(error, BL_USAGE, "the network has no mean and deviation yet");
    if (t->recipe->captions[0]) BL_TRY(bl_captions_check(t->recipe->captions, t->n_classes, error));
    BL_TRY(find_parameters(t, error));
    BL_TRY(make_state(t, error));
    BL_TRY(bl_feed_new(t->model, t->recipe, t->pictures, &t->feed, error));
    t->workers = calloc((size_t)t->threads, sizeof *t->workers);
    int *values = calloc((size_t)t->n_parameters, sizeof *values);
    bl_status status = t->workers && values ? BL_OK : out_of_memory(error);
    for (int i = 0; values && i < t->n_parameters; i++) values[i] = t->parameters[i].value;
    for (int i = 0; i < t->threads && status == BL_OK; i++) status = make_worker(t, &t->workers[i], values, error);
    free(values);
    return status;
}

bl_status bl_trainer_new(const bl_model *model, const bl_recipe *recipe, const bl_pictures *pictures, int threads,
                         bl_trainer **out, bl_error *error) {
    bl_trainer *t = calloc(1, sizeof *t);
    *out = NULL;
    if (!t) return out_of_memory(error);
    t->model = model, t->recipe = recipe, t->pictures = pictures;
    t->n_classes = pictures->n_classes;
    t->threads = threads < (int)recipe->shards ? threads : (int)recipe->shards;
    bl_status status = make(t, error);
    if (status == BL_OK)
        *out = t;
    else
        bl_trainer_free(t);
    return status;
}

void bl_trainer_free(bl_trainer *t) {
    if (!t) return;
    bl_feed_free(t->feed);
    for (int i = 0; t->workers && i < t->threads; i++) {
        worker *w = &t->workers[i];
        for (int k = 0; k < 2; k++)
            bl_run_free(w->runs[k]), bl_plan_free(w->plans[k]), bl_adversary_free(w->adversaries[k]);
        bl_free_aligned(w->seed);
    }
    free(t->workers);
    bl_free_aligned(t->state.weights);
    bl_free_aligned(t->state.first);
    bl_free_aligned(t->state.second);
    bl_free_aligned(t->state.average);
    bl_free_aligned(t->gradients);
    free(t->parameters);
    free(t->constants);
    free(t->losses);
    free(t->correct);
    free(t);
}

bl_training_state *bl_trainer_state(bl_trainer *t) {
    return &t->state;
}
double bl_trainer_macs(const bl_trainer *t) {
    const bl_plan *plan = t->workers[0].plans[t->batch && t->batch->early];
    return bl_plan_macs(plan) / bl_plan_batch(plan);
}
int64_t bl_trainer_epoch_steps(const bl_trainer *t) {
    return t->pictures->n / t->recipe->batch;
}
int64_t bl_trainer_steps(const bl_trainer *t) {
    return bl_trainer_epoch_steps(t) * t->recipe->epochs;
}

const bl_real *const *bl_trainer_constants(bl_trainer *t) {
    const float *from = t->recipe->average > 0 ? t->state.average : t->state.weights;
    for (int i = 0; i < t->n_parameters; i++) t->constants[t->parameters[i].value] = from + t->parameters[i].offset;
    return t->constants;
}

/* Fast FGSM overshoots its distance by a quarter (Wong et al. 2020); several steps together go twice as far, and half
 * as far again. */
static bl_status move_shard(bl_trainer *t, worker *w, size_t first, bl_real *inputs) {
    const bl_recipe *r = t->recipe;
    double warmup = r->adversarial_warmup * (double)bl_trainer_steps(t), grown = (double)t->state.step / warmup;
    double epsilon = r->adversarial / 255 * (grown < 1 ? grown : 1);
    const bl_attack attack = {
        .epsilon = epsilon,
        .step = r->adversarial_steps == 1 ? 1.25 * epsilon : 2.5 * epsilon / (double)r->adversarial_steps,
        .steps = (int)r->adversarial_steps,
        .start = {(uint64_t)r->seed, BL_STREAM_ADVERSARY, (uint32_t)first, (uint32_t)t->state.step}};
    return bl_adversary_move(w->adversaries[t->batch->early], &attack, inputs, t->batch->classes + first, inputs, NULL,
                             &w->error);
}

static bl_status run_shard(bl_trainer *t, worker *w, int shard) {
    const int each = (int)(t->recipe->batch / t->recipe->shards);
    const size_t classes = (size_t)t->n_classes, first = (size_t)shard * (size_t)each;
    bl_run *run = w->runs[t->batch->early];
    const bl_shape shape = bl_plan_shape(bl_run_plan(run), t->model->input);
    const size_t input = bl_count(&shape) / (size_t)each;
    w->dropout = (bl_dropout_state){(uint64_t)t->recipe->seed, (uint32_t)t->state.step, (uint32_t)first};
    memcpy(bl_run_input(run), t->batch->inputs + first * input, (size_t)each * input * sizeof(bl_real));
    if (t->recipe->adversarial > 0) BL_TRY(move_shard(t, w, first, bl_run_input(run)));
    BL_TRY(bl_run_forward(run, &w->error));
    const bl_real *scores = bl_run_value(run, t->model->scores);
    t->losses[shard] = 0;
    t->correct[shard] = 0;
    for (int i = 0; i < each; i++) {
        const bl_real *row = scores + (size_t)i * classes;
        int32_t target = t->batch->classes[first + (size_t)i];
        t->losses[shard] += bl_cross_entropy(1, classes, row, &target, t->recipe->label_smoothing,
                                             1.0 / (double)t->recipe->batch, w->seed + (size_t)i * classes);
        t->correct[shard] += bl_best_class(classes, row) == target;
    }
    const bl_seed seed = {.value = t->model->scores, .data = w->seed, .weight = 1};
    BL_TRY(bl_run_backward(run, &seed, 1, NULL, &w->error));
    for (int i = 0; i < t->n_parameters; i++) {
        const parameter *p = &t->parameters[i];
        memcpy(t->gradients + (size_t)shard * t->state.n + p->offset, bl_run_gradient(run, p->value),
               p->count * sizeof(float));
    }
    return BL_OK;
}

static void shard_task(void *user, int thread, int shard) {
    bl_trainer *t = user;
    worker *w = &t->workers[thread];
    if (w->status == BL_OK) w->status = run_shard(t, w, shard);
}

/* Adds the shards' gradients to the first one's, in order. */
static void add_gradients(bl_trainer *t) {
    for (int64_t shard = 1; shard < t->recipe->shards; shard++) {
        const float *g = t->gradients + (size_t)shard * t->state.n;
        for (size_t i = 0; i < t->state.n; i++) t->gradients[i] += g[i];
    }
}

/* Length of the gradient; NaN or infinity where an element is. */
static double gradient_norm(const bl_trainer *t) {
    double square = 0;
    for (int i = 0; i < t->n_parameters; i++) {
        const parameter *p = &t->parameters[i];
        if (!p->statistic) square += bl_dot(t->gradients + p->offset, t->gradients + p->offset, p->count);
    }
    return sqrt(square);
}

/* A longer gradient is shortened to the recipe's length (Pascanu et al. 2013). */
static void clip_gradients(bl_trainer *t, double norm) {
    if (t->recipe->clip <= 0 || norm <= t->recipe->clip) return;
    float factor = (float)(t->recipe->clip / norm);
    for (int i = 0; i < t->n_parameters; i++) {
        const parameter *p = &t->parameters[i];
        if (!p->statistic) bl_scale(p->count, t->gradients + p->offset, factor, t->gradients + p->offset, false);
    }
}

/* Running means follow the mean of the shards' own. */
static void follow(const bl_recipe *r, size_t n, float *running, const float *sum) {
    float old = (float)r->statistics, fresh = (float)((1 - r->statistics) / (double)r->shards);
    for (size_t i = 0; i < n; i++) running[i] = old * running[i] + fresh * sum[i];
}

static void move_weights(bl_trainer *t, double rate) {
    const bl_recipe *r = t->recipe;
    bl_training_state *s = &t->state;
    for (int i = 0; i < t->n_parameters; i++) {
        const parameter *p = &t->parameters[i];
        float *w = s->weights + p->offset, *first = s->first + p->offset, *second = s->second + p->offset;
        const float *g = t->gradients + p->offset;
        double decay = p->decays ? r->weight_decay : 0;
        if (p->statistic)
            follow(r, p->count, w, g);
        else if (r->optimiser == BL_OPTIMISER_SGD)
            bl_sgd(p->count, w, g, first, rate, r->momentum, r->nesterov, decay);
        else
            bl_adamw(p->count, w, g, first, second, s->step + 1, rate, r->beta1, r->beta2, r->epsilon, decay);
    }
    if (r->average <= 0) return;
    /* A young mean follows faster, so that the first weights, which are chance, do not linger. */
    double young = (double)(s->step + 1) / (double)(s->step + 10), share = young < r->average ? young : r->average;
    float old = (float)share, fresh = (float)(1 - share);
    for (size_t i = 0; i < s->n; i++) s->average[i] = old * s->average[i] + fresh * s->weights[i];
}

static bl_status not_a_number(const bl_trainer *t, const bl_step_report *report, bl_error *error) {
    bl_fail(error, BL_NOT_A_NUMBER,
            "step %lld: the loss is %g and its gradient is not finite; the weights were not moved",
            (long long)t->state.step + 1, report->loss);
    return bl_hint(error, BL_NOT_A_NUMBER, "train with a smaller rate, a longer warmup, or clip = 1");
}

bl_status bl_trainer_step(bl_trainer *t, bl_step_report *report, bl_error *error) {
    bl_training_state *s = &t->state;
    t->batch = bl_feed_take(t->feed, s->step);
    for (int i = 0; i < t->threads; i++) {
        worker *w = &t->workers[i];
        w->status = BL_OK;
        /* Said again before every step: the numbers there have changed. */
        bl_adversary *adversary = w->adversaries[t->batch->early];
        for (int k = 0; k < t->n_parameters; k++) {
            const parameter *p = &t->parameters[k];
            BL_TRY(bl_run_set_constant(w->runs[t->batch->early], p->value, t->state.weights + p->offset, error));
            if (adversary)
                BL_TRY(bl_run_set_constant(bl_adversary_run(adversary), p->value, t->state.weights + p->offset, error));
        }
    }
    bl_parallel(t->threads, (int)t->recipe->shards, shard_task, t);
    for (int i = 0; i < t->threads; i++) {
        if (t->workers[i].status == BL_OK) continue;
        if (error) *error = t->workers[i].error;
        return t->workers[i].status;
    }
    *report = (bl_step_report){.n = (int)t->recipe->batch,
                               .rate = bl_schedule_rate(t->recipe, t->state.step, bl_trainer_steps(t))};
    for (int64_t i = 0; i < t->recipe->shards; i++) report->loss += t->losses[i], report->correct += t->correct[i];
    report->loss /= (double)report->n;
    add_gradients(t);
    double norm = gradient_norm(t);
    if (!(norm <= DBL_MAX) || !(fabs(report->loss) <= DBL_MAX)) return not_a_number(t, report, error);
    clip_gradients(t, norm);
    move_weights(t, report->rate);
    if (s->step++ % bl_trainer_epoch_steps(t) == 0) s->loss = 0, s->seen = s->correct = 0;
    s->loss += report->loss * report->n, s->seen += report->n, s->correct += report->correct;
    return BL_OK;
}
