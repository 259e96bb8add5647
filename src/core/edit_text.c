/* edit_text: interventions as they are written, read into edits. */
#include "core/internal.h"

#include <string.h>

enum { MAX_EDITS = 256, MAX_KERNEL = 4096 };

typedef struct {
    bl_cursor at;
    const bl_run *run;
    bl_edits *edits;
    bool without; /* this plan does not compute what the edit is of: nothing here depends on it */
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
    x->without = !p->values[e->value].computed;
    if (x->without) return BL_OK;
    int root = p->values[e->value].root;
    if (root != e->value) {
        bl_fail(error, BL_USAGE, "\"%.80s\" is another view of \"%.80s\" and cannot be edited by itself", name,
                m->values[root].name);
        return bl_hint(error, BL_USAGE, "edit \"%.80s\"", m->values[root].name);
    }
    bl_planes s = bl_planes_of(&p->values[e->value].known.shape);
    if (e->kind != BL_EDIT_KERNEL && e->channel >= s.channels)
        return bl_fail(error, BL_USAGE, "\"%.80s\" has channels 0 to %d, not %d", name, s.channels - 1, e->channel);
    if (e->kind == BL_EDIT_PAINT && (e->rows[0] > e->rows[1] || e->columns[0] > e->columns[1] ||
                                     e->rows[1] >= s.height || e->columns[1] >= s.width))
        return bl_fail(error, BL_USAGE, "\"%.80s\" has rows 0 to %d and columns 0 to %d; %d…%d and %d…%d do not fit",
                       name, s.height - 1, s.width - 1, e->rows[0], e->rows[1], e->columns[0], e->columns[1]);
    return BL_OK;
}

int bl_edits_kernels(const bl_model *m, int value) {
    const bl_node *node = &m->nodes[m->values[value].producer];
    if (node->n_in < 2 || node->in[1] < 0) return -1;
    const bl_value *w = &m->values[node->in[1]];
    return w->is_constant && w->type == BL_FLOAT && w->shape.rank == 4 ? node->in[1] : -1;
}

bool bl_has_kernels(const bl_model *m, int node) {
    return bl_edits_kernels(m, m->nodes[node].out) >= 0;
}

/* …/OUT,IN=w,w,… ; out was read. */
static bl_status read_kernel(reader *x, bl_edit *e) {
    const bl_model *m = x->run->plan->model;
    e->kind = BL_EDIT_KERNEL;
    if (!bl_take(&x->at, ',') || !bl_take_integer(&x->at, &e->input) || !bl_take(&x->at, '='))
        return bl_cursor_fail(&x->at, "a kernel is written layer/output,input=w,w,…");
    BL_TRY(check_value(x, e));
    int weights = bl_edits_kernels(m, e->value);
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

/* …~SEED; the layer, or * for all, was read: value −1. */
static bl_status read_redraw(reader *x, bl_edit *e) {
    const bl_model *m = x->run->plan->model;
    e->kind = BL_EDIT_REDRAW;
    if (!bl_take_integer(&x->at, &e->channel)) return bl_cursor_fail(&x->at, "a seed is missing: a whole number");
    bool any = false;
    for (int k = 0; k < m->n_nodes && !any; k++)
        any = (e->value < 0 || m->nodes[k].out == e->value) && bl_redraws(m, k);
    if (any) return BL_OK;
    if (e->value < 0) return bl_fail(x->at.error, BL_USAGE, "this network has no layer with weights to draw anew");
    bl_fail(x->at.error, BL_USAGE, "\"%.80s\" has no weights to draw anew", m->values[e->value].name);
    return bl_hint(x->at.error, BL_USAGE, "name a convolution, a dense layer or a normalisation, or * for all of them");
}

static bl_status read_edit(reader *x, bl_edit *e) {
    const bl_model *m = x->run->plan->model;
    x->without = false;
    if (bl_take(&x->at, '*')) {
        e->value = -1;
        return bl_take(&x->at, '~') ? read_redraw(x, e) : bl_cursor_fail(&x->at, "expected ~seed after *");
    }
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
    }
    bool redraw = !kernel && bl_take(&x->at, '~');
    if (!kernel && !redraw && !bl_take(&x->at, ':')) return bl_cursor_fail(&x->at, "expected : after the layer");
    BL_TRY(bl_model_find_or_fail(m, name, &e->value, x->at.error));
    if (redraw) return read_redraw(x, e);
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
        bl_edit *e = &x->edits->edits[x->edits->n];
        *e = (bl_edit){0};
        BL_TRY(read_edit(x, e));
        x->edits->n += !x->without;
        char next = *x->at.at;
        if (next && next != ' ' && next != ';' && next != '\t' && next != '\n' && next != '\r')
            return bl_cursor_fail(&x->at, "expected a space or a semicolon between edits");
    }
}

bl_status bl_edits_read(const bl_run *r, const char *text, bl_edits *out, bl_error *error) {
    reader x = {.at = {.text = text, .at = text, .error = error}, .run = r, .edits = out};
    return read_all(&x);
}
