#include "onnx/reader.h"
#include "base/print.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 64, NUMBERS_MAX = 256 };

/* The text of a metadata value, in scratch memory. */
static bl_status text_of(bl_reader *r, const bl_field *f, char **out, size_t *length) {
    size_t n = (size_t)(f->span.end - f->span.pos);
    char *text = bl_arena_take(&r->scratch, n + 1);
    if (!text) return bl_fail(r->error, BL_MEMORY, "not enough memory for the metadata");
    *out = text;
    return bl_wire_text(f, text, n, length);
}

/* backlight.layers: one a line, `readable name=value`. Empty lines are passed over. */
static bl_status read_layers(bl_reader *r, const bl_field *f) {
    char *text;
    size_t length;
    BL_TRY(text_of(r, f, &text, &length));
    int lines = 1;
    for (size_t i = 0; i < length; i++) lines += text[i] == '\n';
    if (!(r->layers = bl_arena_take_array(&r->scratch, (size_t)lines, sizeof *r->layers)))
        return bl_fail(r->error, BL_MEMORY, "not enough memory for the metadata");
    r->n_layers = 0;
    for (char *line = text; line;) {
        char *end = strchr(line, '\n');
        if (end) *end = 0;
        char *equals = strchr(line, '=');
        if (equals && equals != line && equals - line <= BL_NAME_MAX) {
            *equals = 0;
            r->layers[r->n_layers] = (bl_layer_name){equals + 1, line, r->n_layers};
            r->n_layers++;
        } else if (*line) {
            return bl_fail(r->error, BL_FORMAT, "backlight.layers: \"%.80s\" is not of the form name=value", line);
        }
        line = end ? end + 1 : NULL;
    }
    return BL_OK;
}

bl_status bl_reader_metadata(bl_reader *r, bl_cursor c) {
    bl_field f, value = {0};
    char key[KEY_MAX + 1] = "";
    for (;;) {
        BL_TRY(bl_wire_next(&c, &f));
        if (!f.number) break;
        if (f.number == 1) {
            if (f.wire == BL_WIRE_BYTES && f.span.end - f.span.pos > KEY_MAX) return BL_OK; /* none of ours */
            BL_TRY(bl_wire_text(&f, key, KEY_MAX, NULL));
        }
        if (f.number == 2 && f.wire == BL_WIRE_BYTES) value = f;
    }
    if (!value.number) return BL_OK;
    const struct {
        const char *name;
        bl_field *field;
    } ours[] = {
        {"backlight.labels", &r->labels},     {"backlight.mean", &r->mean},   {"backlight.std", &r->std},
        {"backlight.channels", &r->channels}, {"backlight.title", &r->title}, {"backlight.credit", &r->credit},
    };
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (!strcmp(key, ours[i].name)) *ours[i].field = value;
    return strcmp(key, "backlight.layers") ? BL_OK : read_layers(r, &value);
}

static int by_value(const void *a, const void *b) {
    const bl_layer_name *x = a, *y = b;
    int order = strcmp(x->value, y->value);
    return order ? order : x->order - y->order;
}

void bl_reader_sort_layers(bl_reader *r) {
    if (r->n_layers) qsort(r->layers, (size_t)r->n_layers, sizeof *r->layers, by_value);
}

const char *bl_reader_layer(const bl_reader *r, const char *value, const char *otherwise) {
    int low = 0, high = r->n_layers;
    while (low < high) { /* the first that is not before value */
        int middle = low + (high - low) / 2;
        if (strcmp(r->layers[middle].value, value) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->n_layers && !strcmp(r->layers[low].value, value) ? r->layers[low].name : otherwise;
}

/* One to four numbers, one for each channel or one for all. */
static bl_status read_channel_numbers(bl_reader *r, const bl_field *f, const char *key, float out[4]) {
    char text[NUMBERS_MAX + 1];
    const char *at = text;
    int n = 0;
    if (f->span.end - f->span.pos > NUMBERS_MAX) return bl_fail(r->error, BL_FORMAT, "%s is too long", key);
    BL_TRY(bl_wire_text(f, text, NUMBERS_MAX, NULL));
    for (;;) {
        at += strspn(at, " \t\r\n,;[]()");
        if (!*at) break;
        double number = 0;
        const char *end = bl_read_number(at, &number);
        if (end == at || n == 4 || !(number > -1e6 && number < 1e6))
            return bl_fail(r->error, BL_FORMAT, "%s: \"%.60s\" is not a list of one to four numbers", key, text);
        out[n++] = (float)number;
        at = end;
    }
    if (n != 1 && n != r->model->input_c && r->model->input_c > 0)
        return bl_fail(r->error, BL_FORMAT, "%s has %d numbers, but the network takes %d channels", key, n,
                       (int)r->model->input_c);
    for (int i = n; i < 4; i++) out[i] = n ? out[n - 1] : 0;
    return BL_OK;
}

static bl_status read_channels(bl_reader *r, bl_channels *out) {
    char text[KEY_MAX + 1];
    BL_TRY(bl_wire_text(&r->channels, text, KEY_MAX, NULL));
    if (!strcmp(text, "RGB"))
        *out = BL_CHANNELS_RGB;
    else if (!strcmp(text, "BGR"))
        *out = BL_CHANNELS_BGR;
    else if (!strcmp(text, "grey"))
        *out = BL_CHANNELS_GREY;
    else
        return bl_fail(r->error, BL_FORMAT, "backlight.channels is \"%s\"; it can be RGB, BGR or grey", text);
    return BL_OK;
}

static bl_status read_line(bl_reader *r, const bl_field *f, const char **out) {
    char *text;
    size_t length;
    BL_TRY(text_of(r, f, &text, &length));
    *out = bl_arena_text(&r->model->arena, text, length);
    return *out ? BL_OK : bl_fail(r->error, BL_MEMORY, "not enough memory for the metadata");
}

bl_status bl_reader_apply_metadata(bl_reader *r) {
    bl_model *m = r->model;
    if (r->title.number) BL_TRY(read_line(r, &r->title, &m->title));
    if (r->credit.number) BL_TRY(read_line(r, &r->credit, &m->credit));
    if (r->labels.number) {
        char *text;
        size_t length;
        BL_TRY(text_of(r, &r->labels, &text, &length));
        BL_TRY(bl_model_set_labels(m, text, length, r->error));
    }
    bl_channels channels = m->input_c == 1 ? BL_CHANNELS_GREY : BL_CHANNELS_RGB;
    if (r->channels.number) BL_TRY(read_channels(r, &channels));
    m->channels = channels;
    if (!r->mean.number && !r->std.number) return BL_OK;
    float mean[4] = {0, 0, 0, 0}, std[4] = {1, 1, 1, 1};
    if (r->mean.number) BL_TRY(read_channel_numbers(r, &r->mean, "backlight.mean", mean));
    if (r->std.number) BL_TRY(read_channel_numbers(r, &r->std, "backlight.std", std));
    return bl_model_set_preprocessing(m, mean, std, channels, r->error);
}
