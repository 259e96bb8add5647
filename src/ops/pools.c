#include "ops/pools.h"

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
