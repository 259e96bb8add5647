#include "naive.h"

#include <math.h>
#include <string.h>

static const bl_attr *find(const trial *t, const char *name, int *at) {
    for (int i = 0; i < t->n_attrs; i++)
        if (!strcmp(t->attrs[i].name, name)) {
            if (at) *at = i;
            return &t->attrs[i];
        }
    return NULL;
}
static int integer(const trial *t, const char *name, int otherwise) {
    const bl_attr *a = find(t, name, NULL);
    return a ? (int)a->i : otherwise;
}
static double number(const trial *t, const char *name, double otherwise) {
    const bl_attr *a = find(t, name, NULL);
    return a ? (double)a->f : otherwise;
}
static const char *word(const trial *t, const char *name, const char *otherwise) {
    const bl_attr *a = find(t, name, NULL);
    return a ? a->s : otherwise;
}
static int item(const trial *t, const char *name, int i, int otherwise) {
    int at = 0;
    return find(t, name, &at) ? (int)t->lists[at][i] : otherwise;
}
static bool is(const trial *t, const char *op) {
    return !strcmp(t->op, op);
}

/* Element of a tensor of any rank ≤ 4, axes counted from its last. */
static size_t place(const bl_shape *s, const int *index) {
    size_t at = 0;
    for (int i = 0; i < s->rank; i++) at = at * (size_t)s->dim[i] + (size_t)index[i];
    return at;
}
static void indices(const bl_shape *s, size_t at, int *index) {
    for (int i = s->rank - 1; i >= 0; i--) {
        index[i] = (int)(at % (size_t)s->dim[i]);
        at /= (size_t)s->dim[i];
    }
}

/* ---- windows ---- */

typedef struct {
    int in, out, kernel, stride, dilation, begin, end;
} axis;

static axis window(const trial *t, int i, int in, int kernel) {
    axis a = {.in = in,
              .kernel = kernel,
              .stride = item(t, "strides", i, 1),
              .dilation = item(t, "dilations", i, 1),
              .begin = item(t, "pads", i, 0),
              .end = item(t, "pads", i + 2, 0)};
    const char *automatic = word(t, "auto_pad", "NOTSET");
    double reach = a.dilation * (kernel - 1) + 1, stride = a.stride;
    if (!strncmp(automatic, "SAME", 4)) {
        a.out = (int)ceil(in / stride);
        int pad = (int)fmax((a.out - 1) * stride + reach - in, 0);
        a.begin = strcmp(automatic, "SAME_UPPER") ? (pad + 1) / 2 : pad / 2;
        a.end = pad - a.begin;
        return a;
    }
    if (!strcmp(automatic, "VALID")) a.begin = a.end = 0;
    double steps = (in + a.begin + a.end - reach) / stride;
    a.out = (int)floor(steps) + 1;
    if (integer(t, "ceil_mode", 0)) {
        a.out = (int)ceil(steps) + 1;
        if ((a.out - 1) * a.stride >= in + a.begin) a.out--; /* it would start in the padding behind */
    }
    return a;
}

bl_shape naive_conv(const trial *t, const double *const *in, double *out) {
    const int32_t *x = t->in[0].shape.dim, *w = t->in[1].shape.dim;
    axis v = window(t, 0, x[2], w[2]), h = window(t, 1, x[3], w[3]);
    int groups = integer(t, "group", 1), per_group = w[0] / groups;
    bl_shape s = {4, {x[0], w[0], v.out, h.out}};
    for (size_t i = 0; i < bl_count(&s); i++) {
        int o[4];
        indices(&s, i, o);
        double sum = t->n_in > 2 ? in[2][o[1]] : 0;
        for (int c = 0; c < w[1]; c++)
            for (int ky = 0; ky < w[2]; ky++)
                for (int kx = 0; kx < w[3]; kx++) {
                    int at[4] = {o[0], o[1] / per_group * w[1] + c, o[2] * v.stride + ky * v.dilation - v.begin,
                                 o[3] * h.stride + kx * h.dilation - h.begin};
                    if (at[2] < 0 || at[2] >= x[2] || at[3] < 0 || at[3] >= x[3]) continue;
                    sum += in[0][place(&t->in[0].shape, at)] * in[1][place(&t->in[1].shape, (int[]){o[1], c, ky, kx})];
                }
        out[i] = sum;
    }
    return s;
}

