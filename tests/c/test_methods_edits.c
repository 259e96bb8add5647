/* Interventions in requests: a method sees the network that a run with the same edits is, and its own comes back. */
#include "jobs.h"

static const char small[] = "input x 3x16x16\nlabels a; b; c\nmean 0.5 0.4 0.3\nstd 0.25 0.25 0.5\nchannels RGB\n"
                            "conv_1 = conv x 6 3x3\nrelu_1 = relu conv_1\nconv_2 = conv relu_1 8 3x3\n"
                            "relu_2 = relu conv_2\npool = globalavgpool relu_2\nflat = flatten pool\n"
                            "scores = dense flat 3\nprob = softmax scores\n";

static bl_job *run_edited(const char *id, const bl_model *m, const bl_picture *p, const char *params,
                          const char *edits) {
    bl_request request = {.model = m, .picture = p, .params = params, .edits = edits};
    bl_job *job;
    bl_error e = {0};
    if (bl_job_start(bl_method_find(id), &request, &job, &e) != BL_OK) fail_msg("%s: %s %s", id, e.message, e.hint);
    for (bool done = false; !done;)
        if (bl_job_step(job, &done, &e) != BL_OK) fail_msg("%s: %s %s", id, e.message, e.hint);
    return job;
}

static bool any_number_differs(const bl_job *a, const bl_job *b) {
    for (int i = 0; i < bl_job_n_results(a); i++) {
        const bl_result *r = bl_job_result(a, i), *s = bl_job_result(b, i);
        size_t n = (size_t)r->channels * (size_t)r->height * (size_t)r->width;
        if (r->data && memcmp(r->data, s->data, n * sizeof *r->data) != 0) return true;
        if (r->pixels && memcmp(r->pixels, s->pixels, 4 * (size_t)r->height * (size_t)r->width) != 0) return true;
    }
    return false;
}

/* Every method of the table: what it gives follows the edits, says them, and is the same as ever without. A control is
 * there because it never asks the network. */
static void every_method(void **state) {
    (void)state;
    bl_model *m = network(small, 4);
    bl_picture p = picture(16, 16, 0, 255, 3);
    int n;
    const bl_method *const *methods = bl_methods(&n);
    for (int i = 0; i < n; i++) {
        if (strcmp(methods[i]->id, "control") == 0) continue;
        const char *id = methods[i]->id, *params = strcmp(id, "dream") == 0 ? "size=64 steps=2 octaves=1" : "";
        bl_job *own = run_edited(id, m, &p, params, NULL), *drawn = run_edited(id, m, &p, params, "*~5"),
               *again = run_edited(id, m, &p, params, "");
        same_results(own, again);
        if (!any_number_differs(own, drawn)) fail_msg("%s does not see that weights were drawn anew", id);
        assert_true(legend_says(drawn, "\"edits\":\"*~5\"") && !legend_says(own, "\"edits\""));
        assert_true(bl_job_progress(drawn).bytes > bl_job_progress(own).bytes);
        bl_job_end(own);
        bl_job_end(drawn);
        bl_job_end(again);
    }
    bl_picture_free(&p);
    bl_model_free(m);
}

/* The gradient method against a run with the same edits: the largest |∂| over the picture's channels, in u = σ·x + μ.
 */
static void as_a_run_with_the_edits(void **state) {
    (void)state;
    static const char *const edits[] = {"",         "relu_1:2*0 relu_2:1=mean", "conv_2/3,1=1,0,-1,2,0,-2,1,0,-1",
                                        "conv_2~9", "*~2;relu_1:0*0",           "conv_1:*@2,2,5,5=0"};
    bl_model *m = network(small, 4);
    bl_picture p = picture(16, 16, 0, 255, 3);
    bl_wants w = BL_WANTS;
    w.observe_all = w.gradient_all = true;
    for (size_t k = 0; k < sizeof edits / sizeof *edits; k++) {
        bl_job *job = run_edited("gradient", m, &p, "reduce=max", edits[k]);
        bl_plan *plan;
        bl_run *r;
        bl_error e = {0};
        assert_int_equal(bl_plan_new(m, &w, &plan, &e), BL_OK);
        assert_int_equal(bl_run_new(plan, &r, &e), BL_OK);
        bl_picture_to_input(&p, m, bl_run_input(r));
        assert_int_equal(bl_run_intervene(r, edits[k], NULL, &e), BL_OK);
        assert_int_equal(bl_run_forward(r, &e), BL_OK);
        const bl_real *scores = bl_run_value(r, m->scores);
        bl_objective o = {
            .n_terms = 1,
            .terms = {{.kind = BL_OBJ_CLASS, .value = m->scores, .index = bl_largest(scores, 3), .weight = 1}}};
        assert_int_equal(bl_objective_backward(r, &o, NULL, &e), BL_OK);
        const bl_real *g = bl_run_gradient(r, m->input);
        bl_real wanted[256];
        for (int i = 0; i < 256; i++) {
            wanted[i] = 0;
            for (int c = 0; c < 3; c++)
                wanted[i] = (bl_real)fmax((double)wanted[i], fabs((double)g[c * 256 + i] / (double)m->std[c]));
        }
        if (!(map_error(result(job, "saliency")->data, wanted, 256) < 1e-6)) fail_msg("with \"%s\"", edits[k]);
        bl_run_free(r);
        bl_plan_free(plan);
        bl_job_end(job);
    }
    bl_picture_free(&p);
    bl_model_free(m);
}

static void refused(void **state) {
    (void)state;
    bl_model *m = network(small, 4);
    bl_picture p = picture(16, 16, 0, 255, 3);
    bl_request request = {.model = m, .picture = &p, .edits = "relu_9:1*0"};
    bl_job *job;
    bl_error e = {0};
    assert_int_equal(bl_job_start(bl_method_find("gradient"), &request, &job, &e), BL_USAGE);
    assert_null(job);
    assert_non_null(strstr(e.message, "relu_9"));
    bl_picture_free(&p);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_method), cmocka_unit_test(as_a_run_with_the_edits),
                                       cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
