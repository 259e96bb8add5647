#include "ops/common.h"
#include "ops/explain.h"

/* Both operands and the result as rank 4, ones in front; steps are 0 where an operand is broadcast. */
typedef struct {
    size_t dim[4], step[2][4];
} broadcast;

static bool lay(const bl_shape *s, const bl_shape *out, size_t step[4]) {
    size_t next = 1;
    for (int i = 3; i >= 0; i--) {
        int at = i - 4 + s->rank, to = i - 4 + out->rank;
        int32_t d = at >= 0 ? s->dim[at] : 1;
        if (to >= 0 && d != 1 && d != out->dim[to]) return false;
        step[i] = d == 1 ? 0 : next;
        next *= (size_t)d;
    }
    return true;
}

static bl_status result_shape(bl_op_plan *p, bl_shape *out, broadcast *b) {
    const bl_shape *x = &p->in[0].shape, *y = &p->in[1].shape;
    const bl_shape *longer = x->rank >= y->rank ? x : y, *other = longer == x ? y : x;
    *out = *longer;
    for (int i = 0; i < other->rank; i++) {
        int at = out->rank - other->rank + i;
        if (out->dim[at] == 1) out->dim[at] = other->dim[i];
    }
    if (!lay(x, out, b->step[0]) || !lay(y, out, b->step[1]))
        return bl_op_fail(p, BL_SHAPE, "the two shapes cannot be broadcast to each other");
    for (int i = 0; i < 4; i++) b->dim[i] = i < 4 - out->rank ? 1 : (size_t)out->dim[i - 4 + out->rank];
    return BL_OK;
}

/* Walks over the rows of the result: i, j, l are its first three places. */
#define FOR_ROWS(b)                                                                                                    \
    for (size_t i = 0; i < (b)->dim[0]; i++)                                                                           \
        for (size_t j = 0; j < (b)->dim[1]; j++)                                                                       \
            for (size_t l = 0; l < (b)->dim[2]; l++)
#define ROW(b, k)  (i * (b)->step[k][0] + j * (b)->step[k][1] + l * (b)->step[k][2])
#define OUT_ROW(b) (((i * (b)->dim[1] + j) * (b)->dim[2] + l) * (b)->dim[3])

static bl_status plan_ints(bl_op_plan *p, const bl_binary *f, const bl_shape *out, const broadcast *b) {
    int64_t *y;
    BL_TRY(bl_op_ints(p, out, &y));
    FOR_ROWS(b)
    for (size_t k = 0; k < b->dim[3]; k++) {
        int64_t a = p->in[0].ints[ROW(b, 0) + k * b->step[0][3]], c = p->in[1].ints[ROW(b, 1) + k * b->step[1][3]];
        if (!f->ints(a, c, &y[OUT_ROW(b) + k]))
            return bl_op_fail(p, BL_FORMAT, "the division of integers has no result");
    }
    return BL_OK;
}

bl_status bl_binary_plan(bl_op_plan *p, const bl_binary *f) {
    bl_shape out;
    broadcast b;
    BL_TRY(result_shape(p, &out, &b));
    if (p->in[0].type == BL_INT && p->in[1].type == BL_INT) return plan_ints(p, f, &out, &b);
    BL_TRY(bl_op_need_floats(p, 0, 1));
    BL_TRY(bl_op_result(p, &out));
    /* Rows as long as can be: axes that both operands walk alike become one. */
    for (int i = 2; i >= 0; i--) {
        bool alike = true;
        for (int k = 0; k < 2; k++) {
            if (b.dim[3] == 1)
                b.step[k][3] = b.step[k][i];
            else if (b.step[k][i] != b.step[k][3] * b.dim[3])
                alike = false;
        }
        if (!alike && b.dim[i] != 1) break;
        b.dim[3] *= b.dim[i];
        b.dim[i] = 1;
        for (int k = 0; k < 2; k++) b.step[k][i] = 0;
    }
    broadcast *kept = bl_op_params(p, sizeof *kept);
    if (!kept) return BL_MEMORY;
    *kept = b;
    return BL_OK;
}

void bl_binary_forward(const bl_op_run *r, const bl_binary *f) {
    const broadcast *b = r->params;
    FOR_ROWS(b)
    f->forward(b->dim[3], r->in[0] + ROW(b, 0), b->step[0][3], r->in[1] + ROW(b, 1), b->step[1][3],
               r->out + OUT_ROW(b));
}

