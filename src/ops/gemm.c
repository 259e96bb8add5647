#include "ops/common.h"

/* Y = alpha·A·B + beta·C: m×k times k×n. C is broadcast: its steps are 0 where it is. */
typedef struct {
    int m, n, k;
    bool turn_a, turn_b;
    bl_real alpha, beta;
    size_t c_row, c_column;
} gemm;

static bl_matrix laid(const bl_real *data, int columns, bool turned)
{
    return turned ? (bl_matrix){data, 1, columns} : (bl_matrix){data, columns, 1};
}

static size_t most_scratch(const gemm *g)
{
    bl_matrix a = laid(NULL, g->turn_a ? g->m : g->k, g->turn_a), b = laid(NULL, g->turn_b ? g->k : g->n, g->turn_b);
    size_t sizes[3] = {
        bl_dense_scratch(g->m, g->n, g->k, a, b),
        bl_dense_scratch(g->m, g->k, g->n, laid(NULL, g->n, false), (bl_matrix){NULL, b.col, b.row}),
        bl_dense_scratch(g->k, g->n, g->m, (bl_matrix){NULL, a.col, a.row}, laid(NULL, g->n, false)),
    };
    size_t most = sizes[0] > sizes[1] ? sizes[0] : sizes[1];
    return most > sizes[2] ? most : sizes[2];
}

static bl_status plan(bl_op_plan *p)
{
    BL_TRY(bl_op_need_floats(p, 0, 2));
    const bl_shape *a = &p->in[0].shape, *b = &p->in[1].shape;
    gemm g = {.turn_a = bl_attr_int(p, "transA", 0) != 0, .turn_b = bl_attr_int(p, "transB", 0) != 0,
              .alpha = bl_attr_float(p, "alpha", 1), .beta = bl_attr_float(p, "beta", 1)};
    if (p->failed) return p->failed;
    if (a->rank != 2 || b->rank != 2)
        return bl_op_fail(p, BL_SHAPE, "operands of rank %d and %d; both must be matrices", a->rank, b->rank);
    g.m = a->dim[g.turn_a];
    g.k = a->dim[!g.turn_a];
    g.n = b->dim[!g.turn_b];
    if (b->dim[g.turn_b] != g.k)
        return bl_op_fail(p, BL_SHAPE, "a row of %d numbers meets weights for %d", g.k, (int)b->dim[g.turn_b]);
    bl_shape out = {2, {g.m, g.n}};
    BL_TRY(bl_op_result(p, &out));
    if (bl_op_has(p, 2)) {
        const bl_shape *c = &p->in[2].shape;
        int32_t rows = c->rank == 2 ? c->dim[0] : 1, columns = c->rank ? c->dim[c->rank - 1] : 1;
        if (c->rank > 2 || (rows != 1 && rows != g.m) || (columns != 1 && columns != g.n))
            return bl_op_fail(p, BL_SHAPE, "the addend cannot be broadcast to %d×%d", g.m, g.n);
        g.c_row = rows == 1 ? 0 : (size_t)columns;
        g.c_column = columns == 1 ? 0 : 1;
    }
    gemm *kept = bl_op_params(p, sizeof *kept);
    if (!kept) return BL_MEMORY;
    *kept = g;
    /* Gradients are scaled in a copy of the arriving signal. */
    p->scratch = bl_round_up(most_scratch(&g)) + (g.alpha == 1 ? 0 : bl_count(&out) * sizeof(bl_real));
    p->macs = (double)g.m * g.n * g.k;
    return BL_OK;
}

static void forward(const bl_op_run *r)
{
    const gemm *g = r->params;
    bl_matrix a = laid(r->in[0], g->turn_a ? g->m : g->k, g->turn_a), b = laid(r->in[1], g->turn_b ? g->k : g->n, g->turn_b);
    const bl_real *c = r->n_in > 2 ? r->in[2] : NULL;
    size_t m = (size_t)g->m, n = (size_t)g->n;
    bl_dense(g->m, g->n, g->k, a, b, r->out, g->n, false, r->scratch);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            bl_real y = g->alpha * r->out[i * n + j];
            r->out[i * n + j] = c ? y + g->beta * c[i * g->c_row + j * g->c_column] : y;
        }
}

/* The sum of the signal over whatever the addend was broadcast to. */
static void backward_addend(const gemm *g, const bl_real *signal, bl_real *dc, bool add)
{
    size_t m = (size_t)g->m, n = (size_t)g->n;
    size_t rows = g->c_row ? m : 1, columns = g->c_column ? n : 1;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            double sum = 0;
            for (size_t y = i; y < m; y += rows)
                for (size_t x = j; x < n; x += columns) sum += (double)signal[y * n + x];
            bl_put(dc, i * columns + j, (bl_real)((double)g->beta * sum), add);
        }
}

/* Into A or B, whichever way it lies: a turned operand gets the turned product. */
static void product(int m, int n, int k, bl_matrix a, bl_matrix b, bool turned, bl_real *d, bool add, void *scratch)
{
    bl_matrix at = {a.data, a.col, a.row}, bt = {b.data, b.col, b.row};
    if (turned) bl_dense(n, m, k, bt, at, d, m, add, scratch);
    else bl_dense(m, n, k, a, b, d, n, add, scratch);
}

static void backward(const bl_op_run *r)
{
    const gemm *g = r->params;
    const bl_real *signal = r->grad_out;
    size_t count = (size_t)g->m * (size_t)g->n;
    if (r->n_in > 2 && r->grad_in[2]) backward_addend(g, signal, r->grad_in[2], r->add[2]);
    if (g->alpha != 1) {
        bl_real *scaled = (bl_real *)((char *)r->scratch + bl_round_up(most_scratch(g)));
        for (size_t i = 0; i < count; i++) scaled[i] = g->alpha * signal[i];
        signal = scaled;
    }
    bl_matrix dy = laid(signal, g->n, false);
    if (r->grad_in[0]) {
        bl_matrix b = laid(r->in[1], g->turn_b ? g->k : g->n, g->turn_b);
        product(g->m, g->k, g->n, dy, (bl_matrix){b.data, b.col, b.row}, g->turn_a, r->grad_in[0], r->add[0], r->scratch);
    }
    if (r->grad_in[1]) {
        bl_matrix a = laid(r->in[0], g->turn_a ? g->m : g->k, g->turn_a);
        product(g->k, g->n, g->m, (bl_matrix){a.data, a.col, a.row}, dy, g->turn_b, r->grad_in[1], r->add[1], r->scratch);
    }
}

const bl_op bl_op_Gemm = {
    .name = "Gemm", .since = 7, .min_in = 2, .max_in = 3, .attrs = "alpha beta transA transB",
    .plan = plan, .forward = forward, .backward = backward,
    .reads = {1 << 1, 1 << 0, 0},
    .mixes_channels = true,
    .summary = "Dense layer: alpha·A·B + beta·C, operands transposed or not",
};
