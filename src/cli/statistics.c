/* backlight statistics: what the channels of a network answer to each class, as a tensor file. */
#include "cli/cli.h"
#include "train/train.h"

#include <stdio.h>

static bl_status write_statistics(const char *path, const bl_model *model, const bl_pictures *pictures, int threads,
                                  bl_error *error) {
    bl_tensors statistics;
    bl_text out = {0};
    BL_TRY(bl_statistics(model, pictures, threads, &statistics, error));
    bl_status status = bl_tensors_write(statistics.tensors, statistics.n, "mean activation by class", &out, error);
    if (status == BL_OK) status = bl_file_write(path, out.data, out.length, error);
    if (status == BL_OK)
        fprintf(stderr, "%s: %d layers, %d classes, %d pictures, %zu bytes\n", path, statistics.n - 1,
                pictures->n_classes, pictures->n, out.length);
    bl_text_free(&out);
    bl_tensors_free(&statistics);
    return status;
}

static int statistics_main(const bl_arguments *a) {
    int64_t threads = bl_processors();
    bl_error error = {0};
    const char *data = bl_option_value(a, "data", NULL), *out = bl_option_value(a, "out", NULL);
    bl_model *model = NULL;
    bl_pictures pictures;
    if (!bl_option_integer(a, "threads", 1, 64, &threads)) return BL_EXIT_USAGE;
    if (!data) return bl_usage(a->command, "--data DIR is missing: where are the pictures?");
    if (!out) return bl_usage(a->command, "--out FILE.onnx is missing: where are the numbers to be written?");
    if (!bl_choose_kernels(a)) return BL_EXIT_USAGE;
    bl_status status = bl_open_model(a, a->arguments[0], &model, &error);
    if (status == BL_OK) {
        int32_t h = model->input_h > 0 ? model->input_h : 64, w = model->input_w > 0 ? model->input_w : 64;
        status = bl_pictures_read(data, bl_option_value(a, "split", "val"), bl_option_value(a, "classes", NULL), model,
                                  w, h, (int)threads, &pictures, &error);
    }
    if (status == BL_OK) {
        bl_pictures_say_unread(&pictures, stderr);
        status = write_statistics(out, model, &pictures, (int)threads, &error);
        bl_pictures_free(&pictures);
    }
    bl_model_free(model);
    return status == BL_OK ? BL_EXIT_OK : bl_report(a, &error);
}

static const bl_option statistics_options[] = {
    {"data", "DIR",
     "pictures: folders DIR/val/CLASS/, or entries val/CLASS/NAME in DIR/*.tar, or MNIST's files DIR/t10k-…"},
    {"out", "FILE.onnx",
     "where the numbers go: a tensor of classes × channels for each layer, named as the layer's value"},
    {"split", "NAME", "another folder than val"},
    {"classes", "FILE", "what folders hold, lines of folder, TAB, names; default: DIR/classes.tsv or DIR/words.txt"},
    {"threads", "N", "1 to 64; default: all processors; the result does not depend on it"},
    BL_KERNEL_OPTION,
    BL_MODEL_OPTIONS,
    {NULL, NULL, NULL}};

const bl_command bl_command_statistics = {
    "statistics",
    "Measure what each channel answers to each class",
    "MODEL",
    "  backlight statistics models/tiny-vgg.onnx --data ~/tiny-imagenet --out tiny-vgg.statistics.onnx\n",
    statistics_options,
    1,
    1,
    statistics_main};
