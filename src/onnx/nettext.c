#include "onnx/nettext.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/print.h"

bl_status bl_nt_fail(bl_nt_reader *t, const char *format, ...) {
    char text[300];
    va_list args;
    va_start(args, format);
    bl_format_list(text, sizeof text, format, args);
    va_end(args);
    return bl_fail(t->error, BL_FORMAT, "network text, line %d: %s", t->line, text);
}

bl_status bl_nt_no_memory(bl_nt_reader *t) {
    return bl_fail(t->error, BL_MEMORY, "not enough memory for the network");
}

bool bl_nt_more(const bl_nt_reader *t) {
    return t->word < t->n_words;
}

bool bl_nt_word(bl_nt_reader *t, const char *word) {
    if (!bl_nt_more(t) || strcmp(t->words[t->word], word)) return false;
    t->word++;
    return true;
}

bl_status bl_nt_next(bl_nt_reader *t, const char *what, char **out) {
    if (!bl_nt_more(t)) return bl_nt_fail(t, "%s is missing", what);
    *out = t->words[t->word++];
    return BL_OK;
}

bl_status bl_nt_input(bl_nt_reader *t, int *value) {
    char *word;
    BL_TRY(bl_nt_next(t, "the name of an input", &word));
    int v = bl_model_value(t->model, word, strlen(word));
    if (v < 0) return bl_nt_no_memory(t);
    if (v >= t->n_values || !t->values[v].known)
        return bl_nt_fail(t, "there is no value \"%.100s\" in the lines above", word);
    *value = v;
    return BL_OK;
}

bl_status bl_nt_int(bl_nt_reader *t, const char *what, int least, int most, int *out) {
    char *word;
    BL_TRY(bl_nt_next(t, what, &word));
    int64_t number = 0;
    const char *end = bl_read_integer(word, &number);
    if (end == word || *end || number < least || number > most)
        return bl_nt_fail(t, "%s must be a whole number from %d to %d, not \"%.60s\"", what, least, most, word);
    *out = (int)number;
    return BL_OK;
}

bl_status bl_nt_float(bl_nt_reader *t, const char *what, float *out) {
    char *word;
    BL_TRY(bl_nt_next(t, what, &word));
    double number = 0;
    const char *end = bl_read_number(word, &number);
    if (end == word || *end) return bl_nt_fail(t, "%s must be a number, not \"%.60s\"", what, word);
    *out = (float)number;
    return BL_OK;
}

bl_status bl_nt_ints(bl_nt_reader *t, const char *what, int most, int *n, int64_t *out) {
    char *word;
    BL_TRY(bl_nt_next(t, what, &word));
    *n = 0;
    for (const char *at = word;; at++) {
        int64_t number = 0;
        const char *end = bl_read_integer(at, &number);
        if (end == at || (*end && *end != ',') || number > BL_MAX_DIM || number < -BL_MAX_DIM || *n == most)
            return bl_nt_fail(t, "%s must be at most %d whole numbers with commas between, not \"%.60s\"", what, most,
                              word);
        out[(*n)++] = number;
        if (!*end) return BL_OK;
        at = end;
    }
}

bl_status bl_nt_size(bl_nt_reader *t, const char *what, int64_t out[2]) {
    char *word;
    BL_TRY(bl_nt_next(t, what, &word));
    out[0] = 0;
    const char *end = bl_read_integer(word, &out[0]);
    out[1] = out[0];
    if (end != word && *end == 'x') {
        out[1] = 0;
        end = bl_read_integer(end + 1, &out[1]);
    }
    for (int i = 0; i < 2; i++)
        if (*end || out[i] < 1 || out[i] > BL_MAX_DIM)
            return bl_nt_fail(t, "%s must be height x width as in 3x3, not \"%.60s\"", what, word);
    return BL_OK;
}

bl_shape bl_nt_shape(const bl_nt_reader *t, int value) {
    const bl_nt_value *v = &t->values[value];
    bl_shape s = v->at[0].shape;
    for (int i = 0; i < s.rank; i++)
        if (s.dim[i] != v->at[1].shape.dim[i]) s.dim[i] = -1;
    return s;
}

/* Room for what is known of a value. */
static bl_status reach(bl_nt_reader *t, int value) {
    if (value < t->n_values) return BL_OK;
    int n = value + 1 > 2 * t->n_values ? value + 64 : 2 * t->n_values;
    bl_nt_value *grown = realloc(t->values, (size_t)n * sizeof *grown);
    if (!grown) return bl_nt_no_memory(t);
    memset(grown + t->n_values, 0, (size_t)(n - t->n_values) * sizeof *grown);
    t->values = grown;
    t->n_values = n;
    return BL_OK;
}

