/* Exports: a view is a network at one size. The page looks into one with everything observed and all gradients; one
 * that keeps less takes less memory and time. */
#include "view.h"

#include <stdlib.h>

void abi_view_free(void *object) {
    view *v = object;
    bl_run_free(v->run);
    bl_plan_free(v->plan);
    bl_picture_free(&v->input);
    bl_explained_free(&v->explained);
    bl_fields_free(&v->fields);
    free(v->probabilities);
    free(v->numbers);
    abi_leave_model(v->model);
    free(v);
}

/* What stays readable: everything with all gradients; the scores and the picture's gradient; the scores alone. */
enum { KEEP_EVERYTHING, KEEP_GRADIENT, KEEP_SCORES };

static bl_status make_view(view *v, const bl_model *m, int height, int width, int keep) {
    bl_wants wants = BL_WANTS;
    wants.height = height;
    wants.width = width;
    wants.observe_all = wants.gradient_all = keep == KEEP_EVERYTHING;
    wants.gradients = &m->input;
    wants.n_gradients = keep == KEEP_GRADIENT;
    int *seeds = malloc((size_t)m->n_values * sizeof *seeds);
    if (!seeds) return abi_no_memory();
    for (int i = 0; keep == KEEP_EVERYTHING && i < m->n_values; i++) /* any layer may be pinned */
        if (m->values[i].producer >= 0 && m->values[i].type == BL_FLOAT) seeds[wants.n_seeds++] = i;
    wants.seeds = seeds;
    bl_status status = bl_plan_new(m, &wants, &v->plan, &abi_error);
    free(seeds);
    BL_TRY(status);
    BL_TRY(bl_run_new(v->plan, &v->run, &abi_error));
    bl_shape scores = bl_plan_shape(v->plan, m->scores), input = bl_plan_shape(v->plan, m->input);
    v->probabilities = malloc(bl_count(&scores) * sizeof(float));
    v->height = input.dim[2];
    v->width = input.dim[3];
    return v->probabilities ? BL_OK : abi_no_memory();
}

ABI_EXPORT(view_new) int abi_view_new(int model, int height, int width, int keep) {
    abi_model *m = abi_object(model, ABI_MODEL, &abi_error);
    if (!m) return 0;
    abi_begin();
    view *v = calloc(1, sizeof *v);
    int handle = v ? abi_handle(ABI_VIEW, v) : 0;
    if (!handle) {
        free(v);
        abi_no_memory();
        return 0;
    }
    v->model = m;
    m->users++;
    if (make_view(v, m->model, height, width, keep) == BL_OK) return handle;
    bl_error why = abi_error;
    abi_close(handle);
    abi_error = why;
    return 0;
}

static bl_status show(view *v, int picture) {
    const bl_picture *p = abi_object(picture, ABI_PICTURE, &abi_error);
    const bl_model *m = v->model->model;
    if (!p) return BL_USAGE;
    if (!m->has_preprocessing) {
        bl_fail(&abi_error, BL_USAGE, "the file does not say how a picture becomes this network's numbers");
        return bl_hint(&abi_error, BL_USAGE,
                       "Choose mean, deviation and channel order first; the network's makers know them.");
    }
    bl_picture fitted = {0};
    BL_TRY(bl_picture_fit(p, v->width, v->height, &fitted, &abi_error));
    bl_picture_free(&v->input);
    v->input = fitted;
    bl_picture_to_input(&v->input, m, bl_run_input(v->run));
    return BL_OK;
}

/* Fits the picture to the network and runs it. Picture 0: the one that was shown before. */
ABI_EXPORT(view_forward) int abi_view_forward(int handle, int picture) {
    view *v = abi_object(handle, ABI_VIEW, &abi_error);
    if (!v) return BL_USAGE;
    if (picture || !v->input.pixels) BL_TRY(show(v, picture));
    v->forward = true;
    v->backward = false;
    return (int)bl_run_forward(v->run, &abi_error);
}

/* Outbox: address of the RGBA bytes, how many, width, height of the picture as the network saw it. */
ABI_EXPORT(view_picture) int abi_view_picture(int handle) {
    const view *v = abi_object(handle, ABI_VIEW, &abi_error);
    if (!v) return BL_USAGE;
    abi_address_out(v->input.pixels, (size_t)v->input.width * (size_t)v->input.height * 4);
    abi_outbox[2] = v->input.width;
    abi_outbox[3] = v->input.height;
    return BL_OK;
}

bl_status abi_view_ready(const view *v, bool backward) {
    if (backward ? v->backward : v->forward) return BL_OK;
    bl_fail(&abi_error, BL_USAGE,
            backward ? "no gradient was computed since the last picture" : "no picture was shown to this network yet");
    return bl_hint(&abi_error, BL_USAGE, "Call %s() first.", backward ? "backward" : "forward");
}

/* Outbox: address of the probabilities, how many. */
ABI_EXPORT(view_probabilities) int abi_view_probabilities(int handle) {
    view *v = abi_object(handle, ABI_VIEW, &abi_error);
    if (!v) return BL_USAGE;
    BL_TRY(abi_view_ready(v, false));
    const bl_model *m = v->model->model;
    int n = bl_n_classes(v->plan);
    bl_probabilities(m, bl_run_value(v->run, m->scores), n, v->probabilities);
    abi_address_out(v->probabilities, (size_t)n);
    return BL_OK;
}

