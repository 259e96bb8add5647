/* train, the parts: recipe, schedules, optimisers against closed forms, augmentation, dropout, classes, tar files,
 * holding back, Wilson's interval. */
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

#include "kernels/kernels.h"
#include "train/train.h"
#include "../tolerances.h"

static void close_to(double a, double b, double tolerance) {
    if (!(fabs(a - b) <= tolerance)) fail_msg("%.9g is not %.9g ± %g", a, b, tolerance);
}

/* ---- recipe ---- */

static bl_status read_recipe(const char *text, bl_recipe *r, bl_error *e) {
    bl_recipe_defaults(r);
    return bl_recipe_read(r, text, strlen(text), "r", e);
}

static void recipe_reads_and_writes(void **state) {
    (void)state;
    bl_recipe r, again;
    bl_error e;
    bl_text text = {0};
    assert_int_equal(
        read_recipe("# note\nepochs = 7 # few\r\n\n optimiser=sgd\nrate = 1e-2\nnetwork = a b.txt", &r, &e), BL_OK);
    assert_int_equal(r.epochs, 7);
    assert_int_equal(r.optimiser, BL_OPTIMISER_SGD);
    assert_true(r.rate == 1e-2);
    assert_string_equal(r.network, "a b.txt");
    assert_int_equal(r.batch, 64);
    assert_int_equal(r.schedule, BL_SCHEDULE_ONECYCLE);
    bl_recipe_write(&r, true, &text);
    assert_int_equal(read_recipe(text.data, &again, &e), BL_OK);
    assert_memory_equal(&r, &again, sizeof r);
    bl_text_free(&text);
}

static void recipe_refuses(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"epochs = 7\nepochz = 8", "r, line 2: a recipe has no key \"epochz\""},
        {"\n\nrate = fast", "r, line 3: rate = \"fast\" is not a number"},
        {"rate = nan", "r, line 1: rate = nan is outside 1e-09 … 100"},
        {"epochs = 0", "r, line 1: epochs = 0 is outside 1 … 100000"},
        {"epochs = 1.5", "r, line 1: epochs = 1.5 is not a whole number"},
        {"schedule = step", "r, line 1: schedule = \"step\": it can be one of: constant cosine onecycle linear"},
        {"epochs = 3\nepochs = 3", "r, line 2: epochs was given before"},
        {"what is this", "r, line 1: \"what is this\" is not key = value"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bl_recipe r;
        bl_error e;
        assert_int_equal(read_recipe(bad[i].text, &r, &e), BL_FORMAT);
        assert_string_equal(e.message, bad[i].message);
    }
}

/* ---- schedules and optimisers ---- */

static void schedules(void **state) {
    (void)state;
    bl_recipe r;
    bl_recipe_defaults(&r);
    r.rate = 2, r.warmup = 0.25, r.start_factor = 0.1, r.end_factor = 0.01;
    r.schedule = BL_SCHEDULE_ONECYCLE;
    close_to(bl_schedule_rate(&r, 0, 101), 0.2, 1e-6);
    close_to(bl_schedule_rate(&r, 25, 101), 2, 1e-6);
    close_to(bl_schedule_rate(&r, 100, 101), 0.02, 1e-6);
    close_to(bl_schedule_rate(&r, 5, 101), 0.2 + 1.8 * (1 - cos(acos(-1) * 0.2)) / 2, 1e-6);
    for (int64_t i = 1; i < 101; i++) {
        double change = bl_schedule_rate(&r, i, 101) - bl_schedule_rate(&r, i - 1, 101);
        assert_true(i <= 25 ? change > 0 : change < 0);
    }
    r.schedule = BL_SCHEDULE_COSINE;
    close_to(bl_schedule_rate(&r, 5, 101), 0.2 + 1.8 * 0.2, 1e-6);
    r.warmup = 0;
    close_to(bl_schedule_rate(&r, 0, 101), 2, 1e-6);
    close_to(bl_schedule_rate(&r, 50, 101), 1.01, 1e-6);
    r.schedule = BL_SCHEDULE_CONSTANT;
    close_to(bl_schedule_rate(&r, 99, 101), 2, 0);
    close_to(bl_schedule_rate(&r, 0, 1), 2, 0);
}

