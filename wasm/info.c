/* What a page needs to know of a model, as JSON. */
#include "abi.h"

static const char *const channel_names[] = {"RGB", "BGR", "grey"};
static const char *const head_names[] = {
    [BL_HEAD_SCORES] = "scores", [BL_HEAD_SOFTMAX] = "softmax", [BL_HEAD_SIGMOID] = "sigmoid"};

static void shape_json(bl_text *t, const bl_shape *s) {
    bl_json_open(t, "shape", '[');
    for (int i = 0; i < s->rank; i++) bl_json_integer(t, NULL, s->dim[i]);
    bl_json_close(t, ']');
}

static void attributes_json(bl_text *t, const bl_node *node) {
    bl_json_open(t, "attributes", '{');
    for (int i = 0; i < node->n_attrs; i++) {
        const bl_attr *a = &node->attrs[i];
        switch (a->kind) {
        case BL_ATTR_FLOAT: bl_json_number(t, a->name, (double)a->f); break;
        case BL_ATTR_INT: bl_json_integer(t, a->name, a->i); break;
        case BL_ATTR_STRING: bl_json_string(t, a->name, a->s); break;
        case BL_ATTR_INTS:
        case BL_ATTR_FLOATS:
            bl_json_open(t, a->name, '[');
            for (int k = 0; k < a->n; k++)
                if (a->kind == BL_ATTR_INTS)
                    bl_json_integer(t, NULL, a->ints[k]);
                else
                    bl_json_number(t, NULL, (double)a->floats[k]);
            bl_json_close(t, ']');
            break;
        }
    }
    bl_json_close(t, '}');
}

/* Numbers that a node has learnt: its constants, each counted once. */
static double parameters(const bl_model *m, const bl_node *node) {
    double n = 0;
    for (int i = 0; i < node->n_in; i++) {
        if (node->in[i] < 0) continue;
        const bl_value *v = &m->values[node->in[i]];
        bool again = false;
        for (int k = 0; k < i; k++) again = again || node->in[k] == node->in[i];
        if (v->is_constant && v->type == BL_FLOAT && !again) n += (double)bl_count(&v->shape);
    }
    return n;
}

static void nodes_json(const bl_model *m, const bl_plan *plan, bl_text *t) {
    bl_json_open(t, "nodes", '[');
    for (int i = 0; i < m->n_nodes; i++) {
        const bl_node *node = &m->nodes[i];
        bl_json_open(t, NULL, '{');
        bl_json_integer(t, "id", i);
        bl_json_string(t, "name", node->name);
        bl_json_string(t, "op", node->op->name);
        bl_json_open(t, "inputs", '[');
        for (int k = 0; k < node->n_in; k++) bl_json_integer(t, NULL, node->in[k]);
        bl_json_close(t, ']');
        bl_json_integer(t, "output", node->out);
        attributes_json(t, node);
        bl_json_string(t, "standsFor", node->stands_for);
        bl_json_bool(t, "mixesChannels", node->op->mixes_channels);
        bl_json_bool(t, "hasWeights", bl_redraws(m, i));
        bl_json_bool(t, "hasKernels", bl_has_kernels(m, i));
        bl_json_bool(t, "alias", plan && bl_plan_node_alias(plan, i));
        if (plan)
            bl_json_number(t, "macs", bl_plan_node_macs(plan, i));
        else
            bl_json_string(t, "macs", NULL);
        bl_json_number(t, "params", parameters(m, node));
        bl_json_close(t, '}');
    }
    bl_json_close(t, ']');
}

/* Values that the graph uses; the numbers left out are names that nothing reads any more. */
static void values_json(const bl_model *m, const bl_plan *plan, bl_text *t) {
    bl_json_open(t, "values", '[');
    for (int i = 0; i < m->n_values; i++) {
        const bl_value *v = &m->values[i];
        bl_json_open(t, NULL, '{');
        bl_json_integer(t, "id", i);
        bl_json_string(t, "name", v->name);
        bl_json_integer(t, "producer", v->producer);
        bl_json_bool(t, "constant", v->is_constant);
        bl_json_string(t, "type", v->type == BL_INT ? "int" : "float");
        bl_shape shape = v->shape;
        bool known = v->is_constant;
        if (!known && plan && bl_plan_has(plan, i)) {
            shape = bl_plan_shape(plan, i);
            known = true;
        }
        if (known)
            shape_json(t, &shape);
        else
            bl_json_string(t, "shape", NULL);
        bl_json_close(t, '}');
    }
    bl_json_close(t, ']');
}

static void dimension_json(bl_text *t, const char *key, int32_t n) {
    if (n > 0)
        bl_json_integer(t, key, n);
    else
        bl_json_string(t, key, NULL);
}

static void preprocessing_json(const bl_model *m, bl_text *t) {
    if (!m->has_preprocessing) {
        bl_json_string(t, "preprocessing", NULL);
        return;
    }
    int n = m->channels == BL_CHANNELS_GREY ? 1 : 3;
    bl_json_open(t, "preprocessing", '{');
    bl_json_open(t, "mean", '[');
    for (int c = 0; c < n; c++) bl_json_number(t, NULL, (double)m->mean[c]);
    bl_json_close(t, ']');
    bl_json_open(t, "std", '[');
    for (int c = 0; c < n; c++) bl_json_number(t, NULL, (double)m->std[c]);
    bl_json_close(t, ']');
    bl_json_string(t, "channels", channel_names[m->channels]);
    bl_json_close(t, '}');
}

void abi_info_json(const bl_model *m, const bl_plan *plan, bl_text *t) {
    double all = 0;
    for (int i = 0; i < m->n_values; i++)
        if (m->values[i].is_constant && m->values[i].type == BL_FLOAT) all += (double)bl_count(&m->values[i].shape);
    bl_json_open(t, NULL, '{');
    bl_json_string(t, "title", m->title);
    bl_json_string(t, "credit", m->credit);
    bl_json_integer(t, "opset", m->opset);
    bl_json_open(t, "input", '{');
    bl_json_integer(t, "id", m->input);
    bl_json_string(t, "name", m->values[m->input].name);
    dimension_json(t, "channels", m->input_c);
    dimension_json(t, "height", m->input_h);
    dimension_json(t, "width", m->input_w);
    bl_json_close(t, '}');
    bl_json_integer(t, "output", m->output);
    bl_json_integer(t, "scores", m->scores);
    bl_json_string(t, "head", head_names[m->head]);
    bl_json_open(t, "labels", '[');
    for (int i = 0; i < m->n_labels; i++) bl_json_string(t, NULL, m->labels[i]);
    bl_json_close(t, ']');
    preprocessing_json(m, t);
    values_json(m, plan, t);
    nodes_json(m, plan, t);
    bl_json_number(t, "parameters", all);
    if (plan)
        bl_json_number(t, "macs", bl_plan_macs(plan));
    else
        bl_json_string(t, "macs", NULL);
    bl_json_close(t, '}');
}
