/* run: a plan's memory, and the pass forward. One allocation when it is made, none afterwards. */
#include "core/internal.h"
#include "base/print.h"

#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONS 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define POISONS 1
#endif
#if defined(POISONS)
#include <sanitizer/asan_interface.h>
#endif

/* Hands out a table at *at, behind memory (NULL: only counts); moves *at behind it. */
static void *carve(char *memory, size_t *at, size_t count, size_t size) {
    void *table = memory ? memory + *at : NULL;
    *at = bl_round_up(*at + count * size);
    return table;
}

/* Lays out a run's own tables. Counts are limited by BL_MAX_VALUES and BL_MAX_NODES, so nothing overflows. */
static size_t carve_head(const bl_plan *p, char *memory, bl_run *r) {
    size_t at = bl_round_up(sizeof *r), values = (size_t)p->model->n_values, inputs = (size_t)p->max_in;
    r->value = carve(memory, &at, values, sizeof *r->value);
    r->gradient = carve(memory, &at, values, sizeof *r->gradient);
    r->written = carve(memory, &at, values, sizeof *r->written);
    r->gated = carve(memory, &at, values, sizeof *r->gated);
    r->dirty = carve(memory, &at, (size_t)p->model->n_nodes, sizeof *r->dirty);
    r->in = carve(memory, &at, inputs, sizeof *r->in);
    r->grad_in = carve(memory, &at, inputs, sizeof *r->grad_in);
    r->add = carve(memory, &at, inputs, sizeof *r->add);
    r->done = carve(memory, &at, inputs, sizeof *r->done);
    return at;
}

size_t bl_run_head_bytes(const bl_plan *p) {
    bl_run only_counted;
    return carve_head(p, NULL, &only_counted);
}

/* In a plan that keeps its pieces apart, nobody may touch what lies between them. */
static void guard(const bl_run *r, bool on) {
#if defined(POISONS)
    const bl_plan *p = r->plan;
    for (int i = 0; p->wants.separate && i < p->n_buffers; i++) {
        const bl_buffer *b = &p->buffers[i];
        char *start = (char *)r->memory + b->offset + b->bytes;
        size_t size = bl_round_up(b->bytes) - b->bytes + BL_ALIGN;
        if (on)
            ASAN_POISON_MEMORY_REGION(start, size);
        else
            ASAN_UNPOISON_MEMORY_REGION(start, size);
    }
#else
    (void)r, (void)on;
#endif
}

bl_status bl_run_new(const bl_plan *p, bl_run **out, bl_error *error) {
    *out = NULL;
    char *memory = bl_alloc_aligned(p->bytes);
    if (!memory) {
        bl_fail(error, BL_MEMORY, "%.1f MB of memory for the run cannot be had", (double)p->bytes / 1e6);
        return bl_hint(error, BL_MEMORY, "take smaller pictures, fewer at once, or a smaller network");
    }
    bl_run *r = (bl_run *)memory;
    r->plan = p;
    r->memory = (bl_real *)(memory + carve_head(p, memory, r));
    for (int v = 0; v < p->model->n_values; v++) {
        const bl_plan_value *x = &p->values[v];
        r->gradient[v] = bl_run_at(r, x->gradient);
        if (p->model->values[x->root].is_constant)
            r->value[v] = p->model->values[x->root].data;
        else if (x->computed)
            r->value[v] = bl_run_at(r, p->values[x->root].buffer);
    }
    guard(r, true);
    *out = r;
    return BL_OK;
}

void bl_run_free(bl_run *r) {
    if (!r) return;
    guard(r, false);
    bl_edits_free(r);
    bl_free_aligned(r);
}

const bl_plan *bl_run_plan(const bl_run *run) {
    return run->plan;
}
bl_real *bl_run_input(bl_run *run) {
    return run->value[run->plan->model->input];
}
const bl_real *bl_run_value(const bl_run *run, int value) {
    if (value < 0 || value >= run->plan->model->n_values) return NULL;
    bool readable = run->plan->values[value].kept || run->plan->model->values[value].is_constant;
    return readable ? run->value[value] : NULL;
}
const bl_real *bl_run_gradient(const bl_run *run, int value) {
    if (value < 0 || value >= run->plan->model->n_values) return NULL;
    return run->plan->values[value].wanted ? run->gradient[value] : NULL;
}

/* Does this node, and the one that cuts its results, run as one? An edit of what lies between wants to see it. */
static bool runs_with_next(const bl_run *r, int k) {
    return r->plan->nodes[k].cuts >= 0 && !bl_edits_touch(r, r->plan->model->nodes[k].out);
}

/* apart: a node that another one does the work of runs by itself, so that the value between can be looked at. */
static void run_node(bl_run *r, int k, bool apart) {
    const bl_node *node = &r->plan->model->nodes[k];
    const bl_plan_node *n = &r->plan->nodes[k];
    if (n->is_alias) return;
    if (n->fused && !apart && runs_with_next(r, r->plan->model->values[node->in[0]].producer)) {
        bl_edits_apply(r, node->out);
        return;
    }
    double start = r->clock ? r->clock() : 0;
    for (int i = 0; i < node->n_in; i++) r->in[i] = bl_run_operand(r, k, i);
    bl_op_run op = {.params = n->params,
                    .n_in = node->n_in,
                    .in_shape = n->in_shape,
                    .in = r->in,
                    .out_shape = r->plan->values[node->out].known.shape,
                    .out = r->value[node->out],
                    .aux = bl_run_at(r, n->aux),
                    .scratch = bl_run_at(r, n->scratch),
                    .user = r->plan->wants.user};
    bl_real cut[2];
    if (!apart && runs_with_next(r, k)) {
        const bl_plan_node *next = &r->plan->nodes[n->cuts];
        next->op->cut(next->params, &cut[0], &cut[1]);
        op.cut = cut;
    }
    n->op->forward(&op);
    bl_edits_apply(r, node->out);
    if (r->clock) r->forward_time[k] += r->clock() - start;
}

