/* Every method of the table on networks and pictures that are hard to work with: a result of finite numbers, or a clear
 * message; every objective; every parameter at both ends and beyond; ended after any step. A method is covered by its
 * line in methods.def. */
#include <time.h>

#include "jobs.h"

#define HEAD(size) "input x " size "\nmean 0.5\nstd 0.25\n"
#define BODY                                                                                                           \
    "conv_1 = conv x 4 3x3 pad 1\nrelu_1 = relu conv_1\nconv_2 = conv relu_1 5 3x3\nrelu_2 = relu conv_2\n"            \
    "flat = flatten relu_2\n"
static const char usual[] = HEAD("3x9x10") "channels RGB\n" BODY "scores = dense flat 4\nprob = softmax scores\n";
enum { CLASSES = 4 };

static const bl_method *method_at(int i) {
    int n;
    const bl_method *const *all = bl_methods(&n);
    return i < n ? all[i] : NULL;
}

static bool sound_text(const char *text) {
    return !strstr(text, "NaN") && !strstr(text, "Infinity") && !strstr(text, "nan");
}

/* What may be drawn: finite numbers, a finite scale, words without a nan in them. Curves may have gaps. */
static void look_at(const bl_job *job, const char *params) {
    for (int i = 0; i < bl_job_n_results(job); i++) {
        const bl_result *r = bl_job_result(job, i);
        if (!r->ready) continue;
        size_t n = r->data ? (size_t)r->channels * (size_t)r->height * (size_t)r->width : 0;
        for (size_t k = 0; k < n; k++)
            if (!isfinite((double)r->data[k]) && !(r->kind == BL_SERIES && isnan((double)r->data[k])))
                fail_msg("%s %s: %s has %g", job->method->id, params, r->name, (double)r->data[k]);
        if (!isfinite((double)r->limit) || (r->text.length && !sound_text(r->text.data)))
            fail_msg("%s %s: %s says %s", job->method->id, params, r->name, r->text.length ? r->text.data : "");
    }
    bl_text legend = {0};
    bl_job_legend_json(job, &legend);
    if (!sound_text(legend.data)) fail_msg("%s %s: %s", job->method->id, params, legend.data);
    bl_text_free(&legend);
}

/* Runs to the end, or tells what went wrong. What takes longer than a second is stopped as by a visitor. */
static bl_status outcome(const bl_method *method, const bl_model *m, const bl_picture *p, const char *objective,
                         const char *params, bl_error *e) {
    bl_request request = {.model = m, .picture = p, .objective = objective, .params = params};
    bl_job *job = NULL;
    memset(e, 0, sizeof *e);
    bl_status status = bl_job_start(method, &request, &job, e);
    clock_t until = clock() + CLOCKS_PER_SEC;
    for (bool done = false; status == BL_OK && !done && clock() < until;) {
        status = bl_job_step(job, &done, e);
        bl_job_show(job);
    }
    if (status != BL_OK && strlen(e->message) < 20) fail_msg("%s %s says only \"%s\"", method->id, params, e->message);
    if (job) look_at(job, params);
    bl_job_end(job);
    return status;
}

/* These may say that a network or picture is nothing for them; all others have an answer to everything. */
static bool may_refuse(const bl_method *m, const char *text, bool dead) {
    bool needs_two = strcmp(m->family, "attack") == 0 || strcmp(m->id, "wrong-class") == 0;
    return (strstr(m->id, "cam") && !strstr(text, "conv_1")) || (needs_two && strstr(text, " 1\n")) ||
           (strcmp(m->family, "dream") == 0 && dead);
}

