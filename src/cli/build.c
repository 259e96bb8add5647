/* backlight build: a network text becomes an ONNX file with weights drawn from a seed. */
#include "cli/cli.h"
#include "train/train.h"

#include <stdio.h>

static int run(const bl_arguments *a) {
    int64_t seed = 1;
    if (!bl_option_integer(a, "seed", 0, INT64_MAX, &seed)) return BL_EXIT_USAGE;
    bl_error error = {0};
    bl_text text = {0}, file = {0};
    bl_model *model = NULL;
    bl_write_options how = {.half = bl_option_given(a, "half")};
    bl_status status = bl_file_read(a->arguments[0], &text, &error);
    if (status == BL_OK) status = bl_nettext_read(text.data, text.length, (uint64_t)seed, &model, &error);
    if (status == BL_OK) status = bl_onnx_write(model, &how, &file, &error);
    if (status == BL_OK) status = bl_file_write(a->arguments[1], file.data, file.length, &error);
    if (status == BL_OK) fprintf(stderr, "%s: %zu bytes\n", a->arguments[1], file.length);
    bl_model_free(model);
    bl_text_free(&file);
    bl_text_free(&text);
    return status == BL_OK ? BL_EXIT_OK : bl_report(a, &error);
}

static const bl_option options[] = {
    {"seed", "N", "of the weights (default: 1)"}, {"half", NULL, "weights as float16"}, {0}};
const bl_command bl_command_build = {"build",
                                     "make an ONNX network from a network text",
                                     "NETWORK.txt OUT.onnx",
                                     "  backlight build models/tiny-vgg.net.txt tiny.onnx --seed 7\n",
                                     options,
                                     2,
                                     2,
                                     run};
