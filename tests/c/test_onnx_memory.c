/* No memory: the n-th allocation fails, for every n, while network texts and ONNX files are read and written. Each time
 * an error must come back and nothing may leak. */
#include "graphs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long left; /* allocations that still succeed; negative: all of them */
static bool granted(void) {
    return left != 0 && (left -= left > 0, true);
}
static void *scarce_aligned(size_t align, size_t size) {
    return granted() ? aligned_alloc(align, size) : NULL;
}
static void *scarce_zeroed(size_t n, size_t size) {
    return granted() ? calloc(n, size) : NULL;
}
static void *scarce_larger(void *old, size_t size) {
    return granted() ? realloc(old, size) : NULL;
}

/* The sources that ask C for memory, with its allocation replaced; they stand in for the library's. */
#define aligned_alloc scarce_aligned
#define calloc        scarce_zeroed
#define realloc       scarce_larger
#include "../../src/base/memory.c"
#include "../../src/base/text.c"
#include "../../src/onnx/nettext.c"
#include "../../src/onnx/reader.c"
#undef aligned_alloc
#undef calloc
#undef realloc

static const char text[] =
    "input x 1x8x8\ntitle T\ncredit C\nlabels a; b\nmean 0.5\nstd 0.2\na = conv x 3 3x3 pad 1\nb = batchnorm a\nc = "
    "clip b 0 6\n"
    "d = concat a c\ne = maxpool d 2x2 stride 2\nf = flatten e\ng = dropout f 0.5\nh = dense g 2\ni = softmax h\n";

/* Reads the text, writes it as ONNX in half precision, reads that, and writes it as text. */
static bl_status there_and_back(bl_error *error) {
    bl_model *m = NULL, *again = NULL;
    bl_text file = {0}, lines = {0};
    bl_status status = bl_nettext_read(text, sizeof text - 1, 1, &m, error);
    if (status == BL_OK) status = bl_onnx_write(m, &(bl_write_options){.half = true}, &file, error);
    if (status == BL_OK) {
        bl_bytes bytes = {(const uint8_t *)file.data, file.length};
        bl_source source = bl_source_memory(&bytes);
        status = bl_onnx_read(&source, &(bl_open_options){.keep_batchnorm = true}, &again, error);
    }
    if (status == BL_OK) status = bl_nettext_write(again, &lines, error);
    bl_text_free(&file);
    bl_text_free(&lines);
    bl_model_free(m);
    bl_model_free(again);
    return status;
}

static void every_allocation_fails_once(void **state) {
    (void)state;
    bl_status status = BL_MEMORY;
    long failures = 0;
    for (; status != BL_OK; failures++) {
        bl_error error = {0};
        left = failures;
        status = there_and_back(&error);
        if (status != BL_OK && (status != BL_MEMORY || error.message[0] == 0))
            fail_msg("allocation %ld: %s %s", failures, bl_status_name(status), error.message);
        assert_true(failures < 1000);
    }
    left = -1;
    assert_true(failures > 20);
}

int main(void) {
    left = -1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_fails_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
