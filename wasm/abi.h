/* wasm: the core's functions for JavaScript. abi.c, view.c, explain.c, examples.c and job.c hold the exports, handles.c
 * the table of what JavaScript has open, info.c the description of a model; core.js is the only caller, and everything
 * above it (worker.js, backlight.js, the page) knows objects, never handles or addresses.
 *
 * Exports are flat: int, double and addresses. What JavaScript opens is a handle, checked on every call. Functions that
 * make something return its handle, or 0; the others return a bl_status, or an address that is 0 on failure. What went
 * wrong is then told by bl_error_name, bl_error_message and bl_error_hint. Numbers come back in the outbox, texts
 * (UTF-8, ended by 0) and bytes at an address; all of these are valid until the next call. Texts and bytes go in by the
 * inbox. May include backlight.h. Built for WebAssembly alone; one thread. */
#ifndef BL_ABI_H
#define BL_ABI_H

#include "backlight.h"

/* Raised whenever an export changes its meaning; core.js refuses another number. */
enum { ABI_VERSION = 4 };

#define ABI_EXPORT(name) __attribute__((export_name("bl_" #name)))

typedef enum { ABI_MODEL = 1, ABI_PICTURE, ABI_VIEW, ABI_JOB, ABI_EXAMPLES } abi_kind;

/* Puts an object into the table: its handle (a slot, with the slot's generation in the upper bits), or 0 without
 * memory. */
int abi_handle(abi_kind kind, void *object);
/* The object of a handle of that kind; NULL for any other number, with the error written. */
void *abi_object(int handle, abi_kind kind, bl_error *error);
/* The kind of a handle and its object, taken out of the table: the handle is dead. 0 for any other number. */
abi_kind abi_take(int handle, void **object);
/* Handles in use. */
int abi_handles(void);

/* A model as JavaScript holds it: freed when it is closed and no view or job uses it any more. */
typedef struct {
    bl_model *model;
    int users;        /* the handle, views and jobs */
    bl_frames frames; /* of its training; n 0: none */
} abi_model;
void abi_leave_model(abi_model *m);
int abi_close(int handle); /* the export: a failed start closes what it made */
void abi_view_free(void *view);
void abi_job_free(void *job);
void abi_examples_free(void *examples);

/* What a call gives back besides its return value. */
extern bl_error abi_error;
extern bl_text abi_text;
extern double abi_outbox[12];
void abi_begin(void);                                    /* forgets the text of the call before */
bl_status abi_no_memory(void);                           /* writes the error */
const char *abi_text_out(void);                          /* abi_text, its length in outbox[0] */
void abi_address_out(const void *address, size_t count); /* outbox[0] and [1] */

/* Writes what a page needs to know of a model: title, input, labels, preprocessing, values, nodes, costs. Shapes and
 * costs come from plan; it is NULL when the file leaves the input's size open. */
void abi_info_json(const bl_model *m, const bl_plan *plan, bl_text *t);

#endif