/* Under a constant gradient, momentum is a geometric series. */
static void sgd_in_closed_form(void **state) {
    (void)state;
    for (int nesterov = 0; nesterov < 2; nesterov++) {
        float w = 1, m = 0;
        const float g = 0.5f;
        double expected = 1, rate = 0.01, mu = 0.9;
        for (int k = 1; k <= 20; k++) {
            bl_sgd(1, &w, &g, &m, rate, mu, nesterov, 0);
            double speed = (double)g * (1 - pow(mu, k)) / (1 - mu);
            expected -= rate * (nesterov ? (double)g + mu * speed : speed);
        }
        close_to((double)w, expected, TOL_TRAIN_STEP);
    }
    float w = 1, m = 0;
    const float none = 0;
    for (int k = 0; k < 20; k++) bl_sgd(1, &w, &none, &m, 0.1, 0, false, 0.5);
    close_to((double)w, pow(0.95, 20), TOL_TRAIN_STEP);
}

/* Under a constant gradient Adam's step is the rate times its sign; decay is a geometric series beside it. */
static void adamw_in_closed_form(void **state) {
    (void)state;
    const float g[2] = {3, -0.02f};
    float w[2] = {1, 1}, m[2] = {0}, v[2] = {0};
    for (int k = 1; k <= 50; k++) bl_adamw(2, w, g, m, v, k, 0.01, 0.9, 0.999, 1e-12, 0);
    close_to((double)w[0], 0.5, TOL_TRAIN_STEP);
    close_to((double)w[1], 1.5, TOL_TRAIN_STEP);
    float x = 1, mx = 0, vx = 0, gx = 1;
    for (int k = 1; k <= 50; k++) bl_adamw(1, &x, &gx, &mx, &vx, k, 0.01, 0.9, 0.999, 1e-12, 0.2);
    double keep = 1 - 0.01 * 0.2, all = pow(keep, 50);
    close_to((double)x, all - 0.01 * (1 - all) / (1 - keep), TOL_TRAIN_STEP);
}

/* The gradient of the smoothed loss against its differences. */
static void smoothed_loss(void **state) {
    (void)state;
    bl_real scores[5] = {0.3f, -1, 2, 0.1f, 0}, gradient[5], sum = 0;
    const int32_t target = 3;
    double loss = bl_cross_entropy(1, 5, scores, &target, 0.2, 1, gradient), expected = 0, all = 0;
    for (int i = 0; i < 5; i++) all += exp((double)scores[i]);
    for (int i = 0; i < 5; i++) {
        double share = i == target ? 0.84 : 0.04, p = exp((double)scores[i]) / all;
        expected -= share * log(p);
        close_to((double)gradient[i], p - share, 1e-6);
        sum += gradient[i];
    }
    close_to(loss, expected, 1e-6);
    close_to((double)sum, 0, 1e-6);
}

/* ---- augmentation ---- */

static bl_picture numbered(int width, int height) {
    bl_picture p;
    assert_int_equal(bl_picture_make(width, height, &p, NULL), BL_OK);
    for (int i = 0; i < width * height; i++) {
        uint8_t *at = p.pixels + 4 * i;
        at[0] = (uint8_t)(i % width * 7), at[1] = (uint8_t)(i / width * 9), at[2] = (uint8_t)(i * 5), at[3] = 255;
    }
    return p;
}

