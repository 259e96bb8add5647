/* ONNX files out of a sealed model: valid for ONNX Runtime and Netron. Only what the output needs is written; what was
 * folded when the model was opened stays folded. */
#include <stdlib.h>
#include <string.h>

#include "base/print.h"
#include "onnx/wire.h"

typedef struct {
    const bl_model *model;
    const bl_write_options *options;
    bool *used;       /* per value: a constant that some node reads */
    char **half_name; /* per value: the name of its float16 initialiser; NULL: written as float */
    bl_shape output;  /* rank −1: unknown */
} writer;

/* What a fill function gets: the writer and which element. */
typedef struct {
    const writer *w;
    int index;
} item;

static const bl_real *data_of(const writer *w, int value) {
    const bl_real *const *other = w->options ? w->options->constants : NULL;
    return other && other[value] ? other[value] : w->model->values[value].data;
}

static void put_constant(bl_put *p, const void *user) {
    const item *it = user;
    const bl_value *v = &it->w->model->values[it->index];
    const char *half = it->w->half_name[it->index];
    bl_tensor t = {.name = half ? half : v->name, .type = v->type, .half = half != NULL, .rank = v->shape.rank};
    memcpy(t.dim, v->shape.dim, sizeof v->shape.dim);
    if (v->type == BL_INT)
        t.ints = v->ints;
    else
        t.data = (bl_real *)data_of(it->w, it->index);
    bl_put_tensor(p, &t);
}

static void put_attribute(bl_put *p, const void *user) {
    const bl_attr *a = user;
    bl_put_text(p, 1, a->name);
    switch (a->kind) {
    case BL_ATTR_FLOAT: bl_put_float(p, 2, a->f); break;
    case BL_ATTR_INT: bl_put_varint(p, 3, a->i); break;
    case BL_ATTR_STRING: bl_put_bytes(p, 4, a->s, (size_t)a->n); break;
    case BL_ATTR_FLOATS:
        for (int i = 0; i < a->n; i++) bl_put_float(p, 7, a->floats[i]);
        break;
    case BL_ATTR_INTS:
        for (int i = 0; i < a->n; i++) bl_put_varint(p, 8, a->ints[i]);
        break;
    }
    bl_put_varint(p, 20, a->kind);
}

static void put_node(bl_put *p, const void *user) {
    const item *it = user;
    const bl_model *m = it->w->model;
    const bl_node *n = &m->nodes[it->index];
    for (int i = 0; i < n->n_in; i++) bl_put_text(p, 1, n->in[i] < 0 ? "" : m->values[n->in[i]].name);
    bl_put_text(p, 2, m->values[n->out].name);
    bl_put_text(p, 3, n->name);
    bl_put_text(p, 4, n->op->name);
    for (int i = 0; i < n->n_attrs; i++) bl_put_message(p, 5, put_attribute, &n->attrs[i]);
}

/* float16 initialiser → float, for runtimes that do not compute in float16. */
static void put_cast(bl_put *p, const void *user) {
    const item *it = user;
    const bl_attr to = {.name = "to", .kind = BL_ATTR_INT, .i = BL_ONNX_FLOAT};
    bl_put_text(p, 1, it->w->half_name[it->index]);
    bl_put_text(p, 2, it->w->model->values[it->index].name);
    bl_put_text(p, 3, it->w->half_name[it->index]);
    bl_put_text(p, 4, "Cast");
    bl_put_message(p, 5, put_attribute, &to);
}

/* ---- the graph's input and output ---- */

typedef struct {
    const char *name;
    int rank;                      /* −1: unknown */
    int32_t dim[BL_MAX_RANK];      /* −1: open */
    const char *open[BL_MAX_RANK]; /* names of open dimensions */
} value_info;
typedef struct {
    int32_t size;
    const char *name;
} dimension;

static void put_dimension(bl_put *p, const void *user) {
    const dimension *d = user;
    if (d->size >= 0)
        bl_put_varint(p, 1, d->size);
    else
        bl_put_text(p, 2, d->name);
}

