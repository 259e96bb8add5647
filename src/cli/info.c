/* backlight info: a network's graph, shapes, parameters and work. */
#include "cli/cli.h"

#include <stdio.h>

/* Weights and biases; single numbers (a dropout's share, a clip's bounds) are settings. */
static size_t node_parameters(const bl_model *m, const bl_node *node) {
    size_t n = 0;
    for (int i = 0; i < node->n_in; i++) {
        const bl_value *v = node->in[i] >= 0 ? &m->values[node->in[i]] : NULL;
        if (v && v->is_constant && v->type == BL_FLOAT && v->shape.rank > 0) n += bl_count(&v->shape);
    }
    return n;
}

static void shape_text(const bl_shape *s, char out[60]) {
    size_t used = 0;
    out[0] = 0;
    for (int i = 0; i < s->rank; i++) used += (size_t)snprintf(out + used, 60 - used, "%s%d", i ? "×" : "", s->dim[i]);
}

static void as_text(const bl_model *m, const bl_plan *plan, bl_text *t) {
    char shape[60];
    size_t parameters = 0;
    bl_shape s = bl_plan_shape(plan, m->input);
    shape_text(&s, shape);
    if (m->title) bl_text_add(t, "%s\n", m->title);
    bl_text_add(t, "input %s, %s\n\n", m->values[m->input].name, shape);
    bl_text_add(t, "%-20s %-20s %-16s %12s %14s\n", "value", "operator", "shape", "parameters", "multiply-adds");
    for (int i = 0; i < m->n_nodes; i++) {
        const bl_node *node = &m->nodes[i];
        size_t n = node_parameters(m, node);
        s = bl_plan_shape(plan, node->out);
        shape_text(&s, shape);
        parameters += n;
        bl_text_add(t, "%-20s %-20s %-16s %12zu %14.0f%s%s\n", m->values[node->out].name, node->op->name, shape, n,
                    bl_plan_node_macs(plan, i), node->stands_for ? "  stands for " : "",
                    node->stands_for ? node->stands_for : "");
    }
    bl_text_add(t, "\n%zu parameters, %.0f multiply-adds a picture, %zu bytes to run it\n", parameters,
                bl_plan_macs(plan), bl_plan_bytes(plan));
    if (m->n_labels) {
        bl_text_add(t, "%d classes:", m->n_labels);
        for (int i = 0; i < m->n_labels && i < 20; i++) bl_text_add(t, "%s %s", i ? "," : "", m->labels[i]);
        bl_text_add(t, "%s\n", m->n_labels > 20 ? ", …" : "");
    }
    if (m->has_preprocessing) {
        static const char *const orders[] = {"RGB", "BGR", "grey"};
        bl_text_add(t, "pictures go in as %s, mean", orders[m->channels]);
        for (int c = 0; c < m->input_c && c < 4; c++) bl_text_add(t, " %.4g", (double)m->mean[c]);
        bl_text_add(t, ", deviation");
        for (int c = 0; c < m->input_c && c < 4; c++) bl_text_add(t, " %.4g", (double)m->std[c]);
        bl_text_add(t, "\n");
    }
    if (m->credit) bl_text_add(t, "%s\n", m->credit);
}

static void json_shape(bl_text *t, const bl_shape *s) {
    bl_json_open(t, "shape", '[');
    for (int i = 0; i < s->rank; i++) bl_json_integer(t, NULL, s->dim[i]);
    bl_json_close(t, ']');
}

static void as_json(const bl_model *m, const bl_plan *plan, bl_text *t) {
    bl_json_open(t, NULL, '{');
    bl_json_integer(t, "schema", 1);
    bl_json_string(t, "title", m->title);
    bl_json_integer(t, "opset", m->opset);
    bl_shape s = bl_plan_shape(plan, m->input);
    bl_json_string(t, "input", m->values[m->input].name);
    json_shape(t, &s);
    bl_json_open(t, "nodes", '[');
    for (int i = 0; i < m->n_nodes; i++) {
        const bl_node *node = &m->nodes[i];
        s = bl_plan_shape(plan, node->out);
        bl_json_open(t, NULL, '{');
        bl_json_string(t, "name", node->name);
        bl_json_string(t, "op", node->op->name);
        bl_json_string(t, "output", m->values[node->out].name);
        json_shape(t, &s);
        bl_json_integer(t, "parameters", (int64_t)node_parameters(m, node));
        bl_json_number(t, "macs", bl_plan_node_macs(plan, i));
        if (node->stands_for) bl_json_string(t, "stands_for", node->stands_for);
        bl_json_close(t, '}');
    }
    bl_json_close(t, ']');
    bl_json_number(t, "macs", bl_plan_macs(plan));
    bl_json_integer(t, "bytes", (int64_t)bl_plan_bytes(plan));
    bl_json_open(t, "labels", '[');
    for (int i = 0; i < m->n_labels; i++) bl_json_string(t, NULL, m->labels[i]);
    bl_json_close(t, ']');
    bl_json_close(t, '}');
    bl_text_add(t, "\n");
}

static int run(const bl_arguments *a) {
    int64_t height = 0, width = 0;
    if (!bl_option_integer(a, "height", 1, BL_PICTURE_MAX_SIDE, &height) ||
        !bl_option_integer(a, "width", 1, BL_PICTURE_MAX_SIDE, &width))
        return BL_EXIT_USAGE;
    bl_error error = {0};
    bl_model *model = NULL;
    bl_plan *plan = NULL;
    bl_wants wants = BL_WANTS;
    wants.height = (int32_t)height, wants.width = (int32_t)width;
    bl_status status = bl_open_model(a, a->arguments[0], &model, &error);
    if (status == BL_OK) status = bl_plan_new(model, &wants, &plan, &error);
    int code;
    if (status == BL_OK) {
        bl_text t = {0};
        if (bl_option_given(a, "json"))
            as_json(model, plan, &t);
        else
            as_text(model, plan, &t);
        code = bl_print(&t);
    } else {
        code = bl_report(a, &error);
    }
    bl_plan_free(plan);
    bl_model_free(model);
    return code;
}

static const bl_option options[] = {{"height", "N", "plan for this input height (default: as the file says)"},
                                    {"width", "N", "and this width"},
                                    {"json", NULL, "as JSON"},
                                    BL_MODEL_OPTIONS,
                                    {0}};
const bl_command bl_command_info = {"info",  "show a network: graph, shapes, parameters, work",
                                    "MODEL", "  backlight info models/tiny-vgg.onnx\n",
                                    options, 1,
                                    1,       run};
