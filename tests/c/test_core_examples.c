/* examples: against a sort over all pictures, with equals. */
#include "graphs.h"
#include "base/random.h"
#include "onnx/onnx.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURES = 23, EACH = 5, CHANNELS = 7, PLANE = 6 * 6, INPUT = 3 * 6 * 6 };

static const char text[] = "input x 3x6x6\nmean 0 0 0\nstd 1 1 1\nchannels RGB\nc = conv x 7 3x3 pad 1\nr = relu c\n"
                           "flat = flatten r\nscores = dense flat 4\n";

static bl_model *network(void) {
    bl_model *m;
    OK(bl_nettext_read(text, sizeof text - 1, 1, &m, error));
    return m;
}

/* Pictures of few values, and each twice, so that there are equals. */
static void fill(bl_real *x, int picture) {
    const bl_random r = {.seed = 2, .stream = BL_STREAM_TEST, .sample = (uint32_t)picture / 2};
    for (uint32_t i = 0; i < INPUT; i++) x[i] = (bl_real)bl_random_below(&r, i, 3);
}

typedef struct {
    bl_example at;
    int order;
} candidate;

static int by_value(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->at.value != y->at.value) return x->at.value < y->at.value ? 1 : -1;
    return x->order - y->order;
}

static void check_layer(const bl_model *m, const char *layer, int plane, int channels) {
    bl_examples *e;
    bl_wants wants = BL_WANTS;
    wants.observe_all = true;
    graph_running whole = graph_start(m, &wants, 1);
    int value = bl_model_find(m, layer), seen = 0;
    OK(bl_examples_new(m, value, EACH, 0, 0, &e, error));
    assert_int_equal(bl_examples_channels(e), channels);
    candidate *all = calloc((size_t)channels * PICTURES, sizeof *all);
    for (int p = 0; p < PICTURES; p++) {
        fill(bl_run_input(bl_examples_run(e)), p);
        OK(bl_examples_add(e, p, error));
        fill(bl_run_input(whole.run), p);
        OK(bl_run_forward(whole.run, error));
        const bl_real *map = bl_run_value(whole.run, value);
        for (int c = 0; c < channels; c++) {
            candidate *best = &all[c * PICTURES + p];
            *best = (candidate){{p, 0, 0, -(bl_real)INFINITY}, p};
            for (int i = 0; i < plane; i++)
                if (map[c * plane + i] > best->at.value)
                    best->at = (bl_example){p, i / (plane > 1 ? 6 : 1), i % (plane > 1 ? 6 : 1), map[c * plane + i]};
        }
    }
    for (int c = 0; c < channels; c++) {
        int n;
        const bl_example *list = bl_examples_of(e, c, &n);
        qsort(all + c * PICTURES, PICTURES, sizeof *all, by_value);
        assert_int_equal(n, EACH);
        for (int i = 0; i < n; i++) {
            const bl_example *expected = &all[c * PICTURES + i].at;
            assert_int_equal(list[i].picture, expected->picture);
            assert_int_equal(list[i].row, expected->row);
            assert_int_equal(list[i].column, expected->column);
            assert_true(list[i].value == expected->value);
            seen += i > 0 && list[i].value == list[i - 1].value;
        }
    }
    assert_true(seen > 0); /* equals were among them */
    free(all);
    bl_examples_free(e);
    graph_stop(&whole);
}

static void largest_first(void **state) {
    (void)state;
    bl_model *m = network();
    check_layer(m, "r", PLANE, CHANNELS);
    check_layer(m, "c", PLANE, CHANNELS);
    bl_model_free(m);
}

static void few_pictures_and_wrong_calls(void **state) {
    (void)state;
    bl_model *m = network();
    bl_examples *e;
    bl_error why;
    int n, scores = bl_model_find(m, "scores");
    OK(bl_examples_new(m, scores, EACH, 0, 0, &e, error));
    bl_examples_of(e, 3, &n);
    assert_int_equal(n, 0);
    fill(bl_run_input(bl_examples_run(e)), 0);
    bl_run_input(bl_examples_run(e))[4] = (bl_real)NAN; /* refused, and nothing has changed */
    assert_int_not_equal(bl_examples_add(e, 0, &why), BL_OK);
    bl_examples_of(e, 3, &n);
    assert_int_equal(n, 0);
    fill(bl_run_input(bl_examples_run(e)), 1);
    OK(bl_examples_add(e, 1, error));
    const bl_example *one = bl_examples_of(e, 3, &n);
    assert_int_equal(n, 1);
    assert_int_equal(one->picture, 1);
    bl_examples_free(e);
    assert_int_equal(bl_examples_new(m, scores, 0, 0, 0, &e, &why), BL_USAGE);
    assert_null(e);
    assert_int_equal(bl_examples_new(m, scores, BL_MOST_EXAMPLES + 1, 0, 0, &e, &why), BL_USAGE);
    assert_int_equal(bl_examples_new(m, m->n_values, 1, 0, 0, &e, &why), BL_USAGE);
    assert_int_equal(bl_examples_new(m, -1, 1, 0, 0, &e, &why), BL_USAGE);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(largest_first),
        cmocka_unit_test(few_pictures_and_wrong_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
