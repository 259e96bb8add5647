/* seal: from what a file lists to a graph that can be trusted: only nodes that matter, in topological order, constants
 * evaluated, batch normalisation folded, every node named, scores found. */
#include "core/internal.h"
#include "base/print.h"

#include <string.h>

static bl_status no_memory(bl_error *error) {
    return bl_fail(error, BL_MEMORY, "there is not enough memory for the network");
}

/* Marks the nodes that the output needs. stack has room for n_nodes. */
static void mark_needed(const bl_model *m, bool *needed, int *stack) {
    int n = 0, first = m->values[m->output].producer;
    if (first >= 0) needed[first] = true, stack[n++] = first;
    while (n) {
        const bl_node *node = &m->nodes[stack[--n]];
        for (int i = 0; i < node->n_in; i++) {
            int p = node->in[i] < 0 ? -1 : m->values[node->in[i]].producer;
            if (p >= 0 && !needed[p]) needed[p] = true, stack[n++] = p;
        }
    }
}

/* Puts the needed nodes into order: each after the ones it reads; a file that is in order keeps it. Depth first with a
 * stack of its own. state: 0 not seen, 1 on the stack, 2 done. next: the input to look at when a node is on top. */
static bl_status order_nodes(const bl_model *m, const bool *needed, int *order, int *n_order, char *state, int *next,
                             int *stack, bl_error *error) {
    for (int start = 0; start < m->n_nodes; start++) {
        if (!needed[start] || state[start]) continue;
        int n = 0;
        stack[n++] = start;
        state[start] = 1;
        while (n) {
            int at = stack[n - 1];
            const bl_node *node = &m->nodes[at];
            if (next[at] == node->n_in) {
                state[at] = 2;
                order[(*n_order)++] = at;
                n--;
                continue;
            }
            int value = node->in[next[at]++];
            if (value < 0 || value == m->input || m->values[value].is_constant) continue;
            int p = m->values[value].producer;
            if (p < 0)
                return bl_fail(error, BL_FORMAT, "node \"%.80s\" (%s): no node makes its input \"%.80s\"",
                               node->name[0] ? node->name : m->values[node->out].name, node->op->name,
                               m->values[value].name);
            if (state[p] == 1)
                return bl_fail(
                    error, BL_FORMAT, "node \"%.80s\" (%s) is part of a circle: it needs \"%.80s\", which needs it",
                    node->name[0] ? node->name : m->values[node->out].name, node->op->name, m->values[value].name);
            if (state[p] == 0) state[p] = 1, stack[n++] = p;
        }
    }
    return BL_OK;
}

/* Keeps the nodes of `order`, and the values they touch; numbers both anew, so the index is made again. */
static bl_status keep(bl_model *m, const int *order, int n_order, bl_error *error) {
    bl_node *nodes = bl_arena_take_array(&m->arena, (size_t)n_order + 1, sizeof *nodes);
    int *renamed = bl_alloc_aligned(((size_t)m->n_values + 1) * sizeof *renamed);
    if (!nodes || !renamed) {
        bl_free_aligned(renamed);
        return no_memory(error);
    }
    for (int i = 0; i < m->n_values; i++) renamed[i] = -1;
    renamed[m->input] = renamed[m->output] = 0;
    for (int k = 0; k < n_order; k++) {
        nodes[k] = m->nodes[order[k]];
        renamed[nodes[k].out] = 0;
        for (int i = 0; i < nodes[k].n_in; i++)
            if (nodes[k].in[i] >= 0) renamed[nodes[k].in[i]] = 0;
    }
    int n = 0;
    for (int i = 0; i < m->n_values; i++) {
        if (renamed[i] < 0) continue;
        m->values[n] = m->values[i];
        m->values[n].producer = -1;
        renamed[i] = n++;
    }
    for (int k = 0; k < n_order; k++) {
        nodes[k].out = renamed[nodes[k].out];
        m->values[nodes[k].out].producer = k;
        for (int i = 0; i < nodes[k].n_in; i++)
            if (nodes[k].in[i] >= 0) nodes[k].in[i] = renamed[nodes[k].in[i]];
    }
    m->input = renamed[m->input];
    m->output = renamed[m->output];
    m->nodes = nodes;
    m->n_nodes = m->index->node_capacity = n_order;
    m->n_values = n;
    bl_free_aligned(renamed);
    return bl_index_rebuild(m) ? BL_OK : no_memory(error);
}

