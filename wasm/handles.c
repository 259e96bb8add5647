/* The table of what JavaScript has open. A handle is slot + 1 in the lower 16 bits and the slot's generation above,
 * which changes whenever the slot is emptied: an old handle is found out instead of reaching another object. */
#include "abi.h"

#include <stdlib.h>

typedef struct {
    void *object;
    abi_kind kind; /* 0: empty */
    int generation;
} slot;

enum { MAX_SLOTS = 0xFFFF, GENERATIONS = 0x7FFF };

static slot *slots;
static int n_slots, in_use;

static int free_slot(void) {
    for (int i = 0; i < n_slots; i++)
        if (!slots[i].kind) return i;
    if (n_slots == MAX_SLOTS) return -1;
    int count = n_slots ? n_slots * 2 : 32;
    if (count > MAX_SLOTS) count = MAX_SLOTS;
    slot *more = realloc(slots, (size_t)count * sizeof *slots);
    if (!more) return -1;
    for (int i = n_slots; i < count; i++) more[i] = (slot){0};
    int first = n_slots;
    slots = more;
    n_slots = count;
    return first;
}

int abi_handle(abi_kind kind, void *object) {
    int i = free_slot();
    if (i < 0) return 0;
    slots[i].object = object;
    slots[i].kind = kind;
    in_use++;
    return slots[i].generation << 16 | (i + 1);
}

static slot *find(int handle) {
    int i = (handle & 0xFFFF) - 1;
    if (handle <= 0 || i < 0 || i >= n_slots || !slots[i].kind || slots[i].generation != handle >> 16) return NULL;
    return &slots[i];
}

void *abi_object(int handle, abi_kind kind, bl_error *error) {
    static const char *const names[] = {"", "network", "picture", "view", "job", "search for examples"};
    slot *s = find(handle);
    if (s && s->kind == kind) return s->object;
    bl_fail(error, BL_USAGE, "this %s is closed, or never was one (handle %d)", names[kind], handle);
    bl_hint(error, BL_USAGE, "Open it again; after close() nothing can be asked of it.");
    return NULL;
}

abi_kind abi_take(int handle, void **object) {
    slot *s = find(handle);
    if (!s) return 0;
    abi_kind kind = s->kind;
    *object = s->object;
    s->kind = 0;
    s->object = NULL;
    s->generation = (s->generation + 1) & GENERATIONS;
    in_use--;
    return kind;
}

int abi_handles(void) {
    return in_use;
}
