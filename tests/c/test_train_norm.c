/* train, batch normalisation with the statistics of the pictures at hand: against a twin in double whose gradients are
 * central differences, and in the trainer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/train.h"
#include "../tolerances.h"

enum { PICTURES = 3, CHANNELS = 4, PLANE = 5 * 7, N = PICTURES * CHANNELS * PLANE };

static double uniform(uint32_t i) {
    const bl_random r = {.seed = 8, .stream = BL_STREAM_TEST};
    return 2 * (double)bl_random_uniform(&r, i) - 1;
}

/* Everything the twin reads: input, scale, bias, and the weights of the sum that is differentiated. */
typedef struct {
    double x[N], scale[CHANNELS], bias[CHANNELS], seed[N];
} numbers;

static void statistics_of(const numbers *k, int c, double *mean, double *variance) {
    double n = PICTURES * PLANE;
    *mean = *variance = 0;
    for (int p = 0; p < PICTURES; p++)
        for (int i = 0; i < PLANE; i++) *mean += k->x[(p * CHANNELS + c) * PLANE + i] / n;
    for (int p = 0; p < PICTURES; p++)
        for (int i = 0; i < PLANE; i++) *variance += pow(k->x[(p * CHANNELS + c) * PLANE + i] - *mean, 2) / n;
}

static double twin(const numbers *k, double *y) {
    double sum = 0;
    for (int c = 0; c < CHANNELS; c++) {
        double mean, variance;
        statistics_of(k, c, &mean, &variance);
        for (int p = 0; p < PICTURES; p++)
            for (int i = 0; i < PLANE; i++) {
                int at = (p * CHANNELS + c) * PLANE + i;
                double v = k->scale[c] * (k->x[at] - mean) / sqrt(variance + 0.01) + k->bias[c];
                if (y) y[at] = v;
                sum += k->seed[at] * v;
            }
    }
    return sum;
}

static double difference(numbers *k, double *at) {
    const double old = *at, step = 1e-5;
    *at = old + step;
    double up = twin(k, NULL);
    *at = old - step;
    double down = twin(k, NULL);
    *at = old;
    return (up - down) / (2 * step);
}

static void compare(const char *what, const bl_real *got, const double *expected, size_t n) {
    double most = 0, apart = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs(expected[i]));
        apart = fmax(apart, fabs((double)got[i] - expected[i]));
    }
    if (!(apart <= TOL_TRAIN_NORM * most)) fail_msg("%s: %g apart, the largest is %g", what, apart, most);
}

static void against_twin(void **state) {
    (void)state;
    static const char text[] = "input x 4x5x7\ny = batchnorm x epsilon 0.01\n";
    static numbers k;
    static double y[N], gradient[N];
    bl_error e;
    bl_model *m;
    bl_plan *plan;
    bl_run *run;
    assert_int_equal(bl_nettext_read(text, sizeof text - 1, 1, &m, &e), BL_OK);
    const int values[] = {m->input, bl_model_find(m, "y.scale"), bl_model_find(m, "y.bias"), bl_model_find(m, "y.mean"),
                          bl_model_find(m, "y.var")};
    bl_dropout_state none = {0};
    bl_wants wants = BL_WANTS;
    wants.batch = PICTURES;
    wants.seeds = &m->output, wants.n_seeds = 1;
    wants.gradients = values, wants.n_gradients = 5;
    wants.substitute = bl_training_twin, wants.user = &none;
    if (bl_plan_new(m, &wants, &plan, &e) != BL_OK) fail_msg("%s", e.message);
    assert_int_equal(bl_run_new(plan, &run, &e), BL_OK);

    bl_real seed[N], scale[CHANNELS], bias[CHANNELS];
    for (uint32_t i = 0; i < N; i++) { /* a mean far from zero, so that it has to be taken away before squaring */
        bl_run_input(run)[i] = (bl_real)(30 + 2 * uniform(i)), seed[i] = (bl_real)uniform(N + i);
        k.x[i] = (double)bl_run_input(run)[i], k.seed[i] = (double)seed[i];
    }
    for (uint32_t c = 0; c < CHANNELS; c++) {
        k.scale[c] = (double)(scale[c] = (bl_real)(1 + uniform(2 * N + c)));
        k.bias[c] = (double)(bias[c] = (bl_real)uniform(2 * N + 8 + c));
    }
    bl_run_set_constant(run, values[1], scale, &e);
    bl_run_set_constant(run, values[2], bias, &e);
    assert_int_equal(bl_run_forward(run, &e), BL_OK);
    twin(&k, y);
    compare("y", bl_run_value(run, m->output), y, N);

    const bl_seed start = {.value = m->output, .data = seed, .weight = 1};
    assert_int_equal(bl_run_backward(run, &start, 1, NULL, &e), BL_OK);
    for (int i = 0; i < N; i++) gradient[i] = difference(&k, &k.x[i]);
    compare("dx", bl_run_gradient(run, values[0]), gradient, N);
    for (int c = 0; c < CHANNELS; c++) gradient[c] = difference(&k, &k.scale[c]);
    compare("dscale", bl_run_gradient(run, values[1]), gradient, CHANNELS);
    for (int c = 0; c < CHANNELS; c++) gradient[c] = difference(&k, &k.bias[c]);
    compare("dbias", bl_run_gradient(run, values[2]), gradient, CHANNELS);
    /* what stands in place of gradients of mean and variance: the batch's own */
    double variance[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) statistics_of(&k, c, &gradient[c], &variance[c]);
    compare("mean", bl_run_gradient(run, values[3]), gradient, CHANNELS);
    compare("variance", bl_run_gradient(run, values[4]), variance, CHANNELS);
    bl_run_free(run);
    bl_plan_free(plan);
    bl_model_free(m);
}

