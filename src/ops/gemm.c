#include "ops/common.h"
#include "ops/explain.h"

/* Y = alpha·A·B + beta·C: m×k times k×n. C is broadcast: its steps are 0 where it is. */
typedef struct {
    int m, n, k;
    bool turn_a, turn_b;
    bl_real alpha, beta;
    size_t c_row, c_column;
} gemm;

static bl_matrix laid(const bl_real *data, int columns, bool turn) {
    return turn ? (bl_matrix){data, 1, columns} : (bl_matrix){data, columns, 1};
}
static bl_matrix operand_a(const gemm *g, const bl_real *a) {
    return laid(a, g->turn_a ? g->m : g->k, g->turn_a);
}
static bl_matrix operand_b(const gemm *g, const bl_real *b) {
    return laid(b, g->turn_b ? g->k : g->n, g->turn_b);
}
static bl_matrix turned(bl_matrix a) {
    return (bl_matrix){a.data, a.col, a.row};
}

/* A product, and its result's rows lie n apart. */
typedef struct {
    int m, n, k;
    bl_matrix a, b;
} product;
static product turned_product(product p, bool turn) {
    return turn ? (product){p.n, p.m, p.k, turned(p.b), turned(p.a)} : p;
}
/* The three that are needed; gradients of a turned operand come turned. */
static product result(const gemm *g, const bl_real *a, const bl_real *b) {
    return (product){g->m, g->n, g->k, operand_a(g, a), operand_b(g, b)};
}
static product gradient_a(const gemm *g, const bl_real *dy, const bl_real *b) {
    return turned_product((product){g->m, g->k, g->n, laid(dy, g->n, false), turned(operand_b(g, b))}, g->turn_a);
}
static product gradient_b(const gemm *g, const bl_real *a, const bl_real *dy) {
    return turned_product((product){g->k, g->n, g->m, turned(operand_a(g, a)), laid(dy, g->n, false)}, g->turn_b);
}

static void multiply(product p, bl_real *c, bool add, void *scratch) {
    bl_dense(p.m, p.n, p.k, p.a, p.b, c, p.n, add, scratch);
}

static size_t most_scratch(const gemm *g) {
    product all[3] = {result(g, NULL, NULL), gradient_a(g, NULL, NULL), gradient_b(g, NULL, NULL)};
    size_t most = 0;
    for (int i = 0; i < 3; i++) {
        size_t bytes = bl_dense_scratch(all[i].m, all[i].n, all[i].k, all[i].a, all[i].b);
        if (bytes > most) most = bytes;
    }
    return most;
}

static bl_status plan(bl_op_plan *p) {
    BL_TRY(bl_op_need_floats(p, 0, 2));
    const bl_shape *a = &p->in[0].shape, *b = &p->in[1].shape;
    gemm g = {.turn_a = bl_attr_int(p, "transA", 0) != 0,
              .turn_b = bl_attr_int(p, "transB", 0) != 0,
              .alpha = bl_attr_float(p, "alpha", 1),
              .beta = bl_attr_float(p, "beta", 1)};
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
    return bl_op_check_work(p, p->macs);
}

static void forward(const bl_op_run *r) {
    const gemm *g = r->params;
    const bl_real *c = r->n_in > 2 ? r->in[2] : NULL;
    size_t m = (size_t)g->m, n = (size_t)g->n;
    multiply(result(g, r->in[0], r->in[1]), r->out, false, r->scratch);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            bl_real y = g->alpha * r->out[i * n + j];
            r->out[i * n + j] = c ? y + g->beta * c[i * g->c_row + j * g->c_column] : y;
        }
}

/* The sum of the signal over whatever the addend was broadcast to. */
static void backward_addend(const gemm *g, const bl_real *signal, bl_real *dc, bool add) {
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

static void backward(const bl_op_run *r) {
    const gemm *g = r->params;
    const bl_real *signal = r->grad_out;
    size_t count = (size_t)g->m * (size_t)g->n;
    if (r->n_in > 2 && r->grad_in[2]) backward_addend(g, signal, r->grad_in[2], r->add[2]);
    if (g->alpha != 1) {
        bl_real *scaled = (bl_real *)((char *)r->scratch + bl_round_up(most_scratch(g)));
        for (size_t i = 0; i < count; i++) scaled[i] = g->alpha * signal[i];
        signal = scaled;
    }
    if (r->grad_in[0]) multiply(gradient_a(g, signal, r->in[1]), r->grad_in[0], r->add[0], r->scratch);
    if (r->grad_in[1]) multiply(gradient_b(g, r->in[0], signal), r->grad_in[1], r->add[1], r->scratch);
}

static void explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    const gemm *g = r->params;
    bl_matrix a = operand_a(g, r->in[0]), b = operand_b(g, r->in[1]);
    int columns = of < 0 ? g->n : of == 0 ? (g->turn_a ? g->m : g->k) : g->turn_b ? g->k : g->n;
    ptrdiff_t i = (ptrdiff_t)(index / (size_t)columns), j = (ptrdiff_t)(index % (size_t)columns), n = g->n;
    double alpha = (double)g->alpha;
    if (of == 0 ? g->turn_a : of == 1 && g->turn_b) {
        ptrdiff_t swap = i;
        i = j;
        j = swap;
    }
    e->layout(e, BL_FORM_SUM, 1, 1, (size_t)(of < 0 ? g->k : of == 0 ? g->n : g->m));
    for (ptrdiff_t k = 0; of < 0 && k < g->k; k++) {
        ptrdiff_t weight = k * b.row + j * b.col;
        bl_say_input(e, r, 0, (size_t)(i * a.row + k * a.col), alpha * (double)b.data[weight], 1, (size_t)weight);
    }
    for (ptrdiff_t k = 0; of == 0 && k < g->n; k++) {
        ptrdiff_t weight = j * b.row + k * b.col;
        bl_say_signal(e, r, (size_t)(i * n + k), alpha * (double)b.data[weight], 1, (size_t)weight);
    }
    for (ptrdiff_t k = 0; of == 1 && k < g->m; k++) {
        ptrdiff_t weight = k * a.row + i * a.col;
        bl_say_signal(e, r, (size_t)(k * n + j), alpha * (double)a.data[weight], 0, (size_t)weight);
    }
    if (of < 0 && r->n_in > 2 && r->in[2]) {
        size_t c = (size_t)i * g->c_row + (size_t)j * g->c_column;
        bl_say(e, BL_TERM_SHIFT, (double)r->in[2][c], (double)g->beta, 2, c, BL_NO_OPERAND, 0);
    }
}

const bl_op bl_op_Gemm = {
    .name = "Gemm",
    .since = 7,
    .min_in = 2,
    .max_in = 3,
    .attrs = "alpha beta transA transB",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_WEIGHTED,
    .reads = {1 << 1, 1 << 0, 0},
    .explain = explain,
    .explains = 1 << 0 | 1 << 1,
    .mixes_channels = true,
    .weights = 1,
    .summary = "Dense layer: alpha·A·B + beta·C, operands transposed or not",
};
