/* model: building a graph piece by piece. What a reader gives is checked here as far as one piece can be. */
#include "core/internal.h"
#include "base/print.h"

#include <math.h>
#include <string.h>

static bl_status no_memory(bl_error *error) {
    bl_fail(error, BL_MEMORY, "there is not enough memory for the network");
    return bl_hint(error, BL_MEMORY, "close other networks, or take a smaller one");
}

bl_status bl_model_new(bl_model **out, bl_error *error) {
    *out = NULL;
    bl_model *m = bl_alloc_aligned(sizeof *m);
    if (!m) return no_memory(error);
    m->input = m->output = m->scores = -1;
    m->input_c = m->input_h = m->input_w = -1;
    m->opset = 13;
    for (int i = 0; i < 4; i++) m->std[i] = 1;
    m->index = bl_arena_take(&m->arena, sizeof *m->index);
    if (!m->index) {
        bl_model_free(m);
        return no_memory(error);
    }
    *out = m;
    return BL_OK;
}

void bl_model_free(bl_model *m) {
    if (!m) return;
    bl_arena_free(&m->arena);
    bl_free_aligned(m);
}

/* Makes room for one more element of an array that lives in the arena; doubles, so that what is left behind is less
 * than the array itself. */
static bool grow(bl_model *m, void **array, int n, int *capacity, size_t size) {
    if (n < *capacity) return true;
    int larger = *capacity ? 2 * *capacity : 64;
    void *copy = bl_arena_take_array(&m->arena, (size_t)larger, size);
    if (!copy) return false;
    if (n) memcpy(copy, *array, (size_t)n * size);
    *array = copy;
    *capacity = larger;
    return true;
}

int bl_model_value(bl_model *m, const char *name, size_t length) {
    if (length == 0 || memchr(name, 0, length)) return -1;
    int found = bl_index_value(m, name, length);
    if (found >= 0) return found;
    void *array = m->values;
    char *copy = bl_arena_text(&m->arena, name, length);
    if (m->n_values >= BL_MAX_VALUES || !copy ||
        !grow(m, &array, m->n_values, &m->index->value_capacity, sizeof *m->values))
        return -1;
    m->values = array;
    m->values[m->n_values] = (bl_value){.name = copy, .producer = -1};
    if (!bl_index_add_value(m, m->n_values)) return -1;
    return m->n_values++;
}

int bl_model_fresh_value(bl_model *m, const char *base, const char *suffix) {
    char name[2 * BL_NAME_BYTES];
    for (int i = 1; i < 1000; i++) {
        if (i == 1)
            bl_format(name, sizeof name, "%.400s%s", base, suffix);
        else
            bl_format(name, sizeof name, "%.400s%s_%d", base, suffix, i);
        if (bl_index_value(m, name, strlen(name)) < 0) return bl_model_value(m, name, strlen(name));
    }
    return -1;
}

bl_status bl_model_constant(bl_model *m, int value, bl_type type, const bl_shape *shape, void **storage,
                            bl_error *error) {
    *storage = NULL;
    if (value < 0 || value >= m->n_values) return bl_fail(error, BL_USAGE, "a constant was given no value");
    bl_value *v = &m->values[value];
    if (v->is_constant || v->producer >= 0)
        return bl_fail(error, BL_FORMAT, "value \"%.80s\" is defined twice", v->name);
    if (type != BL_FLOAT && type != BL_INT) return bl_fail(error, BL_USAGE, "constant \"%.80s\" has no type", v->name);
    size_t count = 1;
    bool fits = shape->rank >= 0 && shape->rank <= BL_MAX_RANK;
    for (int i = 0; fits && i < shape->rank; i++)
        fits = shape->dim[i] >= 0 && shape->dim[i] <= BL_MAX_DIM && bl_mul_size(count, (size_t)shape->dim[i], &count) &&
               count <= BL_MAX_COUNT;
    if (!fits) {
        bl_fail(error, BL_UNSUPPORTED, "constant \"%.80s\" is too large or has more than %d dimensions", v->name,
                BL_MAX_RANK);
        return bl_hint(error, BL_UNSUPPORTED, "at most %d dimensions and %d elements", BL_MAX_RANK, BL_MAX_COUNT);
    }
    if (type == BL_INT && count > BL_MAX_INTS)
        return bl_fail(error, BL_UNSUPPORTED, "integer constant \"%.80s\" has more than %d elements", v->name,
                       BL_MAX_INTS);
    void *memory =
        bl_arena_take_array(&m->arena, count ? count : 1, type == BL_INT ? sizeof(int64_t) : sizeof(bl_real));
    if (!memory) return no_memory(error);
    v->is_constant = true;
    v->type = type;
    v->shape = *shape;
    if (type == BL_INT)
        v->ints = memory;
    else
        v->data = memory;
    *storage = memory;
    return BL_OK;
}