/* Terms are made a piece at a time and then either stored or, where the operand was one number for the row, summed. */
static void backward_row(const bl_op_run *r, const bl_binary *f, int which, const broadcast *b, size_t rows[2],
                         size_t out, double *sum, bl_real *d) {
    enum { PIECE = 256 };
    bl_real terms[PIECE];
    for (size_t k = 0; k < b->dim[3]; k += PIECE) {
        size_t n = b->dim[3] - k < PIECE ? b->dim[3] - k : PIECE;
        const bl_real *x = r->in[0] ? r->in[0] + rows[0] + k * b->step[0][3] : NULL;
        const bl_real *y = r->in[1] ? r->in[1] + rows[1] + k * b->step[1][3] : NULL;
        f->partial[which](n, r->grad_out + out + k, x, b->step[0][3], y, b->step[1][3], terms);
        if (d)
            bl_add_to(d + k, terms, n);
        else
            *sum += bl_sum(terms, n);
    }
}

static void backward_operand(const bl_op_run *r, const bl_binary *f, int which) {
    const broadcast *b = r->params;
    bl_real *d = r->grad_in[which];
    bool whole_row = b->step[which][3] == 1 || b->dim[3] == 1;
    if (!r->add[which] && bl_count(&r->in_shape[which]) == bl_count(&r->out_shape)) { /* each element hears once */
        FOR_ROWS(b) {
            size_t rows[2] = {ROW(b, 0), ROW(b, 1)};
            f->partial[which](b->dim[3], r->grad_out + OUT_ROW(b), r->in[0] ? r->in[0] + rows[0] : NULL, b->step[0][3],
                              r->in[1] ? r->in[1] + rows[1] : NULL, b->step[1][3], d + rows[which]);
        }
        return;
    }
    if (!r->add[which])
        for (size_t i = 0; i < bl_count(&r->in_shape[which]); i++) d[i] = 0;
    FOR_ROWS(b) {
        size_t rows[2] = {ROW(b, 0), ROW(b, 1)};
        double sum = 0;
        backward_row(r, f, which, b, rows, OUT_ROW(b), &sum, whole_row ? d + rows[which] : NULL);
        if (!whole_row) d[rows[which]] += (bl_real)sum;
    }
}

void bl_binary_backward(const bl_op_run *r, const bl_binary *f) {
    for (int k = 0; k < 2; k++)
        if (r->grad_in[k]) backward_operand(r, f, k);
}

static void explain_result(const bl_op_run *r, const size_t at[4], bl_explain *e, const bl_binary *f) {
    const broadcast *b = r->params;
    size_t from[2] = {0, 0};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < 4; i++) from[k] += at[i] * b->step[k][i];
    double x = (double)r->in[0][from[0]], y = (double)r->in[1][from[1]];
    e->layout(e, BL_FORM_SUM, f->is_sum ? 2 : 1, 1, 1);
    bl_say_input(e, r, 0, from[0], f->factor(0, x, y), f->is_sum ? BL_NO_OPERAND : 1, from[1]);
    if (f->is_sum) bl_say_input(e, r, 1, from[1], f->factor(1, x, y), BL_NO_OPERAND, 0);
}

/* The gradient of an operand: from every place of the result that read this element. */
static void explain_operand(const bl_op_run *r, int of, size_t index, bl_explain *e, const bl_binary *f) {
    const broadcast *b = r->params;
    size_t first[4], end[4], n = 1;
    for (int i = 0; i < 4; i++) {
        size_t step = b->step[of][i];
        first[i] = step ? index / step % b->dim[i] : 0;
        end[i] = step ? first[i] + 1 : b->dim[i];
        n *= end[i] - first[i];
    }
    e->layout(e, BL_FORM_SUM, 1, 1, n);
    for (size_t i = first[0]; i < end[0]; i++)
        for (size_t j = first[1]; j < end[1]; j++)
            for (size_t l = first[2]; l < end[2]; l++)
                for (size_t k = first[3]; k < end[3]; k++) {
                    size_t from[2] = {ROW(b, 0) + k * b->step[0][3], ROW(b, 1) + k * b->step[1][3]};
                    double factor = f->factor(of, (double)r->in[0][from[0]], (double)r->in[1][from[1]]);
                    bl_say_signal(e, r, OUT_ROW(b) + k, factor, f->is_sum ? BL_NO_OPERAND : !of, from[!of]);
                }
}

void bl_binary_explain(const bl_op_run *r, int of, size_t index, bl_explain *e, const bl_binary *f) {
    const broadcast *b = r->params;
    size_t at[4];
    if (of >= 0) {
        explain_operand(r, of, index, e, f);
        return;
    }
    for (int i = 3; i >= 0; i--) at[i] = index % b->dim[i], index /= b->dim[i];
    explain_result(r, at, e, f);
}
