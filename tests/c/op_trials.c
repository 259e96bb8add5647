#include "op_trials.h"

static int pick(dice *d, int n, const int *list) {
    return list[roll(d, 0, n - 1)];
}
#define PICK(d, ...) pick(d, (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), (int[]){__VA_ARGS__})
#define INPUT(t, ...)                                                                                                  \
    trial_input(t, (int)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)), (int32_t[]){__VA_ARGS__})
#define LIST(t, name, ...)                                                                                             \
    trial_list(t, name, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__})
#define INTS(t, ...) trial_ints(t, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__})

/* One axis of a window that fits; size is drawn to suit. */
typedef struct {
    int size, kernel, stride, dilation, begin, end;
} axis;

static axis draw_axis(dice *d, bool pool, int stride) {
    axis a = {.kernel = roll(d, 1, 4), .stride = stride ? stride : PICK(d, 1, 2, 3), .dilation = PICK(d, 1, 1, 2)};
    int reach = (a.kernel - 1) * a.dilation + 1;
    a.begin = roll(d, 0, pool ? a.kernel - 1 : 3);
    a.end = roll(d, 0, pool ? a.kernel - 1 : 3);
    int least = reach - a.begin - a.end;
    a.size = roll(d, least > 1 ? least : 1, (least > 1 ? least : 1) + 5);
    if (pool && a.size < reach) a.size = reach; /* then no window lies in padding alone */
    return a;
}

static void window_attributes(trial *t, dice *d, axis v, axis h, bool pool) {
    LIST(t, "strides", v.stride, h.stride);
    LIST(t, "dilations", v.dilation, h.dilation);
    if (roll(d, 0, 3) == 0 && (!pool || (v.dilation == 1 && h.dilation == 1))) {
        trial_string(t, "auto_pad", roll(d, 0, 1) ? "SAME_UPPER" : "SAME_LOWER");
    } else {
        LIST(t, "pads", v.begin, h.begin, v.end, h.end);
        if (pool) trial_int(t, "ceil_mode", roll(d, 0, 1));
    }
}

static void conv(trial *t, dice *d) {
    int unit = roll(d, 0, 1); /* without strides there is another way back */
    axis v = draw_axis(d, false, unit), h = draw_axis(d, false, unit);
    int groups = PICK(d, 1, 1, 2, 3), in = groups * roll(d, 1, 2), out = groups * PICK(d, 1, 2, 3, 5);
    if (groups == 1) out = PICK(d, 1, 2, 3, 4, 5, 6, 9);
    INPUT(t, PICK(d, 1, 3), in, v.size, h.size);
    INPUT(t, out, in / groups, v.kernel, h.kernel);
    if (roll(d, 0, 1)) INPUT(t, out);
    t->batched = 1;
    window_attributes(t, d, v, h, false);
    if (groups > 1) trial_int(t, "group", groups);
    if (roll(d, 0, 1)) LIST(t, "kernel_shape", v.kernel, h.kernel);
}

/* 3×3 with 16 and more channels, on one side of it or on both: another way is taken. Maps around the tiles of 4×4. */
static void wide_conv(trial *t, dice *d) {
    int in = PICK(d, 15, 16, 17), out = PICK(d, 3, 16, 17), h = PICK(d, 3, 5, 6, 7, 8, 9, 11),
        w = PICK(d, 4, 5, 7, 8, 9, 12);
    INPUT(t, PICK(d, 1, 3), in, h, w);
    INPUT(t, out, in, 3, 3);
    if (roll(d, 0, 1)) INPUT(t, out);
    t->batched = 1;
    LIST(t, "pads", roll(d, 0, 2), roll(d, 0, 3), roll(d, 0, 2), roll(d, 0, 3));
}

static void pool(trial *t, dice *d) {
    axis v = draw_axis(d, true, 0), h = draw_axis(d, true, 0);
    INPUT(t, PICK(d, 1, 3), roll(d, 1, 3), v.size, h.size);
    t->batched = 1;
    LIST(t, "kernel_shape", v.kernel, h.kernel);
    window_attributes(t, d, v, h, true);
}

static void average_pool(trial *t, dice *d) {
    pool(t, d);
    trial_int(t, "count_include_pad", roll(d, 0, 1));
}

static void pictures(trial *t, dice *d) {
    INPUT(t, PICK(d, 1, 3), roll(d, 1, 5), roll(d, 1, 6), roll(d, 1, 7));
    t->batched = 1;
}

