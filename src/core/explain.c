/* explain: the terms that add up to one number of a value, or of its gradient. The operators say them (ops/explain.h);
 * here they are asked for in the graph, and kept one by one, or added up group by group for a whole channel. */
#include "core/internal.h"

#include <math.h>
#include <stdlib.h>

/* Where terms go. The first member, so that operators see only it. */
typedef struct {
    bl_explain say;
    bl_explained *out;
    bool whole;         /* a channel: sums instead of terms */
    bool measure;       /* of a channel: only its parts are counted */
    size_t cell, cells; /* of a channel: the place of its maps that is asked about */
    size_t part, in_group, group;
    const bl_shape *place; /* shape of the value that the terms of this part lie in */
    bool failed;
} collector;

/* More than this is not kept: 400 MB of terms, 64 MB of maps. */
enum { MOST_TERMS = 1 << 22, MOST_CELLS = 1 << 24 };

static void *more_room(void *old, size_t *room, size_t size, size_t most) {
    size_t n = *room ? *room * 2 : 64;
    void *grown = n > most ? NULL : realloc(old, n * size);
    if (grown) *room = n;
    return grown;
}

/* A row of numbers that are really whole maps, or channels, of the value they lie in is laid out as these. */
static void lay(collector *c, size_t *groups, size_t *rows, size_t *columns) {
    const bl_shape *s = c->place;
    if (!s || s->rank < 2 || *groups != 1 || *rows != 1 || *columns < 2) return;
    size_t height = s->rank > 2 ? (size_t)s->dim[2] : 1, width = s->rank > 3 ? (size_t)s->dim[3] : 1;
    size_t plane = height * width, channels = (size_t)s->dim[1];
    if (*columns != channels * plane && *columns != plane) return;
    *groups = *columns / plane;
    *rows = height;
    *columns = width;
}

static void layout(bl_explain *e, bl_form form, size_t groups, size_t rows, size_t columns) {
    collector *c = (collector *)e;
    bl_explained_part *p = &c->out->parts[c->part];
    lay(c, &groups, &rows, &columns);
    p->form = form;
    p->groups = groups;
    p->rows = rows;
    p->columns = columns;
    c->in_group = c->group = 0;
}

static void keep(collector *c, const bl_term *t) {
    bl_explained *out = c->out;
    if (out->n_terms == out->term_room) {
        bl_term *grown = more_room(out->terms, &out->term_room, sizeof *grown, MOST_TERMS);
        if (!grown) {
            c->failed = true;
            return;
        }
        out->terms = grown;
    }
    out->terms[out->n_terms++] = *t;
}

static void take(bl_explain *e, const bl_term *t) {
    collector *c = (collector *)e;
    bl_explained *out = c->out;
    bl_explained_part *p = &out->parts[c->part];
    bool cell = t->role == BL_TERM_PRODUCT || t->role == BL_TERM_EMPTY;
    if (t->role != BL_TERM_ASIDE) {
        out->sum += t->product;
        out->size += fabs(t->product);
    }
    if (!c->whole) {
        keep(c, t);
        p->n += !c->failed;
        return;
    }
    size_t map = cell ? p->first + (c->group < p->groups ? c->group : p->groups - 1) : out->n_maps - 1;
    if (!c->measure && t->role != BL_TERM_ASIDE) out->maps[map * c->cells + c->cell] += (float)t->product;
    if (cell && ++c->in_group == p->rows * p->columns) {
        c->in_group = 0;
        c->group++;
    }
}

static bool open_part(collector *c, int node, int input, int place) {
    bl_explained *out = c->out;
    if ((size_t)out->n_parts == out->part_room) {
        bl_explained_part *grown = more_room(out->parts, &out->part_room, sizeof *grown, BL_MAX_INPUTS);
        if (!grown) return false;
        out->parts = grown;
    }
    size_t first = out->n_terms;
    if (c->whole && out->n_parts) first = out->parts[out->n_parts - 1].first + out->parts[out->n_parts - 1].groups;
    c->part = (size_t)out->n_parts++;
    out->parts[c->part] = (bl_explained_part){.node = node, .input = input, .place = place, .first = first};
    return true;
}

