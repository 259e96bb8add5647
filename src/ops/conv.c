#include "ops/common.h"
#include "ops/explain.h"

/* More than any known network has, and little enough that no size below can overflow. */
enum { MAX_DEPTH = 1 << 22, MAX_CHANNELS = 1 << 16 };

static bl_status plan(bl_op_plan *p) {
    const bl_shape *x = &p->in[0].shape, *w = &p->in[1].shape;
    BL_TRY(bl_op_need_floats(p, 0, 2));
    if (x->rank != 4 || w->rank != 4)
        return bl_op_fail(p, BL_UNSUPPORTED,
                          "input of rank %d and weights of rank %d; only two-dimensional convolutions are "
                          "supported (rank 4)",
                          x->rank, w->rank);
    int64_t groups = bl_attr_int(p, "group", 1);
    if (p->failed) return p->failed;
    if (groups < 1 || x->dim[1] % groups || w->dim[0] % groups)
        return bl_op_fail(p, BL_SHAPE, "%lld groups do not divide %d channels into %d", (long long)groups,
                          (int)x->dim[1], (int)w->dim[0]);
    if (w->dim[1] != x->dim[1] / groups)
        return bl_op_fail(p, BL_SHAPE, "the weights are for %d channels a group, the input has %lld", (int)w->dim[1],
                          (long long)(x->dim[1] / groups));
    if (bl_op_has(p, 2) && (p->in[2].shape.rank != 1 || p->in[2].shape.dim[0] != w->dim[0]))
        return bl_op_fail(p, BL_SHAPE, "the bias must be a list of %d numbers", (int)w->dim[0]);
    double depth = (double)w->dim[1] * w->dim[2] * w->dim[3];
    if (depth > MAX_DEPTH || w->dim[0] > MAX_CHANNELS || x->dim[1] > MAX_CHANNELS)
        return bl_op_fail(p, BL_UNSUPPORTED, "at most %d channels and %d weights for each are supported", MAX_CHANNELS,
                          MAX_DEPTH);

    bl_window windows[2];
    BL_TRY(bl_plan_windows(p, x, (const int32_t[]){w->dim[2], w->dim[3]}, windows));
    const bl_window *h = &windows[0], *v = &windows[1];
    bl_shape out = {4, {x->dim[0], w->dim[0], h->out, v->out}};
    BL_TRY(bl_op_result(p, &out));
    bl_conv_shape *s = bl_op_params(p, sizeof *s);
    if (!s) return BL_MEMORY;
    *s = (bl_conv_shape){
        .channels = x->dim[1],
        .height = h->in,
        .width = v->in,
        .out_channels = w->dim[0],
        .out_height = h->out,
        .out_width = v->out,
        .kernel_h = h->kernel,
        .kernel_w = v->kernel,
        .stride_h = h->stride,
        .stride_w = v->stride,
        .dilation_h = h->dilation,
        .dilation_w = v->dilation,
        .pad_top = h->pad_begin,
        .pad_left = v->pad_begin,
        .groups = (int)groups,
    };
    p->scratch = bl_conv_scratch(s);
    p->macs = (double)bl_count(&out) * depth;
    return bl_op_check_work(p, p->macs);
}

static void forward(const bl_op_run *r) {
    bl_finish finish = bl_no_finish;
    finish.bias = r->n_in > 2 ? r->in[2] : NULL;
    if (r->cut) finish.low = r->cut[0], finish.high = r->cut[1];
    bl_conv_forward(r->params, r->in_shape[0].dim[0], r->in[0], r->in[1], &finish, r->out, r->scratch);
}

static const char *kernel(const void *params, bool backward) {
    return bl_conv_kernel(params, backward);
}

static void backward(const bl_op_run *r) {
    const bl_conv_shape *s = r->params;
    int pictures = r->in_shape[0].dim[0];
    if (r->grad_in[0])
        bl_conv_backward_input(s, pictures, r->grad_out, r->in[1], r->gate, r->grad_in[0], r->add[0], r->scratch);
    if (r->grad_in[1])
        bl_conv_backward_weights(s, pictures, r->in[0], r->grad_out, r->grad_in[1], r->add[1], r->scratch);
    if (r->n_in > 2 && r->grad_in[2])
        bl_channel_sums(pictures, s->out_channels, (size_t)s->out_height * (size_t)s->out_width, r->grad_out,
                        r->grad_in[2], r->add[2]);
}

