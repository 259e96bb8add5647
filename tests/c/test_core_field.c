/* field: receptive fields against brute force. Every weight is positive and every pixel 1; then one pixel after another
 * is made large, and what changes could see it. */
#include "graphs.h"

#include <stdlib.h>

enum { H = 13, W = 11 };

static void weights(bl_model *m, const char *name, const char *dims) {
    graph_constant(m, name, dims, 0.1, 1);
}

/* Windows of all kinds in a row. */
static bl_model *chain(void) {
    bl_model *m = graph_new(1, H, W);
    weights(m, "w1", "2,1,3,3");
    graph_node(m, "Conv", "c1", "x w1", "strides=2,1 pads=1,0,1,2");
    graph_node(m, "Relu", "r1", "c1", "");
    graph_node(m, "MaxPool", "p1", "r1", "kernel_shape=2,3 strides=2,2 pads=0,1,0,1");
    weights(m, "w2", "2,2,3,2");
    graph_node(m, "Conv", "c2", "p1 w2", "dilations=2,2 pads=2,2,2,2");
    graph_node(m, "AveragePool", "p2", "c2", "kernel_shape=2,2");
    return graph_seal(m, "p2");
}

/* Rows that no window after the pool can see, though padding reaches beyond. */
static bl_model *odd(void) {
    bl_model *m = graph_new(1, H, W);
    graph_node(m, "MaxPool", "p1", "x", "kernel_shape=2,2 strides=2,2");
    weights(m, "w1", "1,1,3,3");
    graph_node(m, "Conv", "c1", "p1 w1", "auto_pad=SAME_UPPER");
    weights(m, "w2", "2,1,4,4");
    graph_node(m, "Conv", "c2", "c1 w2", "auto_pad=SAME_LOWER strides=3,2");
    return graph_seal(m, "c2");
}

/* Branches of different reach, joined by sum, by channels, and by a factor of each channel. */
static bl_model *branches(void) {
    bl_model *m = graph_new(1, H, W);
    weights(m, "w1", "2,1,3,3");
    weights(m, "w2", "2,1,5,1");
    graph_node(m, "Conv", "a", "x w1", "pads=1,1,1,1");
    graph_node(m, "Conv", "b", "x w2", "pads=2,0,2,0");
    graph_node(m, "Add", "s", "a b", "");
    graph_node(m, "Concat", "j", "s a", "axis=1");
    graph_node(m, "AveragePool", "q", "j", "kernel_shape=3,3 strides=3,3");
    graph_node(m, "GlobalAveragePool", "g", "q", "");
    graph_node(m, "Mul", "f", "q g", "");
    graph_node(m, "Flatten", "flat", "f", "");
    graph_dense(m, "out", "flat", 4 * 4 * 3, 2);
    return graph_seal(m, "out");
}

static bool sees(const bl_seen *f, int row, int column) {
    return row >= f->row0 && row <= f->row1 && column >= f->column0 && column <= f->column1;
}

/* exact: the smallest rectangle; else no smaller than what was seen */
static void check(bl_model *m, int places) {
    bl_wants wants = BL_WANTS;
    wants.observe_all = true;
    graph_running g = graph_start(m, &wants, 1);
    bl_fields fields;
    OK(bl_fields_new(g.plan, &fields, error));
    bl_real *x = bl_run_input(g.run);
    bl_seen *seen = NULL;
    int checked = 0;
    for (int v = 0; v < m->n_values; v++) {
        if (fields.at[v] < 0 || v == m->input || !bl_run_value(g.run, v)) continue;
        bl_shape s = bl_plan_shape(g.plan, v);
        int height = s.rank == 4 ? s.dim[2] : 1, width = s.rank == 4 ? s.dim[3] : 1, plane = height * width;
        size_t n = bl_count(&s);
        bl_real *before = malloc(n * sizeof *before);
        seen = malloc((size_t)plane * sizeof *seen);
        for (int i = 0; i < plane; i++) seen[i] = (bl_seen){H, -1, W, -1};
        for (int i = 0; i < H * W; i++) x[i] = 1;
        OK(bl_run_forward(g.run, error));
        for (size_t i = 0; i < n; i++) before[i] = bl_run_value(g.run, v)[i];
        for (int pixel = 0; pixel < H * W; pixel++) {
            x[pixel] = 1000;
            OK(bl_run_forward(g.run, error));
            x[pixel] = 1;
            for (size_t i = 0; i < n; i++) {
                bl_real change = bl_run_value(g.run, v)[i] - before[i];
                if (change < (bl_real)0.05 && change > (bl_real)-0.05) continue;
                bl_seen *f = &seen[i % (size_t)plane];
                int row = pixel / W, column = pixel % W;
                if (row < f->row0) f->row0 = row;
                if (row > f->row1) f->row1 = row;
                if (column < f->column0) f->column0 = column;
                if (column > f->column1) f->column1 = column;
            }
        }
        for (int i = 0; i < plane; i++, checked++) {
            bl_seen told;
            bool some = bl_field_of(&fields, v, i / width, i % width, &told);
            const bl_seen *f = &seen[i];
            if (some != (f->row1 >= 0) || (some && (told.row0 != f->row0 || told.row1 != f->row1 ||
                                                    told.column0 != f->column0 || told.column1 != f->column1)))
                fail_msg("%s %d,%d: rows %d to %d, columns %d to %d are told; %d to %d, %d to %d seen",
                         m->values[v].name, i / width, i % width, told.row0, told.row1, told.column0, told.column1,
                         f->row0, f->row1, f->column0, f->column1);
        }
        free(before);
        free(seen);
    }
    assert_true(checked >= places);
    bl_fields_free(&fields);
    graph_stop(&g);
    bl_model_free(m);
}

