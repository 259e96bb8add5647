#include "ops/explain.h"

void bl_say(bl_explain *e, bl_term_role role, double value, double factor, int operand, size_t index,
            int factor_operand, size_t factor_index) {
    e->take(e, &(bl_term){value * factor, value, factor, role, operand, index, factor_operand, factor_index});
}

void bl_say_input(bl_explain *e, const bl_op_run *r, int operand, size_t index, double factor, int factor_operand,
                  size_t factor_index) {
    bl_say(e, BL_TERM_PRODUCT, (double)r->in[operand][index], factor, operand, index, factor_operand, factor_index);
}

void bl_say_signal(bl_explain *e, const bl_op_run *r, size_t index, double factor, int factor_operand,
                   size_t factor_index) {
    bl_say(e, BL_TERM_PRODUCT, (double)r->grad_out[index], factor, BL_SIGNAL, index, factor_operand, factor_index);
}

void bl_say_empty(bl_explain *e, double value, double factor, int operand, size_t index, int factor_operand,
                  size_t factor_index) {
    bl_say(e, BL_TERM_EMPTY, value, factor, operand, index, factor_operand, factor_index);
}