bl_shape naive_pool(const trial *t, const double *const *in, double *out) {
    const int32_t *x = t->in[0].shape.dim;
    bool global = is(t, "GlobalAveragePool") || is(t, "GlobalMaxPool"),
         largest = is(t, "MaxPool") || is(t, "GlobalMaxPool");
    axis v = window(t, 0, x[2], global ? x[2] : item(t, "kernel_shape", 0, 0));
    axis h = window(t, 1, x[3], global ? x[3] : item(t, "kernel_shape", 1, 0));
    bl_shape s = {4, {x[0], x[1], v.out, h.out}};
    for (size_t i = 0; i < bl_count(&s); i++) {
        int o[4], inside = 0, padded = 0;
        double sum = 0, most = -INFINITY;
        indices(&s, i, o);
        for (int ky = 0; ky < v.kernel; ky++)
            for (int kx = 0; kx < h.kernel; kx++) {
                int iy = o[2] * v.stride + ky * v.dilation - v.begin, ix = o[3] * h.stride + kx * h.dilation - h.begin;
                if (iy < v.in + v.end && ix < h.in + h.end) padded++;
                if (iy < 0 || iy >= v.in || ix < 0 || ix >= h.in) continue;
                double cell = in[0][place(&t->in[0].shape, (int[]){o[0], o[1], iy, ix})];
                inside++;
                sum += cell;
                most = isnan(most) || isnan(cell) ? NAN : fmax(most, cell);
            }
        out[i] = largest ? most : sum / (integer(t, "count_include_pad", 0) ? padded : inside);
    }
    return s;
}

/* ---- element by element ---- */

static double curve(const trial *t, const double *const *in, double x) {
    if (is(t, "Relu")) return isnan(x) ? x : fmax(x, 0);
    if (is(t, "LeakyRelu")) return x >= 0 ? x : number(t, "alpha", (double)0.01F) * x;
    if (is(t, "Sigmoid")) return 1 / (1 + exp(-x));
    if (is(t, "Tanh")) return tanh(x);
    if (is(t, "HardSwish")) return isnan(x) ? x : x * fmax(0, fmin(1, x / 6 + 0.5));
    if (isnan(x)) return x;
    if (is(t, "HardSigmoid"))
        return fmax(0, fmin(1, number(t, "alpha", (double)0.2F) * x + number(t, "beta", (double)0.5F)));
    double low = t->n_in > 1 ? in[1][0] : number(t, "min", -INFINITY),
           high = t->n_in > 2 ? in[2][0] : number(t, "max", INFINITY);
    return fmin(fmax(x, low), high); /* Clip */
}

bl_shape naive_curve(const trial *t, const double *const *in, double *out) {
    for (size_t i = 0; i < bl_count(&t->in[0].shape); i++) out[i] = curve(t, in, in[0][i]);
    return t->in[0].shape;
}

bl_shape naive_binary(const trial *t, const double *const *in, double *out) {
    const bl_shape *a = &t->in[0].shape, *b = &t->in[1].shape;
    bl_shape s = {.rank = a->rank > b->rank ? a->rank : b->rank};
    for (int i = 1; i <= s.rank; i++) {
        int32_t p = i <= a->rank ? a->dim[a->rank - i] : 1, q = i <= b->rank ? b->dim[b->rank - i] : 1;
        s.dim[s.rank - i] = p == 1 ? q : p;
    }
    for (size_t i = 0; i < bl_count(&s); i++) {
        int o[4], at[4];
        double value[2];
        indices(&s, i, o);
        for (int k = 0; k < 2; k++) {
            const bl_shape *x = &t->in[k].shape;
            for (int d = 0; d < x->rank; d++) at[d] = x->dim[d] == 1 ? 0 : o[s.rank - x->rank + d];
            value[k] = in[k][place(x, at)];
        }
        out[i] = is(t, "Add")   ? value[0] + value[1]
                 : is(t, "Sub") ? value[0] - value[1]
                 : is(t, "Mul") ? value[0] * value[1]
                                : value[0] / value[1];
    }
    return s;
}

/* ---- along axes ---- */

bl_shape naive_softmax(const trial *t, const double *const *in, double *out) {
    bl_shape s = t->in[0].shape;
    int from = integer(t, "axis", t->opset < 13 ? 1 : -1);
    if (from < 0) from += s.rank;
    int to = t->opset < 13 ? s.rank : from + 1; /* axes that are summed over */
    for (size_t i = 0; i < bl_count(&s); i++) {
        int o[4], q[4];
        double sum = 0;
        indices(&s, i, o);
        for (size_t j = 0; j < bl_count(&s); j++) {
            bool same = true;
            indices(&s, j, q);
            for (int d = 0; d < s.rank; d++)
                if ((d < from || d >= to) && o[d] != q[d]) same = false;
            if (same) sum += exp(in[0][j]);
        }
        out[i] = is(t, "Softmax") ? exp(in[0][i]) / sum : in[0][i] - log(sum);
    }
    return s;
}