static void test_chain(void **state) {
    (void)state;
    check(chain(), 100);
}
static void test_odd(void **state) {
    (void)state;
    check(odd(), 60);
}
static void test_branches(void **state) {
    (void)state;
    check(branches(), 400);
}

/* Of any graph: all that takes part in a number lies in its field. */
static void test_random(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        bl_model *m = graph_random(seed, 14);
        bl_wants wants = BL_WANTS;
        wants.observe_all = true;
        graph_running g = graph_start(m, &wants, seed);
        bl_fields fields;
        OK(bl_fields_new(g.plan, &fields, error));
        bl_shape in = bl_plan_shape(g.plan, m->input);
        int height = in.dim[2], width = in.dim[3], plane = height * width;
        size_t total = 0, *start = malloc((size_t)m->n_values * sizeof *start);
        for (int v = 0; v < m->n_values; v++) {
            start[v] = total;
            if (fields.at[v] >= 0) {
                bl_shape s = bl_plan_shape(g.plan, v);
                total += bl_count(&s);
            }
        }
        bl_real *before = malloc(total * sizeof *before), *x = bl_run_input(g.run);
        OK(bl_run_forward(g.run, error));
        for (int v = 0; v < m->n_values; v++) {
            bl_shape s = fields.at[v] >= 0 ? bl_plan_shape(g.plan, v) : (bl_shape){1, {0}};
            if (!bl_run_value(g.run, v)) continue;
            for (size_t i = 0; i < bl_count(&s); i++) before[start[v] + i] = bl_run_value(g.run, v)[i];
        }
        for (int pixel = 0; pixel < plane; pixel += 3) {
            bl_real kept = x[pixel];
            x[pixel] = kept + 3;
            OK(bl_run_forward(g.run, error));
            x[pixel] = kept;
            for (int v = 0; v < m->n_values; v++) {
                if (fields.at[v] < 0 || v == m->input || !bl_run_value(g.run, v)) continue;
                bl_shape s = bl_plan_shape(g.plan, v);
                int h = s.rank == 4 ? s.dim[2] : 1, w = s.rank == 4 ? s.dim[3] : 1;
                for (size_t i = 0; i < bl_count(&s); i++) {
                    bl_real change = bl_run_value(g.run, v)[i] - before[start[v] + i], size = before[start[v] + i];
                    if (change < 0) change = -change;
                    if (size < 0) size = -size;
                    if (change < (bl_real)1e-3 * (1 + size)) continue;
                    bl_seen told;
                    int place = (int)(i % (size_t)(h * w));
                    if (!bl_field_of(&fields, v, place / w, place % w, &told) ||
                        !sees(&told, pixel / width, pixel % width))
                        fail_msg("graph %d, %s %d,%d is moved by %d,%d, outside its field", (int)seed,
                                 m->values[v].name, place / w, place % w, pixel / width, pixel % width);
                }
            }
        }
        free(before);
        free(start);
        bl_fields_free(&fields);
        graph_stop(&g);
        bl_model_free(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chain), cmocka_unit_test(test_odd),
                                       cmocka_unit_test(test_branches), cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