bl_status bl_nt_new_value(bl_nt_reader *t, const char *name, int *value) {
    size_t length = strlen(name);
    if (!length || length > BL_NETTEXT_NAME) return bl_nt_fail(t, "a name has 1 to %d bytes", BL_NETTEXT_NAME);
    int v = bl_model_value(t->model, name, length);
    if (v < 0) return bl_nt_no_memory(t);
    if (v == t->model->input || t->model->values[v].is_constant || t->model->values[v].producer >= 0)
        return bl_nt_fail(t, "the name \"%.100s\" is taken", name);
    BL_TRY(reach(t, v));
    *value = v;
    return BL_OK;
}

bl_status bl_nt_constant(bl_nt_reader *t, const char *suffix, bl_type type, bl_shape shape, int *value, void *storage) {
    char name[BL_NETTEXT_NAME + 32];
    void *data;
    size_t count = bl_count(&shape);
    bl_format(name, sizeof name, "%s.%s", t->name, suffix);
    BL_TRY(bl_nt_new_value(t, name, value));
    if (count > t->weights_left) return bl_nt_fail(t, "the network has more than %zu weights", BL_NETTEXT_WEIGHTS);
    t->weights_left -= count;
    BL_TRY(bl_model_constant(t->model, *value, type, &shape, &data, t->error));
    bl_operand o = {.type = type, .shape = shape};
    if (type == BL_INT)
        o.ints = data;
    else
        o.data = data;
    t->values[*value] = (bl_nt_value){{o, o}, true};
    memcpy(storage, &data, sizeof data);
    return BL_OK;
}

bl_status bl_nt_int_constant(bl_nt_reader *t, const char *suffix, const int64_t *ints, int n, int *value) {
    int64_t *data;
    BL_TRY(bl_nt_constant(t, suffix, BL_INT, (bl_shape){1, {n}}, value, &data));
    memcpy(data, ints, (size_t)n * sizeof *ints);
    return BL_OK;
}

bl_status bl_nt_float_constant(bl_nt_reader *t, const char *suffix, float number, int *value) {
    bl_real *data;
    BL_TRY(bl_nt_constant(t, suffix, BL_FLOAT, (bl_shape){0}, value, &data));
    data[0] = (bl_real)number;
    return BL_OK;
}

bl_status bl_nt_weights(bl_nt_reader *t, const char *suffix, bl_shape shape, size_t fan_in, int *value) {
    bl_real *data;
    BL_TRY(bl_nt_constant(t, suffix, BL_FLOAT, shape, value, &data));
    bl_random random = {.seed = t->seed, .stream = BL_STREAM_WEIGHTS, .sample = (uint32_t)t->node};
    float deviation = sqrtf(2.0f / (float)fan_in), chunk[256];
    size_t count = bl_count(&shape);
    for (size_t i = 0; i < count;) {
        size_t n = count - i < 256 ? count - i : 256;
        bl_random_normals(&random, (uint32_t)i, n, chunk);
        for (size_t k = 0; k < n; k++) data[i++] = (bl_real)(chunk[k] * deviation);
    }
    return BL_OK;
}

bl_status bl_nt_node(bl_nt_reader *t, const char *op, const int *in, int n_in, const bl_attr *attrs, int n_attrs) {
    int out;
    bl_operand operands[BL_NETTEXT_INPUTS];
    if (bl_nt_more(t)) return bl_nt_fail(t, "\"%.60s\" is not understood", t->words[t->word]);
    BL_TRY(bl_nt_new_value(t, t->name, &out));
    BL_TRY(bl_model_node(t->model, op, t->name, in, n_in, out, attrs, n_attrs, t->error));
    const bl_op *entry = bl_op_find(op); /* bl_model_node knows it */
    for (int s = 0; s < 2; s++) {
        for (int i = 0; i < n_in; i++) operands[i] = in[i] < 0 ? (bl_operand){0} : t->values[in[i]].at[s];
        bl_op_plan p = {.op_name = op,
                        .node_name = t->name,
                        .opset = BL_NETTEXT_OPSET,
                        .attrs = attrs,
                        .n_attrs = n_attrs,
                        .in = operands,
                        .n_in = n_in,
                        .arena = &t->scratch,
                        .error = t->error};
        BL_TRY(entry->plan(&p));
        t->values[out].at[s] = p.out;
    }
    t->values[out].known = true;
    t->model->output = out;
    t->node++;
    return BL_OK;
}
