/* layout: where in one block of memory each value, gradient and scratch lies. Pieces whose lives do not meet may share
 * memory: sorted by size, each goes into the smallest gap that holds it. */
#include "core/internal.h"

#include <stdlib.h>

/* Room between pieces in a plan whose values have memory of their own; under AddressSanitizer it cannot be touched. */
enum { GUARD = BL_ALIGN };

typedef struct {
    bl_plan *p;
    int end; /* the time after everything */
    bl_error *error;
} layout;

static bl_status add_buffer(layout *l, size_t count, size_t size, int from, int to, int *out) {
    size_t bytes;
    if (!bl_mul_size(count, size, &bytes) || bytes > SIZE_MAX / 4)
        return bl_fail(l->error, BL_MEMORY, "a value would be larger than this machine can address");
    *out = l->p->n_buffers++;
    l->p->buffers[*out] = (bl_buffer){.bytes = bytes, .from = from, .to = to, .inside = -1};
    return BL_OK;
}

static void live_until(bl_plan *p, int buffer, int time) {
    buffer = bl_whole_buffer(p, buffer);
    if (buffer >= 0 && p->buffers[buffer].to < time) p->buffers[buffer].to = time;
}

static int buffer_of(const bl_plan *p, int value) {
    return value < 0 ? -1 : p->values[p->values[value].root].buffer;
}

/* For every value: must its memory stay as it is until the end? Then it is observed, or read by a backward pass (of
 * which several may follow one forward pass). lasting is indexed by root. */
static void find_lasting(const bl_plan *p, bool *lasting, int *last_read) {
    const bl_model *m = p->model;
    for (int v = 0; v < m->n_values; v++) last_read[v] = -1;
    for (int v = 0; v < m->n_values; v++)
        if (p->values[v].kept) lasting[p->values[v].root] = true;
    for (int k = 0; k < p->end; k++) {
        const bl_node *node = &m->nodes[k];
        const bl_plan_node *n = &p->nodes[k];
        if (!n->computed) continue;
        for (int i = 0; i < node->n_in; i++) {
            if (node->in[i] < 0) continue;
            int root = p->values[node->in[i]].root;
            last_read[root] = k;
            if (n->backward && n->reads & 1u << (i < 4 ? i : 4)) lasting[root] = true;
        }
        if (n->backward && n->reads & BL_READS_OUT) lasting[p->values[node->out].root] = true;
    }
}

/* May node k write its result over its first input? Only when nobody will ever look at that input again. */
static bool may_work_in_place(const bl_plan *p, int k, const bool *lasting, const int *last_read) {
    const bl_node *node = &p->model->nodes[k];
    const bl_plan_node *n = &p->nodes[k];
    if (!n->op->in_place || p->wants.separate || node->n_in == 0 || node->in[0] < 0) return false;
    int root = p->values[node->in[0]].root;
    if (p->values[root].buffer < 0 || lasting[root] || last_read[root] != k) return false;
    for (int i = 1; i < node->n_in; i++)
        if (node->in[i] >= 0 && p->values[node->in[i]].root == root) return false;
    return bl_count(&p->values[node->in[0]].known.shape) == bl_count(&p->values[node->out].known.shape);
}

/* A node that only cuts to a range, over the memory of the value before it, costs nothing where that value's node can
 * do it while it stores: then nobody ever sees the value uncut. */
static void fuse(bl_plan *p) {
    const bl_model *m = p->model;
    for (int k = 0; k < p->end; k++) p->nodes[k].cuts = -1;
    for (int k = 0; k < p->end; k++) {
        bl_plan_node *n = &p->nodes[k];
        if (!n->computed || !n->in_place || !n->op->cut) continue;
        int before = m->values[m->nodes[k].in[0]].producer;
        if (before < 0 || !p->nodes[before].op->finishes || p->nodes[before].cuts >= 0) continue;
        n->fused = true;
        p->nodes[before].cuts = k;
    }
}

