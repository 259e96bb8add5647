/* base: what every room stands on: numbers, errors, checked sizes, memory, random numbers,
 * SIMD words, elementary functions, JSON text. It knows no tensor and no network.
 * Nothing may be included here but the C library and the other headers of this folder.
 *
 * Every function that can fail returns bl_status and takes a bl_error to explain itself in;
 * the error may be NULL. Nothing in the core prints, exits, or keeps global mutable state. */
#ifndef BL_BASE_H
#define BL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The element type. The double build (-DBL_DOUBLE=1) exists for gradient checks alone: it has
 * graph, operators and naive kernels, but no SIMD. */
#if defined(BL_DOUBLE)
typedef double bl_real;
#else
typedef float bl_real;
#endif

/* Whose fault a failure is. The names cross into JavaScript and JSON as they stand. */
#define BL_STATUSES(X)                                                                                                 \
    X(OK, "ok")                                                                                                        \
    X(USAGE, "usage")             /* the caller asked for something that does not exist */                             \
    X(FORMAT, "format")           /* bytes that are not what they should be */                                         \
    X(UNSUPPORTED, "unsupported") /* a valid file that needs something Backlight has not */                            \
    X(SHAPE, "shape")             /* sizes that do not fit together */                                                 \
    X(MEMORY, "memory")           /* not enough memory, or over the limit that was set */                              \
    X(NOT_A_NUMBER, "nan")        /* a network that gives NaN or infinity */                                           \
    X(IO, "io")                   /* a file that cannot be read or written */                                          \
    X(STOPPED, "stopped")         /* the caller asked to stop */                                                       \
    X(INTERNAL, "internal")       /* a fault of Backlight */

typedef enum {
#define X(name, text) BL_##name,
    BL_STATUSES(X)
#undef X
} bl_status;

/* The status as the lower-case word of the table. */
const char *bl_status_name(bl_status status);

/* What was wrong and where (message), and what to do (hint; may be empty). UTF-8. */
typedef struct {
    bl_status code;
    char message[400];
    char hint[240];
} bl_error;

/* Writes code and message (printf format) into error, clears the hint, returns code. error may be NULL.
 * Long messages are cut at a character. */
bl_status bl_fail(bl_error *error, bl_status code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Adds what to do to an error that bl_fail has written; returns its code. */
bl_status bl_hint(bl_error *error, bl_status code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Returns from the calling function when an expression fails. */
#define BL_TRY(expression)                                                                                             \
    do {                                                                                                               \
        bl_status bl_try_status = (expression);                                                                        \
        if (bl_try_status != BL_OK) return bl_try_status;                                                              \
    } while (0)

/* Sizes: false when the result does not fit, and *out is then unchanged. */
static inline bool bl_add_size(size_t a, size_t b, size_t *out) {
    if (a > SIZE_MAX - b) return false;
    *out = a + b;
    return true;
}
static inline bool bl_mul_size(size_t a, size_t b, size_t *out) {
    if (b != 0 && a > SIZE_MAX / b) return false;
    *out = a * b;
    return true;
}

/* Every buffer of numbers starts at a multiple of this, and its size is rounded up to it. */
enum { BL_ALIGN = 64 };
static inline size_t bl_round_up(size_t bytes) {
    return (bytes + (BL_ALIGN - 1)) & ~(size_t)(BL_ALIGN - 1);
}

/* Zeroed, aligned to BL_ALIGN; NULL when there is no memory. bl_free_aligned takes NULL. */
void *bl_alloc_aligned(size_t bytes);
void bl_free_aligned(void *memory);

/* An arena: many small pieces that live and die together. Zero-initialise it; bl_arena_free ends it.
 * Pieces are zeroed and aligned to 16 bytes (BL_ALIGN from 4 KiB up); NULL when there is no memory. */
typedef struct bl_arena_block bl_arena_block;
typedef struct {
    bl_arena_block *blocks;
    size_t bytes; /* handed out so far */
} bl_arena;
void *bl_arena_take(bl_arena *arena, size_t bytes);
void *bl_arena_take_array(bl_arena *arena, size_t count, size_t size); /* NULL on overflow too */
char *bl_arena_text(bl_arena *arena, const char *text, size_t length); /* a copy, ended by 0 */
void bl_arena_free(bl_arena *arena);

#endif