bl_shape naive_lrn(const trial *t, const double *const *in, double *out) {
    bl_shape s = t->in[0].shape;
    double size = integer(t, "size", 0);
    for (size_t i = 0; i < bl_count(&s); i++) {
        int o[4];
        double squares = 0;
        indices(&s, i, o);
        int first = (int)fmax(0, o[1] - floor((size - 1) / 2)),
            last = (int)fmin(s.dim[1] - 1, o[1] + ceil((size - 1) / 2));
        for (int c = first; c <= last; c++) {
            double x = in[0][place(&s, (int[]){o[0], c, o[2], o[3]})];
            squares += x * x;
        }
        double base = number(t, "bias", 1) + number(t, "alpha", (double)1e-4F) / size * squares;
        out[i] = in[0][i] / pow(base, number(t, "beta", 0.75));
    }
    return s;
}

bl_shape naive_batchnorm(const trial *t, const double *const *in, double *out) {
    bl_shape s = t->in[0].shape;
    for (size_t i = 0; i < bl_count(&s); i++) {
        int o[4];
        indices(&s, i, o);
        int c = o[1];
        out[i] = (in[0][i] - in[3][c]) / sqrt(in[4][c] + number(t, "epsilon", (double)1e-5F)) * in[1][c] + in[2][c];
    }
    return s;
}

bl_shape naive_mean(const trial *t, const double *const *in, double *out) {
    const bl_shape *x = &t->in[0].shape;
    bool over[4] = {false}, any = false;
    int at = 0, n = t->opset < 18 ? (find(t, "axes", &at) ? t->attrs[at].n : 0)
                    : t->n_in > 1 ? t->in[1].shape.dim[0]
                                  : 0;
    for (int i = 0; i < n; i++) {
        int a = (int)(t->opset < 18 ? t->lists[at][i] : t->ints[1][i]);
        over[a < 0 ? a + x->rank : a] = any = true;
    }
    for (int i = 0; i < x->rank && !any; i++) over[i] = true;
    bl_shape kept = *x, s = {.rank = 0};
    for (int i = 0; i < x->rank; i++) {
        if (over[i]) kept.dim[i] = 1;
        if (!over[i] || integer(t, "keepdims", 1)) s.dim[s.rank++] = kept.dim[i];
    }
    for (size_t i = 0; i < bl_count(&kept); i++) out[i] = 0;
    for (size_t i = 0; i < bl_count(x); i++) {
        int o[4];
        indices(x, i, o);
        for (int d = 0; d < x->rank; d++)
            if (over[d]) o[d] = 0;
        out[place(&kept, o)] += in[0][i] * (double)bl_count(&kept) / (double)bl_count(x);
    }
    return s;
}

/* ---- matrices ---- */

bl_shape naive_gemm(const trial *t, const double *const *in, double *out) {
    const int32_t *a = t->in[0].shape.dim, *b = t->in[1].shape.dim;
    bool ta = integer(t, "transA", 0), tb = integer(t, "transB", 0);
    int m = ta ? a[1] : a[0], k = ta ? a[0] : a[1], n = tb ? b[0] : b[1];
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0, c = 0;
            for (int l = 0; l < k; l++) sum += in[0][ta ? l * m + i : i * k + l] * in[1][tb ? j * k + l : l * n + j];
            if (t->n_in > 2) {
                const bl_shape *s = &t->in[2].shape;
                int rows = s->rank == 2 ? s->dim[0] : 1, columns = s->rank ? s->dim[s->rank - 1] : 1;
                c = in[2][(rows == 1 ? 0 : i) * columns + (columns == 1 ? 0 : j)];
            }
            out[i * n + j] = number(t, "alpha", 1) * sum + number(t, "beta", 1) * c;
        }
    return (bl_shape){2, {m, n}};
}

bl_shape naive_matmul(const trial *t, const double *const *in, double *out) {
    const bl_shape *a = &t->in[0].shape, *b = &t->in[1].shape;
    bl_shape s = {.rank = a->rank > b->rank ? a->rank : b->rank};
    for (int i = 3; i <= s.rank; i++) {
        int32_t p = i <= a->rank ? a->dim[a->rank - i] : 1, q = i <= b->rank ? b->dim[b->rank - i] : 1;
        s.dim[s.rank - i] = p == 1 ? q : p;
    }
    s.dim[s.rank - 2] = a->dim[a->rank - 2];
    s.dim[s.rank - 1] = b->dim[b->rank - 1];
    for (size_t i = 0; i < bl_count(&s); i++) {
        int o[4], x[4], y[4];
        indices(&s, i, o);
        for (int d = 0; d < a->rank; d++) x[d] = a->dim[d] == 1 ? 0 : o[s.rank - a->rank + d];
        for (int d = 0; d < b->rank; d++) y[d] = b->dim[d] == 1 ? 0 : o[s.rank - b->rank + d];
        out[i] = 0;
        for (int l = 0; l < a->dim[a->rank - 1]; l++) {
            x[a->rank - 1] = y[b->rank - 2] = l;
            out[i] += in[0][place(a, x)] * in[1][place(b, y)];
        }
    }
    return s;
}

