/* backlight examples: of many pictures, those that move each channel of a layer most. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>

static void print_text(const bl_examples *e, const bl_arguments *a, int from, int to, bl_text *t) {
    for (int c = from; c < to; c++) {
        int n;
        const bl_example *list = bl_examples_of(e, c, &n);
        bl_text_add(t, "channel %d\n", c);
        for (int i = 0; i < n; i++)
            bl_text_add(t, "  %10.4g  at %d, %d  %s\n", (double)list[i].value, list[i].row, list[i].column,
                        a->arguments[list[i].picture]);
    }
}

/* field: of the picture as the network gets it, first and last row and column that the place can see. */
static void print_json(const bl_examples *e, const bl_arguments *a, int from, int to, int value,
                       const bl_fields *fields, bl_text *t) {
    bl_seen field;
    bl_json_open(t, NULL, '{');
    bl_json_integer(t, "schema", 1);
    bl_json_string(t, "layer", a->arguments[1]);
    bl_json_open(t, "channels", '[');
    for (int c = from; c < to; c++) {
        int n;
        const bl_example *list = bl_examples_of(e, c, &n);
        bl_json_open(t, NULL, '{');
        bl_json_integer(t, "channel", c);
        bl_json_open(t, "examples", '[');
        for (int i = 0; i < n; i++) {
            bl_json_open(t, NULL, '{');
            bl_json_string(t, "picture", a->arguments[list[i].picture]);
            bl_json_integer(t, "row", list[i].row);
            bl_json_integer(t, "column", list[i].column);
            bl_json_number(t, "value", (double)list[i].value);
            if (bl_field_of(fields, value, list[i].row, list[i].column, &field)) {
                bl_json_open(t, "field", '[');
                bl_json_integer(t, NULL, field.row0);
                bl_json_integer(t, NULL, field.row1);
                bl_json_integer(t, NULL, field.column0);
                bl_json_integer(t, NULL, field.column1);
                bl_json_close(t, ']');
            }
            bl_json_close(t, '}');
        }
        bl_json_close(t, ']');
        bl_json_close(t, '}');
    }
    bl_json_close(t, ']');
    bl_json_close(t, '}');
    bl_text_add(t, "\n");
}

static bl_status add(bl_examples *e, const bl_model *model, const char *path, int number, bl_error *error) {
    bl_picture picture = {0}, fitted = {0};
    bl_run *run = bl_examples_run(e);
    bl_shape in = bl_plan_shape(bl_run_plan(run), model->input);
    bl_status status = bl_open_picture(path, &picture, error);
    if (status == BL_OK) status = bl_picture_fit(&picture, in.dim[3], in.dim[2], &fitted, error);
    if (status == BL_OK) {
        bl_picture_to_input(&fitted, model, bl_run_input(run));
        status = bl_examples_add(e, number, error);
    }
    bl_picture_free(&picture);
    bl_picture_free(&fitted);
    return status;
}

static int run(const bl_arguments *a) {
    int64_t each = 9, channel = -1;
    if (!bl_option_integer(a, "each", 1, BL_MOST_EXAMPLES, &each)) return BL_EXIT_USAGE;
    if (!bl_option_integer(a, "channel", 0, 1 << 20, &channel)) return BL_EXIT_USAGE;
    bl_error error = {0};
    bl_model *model = NULL;
    bl_examples *e = NULL;
    cli_progress progress = {0};
    bl_text text = {0};
    bl_fields fields = {0};
    bl_status status = bl_open_model(a, a->arguments[0], &model, &error);
    if (status == BL_OK) status = bl_picture_suits(model, &error);
    if (status == BL_OK) {
        int value = bl_model_find(model, a->arguments[1]);
        status = value < 0 ? bl_fail(&error, BL_USAGE, "the network has no layer \"%.80s\"", a->arguments[1])
                           : bl_examples_new(model, value, (int)each, 0, 0, &e, &error);
        if (value < 0) bl_hint(&error, BL_USAGE, "`backlight info` lists the layers");
    }
    if (status == BL_OK && channel >= bl_examples_channels(e))
        status = bl_fail(&error, BL_USAGE, "\"%.80s\" has %d channels, 0 … %d", a->arguments[1],
                         bl_examples_channels(e), bl_examples_channels(e) - 1);
    for (int i = 2; status == BL_OK && i < a->n; i++) {
        status = add(e, model, a->arguments[i], i, &error);
        cli_progress_show(&progress, (double)(i - 1) / (a->n - 2), a->arguments[i]);
    }
    cli_progress_clear(&progress);
    if (status == BL_OK) status = bl_fields_new(bl_run_plan(bl_examples_run(e)), &fields, &error);
    int code;
    if (status == BL_OK) {
        int from = channel < 0 ? 0 : (int)channel, to = channel < 0 ? bl_examples_channels(e) : from + 1;
        if (bl_option_given(a, "json"))
            print_json(e, a, from, to, bl_model_find(model, a->arguments[1]), &fields, &text);
        else
            print_text(e, a, from, to, &text);
        code = bl_print(&text);
    } else {
        code = bl_report(a, &error);
    }
    bl_fields_free(&fields);
    bl_examples_free(e);
    bl_model_free(model);
    return code;
}

static const bl_option options[] = {{"channel", "N", "this channel alone (default: all)"},
                                    {"each", "N", "places of a channel, each of another picture (default: 9)"},
                                    {"json", NULL, "as JSON"},
                                    BL_MODEL_OPTIONS,
                                    {0}};
const bl_command bl_command_examples = {
    "examples",
    "say which of many pictures move each channel of a layer most, and where",
    "MODEL LAYER PICTURE…",
    "  backlight examples models/tiny-vgg.onnx relu_2_2 public/samples/*.jpg --channel 3\n",
    options,
    3,
    1000000,
    run};
