/* train, the loop: the loss starts where chance puts it, few pictures are learnt by heart, and the weights hang neither
 * on the number of threads nor on having been stopped. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "train/train.h"
#include "../tolerances.h"

static const char text[] =
    "input x 3x12x12\n"
    "labels a; b; c; d; e; f; g; h; i; j\n"
    "c1 = conv x 8 3x3\nr1 = relu c1\np1 = maxpool r1 2x2 stride 2\n"
    "flat = flatten p1\ndrop = dropout flat 0.2\nscores = dense drop 10\nprob = softmax scores\n";

/* Pictures of noise, with labels that have nothing to do with them. */
static bl_pictures noise(int n) {
    enum { AREA = 12 * 12 };
    bl_pictures p = {.n = n, .n_classes = 10, .width = 12, .height = 12};
    const bl_random r = {.seed = 3, .stream = BL_STREAM_TEST};
    p.pixels = bl_alloc_aligned((size_t)n * AREA * 4);
    p.classes = calloc((size_t)n, sizeof *p.classes);
    p.names = calloc((size_t)n, sizeof *p.names);
    for (int i = 0; i < n * AREA * 4; i++)
        p.pixels[i] = i % 4 == 3 ? 255 : (uint8_t)bl_random_below(&r, (uint32_t)i, 256);
    for (int i = 0; i < n; i++) p.classes[i] = (int)bl_random_below(&r, (uint32_t)(n * AREA * 4 + i), 10);
    return p;
}

static bl_recipe recipe(void) {
    bl_recipe r;
    bl_recipe_defaults(&r);
    r.batch = 8, r.shards = 4, r.epochs = 3, r.rate = 0.01, r.shift = 2;
    return r;
}

typedef struct {
    bl_pictures pictures;
    bl_model *model;
    bl_recipe recipe;
    bl_trainer *trainer;
} fixture;

static void start(fixture *f, int n, const bl_recipe *r, int threads) {
    bl_error e;
    f->recipe = *r;
    f->pictures = noise(n);
    if (bl_nettext_read(text, sizeof text - 1, 1, &f->model, &e) != BL_OK) fail_msg("%s", e.message);
    if (bl_pictures_measure(&f->pictures, f->model, threads, &e) != BL_OK) fail_msg("%s", e.message);
    if (bl_trainer_new(f->model, &f->recipe, &f->pictures, threads, &f->trainer, &e) != BL_OK)
        fail_msg("%s", e.message);
}

static void end(fixture *f) {
    bl_trainer_free(f->trainer);
    bl_model_free(f->model);
    bl_pictures_free(&f->pictures);
}

static bl_step_report step(fixture *f) {
    bl_error e;
    bl_step_report report;
    if (bl_trainer_step(f->trainer, &report, &e) != BL_OK) fail_msg("%s", e.message);
    return report;
}

static void assert_same_state(fixture *a, fixture *b) {
    const bl_training_state *x = bl_trainer_state(a->trainer), *y = bl_trainer_state(b->trainer);
    assert_int_equal(x->step, y->step);
    assert_int_equal(x->n, y->n);
    assert_memory_equal(x->weights, y->weights, x->n * sizeof(float));
    assert_memory_equal(x->first, y->first, x->n * sizeof(float));
    assert_memory_equal(x->second, y->second, x->n * sizeof(float));
    assert_memory_equal(x->average, y->average, x->n * sizeof(float));
}

static void measured(void **state) {
    (void)state;
    bl_recipe r = recipe();
    fixture f;
    start(&f, 64, &r, 2);
    for (int c = 0; c < 3; c++) { /* of bytes that are all alike: 127.5/255 and √((256²−1)/12)/255 */
        assert_true(fabs((double)f.model->mean[c] - 0.5) < 0.012);
        assert_true(fabs((double)f.model->std[c] - 0.28981) < 0.006);
    }
    end(&f);
}

static void first_loss_is_chance(void **state) {
    (void)state;
    bl_recipe r = recipe();
    fixture f;
    r.batch = 64, r.shards = 8, r.rate = 1e-9;
    start(&f, 64, &r, 2);
    /* Faint pictures give scores near zero, so every class is as likely. */
    const float mean[4] = {0.5f, 0.5f, 0.5f, 0}, faint[4] = {100, 100, 100, 1};
    assert_int_equal(bl_model_set_preprocessing(f.model, mean, faint, BL_CHANNELS_RGB, NULL), BL_OK);
    bl_step_report report = step(&f);
    assert_int_equal(report.n, 64);
    assert_true(fabs(report.loss - log(10)) < 0.01);
    end(&f);
}

