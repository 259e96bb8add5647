#include "kernels/columns.h"

/* Row by row: the output row stays in the first cache while the taps pass over it. */

/* For every picture, output channel, output row and tap that meets the input: what the three loops below share. */
typedef struct {
    int from, to;         /* positions of the output row that meet the input */
    ptrdiff_t in, out;    /* where input and output stand for position `from` */
    ptrdiff_t weight;
} meeting;
/* Two of the three are read and the third is added to, by turns. */
typedef struct {
    const bl_real *x, *w, *dy;
    bl_real *y, *dx, *dw;
} tensors;
typedef void (*meet)(const meeting *m, int stride, const tensors *t);

static void each(const bl_conv_shape *s, int pictures, meet visit, const tensors *all)
{
    int taps = bl_taps(s), copies = s->out_channels / s->channels;
    ptrdiff_t plane = (ptrdiff_t)s->height * s->width, out_plane = (ptrdiff_t)s->out_height * s->out_width;
    for (int p = 0; p < pictures; p++)
        for (int o = 0; o < s->out_channels; o++) {
            ptrdiff_t in = ((ptrdiff_t)p * s->channels + o / copies) * plane, out = ((ptrdiff_t)p * s->out_channels + o) * out_plane;
            for (int oy = 0; oy < s->out_height; oy++)
                for (int t = 0; t < taps; t++) {
                    int iy = oy * s->stride_h + t / s->kernel_w * s->dilation_h - s->pad_top;
                    if (iy < 0 || iy >= s->height) continue;
                    int offset = t % s->kernel_w * s->dilation_w - s->pad_left;
                    meeting m = {.weight = (ptrdiff_t)o * taps + t};
                    bl_valid_range(s->out_width, s->width, s->stride_w, offset, &m.from, &m.to);
                    if (m.from >= m.to) continue;
                    m.in = in + (ptrdiff_t)iy * s->width + (ptrdiff_t)m.from * s->stride_w + offset;
                    m.out = out + (ptrdiff_t)oy * s->out_width + m.from;
                    visit(&m, s->stride_w, all);
                }
        }
}

static void forward(const meeting *m, int stride, const tensors *t)
{
    const bl_real *restrict x = t->x + m->in;
    bl_real w = t->w[m->weight];
    bl_real *restrict y = t->y + m->out;
    int n = m->to - m->from;
    if (stride == 1) /* told apart because only this one becomes vectors */
        for (int i = 0; i < n; i++) y[i] += w * x[i];
    else
        for (int i = 0; i < n; i++) y[i] += w * x[(ptrdiff_t)i * stride];
}

static void backward_input(const meeting *m, int stride, const tensors *t)
{
    bl_real *restrict dx = t->dx + m->in;
    bl_real w = t->w[m->weight];
    const bl_real *restrict dy = t->dy + m->out;
    int n = m->to - m->from;
    if (stride == 1)
        for (int i = 0; i < n; i++) dx[i] += w * dy[i];
    else
        for (int i = 0; i < n; i++) dx[(ptrdiff_t)i * stride] += w * dy[i];
}

static void backward_weights(const meeting *m, int stride, const tensors *t)
{
    const bl_real *x = t->x + m->in, *dy = t->dy + m->out;
    int n = m->to - m->from;
    double sum = 0;
    if (stride == 1)
        sum = bl_dot(x, dy, (size_t)n);
    else
        for (int i = 0; i < n; i++) sum += (double)x[(ptrdiff_t)i * stride] * (double)dy[i];
    t->dw[m->weight] += (bl_real)sum;
}

void bl_depthwise_forward(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *w, const bl_real *bias, bl_real *y)
{
    size_t plane = (size_t)s->out_height * (size_t)s->out_width;
    for (size_t i = 0; i < (size_t)pictures * (size_t)s->out_channels; i++)
        for (size_t j = 0; j < plane; j++) y[i * plane + j] = bias ? bias[i % (size_t)s->out_channels] : 0;
    each(s, pictures, forward, &(tensors){.x = x, .w = w, .y = y});
}

void bl_depthwise_backward_input(const bl_conv_shape *s, int pictures, const bl_real *dy, const bl_real *w, bl_real *dx)
{
    each(s, pictures, backward_input, &(tensors){.dy = dy, .w = w, .dx = dx});
}

void bl_depthwise_backward_weights(const bl_conv_shape *s, int pictures, const bl_real *x, const bl_real *dy, bl_real *dw)
{
    each(s, pictures, backward_weights, &(tensors){.x = x, .dy = dy, .dw = dw});
}