/* ---- in the trainer ---- */

static const char network[] = "input x 1x8x8\nlabels a; b\n"
                              "c = conv x 6 3x3 nobias\nn = batchnorm c\nr = relu n\n"
                              "p = globalavgpool r\nf = flatten p\ns = dense f 2\n";

typedef struct {
    bl_pictures pictures;
    bl_model *model;
    bl_recipe recipe;
    bl_trainer *trainer;
} fixture;

/* Noise; one class has twice the contrast. */
static void start(fixture *f, int threads) {
    enum { COUNT = 32, AREA = 64 };
    bl_error e;
    const bl_random r = {.seed = 3, .stream = BL_STREAM_TEST};
    f->pictures = (bl_pictures){.n = COUNT, .n_classes = 2, .width = 8, .height = 8};
    f->pictures.pixels = bl_alloc_aligned(COUNT * AREA * 4);
    f->pictures.classes = calloc(COUNT, sizeof *f->pictures.classes);
    f->pictures.names = calloc(COUNT, sizeof *f->pictures.names);
    for (int i = 0; i < COUNT * AREA * 4; i++) {
        int spread = i / (AREA * 4) % 2 ? 120 : 60;
        f->pictures.pixels[i] =
            i % 4 == 3 ? 255 : (uint8_t)(128 - spread + (int)bl_random_below(&r, (uint32_t)i, (uint32_t)(2 * spread)));
    }
    for (int i = 0; i < COUNT; i++) f->pictures.classes[i] = i % 2;
    assert_int_equal(bl_nettext_read(network, sizeof network - 1, 1, &f->model, &e), BL_OK);
    assert_int_equal(bl_pictures_measure(&f->pictures, f->model, 1, &e), BL_OK);
    if (bl_trainer_new(f->model, &f->recipe, &f->pictures, threads, &f->trainer, &e) != BL_OK)
        fail_msg("%s", e.message);
}

static void end(fixture *f) {
    bl_trainer_free(f->trainer);
    bl_model_free(f->model);
    bl_pictures_free(&f->pictures);
}

static bl_recipe recipe(void) {
    bl_recipe r;
    bl_recipe_defaults(&r);
    r.batch = 16, r.shards = 2, r.epochs = 40, r.optimiser = BL_OPTIMISER_SGD, r.rate = 0.2, r.shift = 1;
    r.brightness = r.contrast = r.saturation = 0, r.weight_decay = 0;
    return r;
}

/* With its running statistics the network that comes out knows what it learnt with the batches' own. */
static void learns(void **state) {
    (void)state;
    fixture f = {.recipe = recipe()};
    bl_error e;
    bl_step_report report;
    bl_evaluation measured;
    start(&f, 2);
    for (int64_t i = 0; i < bl_trainer_steps(f.trainer); i++)
        if (bl_trainer_step(f.trainer, &report, &e) != BL_OK) fail_msg("%s", e.message);
    assert_int_equal(bl_evaluate(f.model, bl_trainer_constants(f.trainer), &f.pictures, 2, &measured, NULL), BL_OK);
    assert_true(measured.correct >= 31);
    bl_evaluation_free(&measured);
    end(&f);
}

