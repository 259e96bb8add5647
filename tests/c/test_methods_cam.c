/* Class activation maps against known answers. */
#include "jobs.h"

/* Two maps by hand: A1 = ((1,0),(0,0)), A2 = ((0,0),(0,2)), and the score 3·mean(A1) − mean(A2). */
static bl_model *two_maps(bl_picture *p) {
    bl_model *m = network("input x 3x2x2\nmean 0 0 0\nstd 1 1 1\nchannels RGB\nconv = conv x 2 1x1\nrelu = relu conv\n"
                          "mean = globalavgpool relu\nflat = flatten mean\nscore = dense flat 1\n",
                          1);
    no_biases(m);
    set_layer(m, "conv", 6, (bl_real[]){1, 0, 0, 0, 2, 0}, 0, NULL);
    set_layer(m, "score", 2, (bl_real[]){3, -1}, 0, NULL);
    *p = picture(2, 2, 0, 0, 1);
    p->pixels[0] = 255, p->pixels[4 * 3 + 1] = 255;
    return m;
}
static const char pooled[] = "input x 3x13x16\nlabels a; b; c; d\nmean 0.5 0.4 0.3\nstd 0.25 0.25 0.5\nchannels RGB\n"
                             "conv_1 = conv x 6 3x3 stride 2\nrelu_1 = relu conv_1\nconv_2 = conv relu_1 8 3x3\n"
                             "relu_2 = relu conv_2\nmean = globalavgpool relu_2\nflat = flatten mean\n"
                             "scores = dense flat 4\nprob = softmax scores\n";

