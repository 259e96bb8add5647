/* Exports: the module itself, models, pictures. What exports give and take is said in abi.h. */
#include "abi.h"

#include "kernels/kernels.h"

#include <math.h>
#include <stdlib.h>

bl_error abi_error;
bl_text abi_text;
double abi_outbox[12];

static char *inbox;
static size_t inbox_size;

enum { KEEP = 1 << 16 }; /* larger buffers are given back when their call is over */

/* A file that JavaScript holds: it copies n bytes at offset into `to`, or returns 0. */
__attribute__((import_module("env"), import_name("bl_read"))) int abi_read(int source, uint32_t low, uint32_t high,
                                                                           uint32_t n, void *to);

static bool read_source(void *user, uint64_t offset, size_t n, void *to) {
    return abi_read(*(const int *)user, (uint32_t)offset, (uint32_t)(offset >> 32), (uint32_t)n, to) != 0;
}

void abi_begin(void) {
    if (abi_text.capacity > KEEP)
        bl_text_free(&abi_text);
    else
        bl_text_clear(&abi_text);
}

bl_status abi_no_memory(void) {
    return bl_fail(&abi_error, BL_MEMORY, "there is not enough memory");
}

const char *abi_text_out(void) {
    if (abi_text.failed) {
        bl_text_free(&abi_text);
        abi_no_memory();
        return NULL;
    }
    abi_outbox[0] = (double)abi_text.length;
    return abi_text.data ? abi_text.data : "";
}

void abi_address_out(const void *address, size_t count) {
    abi_outbox[0] = (double)(uintptr_t)address;
    abi_outbox[1] = (double)count;
}

void abi_leave_model(abi_model *m) {
    if (--m->users > 0) return;
    bl_model_free(m->model);
    bl_frames_free(&m->frames);
    free(m);
}

/* ---- the module itself ---- */

ABI_EXPORT(abi) int abi_version(void) {
    return ABI_VERSION;
}
/* Which kernels the module holds: "exact" or "relaxed SIMD". */
ABI_EXPORT(kernels) const char *abi_kernels(void) {
    return bl_kernels_name();
}
ABI_EXPORT(handles) int abi_open_handles(void) {
    return abi_handles();
}
ABI_EXPORT(outbox) double *abi_outbox_address(void) {
    return abi_outbox;
}

ABI_EXPORT(error_name) const char *abi_error_name(void) {
    return bl_status_name(abi_error.code);
}
ABI_EXPORT(error_message) const char *abi_error_message(void) {
    return abi_error.message;
}
ABI_EXPORT(error_hint) const char *abi_error_hint(void) {
    return abi_error.hint;
}

/* Room for n bytes that go in with the next call; 0 gives a large one back. */
ABI_EXPORT(inbox) char *abi_inbox(uint32_t n) {
    if (n > inbox_size || inbox_size > KEEP) {
        free(inbox);
        inbox_size = n < 256 ? 256 : n;
        inbox = malloc(inbox_size);
        if (!inbox) {
            inbox_size = 0;
            abi_no_memory();
        }
    }
    return inbox;
}

ABI_EXPORT(manifest) const char *abi_manifest(void) {
    abi_begin();
    bl_manifest_json(&abi_text);
    return abi_text_out();
}

/* The colour families' names, separated by spaces, in the order of their numbers. */
ABI_EXPORT(families) const char *abi_families(void) {
    abi_begin();
    for (int i = BL_FAMILY_ACTIVATION; i <= BL_FAMILY_GREY; i++)
        bl_text_add(&abi_text, i ? " %s" : "%s", bl_family_name((bl_family)i));
    return abi_text_out();
}

/* 256 RGBA entries; theme 0: light, 1: dark. */
ABI_EXPORT(colours) const uint8_t *abi_colours(int family, int theme) {
    static uint8_t table[256][4];
    if (family < BL_FAMILY_ACTIVATION || family > BL_FAMILY_GREY) {
        bl_fail(&abi_error, BL_USAGE, "there is no colour family number %d", family);
        return NULL;
    }
    bl_colour_table((bl_family)family, theme ? BL_THEME_DARK : BL_THEME_LIGHT, table);
    return table[0];
}

