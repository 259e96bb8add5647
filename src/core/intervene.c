/* intervene: changes to values and kernels that every pass of a run applies. The text is read into edits; if anything
 * in it is wrong, those that were there stay. */
#include "core/internal.h"

#include <string.h>

enum { MAX_EDITS = 256, MAX_KERNEL = 4096 };

/* A value as pictures × channels × height × width; missing axes are 1. */
typedef struct {
    int pictures, channels, height, width;
} planes;

static planes planes_of(const bl_shape *s) {
    if (s->rank == 1) return (planes){1, s->dim[0], 1, 1};
    return (planes){s->rank > 0 ? s->dim[0] : 1, s->rank > 1 ? s->dim[1] : 1, s->rank > 2 ? s->dim[2] : 1,
                    s->rank > 3 ? s->dim[3] : 1};
}

typedef struct {
    bl_cursor at;
    const bl_run *run;
    bl_edits *edits;
} reader;

static bl_status check_value(reader *x, const bl_edit *e) {
    const bl_plan *p = x->run->plan;
    const bl_model *m = p->model;
    const char *name = m->values[e->value].name;
    bl_error *error = x->at.error;
    if (m->values[e->value].is_constant || e->value == m->input) {
        bl_fail(error, BL_USAGE, "\"%.80s\" is no layer's output and cannot be edited", name);
        return bl_hint(error, BL_USAGE, "name a layer; the picture itself is changed before it is given");
    }
    if (!p->values[e->value].computed) return bl_fail(error, BL_USAGE, "\"%.80s\" is not computed here", name);
    int root = p->values[e->value].root;
    if (root != e->value) {
        bl_fail(error, BL_USAGE, "\"%.80s\" is another view of \"%.80s\" and cannot be edited by itself", name,
                m->values[root].name);
        return bl_hint(error, BL_USAGE, "edit \"%.80s\"", m->values[root].name);
    }
    planes s = planes_of(&p->values[e->value].known.shape);
    if (e->kind != BL_EDIT_KERNEL && e->channel >= s.channels)
        return bl_fail(error, BL_USAGE, "\"%.80s\" has channels 0 to %d, not %d", name, s.channels - 1, e->channel);
    if (e->kind == BL_EDIT_PAINT && (e->rows[0] > e->rows[1] || e->columns[0] > e->columns[1] ||
                                     e->rows[1] >= s.height || e->columns[1] >= s.width))
        return bl_fail(error, BL_USAGE, "\"%.80s\" has rows 0 to %d and columns 0 to %d; %d…%d and %d…%d do not fit",
                       name, s.height - 1, s.width - 1, e->rows[0], e->rows[1], e->columns[0], e->columns[1]);
    return BL_OK;
}

/* The constant a kernel edit overlays, or −1. */
static int weights_of(const bl_model *m, int value) {
    const bl_node *node = &m->nodes[m->values[value].producer];
    if (node->n_in < 2 || node->in[1] < 0) return -1;
    const bl_value *w = &m->values[node->in[1]];
    return w->is_constant && w->type == BL_FLOAT && w->shape.rank == 4 ? node->in[1] : -1;
}

