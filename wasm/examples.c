/* Exports: the pictures that move each channel of a layer most. */
#include "abi.h"

#include <stdlib.h>

typedef struct {
    abi_model *model;
    bl_examples *examples;
    double *numbers; /* of the channels, as they go out */
} examples;

void abi_examples_free(void *object) {
    examples *e = object;
    bl_examples_free(e->examples);
    free(e->numbers);
    abi_leave_model(e->model);
    free(e);
}

ABI_EXPORT(examples_new) int abi_examples_new(int model, int value, int each) {
    abi_model *m = abi_object(model, ABI_MODEL, &abi_error);
    bl_examples *made;
    if (!m || bl_examples_new(m->model, value, each, 0, 0, &made, &abi_error) != BL_OK) return 0;
    examples *e = calloc(1, sizeof *e);
    int handle = e ? abi_handle(ABI_EXAMPLES, e) : 0;
    if (!handle) {
        bl_examples_free(made);
        free(e);
        abi_no_memory();
        return 0;
    }
    e->examples = made;
    e->model = m;
    m->users++;
    return handle;
}

ABI_EXPORT(examples_add) int abi_examples_add(int handle, int picture, int number) {
    examples *e = abi_object(handle, ABI_EXAMPLES, &abi_error);
    const bl_picture *p = abi_object(picture, ABI_PICTURE, &abi_error);
    if (!e || !p) return BL_USAGE;
    bl_run *run = bl_examples_run(e->examples);
    bl_shape in = bl_plan_shape(bl_run_plan(run), e->model->model->input);
    bl_picture fitted = {0};
    BL_TRY(bl_picture_suits(e->model->model, &abi_error));
    BL_TRY(bl_picture_fit(p, in.dim[3], in.dim[2], &fitted, &abi_error));
    bl_picture_to_input(&fitted, e->model->model, bl_run_input(run));
    bl_picture_free(&fitted);
    return (int)bl_examples_add(e->examples, number, &abi_error);
}

/* Outbox: address, count: four numbers each (picture, row, column, value) of a channel's places, largest first. */
ABI_EXPORT(examples_of) int abi_examples_of(int handle, int channel) {
    examples *e = abi_object(handle, ABI_EXAMPLES, &abi_error);
    if (!e) return BL_USAGE;
    if (channel < 0 || channel >= bl_examples_channels(e->examples))
        return bl_fail(&abi_error, BL_USAGE, "the layer has no channel %d", channel);
    int n;
    const bl_example *list = bl_examples_of(e->examples, channel, &n);
    if (!e->numbers) e->numbers = malloc(4 * BL_MOST_EXAMPLES * sizeof *e->numbers);
    if (!e->numbers) return abi_no_memory();
    for (int i = 0; i < n; i++) {
        double *to = e->numbers + 4 * i;
        to[0] = list[i].picture, to[1] = list[i].row, to[2] = list[i].column, to[3] = (double)list[i].value;
    }
    abi_address_out(e->numbers, (size_t)(4 * n));
    return BL_OK;
}
