/* Methods that hide parts of the picture and look at the score, against known answers. */
#include "jobs.h"

static const char linear[] = "input x 3x7x5\nlabels a; b\nmean 0.5 0.4 0.3\nstd 0.25 0.5 1\nchannels RGB\n"
                             "flat = flatten x\nscores = dense flat 2\nprob = softmax scores\n";
static const char small[] =
    "input x 3x15x13\nlabels a; b; c; d\nmean 0.5 0.4 0.3\nstd 0.25 0.25 0.5\nchannels RGB\n"
    "conv_1 = conv x 6 3x3\nrelu_1 = relu conv_1\npool = maxpool relu_1 2x2 stride 2\nflat = flatten pool\n"
    "scores = dense flat 4\nprob = softmax scores\n";

/* The weight of the score of a class at channel c, pixel i. */
static double weight(bl_model *m, int class_index, int c, int i) {
    const bl_real *w = constant_of(m, "scores", 1);
    for (int k = 0; k < m->n_nodes; k++)
        if (strcmp(m->values[m->nodes[k].out].name, "scores") == 0 && m->values[m->nodes[k].in[1]].shape.dim[0] == 2)
            return (double)w[class_index * 105 + c * 35 + i];
    return (double)w[(c * 35 + i) * 2 + class_index];
}

/* Of a linear score, a window takes away its own terms. */
static void occlusion_of_a_linear_score(void **state) {
    (void)state;
    bl_model *m = network(linear, 2);
    bl_picture p = picture(5, 7, 0, 255, 2);
    bl_real x[105];
    bl_picture_to_input(&p, m, x);
    static const int sizes[][2] = {{3, 2}, {1, 1}, {5, 4}, {2, 3}};
    for (int k = 0; k < 4; k++)
        for (int black = 0; black < 2; black++) {
            int size = sizes[k][0], stride = sizes[k][1] > size ? size : sizes[k][1]; /* no gaps */
            double sum[35] = {0}, count[35] = {0};
            for (int top = 0, rows_left = 1; rows_left; top += stride) {
                if (top >= 7 - size) top = 7 - size, rows_left = 0;
                for (int left = 0, columns_left = 1; columns_left; left += stride) {
                    if (left >= 5 - size) left = 5 - size, columns_left = 0;
                    double fall = 0;
                    for (int c = 0; c < 3; c++)
                        for (int y = top; y < top + size; y++)
                            for (int i = y * 5 + left; i < y * 5 + left + size; i++)
                                fall += weight(m, 1, c, i) *
                                        ((double)x[c * 35 + i] - (black ? -(double)m->mean[c] / (double)m->std[c] : 0));
                    for (int y = top; y < top + size; y++)
                        for (int i = y * 5 + left; i < y * 5 + left + size; i++) sum[i] += fall, count[i]++;
                }
            }
            char params[60];
            snprintf(params, sizeof params, "size=%d stride=%d fill=%s", size, sizes[k][1], black ? "black" : "mean");
            bl_job *job = run("occlusion", m, &p, "class:1", params);
            bl_real wanted[35];
            for (int i = 0; i < 35; i++) wanted[i] = (bl_real)(sum[i] / count[i]);
            if (!(map_error(result(job, "map")->data, wanted, 35) < 1e-5)) fail_msg("%s", params);
            bl_job_end(job);
        }
    /* A score that is constant falls nowhere. */
    memset(constant_of(m, "scores", 1), 0, 210 * sizeof(bl_real));
    bl_job *job = run("occlusion", m, &p, "class:1", "size=2");
    for (int i = 0; i < 35; i++) assert_true(result(job, "map")->data[i] == 0);
    assert_true(legend_says(job, "map is zero"));
    bl_job_end(job);
    bl_request request = {.model = m, .picture = &p, .params = "size=6"};
    bl_error e = {0};
    assert_int_equal(bl_job_start(bl_method_find("occlusion"), &request, &job, &e), BL_USAGE);
    assert_non_null(strstr(e.message, "7×5"));
    bl_picture_free(&p);
    bl_model_free(m);
}

