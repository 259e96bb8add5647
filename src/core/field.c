/* field: receptive fields, from the plan alone: which rows and columns of the picture a place of a value can see. What
 * each operator reads along an axis (bl_op.field) is carried from the input through the graph. */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

/* More than any network that fits has: 64 MB. */
enum { MOST_SPANS = 1 << 24 };

static void size_of(const bl_plan *p, int v, int size[2]) {
    const bl_shape *s = &p->values[v].known.shape;
    size[0] = s->rank == 4 ? s->dim[2] : 1;
    size[1] = s->rank == 4 ? s->dim[3] : 1;
}

static void widen(int32_t *span, const int32_t *by) {
    if (by[0] > by[1]) return;
    if (span[0] > span[1] || by[0] < span[0]) span[0] = by[0];
    if (by[1] > span[1]) span[1] = by[1];
}

/* What node k's result sees along an axis through one input. */
static void through(const bl_plan *p, int k, int axis, const int32_t *in, int n_in, int32_t *out, int n_out, bool maps,
                    bool same) {
    const bl_plan_node *n = &p->nodes[k];
    int32_t all[2] = {0, -1};
    for (int i = 0; i < n_in; i++) widen(all, in + 2 * i);
    for (int at = 0; at < n_out; at++) {
        int first = 0, last = n_in - 1;
        bool known = maps && n->op->field && !n->is_alias && n->op->field(n->params, axis, at, n_in, &first, &last);
        if (same) first = last = at;
        if (!known && !same) {
            widen(out + 2 * at, all);
            continue;
        }
        for (int i = first < 0 ? 0 : first; i <= last && i < n_in; i++) widen(out + 2 * at, in + 2 * i);
    }
}

static void node_spans(const bl_plan *p, int k, const int *at, int32_t *spans) {
    const bl_node *node = &p->model->nodes[k];
    int to[2], from[2];
    size_of(p, node->out, to);
    int32_t *out = spans + at[node->out] + 2;
    for (int i = 0; i < 2 * (to[0] + to[1]); i++) out[i] = i % 2 ? -1 : 0;
    for (int i = 0; i < node->n_in; i++) {
        int v = node->in[i];
        if (v < 0 || at[v] < 0) continue;
        size_of(p, v, from);
        const int32_t *in = spans + at[v] + 2;
        const bl_shape *a = &p->values[v].known.shape, *b = &p->values[node->out].known.shape;
        bool maps = a->rank == 4 && b->rank == 4;
        bool same = p->nodes[k].is_alias && maps && !memcmp(a->dim, b->dim, sizeof a->dim);
        through(p, k, 0, in, from[0], out, to[0], maps, same);
        through(p, k, 1, in + 2 * from[0], from[1], out + 2 * to[0], to[1], maps, same);
    }
}

bl_status bl_fields_new(const bl_plan *p, bl_fields *out, bl_error *error) {
    const bl_model *m = p->model;
    *out = (bl_fields){.n_values = m->n_values};
    out->at = malloc(((size_t)m->n_values + 1) * sizeof *out->at);
    if (!out->at) return bl_fail(error, BL_MEMORY, "there is no memory for receptive fields");
    for (int v = 0; v < m->n_values; v++) {
        int size[2];
        bool has = v == m->input || (m->values[v].producer >= 0 && p->values[v].computed && !m->values[v].is_constant &&
                                     p->values[v].known.type == BL_FLOAT);
        out->at[v] = has ? (int32_t)out->n : -1;
        if (!has) continue;
        size_of(p, v, size);
        out->n += 2 + 2 * ((size_t)size[0] + (size_t)size[1]);
        if (out->n > MOST_SPANS) {
            bl_fields_free(out);
            return bl_fail(error, BL_MEMORY, "the network is too large for a table of receptive fields");
        }
    }
    out->spans = malloc((out->n + 1) * sizeof *out->spans);
    if (!out->spans) {
        bl_fields_free(out);
        return bl_fail(error, BL_MEMORY, "there is no memory for receptive fields");
    }
    for (int v = 0; v < m->n_values; v++) {
        int size[2];
        if (out->at[v] < 0) continue;
        size_of(p, v, size);
        out->spans[out->at[v]] = size[0], out->spans[out->at[v] + 1] = size[1];
    }
    int size[2];
    size_of(p, m->input, size);
    int32_t *own = out->spans + out->at[m->input] + 2;
    for (int axis = 0; axis < 2; axis++)
        for (int i = 0; i < size[axis]; i++, own += 2) own[0] = own[1] = i;
    for (int k = 0; k < p->end; k++)
        if (out->at[m->nodes[k].out] >= 0) node_spans(p, k, out->at, out->spans);
    return BL_OK;
}

bool bl_field_of(const bl_fields *f, int value, int row, int column, bl_seen *out) {
    if (value < 0 || value >= f->n_values || f->at[value] < 0) return false;
    const int32_t *spans = f->spans + f->at[value];
    if (row < 0 || column < 0 || row >= spans[0] || column >= spans[1]) return false;
    const int32_t *rows = spans + 2 + 2 * row, *columns = spans + 2 + 2 * (spans[0] + column);
    *out = (bl_seen){rows[0], rows[1], columns[0], columns[1]};
    return rows[0] <= rows[1] && columns[0] <= columns[1];
}

void bl_fields_free(bl_fields *f) {
    free(f->at);
    free(f->spans);
    *f = (bl_fields){0};
}
