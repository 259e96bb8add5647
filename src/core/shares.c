/* shares: backward passes that send back shares of a number in place of its derivative. Every rule is made of what
 * operators have anyway. Relevance: where y = Σ x·w + b is linear, R_x = x · wᵀ(R_y / y), which is the operator forward
 * and plain backward, with other x and w for other rules. Rescale: a curve's slope becomes the rise from the reference
 * to the picture, over the rise of what goes in. */
#include <string.h>

#include "core/internal.h"

/* What becomes of inputs, weights and biases. */
typedef enum { NOTHING, ALL, POSITIVE, NEGATIVE, RAISED, LOWERED, ONES, SQUARES, LOW, HIGH } part;
typedef struct {
    part x, w, b;
    bool minus;
} term;
/* Per rule up to two denominators, each the sum of up to three terms. RAISED favours what is positive by gamma, LOWERED
 * what is negative: with inputs of that sign both make positive products larger. */
static const term rules[][2][3] = {
    [BL_RULE_EPSILON] = {{{ALL, ALL, ALL, false}}},
    [BL_RULE_GAMMA] = {{{POSITIVE, RAISED, RAISED, false}, {NEGATIVE, LOWERED, NOTHING, false}}},
    [BL_RULE_PLUS] = {{{POSITIVE, POSITIVE, POSITIVE, false}, {NEGATIVE, NEGATIVE, NOTHING, false}}},
    [BL_RULE_ALPHA_BETA] = {{{POSITIVE, POSITIVE, POSITIVE, false}, {NEGATIVE, NEGATIVE, NOTHING, false}},
                            {{POSITIVE, NEGATIVE, NEGATIVE, false}, {NEGATIVE, POSITIVE, NOTHING, false}}},
    [BL_RULE_BOX] = {{{ALL, ALL, NOTHING, false}, {LOW, POSITIVE, NOTHING, true}, {HIGH, NEGATIVE, NOTHING, true}}},
    [BL_RULE_FLAT] = {{{ONES, ONES, NOTHING, false}}},
    [BL_RULE_SQUARE] = {{{ONES, SQUARES, NOTHING, false}}},
};

static size_t count_of(const bl_plan *p, int value) {
    return value < 0 ? 0 : bl_count(&p->values[value].known.shape);
}

bl_status bl_shares_reads(const bl_plan *p, int k, const bool *grad_in, uint8_t *reads, bl_error *error) {
    const bl_node *node = &p->model->nodes[k];
    bl_shares kind = node->op->shares;
    int inputs = 0;
    if (p->wants.rules == BL_RULES_GRADIENT) return BL_OK;
    for (int i = 0; i < node->n_in; i++) inputs += grad_in[i];
    bool first = kind == BL_SHARES_WEIGHTED || kind == BL_SHARES_FIRST;
    if (kind == BL_SHARES_NONE || (first && (inputs > 1 || !grad_in[0])) || (kind == BL_SHARES_ONE && inputs > 1)) {
        bl_fail(error, BL_UNSUPPORTED, "node \"%.80s\" (%s) has no rule that splits its number among its inputs",
                node->name, node->op->name);
        return bl_hint(error, BL_UNSUPPORTED, "explain a layer before it, or take another method");
    }
    bool rescale = p->wants.rules == BL_RULES_RESCALE;
    if (kind <= BL_SHARES_ONE && !rescale) *reads |= 0x1F;
    if (rescale && (kind == BL_SHARES_CURVE || kind == BL_SHARES_LARGEST)) *reads |= 1 << 0 | BL_READS_OUT;
    return BL_OK;
}

/* Parts of the room, in this order: what a denominator is made of, what comes back to an input, and for rules changed
 * inputs, weights, biases and another denominator. */
size_t bl_shares_room(const bl_plan *p, int k) {
    const bl_node *node = &p->model->nodes[k];
    if (p->wants.rules == BL_RULES_GRADIENT || p->nodes[k].is_alias) return 0;
    size_t most = 0, out = count_of(p, node->out), room;
    for (int i = 0; i < node->n_in; i++)
        if (count_of(p, node->in[i]) > most) most = count_of(p, node->in[i]);
    room = out + most;
    if (node->op->shares == BL_SHARES_WEIGHTED && p->wants.rules == BL_RULES_RELEVANCE) {
        for (int i = 0; i < node->n_in; i++) room += count_of(p, node->in[i]);
        room += out;
    }
    return room;
}

