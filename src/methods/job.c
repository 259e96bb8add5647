/* The driver of all methods: starts, counts steps and phases, keeps runs and results, ends. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/elementary.h"
#include "base/print.h"
#include "methods/params.h"

enum { PART_TAIL = 2 }; /* a part's last numbers: passes forward and backward */

static bl_status check_request(const bl_method *method, const bl_request *request, bl_error *error) {
    if (!method) return bl_fail(error, BL_USAGE, "there is no such method");
    if (!request->model) return bl_fail(error, BL_USAGE, "%s needs a network", method->id);
    for (int i = 0; i < method->n_inputs; i++)
        if (method->inputs[i].kind == BL_INPUT_PICTURE && method->inputs[i].least > 0 &&
            (!request->picture || !request->picture->pixels)) {
            bl_fail(error, BL_USAGE, "%s needs a picture", method->id);
            return bl_hint(error, BL_USAGE, "%s", method->inputs[i].meaning);
        }
    if (!request->model->has_preprocessing && method->n_inputs) {
        bl_fail(error, BL_USAGE, "the network does not say how it wants its pictures (mean and deviation)");
        return bl_hint(error, BL_USAGE, "Choose one of the presets: 0…1, ImageNet, −1…1, 0…255 BGR.");
    }
    return BL_OK;
}

static bl_status start(bl_job *job, const bl_request *request) {
    const char *edits = request->edits ? request->edits : "";
    job->edits = bl_arena_text(&job->arena, edits, strlen(edits));
    if (!job->edits) return bl_fail(job->error, BL_MEMORY, "there is no memory for %s", job->method->id);
    BL_TRY(bl_params_read(job, request->params));
    BL_TRY(bl_job_read_objective(job, request->objective));
    job->state = bl_arena_take(&job->arena, job->method->state);
    if (!job->state && job->method->state)
        return bl_fail(job->error, BL_MEMORY, "there is no memory for %s", job->method->id);
    BL_TRY(job->method->start(job));
    if (job->notes.failed) return bl_fail(job->error, BL_MEMORY, "there is no memory for %s", job->method->id);
    size_t bytes = job->bytes + job->arena.bytes;
    if (job->limit && bytes > job->limit) {
        bl_fail(job->error, BL_MEMORY, "%s needs %.1f MB; %.1f MB are allowed", job->method->id, (double)bytes / 1e6,
                (double)job->limit / 1e6);
        return bl_hint(job->error, BL_MEMORY, "Choose a smaller size, or raise the limit.");
    }
    return BL_OK;
}

bl_status bl_job_start(const bl_method *method, const bl_request *request, bl_job **out, bl_error *error) {
    *out = NULL;
    BL_TRY(check_request(method, request, error));
    bl_job *job = bl_alloc_aligned(sizeof *job);
    if (!job) return bl_fail(error, BL_MEMORY, "there is no memory for %s", method->id);
    job->method = method, job->model = request->model, job->limit = request->limit;
    job->picture = request->picture && request->picture->pixels ? request->picture : NULL;
    job->error = error ? error : &job->ignored;
    bl_status status = start(job, request);
    job->picture = NULL;
    if (status != BL_OK) {
        bl_job_end(job);
        return status;
    }
    *out = job;
    return BL_OK;
}

static void next_phase(bl_job *job) {
    while (job->phase < job->n_phases && job->step >= job->phases[job->phase].steps) job->phase++, job->step = 0;
}

static bl_status finish(bl_job *job) {
    bl_job_show(job);
    if (job->method->finish) BL_TRY(job->method->finish(job));
    for (int i = 0; i < job->n_results; i++)
        if (job->results[i].text.failed)
            return bl_fail(job->error, BL_MEMORY, "there is no memory for the results of %s", job->method->id);
    job->finished = true;
    return BL_OK;
}

/* The passes of a step go with its pieces, so that they are counted where the step is merged. */
static bl_status part(bl_job *job, int step, size_t *n) {
    int phase = job->phase, batch = job->phases[phase].batch, first = step * batch;
    int left = job->phases[phase].items - first, count = left < batch ? left : batch;
    int forwards = job->forwards, backwards = job->backwards;
    *n = (size_t)count * job->phases[phase].numbers;
    bl_status status = job->method->part(job, phase, first, count, job->part);
    job->part[(*n)++] = (bl_real)(job->forwards - forwards);
    job->part[(*n)++] = (bl_real)(job->backwards - backwards);
    job->forwards = forwards, job->backwards = backwards;
    return status;
}