/* Is word one of those separated by spaces in list? */
static bool is_word(const char *list, const char *word) {
    size_t length = strlen(word);
    if (!list || length == 0) return false;
    for (const char *at = list; *at;) {
        const char *end = strchr(at, ' ');
        size_t n = end ? (size_t)(end - at) : strlen(at);
        if (n == length && memcmp(at, word, n) == 0) return true;
        at += n + (end != NULL);
    }
    return false;
}

static bl_status check_node(const bl_model *m, const bl_op *op, const char *shown, const int *in, int n_in, int out,
                            const bl_attr *attrs, int n_attrs, bl_error *error) {
    if (n_in < op->min_in || n_in > (op->max_in >= 0 ? op->max_in : BL_MAX_INPUTS))
        return bl_fail(error, BL_FORMAT, "node \"%.80s\" (%s) has %d inputs", shown, op->name, n_in);
    for (int i = 0; i < n_in; i++) {
        if (in[i] >= m->n_values || in[i] < -1)
            return bl_fail(error, BL_USAGE, "node \"%.80s\": input %d is no value", shown, i);
        if (in[i] < 0 && (i < op->min_in || op->max_in < 0))
            return bl_fail(error, BL_FORMAT, "node \"%.80s\" (%s): input %d is missing", shown, op->name, i);
    }
    if (out < 0 || out >= m->n_values)
        return bl_fail(error, BL_FORMAT, "node \"%.80s\" (%s) has no output", shown, op->name);
    if (m->values[out].producer >= 0 || m->values[out].is_constant || out == m->input)
        return bl_fail(error, BL_FORMAT, "node \"%.80s\" (%s): its output \"%.80s\" is defined twice", shown, op->name,
                       m->values[out].name);
    for (int i = 0; i < n_attrs; i++)
        if (!is_word(op->attrs, attrs[i].name))
            return bl_fail(error, BL_UNSUPPORTED, "node \"%.80s\" (%s): attribute \"%.60s\" is not supported", shown,
                           op->name, attrs[i].name);
    return BL_OK;
}

static void *copy_of(bl_model *m, const void *data, int count, size_t size) {
    void *copy = bl_arena_take_array(&m->arena, (size_t)count, size);
    if (copy && count) memcpy(copy, data, (size_t)count * size);
    return copy;
}

static bool copy_attr(bl_model *m, const bl_attr *from, bl_attr *to) {
    /* Only what the kind says: the caller's other pointers need not outlive this call. */
    *to = (bl_attr){.kind = from->kind, .n = from->n, .f = from->f, .i = from->i};
    to->name = bl_arena_text(&m->arena, from->name, strlen(from->name));
    if (from->kind == BL_ATTR_STRING) to->s = bl_arena_text(&m->arena, from->s, (size_t)from->n);
    if (from->kind == BL_ATTR_INTS) to->ints = copy_of(m, from->ints, from->n, sizeof *to->ints);
    if (from->kind == BL_ATTR_FLOATS) to->floats = copy_of(m, from->floats, from->n, sizeof *to->floats);
    return to->name && (from->kind != BL_ATTR_STRING || to->s) && (from->kind != BL_ATTR_INTS || to->ints) &&
           (from->kind != BL_ATTR_FLOATS || to->floats);
}