/* The value whose memory this one shows, when that is a map and this one is not. */
static int map_of(const bl_run *r, int value) {
    int root = r->plan->values[value].root;
    return r->plan->values[root].known.shape.rank > r->plan->values[value].known.shape.rank ? root : value;
}

static bl_status node_terms(collector *c, bl_run *r, int k, int input, size_t index, bl_error *error) {
    const bl_node *node = &r->plan->model->nodes[k];
    const bl_plan_node *n = &r->plan->nodes[k];
    int place = map_of(r, input < 0 ? node->in[0] : node->out);
    if (!n->op->explain || (input >= 0 && !(n->op->explains >> (input < 4 ? input : 4) & 1)))
        return bl_fail(error, BL_UNSUPPORTED, "node \"%.80s\" (%s) cannot say how its numbers come about", node->name,
                       n->op->name);
    if (!open_part(c, k, input, place)) return bl_fail(error, BL_MEMORY, "no memory");
    c->place = &r->plan->values[place].known.shape;
    for (int i = 0; i < node->n_in; i++) r->in[i] = bl_run_operand(r, k, i);
    n->op->explain(&(bl_op_run){.params = n->params,
                                .n_in = node->n_in,
                                .in_shape = n->in_shape,
                                .in = r->in,
                                .out_shape = r->plan->values[node->out].known.shape,
                                .out = (bl_real *)bl_edits_before(r, node->out),
                                .aux = bl_run_at(r, n->aux),
                                .grad_out = r->gradient[node->out]},
                   input, index, &c->say);
    return BL_OK;
}

/* One number that comes from no operator: a seed, what an edit changed, the same number under another shape. */
static bl_status own_term(collector *c, bl_term_role role, int node, int place, double number, size_t index,
                          bl_error *error) {
    if (!open_part(c, node, -1, place)) return bl_fail(error, BL_MEMORY, "no memory");
    c->place = NULL;
    layout(&c->say, BL_FORM_SUM, role == BL_TERM_PRODUCT, 1, 1);
    bl_say(&c->say, role, number, 1, role == BL_TERM_PRODUCT ? 0 : BL_NO_OPERAND, index, BL_NO_OPERAND, 0);
    return BL_OK;
}

static bool is_edited(const bl_run *r, int value) {
    for (int i = 0; i < r->edits.n; i++)
        if (r->edits.edits[i].kind != BL_EDIT_KERNEL && r->edits.edits[i].value == value) return true;
    return false;
}

static bl_status value_terms(collector *c, bl_run *r, int value, size_t index, bl_error *error) {
    int k = r->plan->model->values[value].producer;
    if (k < 0) {
        bl_fail(error, BL_USAGE, "\"%.80s\" is not computed", r->plan->model->values[value].name);
        return bl_hint(error, BL_USAGE, "it comes from the picture or from the file");
    }
    if (!r->plan->nodes[k].is_alias) return node_terms(c, r, k, -1, index, error);
    int from = r->plan->model->nodes[k].in[0];
    return own_term(c, BL_TERM_PRODUCT, k, map_of(r, from), (double)r->value[from][index], index, error);
}

/* From every node that reads the value; through an alias the same number comes from whoever reads that. */
static bl_status gradient_terms(collector *c, bl_run *r, const bl_objective *o, int value, size_t index,
                                bl_error *error) {
    const bl_model *m = r->plan->model;
    double seed = 0;
    for (int k = 0; k < r->plan->end; k++) {
        const bl_node *node = &m->nodes[k];
        if (!r->plan->nodes[k].backward || !r->plan->nodes[k].computed || !r->written[node->out]) continue;
        for (int i = 0; i < node->n_in; i++) {
            if (node->in[i] != value || !r->plan->nodes[k].grad_in[i]) continue;
            if (r->plan->nodes[k].is_alias)
                BL_TRY(gradient_terms(c, r, o, node->out, index, error));
            else
                BL_TRY(node_terms(c, r, k, i, index, error));
        }
    }
    bool starts = false;
    for (int i = 0; i < o->n_terms; i++) starts = starts || o->terms[i].value == value;
    if (!starts) return BL_OK;
    BL_TRY(bl_objective_seed(r, o, value, index, &seed, error));
    return own_term(c, BL_TERM_SEED, -1, -1, seed, index, error);
}

