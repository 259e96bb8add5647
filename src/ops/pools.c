#include "ops/pools.h"
#include "ops/explain.h"

static bl_status need_pictures(bl_op_plan *p) {
    if (p->in[0].shape.rank != 4)
        return bl_op_fail(p, BL_UNSUPPORTED, "input of rank %d; only pictures are pooled (rank 4)",
                          p->in[0].shape.rank);
    return BL_OK;
}

static bl_status finish(bl_op_plan *p, const bl_window windows[2]) {
    const bl_shape *x = &p->in[0].shape;
    const bl_window *h = &windows[0], *v = &windows[1];
    BL_TRY(bl_op_result(p, &(bl_shape){4, {x->dim[0], x->dim[1], h->out, v->out}}));
    bl_pool_shape *s = bl_op_params(p, sizeof *s);
    if (!s) return BL_MEMORY;
    *s = (bl_pool_shape){
        .height = h->in,
        .width = v->in,
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
        .pad_bottom = h->pad_end,
        .pad_right = v->pad_end,
    };
    return bl_op_check_work(p, (double)bl_count(&p->out.shape) * h->kernel * v->kernel);
}

bl_status bl_pool_plan(bl_op_plan *p) {
    bl_window windows[2];
    BL_TRY(need_pictures(p));
    BL_TRY(bl_plan_windows(p, &p->in[0].shape, NULL, windows));
    BL_TRY(bl_check_windows(p, windows));
    return finish(p, windows);
}

bl_status bl_global_pool_plan(bl_op_plan *p) {
    BL_TRY(need_pictures(p));
    BL_TRY(bl_op_need_floats(p, 0, 0));
    bl_window windows[2];
    for (int i = 0; i < 2; i++) {
        int32_t size = p->in[0].shape.dim[2 + i];
        windows[i] = (bl_window){.in = size, .out = 1, .kernel = size, .stride = 1, .dilation = 1};
    }
    return finish(p, windows);
}

typedef struct {
    int row, column, height, width; /* of one of the two sides */
} place;
static place place_of(size_t index, int height, int width) {
    size_t w = (size_t)width, h = (size_t)height;
    return (place){(int)(index / w % h), (int)(index % w), height, width};
}

/* What a cell of the plane gives to a window's result. */
static double weight(const bl_op_run *r, size_t plane, int row, int column, int cell, bool largest) {
    const bl_pool_shape *s = r->params;
    size_t out = plane * (size_t)s->out_height * (size_t)s->out_width + (size_t)(row * s->out_width + column);
    return largest ? ((const int32_t *)r->aux)[out] == cell : (double)bl_average_share(s, row, column);
}

static void explain_window(const bl_op_run *r, size_t index, bl_explain *e, bool largest) {
    const bl_pool_shape *s = r->params;
    place at = place_of(index, s->out_height, s->out_width);
    size_t plane = index / (size_t)(s->out_height * s->out_width);
    for (int a = 0; a < s->kernel_h; a++)
        for (int b = 0; b < s->kernel_w; b++) {
            int y = at.row * s->stride_h - s->pad_top + a * s->dilation_h;
            int x = at.column * s->stride_w - s->pad_left + b * s->dilation_w;
            int cell = y * s->width + x;
            if (y < 0 || y >= s->height || x < 0 || x >= s->width)
                bl_say_empty(e, 0, 0, 0, plane * (size_t)(s->height * s->width), BL_NO_OPERAND, 0);
            else
                bl_say_input(e, r, 0, plane * (size_t)(s->height * s->width) + (size_t)cell,
                             weight(r, plane, at.row, at.column, cell, largest), BL_NO_OPERAND, 0);
        }
}

/* The window's result that a cell reaches through tap `tap`, or −1. */
static int reader(int at, int pad, int tap, int dilation, int stride, int size) {
    int to = at + pad - tap * dilation;
    return to < 0 || to % stride || to / stride >= size ? -1 : to / stride;
}

static void explain_cell(const bl_op_run *r, size_t index, bl_explain *e, bool largest) {
    const bl_pool_shape *s = r->params;
    place at = place_of(index, s->height, s->width);
    size_t plane = index / (size_t)(s->height * s->width), out = plane * (size_t)(s->out_height * s->out_width);
    for (int a = s->kernel_h - 1; a >= 0; a--)
        for (int b = s->kernel_w - 1; b >= 0; b--) {
            int y = reader(at.row, s->pad_top, a, s->dilation_h, s->stride_h, s->out_height);
            int x = reader(at.column, s->pad_left, b, s->dilation_w, s->stride_w, s->out_width);
            if (y < 0 || x < 0)
                bl_say_empty(e, 0, 0, BL_SIGNAL, out, BL_NO_OPERAND, 0);
            else
                bl_say_signal(e, r, out + (size_t)(y * s->out_width + x),
                              weight(r, plane, y, x, at.row * s->width + at.column, largest), BL_NO_OPERAND, 0);
        }
}

void bl_pool_explain(const bl_op_run *r, int of, size_t index, bl_explain *e, bool largest) {
    const bl_pool_shape *s = r->params;
    bool whole = s->out_height == 1 && s->out_width == 1 && s->kernel_h == s->height && s->kernel_w == s->width &&
                 s->dilation_h == 1 && s->dilation_w == 1 && s->pad_top == 0 && s->pad_left == 0;
    if (of >= 0 && whole) { /* one window over everything: one place to come from */
        e->layout(e, largest ? BL_FORM_LARGEST : BL_FORM_SUM, 1, 1, 1);
        size_t plane = index / (size_t)(s->height * s->width);
        bl_say_signal(e, r, plane, weight(r, plane, 0, 0, (int)(index % (size_t)(s->height * s->width)), largest),
                      BL_NO_OPERAND, 0);
        return;
    }
    e->layout(e, largest ? BL_FORM_LARGEST : BL_FORM_SUM, 1, (size_t)s->kernel_h, (size_t)s->kernel_w);
    if (of < 0)
        explain_window(r, index, e, largest);
    else
        explain_cell(r, index, e, largest);
}

bool bl_pool_field(const void *params, int axis, int at, int size, int *first, int *last) {
    const bl_pool_shape *s = params;
    return axis ? bl_field_window(at, size, s->kernel_w, s->stride_w, s->dilation_w, s->pad_left, first, last)
                : bl_field_window(at, size, s->kernel_h, s->stride_h, s->dilation_h, s->pad_top, first, last);
}