static void augmentation(void **state) {
    (void)state;
    enum { W = 12, H = 10, BYTES = W * H * 4 };
    bl_recipe r;
    bl_picture from = numbered(W, H), a = numbered(W, H), b = numbered(W, H);
    bl_recipe_defaults(&r);
    bl_augment(&from, &r, 3, 1, &a);
    memset(b.pixels, 0, BYTES);
    bl_augment(&from, &r, 3, 1, &b);
    assert_memory_equal(a.pixels, b.pixels, BYTES);
    bl_augment(&from, &r, 3, 2, &b);
    assert_memory_not_equal(a.pixels, b.pixels, BYTES);
    bl_augment(&from, &r, 4, 1, &b);
    assert_memory_not_equal(a.pixels, b.pixels, BYTES);
    r.brightness = r.contrast = r.saturation = 0, r.shift = 0, r.flip = 0;
    bl_augment(&from, &r, 3, 1, &a);
    assert_memory_equal(a.pixels, from.pixels, BYTES);
    r.flip = 1;
    bl_augment(&from, &r, 3, 1, &a);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            assert_memory_equal(a.pixels + 4 * (y * W + x), from.pixels + 4 * (y * W + W - 1 - x), 4);
    /* every shift of −2 … 2 comes up, both ways, and shows the picture mirrored at its edge */
    r.flip = 0, r.shift = 2;
    bool seen[5][5] = {{false}};
    for (uint32_t sample = 0; sample < 400; sample++) {
        bl_augment(&from, &r, sample, 0, &a);
        int dx = a.pixels[4 * (4 * W + 5)] / 7 - 5, dy = a.pixels[4 * (4 * W + 5) + 1] / 9 - 4;
        assert_in_range(dx + 2, 0, 4);
        assert_in_range(dy + 2, 0, 4);
        seen[dy + 2][dx + 2] = true;
        int left = dx < 0 ? -dx : dx; /* what column 0 shows */
        assert_int_equal(a.pixels[4 * (4 * W)], left * 7);
    }
    for (int i = 0; i < 25; i++) assert_true(seen[i / 5][i % 5]);
    /* a grey picture stays grey whatever its colours do */
    r.shift = 0, r.brightness = r.contrast = r.saturation = 0.9;
    for (int i = 0; i < W * H; i++) from.pixels[4 * i + 1] = from.pixels[4 * i + 2] = from.pixels[4 * i];
    bl_augment(&from, &r, 9, 9, &a);
    assert_memory_not_equal(a.pixels, from.pixels, BYTES);
    for (int i = 0; i < W * H; i++) {
        assert_in_range(a.pixels[4 * i + 1] - a.pixels[4 * i] + 1, 0, 2);
        assert_int_equal(a.pixels[4 * i + 3], 255);
    }
    bl_picture_free(&from);
    bl_picture_free(&a);
    bl_picture_free(&b);
}

/* ---- dropout ---- */

static void dropout(void **state) {
    (void)state;
    static const char text[] = "input x 1x40x25\nflat = flatten x\ndrop = dropout flat 0.4\nout = dense drop 2\n";
    bl_model *model;
    bl_plan *plan;
    bl_run *run;
    bl_error e;
    assert_int_equal(bl_nettext_read(text, sizeof text - 1, 1, &model, &e), BL_OK);
    bl_dropout_state dropping = {5, 0, 0};
    bl_wants wants = BL_WANTS;
    int drop = bl_model_find(model, "drop");
    wants.batch = 2, wants.observe_all = true, wants.gradients = &model->input, wants.n_gradients = 1,
    wants.seeds = &drop, wants.n_seeds = 1;
    wants.substitute = bl_training_twin, wants.user = &dropping;
    assert_int_equal(bl_plan_new(model, &wants, &plan, &e), BL_OK);
    assert_int_equal(bl_run_new(plan, &run, &e), BL_OK);
    for (int i = 0; i < 2000; i++) bl_run_input(run)[i] = 3;
    float first[2000], ones[2000];
    for (int i = 0; i < 2000; i++) ones[i] = 1;
    assert_int_equal(bl_run_forward(run, &e), BL_OK);
    const bl_real *y = bl_run_value(run, drop);
    int zeros = 0;
    for (int i = 0; i < 2000; i++) {
        first[i] = y[i];
        zeros += y[i] == 0;
        if (y[i] != 0) close_to((double)y[i], 5, 1e-5);
    }
    assert_in_range(zeros, 800 - 88, 800 + 88); /* four deviations: 4·√(2000·0.4·0.6) */
    const bl_seed seed = {.value = drop, .data = ones, .weight = 1};
    assert_int_equal(bl_run_backward(run, &seed, 1, NULL, &e), BL_OK);
    const bl_real *g = bl_run_gradient(run, model->input);
    for (int i = 0; i < 2000; i++) close_to((double)g[i], (double)first[i] / 3, 1e-6);
    /* the second picture of a pass drops what the first of the next shard does */
    dropping.first = 1;
    assert_int_equal(bl_run_forward(run, &e), BL_OK);
    assert_memory_equal(bl_run_value(run, drop), first + 1000, 1000 * sizeof *first);
    dropping.first = 0, dropping.step = 1;
    assert_int_equal(bl_run_forward(run, &e), BL_OK);
    assert_memory_not_equal(bl_run_value(run, drop), first, sizeof first);
    bl_run_free(run);
    bl_plan_free(plan);
    bl_model_free(model);
}

