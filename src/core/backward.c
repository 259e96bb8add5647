/* backward: the pass from seeds back to the gradients that are wanted. The first contribution to a gradient is written,
 * later ones are added, in the order of the nodes from last to first; so nothing has to be cleared beforehand. */
#include "core/internal.h"
#include "kernels/kernels.h"

#include <string.h>

bl_status bl_backward_begin(bl_run *r, const bl_pass *pass, bl_error *error) {
    const bl_plan *p = r->plan;
    const bl_model *m = p->model;
    if (!r->has_values || r->stale)
        return bl_fail(error, BL_USAGE, "a backward pass needs a forward pass before it%s",
                       r->has_values ? ", after edits and new weights too" : "");
    for (int i = 0; pass && i < pass->n_nodes; i++)
        if (pass->nodes[i] < 0 || pass->nodes[i] >= m->n_nodes)
            return bl_fail(error, BL_USAGE, "a rule is given for node %d, which there is not", pass->nodes[i]);
    if (pass && pass->rule >= BL_RULE_EPSILON) {
        if (p->wants.rules != (pass->rule == BL_RULE_RESCALE ? BL_RULES_RESCALE : BL_RULES_RELEVANCE))
            return bl_fail(error, BL_USAGE, "the plan was not made for this rule");
        for (int v = 0; v < m->n_values; v++)
            if (bl_edits_touch(r, v))
                return bl_fail(error, BL_UNSUPPORTED, "\"%.80s\" is changed by an intervention: shares end there",
                               m->values[v].name);
    }
    if (!p->wants.gradient_all && p->wants.n_gradients == 0) {
        bl_fail(error, BL_USAGE, "a backward pass, but no gradient is wanted");
        return bl_hint(error, BL_USAGE, "name the gradients when the plan is made");
    }
    r->gating = r->edits.n == 0 && (!pass || (pass->rule == BL_RULE_PLAIN && pass->n_nodes == 0));
    memset(r->gated, 0, (size_t)m->n_values * sizeof *r->gated);
    for (int v = 0; v < m->n_values; v++)
        r->written[v] = pass && pass->accumulate && (v == m->input || m->values[v].is_constant);
    return BL_OK;
}

bl_status bl_backward_seed(bl_run *r, int value, bl_real **gradient, bl_error *error) {
    const bl_plan *p = r->plan;
    *gradient = NULL;
    if (value < 0 || value >= p->model->n_values || !p->values[value].seed) {
        bool known = value >= 0 && value < p->model->n_values;
        bl_fail(error, BL_USAGE, "the plan has no room for a gradient that starts at \"%.80s\"",
                known ? p->model->values[value].name : "");
        return bl_hint(error, BL_USAGE, "name it as a seed when the plan is made");
    }
    if (!p->values[value].on_path) return BL_OK;
    if (!r->written[value]) memset(r->gradient[value], 0, bl_count(&p->values[value].known.shape) * sizeof(bl_real));
    r->written[value] = true;
    *gradient = r->gradient[value];
    return BL_OK;
}

static bl_rule rule_of(const bl_pass *pass, int node) {
    for (int i = 0; pass && i < pass->n_nodes; i++)
        if (pass->nodes[i] == node) return pass->rules[i];
    return pass ? pass->rule : BL_RULE_PLAIN;
}

void bl_backward_op(bl_run *r, int k, const bl_real *signal, bl_rule rule) {
    const bl_node *node = &r->plan->model->nodes[k];
    const bl_plan_node *n = &r->plan->nodes[k];
    n->op->backward(&(bl_op_run){.params = n->params,
                                 .n_in = node->n_in,
                                 .in_shape = n->in_shape,
                                 .in = r->in,
                                 .out_shape = r->plan->values[node->out].known.shape,
                                 .out = n->reads & BL_READS_OUT ? (bl_real *)bl_edits_before(r, node->out) : NULL,
                                 .aux = bl_run_at(r, n->aux),
                                 .scratch = bl_run_at(r, n->scratch_back),
                                 .grad_out = signal,
                                 .grad_in = r->grad_in,
                                 .add = r->add,
                                 .rule = rule,
                                 .gate = r->gate,
                                 .user = r->plan->wants.user});
}

/* What the gradient of the node's first input goes through as the last of its contributions is added: then the node
 * that cut that value has no work left. */
static bool find_gate(bl_run *r, int k, bl_gate *gate) {
    const bl_plan *p = r->plan;
    if (!r->gating || !p->nodes[k].gates) return false;
    int value = p->model->nodes[k].in[0];
    const bl_plan_node *cut = &p->nodes[p->values[value].gate];
    gate->y = r->value[value];
    cut->op->cut(cut->params, &gate->low, &gate->high);
    return r->gated[value] = true;
}

