/* Memory: aligned buffers of numbers, and arenas for the many small pieces of a graph. */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

void *bl_alloc_aligned(size_t bytes) {
    if (bytes > SIZE_MAX - BL_ALIGN) return NULL;
    size_t size = bl_round_up(bytes ? bytes : 1);
    void *memory = aligned_alloc(BL_ALIGN, size);
    if (memory) memset(memory, 0, size);
    return memory;
}

void bl_free_aligned(void *memory) {
    free(memory);
}

enum { BLOCK_BYTES = 16 * 1024, LARGE_PIECE = 4 * 1024 };

struct bl_arena_block {
    bl_arena_block *next;
    size_t used, size; /* of the data, which starts BL_ALIGN bytes after the block */
};

static bl_arena_block *add_block(bl_arena *arena, size_t size) {
    size_t bytes;
    if (!bl_add_size(size, BL_ALIGN, &bytes)) return NULL;
    bl_arena_block *block = bl_alloc_aligned(bytes);
    if (!block) return NULL;
    block->size = size;
    /* A large piece fills its own block, which goes behind the one that small pieces still come from. */
    if (arena->blocks && size > BLOCK_BYTES) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

void *bl_arena_take(bl_arena *arena, size_t bytes) {
    _Static_assert(sizeof(bl_arena_block) <= BL_ALIGN, "a block's head must fit before its data");
    if (bytes > SIZE_MAX - 2 * BL_ALIGN) return NULL;
    size_t align = bytes >= LARGE_PIECE ? BL_ALIGN : 16;
    bl_arena_block *block = arena->blocks;
    size_t start = block ? (block->used + align - 1) / align * align : 0;
    if (!block || start > block->size || bytes > block->size - start) {
        block = add_block(arena, bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES);
        if (!block) return NULL;
        start = 0;
    }
    block->used = start + bytes;
    arena->bytes += bytes;
    return (char *)block + BL_ALIGN + start;
}

void *bl_arena_take_array(bl_arena *arena, size_t count, size_t size) {
    size_t bytes;
    return bl_mul_size(count, size, &bytes) ? bl_arena_take(arena, bytes) : NULL;
}

char *bl_arena_text(bl_arena *arena, const char *text, size_t length) {
    size_t bytes;
    char *copy = bl_add_size(length, 1, &bytes) ? bl_arena_take(arena, bytes) : NULL;
    if (copy && length) memcpy(copy, text, length);
    return copy;
}

void bl_arena_free(bl_arena *arena) {
    for (bl_arena_block *block = arena->blocks; block;) {
        bl_arena_block *next = block->next;
        bl_free_aligned(block);
        block = next;
    }
    arena->blocks = NULL;
    arena->bytes = 0;
}