bl_status bl_model_node(bl_model *m, const char *op_name, const char *name, const int *in, int n_in, int out,
                        const bl_attr *attrs, int n_attrs, bl_error *error) {
    const char *shown = name && *name ? name : out >= 0 && out < m->n_values ? m->values[out].name : "";
    const bl_op *op = bl_op_find(op_name);
    if (!op) {
        bl_fail(error, BL_UNSUPPORTED, "node \"%.80s\": operator %.60s is not supported", shown, op_name);
        return bl_hint(error, BL_UNSUPPORTED, "the operators that are: see docs, or `backlight help operators`");
    }
    BL_TRY(check_node(m, op, shown, in, n_in, out, attrs, n_attrs, error));
    if (m->n_nodes >= BL_MAX_NODES)
        return bl_fail(error, BL_UNSUPPORTED, "the network has more than %d nodes", BL_MAX_NODES);
    void *array = m->nodes;
    if (!grow(m, &array, m->n_nodes, &m->index->node_capacity, sizeof *m->nodes)) return no_memory(error);
    m->nodes = array;
    bl_node node = {.op = op, .n_in = n_in, .out = out, .n_attrs = n_attrs};
    node.name = name ? bl_arena_text(&m->arena, name, strlen(name)) : "";
    node.in = copy_of(m, in, n_in, sizeof *in);
    bl_attr *copies = bl_arena_take_array(&m->arena, (size_t)n_attrs, sizeof *copies);
    if (!node.name || !node.in || !copies) return no_memory(error);
    for (int i = 0; i < n_attrs; i++)
        if (!copy_attr(m, &attrs[i], &copies[i])) return no_memory(error);
    node.attrs = copies;
    m->nodes[m->n_nodes] = node;
    m->values[out].producer = m->n_nodes++;
    m->values[out].type = BL_FLOAT;
    return BL_OK;
}

bl_status bl_model_set_preprocessing(bl_model *m, const float mean[4], const float std[4], bl_channels channels,
                                     bl_error *error) {
    for (int i = 0; i < 4; i++)
        if (!(fabsf(mean[i]) < 1e6f) || !(std[i] > 0 && std[i] < 1e6f)) {
            bl_fail(error, BL_USAGE, "mean %g and standard deviation %g of channel %d cannot be used", (double)mean[i],
                    (double)std[i], i);
            return bl_hint(error, BL_USAGE, "both are numbers, and the deviation is above zero");
        }
    memcpy(m->mean, mean, sizeof m->mean);
    memcpy(m->std, std, sizeof m->std);
    m->channels = channels;
    m->has_preprocessing = true;
    return BL_OK;
}

bl_status bl_model_set_labels(bl_model *m, const char *lines, size_t length, bl_error *error) {
    if (length && memchr(lines, 0, length)) return bl_fail(error, BL_FORMAT, "the labels hold a zero byte");
    while (length && (lines[length - 1] == '\n' || lines[length - 1] == '\r')) length--;
    size_t n = length > 0;
    for (size_t i = 0; i < length; i++) n += lines[i] == '\n';
    if (n > BL_MAX_LABELS) return bl_fail(error, BL_FORMAT, "there are more than %d labels", BL_MAX_LABELS);
    char **labels = bl_arena_take_array(&m->arena, n, sizeof *labels);
    if (!labels) return no_memory(error);
    size_t start = 0;
    for (size_t k = 0; k < n; k++) {
        size_t end = start;
        while (end < length && lines[end] != '\n') end++;
        size_t size = end - start;
        while (size && (lines[start + size - 1] == '\r' || lines[start + size - 1] == ' ')) size--;
        labels[k] = bl_arena_text(&m->arena, lines + start, size);
        if (!labels[k]) return no_memory(error);
        start = end + 1;
    }
    m->labels = labels;
    m->n_labels = (int)n;
    return BL_OK;
}

const char *bl_model_label(const bl_model *m, int class_index, char buffer[24]) {
    if (class_index >= 0 && class_index < m->n_labels && m->labels[class_index][0]) return m->labels[class_index];
    bl_format(buffer, 24, "class %d", class_index);
    return buffer;
}
