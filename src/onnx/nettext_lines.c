/* The lines of a network text: the input, what is said of the network, and its nodes. */
#include <stdlib.h>
#include <string.h>

#include "onnx/nettext.h"
#include "onnx/wire.h"
#include "base/print.h"

/* Sizes that stand in for an open height and width while shapes are worked out. Both are large enough for any usual
 * network and have no stride in common that could hide a dependence. */
static const int32_t stand_in[2] = {512, 736};

/* Splits a line at white space, in place. Words in double quotes may hold anything but a double quote. */
static bl_status split(bl_nt_reader *t, char *line) {
    size_t room = strlen(line) / 2 + 1;
    if (!(t->words = bl_arena_take_array(&t->scratch, room, sizeof *t->words))) return bl_nt_no_memory(t);
    t->n_words = t->word = 0;
    for (char *at = line;;) {
        at += strspn(at, " \t\r");
        if (!*at || *at == '#') return BL_OK;
        bool quoted = *at == '"';
        if (quoted) at++;
        t->words[t->n_words++] = at;
        at += strcspn(at, quoted ? "\"" : " \t\r");
        if (quoted && !*at) return bl_nt_fail(t, "a double quote is not closed");
        if (*at) *at++ = 0;
    }
}

static bl_status read_input(bl_nt_reader *t) {
    bl_model *m = t->model;
    char *name, *word;
    int64_t dim[3];
    if (m->input >= 0) return bl_nt_fail(t, "a second input; there can be one");
    BL_TRY(bl_nt_next(t, "the name of the input", &name));
    BL_TRY(bl_nt_next(t, "the size of the input", &word));
    const char *at = word;
    for (int i = 0; i < 3; i++) {
        const char *end;
        if (i > 0 && *at == '?') {
            dim[i] = -1;
            end = at + 1;
        } else {
            dim[i] = 0;
            end = bl_read_integer(at, &dim[i]);
            if (end == at || dim[i] < 1 || dim[i] > BL_MAX_DIM) dim[i] = 0;
        }
        if (!dim[i] || *end != (i < 2 ? 'x' : 0))
            return bl_nt_fail(t, "the input's size is channels x height x width as in 3x64x64 or 3x?x?, not \"%.60s\"",
                              word);
        at = end + (i < 2);
    }
    if (bl_nt_more(t)) return bl_nt_fail(t, "\"%.60s\" is not understood", t->words[t->word]);
    int value;
    BL_TRY(bl_nt_new_value(t, name, &value));
    m->input = value;
    m->input_c = (int32_t)dim[0];
    m->input_h = (int32_t)dim[1];
    m->input_w = (int32_t)dim[2];
    for (int s = 0; s < 2; s++)
        t->values[value].at[s] = (bl_operand){
            BL_FLOAT,
            {4, {1, m->input_c, m->input_h < 0 ? stand_in[s] : m->input_h, m->input_w < 0 ? stand_in[s] : m->input_w}},
            NULL,
            NULL};
    t->values[value].known = true;
    return BL_OK;
}

static bl_status read_node(bl_nt_reader *t) {
    const bl_nt_form *const tables[] = {bl_nt_layers, bl_nt_plain};
    char *word;
    t->name = t->words[0];
    t->word = 2;
    if (t->model->input < 0) return bl_nt_fail(t, "the input must come before the first node");
    if (t->node == BL_NETTEXT_NODES) return bl_nt_fail(t, "the network has more than %d nodes", BL_NETTEXT_NODES);
    BL_TRY(bl_nt_next(t, "the operator", &word));
    for (size_t k = 0; k < sizeof tables / sizeof tables[0]; k++)
        for (const bl_nt_form *f = tables[k]; f->word; f++)
            if (!strcmp(word, f->word)) return f->read(t);
    return bl_nt_fail(t, "there is no operator \"%.60s\"", word);
}

/* What is said of the network apart from its nodes; applied once it is sealed. */
typedef struct {
    char *title, *credit, *labels;
    float mean[4], std[4];
    bool has_preprocessing;
    bl_channels channels;
    bool has_channels;
} header;

static bl_status read_channel_numbers(bl_nt_reader *t, float out[4]) {
    int n = 0;
    for (; bl_nt_more(t); n++) {
        if (n == 4) return bl_nt_fail(t, "more than four numbers");
        BL_TRY(bl_nt_float(t, "the value of a channel", &out[n]));
    }
    if (n != 1 && n != t->model->input_c)
        return bl_nt_fail(t, "%d numbers for %d channels (the line belongs after the input)", n,
                          (int)t->model->input_c);
    for (int i = n; i < 4; i++) out[i] = out[n - 1];
    return BL_OK;
}