static void by_hand(void **state) {
    (void)state;
    bl_picture p;
    bl_model *m = two_maps(&p);
    static const struct {
        const char *params;
        double first, last; /* of the map's corners; the others are 0 */
    } cases[] = {{"", 0.75, 0},
                 {"keep=signed", 0.75, -0.5},
                 {"variant=gradcam++", 12.0 / 11, 0},
                 {"variant=gradcam++ keep=signed", 12.0 / 11, 0},
                 {"variant=hirescam keep=signed", 0.75, -0.5},
                 {"variant=layercam keep=signed", 0.75, 0},
                 {"variant=xgradcam keep=signed", 0.75, -0.5},
                 {"variant=cam keep=signed", 3, -2},
                 {"keep=signed enlarge=cells", 0.75, -0.5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bl_job *job = run("gradcam", m, &p, "class:1", cases[i].params);
        const bl_real *map = result(job, "map")->data;
        if (!(fabs(map[0] - cases[i].first) < 1e-5 && fabs(map[3] - cases[i].last) < 1e-5))
            fail_msg("%s: %g %g", cases[i].params, (double)map[0], (double)map[3]);
        assert_true(map[1] == 0 && map[2] == 0);
        bl_job_end(job);
    }
    /* Each map alone leaves a score of 0.75 or −0.5. */
    bl_job *job = run("score-cam", m, &p, "class:1", "");
    double first = 1 / (1 + exp(-1.25));
    assert_true(fabs(result(job, "map")->data[0] - first) < 1e-5);
    assert_true(fabs(result(job, "map")->data[3] - 2 * (1 - first)) < 1e-5);
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* With global average pooling and a linear end, all of these are one map, and its cells add up to the score. */
static void one_map(void **state) {
    (void)state;
    bl_model *m = network(pooled, 5);
    bl_picture p = picture(16, 13, 0, 255, 5);
    bl_job *maps = run("maps", m, &p, NULL, "layer=relu_2");
    const bl_result *a = result(maps, "maps");
    size_t n = (size_t)a->height * (size_t)a->width;
    for (int class_index = 0; class_index < 4; class_index++) {
        char objective[20];
        snprintf(objective, sizeof objective, "class:%d", class_index);
        const bl_real *w = constant_of(m, "scores", 1);
        bool across = m->values[m->nodes[m->n_nodes - 2].in[1]].shape.dim[0] == 8; /* in × out */
        bl_real wanted[13 * 16] = {0}, large[13 * 16];
        for (int k = 0; k < 8; k++)
            for (size_t i = 0; i < n; i++)
                wanted[i] += (across ? w[k * 4 + class_index] : w[class_index * 8 + k]) * a->data[(size_t)k * n + i];
        bl_resize(wanted, 1, a->height, a->width, large, 13, 16);
        static const char *const variants[] = {"cam", "gradcam", "hirescam", "xgradcam"};
        for (int v = 0; v < 4; v++) {
            char params[60];
            snprintf(params, sizeof params, "keep=signed layer=relu_2 variant=%s", variants[v]);
            bl_job *job = run("gradcam", m, &p, objective, params);
            for (size_t i = 0; v == 1 && i < 13 * 16; i++) large[i] /= (bl_real)n;
            assert_true(map_error(result(job, "map")->data, large, 13 * 16) < 1e-5);
            if (v)
                assert_true(fabs(fact(job, "sum") - (fact(job, "value") - constant_of(m, "scores", 2)[class_index])) <
                            1e-5);
            bl_job_end(job);
        }
    }
    bl_job_end(maps);
    any_number_of_workers("score-cam", m, &p, NULL, "layer=relu_1");
    bl_picture_free(&p);
    bl_model_free(m);
}

static void guided_is_a_product(void **state) {
    (void)state;
    bl_model *m = network(pooled, 6);
    bl_picture p = picture(16, 13, 0, 255, 6);
    bl_job *both = run("guided-gradcam", m, &p, NULL, ""), *cam = run("gradcam", m, &p, NULL, ""),
           *guided = run("guided", m, &p, NULL, "");
    const bl_real *map = result(both, "saliency")->data, *region = result(cam, "map")->data;
    bool any = false;
    for (int i = 0; i < 13 * 16; i++) {
        assert_true(fabs((double)map[i] - (double)region[i] * (double)result(guided, "saliency")->data[i]) < 1e-6);
        any |= map[i] != 0;
    }
    assert_true(any);
    bl_job_end(both);
    bl_job_end(cam);
    bl_job_end(guided);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void refused(const char *id, const bl_model *m, const bl_picture *p, const char *params, bl_status code,
                    const char *words) {
    bl_request request = {.model = m, .picture = p, .params = params};
    bl_job *job = NULL;
    bl_error e = {0};
    bl_status status = bl_job_start(bl_method_find(id), &request, &job, &e);
    for (bool done = false; status == BL_OK && !done;) status = bl_job_step(job, &done, &e);
    char all[700];
    snprintf(all, sizeof all, "%s | %s", e.message, e.hint);
    if (status != code || !strstr(all, words)) fail_msg("%d \"%s\" does not say \"%s\"", status, all, words);
    bl_job_end(job);
}

static void layers(void **state) {
    (void)state;
    bl_model *m = network(pooled, 6);
    bl_picture p = picture(16, 13, 0, 255, 6);
    refused("gradcam", m, &p, "layer=mean", BL_USAGE, "The last that has is \"relu_2\"");
    refused("gradcam", m, &p, "layer=scores", BL_USAGE, "no rows and columns");
    refused("gradcam", m, &p, "layer=relu_1 variant=cam", BL_UNSUPPORTED, "Grad-CAM takes any network");
    /* A layer that the objective does not depend on says nothing about it. */
    bl_job *job = run("gradcam", m, &p, "conv_1:2", "layer=relu_2");
    for (int i = 0; i < 13 * 16; i++) assert_true(result(job, "map")->data[i] == 0);
    assert_true(legend_says(job, "map is zero"));
    bl_job_end(job);
    bl_picture_free(&p);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(one_map),
        cmocka_unit_test(guided_is_a_product),
        cmocka_unit_test(layers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
