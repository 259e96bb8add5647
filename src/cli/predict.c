/* backlight predict: the classes of a picture. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int n;
    bl_real *scores, *probabilities;
    int *order;
} prediction;

static bl_status forward(const bl_model *m, const bl_picture *picture, prediction *out, bl_error *error) {
    bl_plan *plan = NULL;
    bl_run *run = NULL;
    bl_picture fitted = {0};
    bl_wants wants = BL_WANTS;
    bl_status status = bl_plan_new(m, &wants, &plan, error);
    if (status == BL_OK) status = bl_run_new(plan, &run, error);
    if (status == BL_OK) {
        bl_shape in = bl_plan_shape(plan, m->input);
        status = bl_picture_fit(picture, in.dim[3], in.dim[2], &fitted, error);
    }
    if (status == BL_OK) {
        bl_picture_to_input(&fitted, m, bl_run_input(run));
        status = bl_run_forward(run, error);
    }
    if (status == BL_OK) {
        out->n = bl_n_classes(plan);
        out->scores = calloc((size_t)out->n, sizeof *out->scores);
        out->probabilities = calloc((size_t)out->n, sizeof *out->probabilities);
        out->order = calloc((size_t)out->n, sizeof *out->order);
        if (!out->scores || !out->probabilities || !out->order) {
            status = bl_fail(error, BL_MEMORY, "there is no memory for %d classes", out->n);
        } else {
            memcpy(out->scores, bl_run_value(run, m->scores), (size_t)out->n * sizeof *out->scores);
            bl_probabilities(m, out->scores, out->n, out->probabilities);
        }
    }
    bl_picture_free(&fitted);
    bl_run_free(run);
    bl_plan_free(plan);
    return status;
}

/* Largest first; equal ones in order of class. Insertion is fast enough for thousands. */
static void rank(prediction *p) {
    for (int i = 0; i < p->n; i++) {
        int at = i;
        for (; at > 0 && p->scores[p->order[at - 1]] < p->scores[i]; at--) p->order[at] = p->order[at - 1];
        p->order[at] = i;
    }
}

static int print(const bl_arguments *a, const bl_model *m, const prediction *p, int most) {
    bl_text t = {0};
    char buffer[24];
    if (bl_option_given(a, "json")) {
        bl_json_open(&t, NULL, '{');
        bl_json_integer(&t, "schema", 1);
        bl_json_open(&t, "predictions", '[');
        for (int i = 0; i < most; i++) {
            int k = p->order[i];
            bl_json_open(&t, NULL, '{');
            bl_json_integer(&t, "class", k);
            bl_json_string(&t, "label", bl_model_label(m, k, buffer));
            bl_json_number(&t, "score", (double)p->scores[k]);
            bl_json_number(&t, "probability", (double)p->probabilities[k]);
            bl_json_close(&t, '}');
        }
        bl_json_close(&t, ']');
        bl_json_close(&t, '}');
        bl_text_add(&t, "\n");
    } else {
        for (int i = 0; i < most; i++)
            bl_text_add(&t, "%.4f  %s\n", (double)p->probabilities[p->order[i]],
                        bl_model_label(m, p->order[i], buffer));
    }
    return bl_print(&t);
}

static int run(const bl_arguments *a) {
    int64_t most = 5;
    if (!bl_option_integer(a, "top", 1, 100000, &most)) return BL_EXIT_USAGE;
    bl_error error = {0};
    bl_model *model = NULL;
    bl_picture picture = {0};
    prediction p = {0};
    bl_status status = bl_open_model(a, a->arguments[0], &model, &error);
    if (status == BL_OK) status = bl_open_picture(a->arguments[1], &picture, &error);
    if (status == BL_OK) status = forward(model, &picture, &p, &error);
    int code;
    if (status == BL_OK) {
        rank(&p);
        code = print(a, model, &p, most < p.n ? (int)most : p.n);
    } else {
        code = bl_report(a, &error);
    }
    free(p.scores);
    free(p.probabilities);
    free(p.order);
    bl_picture_free(&picture);
    bl_model_free(model);
    return code;
}

static const bl_option options[] = {
    {"top", "N", "how many classes (default: 5)"}, {"json", NULL, "as JSON"}, BL_MODEL_OPTIONS, {0}};
const bl_command bl_command_predict = {"predict",
                                       "say what is in a picture",
                                       "MODEL PICTURE",
                                       "  backlight predict models/tiny-vgg.onnx public/samples/koala.jpg\n",
                                       options,
                                       2,
                                       2,
                                       run};