static bl_status place_values(layout *l, bool *lasting, const int *last_read) {
    bl_plan *p = l->p;
    const bl_model *m = p->model;
    for (int v = 0; v < m->n_values; v++) p->values[v].buffer = p->values[v].gradient = p->values[v].gate = -1;
    BL_TRY(add_buffer(l, bl_count(&p->values[m->input].known.shape), sizeof(bl_real), -1, l->end,
                      &p->values[m->input].buffer));
    for (int k = 0; k < p->end; k++) {
        const bl_node *node = &m->nodes[k];
        bl_plan_node *n = &p->nodes[k];
        n->scratch = n->scratch_back = n->aux = n->shares = -1;
        if (!n->computed) continue;
        bl_plan_value *out = &p->values[node->out];
        if (!n->is_alias) {
            n->in_place = may_work_in_place(p, k, lasting, last_read);
            if (n->in_place)
                out->buffer = buffer_of(p, node->in[0]);
            else
                BL_TRY(add_buffer(l, bl_count(&out->known.shape), sizeof(bl_real), k, k, &out->buffer));
        }
        for (int i = 0; i < node->n_in; i++) live_until(p, buffer_of(p, node->in[i]), k);
        if (n->stacks) bl_stack_values(p, k, lasting, last_read);
        live_until(p, out->buffer, lasting[node->out] ? l->end : k);
        if (n->is_alias) continue;
        if (n->aux_bytes && (n->backward || !n->op->aux_for_backward))
            BL_TRY(add_buffer(l, n->aux_bytes, 1, k, n->backward ? l->end : k, &n->aux));
        if (n->scratch_bytes) BL_TRY(add_buffer(l, n->scratch_bytes, 1, k, k, &n->scratch));
        int back = l->end - 1 - k;
        if (n->scratch_bytes && n->backward) BL_TRY(add_buffer(l, n->scratch_bytes, 1, back, back, &n->scratch_back));
        size_t room = n->backward ? bl_shares_room(p, k) : 0;
        if (room) BL_TRY(add_buffer(l, room, sizeof(bl_real), back, back, &n->shares));
    }
    return BL_OK;
}

/* A gradient lives from its first contribution (its last reader, which backward comes first; for a seed the beginning
 * of the backward pass) until its node is visited, or for good when it is wanted. Those of the input and of constants
 * may be added to by later passes and share memory with nothing. */
static bl_status place_gradient(layout *l, int value) {
    bl_plan *p = l->p;
    bl_plan_value *x = &p->values[value];
    if (x->gradient >= 0 || (!x->on_path && !x->wanted)) return BL_OK;
    int producer = p->model->values[value].producer;
    int to = x->wanted || producer < 0 ? l->end : l->end - 1 - producer;
    int from = producer < 0 ? -1 : x->seed ? l->end / 2 : to;
    return add_buffer(l, bl_count(&x->known.shape), sizeof(bl_real), from, to, &x->gradient);
}

/* Node k cuts to a range, and the gradient before it comes from there alone: that one may lie over the one behind,
 * which then goes through a gate. */
static void gate_in_place(layout *l, int k, const int *heard) {
    bl_plan *p = l->p;
    const bl_node *node = &p->model->nodes[k];
    const bl_op *op = p->nodes[k].op;
    if (!op->cut || op->reads[0] != BL_READS_OUT || p->wants.separate || p->wants.rules != BL_RULES_GRADIENT) return;
    bl_plan_value *before = &p->values[node->in[0]], *behind = &p->values[node->out];
    if (!p->nodes[k].grad_in[0] || heard[node->in[0]] != 1 || before->seed || behind->wanted) return;
    int producer = p->model->values[node->in[0]].producer;
    if (producer < 0) return;
    before->gradient = behind->gradient;
    behind->gate = k;
    live_until(p, behind->gradient, before->wanted ? l->end : l->end - 1 - producer);
}

/* Does node k, the first that reads a value with a gate and so the last that adds to its gradient, take it through? */
static bool may_gate(const bl_plan *p, int k, int value) {
    const bl_node *node = &p->model->nodes[k];
    const bl_plan_node *n = &p->nodes[k];
    if (n->is_alias || !n->op->gates || node->in[0] != value || p->values[value].gate < 0) return false;
    for (int i = 1; i < node->n_in; i++)
        if (node->in[i] == value) return false;
    return true;
}

/* heard: how many contributions each gradient gets, at first; used up. */
static bl_status place_gradients(layout *l, int *heard) {
    bl_plan *p = l->p;
    const bl_model *m = p->model;
    for (int v = 0; v < m->n_values; v++) heard[v] = 0;
    for (int k = 0; k < p->end; k++)
        for (int i = 0; p->nodes[k].backward && i < m->nodes[k].n_in; i++)
            if (p->nodes[k].grad_in[i]) heard[m->nodes[k].in[i]]++;
    for (int k = p->end - 1; k >= 0; k--) {
        BL_TRY(place_gradient(l, m->nodes[k].out));
        if (p->nodes[k].backward) gate_in_place(l, k, heard);
        if (p->nodes[k].backward && p->nodes[k].stacks) bl_stack_gradients(p, k, heard);
    }
    for (int v = 0; v < m->n_values; v++) BL_TRY(place_gradient(l, v));
    bl_stack_gates(p);
    for (int k = 0; k < p->end; k++) {
        bl_plan_node *n = &p->nodes[k];
        for (int i = 0; n->backward && i < m->nodes[k].n_in; i++) {
            int v = m->nodes[k].in[i], time = l->end - 1 - k;
            if (!n->grad_in[i]) continue;
            bl_buffer *b = &p->buffers[bl_whole_buffer(p, p->values[v].gradient)];
            if (b->from > time) b->from = time;
            if (heard[v] > 0 && may_gate(p, k, v)) n->gates = true;
            heard[v] = 0;
        }
    }
    return BL_OK;
}