static void put_shape(bl_put *p, const void *user) {
    const value_info *v = user;
    for (int i = 0; i < v->rank; i++) {
        dimension d = {v->dim[i], v->open[i]};
        bl_put_message(p, 1, put_dimension, &d);
    }
}

static void put_tensor_type(bl_put *p, const void *user) {
    const value_info *v = user;
    bl_put_varint(p, 1, BL_ONNX_FLOAT);
    if (v->rank >= 0) bl_put_message(p, 2, put_shape, v);
}

static void put_type(bl_put *p, const void *user) {
    bl_put_message(p, 1, put_tensor_type, user);
}

static void put_value_info(bl_put *p, const void *user) {
    bl_put_text(p, 1, ((const value_info *)user)->name);
    bl_put_message(p, 2, put_type, user);
}

static void put_graph(bl_put *p, const void *user) {
    const writer *w = user;
    const bl_model *m = w->model;
    for (int i = 0; i < m->n_values; i++)
        if (w->used[i] && w->half_name[i]) bl_put_message(p, 1, put_cast, &(item){w, i});
    for (int i = 0; i < m->n_nodes; i++) bl_put_message(p, 1, put_node, &(item){w, i});
    bl_put_text(p, 2, m->title ? m->title : "network");
    for (int i = 0; i < m->n_values; i++)
        if (w->used[i]) bl_put_message(p, 5, put_constant, &(item){w, i});
    value_info input = {m->values[m->input].name, 4, {-1, m->input_c, m->input_h, m->input_w}, {"N", "C", "H", "W"}};
    bl_put_message(p, 11, put_value_info, &input);
    value_info output = {m->values[m->output].name, w->output.rank, {0}, {"N", "output_1", "output_2", "output_3"}};
    bool fixed = m->input_h > 0 && m->input_w > 0;
    for (int i = 0; i < w->output.rank; i++) output.dim[i] = i > 0 && fixed ? w->output.dim[i] : -1;
    bl_put_message(p, 12, put_value_info, &output);
}

/* ---- metadata ---- */

typedef struct {
    const char *key, *text;
    size_t length;
} entry;

static void put_entry(bl_put *p, const void *user) {
    const entry *e = user;
    bl_put_text(p, 1, e->key);
    bl_put_bytes(p, 2, e->text, e->length);
}

static void put_metadata(bl_put *p, const char *key, const char *text, size_t length) {
    bl_put_message(p, 14, put_entry, &(entry){key, text, length});
}

static void put_channel_numbers(bl_put *p, const char *key, const float *numbers, int n) {
    char text[96] = "";
    size_t at = 0;
    for (int i = 0; i < n; i++)
        at += (size_t)bl_format(text + at, sizeof text - at, i ? " %.9g" : "%.9g", (double)numbers[i]);
    put_metadata(p, key, text, at);
}

static bl_status put_all_metadata(bl_put *p, const bl_model *m, bl_error *error) {
    static const char *const channels[] = {
        [BL_CHANNELS_RGB] = "RGB", [BL_CHANNELS_BGR] = "BGR", [BL_CHANNELS_GREY] = "grey"};
    if (m->n_labels) {
        bl_text lines = {0};
        for (int i = 0; i < m->n_labels; i++) {
            if (i) bl_text_bytes(&lines, "\n", 1);
            bl_text_bytes(&lines, m->labels[i], strlen(m->labels[i]));
        }
        bool failed = lines.failed;
        if (!failed) put_metadata(p, "backlight.labels", lines.data ? lines.data : "", lines.length);
        bl_text_free(&lines);
        if (failed) return bl_fail(error, BL_MEMORY, "not enough memory to write the labels");
    }
    if (m->has_preprocessing) {
        int n = m->input_c > 4 ? 1 : m->input_c >= 1 ? m->input_c : 4; /* more than four have one number in common */
        put_channel_numbers(p, "backlight.mean", m->mean, n);
        put_channel_numbers(p, "backlight.std", m->std, n);
        put_metadata(p, "backlight.channels", channels[m->channels], strlen(channels[m->channels]));
    }
    if (m->title) put_metadata(p, "backlight.title", m->title, strlen(m->title));
    if (m->credit) put_metadata(p, "backlight.credit", m->credit, strlen(m->credit));
    return BL_OK;
}

