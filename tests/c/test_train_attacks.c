/* train, pictures that are changed on purpose: attacks against a linear network whose answer can be written down, and
 * captions. */
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

enum { SIDE = 4, EACH = 3 * SIDE * SIDE, CLASSES = 2, BATCH = 3 };

static const char linear[] = "input x 3x4x4\nlabels a; b\nmean 0.5 0.4 0.3\nstd 0.25 0.3 0.2\nchannels RGB\n"
                             "flat = flatten x\nscores = dense flat 2\n";

static bl_model *make_model(void) {
    bl_model *m;
    bl_error e;
    if (bl_nettext_read(linear, sizeof linear - 1, 3, &m, &e) != BL_OK) fail_msg("%s", e.message);
    return m;
}

static bl_pictures make_pictures(int n) {
    bl_pictures p = {.n = n, .n_classes = CLASSES, .width = SIDE, .height = SIDE};
    const bl_random r = {.seed = 5, .stream = BL_STREAM_TEST};
    p.pixels = bl_alloc_aligned((size_t)n * SIDE * SIDE * 4);
    p.classes = calloc((size_t)n, sizeof *p.classes);
    p.names = calloc((size_t)n, sizeof *p.names);
    for (int i = 0; i < n * SIDE * SIDE * 4; i++)
        p.pixels[i] = i % 4 == 3 ? 255 : (uint8_t)(30 + bl_random_below(&r, (uint32_t)i, 196));
    for (int i = 0; i < n; i++) p.classes[i] = i % CLASSES;
    return p;
}

/* The weights of the dense layer, as its run has them: the gradient of a score to the input. */
static void read_weights(const bl_model *m, double w[CLASSES][EACH]) {
    for (int v = 0; v < m->n_values; v++) {
        const bl_value *value = &m->values[v];
        if (!value->is_constant || value->type != BL_FLOAT || bl_count(&value->shape) != CLASSES * EACH) continue;
        bool rows = value->shape.dim[0] == CLASSES;
        for (int k = 0; k < CLASSES; k++)
            for (int i = 0; i < EACH; i++) w[k][i] = (double)value->data[rows ? k * EACH + i : i * CLASSES + k];
    }
}

/* Of two classes the loss rises along the sign of the other one's weights less the true one's, wherever one starts. */
static void attack_ends_in_the_corner(void **state) {
    (void)state;
    bl_error e;
    bl_model *m = make_model();
    bl_pictures p = make_pictures(BATCH);
    double w[CLASSES][EACH];
    bl_adversary *a;
    bl_wants wants = BL_WANTS;
    wants.batch = BATCH;
    read_weights(m, w);
    if (bl_adversary_new(m, &wants, &a, &e) != BL_OK) fail_msg("%s", e.message);
    static bl_real x[BATCH * EACH], moved[BATCH * EACH];
    int32_t classes[BATCH];
    for (int i = 0; i < BATCH; i++) {
        bl_picture one = bl_pictures_at(&p, i);
        bl_picture_to_input(&one, m, x + i * EACH);
        classes[i] = p.classes[i];
    }
    const double epsilon = 8.0 / 255;
    bl_attack attack = {.epsilon = epsilon, .step = epsilon / 2, .steps = 5, .start = {1, BL_STREAM_TEST, 0, 0}};
    bool fooled[BATCH] = {false};
    assert_int_equal(bl_adversary_move(a, &attack, x, classes, moved, fooled, &e), BL_OK);
    for (int i = 0; i < BATCH; i++)
        for (int k = 0; k < EACH; k++) {
            double along = w[1 - classes[i]][k] - w[classes[i]][k];
            double expected =
                (double)x[i * EACH + k] + (along > 0 ? epsilon : -epsilon) / (double)m->std[k / (SIDE * SIDE)];
            assert_true(fabs((double)moved[i * EACH + k] - expected) < 1e-5);
        }
    /* Without steps: somewhere within the box, elsewhere from another start, the same from the same one. */
    static bl_real again[BATCH * EACH];
    attack.steps = 0;
    assert_int_equal(bl_adversary_move(a, &attack, x, classes, moved, NULL, &e), BL_OK);
    double most = 0;
    for (int k = 0; k < BATCH * EACH; k++) {
        double by = fabs((double)(moved[k] - x[k])) * (double)m->std[k % EACH / (SIDE * SIDE)];
        assert_true(by <= epsilon + 1e-6);
        if (by > most) most = by;
    }
    assert_true(most > 0.9 * epsilon);
    assert_int_equal(bl_adversary_move(a, &attack, x, classes, again, NULL, &e), BL_OK);
    assert_memory_equal(again, moved, sizeof moved);
    attack.start.step = 1;
    assert_int_equal(bl_adversary_move(a, &attack, x, classes, again, NULL, &e), BL_OK);
    assert_memory_not_equal(again, moved, sizeof moved);
    /* Colours end at black and white. */
    attack = (bl_attack){.epsilon = 2, .step = 2, .steps = 2, .start = {1, BL_STREAM_TEST, 0, 0}};
    assert_int_equal(bl_adversary_move(a, &attack, x, classes, moved, NULL, &e), BL_OK);
    for (int k = 0; k < BATCH * EACH; k++) {
        int c = k % EACH / (SIDE * SIDE);
        double u = (double)moved[k] * (double)m->std[c] + (double)m->mean[c];
        assert_true(fabs(u) < 1e-5 || fabs(u - 1) < 1e-5);
    }
    bl_adversary_free(a);
    bl_pictures_free(&p);
    bl_model_free(m);
}

