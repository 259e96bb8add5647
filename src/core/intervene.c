/* intervene: changes to values, kernels and weights that every pass of a run applies. If anything in their text is
 * wrong, those that were there stay. */
#include "core/internal.h"

#include <string.h>

/* The values whose own backward must see them as they were before edits of `value`: itself, and those that are made in
 * their places in it. Goes through them by *i, from 0 on; −1 at the end. */
static int next_saved(const bl_plan *p, int value, int *i) {
    const bl_model *m = p->model;
    int k = m->values[value].producer;
    while (k >= 0 && *i <= (p->nodes[k].stacks ? m->nodes[k].n_in : 0)) {
        int input = (*i)++ - 1, v = input < 0 ? value : m->nodes[k].in[input];
        if (input >= 0 && !bl_stacked(p, k, input)) continue;
        const bl_plan_node *n = &p->nodes[m->values[v].producer];
        if (n->backward && n->reads & BL_READS_OUT) return v;
    }
    return -1;
}

static bool take_room(bl_edits *edits, bl_real **room, const bl_shape *s) {
    if (!*room) *room = bl_arena_take_array(&edits->arena, bl_count(s), sizeof **room);
    return *room != NULL;
}

/* Room for overlaid weights, and for values whose own backward must see them as they were. */
static bl_status reserve(const bl_run *r, bl_edits *edits, bl_error *error) {
    const bl_plan *p = r->plan;
    const bl_model *m = p->model;
    edits->weights = bl_arena_take_array(&edits->arena, (size_t)m->n_nodes, sizeof *edits->weights);
    edits->saved = bl_arena_take_array(&edits->arena, (size_t)m->n_values, sizeof *edits->saved);
    bool ok = edits->weights && edits->saved;
    for (int i = 0; ok && i < edits->n; i++) {
        const bl_edit *e = &edits->edits[i];
        if (e->kind == BL_EDIT_REDRAW) continue;
        if (e->kind == BL_EDIT_KERNEL) {
            bl_real **room = &edits->weights[m->values[e->value].producer];
            ok = take_room(edits, room, &m->values[bl_edits_kernels(m, e->value)].shape);
            continue;
        }
        for (int at = 0, v; ok && (v = next_saved(p, e->value, &at)) >= 0;)
            ok = take_room(edits, &edits->saved[v], &p->values[v].known.shape);
    }
    return ok ? BL_OK : bl_fail(error, BL_MEMORY, "there is not enough memory for the edits");
}

static bool same_edit(const bl_edit *a, const bl_edit *b) {
    return a->kind == b->kind && a->channel == b->channel && a->input == b->input && a->rows[0] == b->rows[0] &&
           a->rows[1] == b->rows[1] && a->columns[0] == b->columns[0] && a->columns[1] == b->columns[1] &&
           a->number == b->number && a->n_numbers == b->n_numbers &&
           (a->n_numbers == 0 || memcmp(a->numbers, b->numbers, (size_t)a->n_numbers * sizeof *a->numbers) == 0);
}

/* Are the edits of this value the same, in the same order? */
static bool same_edits(const bl_edits *a, const bl_edits *b, int value) {
    int i = 0, k = 0;
    for (;; i++, k++) {
        while (i < a->n && (a->edits[i].value != value || a->edits[i].kind == BL_EDIT_REDRAW)) i++;
        while (k < b->n && (b->edits[k].value != value || b->edits[k].kind == BL_EDIT_REDRAW)) k++;
        if (i == a->n || k == b->n) return i == a->n && k == b->n;
        if (!same_edit(&a->edits[i], &b->edits[k])) return false;
    }
}

static void free_edits(bl_edits *edits) {
    bl_arena_free(&edits->arena);
    bl_redraw_free(edits->redraw);
}

/* The drawn weights go to where the model's are read, and the model's come back. */
static void change_weights(bl_run *r, const bl_redraw *before, const bl_redraw *now) {
    const bl_model *m = r->plan->model;
    for (int v = 0; v < m->n_values; v++) {
        const bl_real *was = bl_redrawn(before, v), *is = bl_redrawn(now, v);
        if (was != is) bl_run_set_constant(r, v, is, NULL);
    }
}

