/* plan: which nodes a set of wants needs, and the shape of every value. Integer values are worked out here and nowhere
 * else. Gradients are reach.c's part, memory layout.c's. */
#include "core/internal.h"

#include <stdio.h>
#include <string.h>

static bl_status no_memory(bl_error *error) {
    return bl_fail(error, BL_MEMORY, "there is not enough memory for the plan");
}

static bl_status copy_ints(bl_plan *p, const int **array, int n, bl_error *error) {
    if (n <= 0) return BL_OK;
    int *copy = bl_arena_take_array(&p->arena, (size_t)n, sizeof *copy);
    if (!copy) return no_memory(error);
    memcpy(copy, *array, (size_t)n * sizeof *copy);
    *array = copy;
    return BL_OK;
}

/* The values that wants name, one list after another; false at the end. */
static bool next_want(const bl_wants *w, int *list, int *i, int *value) {
    const int *lists[] = {w->observe, w->seeds, w->gradients};
    const int lengths[] = {w->n_observe, w->n_seeds, w->n_gradients};
    for (; *list < 3; (*list)++, *i = 0)
        if (*i < lengths[*list]) {
            *value = lists[*list][(*i)++];
            return true;
        }
    return false;
}

static bl_status read_wants(bl_plan *p, bl_error *error) {
    const bl_model *m = p->model;
    bl_wants *w = &p->wants;
    p->batch = w->batch ? w->batch : 1;
    if (p->batch < 0 || p->batch > 65536)
        return bl_fail(error, BL_USAGE, "a batch of %d pictures; 1 to 65536 are possible", p->batch);
    p->last = w->last < 0 ? m->output : w->last;
    if (p->last >= m->n_values) return bl_fail(error, BL_USAGE, "the last value %d is none of the network's", p->last);
    p->end = m->values[p->last].producer + 1;
    BL_TRY(copy_ints(p, &w->observe, w->n_observe, error));
    BL_TRY(copy_ints(p, &w->seeds, w->n_seeds, error));
    BL_TRY(copy_ints(p, &w->gradients, w->n_gradients, error));
    int value;
    for (int list = 0, i = 0; next_want(w, &list, &i, &value);) {
        if (value < 0 || value >= m->n_values)
            return bl_fail(error, BL_USAGE, "value %d is none of the network's", value);
        if (m->values[value].producer >= p->end) {
            bl_fail(error, BL_USAGE, "\"%.80s\" is wanted but comes after \"%.80s\", the last value planned",
                    m->values[value].name, m->values[p->last].name);
            return bl_hint(error, BL_USAGE, "plan up to a later value");
        }
    }
    return BL_OK;
}

/* Marks the values that are wanted as such, and everything they are made from as planned. A node's position is enough
 * for one pass from the end to the beginning: whoever reads a value comes after it. */
static void mark_planned(bl_plan *p) {
    const bl_model *m = p->model;
    p->values[p->last].planned = true;
    int value;
    for (int list = 0, i = 0; next_want(&p->wants, &list, &i, &value);) p->values[value].planned = true;
    for (int k = p->end - 1; k >= 0; k--) {
        const bl_node *node = &m->nodes[k];
        p->nodes[k].planned = p->values[node->out].planned || p->wants.observe_all;
        if (!p->nodes[k].planned) continue;
        p->values[node->out].planned = true;
        for (int i = 0; i < node->n_in; i++)
            if (node->in[i] >= 0) p->values[node->in[i]].planned = true;
    }
}

static bl_status plan_input(bl_plan *p, bl_error *error) {
    const bl_model *m = p->model;
    const bl_wants *w = &p->wants;
    int32_t height = w->height ? w->height : m->input_h, width = w->width ? w->width : m->input_w;
    if (m->input_c <= 0)
        return bl_fail(error, BL_UNSUPPORTED, "the file leaves open how many channels its input \"%.80s\" has",
                       m->values[m->input].name);
    if (height <= 0 || width <= 0) {
        bl_fail(error, BL_USAGE, "the file leaves open how large its input \"%.80s\" is", m->values[m->input].name);
        return bl_hint(error, BL_USAGE, "say how large pictures are to be, for instance 224 by 224");
    }
    size_t count = (size_t)p->batch;
    if (height > BL_MAX_DIM || width > BL_MAX_DIM || !bl_mul_size(count, (size_t)m->input_c, &count) ||
        !bl_mul_size(count, (size_t)height, &count) || !bl_mul_size(count, (size_t)width, &count) ||
        count > BL_MAX_COUNT) {
        bl_fail(error, BL_MEMORY, "an input of %d × %d × %d × %d numbers is too large", p->batch, (int)m->input_c,
                (int)height, (int)width);
        return bl_hint(error, BL_MEMORY, "take smaller pictures, or fewer at once");
    }
    p->values[m->input].known = (bl_operand){.type = BL_FLOAT, .shape = {4, {p->batch, m->input_c, height, width}}};
    p->values[m->input].planned = true;
    return BL_OK;
}