void bl_shares_seeds(bl_run *r) {
    const bl_plan *p = r->plan;
    for (int v = 0; v < p->model->n_values; v++)
        if (p->values[v].seed && r->written[v])
            for (size_t i = 0, n = count_of(p, v); i < n; i++) r->gradient[v][i] *= r->value[v][i];
}

/* factor · c ⊙ x into the gradient of input i; x NULL: 1. */
static void give(bl_run *r, int k, int i, const bl_real *c, const bl_real *x, bl_real factor) {
    int v = r->plan->model->nodes[k].in[i];
    bl_real *to = r->gradient[v];
    bool add = r->written[v];
    for (size_t q = 0, n = count_of(r->plan, v); q < n; q++) {
        bl_real share = factor * c[q] * (x ? x[q] : 1);
        to[q] = add ? to[q] + share : share;
    }
    r->written[v] = true;
}

static void forward(bl_run *r, int k, bl_real *out) {
    const bl_node *node = &r->plan->model->nodes[k];
    const bl_plan_node *n = &r->plan->nodes[k];
    n->op->forward(&(bl_op_run){.params = n->params,
                                .n_in = node->n_in,
                                .in_shape = n->in_shape,
                                .in = r->in,
                                .out_shape = r->plan->values[node->out].known.shape,
                                .out = out,
                                .aux = bl_run_at(r, n->aux),
                                .scratch = bl_run_at(r, n->scratch_back),
                                .user = r->plan->wants.user});
}

/* The signal to input i alone, by the operator's own backward, into c. */
static void back(bl_run *r, int k, int i, const bl_real *signal, bl_real *c) {
    for (int j = 0; j < r->plan->model->nodes[k].n_in; j++) r->grad_in[j] = NULL, r->add[j] = false;
    r->grad_in[i] = c;
    bl_backward_op(r, k, signal, BL_RULE_PLAIN);
}

/* z becomes factor · R / z, with z kept away from 0. */
static void divide(bl_real *z, const bl_real *shares, size_t n, double epsilon, double factor) {
    for (size_t i = 0; i < n; i++) {
        bl_real stable = z[i] + (bl_real)(z[i] >= 0 ? epsilon : -epsilon);
        z[i] = stable == 0 ? 0 : (bl_real)factor * shares[i] / stable;
    }
}

static const bl_real *change(const bl_real *from, size_t n, part p, bl_real gamma, bl_real *to) {
    if (p == ALL || !from) return from;
    for (size_t i = 0; i < n; i++) {
        bl_real v = from[i], positive = v < 0 ? 0 : v, negative = v < 0 ? v : 0;
        to[i] = p == POSITIVE   ? positive
                : p == NEGATIVE ? negative
                : p == RAISED   ? v + gamma * positive
                : p == LOWERED  ? v + gamma * negative
                : p == SQUARES  ? v * v
                                : 1;
    }
    return to;
}

/* Bounds of the picture, for every number of a value that has as many of each channel as the network's input. */
static void fill(bl_real *to, size_t n, const bl_shape *shape, int channels, const float *bounds) {
    size_t plane = n / (size_t)shape->dim[0] / (size_t)channels;
    for (size_t i = 0; i < n; i++) to[i] = bounds[i / plane % (size_t)channels & 3];
}

static void weighted(bl_run *r, int k, const bl_pass *pass, bl_rule rule) {
    const bl_plan *p = r->plan;
    const bl_node *node = &p->model->nodes[k];
    const bl_relevance *how = &pass->relevance;
    size_t n_out = count_of(p, node->out), n[3] = {0};
    const bl_real *operands[3] = {0}, *shares = r->gradient[node->out];
    bl_real *z = bl_run_at(r, p->nodes[k].shares), *c = z + n_out, *changed[3], *more, gamma = (bl_real)how->gamma;
    for (int i = 0; i < node->n_in && i < 3; i++) n[i] = count_of(p, node->in[i]), operands[i] = r->in[i];
    size_t most = n[0] > n[1] ? n[0] : n[1];
    changed[0] = c + (n[2] > most ? n[2] : most);
    changed[1] = changed[0] + n[0], changed[2] = changed[1] + n[1], more = changed[2] + n[2];
    bool below = false;
    for (size_t i = 0; i < n[0] && !below; i++) below = operands[0][i] < 0;
    for (int d = 0; d < 2 && rules[rule][d][0].x; d++) {
        double factor = rule != BL_RULE_ALPHA_BETA ? 1 : d ? 1 - how->alpha : how->alpha;
        if (factor == 0) continue;
        for (int way = 0; way < 2; way++) {
            for (int t = 0; t < 3 && rules[rule][d][t].x; t++) {
                const term *now = &rules[rule][d][t];
                if (now->x == NEGATIVE && !below) continue; /* of nothing */
                if (now->x == LOW || now->x == HIGH) {
                    fill(changed[0], n[0], &p->nodes[k].in_shape[0], p->values[p->model->input].known.shape.dim[1],
                         now->x == LOW ? how->low : how->high);
                    r->in[0] = changed[0];
                } else {
                    r->in[0] = change(operands[0], n[0], now->x, gamma, changed[0]);
                }
                r->in[1] = change(operands[1], n[1], now->w, gamma, changed[1]);
                if (node->n_in > 2)
                    r->in[2] = now->b == NOTHING ? NULL : change(operands[2], n[2], now->b, gamma, changed[2]);
                bl_real sign = now->minus ? -1 : 1;
                if (way) {
                    back(r, k, 0, z, c);
                    give(r, k, 0, c, r->in[0], sign);
                } else {
                    forward(r, k, t ? more : z);
                    for (size_t i = 0; t && i < n_out; i++) z[i] += sign * more[i];
                }
            }
            if (!way) divide(z, shares, n_out, how->epsilon, factor);
        }
    }
}

