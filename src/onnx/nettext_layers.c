/* Line forms of the operators with windows or weights: conv, dense, batchnorm, poolings, lrn. */
#include <string.h>

#include "onnx/nettext.h"

static bl_attr ints_attr(const char *name, const int64_t *ints, int n) {
    return (bl_attr){.name = name, .kind = BL_ATTR_INTS, .n = n, .ints = ints};
}
static bl_attr int_attr(const char *name, int64_t i) {
    return (bl_attr){.name = name, .kind = BL_ATTR_INT, .i = i};
}
static bl_attr float_attr(const char *name, float f) {
    return (bl_attr){.name = name, .kind = BL_ATTR_FLOAT, .f = f};
}

/* ---- windows: `3x3 stride 2 pad 1 dilation 1`, shared by conv and the poolings ---- */

typedef struct {
    int64_t kernel[2], stride[2], dilation[2], pads[4];
    int groups;
    bool same, ceil, count_pad, no_bias;
} window;

/* "n" or "a,b" */
static bl_status read_pair(bl_nt_reader *t, const char *what, int64_t out[2]) {
    int n;
    BL_TRY(bl_nt_ints(t, what, 2, &n, out));
    if (n == 1) out[1] = out[0];
    return out[0] < 1 || out[1] < 1 ? bl_nt_fail(t, "%s must be 1 or more", what) : BL_OK;
}

static bl_status read_pad(bl_nt_reader *t, window *w) {
    int n;
    if ((w->same = bl_nt_word(t, "same"))) return BL_OK;
    BL_TRY(bl_nt_ints(t, "pad", 4, &n, w->pads));
    if (n == 1)
        w->pads[1] = w->pads[2] = w->pads[3] = w->pads[0];
    else if (n != 4)
        return bl_nt_fail(t, "pad is one number, or four for top,left,bottom,right, or \"same\"");
    for (int i = 0; i < 4; i++)
        if (w->pads[i] < 0) return bl_nt_fail(t, "pad must not be negative");
    return BL_OK;
}

static bl_status read_window(bl_nt_reader *t, bool is_conv, bool is_average, window *w) {
    *w = (window){.stride = {1, 1}, .dilation = {1, 1}, .groups = 1};
    BL_TRY(bl_nt_size(t, "the window", w->kernel));
    while (bl_nt_more(t)) {
        if (bl_nt_word(t, "stride"))
            BL_TRY(read_pair(t, "stride", w->stride));
        else if (bl_nt_word(t, "pad"))
            BL_TRY(read_pad(t, w));
        else if (!is_average && bl_nt_word(t, "dilation"))
            BL_TRY(read_pair(t, "dilation", w->dilation));
        else if (is_conv && bl_nt_word(t, "groups"))
            BL_TRY(bl_nt_int(t, "groups", 1, BL_MAX_DIM, &w->groups));
        else if (is_conv && bl_nt_word(t, "nobias"))
            w->no_bias = true;
        else if (!is_conv && bl_nt_word(t, "ceil"))
            w->ceil = true;
        else if (is_average && bl_nt_word(t, "countpad"))
            w->count_pad = true;
        else
            break; /* bl_nt_node complains */
    }
    return BL_OK;
}

/* The attributes that differ from ONNX's defaults, except kernel_shape, which is always there. attrs has 8 places. */
static int window_attrs(const window *w, bl_attr *attrs) {
    int n = 0;
    attrs[n++] = ints_attr("kernel_shape", w->kernel, 2);
    if (w->stride[0] != 1 || w->stride[1] != 1) attrs[n++] = ints_attr("strides", w->stride, 2);
    if (w->dilation[0] != 1 || w->dilation[1] != 1) attrs[n++] = ints_attr("dilations", w->dilation, 2);
    if (w->same)
        attrs[n++] = (bl_attr){.name = "auto_pad", .kind = BL_ATTR_STRING, .s = "SAME_UPPER", .n = 10};
    else if (w->pads[0] || w->pads[1] || w->pads[2] || w->pads[3])
        attrs[n++] = ints_attr("pads", w->pads, 4);
    if (w->groups != 1) attrs[n++] = int_attr("group", w->groups);
    if (w->ceil) attrs[n++] = int_attr("ceil_mode", 1);
    if (w->count_pad) attrs[n++] = int_attr("count_include_pad", 1);
    return n;
}