/* ---- other places ---- */

bl_shape naive_concat(const trial *t, const double *const *in, double *out) {
    bl_shape s = t->in[0].shape;
    int along = integer(t, "axis", 0), start = 0;
    if (along < 0) along += s.rank;
    s.dim[along] = 0;
    for (int k = 0; k < t->n_in; k++) s.dim[along] += t->in[k].shape.dim[along];
    for (int k = 0; k < t->n_in; k++) {
        for (size_t i = 0; i < bl_count(&t->in[k].shape); i++) {
            int o[4];
            indices(&t->in[k].shape, i, o);
            o[along] += start;
            out[place(&s, o)] = in[k][i];
        }
        start += t->in[k].shape.dim[along];
    }
    return s;
}

bl_shape naive_pad(const trial *t, const double *const *in, double *out) {
    const bl_shape *x = &t->in[0].shape;
    const char *mode = word(t, "mode", "constant");
    bl_shape s = *x;
    double fill = t->opset < 11 ? number(t, "value", 0) : t->n_in > 2 ? in[2][0] : 0;
    int begin[4] = {0}, n = t->n_in > 3 ? t->in[3].shape.dim[0] : x->rank;
    for (int i = 0; i < n; i++) {
        int a = t->n_in > 3 ? (int)t->ints[3][i] : i;
        if (a < 0) a += x->rank;
        begin[a] = t->opset < 11 ? item(t, "pads", i, 0) : (int)t->ints[1][i];
        s.dim[a] += begin[a] + (t->opset < 11 ? item(t, "pads", i + n, 0) : (int)t->ints[1][i + n]);
    }
    for (size_t i = 0; i < bl_count(&s); i++) {
        int o[4];
        bool outside = false;
        indices(&s, i, o);
        for (int d = 0; d < s.rank; d++) {
            int last = x->dim[d] - 1;
            o[d] -= begin[d];
            if (o[d] >= 0 && o[d] <= last) continue;
            outside = true;
            if (!strcmp(mode, "edge"))
                o[d] = o[d] < 0 ? 0 : last;
            else
                o[d] = o[d] < 0 ? -o[d] : last - (o[d] - last);
        }
        out[i] = outside && !strcmp(mode, "constant") ? fill : in[0][place(x, o)];
    }
    return s;
}

bl_shape naive_transpose(const trial *t, const double *const *in, double *out) {
    const bl_shape *x = &t->in[0].shape;
    bl_shape s = {.rank = x->rank};
    for (int i = 0; i < s.rank; i++) s.dim[i] = x->dim[item(t, "perm", i, s.rank - 1 - i)];
    for (size_t i = 0; i < bl_count(&s); i++) {
        int o[4], at[4];
        indices(&s, i, o);
        for (int d = 0; d < s.rank; d++) at[item(t, "perm", d, s.rank - 1 - d)] = o[d];
        out[i] = in[0][place(x, at)];
    }
    return s;
}

/* One axis after another; trials name the axes in order and give all four lists. */
bl_shape naive_slice(const trial *t, const double *const *in, double *out) {
    const bl_shape *x = &t->in[0].shape;
    bl_shape s = *x;
    int first[4] = {0}, step[4] = {1, 1, 1, 1};
    for (int i = 0; i < t->in[1].shape.dim[0]; i++) {
        int a = (int)t->ints[3][i], n = x->dim[a], count = 0;
        int64_t start = t->ints[1][i], end = t->ints[2][i];
        step[a] = (int)t->ints[4][i];
        if (start < 0) start += n;
        if (end < 0) end += n;
        if (step[a] < 0 && start > n - 1) start = n - 1;
        for (int64_t q = start; step[a] > 0 ? q < end && q < n : q > end && q >= 0; q += step[a]) count++;
        first[a] = (int)start;
        s.dim[a] = count;
    }
    for (size_t i = 0; i < bl_count(&s); i++) {
        int o[4];
        indices(&s, i, o);
        for (int d = 0; d < s.rank; d++) o[d] = first[d] + o[d] * step[d];
        out[i] = in[0][place(x, o)];
    }
    return s;
}