/* A shape that does not fit is often a picture that is too large or too small: say which size would do. */
static bl_status explain(const bl_plan *p, bl_status status, bl_error *error) {
    const bl_model *m = p->model;
    const bl_shape *in = &p->values[m->input].known.shape;
    bool other = m->input_h > 0 && m->input_w > 0 && (in->dim[2] != m->input_h || in->dim[3] != m->input_w);
    if (status != BL_SHAPE || !other || !error || error->hint[0]) return status;
    return bl_hint(error, status,
                   "pictures are planned as %d × %d here; the network is made for %d × %d (height × width)",
                   (int)in->dim[2], (int)in->dim[3], (int)m->input_h, (int)m->input_w);
}

static bl_status plan_node(bl_plan *p, int k, bl_error *error) {
    const bl_model *m = p->model;
    const bl_node *node = &m->nodes[k];
    bl_plan_node *n = &p->nodes[k];
    bl_operand *in = bl_arena_take_array(&p->arena, (size_t)node->n_in, sizeof *in);
    bl_shape *shapes = bl_arena_take_array(&p->arena, (size_t)node->n_in, sizeof *shapes);
    if (!in || !shapes) return no_memory(error);
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i] >= 0) in[i] = p->values[node->in[i]].known, shapes[i] = in[i].shape;
    const bl_op *twin = p->wants.substitute ? p->wants.substitute(node->op, p->wants.user) : NULL;
    n->op = twin ? twin : node->op;
    bl_op_plan op = {.op_name = node->op->name,
                     .node_name = node->name,
                     .opset = m->opset,
                     .attrs = node->attrs,
                     .n_attrs = node->n_attrs,
                     .in = in,
                     .n_in = node->n_in,
                     .arena = &p->arena,
                     .error = error};
    bl_status status = n->op->plan(&op);
    if (status != BL_OK) return explain(p, status, error);
    if (op.out.type == BL_FLOAT && !op.is_alias && !n->op->forward)
        return bl_fail(error, BL_INTERNAL, "node \"%.80s\" (%s) cannot be computed", node->name, n->op->name);
    n->params = op.params;
    n->in_shape = shapes;
    n->is_alias = op.is_alias && op.out.type == BL_FLOAT;
    n->stacks = op.stacks && op.out.type == BL_FLOAT && !p->wants.separate;
    n->scratch_bytes = op.scratch;
    n->aux_bytes = op.aux;
    n->macs = op.macs;
    p->macs += op.macs;
    if (node->n_in > p->max_in) p->max_in = node->n_in;
    bl_plan_value *out = &p->values[node->out];
    out->known = op.out;
    out->known.data = NULL;
    if (n->is_alias) out->root = p->values[node->in[0]].root;
    return BL_OK;
}

/* Which values have numbers: what is wanted and everything of floats it is made from. A node whose only use is to tell
 * a shape is planned, not computed. */
static void mark_computed(bl_plan *p) {
    const bl_model *m = p->model;
    p->values[m->input].computed = p->values[p->last].computed = true;
    int value;
    for (int list = 0, i = 0; next_want(&p->wants, &list, &i, &value);) p->values[value].computed = true;
    if (p->wants.observe_all)
        for (int k = 0; k < p->end; k++) p->values[m->nodes[k].out].computed = true;
    for (int k = p->end - 1; k >= 0; k--) {
        bl_plan_value *out = &p->values[m->nodes[k].out];
        if (out->known.type != BL_FLOAT) out->computed = false;
        p->nodes[k].computed = out->computed;
        for (int i = 0; out->computed && i < m->nodes[k].n_in; i++)
            if (m->nodes[k].in[i] >= 0) p->values[m->nodes[k].in[i]].computed = true;
    }
    for (int v = 0; v < m->n_values; v++)
        if (p->values[v].known.type != BL_FLOAT) p->values[v].computed = false;
}

static void mark_kept(bl_plan *p) {
    const bl_model *m = p->model;
    for (int v = 0; v < m->n_values; v++) {
        bl_plan_value *x = &p->values[v];
        x->kept = x->computed &&
                  (p->wants.observe_all || m->values[v].is_constant || v == m->input || v == p->last || v == m->scores);
    }
    for (int i = 0; i < p->wants.n_observe; i++) p->values[p->wants.observe[i]].kept = true;
    for (int i = 0; i < p->wants.n_seeds; i++) p->values[p->wants.seeds[i]].kept = true;
    for (int v = 0; v < m->n_values; v++) p->values[v].kept = p->values[v].kept && p->values[v].computed;
}