static void write_pair(bl_nt_writer *w, const char *word, const bl_attr *a) {
    if (!a || a->n != 2 || (a->ints[0] == 1 && a->ints[1] == 1)) return;
    bl_text_add(w->out, " %s %lld", word, (long long)a->ints[0]);
    if (a->ints[1] != a->ints[0]) bl_text_add(w->out, ",%lld", (long long)a->ints[1]);
}

static bl_status write_window(bl_nt_writer *w) {
    const bl_attr *pads = bl_nt_attr(w, "pads", BL_ATTR_INTS), *same = bl_nt_attr(w, "auto_pad", BL_ATTR_STRING);
    write_pair(w, "stride", bl_nt_attr(w, "strides", BL_ATTR_INTS));
    write_pair(w, "dilation", bl_nt_attr(w, "dilations", BL_ATTR_INTS));
    if (same && strcmp(same->s, "NOTSET")) {
        if (!strcmp(same->s, "SAME_UPPER"))
            bl_text_add(w->out, " pad same");
        else if (strcmp(same->s, "VALID"))
            return bl_nt_refuse(w, "its auto_pad");
    } else if (pads && pads->n == 4) {
        const int64_t *p = pads->ints;
        if (p[0] == p[1] && p[0] == p[2] && p[0] == p[3]) {
            if (p[0]) bl_text_add(w->out, " pad %lld", (long long)p[0]);
        } else {
            bl_text_add(w->out, " pad %lld,%lld,%lld,%lld", (long long)p[0], (long long)p[1], (long long)p[2],
                        (long long)p[3]);
        }
    }
    return BL_OK;
}

/* ---- conv ---- */

static bl_status read_conv(bl_nt_reader *t) {
    int in[3], channels;
    bl_attr attrs[8];
    window w;
    void *bias;
    BL_TRY(bl_nt_input(t, &in[0]));
    BL_TRY(bl_nt_int(t, "the number of channels", 1, BL_MAX_DIM, &channels));
    BL_TRY(read_window(t, true, false, &w));
    bl_shape x = bl_nt_shape(t, in[0]);
    if (x.rank != 4 || x.dim[1] < 1) return bl_nt_fail(t, "conv needs a value of channels x height x width");
    if (x.dim[1] % w.groups || channels % w.groups)
        return bl_nt_fail(t, "%d groups do not divide %d channels in and %d out", w.groups, (int)x.dim[1], channels);
    bl_shape shape = {4, {channels, x.dim[1] / w.groups, (int32_t)w.kernel[0], (int32_t)w.kernel[1]}};
    size_t fan_in = (size_t)shape.dim[1];
    if (!bl_mul_size(fan_in, (size_t)shape.dim[2], &fan_in) || !bl_mul_size(fan_in, (size_t)shape.dim[3], &fan_in) ||
        fan_in > BL_NETTEXT_WEIGHTS / (size_t)channels)
        return bl_nt_fail(t, "the layer has more than %zu weights", BL_NETTEXT_WEIGHTS);
    BL_TRY(bl_nt_weights(t, "weight", shape, fan_in, &in[1]));
    if (!w.no_bias) BL_TRY(bl_nt_constant(t, "bias", BL_FLOAT, (bl_shape){1, {channels}}, &in[2], &bias));
    return bl_nt_node(t, "Conv", in, w.no_bias ? 2 : 3, attrs, window_attrs(&w, attrs));
}

static bl_status write_conv(bl_nt_writer *w) {
    const bl_value *weight = bl_nt_input_constant(w, 1);
    int64_t groups = bl_nt_attr_int(w, "group", 1);
    if (!weight || weight->shape.rank != 4) return bl_nt_refuse(w, "its weights are no constant of four dimensions");
    bl_nt_add_name(w->out, " ", w->model->values[w->node->in[0]].name);
    bl_text_add(w->out, " %d %dx%d", (int)weight->shape.dim[0], (int)weight->shape.dim[2], (int)weight->shape.dim[3]);
    BL_TRY(write_window(w));
    if (groups != 1) bl_text_add(w->out, " groups %lld", (long long)groups);
    if (w->node->n_in < 3 || w->node->in[2] < 0) bl_text_add(w->out, " nobias");
    return BL_OK;
}