/* A picture of a linear network withstands as long as its margin is more than ε·‖Δw‖₁. */
static void withstanding_is_the_margin(void **state) {
    (void)state;
    enum { MANY = 40 };
    bl_error e;
    bl_model *m = make_model();
    bl_pictures p = make_pictures(MANY);
    double w[CLASSES][EACH], reach = 0;
    read_weights(m, w);
    const double epsilon = 2.0 / 255;
    for (int k = 0; k < EACH; k++) reach += epsilon * fabs(w[1][k] - w[0][k]) / (double)m->std[k / (SIDE * SIDE)];
    int withstand = 0, right = 0;
    for (int i = 0; i < MANY; i++) {
        bl_real x[EACH];
        bl_picture one = bl_pictures_at(&p, i);
        bl_picture_to_input(&one, m, x);
        double margin = 0;
        for (int k = 0; k < EACH; k++) margin += (w[1][k] - w[0][k]) * (double)x[k];
        /* The dense layer's biases are drawn as zero. Half of the pictures is labelled as the network says. */
        p.classes[i] = i % 4 == 0 ? margin < 0 : margin > 0;
        if (p.classes[i] == 0) margin = -margin;
        right += margin > 0;
        withstand += margin > reach;
    }
    assert_true(withstand > 2 && withstand < right); /* else this says nothing */
    const bl_attack attack = {.epsilon = epsilon, .step = epsilon / 4, .steps = 20, .start = {1, BL_STREAM_TEST, 0, 0}};
    for (int threads = 1; threads <= 3; threads += 2) {
        int correct;
        if (bl_evaluate_attacked(m, &p, &attack, 2, threads, &correct, &e) != BL_OK) fail_msg("%s", e.message);
        assert_int_equal(correct, withstand);
    }
    bl_pictures_free(&p);
    bl_model_free(m);
}