static void networks(void **state) {
    (void)state;
    static const char *const texts[] = {
        usual,
        HEAD("1x9x12") "channels grey\n" BODY "scores = dense flat 4\nprob = softmax scores\n",
        HEAD("3x12x7") "channels BGR\n" BODY "scores = dense flat 4\n",
        HEAD("3x9x9") "channels RGB\n" BODY "scores = dense flat 1\nprob = softmax scores\n",
        HEAD("3x9x9") "channels RGB\n" BODY "scores = dense flat 1\nprob = sigmoid scores\n",
        HEAD("3x9x9") "channels RGB\nflat = flatten x\nscores = dense flat 3\n",
        HEAD("3x1x9") "channels RGB\nconv_1 = conv x 4 1x3\nrelu_1 = relu conv_1\nflat = flatten relu_1\n"
                      "scores = dense flat 3\n",
        HEAD("3x9x9") "channels RGB\nconv_1 = conv x 4 3x3\nact_1 = tanh conv_1\nmean_1 = globalavgpool act_1\n"
                      "flat = flatten mean_1\nscores = dense flat 3\n",
    };
    enum { NOISE, WHITE, MEAN, GREY, SINGLE, PICTURES };
    bl_error e;
    char params[200];
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
        for (int dead = 0; dead < 2; dead++) {
            if (dead && !strstr(texts[t], "relu_1")) continue;
            bl_model *m = network(texts[t], t + 1);
            for (int i = 0; dead && i < 4; i++) constant_of(m, "conv_1", 2)[i] = -1000;
            for (int shade = 0; shade < PICTURES; shade++) {
                bl_picture p = shade == SINGLE ? picture(1, 1, 0, 255, 3) : picture(11, 10, 0, 255, 3);
                for (int i = 0; i < 4 * p.width * p.height; i++)
                    if (i % 4 < 3 && shade != NOISE && shade != SINGLE)
                        p.pixels[i] = shade == WHITE ? 255 : shade == MEAN ? 128 : p.pixels[i / 4 * 4];
                const bl_method *method;
                for (int i = 0; (method = method_at(i)); i++) {
                    brief(method, NULL, params, sizeof params);
                    bl_status status = outcome(method, m, &p, NULL, params, &e);
                    bool thin = strstr(texts[t], "x1x") && strstr(e.message, " is at most the picture's");
                    if (status != BL_OK && !((thin || may_refuse(method, texts[t], dead)) &&
                                             (status == BL_USAGE || status == BL_UNSUPPORTED || status == BL_SHAPE)))
                        fail_msg("%s on network %zu%s, picture %d: %s", method->id, t, dead ? ", dead" : "", shade,
                                 e.message);
                }
                bl_picture_free(&p);
            }
            bl_model_free(m);
        }
}

/* A weight that is no number, and weights so large that sums of them are none: an error that says so. */
static void not_a_number(void **state) {
    (void)state;
    bl_picture p = picture(9, 9, 0, 255, 3);
    const bl_method *method;
    bl_error e;
    char params[200];
    for (int large = 0; large < 2; large++) {
        bl_model *m = network(usual, 1);
        constant_of(m, "conv_1", 1)[7] = large ? 3e38f : NAN;
        for (int i = 0; (method = method_at(i)); i++) {
            brief(method, NULL, params, sizeof params);
            bl_status status = outcome(method, m, &p, NULL, params, &e);
            if (status != BL_NOT_A_NUMBER && !(large && status == BL_OK))
                fail_msg("%s with %s: %d %s", method->id, large ? "3e38" : "NaN", status, e.message);
        }
        bl_model_free(m);
    }
    bl_picture_free(&p);
}

/* What the table offers is taken, anything else refused. */
static void objectives(void **state) {
    (void)state;
    static const char *const kinds[][2] = {
        {"class", "class"},
        {"class", "class:2"},
        {"logp", "logp"},
        {"prob", "prob:1"},
        {"loss", "loss:0"},
        {"margin", "class:1-3"},
        {"channel", "conv_2:1"},
        {"unit", "conv_1:2@3,4"},
        {"layer", "relu_2"},
        {"layer", "scores"},
        {"sum", "0.7*class:1+0.3*conv_2:2"},
    };
    bl_model *m = network(usual, 1);
    bl_picture p = picture(9, 9, 0, 255, 3);
    const bl_method *method;
    bl_error e;
    char params[200];
    for (int i = 0; (method = method_at(i)); i++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            brief(method, NULL, params, sizeof params);
            bl_status status = outcome(method, m, &p, kinds[k][1], params, &e);
            if (status != (strstr(method->objectives, kinds[k][0]) ? BL_OK : BL_USAGE))
                fail_msg("%s %s: %d %s", method->id, kinds[k][1], status, e.message);
        }
    bl_picture_free(&p);
    bl_model_free(m);
}

/* One parameter as given, the others brief. Allowed: a result, what this network has no answer to, or a refusal that
 * names the parameter or its value. Otherwise: that refusal. */
static void one_value(const bl_method *method, const bl_model *m, const bl_picture *p, const bl_param *q,
                      const char *value, bool allowed) {
    char rest[200], params[600];
    bl_error e;
    brief(method, q->name, rest, sizeof rest);
    snprintf(params, sizeof params, "%s=\"%s\" %s", q->name, value, rest);
    bl_status status = outcome(method, m, p, NULL, params, &e);
    bool named = (status == BL_USAGE || (allowed && status == BL_UNSUPPORTED)) &&
                 (status == BL_UNSUPPORTED || strstr(e.message, q->name) || (*value && strstr(e.message, value)) ||
                  strstr(e.message, q->title));
    if (!named && !(allowed && status == BL_OK)) fail_msg("%s %s: %d %s", method->id, params, status, e.message);
}