static bl_status make(bl_plan *p, bl_error *error) {
    const bl_model *m = p->model;
    p->values = bl_arena_take_array(&p->arena, (size_t)m->n_values + 1, sizeof *p->values);
    p->nodes = bl_arena_take_array(&p->arena, (size_t)m->n_nodes + 1, sizeof *p->nodes);
    if (!p->values || !p->nodes) return no_memory(error);
    for (int v = 0; v < m->n_values; v++) {
        const bl_value *x = &m->values[v];
        p->values[v].root = v;
        if (x->is_constant)
            p->values[v].known = (bl_operand){.type = x->type, .shape = x->shape, .ints = x->ints, .data = x->data};
    }
    BL_TRY(read_wants(p, error));
    mark_planned(p);
    BL_TRY(plan_input(p, error));
    for (int k = 0; k < p->end; k++)
        if (p->nodes[k].planned) BL_TRY(plan_node(p, k, error));
    if (p->values[p->last].known.type != BL_FLOAT)
        return bl_fail(error, BL_UNSUPPORTED, "\"%.80s\" holds integers; a run ends with floats",
                       m->values[p->last].name);
    mark_computed(p);
    mark_kept(p);
    BL_TRY(bl_plan_reach(p, error));
    BL_TRY(bl_plan_layout(p, error));
    if (!bl_add_size(bl_run_head_bytes(p), p->tensor_bytes, &p->bytes))
        return bl_fail(error, BL_MEMORY, "the run would be larger than this machine can address");
    if (p->wants.limit && p->bytes > p->wants.limit) {
        bl_fail(error, BL_MEMORY, "the run would take %.1f MB, the limit is %.1f MB", (double)p->bytes / 1e6,
                (double)p->wants.limit / 1e6);
        return bl_hint(error, BL_MEMORY, "take smaller pictures, fewer at once, or a smaller network");
    }
    return BL_OK;
}

bl_status bl_plan_new(const bl_model *model, const bl_wants *wants, bl_plan **out, bl_error *error) {
    *out = NULL;
    bl_plan *p = bl_alloc_aligned(sizeof *p);
    if (!p) return no_memory(error);
    p->model = model;
    p->wants = *wants;
    bl_status status = make(p, error);
    if (status != BL_OK) {
        bl_plan_free(p);
        return status;
    }
    *out = p;
    return BL_OK;
}

void bl_plan_free(bl_plan *plan) {
    if (!plan) return;
    bl_arena_free(&plan->arena);
    bl_free_aligned(plan);
}

const bl_model *bl_plan_model(const bl_plan *plan) {
    return plan->model;
}
size_t bl_plan_bytes(const bl_plan *plan) {
    return plan->bytes;
}
double bl_plan_macs(const bl_plan *plan) {
    return plan->macs;
}
bool bl_plan_node_alias(const bl_plan *plan, int node) {
    return plan->nodes[node].is_alias;
}
double bl_plan_node_macs(const bl_plan *plan, int node) {
    return plan->nodes[node].macs;
}
const char *bl_plan_kernel(const bl_plan *plan, int node, bool backward) {
    const bl_plan_node *n = &plan->nodes[node];
    if (!n->computed || !n->op->kernel || (backward && !n->backward)) return NULL;
    return n->op->kernel(n->params, backward);
}
int bl_plan_fused(const bl_plan *plan, int node) {
    const bl_model *m = plan->model;
    return plan->nodes[node].fused ? m->values[m->nodes[node].in[0]].producer : -1;
}
bool bl_plan_has(const bl_plan *plan, int value) {
    return value >= 0 && (plan->values[value].computed || plan->model->values[value].is_constant);
}
bl_shape bl_plan_shape(const bl_plan *plan, int value) {
    return plan->values[value].known.shape;
}
int bl_plan_batch(const bl_plan *plan) {
    return plan->batch;
}

bool bl_plan_place(const bl_plan *plan, int value, bool gradient, size_t *offset, size_t *bytes, int *from, int *to) {
    int b = gradient ? plan->values[value].gradient : plan->values[plan->values[value].root].buffer;
    if (b < 0) return false;
    const bl_buffer *buffer = &plan->buffers[b];
    *offset = buffer->offset;
    *bytes = buffer->bytes;
    buffer = &plan->buffers[bl_whole_buffer(plan, b)];
    *from = buffer->from;
    *to = buffer->to;
    return true;
}
