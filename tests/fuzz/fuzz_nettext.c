/* Any bytes as a network text: read, planned, run, written as text and as ONNX, and both read again. */
#include "network.h"
#include "onnx/nettext.h"

enum { WEIGHTS = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bl_error error = {0};
    bl_model *model, *again;
    if (bl_nettext_read_within((const char *)data, size, 1, WEIGHTS, &model, &error) != BL_OK) {
        must(error.message[0] != 0 && model == NULL, "a refusal without a word", NULL);
        return 0;
    }
    use_network(model);
    write_and_read(model, false);
    bl_text text = {0};
    if (bl_nettext_write(model, &text, &error) == BL_OK) {
        bl_status status = bl_nettext_read_within(text.data, text.length, 1, WEIGHTS, &again, &error);
        must(status == BL_OK, "a written network text cannot be read", &error);
        must(again->n_nodes <= model->n_nodes, "a written network text has more nodes", NULL);
        bl_model_free(again);
    }
    bl_text_free(&text);
    bl_model_free(model);
    return 0;
}