static void linear(bl_run *r, int k, double epsilon) {
    const bl_node *node = &r->plan->model->nodes[k];
    size_t n = count_of(r->plan, node->out);
    bl_real *z = bl_run_at(r, r->plan->nodes[k].shares), *c = z + n;
    forward(r, k, z);
    divide(z, r->gradient[node->out], n, epsilon, 1);
    for (int i = 0; i < node->n_in; i++) {
        if (!r->plan->nodes[k].grad_in[i]) continue;
        back(r, k, i, z, c);
        give(r, k, i, c, r->in[i], 1);
    }
}

/* Nearer than this, two numbers are taken for one. */
static const bl_real same = (bl_real)1e-7;

/* The first half of the batch against the second. */
static void rescale(bl_run *r, int k) {
    const bl_node *node = &r->plan->model->nodes[k];
    size_t half = count_of(r->plan, node->in[0]) / 2, n = count_of(r->plan, node->out) / 2;
    const bl_real *x = r->in[0], *y = r->value[node->out], *signal = r->gradient[node->out];
    bl_real *z = bl_run_at(r, r->plan->nodes[k].shares), *c = z + 2 * n;
    bool largest = node->op->shares == BL_SHARES_LARGEST;
    for (size_t i = 0; largest && i < n; i++) { /* the rise over the larger of both, the fall under it */
        bl_real top = y[i] > y[i + n] ? y[i] : y[i + n];
        z[i] = signal[i] * (top - y[i + n]), z[i + n] = signal[i] * (y[i] - top);
    }
    back(r, k, 0, largest ? z : signal, c);
    for (size_t i = 0; i < half; i++) {
        bl_real rise = x[i] - x[i + half];
        bool apart = rise > same || rise < -same;
        if (largest)
            c[i] = apart ? (c[i] + c[i + half]) / rise : 0;
        else if (apart)
            c[i] = signal[i] * (y[i] - y[i + half]) / rise;
        c[i + half] = c[i];
    }
    give(r, k, 0, c, NULL, 1);
}

void bl_shares_visit(bl_run *r, int k, const bl_pass *pass, bl_rule rule) {
    const bl_node *node = &r->plan->model->nodes[k];
    const bl_plan_node *n = &r->plan->nodes[k];
    bl_shares kind = node->op->shares;
    for (int i = 0; i < node->n_in; i++)
        r->in[i] = node->in[i] >= 0 && n->reads & 1u << (i < 4 ? i : 4) ? bl_run_operand(r, k, i) : NULL;
    if (rule == BL_RULE_RESCALE ? kind == BL_SHARES_CURVE || kind == BL_SHARES_LARGEST : kind == BL_SHARES_CURVE) {
        if (rule == BL_RULE_RESCALE)
            rescale(r, k);
        else
            give(r, k, 0, r->gradient[node->out], NULL, 1);
    } else if (kind == BL_SHARES_WEIGHTED && rule != BL_RULE_RESCALE) {
        weighted(r, k, pass, rule);
    } else if (kind <= BL_SHARES_ONE && rule != BL_RULE_RESCALE) {
        linear(r, k, pass->relevance.epsilon);
    } else { /* what the gradient does */
        bl_real *c = bl_run_at(r, n->shares);
        for (int i = 0; i < node->n_in; i++) {
            if (!n->grad_in[i]) continue;
            back(r, k, i, r->gradient[node->out], c);
            give(r, k, i, c, NULL, 1);
        }
    }
}