/* One number of the result: its window, channel by channel. */
static void explain_result(const bl_op_run *r, size_t index, bl_explain *e) {
    const bl_conv_shape *s = r->params;
    int column = (int)(index % (size_t)s->out_width), row = (int)(index / (size_t)s->out_width % (size_t)s->out_height);
    size_t plane = index / (size_t)s->out_width / (size_t)s->out_height, out = plane % (size_t)s->out_channels;
    size_t per = (size_t)(s->channels / s->groups), outs = (size_t)(s->out_channels / s->groups);
    size_t first = plane / (size_t)s->out_channels * (size_t)s->channels + out / outs * per, weight = out * per;
    weight *= (size_t)s->kernel_h * (size_t)s->kernel_w;
    e->layout(e, BL_FORM_SUM, per, (size_t)s->kernel_h, (size_t)s->kernel_w);
    for (size_t c = first; c < first + per; c++)
        for (int a = 0; a < s->kernel_h; a++)
            for (int b = 0; b < s->kernel_w; b++, weight++) {
                int y = row * s->stride_h - s->pad_top + a * s->dilation_h;
                int x = column * s->stride_w - s->pad_left + b * s->dilation_w;
                double factor = (double)r->in[1][weight];
                if (y < 0 || y >= s->height || x < 0 || x >= s->width)
                    bl_say_empty(e, 0, factor, 0, c * (size_t)s->height * (size_t)s->width, 1, weight);
                else
                    bl_say_input(e, r, 0, (c * (size_t)s->height + (size_t)y) * (size_t)s->width + (size_t)x, factor, 1,
                                 weight);
            }
    if (r->n_in > 2 && r->in[2]) bl_say(e, BL_TERM_SHIFT, (double)r->in[2][out], 1, 2, out, BL_NO_OPERAND, 0);
}

/* The place of the result that reads a cell through tap `tap` of the kernel, or −1. */
static int reader(int at, int pad, int tap, int dilation, int stride, int size) {
    int place = at + pad - tap * dilation;
    return place < 0 || place % stride || place / stride >= size ? -1 : place / stride;
}

/* One number of the input's gradient: every output that reads it, through the kernel turned by 180°. */
static void explain_input(const bl_op_run *r, size_t index, bl_explain *e) {
    const bl_conv_shape *s = r->params;
    int column = (int)(index % (size_t)s->width), row = (int)(index / (size_t)s->width % (size_t)s->height);
    size_t plane = index / (size_t)s->width / (size_t)s->height, in = plane % (size_t)s->channels;
    size_t per = (size_t)(s->channels / s->groups), outs = (size_t)(s->out_channels / s->groups);
    size_t picture = plane / (size_t)s->channels * (size_t)s->out_channels, first = in / per * outs;
    e->layout(e, BL_FORM_SUM, outs, (size_t)s->kernel_h, (size_t)s->kernel_w);
    for (size_t o = first; o < first + outs; o++)
        for (int a = s->kernel_h - 1; a >= 0; a--)
            for (int b = s->kernel_w - 1; b >= 0; b--) {
                int y = reader(row, s->pad_top, a, s->dilation_h, s->stride_h, s->out_height);
                int x = reader(column, s->pad_left, b, s->dilation_w, s->stride_w, s->out_width);
                size_t weight =
                    ((o * per + in % per) * (size_t)s->kernel_h + (size_t)a) * (size_t)s->kernel_w + (size_t)b;
                double factor = (double)r->in[1][weight];
                if (y < 0 || x < 0)
                    bl_say_empty(e, 0, factor, BL_SIGNAL, (picture + o) * (size_t)s->out_height * (size_t)s->out_width,
                                 1, weight);
                else
                    bl_say_signal(
                        e, r, ((picture + o) * (size_t)s->out_height + (size_t)y) * (size_t)s->out_width + (size_t)x,
                        factor, 1, weight);
            }
}

static void explain(const bl_op_run *r, int of, size_t index, bl_explain *e) {
    if (of < 0)
        explain_result(r, index, e);
    else
        explain_input(r, index, e);
}

static bool field(const void *params, int axis, int at, int size, int *first, int *last) {
    const bl_conv_shape *s = params;
    return axis ? bl_field_window(at, size, s->kernel_w, s->stride_w, s->dilation_w, s->pad_left, first, last)
                : bl_field_window(at, size, s->kernel_h, s->stride_h, s->dilation_h, s->pad_top, first, last);
}

const bl_op bl_op_Conv = {
    .name = "Conv",
    .since = 1,
    .min_in = 2,
    .max_in = 3,
    .attrs = "auto_pad dilations group kernel_shape pads strides",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .shares = BL_SHARES_WEIGHTED,
    .reads = {1 << 1, 1 << 0, 0},
    .explain = explain,
    .explains = 1 << 0,
    .mixes_channels = true,
    .finishes = true,
    .gates = true,
    .kernel = kernel,
    .weights = 1,
    .field = field,
    .summary = "Convolution in two dimensions: stride, padding, dilation, groups, bias",
};
