#include "ops/common.h"

#include <string.h>

/* A list of n positive numbers up to `most`, all 1 when the attribute is missing. */
static bl_status read_list(bl_op_plan *p, const char *name, int n, int64_t least, int64_t out[4]) {
    int given = 0;
    for (int i = 0; i < n; i++) out[i] = least;
    if (bl_attr_ints(p, name, 8, &given, out) && given != n)
        return bl_op_fail(p, given == n / 2 ? BL_UNSUPPORTED : BL_SHAPE,
                          "attribute %s has %d numbers, two spatial axes need %d", name, given, n);
    if (p->failed) return p->failed;
    for (int i = 0; i < n; i++)
        if (out[i] < least || out[i] > BL_MAX_DIM)
            return bl_op_fail(p, BL_SHAPE, "attribute %s holds %lld; %lld to %d make sense", name, (long long)out[i],
                              (long long)least, BL_MAX_DIM);
    return BL_OK;
}

static bl_status read_kernel(bl_op_plan *p, const int32_t *kernel, int64_t out[8]) {
    int n = 0;
    if (bl_attr_find(p, "kernel_shape")) {
        BL_TRY(read_list(p, "kernel_shape", 2, 1, out));
        n = 2;
    } else if (!kernel) {
        return bl_op_fail(p, BL_FORMAT, "attribute kernel_shape is missing");
    }
    for (int i = 0; kernel && i < 2; i++) {
        if (n && out[i] != kernel[i])
            return bl_op_fail(p, BL_SHAPE, "kernel_shape says %lld, the weights say %d", (long long)out[i],
                              (int)kernel[i]);
        out[i] = kernel[i];
    }
    return BL_OK;
}

bl_status bl_plan_windows(bl_op_plan *p, const bl_shape *x, const int32_t *kernel, bl_window windows[2]) {
    int64_t sizes[8], strides[8], dilations[8], pads[8];
    BL_TRY(read_kernel(p, kernel, sizes));
    BL_TRY(read_list(p, "strides", 2, 1, strides));
    BL_TRY(read_list(p, "dilations", 2, 1, dilations));
    BL_TRY(read_list(p, "pads", 4, 0, pads));
    bool ceiled = bl_attr_int(p, "ceil_mode", 0) != 0;
    const char *automatic = bl_attr_string(p, "auto_pad", "NOTSET");
    if (p->failed) return p->failed;
    bool upper = !strcmp(automatic, "SAME_UPPER"), lower = !strcmp(automatic, "SAME_LOWER"),
         valid = !strcmp(automatic, "VALID");
    if (!upper && !lower && !valid && strcmp(automatic, "NOTSET") && *automatic)
        return bl_op_fail(p, BL_FORMAT, "auto_pad is \"%.24s\"; known are NOTSET, SAME_UPPER, SAME_LOWER, VALID",
                          automatic);
    for (int i = 0; i < 2; i++) {
        int64_t in = x->dim[x->rank - 2 + i], reach = (sizes[i] - 1) * dilations[i] + 1, stride = strides[i], out;
        int64_t begin = valid ? 0 : pads[i], end = valid ? 0 : pads[i + 2];
        if (upper || lower) {
            out = (in + stride - 1) / stride;
            int64_t pad = (out - 1) * stride + reach - in;
            if (pad < 0) pad = 0;
            begin = upper ? pad / 2 : pad - pad / 2;
            end = pad - begin;
        } else {
            int64_t room = in + begin + end - reach;
            if (room < 0)
                return bl_op_fail(p, BL_SHAPE,
                                  "a window of %lld does not fit into %lld cells with padding %lld and %lld",
                                  (long long)reach, (long long)in, (long long)begin, (long long)end);
            out = room / stride + 1;
            /* The window that ceiling adds must start in the picture or the padding before it. */
            if (ceiled && room % stride && out * stride < in + begin) out++;
        }
        if (begin > BL_MAX_DIM || end > BL_MAX_DIM || out > BL_MAX_DIM)
            return bl_op_fail(p, BL_SHAPE, "the padding or the result would be larger than %d", BL_MAX_DIM);
        windows[i] = (bl_window){(int32_t)in,           (int32_t)out,   (int32_t)sizes[i], (int32_t)stride,
                                 (int32_t)dilations[i], (int32_t)begin, (int32_t)end};
    }
    return BL_OK;
}

bl_status bl_check_windows(bl_op_plan *p, const bl_window windows[2]) {
    for (int i = 0; i < 2; i++) {
        const bl_window *w = &windows[i];
        for (int32_t o = 0; o < w->out; o++) {
            int32_t start = o * w->stride - w->pad_begin;
            int32_t first = start >= 0 ? 0 : (-start + w->dilation - 1) / w->dilation;
            if (first >= w->kernel || start + first * w->dilation >= w->in)
                return bl_op_fail(p, BL_SHAPE, "window %d of axis %d would see padding only", (int)o, 2 + i);
        }
    }
    return BL_OK;
}

bool bl_field_same(const void *params, int axis, int at, int size, int *first, int *last) {
    (void)params, (void)axis;
    *first = *last = size == 1 ? 0 : at; /* one cell is broadcast to all places */
    return true;
}

bool bl_field_window(int at, int size, int kernel, int stride, int dilation, int pad, int *first, int *last) {
    int begin = at * stride - pad, a = 0, b = kernel - 1;
    while (a < kernel && begin + a * dilation < 0) a++;
    while (b >= 0 && begin + b * dilation >= size) b--;
    *first = begin + a * dilation, *last = begin + b * dilation;
    return true;
}