static void threads_change_nothing(void **state) {
    (void)state;
    fixture a = {.recipe = recipe()}, b = {.recipe = recipe()};
    bl_step_report x, y;
    start(&a, 1);
    start(&b, 2);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(bl_trainer_step(a.trainer, &x, NULL), BL_OK);
        assert_int_equal(bl_trainer_step(b.trainer, &y, NULL), BL_OK);
        assert_true(x.loss == y.loss);
    }
    const bl_training_state *s = bl_trainer_state(a.trainer), *t = bl_trainer_state(b.trainer);
    assert_memory_equal(s->weights, t->weights, s->n * sizeof(float));
    end(&a);
    end(&b);
}

/* The first step: running = share·(0, 1) + (1 − share)·(the shards' mean of their own statistics). */
static void statistics_run(void **state) {
    (void)state;
    fixture f = {.recipe = recipe()};
    bl_step_report report;
    f.recipe.statistics = 0.75, f.recipe.rate = 1e-9, f.recipe.flip = 0, f.recipe.shift = 0, f.recipe.batch = 32,
    f.recipe.shards = 1;
    start(&f, 1);
    assert_int_equal(bl_trainer_step(f.trainer, &report, NULL), BL_OK);
    /* The whole set is the batch: its statistics behind the convolution, by the core's plain pass. */
    bl_plan *plan;
    bl_run *run;
    int conv = bl_model_find(f.model, "c");
    bl_wants wants = BL_WANTS;
    wants.batch = 32, wants.last = conv;
    assert_int_equal(bl_plan_new(f.model, &wants, &plan, NULL), BL_OK);
    assert_int_equal(bl_run_new(plan, &run, NULL), BL_OK);
    for (int i = 0; i < 32; i++) {
        bl_picture p = bl_pictures_at(&f.pictures, i);
        bl_picture_to_input(&p, f.model, bl_run_input(run) + i * 64);
    }
    assert_int_equal(bl_run_forward(run, NULL), BL_OK);
    const bl_real *v = bl_run_value(run, conv), *const *now = bl_trainer_constants(f.trainer);
    const bl_real *mean = now[bl_model_find(f.model, "n.mean")], *variance = now[bl_model_find(f.model, "n.var")];
    for (int c = 0; c < 6; c++) {
        double sum = 0, square = 0, n = 32 * 36;
        for (int p = 0; p < 32; p++)
            for (int i = 0; i < 36; i++) sum += (double)v[(p * 6 + c) * 36 + i] / n;
        for (int p = 0; p < 32; p++)
            for (int i = 0; i < 36; i++) square += pow((double)v[(p * 6 + c) * 36 + i] - sum, 2) / n;
        assert_true(fabs((double)mean[c] - 0.25 * sum) < 1e-5);
        assert_true(fabs((double)variance[c] - (0.75 + 0.25 * square)) < 1e-5);
    }
    bl_run_free(run);
    bl_plan_free(plan);
    end(&f);
}

/* A gradient longer than the recipe's is shortened to it; one that is not finite moves nothing. */
static void gradients_are_clipped(void **state) {
    (void)state;
    fixture f = {.recipe = recipe()};
    bl_step_report report;
    bl_error e;
    f.recipe.clip = 0.01, f.recipe.momentum = 0;
    start(&f, 1);
    const bl_training_state *s = bl_trainer_state(f.trainer);
    assert_int_equal(bl_trainer_step(f.trainer, &report, &e), BL_OK);
    double square = 0;
    for (size_t i = 0; i < s->n; i++) square += (double)s->first[i] * (double)s->first[i];
    assert_true(fabs(sqrt(square) - 0.01) < 1e-6);
    float *before = malloc(s->n * sizeof *before);
    int bias = bl_model_find(f.model, "s.bias");
    float *broken = (float *)bl_trainer_constants(f.trainer)[bias >= 0 ? bias : 0];
    assert_non_null(broken);
    broken[0] = NAN;
    memcpy(before, s->weights, s->n * sizeof *before);
    assert_int_equal(bl_trainer_step(f.trainer, &report, &e), BL_NOT_A_NUMBER);
    assert_memory_equal(before, s->weights, s->n * sizeof *before);
    assert_int_equal(bl_checkpoint_write("/nowhere", s, 1, false, &e), BL_NOT_A_NUMBER);
    free(before);
    end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_twin),           cmocka_unit_test(learns),
        cmocka_unit_test(threads_change_nothing), cmocka_unit_test(statistics_run),
        cmocka_unit_test(gradients_are_clipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