/* ---- poolings ---- */

static bl_status read_pool(bl_nt_reader *t, const char *op, bool is_average) {
    int in;
    bl_attr attrs[8];
    window w;
    BL_TRY(bl_nt_input(t, &in));
    BL_TRY(read_window(t, false, is_average, &w));
    return bl_nt_node(t, op, &in, 1, attrs, window_attrs(&w, attrs));
}
static bl_status read_maxpool(bl_nt_reader *t) {
    return read_pool(t, "MaxPool", false);
}
static bl_status read_avgpool(bl_nt_reader *t) {
    return read_pool(t, "AveragePool", true);
}

static bl_status write_pool(bl_nt_writer *w) {
    const bl_attr *kernel = bl_nt_attr(w, "kernel_shape", BL_ATTR_INTS),
                  *dilations = bl_nt_attr(w, "dilations", BL_ATTR_INTS);
    if (!kernel || kernel->n != 2) return bl_nt_refuse(w, "its window has not two dimensions");
    if (!strcmp(w->node->op->name, "AveragePool") && dilations &&
        (dilations->n != 2 || dilations->ints[0] != 1 || dilations->ints[1] != 1))
        return bl_nt_refuse(w, "its dilation");
    bl_nt_add_name(w->out, " ", w->model->values[w->node->in[0]].name);
    bl_text_add(w->out, " %lldx%lld", (long long)kernel->ints[0], (long long)kernel->ints[1]);
    BL_TRY(write_window(w));
    if (bl_nt_attr_int(w, "ceil_mode", 0)) bl_text_add(w->out, " ceil");
    if (bl_nt_attr_int(w, "count_include_pad", 0)) bl_text_add(w->out, " countpad");
    return BL_OK;
}

/* ---- dense ---- */

static bl_status read_dense(bl_nt_reader *t) {
    int in[3], units;
    void *bias;
    BL_TRY(bl_nt_input(t, &in[0]));
    BL_TRY(bl_nt_int(t, "the number of units", 1, BL_MAX_DIM, &units));
    bool no_bias = bl_nt_word(t, "nobias");
    bl_shape x = bl_nt_shape(t, in[0]);
    if (x.rank != 2) return bl_nt_fail(t, "dense needs a flat value: put `flatten` before it");
    if (x.dim[1] < 1)
        return bl_nt_fail(
            t, "dense needs a fixed size: give the input's height and width, or put `globalavgpool` before it");
    if ((size_t)x.dim[1] > BL_NETTEXT_WEIGHTS / (size_t)units)
        return bl_nt_fail(t, "the layer has more than %zu weights", BL_NETTEXT_WEIGHTS);
    BL_TRY(bl_nt_weights(t, "weight", (bl_shape){2, {units, x.dim[1]}}, (size_t)x.dim[1], &in[1]));
    if (!no_bias) BL_TRY(bl_nt_constant(t, "bias", BL_FLOAT, (bl_shape){1, {units}}, &in[2], &bias));
    const bl_attr attr = int_attr("transB", 1);
    return bl_nt_node(t, "Gemm", in, no_bias ? 2 : 3, &attr, 1);
}

static bl_status write_dense(bl_nt_writer *w) {
    const bl_value *weight = bl_nt_input_constant(w, 1);
    if (!weight || weight->shape.rank != 2) return bl_nt_refuse(w, "its weights are no constant matrix");
    if (bl_nt_attr_float(w, "alpha", 1) != 1 || bl_nt_attr_float(w, "beta", 1) != 1 || bl_nt_attr_int(w, "transA", 0))
        return bl_nt_refuse(w, "its alpha, beta or transA");
    bl_nt_add_name(w->out, " ", w->model->values[w->node->in[0]].name);
    bl_text_add(w->out, " %d", (int)weight->shape.dim[bl_nt_attr_int(w, "transB", 0) ? 0 : 1]);
    if (w->node->n_in < 3 || w->node->in[2] < 0) bl_text_add(w->out, " nobias");
    return BL_OK;
}

