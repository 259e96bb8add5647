/* Every attribution method on networks and pictures that are hard to explain: a result of finite numbers, or a clear
 * message; every objective; every parameter at both ends and beyond. */
#include "jobs.h"

#define HEAD(size) "input x " size "\nmean 0.5\nstd 0.25\n"
#define BODY                                                                                                           \
    "conv_1 = conv x 4 3x3\nrelu_1 = relu conv_1\nconv_2 = conv relu_1 5 3x3\nrelu_2 = relu conv_2\n"                  \
    "flat = flatten relu_2\n"

static const bl_method *attribution(int i) {
    int n;
    const bl_method *const *all = bl_methods(&n);
    for (int k = 0; k < n; k++)
        if (strcmp(all[k]->family, "attribution") == 0 && i-- == 0) return all[k];
    return NULL;
}

/* Runs to the end, or tells what went wrong; what is ready to be drawn is finite. */
static bl_status outcome(const bl_method *method, const bl_model *m, const bl_picture *p, const char *objective,
                         const char *params) {
    bl_request request = {.model = m, .picture = p, .objective = objective, .params = params};
    bl_job *job = NULL;
    bl_error e = {0};
    bl_status status = bl_job_start(method, &request, &job, &e);
    for (bool done = false; status == BL_OK && !done;) {
        status = bl_job_step(job, &done, &e);
        bl_job_show(job);
    }
    if (status != BL_OK && strlen(e.message) < 10) fail_msg("%s says only \"%s\"", method->id, e.message);
    for (int i = 0; job && i < bl_job_n_results(job); i++) {
        const bl_result *r = bl_job_result(job, i);
        size_t n = (size_t)r->channels * (size_t)r->height * (size_t)r->width;
        for (size_t k = 0; r->ready && r->data && k < n; k++)
            if (!isfinite((double)r->data[k]))
                fail_msg("%s %s: %s has %g", method->id, params, r->name, (double)r->data[k]);
        if (r->ready && (!isfinite((double)r->limit) || strstr(r->text.length ? r->text.data : "", "nan")))
            fail_msg("%s: legend of %s", method->id, r->name);
    }
    bl_job_end(job);
    return status;
}

/* Short runs of the long ones. */
static const char *short_run(const char *id) {
    return strcmp(id, "rise") == 0            ? "masks=100"
           : strcmp(id, "smoothgrad") == 0    ? "samples=6"
           : strcmp(id, "integrated") == 0    ? "steps=6"
           : strcmp(id, "occlusion") == 0     ? "size=3"
           : strcmp(id, "mask") == 0          ? "steps=12"
           : strcmp(id, "gradient-shap") == 0 ? "samples=6"
           : strcmp(id, "lime") == 0          ? "samples=50"
           : strcmp(id, "shap") == 0          ? "samples=64"
                                              : "";
}

static void networks(void **state) {
    (void)state;
    static const char *const texts[] = {
        HEAD("3x9x9") "channels RGB\n" BODY "scores = dense flat 4\nprob = softmax scores\n",
        HEAD("1x9x12") "channels grey\n" BODY "scores = dense flat 4\nprob = softmax scores\n",
        HEAD("3x12x7") "channels BGR\n" BODY "scores = dense flat 4\n",
        HEAD("3x9x9") "channels RGB\n" BODY "scores = dense flat 1\nprob = softmax scores\n",
        HEAD("3x9x9") "channels RGB\n" BODY "scores = dense flat 1\nprob = sigmoid scores\n",
        HEAD("3x9x9") "channels RGB\nflat = flatten x\nscores = dense flat 3\n",
        HEAD("3x9x9") "channels RGB\nconv_1 = conv x 4 3x3\nact_1 = tanh conv_1\nflat = flatten act_1\nscores = dense "
                      "flat 3\n",
    };
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
        for (int dead = 0; dead < 2; dead++) {
            bl_model *m = network(texts[t], t + 1);
            if (dead && strstr(texts[t], "relu_1"))
                for (int i = 0; i < 4; i++) constant_of(m, "conv_1", 2)[i] = -1000;
            for (int shade = 0; shade < 3; shade++) { /* noise, one colour, and the mean colour nearly */
                bl_picture p = picture(11, 10, shade == 0 ? 0 : 128, shade == 0 ? 255 : 128, 3);
                if (shade == 1) memset(p.pixels, 0xFF, 4 * 110);
                const bl_method *method;
                for (int i = 0; (method = attribution(i)); i++) {
                    bl_status status = outcome(method, m, &p, NULL, short_run(method->id));
                    bool no_map = strstr(method->id, "cam") && !strstr(texts[t], "conv_1");
                    if (status != (no_map ? BL_USAGE : BL_OK)) fail_msg("%s on network %zu: %d", method->id, t, status);
                }
                bl_picture_free(&p);
            }
            bl_model_free(m);
        }
}

