/* The only file that includes stb. Its memory is ours, so that a decoded picture is handed over without a copy. */
#include <string.h>

#include "picture/codec.h"

static void *resized(void *memory, size_t old_bytes, size_t bytes) {
    void *larger = bl_alloc_aligned(bytes);
    if (!larger) return NULL;
    if (memory) memcpy(larger, memory, old_bytes < bytes ? old_bytes : bytes);
    bl_free_aligned(memory);
    return larger;
}

/* stb's own warnings are not ours to repair; its arithmetic on damaged coefficients overflows on purpose and the
 * result is only a wrong colour. Memory errors in it are still caught by the address sanitiser. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Weverything"
#pragma clang attribute push(                                                                                          \
    __attribute__((no_sanitize("signed-integer-overflow", "shift", "unsigned-integer-overflow"))),                     \
    apply_to = function)
#elif defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

/* No SIMD: the same bytes give the same pixels on every machine. No failure strings: they are global state. */
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_ONLY_GIF
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_NO_SIMD
#define STBI_NO_FAILURE_STRINGS
#define STBI_NO_THREAD_LOCALS
#define STBI_ASSERT(x)                               ((void)0)
#define STBI_MALLOC(bytes)                           bl_alloc_aligned(bytes)
#define STBI_REALLOC_SIZED(memory, old_bytes, bytes) resized(memory, old_bytes, bytes)
#define STBI_FREE(memory)                            bl_free_aligned(memory)
#include <stb/stb_image.h>

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#define STBIW_ASSERT(x)                               ((void)0)
#define STBIW_MALLOC(bytes)                           bl_alloc_aligned(bytes)
#define STBIW_REALLOC_SIZED(memory, old_bytes, bytes) resized(memory, old_bytes, bytes)
#define STBIW_FREE(memory)                            bl_free_aligned(memory)
#include <stb/stb_image_write.h>

#if defined(__clang__)
#pragma clang attribute pop
#endif

uint8_t *bl_stb_decode(const uint8_t *bytes, size_t length, int *width, int *height) {
    int components;
    return stbi_load_from_memory(bytes, (int)length, width, height, &components, 4);
}

uint8_t *bl_stb_png(const uint8_t *rgb, int width, int height, size_t *length) {
    int bytes = 0;
    uint8_t *png = stbi_write_png_to_mem(rgb, width * 3, width, height, 3, &bytes);
    *length = (size_t)bytes;
    return png;
}