bl_status bl_run_intervene(bl_run *r, const char *text, int *first, bl_error *error) {
    const bl_model *m = r->plan->model;
    bl_edits now = {0}, before = r->edits;
    bl_status status = bl_edits_read(r, text, &now, error);
    if (status == BL_OK) status = reserve(r, &now, error);
    bool same_weights = status == BL_OK && bl_redraw_is(before.redraw, m, &now);
    if (status == BL_OK && !same_weights) status = bl_redraw_make(r, &now, &now.redraw, error);
    if (status != BL_OK) {
        free_edits(&now);
        return status;
    }
    if (same_weights) now.redraw = before.redraw, before.redraw = NULL;
    r->edits = now;
    int least = m->n_nodes;
    if (!same_weights) change_weights(r, before.redraw, now.redraw);
    for (int k = m->n_nodes - 1; k >= 0 && !same_weights; k--)
        if (r->dirty[k]) least = k;
    for (int which = 0; which < 2; which++) {
        const bl_edits *list = which ? &now : &before;
        for (int i = 0; i < list->n; i++) {
            if (list->edits[i].kind == BL_EDIT_REDRAW) continue;
            int value = list->edits[i].value, node = m->values[value].producer;
            bl_edits_overlay(r, node);
            if (same_edits(&before, &now, value)) { /* the node need not run again, so it cannot save anew */
                for (int at = 0, v; (v = next_saved(r->plan, value, &at)) >= 0;)
                    if (now.saved[v] && before.saved[v])
                        memcpy(now.saved[v], before.saved[v],
                               bl_count(&r->plan->values[v].known.shape) * sizeof(bl_real));
                continue;
            }
            r->dirty[node] = r->stale = true;
            if (node < least) least = node;
        }
    }
    free_edits(&before);
    if (first) *first = least;
    return BL_OK;
}

size_t bl_run_edit_bytes(const bl_run *r) {
    return r->edits.arena.bytes + bl_redraw_bytes(r->edits.redraw);
}

void bl_edits_free(bl_run *r) {
    free_edits(&r->edits);
}

void bl_edits_overlay(bl_run *r, int node) {
    const bl_model *m = r->plan->model;
    bl_real *copy = r->edits.n ? r->edits.weights[node] : NULL;
    if (!copy) return;
    const bl_shape *s = &m->values[m->nodes[node].in[1]].shape;
    memcpy(copy, r->value[m->nodes[node].in[1]], bl_count(s) * sizeof *copy);
    for (int i = 0; i < r->edits.n; i++) {
        const bl_edit *e = &r->edits.edits[i];
        if (e->kind != BL_EDIT_KERNEL || e->value != m->nodes[node].out) continue;
        size_t kernel = (size_t)e->channel * (size_t)s->dim[1] + (size_t)e->input;
        memcpy(copy + kernel * (size_t)e->n_numbers, e->numbers, (size_t)e->n_numbers * sizeof *copy);
    }
}

const bl_real *bl_edits_before(const bl_run *r, int value) {
    return r->edits.n && r->edits.saved[value] ? r->edits.saved[value] : r->value[value];
}

/* One edit on one plane: forward on the value, backward on its gradient. */
static void edit_plane(const bl_edit *e, const bl_planes *s, bl_real *x, bool backward) {
    size_t n = (size_t)s->height * (size_t)s->width;
    if (e->kind == BL_EDIT_SCALE) {
        for (size_t i = 0; i < n; i++) x[i] = e->number == 0 ? 0 : x[i] * e->number;
    } else if (e->kind == BL_EDIT_MEAN) {
        double sum = 0;
        for (size_t i = 0; i < n; i++) sum += x[i];
        for (size_t i = 0; i < n; i++) x[i] = backward ? 0 : (bl_real)(sum / (double)n);
    } else if (e->kind == BL_EDIT_PAINT) {
        for (int row = e->rows[0]; row <= e->rows[1]; row++)
            for (int column = e->columns[0]; column <= e->columns[1]; column++)
                x[(size_t)row * (size_t)s->width + (size_t)column] = backward ? 0 : e->number;
    }
}

/* Does the edit change the value itself, and not the weights that make it? */
static bool changes(const bl_edit *e, int value) {
    return e->value == value && e->kind < BL_EDIT_KERNEL;
}

static void edit_value(const bl_run *r, const bl_edit *e, bl_real *x, bool backward) {
    bl_planes s = bl_planes_of(&r->plan->values[e->value].known.shape);
    size_t plane = (size_t)s.height * (size_t)s.width;
    for (int picture = 0; picture < s.pictures; picture++)
        for (int c = 0; c < s.channels; c++)
            if (e->channel < 0 || e->channel == c)
                edit_plane(e, &s, x + ((size_t)picture * (size_t)s.channels + (size_t)c) * plane, backward);
}

void bl_edits_apply(bl_run *r, int value) {
    bl_edits *edits = &r->edits;
    if (edits->n == 0) return;
    if (edits->saved[value])
        memcpy(edits->saved[value], r->value[value], bl_count(&r->plan->values[value].known.shape) * sizeof(bl_real));
    for (int i = 0; i < edits->n; i++)
        if (changes(&edits->edits[i], value)) edit_value(r, &edits->edits[i], r->value[value], false);
}

bool bl_edits_touch(const bl_run *r, int value) {
    for (int i = 0; i < r->edits.n; i++)
        if (changes(&r->edits.edits[i], value)) return true;
    return false;
}

void bl_edits_backward(bl_run *r, int value) {
    for (int i = r->edits.n - 1; i >= 0; i--)
        if (changes(&r->edits.edits[i], value)) edit_value(r, &r->edits.edits[i], r->gradient[value], true);
}