/* Drops what the output does not need and sorts the rest. */
static bl_status sort_and_prune(bl_model *m, bl_error *error) {
    size_t n = (size_t)m->n_nodes;
    int *numbers = bl_alloc_aligned((3 * n + 1) * sizeof *numbers);
    bool *needed = bl_alloc_aligned((n + 1) * sizeof *needed);
    char *state = bl_alloc_aligned((n + 1) * sizeof *state);
    bl_status status;
    if (!numbers || !needed || !state)
        status = no_memory(error);
    else {
        int n_order = 0;
        mark_needed(m, needed, numbers);
        status = order_nodes(m, needed, numbers, &n_order, state, numbers + n, numbers + 2 * n, error);
        if (status == BL_OK) status = keep(m, numbers, n_order, error);
    }
    bl_free_aligned(numbers);
    bl_free_aligned(needed);
    bl_free_aligned(state);
    return status;
}

/* Gives each node a name of its own: the file's if nobody before has it, else its output's. */
static bl_status name_nodes(bl_model *m, bl_error *error) {
    int n = m->n_nodes;
    for (m->n_nodes = 0; m->n_nodes < n; m->n_nodes++) {
        bl_node *node = &m->nodes[m->n_nodes];
        const char *base = m->values[node->out].name;
        if (node->name[0] == 0) node->name = base;
        for (int k = 1; bl_index_node(m, node->name, strlen(node->name)) >= 0; k++) {
            char name[BL_NAME_BYTES];
            if (k == 1)
                bl_format(name, sizeof name, "%.200s", base);
            else
                bl_format(name, sizeof name, "%.200s_%d", base, k);
            node->name = bl_arena_text(&m->arena, name, strlen(name));
            if (!node->name) return no_memory(error);
        }
        if (!bl_index_add_node(m, m->n_nodes)) return no_memory(error);
    }
    return BL_OK;
}

/* Which values are integers. All that is worked out from a shape is, and nothing else: an operator's result is of the
 * type of its first input. */
static void settle_types(bl_model *m) {
    for (int k = 0; k < m->n_nodes; k++) {
        const bl_node *node = &m->nodes[k];
        bool is_shape = strcmp(node->op->name, "Shape") == 0;
        int first = node->n_in ? node->in[0] : -1;
        m->values[node->out].type = is_shape || (first >= 0 && m->values[first].type == BL_INT) ? BL_INT : BL_FLOAT;
    }
}

/* Operators that only turn scores into probabilities: the value before one of them explains better (its gradient does
 * not vanish when the network is sure). */
static void find_scores(bl_model *m) {
    static const struct {
        const char *op;
        int head;
    } heads[] = {{"Softmax", BL_HEAD_SOFTMAX}, {"LogSoftmax", BL_HEAD_SOFTMAX}, {"Sigmoid", BL_HEAD_SIGMOID}};
    m->scores = m->output;
    m->head = BL_HEAD_SCORES;
    for (int value = m->output; m->values[value].producer >= 0;) {
        const bl_node *node = &m->nodes[m->values[value].producer];
        for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
            if (strcmp(node->op->name, heads[i].op) != 0) continue;
            m->scores = node->in[0];
            m->head = heads[i].head;
            return;
        }
        if (node->op->forward || node->n_in == 0 || node->in[0] < 0) return; /* only other views are looked through */
        value = node->in[0];
    }
}

bl_status bl_model_seal(bl_model *m, const bl_open_options *options, bl_error *error) {
    if (m->input < 0 || m->input >= m->n_values || m->output < 0 || m->output >= m->n_values)
        return bl_fail(error, BL_FORMAT, "the network has no input or no output");
    const bl_value *input = &m->values[m->input];
    if (input->producer >= 0 || input->is_constant)
        return bl_fail(error, BL_FORMAT, "the input \"%.80s\" is also the output of a node or a constant", input->name);
    m->values[m->input].type = BL_FLOAT;
    BL_TRY(sort_and_prune(m, error));
    BL_TRY(bl_fold_constants(m, error));
    if (!options || !options->keep_batchnorm) BL_TRY(bl_fold_batchnorm(m, error));
    BL_TRY(sort_and_prune(m, error));
    if (m->n_nodes == 0) {
        bl_fail(error, BL_FORMAT, "no node of the network makes its output \"%.80s\"", m->values[m->output].name);
        return bl_hint(error, BL_FORMAT, "the file is incomplete, or it is no network");
    }
    settle_types(m);
    m->index->n_node_slots = 0;
    BL_TRY(name_nodes(m, error));
    if (!bl_index_rebuild(m)) return no_memory(error);
    find_scores(m);
    return BL_OK;
}
