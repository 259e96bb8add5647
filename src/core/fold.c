/* fold: work that is done once, when a network is opened: constants that are made from constants, and batch
 * normalisation after a convolution or dense layer (w·γ/√(v+ε), β + (b−m)·γ/√(v+ε); Ioffe & Szegedy 2015). */
#include "core/internal.h"

#include <math.h>
#include <string.h>

static bl_status no_memory(bl_error *error) {
    return bl_fail(error, BL_MEMORY, "there is not enough memory for the network");
}

/* As for the weights of a file: only a number that stands alone may be infinite (a bound of Clip). What would not pass
 * is not folded: the node stays, and a run names it. */
static bool can_be_weights(const bl_real *data, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(data[i]) && !(count == 1 && isinf(data[i]))) return false;
    return true;
}

/* Runs one planned node whose inputs are constants; *result is NULL when the numbers cannot be weights. */
static bl_status evaluate(bl_model *m, const bl_node *node, const bl_op_plan *p, bl_real **result, bl_error *error) {
    size_t count = bl_count(&p->out.shape);
    bl_real *out = bl_arena_take_array(&m->arena, count ? count : 1, sizeof *out);
    void *scratch = bl_alloc_aligned(p->scratch), *aux = bl_alloc_aligned(p->aux);
    const bl_real **in = bl_alloc_aligned(((size_t)p->n_in + 1) * sizeof *in);
    bl_shape *shapes = bl_alloc_aligned(((size_t)p->n_in + 1) * sizeof *shapes);
    bool ok = out && scratch && aux && in && shapes;
    for (int i = 0; ok && i < p->n_in; i++) in[i] = p->in[i].data, shapes[i] = p->in[i].shape;
    if (ok && p->is_alias)
        memcpy(out, in[0], count * sizeof *out);
    else if (ok)
        node->op->forward(&(bl_op_run){.params = p->params,
                                       .n_in = p->n_in,
                                       .in_shape = shapes,
                                       .in = in,
                                       .out_shape = p->out.shape,
                                       .out = out,
                                       .aux = aux,
                                       .scratch = scratch});
    bl_free_aligned(scratch);
    bl_free_aligned(aux);
    bl_free_aligned(in);
    bl_free_aligned(shapes);
    if (!ok) return no_memory(error);
    *result = can_be_weights(out, count) ? out : NULL;
    return BL_OK;
}

/* Elements of the inputs, each counted once. −1 when one of them is no constant. */
static double constant_inputs(const bl_model *m, const bl_node *node) {
    double total = node->n_in ? 0 : -1;
    for (int i = 0; i < node->n_in; i++) {
        if (node->in[i] < 0) continue;
        const bl_value *v = &m->values[node->in[i]];
        if (!v->is_constant) return -1;
        bool again = false;
        for (int k = 0; k < i && !again; k++) again = node->in[k] == node->in[i];
        if (!again) total += (double)bl_count(&v->shape);
    }
    return total;
}

/* A Cast of integers to floating point (type numbers of ONNX), which is only done here: a running network knows
 * integers as shapes alone. False: it is none, or there is no memory. */
static bool cast_integers(bl_model *m, const bl_node *node) {
    const bl_value *from = &m->values[node->in[0]];
    const bl_attr *to = node->n_attrs ? &node->attrs[0] : NULL;
    if (strcmp(node->op->name, "Cast") != 0 || from->type != BL_INT || !to || strcmp(to->name, "to") != 0) return false;
    if (to->i != 1 && to->i != 10 && to->i != 11 && to->i != 16) return false;
    size_t count = bl_count(&from->shape);
    bl_real *data = bl_arena_take_array(&m->arena, count ? count : 1, sizeof *data);
    if (!data) return false;
    for (size_t i = 0; i < count; i++) data[i] = (bl_real)from->ints[i];
    bl_value *v = &m->values[node->out];
    v->type = BL_FLOAT;
    v->shape = from->shape;
    v->data = data;
    v->is_constant = true;
    v->producer = -1;
    return true;
}

/* Nodes whose inputs are all constants become constants, so that a half-precision weight with its Cast, or a transposed
 * one, is a weight like any other. A small file must not grow: results larger than what they are made from are left to
 * the plan, and so is everything once the results outgrow the file. What cannot be planned is left to the plan, too,
 * which names it when it is needed. */
