#include <stdlib.h>
#include <string.h>

#include "onnx/nettext.h"
#include "base/print.h"

bl_status bl_nt_refuse(bl_nt_writer *w, const char *reason) {
    return bl_fail(w->error, BL_UNSUPPORTED, "node \"%.100s\" (%s) has no line form in the network text: %s",
                   w->node->name, w->node->op->name, reason);
}

void bl_nt_add_name(bl_text *out, const char *before, const char *name) {
    bool plain = *name && name[0] != '#' && !strpbrk(name, " \t\r\n\"") && strcmp(name, "=");
    bl_text_add(out, plain ? "%s%s" : "%s\"%s\"", before, name);
}

void bl_nt_add_float(bl_text *out, const char *before, float number) {
    char text[32];
    for (int digits = 6; digits <= 9; digits++) {
        bl_format(text, sizeof text, "%.*g", digits, (double)number);
        double read;
        bl_read_number(text, &read);
        if ((float)read == number) break;
    }
    bl_text_add(out, "%s%s", before, text);
}

const bl_attr *bl_nt_attr(const bl_nt_writer *w, const char *name, bl_attr_kind kind) {
    for (int i = 0; i < w->node->n_attrs; i++)
        if (!strcmp(w->node->attrs[i].name, name) && w->node->attrs[i].kind == kind) return &w->node->attrs[i];
    return NULL;
}

int64_t bl_nt_attr_int(const bl_nt_writer *w, const char *name, int64_t otherwise) {
    const bl_attr *a = bl_nt_attr(w, name, BL_ATTR_INT);
    return a ? a->i : otherwise;
}

float bl_nt_attr_float(const bl_nt_writer *w, const char *name, float otherwise) {
    const bl_attr *a = bl_nt_attr(w, name, BL_ATTR_FLOAT);
    return a ? a->f : otherwise;
}

const bl_value *bl_nt_input_constant(const bl_nt_writer *w, int input) {
    int v = input < w->node->n_in ? w->node->in[input] : -1;
    return v >= 0 && w->model->values[v].is_constant ? &w->model->values[v] : NULL;
}

static bool has_input(const bl_nt_writer *w, int input) {
    return input < w->node->n_in && w->node->in[input] >= 0;
}

bl_status bl_nt_list(bl_nt_writer *w, const char *attr, int input, const int64_t **ints, int *n) {
    const bl_attr *a = bl_nt_attr(w, attr, BL_ATTR_INTS);
    const bl_value *v = bl_nt_input_constant(w, input);
    *ints = NULL;
    *n = -1;
    if (has_input(w, input)) {
        if (!v || v->type != BL_INT) return bl_nt_refuse(w, "its numbers are worked out by the network");
        *ints = v->ints;
        *n = (int)bl_count(&v->shape);
    } else if (a) {
        *ints = a->ints;
        *n = a->n;
    }
    return BL_OK;
}

bl_status bl_nt_number(bl_nt_writer *w, const char *attr, int input, float otherwise, float *out) {
    const bl_value *v = bl_nt_input_constant(w, input);
    if (has_input(w, input)) {
        if (!v || v->type != BL_FLOAT || bl_count(&v->shape) != 1)
            return bl_nt_refuse(w, "its numbers are worked out by the network");
        *out = (float)v->data[0];
    } else {
        *out = bl_nt_attr_float(w, attr, otherwise);
    }
    return BL_OK;
}

static void write_size(bl_text *out, int32_t size, const char *end) {
    if (size > 0)
        bl_text_add(out, "%d%s", (int)size, end);
    else
        bl_text_add(out, "?%s", end);
}

static void write_header(const bl_model *m, bl_text *out) {
    static const char *const channels[] = {
        [BL_CHANNELS_RGB] = "RGB", [BL_CHANNELS_BGR] = "BGR", [BL_CHANNELS_GREY] = "grey"};
    bl_text_add(out, "input");
    bl_nt_add_name(out, " ", m->values[m->input].name);
    bl_text_add(out, " ");
    write_size(out, m->input_c, "x");
    write_size(out, m->input_h, "x");
    write_size(out, m->input_w, "\n");
    if (m->title) bl_text_add(out, "title %s\n", m->title);
    if (m->credit) bl_text_add(out, "credit %s\n", m->credit);
    for (int i = 0; i < m->n_labels; i++) bl_text_add(out, i ? "; %s" : "labels %s", m->labels[i]);
    if (m->n_labels) bl_text_add(out, "\n");
    if (!m->has_preprocessing) return;
    int n = m->input_c >= 1 && m->input_c <= 4 ? m->input_c : 1;
    bl_text_add(out, "mean");
    for (int i = 0; i < n; i++) bl_nt_add_float(out, " ", m->mean[i]);
    bl_text_add(out, "\nstd");
    for (int i = 0; i < n; i++) bl_nt_add_float(out, " ", m->std[i]);
    bl_text_add(out, "\nchannels %s\n", channels[m->channels]);
}

/* The word of an operator's lines, and what writes the rest of them; NULL: there is none. */
static const char *form_of(const char *op, bl_nt_write **write) {
    const bl_nt_form *const tables[] = {bl_nt_layers, bl_nt_plain};
    bl_nt_write *const *const writers[] = {bl_nt_layer_writers, bl_nt_plain_writers};
    for (size_t k = 0; k < sizeof tables / sizeof tables[0]; k++)
        for (int i = 0; tables[k][i].word; i++)
            if (!strcmp(tables[k][i].op, op)) {
                *write = writers[k][i];
                return tables[k][i].word;
            }
    return NULL;
}

/* Text that the format has no way to hold: a line break in a title or name, a quote in a name. */
static bl_status check_text(const bl_model *m, bl_error *error) {
    const char *texts[] = {m->title, m->credit};
    for (int i = 0; i < 2; i++)
        if (texts[i] && strpbrk(texts[i], "\r\n"))
            return bl_fail(error, BL_UNSUPPORTED, "the network's title or credit has several lines");
    for (int i = 0; i < m->n_labels; i++)
        if (strpbrk(m->labels[i], ";\r\n"))
            return bl_fail(error, BL_UNSUPPORTED, "label %d has a semicolon or a line break", i);
    for (int i = 0; i < m->n_nodes; i++)
        if (strpbrk(m->values[m->nodes[i].out].name, "\"\r\n"))
            return bl_fail(error, BL_UNSUPPORTED, "a value's name has a quote or a line break");
    return strpbrk(m->values[m->input].name, "\"\r\n")
               ? bl_fail(error, BL_UNSUPPORTED, "the input's name has a quote or a line break")
               : BL_OK;
}

bl_status bl_nettext_write(const bl_model *model, bl_text *out, bl_error *error) {
    BL_TRY(check_text(model, error));
    write_header(model, out);
    for (int i = 0; i < model->n_nodes; i++) {
        bl_nt_writer w = {model, &model->nodes[i], out, error};
        bl_nt_write *write;
        const char *word = form_of(w.node->op->name, &write);
        if (!word) return bl_nt_refuse(&w, "there is no such operator in it");
        bl_nt_add_name(out, i ? "" : "\n", model->values[w.node->out].name);
        bl_text_add(out, " = %s", word);
        BL_TRY(write(&w));
        bl_text_add(out, "\n");
    }
    return out->failed ? bl_fail(error, BL_MEMORY, "not enough memory to write the network text") : BL_OK;
}