/* ---- pictures ---- */

static void classes_by_name(void **state) {
    (void)state;
    static const char net[] = "input x 3x4x4\nlabels red panda; bell pepper; orange\nf = flatten x\no = dense f 3\n";
    static const char file[] = "wnid\tindex\tname\n"
                               "n02509815\t58\tlesser panda, red panda, bear cat\r\n"
                               "n07747607\tOrange\n"
                               "n0774760\tbell pepper";
    bl_model *model;
    bl_class_names names = {{0}};
    assert_int_equal(bl_nettext_read(net, sizeof net - 1, 1, &model, NULL), BL_OK);
    assert_int_equal(bl_class_of(&names, model, "bell pepper/1.png", 11), 1);
    assert_int_equal(bl_class_of(&names, model, "n02509815", 9), -1);
    bl_text_bytes(&names.text, file, sizeof file - 1);
    assert_int_equal(bl_class_of(&names, model, "n02509815", 9), 0);
    assert_int_equal(bl_class_of(&names, model, "n07747607", 9), 2);
    assert_int_equal(bl_class_of(&names, model, "n07747607", 8), 1); /* a name that begins another */
    assert_int_equal(bl_class_of(&names, model, "n99999999", 9), -1);
    bl_text_free(&names.text);
    bl_model_free(model);
}

static void add_to_tar(bl_text *tar, const char *name, const char *content) {
    unsigned char block[512] = {0};
    unsigned sum = 0;
    memcpy(block, name, strlen(name));
    memcpy(block + 100, "0000644", 8);
    snprintf((char *)block + 124, 12, "%011o", (unsigned)strlen(content));
    memcpy(block + 257, "ustar\00000", 8);
    block[156] = '0';
    memset(block + 148, ' ', 8);
    for (int i = 0; i < 512; i++) sum += block[i];
    snprintf((char *)block + 148, 8, "%06o", sum);
    bl_text_bytes(tar, (char *)block, 512);
    memset(block, 0, 512);
    memcpy(block, content, strlen(content));
    bl_text_bytes(tar, (char *)block, 512);
}

static void tar_entries(void **state) {
    (void)state;
    char dir[] = "/tmp/backlight-tar-XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/a.tar", dir);
    bl_text tar = {0}, content = {0};
    bl_error e;
    bl_entries entries;
    add_to_tar(&tar, "train/b/2.JPEG", "second");
    add_to_tar(&tar, "./train/a/1.png", "first");
    add_to_tar(&tar, "val/a/3.png", "third");
    add_to_tar(&tar, "train/a/notes.txt", "no picture");
    const size_t whole = tar.length;
    const char end[1024] = {0};
    bl_text_bytes(&tar, end, sizeof end);
    assert_int_equal(bl_file_write(path, tar.data, tar.length, &e), BL_OK);
    assert_int_equal(bl_entries_find(dir, "train", &entries, &e), BL_OK);
    assert_int_equal(entries.n, 2);
    assert_string_equal(entries.entries[0].path, "train/a/1.png");
    assert_string_equal(entries.entries[1].path, "train/b/2.JPEG");
    assert_int_equal(bl_entry_read(&entries.entries[0], &content, &e), BL_OK);
    assert_int_equal(content.length, 5);
    assert_string_equal(content.data, "first");
    bl_entries_free(&entries);
    assert_int_equal(bl_entries_find(dir, "test", &entries, &e), BL_IO);
    for (size_t left = whole; left > whole - 1024; left -= 300) { /* cut short, wherever */
        assert_int_equal(bl_file_write(path, tar.data, left, &e), BL_OK);
        assert_int_equal(bl_entries_find(dir, "train", &entries, &e), BL_FORMAT);
        assert_non_null(strstr(e.message, "is cut short"));
    }
    tar.data[3 * 1024 + 1] ^= 1;
    assert_int_equal(bl_file_write(path, tar.data, tar.length, &e), BL_OK);
    assert_int_equal(bl_entries_find(dir, "train", &entries, &e), BL_FORMAT);
    assert_non_null(strstr(e.message, "wrong checksum at byte 3072"));
    assert_int_equal(bl_file_write(path, "garbage", 7, &e), BL_OK);
    assert_int_equal(bl_entries_find(dir, "train", &entries, &e), BL_FORMAT);
    bl_text_free(&tar);
    bl_text_free(&content);
    unlink(path);
    rmdir(dir);
}