/* Closes anything. A model lives on while a view or a job uses it. */
ABI_EXPORT(close) int abi_close(int handle) {
    void *object = NULL;
    abi_kind kind = abi_take(handle, &object);
    if (kind == ABI_MODEL)
        abi_leave_model(object);
    else if (kind == ABI_PICTURE) {
        bl_picture_free(object);
        free(object);
    } else if (kind == ABI_VIEW)
        abi_view_free(object);
    else if (kind == ABI_JOB)
        abi_job_free(object);
    else if (kind == ABI_EXAMPLES)
        abi_examples_free(object);
    else {
        return bl_fail(&abi_error, BL_USAGE, "there is nothing open with handle %d", handle);
    }
    return BL_OK;
}

/* ---- models ---- */

static int model_handle(bl_model *model) {
    abi_model *m = malloc(sizeof *m);
    int handle = m ? abi_handle(ABI_MODEL, m) : 0;
    if (!handle) {
        free(m);
        bl_model_free(model);
        abi_no_memory();
        return 0;
    }
    *m = (abi_model){.model = model, .users = 1};
    return handle;
}

/* An ONNX file that JavaScript holds as `source`, length = high·2³² + low. */
ABI_EXPORT(model_open) int abi_model_open(int source, uint32_t low, uint32_t high, int keep_batchnorm) {
    bl_source from = {(uint64_t)high << 32 | low, read_source, &source};
    bl_open_options options = {.keep_batchnorm = keep_batchnorm != 0};
    bl_model *model = NULL;
    abi_begin();
    return bl_onnx_read(&from, &options, &model, &abi_error) == BL_OK ? model_handle(model) : 0;
}

/* A network text, weights drawn from the seed. */
ABI_EXPORT(model_text) int abi_model_text(const char *lines, uint32_t length, uint32_t seed) {
    bl_model *model = NULL;
    abi_begin();
    return bl_nettext_read(lines, length, seed, &model, &abi_error) == BL_OK ? model_handle(model) : 0;
}

/* The model as JSON. A network that does not fit its own declared size is refused here. */
ABI_EXPORT(model_info) const char *abi_model_info(int handle) {
    abi_model *m = abi_object(handle, ABI_MODEL, &abi_error);
    if (!m) return NULL;
    abi_begin();
    bl_plan *plan = NULL;
    bl_wants wants = BL_WANTS;
    bool open_size = m->model->input_c < 1 || m->model->input_h < 1 || m->model->input_w < 1;
    if (!open_size && bl_plan_new(m->model, &wants, &plan, &abi_error) != BL_OK) return NULL;
    abi_info_json(m->model, plan, &abi_text);
    bl_plan_free(plan);
    return abi_text_out();
}

/* The history of the network's training, a file that JavaScript holds as model_open's; it stays until the model goes.
 * Text: its steps as JSON. */
ABI_EXPORT(model_history) const char *abi_model_history(int handle, int source, uint32_t low, uint32_t high) {
    abi_model *m = abi_object(handle, ABI_MODEL, &abi_error);
    if (!m) return NULL;
    bl_source from = {(uint64_t)high << 32 | low, read_source, &source};
    abi_begin();
    if (m->frames.n) {
        bl_fail(&abi_error, BL_USAGE, "this network has its history already");
        return NULL;
    }
    if (bl_frames_read(&from, m->model, &m->frames, &abi_error) != BL_OK) return NULL;
    bl_json_open(&abi_text, NULL, '{');
    bl_json_open(&abi_text, "steps", '[');
    for (int i = 0; i < m->frames.n; i++) bl_json_integer(&abi_text, NULL, m->frames.steps[i]);
    bl_json_close(&abi_text, ']');
    bl_json_integer(&abi_text, "epochSteps", m->frames.epoch_steps);
    bl_json_close(&abi_text, '}');
    return abi_text_out();
}

/* A file of tensors, which JavaScript holds as model_open's. Text: JSON, of each its name, its dims, and where its numbers lie
 * until the next such call: floats, or whole numbers of 64 bits. */
ABI_EXPORT(tensors) const char *abi_tensors(int source, uint32_t low, uint32_t high) {
    static bl_tensors file;
    bl_source from = {(uint64_t)high << 32 | low, read_source, &source};
    bl_tensors_free(&file);
    abi_begin();
    if (bl_tensors_read(&from, &file, &abi_error) != BL_OK) return NULL;
    bl_json_open(&abi_text, NULL, '[');
    for (const bl_tensor *t = file.tensors; t < file.tensors + file.n; t++) {
        bl_json_open(&abi_text, NULL, '{');
        bl_json_string(&abi_text, "name", t->name);
        bl_json_open(&abi_text, "dims", '[');
        for (int i = 0; i < t->rank; i++) bl_json_integer(&abi_text, NULL, t->dim[i]);
        bl_json_close(&abi_text, ']');
        bl_json_integer(&abi_text, t->data ? "floats" : "integers", (int64_t)(uintptr_t)(t->data ? (void *)t->data : (void *)t->ints));
        bl_json_close(&abi_text, '}');
    }
    bl_json_close(&abi_text, ']');
    return abi_text_out();
}