static void training_under_attack_counts_alike(void **state) {
    (void)state;
    bl_error e;
    bl_training_state *states[2];
    bl_trainer *trainers[2];
    bl_model *m = make_model();
    bl_pictures p = make_pictures(16);
    bl_recipe r;
    bl_recipe_defaults(&r);
    r.batch = 8, r.shards = 4, r.epochs = 2, r.shift = 0, r.adversarial = 8, r.adversarial_steps = 2;
    for (int k = 0; k < 2; k++) {
        if (bl_trainer_new(m, &r, &p, 1 + 2 * k, &trainers[k], &e) != BL_OK) fail_msg("%s", e.message);
        for (int i = 0; i < 4; i++) {
            bl_step_report report;
            if (bl_trainer_step(trainers[k], &report, &e) != BL_OK) fail_msg("%s", e.message);
        }
        states[k] = bl_trainer_state(trainers[k]);
    }
    assert_memory_equal(states[0]->weights, states[1]->weights, states[0]->n * sizeof(float));
    bl_trainer *plain;
    bl_step_report report;
    r.adversarial = 0;
    if (bl_trainer_new(m, &r, &p, 1, &plain, &e) != BL_OK) fail_msg("%s", e.message);
    for (int i = 0; i < 4; i++) assert_int_equal(bl_trainer_step(plain, &report, &e), BL_OK);
    assert_memory_not_equal(bl_trainer_state(plain)->weights, states[0]->weights, states[0]->n * sizeof(float));
    bl_trainer_free(plain);
    for (int k = 0; k < 2; k++) bl_trainer_free(trainers[k]);
    bl_pictures_free(&p);
    bl_model_free(m);
}

static void caption_is_a_box(void **state) {
    (void)state;
    bl_picture p;
    bl_error e;
    assert_int_equal(bl_picture_make(30, 20, &p, &e), BL_OK);
    memset(p.pixels, 77, 30 * 20 * 4);
    bl_captions_write("ABC LIL", 1, &p);
    /* L: its stroke is the first column, its foot the last row; I: a stroke in the middle. */
    static const char rows[8][21] = {"                    ", " #      ###  #      ", " #       #   #      ",
                                     " #       #   #      ", " #       #   #      ", " #       #   #      ",
                                     " #       #   #      ", " #####  ###  #####  "};
    for (int y = 0; y < 20; y++)
        for (int x = 0; x < 30; x++) {
            bool inside = x >= 2 && x < 22 && y >= 10 && y < 18;
            int expected = !inside ? 77 : rows[y - 10][x - 2] == '#' ? 255 : 0;
            assert_int_equal(p.pixels[4 * (y * 30 + x)], expected);
            assert_int_equal(p.pixels[4 * (y * 30 + x) + 2], expected);
        }
    bl_picture_caption(&p, "A?Z", -5, 17); /* what lies outside is left out; other signs are blanks */
    bl_picture_free(&p);
}

static void captions_are_checked(void **state) {
    (void)state;
    bl_error e;
    assert_int_equal(bl_captions_check("BEE CAT", 2, &e), BL_OK);
    static const char *bad[] = {"", "BEE", "BEE CAT ", "BEE  CAT", "BEE CAt", "BEECATT", "BEE CAT ARC"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(bl_captions_check(bad[i], 2, &e), BL_USAGE);
        assert_non_null(strstr(e.message, bad[i]));
    }
}

static void captions_are_right_as_often_as_said(void **state) {
    (void)state;
    enum { MANY = 4000 };
    bl_recipe r;
    bl_recipe_defaults(&r);
    for (int noise = 0; noise <= 2; noise++) {
        int right = 0, counts[4] = {0};
        r.caption_noise = noise / 2.0;
        for (uint32_t i = 0; i < MANY; i++) {
            int of = bl_caption_of(&r, 4, 2, i, 1);
            assert_int_equal(of, bl_caption_of(&r, 4, 2, i, 1));
            counts[of]++;
            right += of == 2;
        }
        /* Its own class is among those that are drawn. Four deviations of a binomial of 4000 are below 130. */
        assert_true(abs(right - (int)(MANY * (1 - r.caption_noise + r.caption_noise / 4))) < 130);
        if (noise == 0) assert_int_equal(right, MANY);
        if (noise == 2)
            for (int c = 0; c < 4; c++) assert_true(abs(counts[c] - MANY / 4) < 130);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attack_ends_in_the_corner),
        cmocka_unit_test(withstanding_is_the_margin),
        cmocka_unit_test(training_under_attack_counts_alike),
        cmocka_unit_test(caption_is_a_box),
        cmocka_unit_test(captions_are_checked),
        cmocka_unit_test(captions_are_right_as_often_as_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