static bl_status merge(bl_job *job, const bl_real *part, size_t n) {
    int phase = job->phase, batch = job->phases[phase].batch, first = job->step * batch;
    int left = job->phases[phase].items - first, count = left < batch ? left : batch;
    size_t numbers = job->phases[phase].numbers;
    if (n != (size_t)count * numbers + PART_TAIL)
        return bl_fail(job->error, BL_USAGE, "step %d has %d items of %zu numbers, but %zu numbers came", job->step,
                       count, numbers, n);
    for (int i = 0; i < count; i++) BL_TRY(job->method->merge(job, phase, first + i, part + (size_t)i * numbers));
    job->forwards += (int)part[n - 2], job->backwards += (int)part[n - 1];
    return BL_OK;
}

static bl_status one_step(bl_job *job, const bl_real *given, size_t n) {
    next_phase(job);
    if (job->phase < job->n_phases) {
        if (!job->phases[job->phase].items) {
            BL_TRY(job->method->step(job, job->phase, job->step));
        } else {
            if (!given) {
                BL_TRY(part(job, job->step, &n));
                given = job->part;
            }
            BL_TRY(merge(job, given, n));
        }
        job->step++, job->steps_done++;
    }
    next_phase(job);
    return job->phase < job->n_phases ? BL_OK : finish(job);
}

static bl_status take(bl_job *job, const bl_real *given, size_t n, bool *done, bl_error *error) {
    *done = job->finished;
    if (job->finished) return BL_OK;
    if (job->failed) return bl_fail(error, BL_USAGE, "%s has ended with an error already", job->method->id);
    job->error = error ? error : &job->ignored;
    bl_status status = one_step(job, given, n);
    job->failed = status != BL_OK;
    *done = job->finished;
    return status;
}

bl_status bl_job_step(bl_job *job, bool *done, bl_error *error) {
    return take(job, NULL, 0, done, error);
}

bl_share bl_job_share(bl_job *job) {
    next_phase(job);
    int at = job->phase;
    if (job->finished || job->failed || at == job->n_phases || !job->phases[at].items) return (bl_share){.phase = -1};
    return (bl_share){.phase = at,
                      .n_steps = job->phases[at].steps,
                      .next = job->step,
                      .numbers = job->phases[at].numbers * (size_t)job->phases[at].batch + PART_TAIL};
}

bl_status bl_job_part(bl_job *job, int phase, int step, const bl_real **out, size_t *n, bl_error *error) {
    bl_share share = bl_job_share(job);
    *out = NULL, *n = 0;
    if (phase < 0 || phase != share.phase || step < 0 || step >= share.n_steps)
        return bl_fail(error, BL_USAGE, "%s has no step %d of phase %d to share", job->method->id, step, phase);
    job->error = error ? error : &job->ignored;
    BL_TRY(part(job, step, n));
    *out = job->part;
    return BL_OK;
}

bl_status bl_job_merge(bl_job *job, int step, const bl_real *part, size_t n, bool *done, bl_error *error) {
    bl_share share = bl_job_share(job);
    *done = job->finished;
    if (share.phase < 0 || step != share.next)
        return bl_fail(error, BL_USAGE, "%s cannot take step %d now", job->method->id, step);
    return take(job, part, n, done, error);
}

void bl_job_show(bl_job *job) {
    if (job->method->show && !job->failed && !job->finished) job->method->show(job);
}

void bl_job_end(bl_job *job) {
    if (!job) return;
    if (job->method->end && job->state) job->method->end(job);
    for (int i = 0; i < job->n_runs; i++) {
        bl_run_free(job->runs[i]);
        bl_plan_free((bl_plan *)job->plans[i]);
    }
    for (int i = 0; i < job->n_results; i++) bl_text_free(&job->results[i].text);
    bl_text_free(&job->notes);
    bl_arena_free(&job->arena);
    bl_free_aligned(job);
}

bl_progress bl_job_progress(const bl_job *job) {
    bl_progress p = {.phase = job->phase,
                     .n_phases = job->n_phases,
                     .step = job->step,
                     .steps_done = job->steps_done,
                     .bytes = job->bytes + job->arena.bytes,
                     .forwards = job->forwards,
                     .backwards = job->backwards,
                     .phase_title = ""};
    if (job->phase < job->n_phases)
        p.n_steps = job->phases[job->phase].steps, p.phase_title = job->phases[job->phase].title;
    for (int i = 0; i < job->n_phases; i++) p.steps_all += job->phases[i].steps;
    return p;
}

int bl_job_n_results(const bl_job *job) {
    return job->n_results;
}
const bl_result *bl_job_result(const bl_job *job, int i) {
    return i >= 0 && i < job->n_results ? &job->results[i] : NULL;
}

const bl_result *bl_job_find_result(const bl_job *job, const char *name) {
    if (!name) name = job->method->result;
    for (int i = 0; i < job->n_results; i++)
        if (!name || strcmp(job->results[i].name, name) == 0) return &job->results[i];
    return NULL;
}