void bl_run_node_alone(bl_run *r, int k) {
    run_node(r, k, true);
}

void bl_run_watch(bl_run *r, double (*clock)(void), double *forward, double *backward) {
    r->clock = clock;
    r->forward_time = forward;
    r->backward_time = backward;
}

/* x − x is 0 for every number, and NaN for NaN and both infinities. */
static bool is_finite(bl_real x) {
    return x - x == 0;
}

static size_t count_bad(const bl_real *x, size_t n, size_t *first) {
    size_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_finite(x[i])) continue;
        if (bad++ == 0) *first = i;
    }
    return bad;
}

static bool all_finite(const bl_run *r, int value) {
    const bl_plan_value *v = &r->plan->values[value];
    if (!v->computed) return true;
    const bl_real *x = r->value[value];
    size_t n = bl_count(&v->known.shape);
    bool good = true;
    for (size_t i = 0; i < n; i++) good &= is_finite(x[i]);
    return good;
}

static bl_status report(const bl_run *r, int value, const char *what, bl_error *error) {
    const bl_shape *s = &r->plan->values[value].known.shape;
    size_t first = 0, n = bl_count(s), bad = count_bad(r->value[value], n, &first), at[4] = {0};
    int offset = s->rank == 1; /* one dimension is channels */
    size_t rest = first;
    for (int i = s->rank - 1; i >= 0; i--) at[i + offset] = rest % (size_t)s->dim[i], rest /= (size_t)s->dim[i];
    return bl_fail(error, BL_NOT_A_NUMBER,
                   "%s NaN or infinity: %zu of %zu values, the first in picture %zu, channel %zu, row %zu, column %zu",
                   what, bad, n, at[0], at[1], at[2], at[3]);
}

/* Repeats the pass, looking at each value before it can be written over: who made the first NaN or infinity? */
static bl_status find_bad_node(bl_run *r, bl_error *error) {
    const bl_model *m = r->plan->model;
    if (!all_finite(r, m->input)) return report(r, m->input, "the input holds", error);
    bool found = false;
    bl_status status = BL_NOT_A_NUMBER;
    for (int k = 0; k < r->plan->end; k++) { /* to the end, so that the values stay readable */
        if (!r->plan->nodes[k].computed) continue;
        run_node(r, k, true);
        if (found || all_finite(r, m->nodes[k].out)) continue;
        found = true;
        char what[200];
        const bl_node *node = &m->nodes[k];
        bl_format(what, sizeof what, "node \"%.80s\" (%s) gives", node->name, node->op->name);
        status = report(r, node->out, what, error);
        for (int i = 0; i < node->n_in; i++)
            if (node->in[i] >= 0 && m->values[node->in[i]].is_constant && r->value[node->in[i]] &&
                !all_finite(r, node->in[i]))
                bl_hint(error, status,
                        "its constant \"%.80s\" holds NaN or infinity: the file is damaged, or training failed",
                        m->values[node->in[i]].name);
    }
    return status;
}

/* A network can hide a NaN (a maximum over it does not), but what comes out at the end is what is shown. */
static bl_status check(bl_run *r, bl_error *error) {
    r->has_values = true;
    r->stale = false;
    memset(r->dirty, 0, (size_t)r->plan->model->n_nodes * sizeof *r->dirty);
    if (all_finite(r, r->plan->last) && all_finite(r, r->plan->model->scores)) return BL_OK;
    return find_bad_node(r, error);
}

bl_status bl_run_forward(bl_run *r, bl_error *error) {
    for (int k = 0; k < r->plan->end; k++)
        if (r->plan->nodes[k].computed) run_node(r, k, false);
    return check(r, error);
}

bl_status bl_run_forward_from(bl_run *r, int node, bl_error *error) {
    const bl_plan *p = r->plan;
    const bl_model *m = p->model;
    if (!p->wants.observe_all) return bl_fail(error, BL_USAGE, "a partial pass needs a plan that observes every value");
    if (node < 0 || node > m->n_nodes) return bl_fail(error, BL_USAGE, "there is no node %d", node);
    if (!r->has_values) return bl_run_forward(r, error);
    if (node < m->n_nodes) r->dirty[node] = true;
    for (int k = 0; k < p->end; k++) {
        for (int i = 0; i < m->nodes[k].n_in && !r->dirty[k]; i++) {
            int from = m->nodes[k].in[i] < 0 ? -1 : m->values[m->nodes[k].in[i]].producer;
            r->dirty[k] = from >= 0 && r->dirty[from];
        }
        if (r->dirty[k] && p->nodes[k].computed) run_node(r, k, false);
    }
    return check(r, error);
}

bl_status bl_run_set_constant(bl_run *r, int value, const bl_real *data, bl_error *error) {
    const bl_model *m = r->plan->model;
    if (value < 0 || value >= m->n_values || !m->values[value].is_constant || m->values[value].type != BL_FLOAT)
        return bl_fail(error, BL_USAGE, "value %d is no constant of floats", value);
    for (int v = 0; v < m->n_values; v++) /* with all other views of it; constants are only ever read */
        if (r->plan->values[v].root == value) r->value[v] = data ? (bl_real *)data : m->values[value].data;
    for (int k = 0; k < m->n_nodes; k++)
        for (int i = 0; i < m->nodes[k].n_in; i++) {
            if (m->nodes[k].in[i] != value) continue;
            r->dirty[k] = true;
            bl_edits_overlay(r, k);
        }
    r->stale = true;
    return BL_OK;
}
