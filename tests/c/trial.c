#include "trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* SplitMix64 (Steele et al. 2014): small, and not the code under test. */
static uint64_t next(dice *d) {
    uint64_t z = d->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

int roll(dice *d, int least, int most) {
    return least + (int)(next(d) % (uint64_t)(most - least + 1));
}
double spread(dice *d, double low, double high) {
    return low + (high - low) * ((double)(next(d) >> 11) / 9007199254740992.0);
}

void trial_input(trial *t, int rank, const int32_t *dim) {
    bl_operand *in = &t->in[t->n_in++];
    in->type = BL_FLOAT;
    in->shape.rank = rank;
    for (int i = 0; i < rank; i++) in->shape.dim[i] = dim[i];
}

void trial_ints(trial *t, int n, const int64_t *values) {
    bl_operand *in = &t->in[t->n_in];
    in->type = BL_INT;
    in->shape = (bl_shape){1, {n}};
    for (int i = 0; i < n; i++) t->ints[t->n_in][i] = values[i];
    t->n_in++;
}

void trial_int(trial *t, const char *name, int64_t value) {
    t->attrs[t->n_attrs++] = (bl_attr){.name = name, .kind = BL_ATTR_INT, .i = value};
}

void trial_float(trial *t, const char *name, float value) {
    t->attrs[t->n_attrs++] = (bl_attr){.name = name, .kind = BL_ATTR_FLOAT, .f = value};
}

void trial_string(trial *t, const char *name, const char *value) {
    t->attrs[t->n_attrs++] = (bl_attr){.name = name, .kind = BL_ATTR_STRING, .s = value, .n = (int)strlen(value)};
}

void trial_list(trial *t, const char *name, int n, const int64_t *values) {
    for (int i = 0; i < n; i++) t->lists[t->n_attrs][i] = values[i];
    t->attrs[t->n_attrs++] = (bl_attr){.name = name, .kind = BL_ATTR_INTS, .n = n};
}

bl_real *copy_of(const bl_real *x, size_t n) {
    bl_real *y = malloc(n * sizeof *y + !n);
    if (x) memcpy(y, x, n * sizeof *y);
    return y;
}

bl_status bench_open(bench *b, const trial *t, uint64_t seed) {
    *b = (bench){.t = t, .op = bl_op_find(t->op)};
    dice d = {seed};
    static bl_attr attrs[TRIAL_ATTRS]; /* the plan keeps none of them */
    for (int i = 0; i < t->n_attrs; i++) {
        attrs[i] = t->attrs[i];
        attrs[i].ints = t->lists[i];
    }
    for (int i = 0; i < t->n_in; i++) {
        b->known[i] = t->in[i];
        b->shapes[i] = t->in[i].shape;
        b->counts[i] = bl_count(&b->shapes[i]);
        b->known[i].ints = t->ints[i];
        if (t->in[i].type != BL_FLOAT) continue;
        b->in[i] = copy_of(NULL, b->counts[i]);
        bool plain = t->low[i] == 0 && t->high[i] == 0;
        for (size_t k = 0; k < b->counts[i]; k++)
            b->in[i][k] = (bl_real)(float)(plain ? spread(&d, -1, 1) : spread(&d, t->low[i], t->high[i]));
        if (t->constant[i]) b->known[i].data = b->in[i];
    }
    b->plan = (bl_op_plan){.op_name = t->op,
                           .node_name = "node",
                           .opset = t->opset,
                           .attrs = attrs,
                           .n_attrs = t->n_attrs,
                           .in = b->known,
                           .n_in = t->n_in,
                           .arena = &b->arena,
                           .error = &b->error};
    bl_status status = b->op->plan(&b->plan);
    if (!status) b->out_count = bl_count(&b->plan.out.shape);
    return status;
}

void bench_close(bench *b) {
    for (int i = 0; i < TRIAL_INPUTS; i++) free(b->in[i]);
    bl_arena_free(&b->arena);
}

/* Full of NaN, so that whoever reads what was not written there is found out. */
static void *poisoned(size_t bytes) {
    void *memory = malloc(bytes + !bytes);
    memset(memory, 0xFF, bytes);
    return memory;
}

static bl_op_run run_of(const bench *b, const bl_real *const *in, bl_real *out, void *aux, void *scratch) {
    return (bl_op_run){.params = b->plan.params,
                       .n_in = b->t->n_in,
                       .in_shape = b->shapes,
                       .in = in,
                       .out_shape = b->plan.out.shape,
                       .out = out,
                       .aux = aux,
                       .scratch = scratch};
}

void bench_forward(const bench *b, bl_real *const *in, bool in_place, bl_real **out, void **aux) {
    void *scratch = poisoned(b->plan.scratch), *kept = poisoned(b->plan.aux);
    const bl_real *pointers[TRIAL_INPUTS];
    for (int i = 0; i < b->t->n_in; i++) pointers[i] = in[i];
    *out = copy_of(NULL, b->out_count);
    if (in_place) {
        memcpy(*out, in[0], b->out_count * sizeof **out);
        pointers[0] = *out;
    } else {
        for (size_t i = 0; i < b->out_count; i++) (*out)[i] = (bl_real)NAN; /* all of it is to be written */
    }
    bl_op_run r = run_of(b, pointers, *out, kept, scratch);
    b->op->forward(&r);
    free(scratch);
    if (aux)
        *aux = kept;
    else
        free(kept);
}

void bench_backward(const bench *b, const bl_real *const *in, bl_real *out, void *aux, const bl_real *signal,
                    bl_real *const *gradients, const bool *add, bl_rule rule) {
    void *scratch = poisoned(b->plan.scratch);
    bl_op_run r = run_of(b, in, out, aux, scratch);
    r.grad_out = signal;
    r.grad_in = gradients;
    r.add = add;
    r.rule = rule;
    b->op->backward(&r);
    free(scratch);
}

double distance(const bl_real *a, const double *b, size_t n) {
    double most = 0, largest = 1e-3;
    for (size_t i = 0; i < n; i++) {
        if (isnan(a[i]) != isnan(b[i])) return INFINITY;
        if (isfinite(b[i])) largest = fmax(largest, fabs(b[i]));
        if (!isnan(b[i]) && (double)a[i] != b[i]) most = fmax(most, fabs((double)a[i] - b[i]));
    }
    return most / largest;
}