void bl_job_phase(bl_job *job, const char *title, int steps) {
    if (job->n_phases == BL_JOB_PHASES) return;
    job->phases[job->n_phases].title = title;
    job->phases[job->n_phases++].steps = steps;
}

int bl_job_batch(int items, int most) {
    int best = 1, least_empty = 0;
    for (int b = most; b > most / 2 && b > 1; b--) {
        int empty = (items + b - 1) / b * b - items;
        if (best == 1 || empty < least_empty) best = b, least_empty = empty;
    }
    return items < best ? items : best;
}

bool bl_job_phase_independent(bl_job *job, const char *title, int items, int batch, size_t numbers) {
    size_t n;
    if (!bl_mul_size((size_t)batch, numbers, &n) || !bl_add_size(n, PART_TAIL, &n)) return false;
    if (n > job->n_part) {
        if (!(job->part = bl_arena_take_array(&job->arena, n, sizeof *job->part))) return false;
        job->n_part = n;
    }
    int at = job->n_phases;
    bl_job_phase(job, title, (items + batch - 1) / batch);
    job->phases[at].items = items, job->phases[at].batch = batch, job->phases[at].numbers = numbers;
    return true;
}

void bl_job_end_phase(bl_job *job, bool all) {
    job->phases[job->phase].steps = job->step + 1;
    for (int i = job->phase + 1; all && i < job->n_phases; i++) job->phases[i].steps = 0;
}

void bl_job_note(bl_job *job, const char *format, ...) {
    char sentence[400];
    va_list args;
    va_start(args, format);
    bl_format_list(sentence, sizeof sentence, format, args);
    va_end(args);
    bl_text_add(&job->notes, "%s%s", job->notes.length ? "\n" : "", sentence);
}

bl_status bl_job_make_run(bl_job *job, const bl_wants *wants, bl_run **out) {
    *out = NULL;
    if (job->n_runs == BL_JOB_RUNS)
        return bl_fail(job->error, BL_INTERNAL, "%s wants more than %d runs", job->method->id, BL_JOB_RUNS);
    bl_wants w = *wants;
    if (job->limit) w.limit = job->limit > job->bytes ? job->limit - job->bytes : 1;
    bl_plan *plan;
    BL_TRY(bl_plan_new(job->model, &w, &plan, job->error));
    bl_status status = bl_run_new(plan, out, job->error);
    if (status != BL_OK) {
        bl_plan_free(plan);
        return status;
    }
    job->plans[job->n_runs] = plan, job->runs[job->n_runs++] = *out;
    job->bytes += bl_plan_bytes(plan);
    if (!*job->edits) return BL_OK;
    BL_TRY(bl_run_intervene(*out, job->edits, NULL, job->error));
    job->bytes += bl_run_edit_bytes(*out);
    return BL_OK;
}

bl_status bl_job_forward(bl_job *job, bl_run *run) {
    job->forwards += bl_plan_batch(bl_run_plan(run));
    return bl_run_forward(run, job->error);
}

bl_status bl_job_backward(bl_job *job, bl_run *run, const bl_objective *objective) {
    return bl_job_backward_by(job, run, objective, &(bl_pass){0});
}

bl_status bl_job_backward_by(bl_job *job, bl_run *run, const bl_objective *objective, const bl_pass *pass) {
    job->backwards += bl_plan_batch(bl_run_plan(run));
    return bl_objective_backward(run, objective, pass, job->error);
}

bl_status bl_job_network_picture(bl_job *job, bl_picture *out) {
    return bl_picture_for_model(job->picture, job->model, out, job->error);
}

int bl_n_classes(const bl_plan *plan) {
    bl_shape s = bl_plan_shape(plan, bl_plan_model(plan)->scores);
    return (int)(bl_count(&s) / (size_t)bl_plan_batch(plan));
}

int bl_largest(const bl_real *scores, int n) {
    int best = 0;
    for (int i = 1; i < n; i++)
        if (scores[i] > scores[best]) best = i;
    return best;
}

void bl_probabilities(const bl_model *model, const bl_real *scores, int n, bl_real *out) {
    /* A single score without a softmax is a yes or no; one with it is always 1. */
    if (model->head == BL_HEAD_SIGMOID || (n == 1 && model->head == BL_HEAD_SCORES)) {
        for (int i = 0; i < n; i++) out[i] = bl_sigmoid(scores[i]);
        return;
    }
    bl_real most = scores[bl_largest(scores, n)];
    double sum = 0;
    for (int i = 0; i < n; i++) sum += out[i] = bl_exp(scores[i] - most);
    for (int i = 0; i < n; i++) out[i] = (bl_real)(out[i] / sum);
}
