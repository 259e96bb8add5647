/* Exports: a job is a method at work, a step at a time. */
#include "abi.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    abi_model *model;
    bl_job *job;
} job;

void abi_job_free(void *object) {
    job *j = object;
    bl_job_end(j->job);
    abi_leave_model(j->model);
    free(j);
}

/* ---- jobs ---- */

/* picture 0: none. */
ABI_EXPORT(job_start)
int abi_job_start(int model, const char *method, int picture, const char *objective, const char *edits,
                  const char *params) {
    abi_model *m = abi_object(model, ABI_MODEL, &abi_error);
    if (!m) return 0;
    bl_request request = {.model = m->model, .objective = objective, .edits = edits, .params = params};
    if (picture && !(request.picture = abi_object(picture, ABI_PICTURE, &abi_error))) return 0;
    const bl_method *found = bl_method_find(method);
    if (!found) {
        bl_fail(&abi_error, BL_USAGE, "there is no method \"%s\"", method);
        bl_hint(&abi_error, BL_USAGE, "The manifest lists all methods.");
        return 0;
    }
    abi_begin();
    job *j = calloc(1, sizeof *j);
    int handle = j ? abi_handle(ABI_JOB, j) : 0;
    if (!handle) {
        free(j);
        abi_no_memory();
        return 0;
    }
    j->model = m;
    m->users++;
    if (bl_job_start(found, &request, &j->job, &abi_error) == BL_OK) return handle;
    bl_error why = abi_error;
    abi_close(handle);
    abi_error = why;
    return 0;
}

/* One step. Outbox: 1 when it was the last. */
ABI_EXPORT(job_step) int abi_job_step(int handle) {
    job *j = abi_object(handle, ABI_JOB, &abi_error);
    if (!j) return BL_USAGE;
    bool done = false;
    bl_status status = bl_job_step(j->job, &done, &abi_error);
    abi_outbox[0] = done;
    return (int)status;
}

/* The phase at work, to be shared among workers (method.h). Outbox: its number (−1: it is not independent), its steps,
 * the step to be merged next. */
ABI_EXPORT(job_share) int abi_job_share(int handle) {
    job *j = abi_object(handle, ABI_JOB, &abi_error);
    if (!j) return BL_USAGE;
    bl_share share = bl_job_share(j->job);
    abi_outbox[0] = share.phase;
    abi_outbox[1] = share.n_steps;
    abi_outbox[2] = share.next;
    return BL_OK;
}

/* Outbox: address and count of the numbers that are the step's part. */
ABI_EXPORT(job_part) int abi_job_part(int handle, int phase, int step) {
    job *j = abi_object(handle, ABI_JOB, &abi_error);
    if (!j) return BL_USAGE;
    const bl_real *part;
    size_t n;
    bl_status status = bl_job_part(j->job, phase, step, &part, &n, &abi_error);
    if (status == BL_OK) abi_address_out(part, n);
    return (int)status;
}

/* Outbox: 1 when it was the job's last step. */
ABI_EXPORT(job_merge) int abi_job_merge(int handle, int step, const float *part, int n) {
    job *j = abi_object(handle, ABI_JOB, &abi_error);
    if (!j) return BL_USAGE;
    bool done = false;
    bl_status status = bl_job_merge(j->job, step, part, (size_t)n, &done, &abi_error);
    abi_outbox[0] = done;
    return (int)status;
}

/* Text: the phase's title; abi_outbox[1…]: phase, phases, step, steps, steps done, steps in all, bytes, forwards,
 * backwards. */
ABI_EXPORT(job_progress) const char *abi_job_progress(int handle) {
    const job *j = abi_object(handle, ABI_JOB, &abi_error);
    if (!j) return NULL;
    abi_begin();
    bl_progress p = bl_job_progress(j->job);
    const double numbers[] = {p.phase,         p.n_phases,           p.step,
                              p.n_steps,       (double)p.steps_done, (double)p.steps_all,
                              (double)p.bytes, p.forwards,           p.backwards};
    memcpy(abi_outbox + 1, numbers, sizeof numbers);
    bl_text_add(&abi_text, "%s", p.phase_title ? p.phase_title : "");
    return abi_text_out();
}

/* JSON: what results there are. Their numbers: bl_job_data. */
ABI_EXPORT(job_results) const char *abi_job_results(int handle) {
    const job *j = abi_object(handle, ABI_JOB, &abi_error);
    if (!j) return NULL;
    bl_job_show(j->job);
    abi_begin();
    bl_json_open(&abi_text, NULL, '[');
    for (int i = 0; i < bl_job_n_results(j->job); i++) {
        const bl_result *r = bl_job_result(j->job, i);
        bl_json_open(&abi_text, NULL, '{');
        bl_json_string(&abi_text, "name", r->name);
        bl_json_string(&abi_text, "title", r->title);
        bl_json_string(&abi_text, "kind", bl_result_kind_name(r->kind));
        bl_json_open(&abi_text, "shape", '[');
        bl_json_integer(&abi_text, NULL, r->channels);
        bl_json_integer(&abi_text, NULL, r->height);
        bl_json_integer(&abi_text, NULL, r->width);
        bl_json_close(&abi_text, ']');
        bl_json_string(&abi_text, "text", r->text.data);
        bl_json_string(&abi_text, "family", bl_family_name(r->family));
        bl_json_bool(&abi_text, "signed", r->is_signed);
        bl_json_number(&abi_text, "limit", (double)r->limit);
        bl_json_number(&abi_text, "percentile", (double)r->percentile);
        bl_json_string(&abi_text, "unit", r->unit);
        bl_json_bool(&abi_text, "ready", r->ready);
        bl_json_close(&abi_text, '}');
    }
    bl_json_close(&abi_text, ']');
    return abi_text_out();
}

/* Outbox: address and bytes of result i's pixels, or address and count of its numbers; third: 1 for pixels. Address 0:
 * none. */
ABI_EXPORT(job_data) int abi_job_data(int handle, int i) {
    const job *j = abi_object(handle, ABI_JOB, &abi_error);
    if (!j) return BL_USAGE;
    if (i < 0 || i >= bl_job_n_results(j->job)) return bl_fail(&abi_error, BL_USAGE, "there is no result number %d", i);
    const bl_result *r = bl_job_result(j->job, i);
    size_t n = (size_t)r->channels * (size_t)r->height * (size_t)r->width;
    if (r->pixels)
        abi_address_out(r->pixels, (size_t)r->height * (size_t)r->width * 4);
    else
        abi_address_out(r->data, r->data ? n : 0);
    abi_outbox[2] = r->pixels != NULL;
    return BL_OK;
}

ABI_EXPORT(job_legend) const char *abi_job_legend(int handle) {
    const job *j = abi_object(handle, ABI_JOB, &abi_error);
    if (!j) return NULL;
    abi_begin();
    bl_job_legend_json(j->job, &abi_text);
    return abi_text_out();
}
