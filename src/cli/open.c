#define _POSIX_C_SOURCE 200809L
#include "cli/cli.h"
#include "train/train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The usual ways to prepare pictures. The ImageNet means are those of torchvision's models. */
static const struct {
    const char *name;
    float mean[4], std[4];
    bl_channels channels;
} presets[] = {
    {"unit", {0, 0, 0, 0}, {1, 1, 1, 1}, BL_CHANNELS_RGB},
    {"imagenet", {0.485f, 0.456f, 0.406f, 0}, {0.229f, 0.224f, 0.225f, 1}, BL_CHANNELS_RGB},
    {"signed", {0.5f, 0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f, 0.5f}, BL_CHANNELS_RGB},
    /* 0…255 less the mean colour, as Caffe's networks: x = 255·(u − mean). */
    {"bgr255", {0.4078f, 0.4588f, 0.4850f, 0}, {1 / 255.f, 1 / 255.f, 1 / 255.f, 1}, BL_CHANNELS_BGR},
};

static bl_status apply_preset(bl_model *m, const char *name, bl_error *error) {
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++)
        if (strcmp(presets[i].name, name) == 0) {
            bl_channels order = m->input_c == 1 ? BL_CHANNELS_GREY : presets[i].channels;
            return bl_model_set_preprocessing(m, presets[i].mean, presets[i].std, order, error);
        }
    return bl_fail(error, BL_USAGE, "--preprocess knows unit, imagenet, signed and bgr255, not \"%s\"", name);
}

/* A file of seconds' reading at most: the source reads the file itself, never whole. */
static bool read_file(void *user, uint64_t offset, size_t n, void *to) {
    FILE *file = user;
    return fseeko(file, (off_t)offset, SEEK_SET) == 0 && fread(to, 1, n, file) == n;
}

static bl_status open_onnx(const char *path, const bl_open_options *options, bl_model **out, bl_error *error) {
    FILE *file = fopen(path, "rb");
    if (!file) return bl_fail(error, BL_IO, "%s cannot be opened", path);
    off_t length = fseeko(file, 0, SEEK_END) == 0 ? ftello(file) : -1;
    bl_status status;
    if (length < 0) {
        status = bl_fail(error, BL_IO, "%s cannot be read", path);
    } else {
        bl_source source = {(uint64_t)length, read_file, file};
        status = bl_onnx_read(&source, options, out, error);
    }
    fclose(file);
    return status;
}

static bool ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

bl_status bl_open_model(const bl_arguments *a, const char *path, bl_model **out, bl_error *error) {
    *out = NULL;
    bl_status status;
    if (ends_with(path, ".txt")) {
        bl_text text = {0};
        status = bl_file_read(path, &text, error);
        if (status == BL_OK) status = bl_nettext_read(text.data, text.length, 1, out, error);
        bl_text_free(&text);
    } else {
        bl_open_options options = {.keep_batchnorm = bl_option_given(a, "keep-batchnorm")};
        status = open_onnx(path, &options, out, error);
    }
    const char *preset = bl_option_value(a, "preprocess", NULL), *labels = bl_option_value(a, "labels", NULL);
    if (status == BL_OK && preset) status = apply_preset(*out, preset, error);
    if (status == BL_OK && !preset && !(*out)->has_preprocessing) {
        fprintf(stderr,
                "%s does not say how it wants its pictures: they go in as 0…1. Change that with --preprocess.\n", path);
        status = apply_preset(*out, "unit", error);
    }
    if (status == BL_OK && labels) {
        bl_text text = {0};
        status = bl_file_read(labels, &text, error);
        if (status == BL_OK) status = bl_model_set_labels(*out, text.data, text.length, error);
        bl_text_free(&text);
    }
    if (status != BL_OK) {
        bl_model_free(*out);
        *out = NULL;
    }
    return status;
}

bl_status bl_open_picture(const char *path, bl_picture *out, bl_error *error) {
    bl_text bytes = {0}, notes = {0};
    bl_status status = bl_file_read(path, &bytes, error);
    if (status == BL_OK) {
        const char *slash = strrchr(path, '/');
        status =
            bl_picture_decode((const uint8_t *)bytes.data, bytes.length, slash ? slash + 1 : path, out, &notes, error);
    }
    if (status == BL_OK && notes.length) fprintf(stderr, "%s: %s\n", path, notes.data);
    bl_text_free(&notes);
    bl_text_free(&bytes);
    return status;
}

int bl_print(bl_text *text) {
    bool failed = text->failed;
    if (!failed && text->length) fwrite(text->data, 1, text->length, stdout);
    bl_text_free(text);
    if (failed) fputs("backlight: not enough memory\n", stderr);
    return failed ? BL_EXIT_MEMORY : BL_EXIT_OK;
}

int bl_report(const bl_arguments *a, const bl_error *error) {
    if (a && bl_option_given(a, "json")) {
        bl_text t = {0};
        bl_json_open(&t, NULL, '{');
        bl_json_integer(&t, "schema", 1);
        bl_json_open(&t, "error", '{');
        bl_json_string(&t, "code", bl_status_name(error->code));
        bl_json_string(&t, "message", error->message);
        bl_json_string(&t, "hint", error->hint);
        bl_json_close(&t, '}');
        bl_json_close(&t, '}');
        bl_text_add(&t, "\n");
        bl_print(&t);
    } else {
        fprintf(stderr, "backlight: %s\n", error->message);
        if (error->hint[0]) fprintf(stderr, "%s\n", error->hint);
    }
    switch (error->code) {
    case BL_OK: return BL_EXIT_OK;
    case BL_USAGE: return BL_EXIT_USAGE;
    case BL_FORMAT:
    case BL_IO: return BL_EXIT_INPUT;
    case BL_UNSUPPORTED: return BL_EXIT_UNSUPPORTED;
    case BL_MEMORY: return BL_EXIT_MEMORY;
    case BL_STOPPED: return BL_EXIT_INTERRUPTED;
    default: return BL_EXIT_FAILED;
    }
}