static bl_status read_header(bl_nt_reader *t, header *h, char *line, bool *taken) {
    static const char *const keys[] = {"title", "credit", "labels"};
    char **texts[] = {&h->title, &h->credit, &h->labels};
    *taken = true;
    for (int i = 0; i < 3; i++) {
        size_t n = strlen(keys[i]);
        if (strncmp(line, keys[i], n) || !strchr(" \t", line[n]) ||
            strchr(line + n, '=') == line + n + strspn(line + n, " \t"))
            continue;
        char *text = line + n + strspn(line + n, " \t"), *end = text + strlen(text);
        while (end > text && strchr(" \t\r", end[-1])) *--end = 0;
        *texts[i] = text;
        if (texts[i] == &h->labels && *text == '@')
            return bl_nt_fail(t, "labels stand in the text itself, with semicolons between; @file is not read");
        return BL_OK;
    }
    BL_TRY(split(t, line));
    if (!t->n_words) return BL_OK;
    if (t->n_words >= 2 && !strcmp(t->words[1], "=")) {
        *taken = false;
        return BL_OK;
    }
    if (bl_nt_word(t, "input")) return read_input(t);
    if (bl_nt_word(t, "mean")) {
        if (!h->has_preprocessing) memcpy(h->std, (float[4]){1, 1, 1, 1}, sizeof h->std);
        h->has_preprocessing = true;
        return read_channel_numbers(t, h->mean);
    }
    if (bl_nt_word(t, "std")) {
        h->has_preprocessing = true;
        return read_channel_numbers(t, h->std);
    }
    if (bl_nt_word(t, "channels")) {
        h->has_channels = true;
        if (bl_nt_word(t, "RGB"))
            h->channels = BL_CHANNELS_RGB;
        else if (bl_nt_word(t, "BGR"))
            h->channels = BL_CHANNELS_BGR;
        else if (bl_nt_word(t, "grey"))
            h->channels = BL_CHANNELS_GREY;
        else
            return bl_nt_fail(t, "channels can be RGB, BGR or grey");
        return bl_nt_more(t) ? bl_nt_fail(t, "\"%.60s\" is not understood", t->words[t->word]) : BL_OK;
    }
    return bl_nt_fail(t, "\"%.60s\" begins no line: a node is written name = operator inputs", t->words[0]);
}

static bl_status apply(bl_nt_reader *t, header *h) {
    bl_model *m = t->model;
    if (h->title && !(m->title = bl_arena_text(&m->arena, h->title, strlen(h->title)))) return bl_nt_no_memory(t);
    if (h->credit && !(m->credit = bl_arena_text(&m->arena, h->credit, strlen(h->credit)))) return bl_nt_no_memory(t);
    if (h->labels) {
        /* "a; b; c" to lines */
        char *to = h->labels;
        for (char *from = h->labels; *from; from++) {
            bool ends = *from == ';'; /* asked first: to may be the same place */
            *to++ = ends ? '\n' : *from;
            if (ends) from += strspn(from + 1, " \t");
        }
        *to = 0;
        BL_TRY(bl_model_set_labels(m, h->labels, strlen(h->labels), t->error));
    }
    m->channels = h->has_channels ? h->channels : m->input_c == 1 ? BL_CHANNELS_GREY : BL_CHANNELS_RGB;
    return h->has_preprocessing ? bl_model_set_preprocessing(m, h->mean, h->std, m->channels, t->error) : BL_OK;
}

static bl_status read_all(bl_nt_reader *t, char *text) {
    header h = {0};
    for (char *line = text; line; t->line++) {
        char *end = strchr(line, '\n');
        bool taken;
        if (end) *end = 0;
        BL_TRY(read_header(t, &h, line + strspn(line, " \t"), &taken));
        if (!taken) BL_TRY(read_node(t));
        line = end ? end + 1 : NULL;
    }
    if (t->model->output < 0) return bl_fail(t->error, BL_FORMAT, "the network text has no node");
    BL_TRY(bl_model_seal(t->model, &(bl_open_options){.keep_batchnorm = true}, t->error));
    return apply(t, &h);
}

bl_status bl_nettext_read_within(const char *text, size_t length, uint64_t seed, size_t weights, bl_model **out,
                                 bl_error *error) {
    bl_nt_reader t = {.error = error, .seed = seed, .weights_left = weights, .line = 1};
    *out = NULL;
    if (memchr(text, 0, length) || !bl_utf8_valid(text, length))
        return bl_fail(error, BL_FORMAT, "the network text is not UTF-8 text");
    BL_TRY(bl_model_new(&t.model, error));
    t.model->opset = BL_NETTEXT_OPSET;
    t.model->input = t.model->output = -1;
    char *copy = bl_arena_text(&t.scratch, text, length);
    bl_status status = copy ? read_all(&t, copy) : bl_nt_no_memory(&t);
    if (status == BL_OK)
        *out = t.model;
    else
        bl_model_free(t.model);
    bl_arena_free(&t.scratch);
    free(t.values);
    return status;
}

bl_status bl_nettext_read(const char *text, size_t length, uint64_t seed, bl_model **out, bl_error *error) {
    return bl_nettext_read_within(text, length, seed, BL_NETTEXT_WEIGHTS, out, error);
}