/* Any rank; wide enough to reach both sides of every bend. */
static void curve(trial *t, dice *d) {
    if (roll(d, 0, 1))
        INPUT(t, PICK(d, 1, 3), roll(d, 1, 4), roll(d, 1, 5), roll(d, 1, 5));
    else
        INPUT(t, PICK(d, 1, 3), roll(d, 1, 40));
    t->batched = 1;
    t->low[0] = -4;
    t->high[0] = 4;
}
static void leaky_relu(trial *t, dice *d) {
    curve(t, d);
    if (roll(d, 0, 1)) trial_float(t, "alpha", (float)PICK(d, -1, 0, 1, 2) / 4);
}
static void hard_sigmoid(trial *t, dice *d) {
    curve(t, d);
    if (roll(d, 0, 1)) trial_float(t, "alpha", 0.25F);
    if (roll(d, 0, 1)) trial_float(t, "beta", 0.375F);
}
static void clip(trial *t, dice *d) {
    curve(t, d);
    t->opset = PICK(d, 6, 11, 13, 23);
    if (t->opset < 11) {
        if (roll(d, 0, 3)) trial_float(t, "min", -1.5F);
        if (roll(d, 0, 3)) trial_float(t, "max", 2.5F);
        return;
    }
    for (int i = 1; i < 3; i++) {
        trial_input(t, 0, NULL);
        t->low[i] = i == 1 ? -2 : 1;
        t->high[i] = i == 1 ? 0 : 3;
        t->constant[i] = true;
    }
}

static void softmax(trial *t, dice *d) {
    INPUT(t, PICK(d, 1, 3), roll(d, 1, 6), roll(d, 1, 4), roll(d, 1, 4));
    if (roll(d, 0, 1)) t->in[0].shape.rank = 2;
    int rank = t->in[0].shape.rank;
    t->opset = PICK(d, 7, 11, 13, 21);
    t->low[0] = -5;
    t->high[0] = 5;
    t->batched = 1;
    if (roll(d, 0, 2)) trial_int(t, "axis", roll(d, 0, 1) ? roll(d, 1, rank - 1) : -roll(d, 1, rank - 1));
}

static void lrn(trial *t, dice *d) {
    pictures(t, d);
    trial_int(t, "size", roll(d, 1, 6));
    trial_float(t, "alpha", PICK(d, 1, 2) * 0.5F);
    if (roll(d, 0, 1)) trial_float(t, "beta", 0.6F);
    trial_float(t, "bias", 2);
}

static void batchnorm(trial *t, dice *d) {
    int channels = roll(d, 1, 5);
    INPUT(t, PICK(d, 1, 3), channels, roll(d, 1, 5), roll(d, 1, 5));
    if (roll(d, 0, 3) == 0) t->in[0].shape.rank = 2;
    for (int i = 0; i < 4; i++) INPUT(t, channels);
    t->low[4] = 0.2;
    t->high[4] = 2;
    t->batched = 1;
    if (roll(d, 0, 1)) trial_float(t, "epsilon", 0.125F);
    t->opset = PICK(d, 7, 9, 14, 15);
    if (t->opset == 7) trial_int(t, "spatial", 1);
    if (t->opset >= 14) trial_int(t, "training_mode", 0);
}

static void gemm(trial *t, dice *d) {
    int m = PICK(d, 1, 3), n = PICK(d, 1, 3, 7, 8, 11), k = PICK(d, 1, 2, 5, 9, 16), ta = roll(d, 0, 3) == 0,
        tb = roll(d, 0, 1);
    INPUT(t, ta ? k : m, ta ? m : k);
    INPUT(t, tb ? n : k, tb ? k : n);
    t->batched = !ta;
    switch (roll(d, 0, 5)) {
    case 0: INPUT(t, n); break;
    case 1: INPUT(t, 1, n); break;
    case 2: INPUT(t, m, n), t->batched |= t->batched << 2; break;
    case 3: INPUT(t, m, 1), t->batched |= t->batched << 2; break;
    case 4: trial_input(t, 0, NULL); break;
    default: break;
    }
    if (ta) trial_int(t, "transA", 1);
    if (tb || roll(d, 0, 1)) trial_int(t, "transB", tb);
    if (roll(d, 0, 1)) trial_float(t, "alpha", 0.5F);
    if (roll(d, 0, 1)) trial_float(t, "beta", 1.5F);
}

