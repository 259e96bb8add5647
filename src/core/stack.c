/* stack: a node whose result is its inputs' numbers one after another (Concat along channels, of one picture) has no
 * work left where they are made in their places from the beginning; and none on the way back where their gradients lie
 * in the result's. Then that one can also go through the gate they share. */
#include "core/internal.h"

int bl_whole_buffer(const bl_plan *p, int buffer) {
    while (buffer >= 0 && p->buffers[buffer].inside >= 0) buffer = p->buffers[buffer].inside;
    return buffer;
}

static void put_inside(bl_plan *p, int part, int whole, size_t at) {
    bl_buffer *x = &p->buffers[part], *y = &p->buffers[bl_whole_buffer(p, whole)];
    x->inside = whole;
    x->within = at * sizeof(bl_real);
    if (x->from < y->from) y->from = x->from;
    if (x->to > y->to) y->to = x->to;
}

/* Does node k alone read the value, once? */
static bool only_reader(const bl_plan *p, int k, int value) {
    int reads = 0;
    for (int j = 0; j < p->end; j++)
        for (int i = 0; p->nodes[j].computed && i < p->model->nodes[j].n_in; i++)
            reads += p->model->nodes[j].in[i] == value;
    return reads == 1 && p->nodes[k].computed;
}

static size_t count_of(const bl_plan *p, int value) {
    return bl_count(&p->values[value].known.shape);
}

/* The result may be edited when the input no longer is: so nobody else may look at the input afterwards, but for the
 * backward of its own node, which asks bl_edits_before. */
void bl_stack_values(bl_plan *p, int k, bool *lasting, const int *last_read) {
    const bl_node *node = &p->model->nodes[k];
    size_t at = 0;
    for (int i = 0; i < node->n_in; at += count_of(p, node->in[i++])) {
        int v = node->in[i];
        const bl_plan_value *x = &p->values[v];
        if (x->root != v || x->buffer < 0 || x->kept || last_read[v] != k || p->model->values[v].producer < 0 ||
            p->buffers[x->buffer].inside >= 0 || p->nodes[k].reads || !only_reader(p, k, v))
            continue;
        put_inside(p, x->buffer, p->values[node->out].buffer, at);
        if (lasting[v]) lasting[node->out] = true;
    }
}

bool bl_stacked(const bl_plan *p, int k, int i) {
    const bl_node *node = &p->model->nodes[k];
    if (!p->nodes[k].stacks || node->in[i] < 0) return false;
    const bl_plan_value *x = &p->values[node->in[i]];
    return x->buffer >= 0 && p->buffers[x->buffer].inside == p->values[node->out].buffer;
}

void bl_stack_gradients(bl_plan *p, int k, const int *heard) {
    const bl_node *node = &p->model->nodes[k];
    const bl_plan_value *out = &p->values[node->out];
    if (out->wanted || p->wants.rules != BL_RULES_GRADIENT) return;
    size_t at = 0;
    for (int i = 0; i < node->n_in; at += count_of(p, node->in[i++])) {
        bl_plan_value *x = &p->values[node->in[i]];
        if (!p->nodes[k].grad_in[i] || heard[node->in[i]] != 1 || x->seed || x->gradient >= 0 ||
            p->model->values[node->in[i]].producer < 0)
            continue;
        int end = 2 * p->model->n_nodes, producer = p->model->values[node->in[i]].producer;
        x->gradient = p->n_buffers++;
        p->buffers[x->gradient] = (bl_buffer){.bytes = count_of(p, node->in[i]) * sizeof(bl_real),
                                              .from = end - 1 - k,
                                              .to = x->wanted ? end : end - 1 - producer};
        put_inside(p, x->gradient, out->gradient, at);
    }
}

static bool same_cut(const bl_plan *p, int a, int b) {
    bl_real low[2], high[2];
    p->nodes[a].op->cut(p->nodes[a].params, &low[0], &high[0]);
    p->nodes[b].op->cut(p->nodes[b].params, &low[1], &high[1]);
    return low[0] == low[1] && high[0] == high[1];
}

void bl_stack_gates(bl_plan *p) {
    for (int k = 0; k < p->end; k++) {
        const bl_node *node = &p->model->nodes[k];
        if (!p->nodes[k].stacks || !p->nodes[k].backward) continue;
        bl_plan_value *out = &p->values[node->out];
        int first = p->values[node->in[0]].gate;
        bool all = first >= 0;
        for (int i = 0; all && i < node->n_in; i++) {
            const bl_plan_value *x = &p->values[node->in[i]];
            all = bl_stacked(p, k, i) && x->gradient >= 0 && p->buffers[x->gradient].inside == out->gradient &&
                  x->gate >= 0 && same_cut(p, first, x->gate);
        }
        if (all) out->gate = first;
    }
}
