/* Dropout while training (Srivastava et al. 2014, the inverted form): each element is zeroed with probability `ratio`
 * and divided by 1 − ratio otherwise. When a network is used, dropout does nothing: that is the operator in ops/. */
#include "train/twins.h"

#include <string.h>

typedef struct {
    float ratio;
    uint32_t salt; /* of the node, so that two of them do not drop the same */
} dropout_params;

static bl_status plan(bl_op_plan *p) {
    float ratio = bl_attr_float(p, "ratio", 0.5f);
    if (p->n_in > 1 && p->in[1].type == BL_FLOAT) { /* an attribute until opset 11, then an input */
        if (!p->in[1].data || bl_count(&p->in[1].shape) != 1)
            return bl_op_fail(p, BL_UNSUPPORTED, "its ratio must be a constant number");
        ratio = (float)p->in[1].data[0];
    }
    if (!(ratio >= 0 && ratio < 1)) return bl_op_fail(p, BL_FORMAT, "its ratio %g is outside 0 … 1", (double)ratio);
    dropout_params *params = bl_arena_take(p->arena, sizeof *params);
    if (!params) return bl_op_fail(p, BL_MEMORY, "no memory");
    params->ratio = ratio;
    params->salt = 2166136261u;
    for (const char *c = p->node_name; *c; c++) params->salt = (params->salt ^ (uint8_t)*c) * 16777619u;
    p->params = params;
    p->out.type = BL_FLOAT;
    p->out.shape = p->in[0].shape;
    p->aux = bl_count(&p->out.shape) * sizeof(float);
    return BL_OK;
}

static void forward(const bl_op_run *r) {
    const dropout_params *params = r->params;
    const bl_dropout_state *state = r->user;
    size_t pictures = (size_t)r->out_shape.dim[0], each = bl_count(&r->out_shape) / pictures;
    float *factor = r->aux, keep = 1 / (1 - params->ratio);
    for (size_t n = 0; n < pictures; n++) {
        const bl_random random = {.seed = state->seed ^ ((uint64_t)params->salt << 32),
                                  .stream = BL_STREAM_DROPOUT,
                                  .sample = state->first + (uint32_t)n,
                                  .step = state->step};
        bl_random_uniforms(&random, 0, each, factor + n * each);
    }
    for (size_t i = 0; i < pictures * each; i++) {
        factor[i] = factor[i] < params->ratio ? 0 : keep;
        r->out[i] = r->in[0][i] * (bl_real)factor[i];
    }
}

static void backward(const bl_op_run *r) {
    const float *factor = r->aux;
    size_t n = bl_count(&r->out_shape);
    if (!r->grad_in[0]) return;
    for (size_t i = 0; i < n; i++) {
        bl_real g = r->grad_out[i] * (bl_real)factor[i];
        r->grad_in[0][i] = r->add[0] ? r->grad_in[0][i] + g : g;
    }
}

const bl_op bl_training_dropout = {
    .name = "Dropout",
    .since = 1,
    .min_in = 1,
    .max_in = 3,
    .attrs = "ratio seed",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .summary = "zeroes elements by chance while training",
};

const bl_op *bl_training_twin(const bl_op *op, void *user) {
    static const bl_op *const twins[] = {&bl_training_dropout, &bl_training_batchnorm};
    (void)user;
    for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++)
        if (strcmp(op->name, twins[i]->name) == 0) return twins[i];
    return op;
}