static void matmul(trial *t, dice *d) {
    int m = roll(d, 1, 3), k = PICK(d, 1, 4, 7), n = PICK(d, 1, 3, 9), x = PICK(d, 1, 2), y = PICK(d, 1, 3);
    switch (roll(d, 0, 4)) {
    case 0: INPUT(t, m, k), INPUT(t, k, n); break;
    case 1: INPUT(t, x, y, m, k), INPUT(t, k, n); break;
    case 2: INPUT(t, x, y, m, k), INPUT(t, x, 1, k, n); break;
    case 3: INPUT(t, y, m, k), INPUT(t, 1, k, n); break;
    default: INPUT(t, m, k), INPUT(t, x, y, k, n); break;
    }
    t->batched = t->in[0].shape.rank == 2 && t->in[1].shape.rank == 2;
}

static void binary(trial *t, dice *d) {
    int n = PICK(d, 1, 3), c = roll(d, 1, 4), h = roll(d, 1, 4), w = roll(d, 1, 4);
    switch (roll(d, 0, 9)) {
    case 9: INPUT(t, 1, c, 17, 18), INPUT(t, c, 1, 1); break; /* a row in pieces */
    case 0: INPUT(t, n, c, h, w), INPUT(t, c, 1, 1); break;
    case 1: INPUT(t, n, c, h, w), INPUT(t, 1, c, 1, 1); break;
    case 2: INPUT(t, n, c, h, w), trial_input(t, 0, NULL); break;
    case 3: INPUT(t, n, c, h, w), INPUT(t, w); break;
    case 4: INPUT(t, c, 1, w), INPUT(t, n, 1, h, 1); break;
    case 5: trial_input(t, 0, NULL), INPUT(t, n, c); break;
    case 6: INPUT(t, n, c, 1, 1), INPUT(t, n, c, h, w); break;
    case 7: INPUT(t, n, 1, h, w), INPUT(t, n, c, h, w); break;
    default: INPUT(t, n, c, h, w), INPUT(t, n, c, h, w), t->batched = 3; break;
    }
    if (t->in[0].shape.rank == 4 && t->in[1].shape.rank < 4) t->batched = 1;
}
static void quotient(trial *t, dice *d) {
    binary(t, d);
    t->low[1] = 0.5;
    t->high[1] = 2;
}

static void concat(trial *t, dice *d) {
    int rank = roll(d, 1, 4), along = roll(d, 0, rank - 1), n = roll(d, 1, 4);
    int32_t dim[4];
    for (int i = 0; i < rank; i++) dim[i] = roll(d, 1, 3);
    for (int i = 0; i < n; i++) {
        dim[along] = roll(d, 1, 4);
        trial_input(t, rank, dim);
    }
    if (along > 0) t->batched = (1u << n) - 1;
    trial_int(t, "axis", roll(d, 0, 1) ? along : along - rank);
}

static void pad(trial *t, dice *d) {
    int rank = PICK(d, 2, 4, 4), mode = roll(d, 0, 2);
    int32_t dim[4];
    int64_t pads[8];
    for (int i = 0; i < rank; i++) {
        dim[i] = roll(d, 2, 4);
        for (int end = 0; end < 2; end++) pads[i + end * rank] = mode == 1 ? roll(d, 0, dim[i] - 1) : roll(d, 0, 2);
    }
    if (mode == 0) pads[rank - 1] = roll(d, -1, 2); /* less than none takes cells away */
    trial_input(t, rank, dim);
    t->opset = PICK(d, 2, 10, 11, 13, 18, 23);
    if (mode || roll(d, 0, 1)) trial_string(t, "mode", mode == 0 ? "constant" : mode == 1 ? "reflect" : "edge");
    if (t->opset < 11) {
        trial_list(t, "pads", 2 * rank, pads);
        if (mode == 0) trial_float(t, "value", 0.75F);
        return;
    }
    bool some = t->opset >= 18 && roll(d, 0, 1);
    if (some)
        INTS(t, pads[rank - 1], pads[1], pads[2 * rank - 1], pads[rank + 1]);
    else
        trial_ints(t, 2 * rank, pads);
    if (some || roll(d, 0, 1)) {
        trial_input(t, 0, NULL);
        t->constant[2] = true;
    }
    if (some) {
        if (rank == 2) { /* the two are one axis: name it once */
            t->in[1].shape.dim[0] = 2;
            t->ints[1][1] = pads[2 * rank - 1];
            INTS(t, -1);
        } else {
            INTS(t, -1, 1);
        }
    }
}