bl_status bl_fold_constants(bl_model *m, bl_error *error) {
    double budget = 4096;
    for (int i = 0; i < m->n_values; i++)
        if (m->values[i].is_constant) budget += 4 * (double)bl_count(&m->values[i].shape);
    for (int k = 0; k < m->n_nodes; k++) {
        const bl_node *node = &m->nodes[k];
        double inputs = constant_inputs(m, node);
        if (inputs < 0 || inputs > budget) continue;
        if (cast_integers(m, node)) {
            budget -= inputs;
            continue;
        }
        bl_operand *in = bl_alloc_aligned(((size_t)node->n_in + 1) * sizeof *in);
        if (!in) return no_memory(error);
        for (int i = 0; i < node->n_in; i++) {
            if (node->in[i] < 0) continue;
            const bl_value *v = &m->values[node->in[i]];
            in[i] = (bl_operand){.type = v->type, .shape = v->shape, .ints = v->ints, .data = v->data};
        }
        bl_op_plan p = {.op_name = node->op->name,
                        .node_name = node->name,
                        .opset = m->opset,
                        .attrs = node->attrs,
                        .n_attrs = node->n_attrs,
                        .in = in,
                        .n_in = node->n_in,
                        .arena = &m->arena};
        bl_status status = BL_OK;
        bool runs = node->op->plan(&p) == BL_OK;
        double size = runs ? (double)bl_count(&p.out.shape) : 0;
        if (runs && p.out.type == BL_FLOAT)
            runs = (p.is_alias ? in[0].type == BL_FLOAT : node->op->forward != NULL) && size <= inputs;
        if (runs && p.out.type == BL_INT) runs = p.out.ints != NULL;
        bl_real *result = NULL;
        if (runs && p.out.type == BL_FLOAT) {
            status = evaluate(m, node, &p, &result, error);
            runs = result != NULL;
        }
        if (runs) {
            bl_value *v = &m->values[node->out];
            if (p.out.type == BL_INT)
                v->ints = (int64_t *)p.out.ints;
            else
                v->data = result;
            v->type = p.out.type;
            v->shape = p.out.shape;
            v->is_constant = true;
            v->producer = -1;
            budget -= size;
        }
        bl_free_aligned(in);
        BL_TRY(status);
    }
    return BL_OK;
}

static const bl_attr *attr_of(const bl_node *node, const char *name) {
    for (int i = 0; i < node->n_attrs; i++)
        if (strcmp(node->attrs[i].name, name) == 0) return &node->attrs[i];
    return NULL;
}

/* Is the input a float constant of that many elements? */
static const bl_real *constant_of(const bl_model *m, const bl_node *node, int i, size_t count) {
    if (i >= node->n_in || node->in[i] < 0) return NULL;
    const bl_value *v = &m->values[node->in[i]];
    return v->is_constant && v->type == BL_FLOAT && bl_count(&v->shape) == count ? v->data : NULL;
}

/* How the weights of a layer before a normalisation are laid out: [channels × inner] or, by_column, [inner × channels].
 */
typedef struct {
    size_t channels, inner;
    bool by_column;
} weight_layout;

static bool foldable(const bl_model *m, const bl_node *layer, const bl_node *norm, weight_layout *w) {
    bool conv = strcmp(layer->op->name, "Conv") == 0, dense = strcmp(layer->op->name, "Gemm") == 0;
    if ((!conv && !dense) || layer->n_in < 2 || layer->in[1] < 0) return false;
    const bl_value *v = &m->values[layer->in[1]];
    if (!v->is_constant || v->type != BL_FLOAT || v->shape.rank != (conv ? 4 : 2)) return false;
    const bl_attr *beta = attr_of(layer, "beta"), *transposed = attr_of(layer, "transB");
    if (beta && beta->f != 1) return false;
    w->by_column = dense && !(transposed && transposed->i);
    w->channels = (size_t)v->shape.dim[w->by_column ? 1 : 0];
    if (w->channels == 0) return false;
    w->inner = bl_count(&v->shape) / w->channels;
    if (layer->n_in > 2 && layer->in[2] >= 0 && !constant_of(m, layer, 2, w->channels)) return false;
    const bl_attr *training = attr_of(norm, "training_mode"), *spatial = attr_of(norm, "spatial");
    if ((training && training->i) || (spatial && !spatial->i)) return false;
    for (int i = 1; i < 5; i++)
        if (!constant_of(m, norm, i, w->channels)) return false;
    return true;
}

/* list,name in the arena; list may be NULL. */
static const char *joined(bl_model *m, const char *list, const char *name) {
    size_t a = list ? strlen(list) + 1 : 0, b = strlen(name);
    char *out = bl_arena_take(&m->arena, a + b + 1);
    if (!out) return NULL;
    if (a) memcpy(out, list, a - 1), out[a - 1] = ',';
    memcpy(out + a, name, b + 1);
    return out;
}