/* Sends the objective's derivative back. Text: the objective in full; abi_outbox[1]: its value. */
ABI_EXPORT(view_backward) const char *abi_view_backward(int handle, const char *objective, int rule) {
    view *v = abi_object(handle, ABI_VIEW, &abi_error);
    if (!v || abi_view_ready(v, false) != BL_OK) return NULL;
    if (rule < BL_RULE_PLAIN || rule > BL_RULE_DECONVNET) {
        bl_fail(&abi_error, BL_USAGE, "there is no rule number %d", rule);
        return NULL;
    }
    abi_begin();
    bl_objective o;
    bl_pass pass = {.rule = (bl_rule)rule};
    double value = 0;
    char canonical[1024];
    if (bl_objective_parse(v->model->model, objective, &o, &abi_error) != BL_OK) return NULL;
    if (bl_objective_value(v->run, &o, &value, &abi_error) != BL_OK) return NULL;
    if (bl_objective_backward(v->run, &o, &pass, &abi_error) != BL_OK) return NULL;
    v->backward = true;
    v->objective = o;
    v->rule = pass.rule;
    bl_objective_text(v->model->model, &o, canonical, sizeof canonical);
    bl_text_add(&abi_text, "%s", canonical);
    abi_outbox[1] = value;
    return abi_text_out();
}

/* Outbox: address, count, rank, dimensions of a value, or of its gradient. */
ABI_EXPORT(view_value) int abi_view_value(int handle, int value, int gradient) {
    const view *v = abi_object(handle, ABI_VIEW, &abi_error);
    if (!v) return BL_USAGE;
    const bl_model *m = v->model->model;
    if (value < 0 || value >= m->n_values) return bl_fail(&abi_error, BL_USAGE, "there is no value number %d", value);
    const bl_value *named = &m->values[value];
    bool constant = named->is_constant && !gradient;
    if (!constant) BL_TRY(abi_view_ready(v, gradient != 0));
    const bl_real *data = constant   ? named->data
                          : gradient ? bl_run_gradient(v->run, value)
                                     : bl_run_value(v->run, value);
    if (!data)
        return bl_fail(&abi_error, BL_USAGE, gradient ? "\"%s\" has no gradient" : "\"%s\" has no numbers to read",
                       named->name);
    bl_shape shape = bl_plan_shape(v->plan, value);
    abi_address_out(data, bl_count(&shape));
    abi_outbox[2] = shape.rank;
    for (int i = 0; i < shape.rank; i++) abi_outbox[3 + i] = shape.dim[i];
    return BL_OK;
}

/* Milliseconds since some moment. */
__attribute__((import_module("env"), import_name("bl_clock"))) double abi_clock(void);

static double seconds(void) {
    return abi_clock() / 1000;
}

/* Text: what bl_profile_json says of so many passes over the picture shown; objective "": forward alone. */
ABI_EXPORT(view_profile) const char *abi_view_profile(int handle, const char *objective, int passes) {
    view *v = abi_object(handle, ABI_VIEW, &abi_error);
    if (!v || abi_view_ready(v, false) != BL_OK) return NULL;
    const bl_model *m = v->model->model;
    bl_objective o;
    abi_begin();
    if (*objective && bl_objective_parse(m, objective, &o, &abi_error) != BL_OK) return NULL;
    bl_profile_row *rows = calloc((size_t)m->n_nodes + 1, sizeof *rows);
    if (!rows) {
        abi_no_memory();
        return NULL;
    }
    bl_status status = bl_profile(v->run, *objective ? &o : NULL, passes, seconds, rows, &abi_error);
    if (status == BL_OK) bl_profile_json(v->plan, NULL, rows, &abi_text);
    free(rows);
    return status == BL_OK ? abi_text_out() : NULL;
}

ABI_EXPORT(view_intervene) int abi_view_intervene(int handle, const char *changes) {
    view *v = abi_object(handle, ABI_VIEW, &abi_error);
    if (!v) return BL_USAGE;
    BL_TRY(bl_run_intervene(v->run, changes, NULL, &abi_error));
    v->backward = v->forward = false; /* numbers of before the change */
    return BL_OK;
}

/* Runs again what interventions have changed, for the picture of the last pass. */
ABI_EXPORT(view_again) int abi_view_again(int handle) {
    view *v = abi_object(handle, ABI_VIEW, &abi_error);
    if (!v) return BL_USAGE;
    if (!v->input.pixels) return abi_view_ready(v, false);
    v->forward = true;
    v->backward = false;
    return (int)bl_run_forward_from(v->run, v->model->model->n_nodes, &abi_error);
}

/* Receptive fields (bl_fields). Outbox: addresses and counts of at and spans, 32-bit integers. */
ABI_EXPORT(view_fields) int abi_view_fields(int handle) {
    view *v = abi_object(handle, ABI_VIEW, &abi_error);
    if (!v) return BL_USAGE;
    if (!v->fields.n) BL_TRY(bl_fields_new(v->plan, &v->fields, &abi_error));
    abi_address_out(v->fields.at, (size_t)v->fields.n_values);
    abi_outbox[2] = (double)(uintptr_t)v->fields.spans;
    abi_outbox[3] = (double)v->fields.n;
    return BL_OK;
}