static void learns_by_heart(void **state) {
    (void)state;
    for (int optimiser = 0; optimiser < 2; optimiser++) {
        bl_recipe r = recipe();
        fixture f;
        bl_evaluation e;
        r.optimiser = optimiser, r.rate = optimiser == BL_OPTIMISER_SGD ? 0.05 : 0.01;
        r.flip = 0, r.shift = 0, r.brightness = r.contrast = r.saturation = 0;
        r.label_smoothing = 0, r.weight_decay = 0, r.epochs = 60;
        start(&f, 32, &r, 2);
        for (int64_t i = 0; i < bl_trainer_steps(f.trainer); i++) step(&f);
        assert_int_equal(bl_evaluate(f.model, bl_trainer_constants(f.trainer), &f.pictures, 2, &e, NULL), BL_OK);
        assert_int_equal(e.n, 32);
        assert_int_equal(e.correct, 32);
        assert_true(e.loss < 0.05);
        int diagonal = 0, all = 0;
        for (int i = 0; i < 100; i++) diagonal += i % 11 == 0 ? e.confusion[i] : 0, all += e.confusion[i];
        assert_int_equal(diagonal, 32);
        assert_int_equal(all, 32);
        bl_evaluation_free(&e);
        end(&f);
    }
}

static void threads_change_nothing(void **state) {
    (void)state;
    bl_recipe r = recipe();
    fixture a, b;
    start(&a, 40, &r, 1);
    start(&b, 40, &r, 3);
    for (int i = 0; i < 7; i++) {
        bl_step_report x = step(&a), y = step(&b);
        assert_true(x.loss == y.loss);
        assert_int_equal(x.correct, y.correct);
    }
    assert_same_state(&a, &b);
    end(&b);
    r.seed = 2;
    start(&b, 40, &r, 3);
    for (int i = 0; i < 7; i++) step(&b);
    assert_memory_not_equal(bl_trainer_state(a.trainer)->weights, bl_trainer_state(b.trainer)->weights, 64);
    end(&a);
    end(&b);
}

/* Cutting a batch otherwise rounds its sums otherwise and changes nothing else: the same pictures, dropout and weights.
 */
static void shards_change_rounding_alone(void **state) {
    (void)state;
    bl_recipe r = recipe();
    fixture a, b;
    start(&a, 40, &r, 2);
    r.shards = 1;
    start(&b, 40, &r, 2);
    bl_step_report x = step(&a), y = step(&b);
    assert_true(fabs(x.loss - y.loss) < 1e-5);
    const bl_training_state *s = bl_trainer_state(a.trainer), *t = bl_trainer_state(b.trainer);
    float most = 0, apart = 0;
    for (size_t i = 0; i < s->n; i++) { /* the first moments are a tenth of the gradient */
        most = fmaxf(most, fabsf(s->first[i]));
        apart = fmaxf(apart, fabsf(s->first[i] - t->first[i]));
    }
    assert_true(most > 1e-4f);
    assert_true(apart < 1e-5f * most);
    end(&a);
    end(&b);
}

/* A step well into the training is AdamW's, with the moments corrected for their age. */
static void steps_are_counted(void **state) {
    (void)state;
    enum { STEPS = 5 };
    bl_recipe r = recipe();
    fixture f;
    r.weight_decay = 0;
    start(&f, 40, &r, 1);
    const bl_training_state *s = bl_trainer_state(f.trainer);
    for (int i = 1; i < STEPS; i++) step(&f);
    float *before = malloc(s->n * sizeof *before);
    memcpy(before, s->weights, s->n * sizeof *before);
    bl_step_report report = step(&f);
    assert_true(report.rate == bl_schedule_rate(&r, STEPS - 1, bl_trainer_steps(f.trainer)));
    double whole1 = 1 - pow(r.beta1, STEPS), whole2 = 1 - pow(r.beta2, STEPS);
    for (size_t i = 0; i < s->n; i++) {
        double change = report.rate * (double)s->first[i] / whole1 / (sqrt((double)s->second[i] / whole2) + r.epsilon);
        assert_true(fabs((double)s->weights[i] - ((double)before[i] - change)) < TOL_TRAIN_STEP);
    }
    free(before);
    end(&f);
}

