/* reach: which gradients a backward pass can need. A value's gradient is on the way when a seed comes after it and a
 * wanted gradient comes before it; nothing else is ever computed, so that the gradient of a picture costs no gradient
 * of a weight. */
#include "core/internal.h"

static bool differentiable(const bl_plan_node *n) {
    return n->is_alias || n->op->backward;
}

bl_status bl_plan_reach(bl_plan *p, bl_error *error) {
    const bl_model *m = p->model;
    const bl_wants *w = &p->wants;
    if (!w->gradient_all && w->n_gradients == 0) return BL_OK;
    for (int v = 0; v < m->n_values; v++)
        p->values[v].wanted = w->gradient_all && p->values[v].computed && !m->values[v].is_constant;
    for (int i = 0; i < w->n_gradients; i++) {
        bl_plan_value *v = &p->values[w->gradients[i]];
        if (v->known.type != BL_FLOAT)
            return bl_fail(error, BL_USAGE, "\"%.80s\" holds integers and has no gradient",
                           m->values[w->gradients[i]].name);
        v->wanted = true;
    }
    for (int i = 0; i < w->n_seeds; i++) {
        if (!p->values[w->seeds[i]].computed)
            return bl_fail(error, BL_USAGE, "a gradient cannot start at \"%.80s\"", m->values[w->seeds[i]].name);
        p->values[w->seeds[i]].seed = true;
    }
    if (w->n_seeds == 0) {
        p->values[p->last].seed = true;
        if (p->values[m->scores].computed) p->values[m->scores].seed = true;
    }
    /* Forwards: what depends on something wanted. */
    for (int v = 0; v < m->n_values; v++) p->values[v].upstream = p->values[v].wanted;
    for (int k = 0; k < p->end; k++) {
        const bl_node *node = &m->nodes[k];
        if (!p->nodes[k].computed || !differentiable(&p->nodes[k])) continue;
        for (int i = 0; i < node->n_in; i++)
            if (node->in[i] >= 0 && p->values[node->in[i]].upstream) p->values[node->out].upstream = true;
    }
    /* Backwards: what a seed depends on. */
    for (int v = 0; v < m->n_values; v++) p->values[v].on_path = p->values[v].seed && p->values[v].upstream;
    for (int k = p->end - 1; k >= 0; k--) {
        const bl_node *node = &m->nodes[k];
        bl_plan_node *n = &p->nodes[k];
        if (!n->computed || !p->values[node->out].on_path || !differentiable(n)) continue;
        bool *grad_in = bl_arena_take_array(&p->arena, (size_t)node->n_in, sizeof *grad_in);
        if (!grad_in) return bl_fail(error, BL_MEMORY, "there is not enough memory for the plan");
        for (int i = 0; i < node->n_in; i++) {
            int v = node->in[i];
            grad_in[i] =
                v >= 0 && p->values[v].upstream && p->values[v].known.type == BL_FLOAT && !(n->is_alias && i > 0);
            if (!grad_in[i]) continue;
            p->values[v].on_path = n->backward = true;
            if (!n->is_alias) n->reads |= n->op->reads[i < 4 ? i : 4];
        }
        if (n->backward && !n->is_alias) BL_TRY(bl_shares_reads(p, k, grad_in, &n->reads, error));
        n->grad_in = grad_in;
    }
    return BL_OK;
}