static void transpose(trial *t, dice *d) {
    int rank = roll(d, 1, 4);
    int32_t dim[4];
    int64_t order[4] = {0, 1, 2, 3};
    for (int i = 0; i < rank; i++) dim[i] = roll(d, 1, 4);
    for (int i = rank - 1; i > 0; i--) {
        int j = roll(d, 0, i);
        int64_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    trial_input(t, rank, dim);
    if (roll(d, 0, 3)) trial_list(t, "perm", rank, order);
}

static void slice(trial *t, dice *d) {
    INPUT(t, PICK(d, 1, 3), roll(d, 3, 5), roll(d, 3, 6), roll(d, 1, 4));
    const int32_t *dim = t->in[0].shape.dim;
    t->opset = PICK(d, 10, 13);
    t->batched = 1;
    bool down = roll(d, 0, 1);
    INTS(t, roll(d, 0, 1), down ? roll(d, 1, 9) : roll(d, -dim[2], -2));
    INTS(t, roll(d, 0, 1) ? -1 : INT64_MAX, down ? (roll(d, 0, 1) ? 0 : INT64_MIN + 7) : dim[2]);
    INTS(t, 1, 2);
    INTS(t, PICK(d, 1, 2), down ? PICK(d, -1, -2) : PICK(d, 1, 2, 3));
}

static void reduce_mean(trial *t, dice *d) {
    INPUT(t, PICK(d, 1, 3), roll(d, 1, 4), roll(d, 1, 4), roll(d, 1, 5));
    t->opset = PICK(d, 7, 13, 18, 23);
    int which = roll(d, 0, 3), n = which < 3 ? 2 - (which == 1) : 0;
    const int64_t axes[3][2] = {{2, 3}, {1, 0}, {-1, -2}};
    if (n && t->opset < 18)
        trial_list(t, "axes", n, axes[which]);
    else if (n)
        trial_ints(t, n, axes[which]);
    t->batched = n > 0;
    if (roll(d, 0, 1)) trial_int(t, "keepdims", n && t->batched ? roll(d, 0, 1) : 1);
}

const op_trials all_op_trials[] = {
    {"Add", binary, naive_binary, 3, 0, 0},
    {"AveragePool", average_pool, naive_pool, 1, 0, 0},
    {"BatchNormalization", batchnorm, naive_batchnorm, 1 | 2 | 4 | 8, 0, 0},
    {"Clip", clip, naive_curve, 0, 6, 0},
    {"Concat", concat, naive_concat, 15, 0, 0},
    {"Conv", conv, naive_conv, 7, 0, 0},
    {"Conv", wide_conv, naive_conv, 7, 0, 25},
    {"Div", quotient, naive_binary, 1, 0, 0},
    {"Gemm", gemm, naive_gemm, 7, 0, 0},
    {"GlobalAveragePool", pictures, naive_pool, 1, 0, 0},
    {"GlobalMaxPool", pictures, naive_pool, 0, 0, 0},
    {"HardSigmoid", hard_sigmoid, naive_curve, 0, 0, 0},
    {"HardSwish", curve, naive_curve, 0, 0, 0},
    {"LeakyRelu", leaky_relu, naive_curve, 0, 0, 0},
    {"LogSoftmax", softmax, naive_softmax, 0, 0, 0},
    {"LRN", lrn, naive_lrn, 0, 0, 0},
    {"MatMul", matmul, naive_matmul, 3, 0, 0},
    {"MaxPool", pool, naive_pool, 0, 0, 0},
    {"Mul", binary, naive_binary, 3, 0, 0},
    {"Pad", pad, naive_pad, 1, 4, 0},
    {"ReduceMean", reduce_mean, naive_mean, 1, 0, 0},
    {"Relu", curve, naive_curve, 0, 0, 0},
    {"Sigmoid", curve, naive_curve, 0, 0, 0},
    {"Slice", slice, naive_slice, 1, 0, 0},
    {"Softmax", softmax, naive_softmax, 0, 0, 0},
    {"Sub", binary, naive_binary, 3, 0, 0},
    {"Tanh", curve, naive_curve, 0, 0, 0},
    {"Transpose", transpose, naive_transpose, 1, 0, 0},
};
const int n_op_trials = (int)(sizeof all_op_trials / sizeof *all_op_trials);

void draw_trial(const op_trials *row, int i, trial *t) {
    dice d = {(uint64_t)i * 7919u + 1};
    *t = (trial){.op = row->op, .opset = 17};
    row->draw(t, &d);
}