static void stopping_changes_nothing(void **state) {
    (void)state;
    char path[] = "/tmp/backlight-check-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    bl_recipe r = recipe();
    bl_error e;
    fixture straight, before, after;
    r.average = 0.9;
    start(&straight, 40, &r, 2);
    start(&before, 40, &r, 2);
    start(&after, 40, &r, 2);
    uint64_t print = bl_training_fingerprint(&r, after.model, &after.pictures);
    for (int i = 0; i < 12; i++) step(&straight);
    for (int i = 0; i < 7; i++) step(&before); /* in the middle of an epoch */
    assert_int_equal(bl_checkpoint_write(path, bl_trainer_state(before.trainer), print, false, &e), BL_OK);
    assert_int_equal(bl_checkpoint_read(path, bl_trainer_state(after.trainer), print, &e), BL_OK);
    assert_same_state(&before, &after);
    for (int i = 0; i < 5; i++) step(&after);
    assert_same_state(&straight, &after);

    /* another training's, a damaged one, something else */
    r.rate = 0.02;
    uint64_t other = bl_training_fingerprint(&r, after.model, &after.pictures);
    assert_int_equal(bl_checkpoint_read(path, bl_trainer_state(after.trainer), other, &e), BL_USAGE);
    bl_text bytes = {0};
    assert_int_equal(bl_file_read(path, &bytes, &e), BL_OK);
    bytes.data[bytes.length / 2] ^= 1;
    assert_int_equal(bl_file_write(path, bytes.data, bytes.length, &e), BL_OK);
    assert_int_equal(bl_checkpoint_read(path, bl_trainer_state(after.trainer), print, &e), BL_FORMAT);
    assert_int_equal(bl_file_write(path, "short", 5, &e), BL_OK);
    assert_int_equal(bl_checkpoint_read(path, bl_trainer_state(after.trainer), print, &e), BL_FORMAT);
    assert_same_state(&straight, &after); /* a refused file has changed nothing */
    bl_text_free(&bytes);
    unlink(path);
    end(&straight);
    end(&before);
    end(&after);
}

static void running_mean(void **state) {
    (void)state;
    bl_recipe r = recipe();
    fixture f;
    r.average = 0.5;
    start(&f, 40, &r, 1);
    const bl_training_state *s = bl_trainer_state(f.trainer);
    float before = s->weights[0];
    step(&f);
    /* young: its share is (0+1)/(0+10) */
    assert_true(fabs((double)(s->average[0] - (0.1f * before + 0.9f * s->weights[0]))) < 1e-6);
    for (int i = 0; i < f.model->n_values; i++) {
        const bl_real *c = bl_trainer_constants(f.trainer)[i];
        assert_true(c ? c >= s->average && c < s->average + s->n : !bl_is_parameter(f.model, i));
    }
    end(&f);
}

static void refuses(void **state) {
    (void)state;
    bl_recipe r = recipe();
    bl_error e;
    bl_trainer *t;
    fixture f;
    start(&f, 40, &r, 1);
    r.shards = 3;
    assert_int_equal(bl_trainer_new(f.model, &r, &f.pictures, 1, &t, &e), BL_USAGE);
    assert_string_equal(e.message, "batch = 8 cannot be cut into shards = 3 equal parts");
    r.shards = 1, r.batch = 41;
    assert_int_equal(bl_trainer_new(f.model, &r, &f.pictures, 1, &t, &e), BL_USAGE);
    r.batch = 40, f.pictures.n_classes = 9;
    assert_int_equal(bl_trainer_new(f.model, &r, &f.pictures, 1, &t, &e), BL_SHAPE);
    assert_null(t);
    end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measured),
        cmocka_unit_test(first_loss_is_chance),
        cmocka_unit_test(learns_by_heart),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(shards_change_rounding_alone),
        cmocka_unit_test(steps_are_counted),
        cmocka_unit_test(stopping_changes_nothing),
        cmocka_unit_test(running_mean),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