/* One operator. An input that a node reads twice gets its two contributions in two calls, so that no operator has to
 * think of it. */
static void visit(bl_run *r, int k, bl_rule rule) {
    const bl_node *node = &r->plan->model->nodes[k];
    const bl_plan_node *n = &r->plan->nodes[k];
    for (int i = 0; i < node->n_in; i++) {
        bool reads = node->in[i] >= 0 && n->reads & 1u << (i < 4 ? i : 4);
        r->in[i] = reads ? bl_run_operand(r, k, i) : NULL;
        r->done[i] = !n->grad_in[i];
    }
    bl_gate gate;
    r->gate = find_gate(r, k, &gate) ? &gate : NULL;
    bool more = true;
    while (more) {
        more = false;
        for (int i = 0; i < node->n_in; i++) {
            r->grad_in[i] = NULL;
            r->add[i] = false;
            if (r->done[i]) continue;
            bool twice = false;
            for (int j = 0; j < i && !twice; j++) twice = r->grad_in[j] && node->in[j] == node->in[i];
            more |= twice;
            if (twice) continue;
            r->grad_in[i] = r->gradient[node->in[i]];
            r->add[i] = r->written[node->in[i]];
        }
        bl_backward_op(r, k, r->gradient[node->out], rule);
        for (int i = 0; i < node->n_in; i++)
            if (r->grad_in[i]) r->done[i] = r->written[node->in[i]] = true;
    }
    r->gate = NULL;
}

/* Another view of the same numbers has the same gradient. */
static void visit_alias(bl_run *r, int k) {
    const bl_node *node = &r->plan->model->nodes[k];
    int from = node->out, to = node->in[0];
    size_t n = bl_count(&r->plan->values[from].known.shape);
    if (r->written[to])
        bl_add_to(r->gradient[to], r->gradient[from], n);
    else
        memcpy(r->gradient[to], r->gradient[from], n * sizeof(bl_real));
    r->written[to] = true;
}

/* The node's signal went through the gate: there is nothing left to do but for the nodes before a stack. */
static void go_through(bl_run *r, int k) {
    const bl_node *node = &r->plan->model->nodes[k];
    bool stack = r->plan->nodes[k].stacks;
    for (int i = 0; i < (stack ? node->n_in : 1); i++) {
        r->written[node->in[i]] = true;
        r->gated[node->in[i]] = stack;
    }
}

void bl_backward_go(bl_run *r, const bl_pass *pass) {
    const bl_plan *p = r->plan;
    if (pass && pass->rule >= BL_RULE_EPSILON && pass->rule != BL_RULE_RESCALE) bl_shares_seeds(r);
    for (int k = p->end - 1; k >= 0; k--) {
        int out = p->model->nodes[k].out;
        if (!p->nodes[k].computed || !p->values[out].on_path || !r->written[out]) continue;
        bl_edits_backward(r, out);
        if (!p->nodes[k].backward) continue;
        double start = r->clock ? r->clock() : 0;
        if (r->gated[out])
            go_through(r, k);
        else if (p->nodes[k].is_alias)
            visit_alias(r, k);
        else if (rule_of(pass, k) >= BL_RULE_EPSILON)
            bl_shares_visit(r, k, pass, rule_of(pass, k));
        else
            visit(r, k, rule_of(pass, k));
        if (r->clock) r->backward_time[k] += r->clock() - start;
    }
    for (int v = 0; v < p->model->n_values; v++) /* no way leads there from these seeds */
        if (p->values[v].wanted && !r->written[v])
            memset(r->gradient[v], 0, bl_count(&p->values[v].known.shape) * sizeof(bl_real));
}

bl_status bl_run_backward(bl_run *r, const bl_seed *seeds, int n_seeds, const bl_pass *pass, bl_error *error) {
    BL_TRY(bl_backward_begin(r, pass, error));
    for (int i = 0; i < n_seeds; i++) {
        const bl_seed *s = &seeds[i];
        bl_real *gradient;
        BL_TRY(bl_backward_seed(r, s->value, &gradient, error));
        size_t n = bl_count(&r->plan->values[s->value].known.shape);
        if (!s->data && s->index >= n)
            return bl_fail(error, BL_USAGE, "a seed at element %zu of \"%.80s\", which has %zu", s->index,
                           r->plan->model->values[s->value].name, n);
        if (!gradient) continue;
        if (!s->data) gradient[s->index] += s->weight;
        for (size_t k = 0; s->data && k < n; k++) gradient[k] += s->weight * s->data[k];
    }
    bl_backward_go(r, pass);
    return BL_OK;
}