static bl_status number_terms(collector *c, bl_run *r, const bl_objective *o, int value, bool gradient, size_t index,
                              bl_error *error) {
    bl_explained *out = c->out;
    const bl_real *numbers = gradient ? r->gradient[value] : r->value[value];
    out->n_parts = 0;
    out->n_terms = 0;
    out->sum = out->size = 0;
    out->number = (double)numbers[index];
    if (gradient)
        BL_TRY(gradient_terms(c, r, o, value, index, error));
    else
        BL_TRY(value_terms(c, r, value, index, error));
    if (is_edited(r, value)) BL_TRY(own_term(c, BL_TERM_EDIT, -1, -1, out->number - out->sum, index, error));
    if (c->failed) return bl_fail(error, BL_MEMORY, "more terms than can be kept");
    return BL_OK;
}

static bl_status check(const bl_run *r, const bl_objective *o, int value, bool gradient, bl_error *error) {
    const bl_model *m = r->plan->model;
    const bl_wants *w = &r->plan->wants;
    if (!w->observe_all || !w->gradient_all)
        return bl_fail(error, BL_USAGE,
                       "an explanation needs a plan that observes every value and wants every gradient");
    if (!r->has_values || r->stale) return bl_fail(error, BL_USAGE, "an explanation needs a forward pass before it");
    if (value < 0 || value >= m->n_values || m->values[value].is_constant || !r->plan->values[value].computed)
        return bl_fail(error, BL_USAGE, "there is no computed value number %d", value);
    if (gradient && (!o || !r->gradient[value]))
        return bl_fail(error, BL_USAGE, "no gradient reaches \"%.80s\"", m->values[value].name);
    return BL_OK;
}

static bl_status out_of(const bl_run *r, int value, const char *what, size_t at, size_t n, bl_error *error) {
    return bl_fail(error, BL_USAGE, "\"%.80s\" has %zu %s, and none with number %zu",
                   r->plan->model->values[value].name, n, what, at);
}

bl_status bl_run_explain(bl_run *r, const bl_objective *o, int value, bool gradient, size_t index, bl_explained *out,
                         bl_error *error) {
    BL_TRY(check(r, o, value, gradient, error));
    size_t n = bl_count(&r->plan->values[value].known.shape);
    if (index >= n) return out_of(r, value, "elements", index, n, error);
    collector c = {.say = {layout, take}, .out = out};
    out->n_maps = 0;
    return number_terms(&c, r, o, value, gradient, index, error);
}

bl_status bl_run_explain_channel(bl_run *r, const bl_objective *o, int value, bool gradient, size_t channel,
                                 bl_explained *out, bl_error *error) {
    BL_TRY(check(r, o, value, gradient, error));
    const bl_shape *s = &r->plan->values[value].known.shape;
    size_t channels = s->rank > 1 ? (size_t)s->dim[1] : bl_count(s), plane = 1;
    for (int i = 2; i < s->rank; i++) plane *= (size_t)s->dim[i];
    if (channel >= channels) return out_of(r, value, "channels", channel, channels, error);
    collector c = {.say = {layout, take}, .out = out, .whole = true, .measure = true, .cells = plane};
    BL_TRY(number_terms(&c, r, o, value, gradient, channel * plane, error));
    out->n_maps = 1;
    for (int i = 0; i < out->n_parts; i++) out->n_maps += out->parts[i].groups;
    free(out->maps);
    out->maps = NULL;
    if (out->n_maps > MOST_CELLS / plane)
        return bl_fail(error, BL_MEMORY, "%zu maps of %zu cells are too many", out->n_maps, plane);
    out->maps = calloc(out->n_maps * plane, sizeof *out->maps);
    if (!out->maps) return bl_fail(error, BL_MEMORY, "no memory");
    c.measure = false;
    for (c.cell = 0; c.cell < plane; c.cell++)
        BL_TRY(number_terms(&c, r, o, value, gradient, channel * plane + c.cell, error));
    return BL_OK;
}

void bl_explained_free(bl_explained *e) {
    free(e->parts);
    free(e->terms);
    free(e->maps);
    *e = (bl_explained){0};
}