static void put_opset(bl_put *p, const void *user) {
    bl_put_text(p, 1, "");
    bl_put_varint(p, 2, ((const bl_model *)user)->opset);
}

/* ---- what will be written ---- */

/* Half the size for the weights of layers; biases and single numbers gain nothing and stay as they are. */
static bool is_halved(const bl_value *v) {
    return v->type == BL_FLOAT && v->shape.rank >= 2 && bl_count(&v->shape) > 1;
}

static bl_status name_half(writer *w, int value, bl_arena *arena, bl_error *error) {
    const bl_value *v = &w->model->values[value];
    const bl_real *data = data_of(w, value);
    BL_TRY(bl_half_holds(data, bl_count(&v->shape), v->name, error));
    size_t room = strlen(v->name) + 16;
    char *name = bl_arena_take(arena, room);
    if (!name) return bl_fail(error, BL_MEMORY, "not enough memory to write the network");
    bl_format(name, room, "%s/half", v->name);
    for (int k = 2; bl_model_find(w->model, name) >= 0; k++) bl_format(name, room, "%s/half%d", v->name, k);
    w->half_name[value] = name;
    return BL_OK;
}

/* The output's shape for one picture, where the network can be planned at all. */
static bl_shape output_shape(const bl_model *m) {
    bl_wants wants = BL_WANTS;
    bl_plan *plan;
    bl_shape shape = {.rank = -1};
    enum { STAND_IN = 512 }; /* for an open size: only the rank is then used */
    wants.last = m->output;
    wants.height = m->input_h > 0 ? m->input_h : STAND_IN;
    wants.width = m->input_w > 0 ? m->input_w : STAND_IN;
    if (bl_plan_new(m, &wants, &plan, NULL) != BL_OK) return shape;
    shape = bl_plan_shape(plan, m->output);
    bl_plan_free(plan);
    return shape;
}

static bl_status prepare(writer *w, bl_arena *arena, bl_error *error) {
    const bl_model *m = w->model;
    w->used = bl_arena_take_array(arena, (size_t)m->n_values, sizeof *w->used);
    w->half_name = bl_arena_take_array(arena, (size_t)m->n_values, sizeof *w->half_name);
    if (!w->used || !w->half_name) return bl_fail(error, BL_MEMORY, "not enough memory to write the network");
    for (int i = 0; i < m->n_nodes; i++)
        for (int k = 0; k < m->nodes[i].n_in; k++) {
            int v = m->nodes[i].in[k];
            if (v >= 0 && m->values[v].is_constant) w->used[v] = true;
        }
    for (int i = 0; i < m->n_values; i++)
        if (w->used[i] && w->options && w->options->half && is_halved(&m->values[i]))
            BL_TRY(name_half(w, i, arena, error));
    w->output = output_shape(m);
    return BL_OK;
}

bl_status bl_onnx_write(const bl_model *model, const bl_write_options *options, bl_text *out, bl_error *error) {
    writer w = {.model = model, .options = options};
    bl_arena arena = {0};
    bl_put p = {.out = out};
    bl_status status = prepare(&w, &arena, error);
    if (status == BL_OK) {
        bl_put_varint(&p, 1, BL_ONNX_IR);
        bl_put_text(&p, 2, "backlight");
        bl_put_message(&p, 7, put_graph, &w);
        bl_put_message(&p, 8, put_opset, model);
        status = put_all_metadata(&p, model, error);
        if (status == BL_OK && out->failed)
            status = bl_fail(error, BL_MEMORY, "not enough memory to write the network");
    }
    bl_arena_free(&arena);
    return status;
}