/* The layer's weights and biases with the normalisation in them. */
static void scale_weights(const bl_model *m, const bl_node *layer, const bl_node *norm, const weight_layout *w,
                          bl_real *weight, bl_real *bias) {
    const bl_attr *epsilon = attr_of(norm, "epsilon");
    double eps = epsilon ? (double)epsilon->f : 1e-5;
    const bl_real *gamma = constant_of(m, norm, 1, w->channels), *beta = constant_of(m, norm, 2, w->channels);
    const bl_real *mean = constant_of(m, norm, 3, w->channels), *variance = constant_of(m, norm, 4, w->channels);
    const bl_real *old = m->values[layer->in[1]].data, *old_bias = constant_of(m, layer, 2, w->channels);
    for (size_t c = 0; c < w->channels; c++) {
        double scale = gamma[c] / sqrt(variance[c] + eps);
        bias[c] = (bl_real)(beta[c] + ((old_bias ? (double)old_bias[c] : 0) - mean[c]) * scale);
        for (size_t i = 0; i < w->inner; i++) {
            size_t at = w->by_column ? i * w->channels + c : c * w->inner + i;
            weight[at] = (bl_real)(old[at] * scale);
        }
    }
}

/* A constant of the model with a copy of these numbers; its value, or −1 without memory. */
static int add_constant(bl_model *m, const char *base, const char *suffix, const bl_shape *shape, const bl_real *data,
                        bl_error *error) {
    void *storage;
    int value = bl_model_fresh_value(m, base, suffix);
    if (value < 0 || bl_model_constant(m, value, BL_FLOAT, shape, &storage, error) != BL_OK) return -1;
    memcpy(storage, data, bl_count(shape) * sizeof *data);
    return value;
}

/* The layer takes the place of both. Its weights are copied, not changed: another node may read them too. */
static bl_status join(bl_model *m, bl_node *layer, const bl_node *norm, const weight_layout *w, const bl_real *weight,
                      const bl_real *bias, bl_error *error) {
    bl_shape weight_shape = m->values[layer->in[1]].shape, bias_shape = {1, {(int32_t)w->channels}};
    int *in = bl_arena_take_array(&m->arena, 3, sizeof *in);
    if (!in) return no_memory(error);
    in[0] = layer->in[0];
    in[1] = add_constant(m, m->values[layer->in[1]].name, "_folded", &weight_shape, weight, error);
    in[2] = add_constant(m, m->values[layer->out].name, "_bias_folded", &bias_shape, bias, error);
    const char *norm_name = norm->name[0] ? norm->name : m->values[norm->out].name;
    layer->stands_for = joined(m, layer->stands_for, norm_name);
    m->index->removed = joined(m, m->index->removed, m->values[layer->out].name);
    if (in[1] < 0 || in[2] < 0 || !layer->stands_for || !m->index->removed) return no_memory(error);
    if (layer->name[0] == 0) layer->name = m->values[layer->out].name;
    layer->in = in;
    layer->n_in = 3;
    m->values[layer->out].producer = -1;
    layer->out = norm->out;
    m->values[layer->out].producer = (int)(layer - m->nodes);
    return BL_OK;
}

static bl_status fold_one(bl_model *m, bl_node *layer, const bl_node *norm, const weight_layout *w, bl_error *error) {
    size_t count = w->channels * w->inner;
    bl_real *weight = bl_alloc_aligned((count + 1) * sizeof *weight);
    bl_real *bias = bl_alloc_aligned((w->channels + 1) * sizeof *bias);
    bl_status status = BL_OK;
    if (weight && bias) {
        scale_weights(m, layer, norm, w, weight, bias);
        if (can_be_weights(weight, count) && can_be_weights(bias, w->channels))
            status = join(m, layer, norm, w, weight, bias, error);
    } else
        status = no_memory(error);
    bl_free_aligned(weight);
    bl_free_aligned(bias);
    return status;
}

bl_status bl_fold_batchnorm(bl_model *m, bl_error *error) {
    int *readers = bl_alloc_aligned(((size_t)m->n_values + 1) * sizeof *readers);
    if (!readers) return no_memory(error);
    int n_values = m->n_values; /* the folded weights come after */
    for (int k = 0; k < m->n_nodes; k++)
        for (int i = 0; i < m->nodes[k].n_in; i++)
            if (m->nodes[k].in[i] >= 0) readers[m->nodes[k].in[i]]++;
    bl_status status = BL_OK;
    for (int k = 0; k < m->n_nodes && status == BL_OK; k++) {
        const bl_node *norm = &m->nodes[k];
        if (strcmp(norm->op->name, "BatchNormalization") != 0) continue;
        int x = norm->in[0], p = x < 0 || x >= n_values ? -1 : m->values[x].producer;
        weight_layout w;
        if (p < 0 || readers[x] != 1 || x == m->output || !foldable(m, &m->nodes[p], norm, &w)) continue;
        status = fold_one(m, &m->nodes[p], norm, &w, error);
    }
    bl_free_aligned(readers);
    return status;
}