static bl_pictures some_pictures(int n, int n_classes) {
    bl_pictures p = {.n = n, .n_classes = n_classes, .width = 2, .height = 1};
    p.pixels = bl_alloc_aligned((size_t)n * 8);
    p.classes = calloc((size_t)n, sizeof *p.classes);
    p.names = calloc((size_t)n, sizeof *p.names);
    for (int i = 0; i < n; i++)
        p.classes[i] = i % n_classes, p.pixels[8 * i] = (uint8_t)i, p.names[i] = bl_arena_text(&p.arena, "x", 1);
    return p;
}

static void twins_are_dropped(void **state) {
    (void)state;
    bl_pictures p = some_pictures(60, 3), others = some_pictures(6, 3);
    bl_error e;
    int dropped = 0;
    others.pixels[8 * 4] = 200;   /* like none of p; the first four and the sixth are */
    others.pixels[8 * 5 + 7] = 1; /* differs in the last byte */
    assert_int_equal(bl_pictures_drop_twins(&p, &others, &dropped, &e), BL_OK);
    assert_int_equal(dropped, 4);
    assert_int_equal(p.n, 56);
    for (int i = 0; i < 56; i++) {
        assert_int_equal(p.pixels[8 * i], i + 4);
        assert_int_equal(p.classes[i], (i + 4) % 3);
    }
    bl_pictures_free(&p);
    bl_pictures_free(&others);
}

static void holding_back(void **state) {
    (void)state;
    bl_pictures p = some_pictures(60, 3), q = some_pictures(60, 3), held, other;
    bl_error e;
    assert_int_equal(bl_pictures_hold_back(&p, 5, 7, &held, &e), BL_OK);
    assert_int_equal(p.n, 45);
    assert_int_equal(held.n, 15);
    bool seen[60] = {false};
    int of_class[3] = {0};
    for (int i = 0; i < 60; i++) {
        const bl_pictures *from = i < 45 ? &p : &held;
        int k = i < 45 ? i : i - 45, id = from->pixels[8 * k];
        assert_false(seen[id]);
        seen[id] = true;
        assert_int_equal(from->classes[k], id % 3);
        of_class[from->classes[k]] += i >= 45;
    }
    for (int c = 0; c < 3; c++) assert_int_equal(of_class[c], 5);
    assert_int_equal(bl_pictures_hold_back(&q, 5, 8, &other, &e), BL_OK);
    assert_memory_not_equal(held.pixels, other.pixels, 15 * 8);
    bl_pictures_free(&held);
    assert_int_equal(bl_pictures_hold_back(&p, 16, 7, &held, &e), BL_USAGE);
    bl_pictures_free(&other);
    bl_pictures_free(&p);
    bl_pictures_free(&q);
}

/* Wilson's intervals as tables give them. */
static void wilson(void **state) {
    (void)state;
    double low, high;
    bl_wilson(0, 10, &low, &high);
    close_to(low, 0, 1e-12);
    close_to(high, 0.2775, 5e-5);
    bl_wilson(5, 10, &low, &high);
    close_to(low, 0.2366, 5e-5);
    close_to(high, 0.7634, 5e-5);
    bl_wilson(10, 10, &low, &high);
    close_to(low, 0.7225, 5e-5);
    close_to(high, 1, 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recipe_reads_and_writes),
        cmocka_unit_test(recipe_refuses),
        cmocka_unit_test(schedules),
        cmocka_unit_test(sgd_in_closed_form),
        cmocka_unit_test(adamw_in_closed_form),
        cmocka_unit_test(smoothed_loss),
        cmocka_unit_test(augmentation),
        cmocka_unit_test(dropout),
        cmocka_unit_test(classes_by_name),
        cmocka_unit_test(tar_entries),
        cmocka_unit_test(twins_are_dropped),
        cmocka_unit_test(holding_back),
        cmocka_unit_test(wilson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
