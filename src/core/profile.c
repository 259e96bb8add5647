/* profile: repeats passes and tells where the time goes, node by node. Clocks of browsers move in steps of 0.1 ms: a
 * mean over many passes sees through that, a median of one node's times does not; so whole passes are chosen, the
 * faster half. */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    double ms; /* all nodes, both ways */
    int number;
} pass;

static int by_time(const void *a, const void *b) {
    double x = ((const pass *)a)->ms, y = ((const pass *)b)->ms;
    return (x > y) - (x < y);
}

/* Sorts passes by their time; times: [pass][node], forward and back. */
static void order(const double *forward, const double *back, int n, int passes, pass *all) {
    for (int i = 0; i < passes; i++) {
        all[i] = (pass){0, i};
        for (int k = 0; k < n; k++) all[i].ms += forward[(ptrdiff_t)i * n + k] + back[(ptrdiff_t)i * n + k];
    }
    qsort(all, (size_t)passes, sizeof *all, by_time);
}

static double mean(const double *times, int n, int node, const pass *all, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) sum += times[(ptrdiff_t)all[i].number * n + node];
    return 1000 * sum / count;
}

bl_status bl_profile(bl_run *run, const bl_objective *objective, int passes, double (*clock)(void),
                     bl_profile_row *rows, bl_error *error) {
    int n = run->plan->model->n_nodes;
    if (passes < 1 || passes > 1000) return bl_fail(error, BL_USAGE, "%d passes; 1 to 1000 are possible", passes);
    size_t all = (size_t)n * (size_t)passes;
    double *times = bl_alloc_aligned(2 * all * sizeof *times + (size_t)passes * sizeof(pass));
    if (!times) return bl_fail(error, BL_MEMORY, "there is not enough memory for the times of %d passes", passes);
    double *back = times + all;
    pass *ordered = (pass *)(back + all);
    bl_status status = BL_OK;
    for (int i = -1; i < passes && status == BL_OK; i++) { /* the first one warms */
        ptrdiff_t at = (ptrdiff_t)(i < 0 ? 0 : i) * n;
        memset(times + at, 0, (size_t)n * sizeof *times);
        memset(back + at, 0, (size_t)n * sizeof *back);
        bl_run_watch(run, clock, times + at, back + at);
        status = bl_run_forward(run, error);
        if (status == BL_OK && objective) status = bl_objective_backward(run, objective, NULL, error);
    }
    bl_run_watch(run, NULL, NULL, NULL);
    if (status == BL_OK) order(times, back, n, passes, ordered);
    int count = (passes + 1) / 2;
    for (int k = 0; status == BL_OK && k < n; k++)
        rows[k] = (bl_profile_row){mean(times, n, k, ordered, count), mean(back, n, k, ordered, count)};
    bl_free_aligned(times);
    return status;
}

void bl_profile_json(const bl_plan *plan, const char *key, const bl_profile_row *rows, bl_text *t) {
    const bl_model *m = plan->model;
    bl_json_open(t, key, '[');
    for (int k = 0; k < plan->end; k++) {
        if (!plan->nodes[k].computed) continue;
        const bl_shape *s = &plan->values[m->nodes[k].out].known.shape;
        bl_json_open(t, NULL, '{');
        bl_json_integer(t, "node", k);
        bl_json_string(t, "name", m->nodes[k].name);
        bl_json_string(t, "op", m->nodes[k].op->name);
        bl_json_open(t, "shape", '[');
        for (int i = 0; i < s->rank; i++) bl_json_integer(t, NULL, s->dim[i]);
        bl_json_close(t, ']');
        bl_json_number(t, "macs", plan->nodes[k].macs);
        bl_json_number(t, "forward", rows[k].forward);
        bl_json_number(t, "backward", rows[k].backward);
        bl_json_string(t, "forwardKernel", bl_plan_kernel(plan, k, false));
        bl_json_string(t, "backwardKernel", bl_plan_kernel(plan, k, true));
        bl_json_integer(t, "fused", bl_plan_fused(plan, k));
        bl_json_close(t, '}');
    }
    bl_json_close(t, ']');
}