/* The weights of a frame, −1: the network's own, for views and jobs made from now on. */
ABI_EXPORT(model_frame) int abi_model_frame(int handle, int frame) {
    abi_model *m = abi_object(handle, ABI_MODEL, &abi_error);
    return m ? (int)bl_frames_use(&m->frames, m->model, frame, &abi_error) : BL_USAGE;
}

/* mean and std: 4 numbers each; channels as in core.h. */
ABI_EXPORT(model_preprocessing) int abi_model_preprocessing(int handle, const float *mean_std, int channels) {
    abi_model *m = abi_object(handle, ABI_MODEL, &abi_error);
    if (!m) return BL_USAGE;
    return (int)bl_model_set_preprocessing(m->model, mean_std, mean_std + 4, (bl_channels)channels, &abi_error);
}

ABI_EXPORT(model_labels) int abi_model_labels(int handle, const char *lines, uint32_t length) {
    abi_model *m = abi_object(handle, ABI_MODEL, &abi_error);
    return m ? (int)bl_model_set_labels(m->model, lines, length, &abi_error) : BL_USAGE;
}

/* ---- numbers ---- */

/* Of two lists of n numbers, one behind the other. Outbox: the correlation of their ranks, NaN where there is none. */
ABI_EXPORT(rank_correlation) int abi_rank_correlation(const float *lists, uint32_t n, int sizes) {
    double *numbers = malloc((2 * (size_t)n + 1) * sizeof *numbers);
    if (!numbers) return abi_no_memory();
    for (size_t i = 0; i < 2 * (size_t)n; i++) numbers[i] = sizes ? fabs((double)lists[i]) : (double)lists[i];
    abi_outbox[0] = bl_rank_correlation(numbers, numbers + n, n);
    free(numbers);
    return BL_OK;
}

/* ---- pictures ---- */

static int picture_handle(bl_picture picture) {
    bl_picture *p = malloc(sizeof *p);
    int handle = p ? abi_handle(ABI_PICTURE, p) : 0;
    if (!handle) {
        free(p);
        bl_picture_free(&picture);
        abi_no_memory();
        return 0;
    }
    *p = picture;
    return handle;
}

/* The notes are at bl_picture_notes. */
ABI_EXPORT(picture_decode) int abi_picture_decode(const uint8_t *bytes, uint32_t length, const char *name) {
    bl_picture picture = {0};
    abi_begin();
    return bl_picture_decode(bytes, length, name, &picture, &abi_text, &abi_error) == BL_OK ? picture_handle(picture)
                                                                                            : 0;
}
ABI_EXPORT(picture_notes) const char *abi_picture_notes(void) {
    return abi_text_out();
}

/* To be filled at bl_picture_pixels. */
ABI_EXPORT(picture_new) int abi_picture_new(int width, int height) {
    bl_picture picture = {0};
    abi_begin();
    return bl_picture_make(width, height, &picture, &abi_error) == BL_OK ? picture_handle(picture) : 0;
}

/* Outbox: address, bytes, width, height. */
ABI_EXPORT(picture_pixels) int abi_picture_pixels(int handle) {
    const bl_picture *p = abi_object(handle, ABI_PICTURE, &abi_error);
    if (!p) return BL_USAGE;
    abi_address_out(p->pixels, (size_t)p->width * (size_t)p->height * 4);
    abi_outbox[2] = p->width;
    abi_outbox[3] = p->height;
    return BL_OK;
}

/* Writes a caption, three capital letters, into the picture: its upper left corner at x, y. */
ABI_EXPORT(picture_caption) int abi_picture_caption(int handle, const char *code, int x, int y) {
    bl_picture *p = abi_object(handle, ABI_PICTURE, &abi_error);
    if (!p) return BL_USAGE;
    bl_picture_caption(p, code, x, y);
    return BL_OK;
}

/* Outbox: bytes. */
ABI_EXPORT(picture_png) const char *abi_picture_png(int handle) {
    const bl_picture *p = abi_object(handle, ABI_PICTURE, &abi_error);
    if (!p) return NULL;
    abi_begin();
    return bl_picture_png(p, &abi_text, &abi_error) == BL_OK ? abi_text_out() : NULL;
}