static void every_value(const bl_method *method, const bl_model *m, const bl_picture *p, const bl_param *q) {
    char value[300];
    const bl_method *other;
    switch (q->type) {
    case BL_PARAM_NUMBER:
    case BL_PARAM_INTEGER: {
        double beyond = fmax(1, 1e-3 * fabs(q->most));
        const double ends[] = {q->least, q->most, q->least - beyond, q->most + beyond};
        for (int end = 0; end < 4; end++) {
            snprintf(value, sizeof value, "%.17g", ends[end]);
            one_value(method, m, p, q, value, end < 2);
        }
        static const char *const wrong[] = {"", "x", "nan", "inf", "-inf", "1e400", "0x1", "5 5"};
        for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) one_value(method, m, p, q, wrong[k], false);
        if (q->type == BL_PARAM_INTEGER) one_value(method, m, p, q, "2.5", false);
        break;
    }
    case BL_PARAM_CHOICE:
        for (const char *at = q->choices; *at; at += strspn(at, " ")) {
            size_t n = strcspn(at, " ");
            snprintf(value, sizeof value, "%.*s", (int)n, at);
            one_value(method, m, p, q, value, true);
            at += n;
        }
        one_value(method, m, p, q, "nonsense", false);
        break;
    case BL_PARAM_LAYER:
        for (int v = 0; v < m->n_values; v++)
            if (!m->values[v].is_constant) one_value(method, m, p, q, m->values[v].name, true);
        one_value(method, m, p, q, "nonsense", false);
        break;
    case BL_PARAM_CLASS:
        for (int c = 0; c < CLASSES + 2; c++) {
            snprintf(value, sizeof value, "%d", c < CLASSES ? c : c == CLASSES ? CLASSES : 2147483647);
            one_value(method, m, p, q, value, c < CLASSES);
        }
        one_value(method, m, p, q, "none", true);
        one_value(method, m, p, q, "nonsense", false);
        break;
    case BL_PARAM_METHOD:
        for (int k = 0; (other = method_at(k)); k++) one_value(method, m, p, q, other->id, bl_method_explains(other));
        one_value(method, m, p, q, "nonsense", false);
        break;
    case BL_PARAM_TEXT:
        one_value(method, m, p, q, "", true);
        one_value(method, m, p, q, "nonsense", false);
        break;
    }
    memset(value, 'x', sizeof value - 1), value[sizeof value - 1] = 0; /* longer than any value may be */
    one_value(method, m, p, q, value, false);
}

static void ends_of_parameters(void **state) {
    (void)state;
    bl_model *m = network(usual, 1);
    bl_picture p = picture(9, 9, 0, 255, 3);
    const bl_method *method;
    for (int i = 0; (method = method_at(i)); i++)
        for (int k = 0; k < method->n_params; k++) every_value(method, m, &p, &method->params[k]);
    bl_picture_free(&p);
    bl_model_free(m);
}

/* Ended after any of its first steps, a job leaves nothing behind (the sanitisers watch) and changes nothing: what
 * comes after it is what came before. */
static void stopped_anywhere(void **state) {
    (void)state;
    bl_model *m = network(usual, 1);
    bl_picture p = picture(9, 9, 0, 255, 3);
    const bl_method *method;
    char params[200];
    for (int i = 0; (method = method_at(i)); i++) {
        brief(method, NULL, params, sizeof params);
        bl_job *whole = run(method->id, m, &p, NULL, params);
        for (int steps = 0; steps < 4; steps++) {
            bl_job *job = start(method->id, m, &p, NULL, params);
            bool done = false;
            for (int k = 0; k < steps && !done; k++) assert_int_equal(bl_job_step(job, &done, NULL), BL_OK);
            bl_job_show(job);
            look_at(job, params);
            bl_job_end(job);
        }
        bl_job *again = run(method->id, m, &p, NULL, params);
        same_results(whole, again);
        bl_job_end(whole), bl_job_end(again);
    }
    bl_picture_free(&p);
    bl_model_free(m);
}

static void any_workers(void **state) {
    (void)state;
    bl_model *m = network(usual, 1);
    bl_picture p = picture(9, 9, 0, 255, 3);
    const bl_method *method;
    char params[200];
    for (int i = 0; (method = method_at(i)); i++) {
        brief(method, NULL, params, sizeof params);
        any_number_of_workers(method->id, m, &p, NULL, params);
    }
    bl_picture_free(&p);
    bl_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks),           cmocka_unit_test(not_a_number),     cmocka_unit_test(objectives),
        cmocka_unit_test(ends_of_parameters), cmocka_unit_test(stopped_anywhere), cmocka_unit_test(any_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
