/* Dataset examples: of many pictures, those that move each channel of a layer most, and where in them (Zeiler & Fergus
 * 2014). Of each picture a channel's best place alone counts, so that one picture does not fill the list. */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

struct bl_examples {
    bl_plan *plan;
    bl_run *run;
    int value, each, channels, height, width;
    int *n;             /* of each channel: how many there are by now */
    bl_example *places; /* channels × each, largest first */
};

static bl_status make(bl_examples *e, const bl_model *model, int32_t height, int32_t width, bl_error *error) {
    bl_wants wants = BL_WANTS;
    wants.last = e->value;
    wants.height = height, wants.width = width;
    BL_TRY(bl_plan_new(model, &wants, &e->plan, error));
    BL_TRY(bl_run_new(e->plan, &e->run, error));
    bl_shape shape = bl_plan_shape(e->plan, e->value);
    if (shape.rank < 2 || shape.rank > 4)
        return bl_fail(error, BL_USAGE, "\"%.80s\" has no channels", model->values[e->value].name);
    e->channels = shape.dim[1];
    e->height = shape.rank > 2 ? shape.dim[2] : 1;
    e->width = shape.rank > 3 ? shape.dim[3] : 1;
    e->n = calloc((size_t)e->channels, sizeof *e->n);
    e->places = calloc((size_t)e->channels * (size_t)e->each, sizeof *e->places);
    return e->n && e->places ? BL_OK
                             : bl_fail(error, BL_MEMORY, "there is no memory for examples of %d channels", e->channels);
}

bl_status bl_examples_new(const bl_model *model, int value, int each, int32_t height, int32_t width, bl_examples **out,
                          bl_error *error) {
    *out = NULL;
    if (value < 0 || value >= model->n_values || model->values[value].is_constant)
        return bl_fail(error, BL_USAGE, "there is no layer number %d", value);
    if (each < 1 || each > BL_MOST_EXAMPLES)
        return bl_fail(error, BL_USAGE, "%d examples of a channel are not among 1 … %d", each, BL_MOST_EXAMPLES);
    bl_examples *e = calloc(1, sizeof *e);
    if (!e) return bl_fail(error, BL_MEMORY, "there is no memory for examples");
    e->value = value, e->each = each;
    bl_status status = make(e, model, height, width, error);
    if (status == BL_OK)
        *out = e;
    else
        bl_examples_free(e);
    return status;
}

void bl_examples_free(bl_examples *e) {
    if (!e) return;
    bl_run_free(e->run);
    bl_plan_free(e->plan);
    free(e->n);
    free(e->places);
    free(e);
}

bl_run *bl_examples_run(bl_examples *e) {
    return e->run;
}

/* Before the first smaller one: of equals, what came first stays in front. */
static void insert(bl_examples *e, int channel, bl_example found) {
    bl_example *list = e->places + (ptrdiff_t)channel * e->each;
    int *n = &e->n[channel], at = *n;
    while (at > 0 && list[at - 1].value < found.value) at--;
    if (at == e->each) return;
    int last = *n < e->each ? (*n)++ : e->each - 1;
    memmove(list + at + 1, list + at, (size_t)(last - at) * sizeof *list);
    list[at] = found;
}

bl_status bl_examples_add(bl_examples *e, int32_t picture, bl_error *error) {
    BL_TRY(bl_run_forward(e->run, error));
    const bl_real *map = bl_run_value(e->run, e->value);
    int plane = e->height * e->width;
    for (int c = 0; c < e->channels; c++, map += plane) {
        int best = 0;
        for (int i = 1; i < plane; i++)
            if (map[i] > map[best]) best = i;
        insert(e, c, (bl_example){picture, best / e->width, best % e->width, map[best]});
    }
    return BL_OK;
}

int bl_examples_channels(const bl_examples *e) {
    return e->channels;
}
const bl_example *bl_examples_of(const bl_examples *e, int channel, int *n) {
    *n = e->n[channel];
    return e->places + (ptrdiff_t)channel * e->each;
}