typedef struct {
    bl_buffer *buffer;
    int number;
} sorted;

static int by_size(const void *a, const void *b) {
    const sorted *x = a, *y = b;
    if (x->buffer->bytes != y->buffer->bytes) return x->buffer->bytes < y->buffer->bytes ? 1 : -1;
    if (x->buffer->from != y->buffer->from) return x->buffer->from < y->buffer->from ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

/* placed: n pieces in order of offset. Finds where b goes, and puts it there. */
static bool place(const bl_buffer **placed, int n, bl_buffer *b, bool separate, size_t *total) {
    size_t size = bl_round_up(b->bytes) + (separate ? GUARD : 0), end = 0, best = SIZE_MAX, best_gap = SIZE_MAX;
    for (int i = 0; i < n; i++) {
        const bl_buffer *other = placed[i];
        if (!separate && (other->to < b->from || other->from > b->to)) continue;
        if (other->offset > end && other->offset - end >= size && other->offset - end < best_gap)
            best = end, best_gap = other->offset - end;
        size_t other_end = other->offset + bl_round_up(other->bytes) + (separate ? GUARD : 0);
        if (other_end > end) end = other_end;
    }
    b->offset = best == SIZE_MAX ? end : best;
    size_t top;
    if (!bl_add_size(b->offset, size, &top)) return false;
    if (top > *total) *total = top;
    int at = n;
    for (; at > 0 && placed[at - 1]->offset > b->offset; at--) placed[at] = placed[at - 1];
    placed[at] = b;
    return true;
}

static bl_status place_buffers(layout *l) {
    bl_plan *p = l->p;
    sorted *order = bl_alloc_aligned(((size_t)p->n_buffers + 1) * sizeof *order);
    const bl_buffer **placed = bl_alloc_aligned(((size_t)p->n_buffers + 1) * sizeof *placed);
    bool ok = order && placed;
    int wholes = 0;
    for (int i = 0; ok && i < p->n_buffers; i++)
        if (p->buffers[i].inside < 0) order[wholes++] = (sorted){&p->buffers[i], i};
    if (ok) qsort(order, (size_t)wholes, sizeof *order, by_size);
    for (int i = 0; ok && i < wholes; i++) ok = place(placed, i, order[i].buffer, p->wants.separate, &p->tensor_bytes);
    for (int i = 0; ok && i < p->n_buffers; i++) {
        size_t within = 0;
        for (int b = i; p->buffers[b].inside >= 0; b = p->buffers[b].inside) within += p->buffers[b].within;
        p->buffers[i].offset = p->buffers[bl_whole_buffer(p, i)].offset + within; /* a whole stays where it is */
    }
    bl_free_aligned(order);
    bl_free_aligned(placed);
    return ok ? BL_OK : bl_fail(l->error, BL_MEMORY, "there is not enough memory for the plan");
}

bl_status bl_plan_layout(bl_plan *p, bl_error *error) {
    size_t n_values = (size_t)p->model->n_values, most = 2 * n_values + 4 * (size_t)p->model->n_nodes;
    layout l = {p, 2 * p->model->n_nodes, error};
    p->buffers = bl_arena_take_array(&p->arena, most, sizeof *p->buffers);
    bool *lasting = bl_alloc_aligned((n_values + 1) * sizeof *lasting);
    int *last_read = bl_alloc_aligned((n_values + 1) * sizeof *last_read);
    bl_status status = BL_OK;
    if (!p->buffers || !lasting || !last_read)
        status = bl_fail(error, BL_MEMORY, "there is not enough memory for the plan");
    if (status == BL_OK) {
        find_lasting(p, lasting, last_read);
        status = place_values(&l, lasting, last_read);
        if (status == BL_OK) fuse(p);
    }
    if (status == BL_OK) status = place_gradients(&l, last_read);
    bl_free_aligned(lasting);
    bl_free_aligned(last_read);
    BL_TRY(status);
    return place_buffers(&l);
}