/* …/OUT,IN=w,w,… ; out was read. */
static bl_status read_kernel(reader *x, bl_edit *e) {
    const bl_model *m = x->run->plan->model;
    e->kind = BL_EDIT_KERNEL;
    if (!bl_take(&x->at, ',') || !bl_take_integer(&x->at, &e->input) || !bl_take(&x->at, '='))
        return bl_cursor_fail(&x->at, "a kernel is written layer/output,input=w,w,…");
    BL_TRY(check_value(x, e));
    int weights = weights_of(m, e->value);
    if (weights < 0) return bl_fail(x->at.error, BL_USAGE, "\"%.80s\" is no convolution", m->values[e->value].name);
    const bl_shape *s = &m->values[weights].shape;
    if (e->channel >= s->dim[0] || e->input >= s->dim[1])
        return bl_fail(x->at.error, BL_USAGE,
                       "\"%.80s\" has outputs 0 to %d and inputs 0 to %d of each; there is no kernel %d,%d",
                       m->values[e->value].name, (int)s->dim[0] - 1, (int)s->dim[1] - 1, e->channel, e->input);
    int64_t size = (int64_t)s->dim[2] * s->dim[3];
    if (size > MAX_KERNEL) return bl_fail(x->at.error, BL_UNSUPPORTED, "a kernel of more than %d numbers", MAX_KERNEL);
    e->n_numbers = (int)size;
    e->numbers = bl_arena_take_array(&x->edits->arena, (size_t)size, sizeof *e->numbers);
    if (!e->numbers) return bl_fail(x->at.error, BL_MEMORY, "there is not enough memory for the edits");
    for (int i = 0; i < e->n_numbers; i++) {
        double w;
        if ((i && !bl_take(&x->at, ',')) || !bl_take_number(&x->at, &w)) {
            bl_cursor_fail(&x->at, "a number is missing");
            return bl_hint(x->at.error, BL_USAGE, "a kernel of \"%.80s\" has %d × %d numbers", m->values[e->value].name,
                           (int)s->dim[2], (int)s->dim[3]);
        }
        e->numbers[i] = (bl_real)w;
    }
    return BL_OK;
}

/* …:CHANNEL, then *number, =mean or @row,column,row,column=number. */
static bl_status read_channel(reader *x, bl_edit *e) {
    double number = 0;
    if (bl_take(&x->at, '*'))
        e->channel = -1;
    else if (!bl_take_integer(&x->at, &e->channel))
        return bl_cursor_fail(&x->at, "a channel is missing");
    if (bl_take(&x->at, '@')) {
        e->kind = BL_EDIT_PAINT;
        int *corners[4] = {&e->rows[0], &e->columns[0], &e->rows[1], &e->columns[1]};
        for (int i = 0; i < 4; i++)
            if ((i && !bl_take(&x->at, ',')) || !bl_take_integer(&x->at, corners[i]))
                return bl_cursor_fail(&x->at, "a region is written @row,column,row,column: first and last corner");
        if (!bl_take(&x->at, '=') || !bl_take_number(&x->at, &number))
            return bl_cursor_fail(&x->at, "=number is missing");
    } else if (bl_take(&x->at, '*')) {
        e->kind = BL_EDIT_SCALE;
        if (!bl_take_number(&x->at, &number)) return bl_cursor_fail(&x->at, "a factor is missing");
    } else if (strncmp(x->at.at, "=mean", 5) == 0) {
        e->kind = BL_EDIT_MEAN;
        x->at.at += 5;
    } else
        return bl_cursor_fail(&x->at, "expected *factor, =mean or @row,column,row,column=number");
    e->number = (bl_real)number;
    return check_value(x, e);
}

static bl_status read_edit(reader *x, bl_edit *e) {
    const bl_model *m = x->run->plan->model;
    char name[BL_NAME_BYTES];
    bool quoted;
    BL_TRY(bl_take_name(&x->at, name, &quoted));
    bool kernel = quoted ? bl_take(&x->at, '/') : *x->at.at == ',';
    if (kernel && quoted) {
        if (!bl_take_integer(&x->at, &e->channel)) return bl_cursor_fail(&x->at, "an output channel is missing");
    } else if (kernel) { /* a bare name may hold slashes: the last one separates the channel */
        char *slash = strrchr(name, '/');
        bl_cursor digits = {.at = slash ? slash + 1 : name};
        if (!slash || !bl_take_integer(&digits, &e->channel) || *digits.at)
            return bl_cursor_fail(&x->at, "a kernel is written layer/output,input=w,w,…");
        *slash = 0;
    } else if (!bl_take(&x->at, ':'))
        return bl_cursor_fail(&x->at, "expected : after the layer");
    BL_TRY(bl_model_find_or_fail(m, name, &e->value, x->at.error));
    return kernel ? read_kernel(x, e) : read_channel(x, e);
}

