/* Any bytes as an ONNX file: read, planned, run, written and read again. */
#include "network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bl_bytes bytes = {data, size};
    bl_source source = bl_source_memory(&bytes);
    bl_error error = {0};
    bl_model *model;
    bl_open_options options = {.keep_batchnorm = size & 1};
    if (bl_onnx_read(&source, &options, &model, &error) != BL_OK) {
        must(error.message[0] != 0 && model == NULL, "a refusal without a word", NULL);
        return 0;
    }
    use_network(model);
    write_and_read(model, size & 2);
    bl_text text = {0};
    (void)bl_nettext_write(model, &text, &error);
    bl_text_free(&text);
    bl_model_free(model);
    return 0;
}