/* ---- batch normalisation ---- */

static bl_status read_batchnorm(bl_nt_reader *t) {
    static const char *const parts[] = {"scale", "bias", "mean", "var"};
    int in[5];
    float epsilon = 1e-5f;
    BL_TRY(bl_nt_input(t, &in[0]));
    if (bl_nt_word(t, "epsilon")) BL_TRY(bl_nt_float(t, "epsilon", &epsilon));
    bl_shape x = bl_nt_shape(t, in[0]);
    if (x.rank < 2 || x.dim[1] < 1) return bl_nt_fail(t, "batchnorm needs a value with channels");
    for (int i = 0; i < 4; i++) {
        bl_real *data;
        BL_TRY(bl_nt_constant(t, parts[i], BL_FLOAT, (bl_shape){1, {x.dim[1]}}, &in[i + 1], &data));
        for (int c = 0; c < x.dim[1] && (i == 0 || i == 3); c++) data[c] = 1;
    }
    const bl_attr attr = float_attr("epsilon", epsilon);
    return bl_nt_node(t, "BatchNormalization", in, 5, &attr, epsilon != 1e-5f);
}

static bl_status write_batchnorm(bl_nt_writer *w) {
    float epsilon = bl_nt_attr_float(w, "epsilon", 1e-5f);
    bl_nt_add_name(w->out, " ", w->model->values[w->node->in[0]].name);
    if (epsilon != 1e-5f) bl_nt_add_float(w->out, " epsilon ", epsilon);
    return BL_OK;
}

/* ---- local response normalisation: `lrn x 5 alpha 0.0001 beta 0.75 bias 1` ---- */

static bl_status read_lrn(bl_nt_reader *t) {
    int in, size;
    float alpha = 1e-4f, beta = 0.75f, bias = 1;
    BL_TRY(bl_nt_input(t, &in));
    BL_TRY(bl_nt_int(t, "the number of channels", 1, BL_MAX_DIM, &size));
    for (;;) {
        if (bl_nt_word(t, "alpha"))
            BL_TRY(bl_nt_float(t, "alpha", &alpha));
        else if (bl_nt_word(t, "beta"))
            BL_TRY(bl_nt_float(t, "beta", &beta));
        else if (bl_nt_word(t, "bias"))
            BL_TRY(bl_nt_float(t, "bias", &bias));
        else
            break;
    }
    const bl_attr attrs[] = {int_attr("size", size), float_attr("alpha", alpha), float_attr("beta", beta),
                             float_attr("bias", bias)};
    return bl_nt_node(t, "LRN", &in, 1, attrs, 4);
}

static bl_status write_lrn(bl_nt_writer *w) {
    float alpha = bl_nt_attr_float(w, "alpha", 1e-4f), beta = bl_nt_attr_float(w, "beta", 0.75f),
          bias = bl_nt_attr_float(w, "bias", 1);
    bl_nt_add_name(w->out, " ", w->model->values[w->node->in[0]].name);
    bl_text_add(w->out, " %lld", (long long)bl_nt_attr_int(w, "size", 0));
    if (alpha != 1e-4f) bl_nt_add_float(w->out, " alpha ", alpha);
    if (beta != 0.75f) bl_nt_add_float(w->out, " beta ", beta);
    if (bias != 1) bl_nt_add_float(w->out, " bias ", bias);
    return BL_OK;
}

#define FORMS(FORM)                                                                                                    \
    FORM("conv", "Conv", read_conv, write_conv)                                                                        \
    FORM("dense", "Gemm", read_dense, write_dense)                                                                     \
    FORM("batchnorm", "BatchNormalization", read_batchnorm, write_batchnorm)                                           \
    FORM("maxpool", "MaxPool", read_maxpool, write_pool)                                                               \
    FORM("avgpool", "AveragePool", read_avgpool, write_pool)                                                           \
    FORM("lrn", "LRN", read_lrn, write_lrn)

#define READER(word, op, read, write) {word, op, read},
const bl_nt_form bl_nt_layers[] = {FORMS(READER){0}};
#define WRITER(word, op, read, write) write,
bl_nt_write *const bl_nt_layer_writers[] = {FORMS(WRITER)};