static void not_a_number(void **state) {
    (void)state;
    bl_model *m = network(HEAD("3x9x9") "channels RGB\n" BODY "scores = dense flat 4\nprob = softmax scores\n", 1);
    constant_of(m, "conv_2", 1)[7] = NAN;
    bl_picture p = picture(9, 9, 0, 255, 3);
    const bl_method *method;
    for (int i = 0; (method = attribution(i)); i++)
        assert_int_equal(outcome(method, m, &p, NULL, short_run(method->id)), BL_NOT_A_NUMBER);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void objectives(void **state) {
    (void)state;
    bl_model *m = network(HEAD("3x9x10") "channels RGB\n" BODY "scores = dense flat 4\nprob = softmax scores\n", 1);
    bl_picture p = picture(9, 9, 0, 255, 3);
    static const char *const texts[] = {"class",    "class:2",      "logp",
                                        "prob:1",   "loss:0",       "class:1-3",
                                        "conv_2:1", "conv_1:2@3,4", "0.7*class:1+0.3*conv_2:2"};
    const bl_method *method;
    for (int i = 0; (method = attribution(i)); i++)
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            if (outcome(method, m, &p, texts[k], short_run(method->id)) != BL_OK)
                fail_msg("%s %s", method->id, texts[k]);
    bl_picture_free(&p);
    bl_model_free(m);
}

static void ends_of_parameters(void **state) {
    (void)state;
    bl_model *m = network(HEAD("3x9x9") "channels RGB\n" BODY "scores = dense flat 4\nprob = softmax scores\n", 1);
    bl_picture p = picture(9, 9, 0, 255, 3);
    const bl_method *method;
    char params[120], choice[40];
    for (int i = 0; (method = attribution(i)); i++)
        for (int k = 0; k < method->n_params; k++) {
            const bl_param *q = &method->params[k];
            const char *rest =
                strncmp(short_run(method->id), q->name, strlen(q->name)) == 0 ? "" : short_run(method->id);
            if (q->type == BL_PARAM_CHOICE)
                for (const char *at = q->choices; *at; at += strspn(at, " ")) {
                    size_t n = strcspn(at, " ");
                    snprintf(choice, sizeof choice, "%.*s", (int)n, at);
                    snprintf(params, sizeof params, "%s=%s %s", q->name, choice, rest);
                    bl_status status = outcome(method, m, &p, NULL, params);
                    if (status != (strcmp(choice, "cam") == 0 ? BL_UNSUPPORTED : BL_OK))
                        fail_msg("%s %s", method->id, params);
                    at += n;
                }
            if (q->type > BL_PARAM_INTEGER) continue;
            bool of_size = strcmp(method->id, "occlusion") == 0 && strcmp(q->name, "size") == 0;
            for (int end = 0; end < 4; end++) {
                double value = end == 0   ? q->least
                               : end == 1 ? of_size ? 9 : q->most
                               : end == 2 ? q->least - 1
                                          : q->most + 1;
                snprintf(params, sizeof params, "%s=%.17g %s", q->name, value, rest);
                bl_status status = outcome(method, m, &p, NULL, params);
                if (status != (end < 2 ? BL_OK : BL_USAGE)) fail_msg("%s %s: %d", method->id, params, status);
            }
        }
    bl_picture_free(&p);
    bl_model_free(m);
}

/* Ended after any step, a job leaves nothing behind (the sanitisers watch), and another one starts. */
static void stopped_anywhere(void **state) {
    (void)state;
    bl_model *m = network(HEAD("3x9x9") "channels RGB\n" BODY "scores = dense flat 4\nprob = softmax scores\n", 1);
    bl_picture p = picture(9, 9, 0, 255, 3);
    const bl_method *method;
    for (int i = 0; (method = attribution(i)); i++)
        for (int steps = 0; steps < 4; steps++) {
            bl_job *job = start(method->id, m, &p, NULL, short_run(method->id));
            bool done = false;
            for (int k = 0; k < steps && !done; k++) assert_int_equal(bl_job_step(job, &done, NULL), BL_OK);
            bl_job_show(job);
            bl_job_end(job);
        }
    bl_picture_free(&p);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks),           cmocka_unit_test(not_a_number),     cmocka_unit_test(objectives),
        cmocka_unit_test(ends_of_parameters), cmocka_unit_test(stopped_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
