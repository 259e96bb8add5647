#include "ops/softmaxes.h"
#include "ops/explain.h"

#include "base/elementary.h"

#include <math.h>

void bl_softmax_explain(const bl_op_run *r, int of, size_t index, bl_explain *e, bool logs) {
    const bl_softmax_sizes *s = r->params;
    size_t inside = index % (s->n * s->inner), first = index - inside + inside % s->inner;
    double most = (double)r->in[0][first], sum = 0;
    for (size_t i = 0; i < s->n; i++) most = fmax(most, (double)r->in[0][first + i * s->inner]);
    for (size_t i = 0; i < s->n; i++) sum += (double)bl_exp((bl_real)((double)r->in[0][first + i * s->inner] - most));
    double own = (double)bl_exp((bl_real)((double)r->in[0][index] - most)), p = own / sum;
    e->layout(e, of < 0 ? BL_FORM_SHARE : BL_FORM_SUM, of < 0 ? 1 : s->n, 1, 1);
    if (of < 0 && logs) {
        bl_say_input(e, r, 0, index, 1, BL_NO_OPERAND, 0);
        bl_say(e, BL_TERM_SHIFT, most + (double)bl_log((bl_real)sum), -1, BL_NO_OPERAND, 0, BL_NO_OPERAND, 0);
    } else if (of < 0) {
        bl_say(e, BL_TERM_PRODUCT, own, 1 / sum, BL_NO_OPERAND, index, BL_NO_OPERAND, 0);
    }
    for (size_t i = 0; i < s->n; i++) {
        size_t at = first + i * s->inner;
        double z = (double)r->in[0][at], power = (double)bl_exp((bl_real)(z - most)), q = power / sum;
        if (of < 0)
            e->take(e, &(bl_term){power, z, 1, BL_TERM_ASIDE, 0, at, BL_NO_OPERAND, 0});
        else
            bl_say_signal(e, r, at, ((at == index) - p) * (logs ? 1 : q), BL_NO_OPERAND, 0);
    }
}

bool bl_softmax_field(const void *params, int axis, int at, int size, int *first, int *last) {
    const bl_softmax_sizes *s = params;
    return s->channels && bl_field_same(params, axis, at, size, first, last);
}
