/* Any bytes as a file of tensors: read, written and read again. */
#include "network.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bl_bytes bytes = {data, size};
    bl_source source = bl_source_memory(&bytes);
    bl_error error = {0};
    bl_tensors first, again;
    if (bl_tensors_read(&source, &first, &error) != BL_OK) {
        must(error.message[0] != 0 && first.n == 0, "a refusal without a word", NULL);
        return 0;
    }
    bl_text out = {0};
    if (bl_tensors_write(first.tensors, first.n, "fuzz", &out, &error) == BL_OK) {
        bytes = (bl_bytes){(const uint8_t *)out.data, out.length};
        source = bl_source_memory(&bytes);
        must(bl_tensors_read(&source, &again, &error) == BL_OK, "what was written cannot be read", &error);
        must(again.n == first.n, "tensors were lost", NULL);
        for (int i = 0; i < first.n; i++) {
            const bl_tensor *a = &first.tensors[i], *b = bl_tensors_find(&again, a->name);
            must(b && a->type == b->type && a->rank == b->rank && bl_tensor_count(a) == bl_tensor_count(b),
                 "a tensor has changed", NULL);
            size_t n = bl_tensor_count(a);
            must(a->type == BL_INT ? memcmp(a->ints, b->ints, n * sizeof *a->ints) == 0
                                   : memcmp(a->data, b->data, n * sizeof *a->data) == 0,
                 "numbers have changed", NULL);
        }
        bl_tensors_free(&again);
    } else
        must(error.code == BL_NOT_A_NUMBER, "writing failed", &error);
    bl_text_free(&out);
    bl_tensors_free(&first);
    return 0;
}
