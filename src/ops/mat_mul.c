#include "ops/common.h"
#include "ops/explain.h"

#include <string.h>

/* Stacks of matrices, broadcast over the axes before the last two: m×k times k×n, `stack` results. */
typedef struct {
    int m, n, k;
    size_t stack[2], a_step[2], b_step[2]; /* matrices along either axis, elements from one to the next */
} matmul;

static bl_matrix turned(bl_matrix a) {
    return (bl_matrix){a.data, a.col, a.row};
}

static bl_status plan(bl_op_plan *p) {
    const bl_shape *a = &p->in[0].shape, *b = &p->in[1].shape;
    BL_TRY(bl_op_need_floats(p, 0, 1));
    if (a->rank < 2 || b->rank < 2)
        return bl_op_fail(p, BL_UNSUPPORTED, "operands of rank %d and %d; vectors (rank 1) are not supported", a->rank,
                          b->rank);
    matmul s = {.m = a->dim[a->rank - 2], .k = a->dim[a->rank - 1], .n = b->dim[b->rank - 1], .stack = {1, 1}};
    if (b->dim[b->rank - 2] != s.k)
        return bl_op_fail(p, BL_SHAPE, "rows of %d numbers meet columns of %d", s.k, (int)b->dim[b->rank - 2]);
    bl_shape out = {.rank = a->rank > b->rank ? a->rank : b->rank};
    size_t a_next = (size_t)s.m * (size_t)s.k, b_next = (size_t)s.k * (size_t)s.n;
    for (int i = 1; i >= 0; i--) {
        int at = i - 4 + a->rank, bt = i - 4 + b->rank, to = i - 4 + out.rank;
        int32_t x = at >= 0 ? a->dim[at] : 1, y = bt >= 0 ? b->dim[bt] : 1;
        if (x != y && x != 1 && y != 1)
            return bl_op_fail(p, BL_SHAPE, "stacks of %d and %d matrices cannot be broadcast", (int)x, (int)y);
        s.stack[i] = (size_t)(x > y ? x : y);
        s.a_step[i] = x == 1 ? 0 : a_next;
        s.b_step[i] = y == 1 ? 0 : b_next;
        a_next *= (size_t)x;
        b_next *= (size_t)y;
        if (to >= 0) out.dim[to] = (int32_t)s.stack[i];
    }
    out.dim[out.rank - 2] = s.m;
    out.dim[out.rank - 1] = s.n;
    BL_TRY(bl_op_result(p, &out));
    matmul *kept = bl_op_params(p, sizeof *kept);
    if (!kept) return BL_MEMORY;
    *kept = s;
    bl_matrix left = {NULL, s.k, 1}, right = {NULL, s.n, 1}, signal = {NULL, s.n, 1};
    size_t needs[3] = {bl_dense_scratch(s.m, s.n, s.k, left, right),
                       bl_dense_scratch(s.m, s.k, s.n, signal, turned(right)),
                       bl_dense_scratch(s.k, s.n, s.m, turned(left), signal)};
    for (int i = 0; i < 3; i++)
        if (needs[i] > p->scratch) p->scratch = needs[i];
    p->macs = (double)bl_count(&out) * s.k;
    return bl_op_check_work(p, p->macs);
}

#define FOR_STACK(s)                                                                                                   \
    for (size_t i = 0; i < (s)->stack[0]; i++)                                                                         \
        for (size_t j = 0; j < (s)->stack[1]; j++)
#define A_AT(s)   (i * (s)->a_step[0] + j * (s)->a_step[1])
#define B_AT(s)   (i * (s)->b_step[0] + j * (s)->b_step[1])
#define OUT_AT(s) ((i * (s)->stack[1] + j) * (size_t)(s)->m * (size_t)(s)->n)

static void forward(const bl_op_run *r) {
    const matmul *s = r->params;
    FOR_STACK(s) {
        bl_matrix a = {r->in[0] + A_AT(s), s->k, 1}, b = {r->in[1] + B_AT(s), s->n, 1};
        bl_dense(s->m, s->n, s->k, a, b, r->out + OUT_AT(s), s->n, false, r->scratch);
    }
}

static void backward(const bl_op_run *r) {
    const matmul *s = r->params;
    for (int q = 0; q < 2; q++) /* a matrix that was used for several gets the sum */
        if (r->grad_in[q] && !r->add[q]) memset(r->grad_in[q], 0, bl_count(&r->in_shape[q]) * sizeof(bl_real));
    FOR_STACK(s) {
        bl_matrix dy = {r->grad_out + OUT_AT(s), s->n, 1};
        if (r->grad_in[0]) {
            bl_matrix b = {r->in[1] + B_AT(s), s->n, 1};
            bl_dense(s->m, s->k, s->n, dy, turned(b), r->grad_in[0] + A_AT(s), s->k, true, r->scratch);
        }
        if (r->grad_in[1]) {
            bl_matrix a = {r->in[0] + A_AT(s), s->k, 1};
            bl_dense(s->k, s->n, s->m, turned(a), dy, r->grad_in[1] + B_AT(s), s->n, true, r->scratch);
        }
    }
}

static void explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    const matmul *s = r->params;
    size_t m = (size_t)s->m, n = (size_t)s->n, k = (size_t)s->k;
    size_t columns = of == 0 ? k : n, row = index / columns % (of == 1 ? k : m), column = index % columns;
    size_t matrix = index - row * columns - column, sums = of < 0 ? k : of == 0 ? n : m, stacks = 0;
    FOR_STACK(s) stacks += (of < 0 ? OUT_AT(s) : of == 0 ? A_AT(s) : B_AT(s)) == matrix;
    e->layout(e, BL_FORM_SUM, stacks, 1, sums);
    FOR_STACK(s) {
        if ((of < 0 ? OUT_AT(s) : of == 0 ? A_AT(s) : B_AT(s)) != matrix) continue;
        for (size_t q = 0; q < sums; q++) {
            size_t a = A_AT(s) + (of < 0 ? row * k + q : q * k + row),
                   b = B_AT(s) + (of < 0 ? q * n + column : column * n + q);
            if (of < 0)
                bl_say_input(e, r, 0, a, (double)r->in[1][b], 1, b);
            else if (of == 0)
                bl_say_signal(e, r, OUT_AT(s) + row * n + q, (double)r->in[1][b], 1, b);
            else
                bl_say_signal(e, r, OUT_AT(s) + q * n + column, (double)r->in[0][a], 0, a);
        }
    }
}

const bl_op bl_op_MatMul = {
    .name = "MatMul",
    .since = 1,
    .min_in = 2,
    .max_in = 2,
    .attrs = "",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_WEIGHTED,
    .reads = {1 << 1, 1 << 0},
    .explain = explain,
    .explains = 1 << 0 | 1 << 1,
    .mixes_channels = true,
    .weights = 1,
    .summary = "Product of matrices, or of stacks of them",
};