/* Where the score hangs on one pixel alone, its slope there is that pixel's term, for any number of masks. */
static void rise_of_one_pixel(void **state) {
    (void)state;
    bl_model *m = network(linear, 3);
    bl_picture p = picture(5, 7, 0, 255, 3);
    bl_real x[105], *w = constant_of(m, "scores", 1);
    bl_picture_to_input(&p, m, x);
    double kept = weight(m, 1, 0, 12), term = 0;
    for (int k = 0; k < 210; k++)
        if ((double)w[k] != kept) w[k] = 0;
    for (int c = 0; c < 3; c++) term += weight(m, 1, c, 12) * (double)x[c * 35 + 12];
    assert_true(term != 0);
    static const char *const params[] = {"masks=100", "masks=333 cells=3", "masks=200 share=0.2 seed=7"};
    for (int i = 0; i < 3; i++) {
        bl_job *job = run("rise", m, &p, "class:1", params[i]);
        const bl_real *map = result(job, "map")->data;
        if (!(fabs((double)map[12] - term) < 1e-4 * fabs(term))) fail_msg("%g, not %g", (double)map[12], term);
        for (int k = 0; k < 35; k++) assert_true(fabs((double)map[k]) < fabs(term) * 1.6);
        bl_job_end(job);
    }
    bl_picture_free(&p);
    bl_model_free(m);
}

/* The error falls as one over the root of the number of masks; the mean over seeds comes to the answer of many masks.
 */
static void rise_converges(void **state) {
    (void)state;
    bl_model *m = network(linear, 3);
    bl_picture p = picture(5, 7, 0, 255, 3);
    bl_job *truth = run("rise", m, &p, "class:1", "masks=8000 seed=1000 cells=4");
    const bl_real *t = result(truth, "map")->data;
    double off[2] = {0, 0}, size = 0, bias = 0;
    bl_real mean[35] = {0};
    for (int i = 0; i < 35; i++) size += (double)t[i] * (double)t[i];
    for (int seed = 1; seed <= 20; seed++)
        for (int k = 0; k < 2; k++) {
            char params[60];
            snprintf(params, sizeof params, "masks=%d seed=%d cells=4", k ? 800 : 200, seed);
            bl_job *job = run("rise", m, &p, "class:1", params);
            for (int i = 0; i < 35; i++) {
                double d = (double)result(job, "map")->data[i] - (double)t[i];
                off[k] += d * d;
                if (k) mean[i] += result(job, "map")->data[i] / 20;
            }
            bl_job_end(job);
        }
    for (int i = 0; i < 35; i++) bias += ((double)mean[i] - (double)t[i]) * ((double)mean[i] - (double)t[i]);
    double ratio = sqrt(off[0] / off[1]);
    if (!(ratio > 1.6 && ratio < 2.5)) fail_msg("%g instead of 2", ratio);
    if (!(sqrt(bias / size) < 0.1)) fail_msg("the mean is off by %g", sqrt(bias / size));
    bl_job_end(truth);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void shared(void **state) {
    (void)state;
    bl_model *m = network(small, 3);
    bl_picture p = picture(13, 15, 0, 255, 3);
    any_number_of_workers("occlusion", m, &p, NULL, "size=3 stride=2 fill=noise");
    any_number_of_workers("occlusion", m, &p, "relu_1:2", "size=5 stride=5 fill=blur");
    any_number_of_workers("rise", m, &p, NULL, "masks=150");
    any_number_of_workers("rise", m, &p, NULL, "masks=101 form=classic cells=3");
    bl_picture_free(&p);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(occlusion_of_a_linear_score),
        cmocka_unit_test(rise_of_one_pixel),
        cmocka_unit_test(rise_converges),
        cmocka_unit_test(shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