static bl_status read_all(reader *x) {
    x->edits->edits = bl_arena_take_array(&x->edits->arena, MAX_EDITS, sizeof *x->edits->edits);
    if (!x->edits->edits) return bl_fail(x->at.error, BL_MEMORY, "there is not enough memory for the edits");
    for (;;) {
        do bl_skip_spaces(&x->at);
        while (bl_take(&x->at, ';'));
        if (*x->at.at == 0) return BL_OK;
        if (x->edits->n == MAX_EDITS) return bl_fail(x->at.error, BL_USAGE, "there are more than %d edits", MAX_EDITS);
        BL_TRY(read_edit(x, &x->edits->edits[x->edits->n]));
        x->edits->n++;
        char next = *x->at.at;
        if (next && next != ' ' && next != ';' && next != '\t' && next != '\n' && next != '\r')
            return bl_cursor_fail(&x->at, "expected a space or a semicolon between edits");
    }
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
        const bl_plan_node *n = &p->nodes[m->values[e->value].producer];
        bool kernel = e->kind == BL_EDIT_KERNEL;
        if (!kernel && !(n->backward && n->reads & BL_READS_OUT)) continue;
        int v = kernel ? weights_of(m, e->value) : e->value;
        bl_real **room = kernel ? &edits->weights[m->values[e->value].producer] : &edits->saved[v];
        size_t count = bl_count(kernel ? &m->values[v].shape : &p->values[v].known.shape);
        if (!*room) *room = bl_arena_take_array(&edits->arena, count, sizeof **room);
        ok = *room != NULL;
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
        while (i < a->n && a->edits[i].value != value) i++;
        while (k < b->n && b->edits[k].value != value) k++;
        if (i == a->n || k == b->n) return i == a->n && k == b->n;
        if (!same_edit(&a->edits[i], &b->edits[k])) return false;
    }
}

bl_status bl_run_intervene(bl_run *r, const char *text, int *first, bl_error *error) {
    const bl_model *m = r->plan->model;
    bl_edits now = {0};
    reader x = {.at = {.text = text, .at = text, .error = error}, .run = r, .edits = &now};
    bl_status status = read_all(&x);
    if (status == BL_OK) status = reserve(r, &now, error);
    if (status != BL_OK) {
        bl_arena_free(&now.arena);
        return status;
    }
    bl_edits before = r->edits;
    r->edits = now;
    int least = m->n_nodes;
    for (int which = 0; which < 2; which++) {
        const bl_edits *list = which ? &now : &before;
        for (int i = 0; i < list->n; i++) {
            int value = list->edits[i].value, node = m->values[value].producer;
            bl_edits_overlay(r, node);
            if (same_edits(&before, &now, value)) { /* the node need not run again, so it cannot save anew */
                if (now.saved[value])
                    memcpy(now.saved[value], before.saved[value],
                           bl_count(&r->plan->values[value].known.shape) * sizeof(bl_real));
                continue;
            }
            r->dirty[node] = r->stale = true;
            if (node < least) least = node;
        }
    }
    bl_arena_free(&before.arena);
    if (first) *first = least;
    return BL_OK;
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
static void edit_plane(const bl_edit *e, const planes *s, bl_real *x, bool backward) {
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

static void edit_value(const bl_run *r, const bl_edit *e, bl_real *x, bool backward) {
    planes s = planes_of(&r->plan->values[e->value].known.shape);
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
        if (edits->edits[i].value == value && edits->edits[i].kind != BL_EDIT_KERNEL)
            edit_value(r, &edits->edits[i], r->value[value], false);
}

bool bl_edits_touch(const bl_run *r, int value) {
    for (int i = 0; i < r->edits.n; i++)
        if (r->edits.edits[i].value == value && r->edits.edits[i].kind != BL_EDIT_KERNEL) return true;
    return false;
}

void bl_edits_backward(bl_run *r, int value) {
    for (int i = r->edits.n - 1; i >= 0; i--)
        if (r->edits.edits[i].value == value && r->edits.edits[i].kind != BL_EDIT_KERNEL)
            edit_value(r, &r->edits.edits[i], r->gradient[value], true);
}
