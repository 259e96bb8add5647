/* onnx: networks in and out: ONNX files (reader, writer) and the network text; files of tensors alone. May include
 * core/ and below. Promise: whatever the bytes, a call ends in bounded time with BL_OK or an error that says what,
 * where and what to do; memory is bounded by the length of the source, never by what the file claims. */
#ifndef BL_ONNX_H
#define BL_ONNX_H

#include "base/text.h"
#include "core/core.h"

/* A file is pulled, never held whole: read copies n bytes at offset into to (offset + n ≤ length); false: it failed. */
typedef struct {
    uint64_t length;
    bool (*read)(void *user, uint64_t offset, size_t n, void *to);
    void *user;
} bl_source;
/* A source over bytes in memory; *bytes is the caller's and must outlive it. */
typedef struct {
    const uint8_t *bytes;
    size_t length;
} bl_bytes;
bl_source bl_source_memory(bl_bytes *bytes);

/* Opens a network and seals it. *out is NULL on failure. options may be NULL. The source is not needed afterwards. */
bl_status bl_onnx_read(const bl_source *source, const bl_open_options *options, bl_model **out, bl_error *error);

typedef struct {
    bool half;                       /* weights as float16 initialisers, each followed by a Cast */
    const bl_real *const *constants; /* per value of the model: other data for a constant, or NULL; may be NULL whole */
} bl_write_options;
/* Writes a model (with labels, preprocessing, title and credit as metadata backlight.*) so that ONNX Runtime and Netron
 * take it. The bytes go to *out (bl_text_bytes). */
bl_status bl_onnx_write(const bl_model *model, const bl_write_options *options, bl_text *out, bl_error *error);

/* Tensor files: ONNX files whose graph has initialisers and no nodes, for numbers that belong to a network: its weights
 * while it was trained, its activations class by class. The tensors are the graph's outputs too, so that a runtime can
 * read them. Up to one axis more than a network's values have. */
enum { BL_TENSOR_RANK = BL_MAX_RANK + 1 };
typedef struct {
    const char *name; /* unique in its file */
    bl_type type;
    bool half; /* BL_FLOAT: stands in the file as float16 */
    int rank;
    int32_t dim[BL_TENSOR_RANK];
    bl_real *data; /* BL_FLOAT */
    int64_t *ints; /* BL_INT */
} bl_tensor;
typedef struct {
    int n;
    bl_tensor *tensors; /* in the file's order */
    bl_arena arena;     /* owns all of the above */
} bl_tensors;
/* Reads a tensor file; numbers that are not finite and names that stand twice are refused. out is empty on failure. The
 * source is not needed afterwards. */
bl_status bl_tensors_read(const bl_source *source, bl_tensors *out, bl_error *error);
/* Writes one. A number that float16 cannot hold (|x| ≥ 65520, NaN) where it is asked for is an error. */
bl_status bl_tensors_write(const bl_tensor *tensors, int n, const char *title, bl_text *out, bl_error *error);
void bl_tensors_free(bl_tensors *t);
const bl_tensor *bl_tensors_find(const bl_tensors *t, const char *name); /* NULL: there is none */
size_t bl_tensor_count(const bl_tensor *t);

/* The history of a training that fits a network: `backlight train --history` writes it. */
typedef struct {
    int value;       /* of the model */
    bl_real *frames; /* n × count */
    bl_real *own;    /* the network's own */
    size_t count;
} bl_frame_weight;
typedef struct {
    int n;                /* frames */
    const int64_t *steps; /* of each, ascending */
    int64_t epoch_steps;
    bl_frame_weight *weights;
    int n_weights;
    bl_tensors file;
} bl_frames;
/* Reads a history and looks whether all of its weights are the model's. out is empty on failure. */
bl_status bl_frames_read(const bl_source *source, const bl_model *model, bl_frames *out, bl_error *error);
/* Gives the model the weights of a frame, −1: its own back. Plans made from now on compute with them; what was made
 * before keeps what it had, and must be gone before the frames are freed. */
bl_status bl_frames_use(const bl_frames *f, bl_model *model, int frame, bl_error *error);
void bl_frames_free(bl_frames *f);

/* The network text, one line a node; "#" begins a comment:
 *
 *     input x 3x64x64                         name, C×H×W (H and W may be ?)
 *     title Tiny VGG
 *     labels lifeboat; ladybug; …             (or: labels @file is refused: texts are self-contained)
 *     mean 0.48 0.45 0.40
 *     std 0.28 0.27 0.28
 *     channels RGB
 *     conv_1_1 = conv x 10 3x3 stride 1 pad 0 dilation 1 groups 1     pad n | pad t,l,b,r | pad same
 *     relu_1_1 = relu conv_1_1
 *     max_pool_1 = maxpool relu_1_2 2x2 stride 2
 *     flat = flatten max_pool_2
 *     drop = dropout flat 0.2
 *     output = dense drop 10
 *     prob = softmax output
 *
 * Every operator has a line form: conv, relu, leakyrelu [slope], clip lo hi, sigmoid, tanh, hardsigmoid, hardswish,
 * maxpool, avgpool, globalavgpool, globalmaxpool, dense N [nobias], batchnorm, lrn size, add a b, sub, mul, div, concat
 * a b …, pad t,l,b,r, flatten, reshape d,d,…, transpose p,p,…, squeeze, unsqueeze, softmax [axis], logsoftmax, dropout
 * r, identity. Weights are drawn from the seed (He et al. 2015: normal, deviation √(2/fan-in); biases 0; batch norm 1,
 * 0, 0, 1), stream BL_STREAM_WEIGHTS, sample = number of the node, so that a network does not change when a later line
 * does. */
bl_status bl_nettext_read(const char *text, size_t length, uint64_t seed, bl_model **out, bl_error *error);
/* A sealed model as network text (without weights); nodes that have no line form are an error. */
bl_status bl_nettext_write(const bl_model *model, bl_text *out, bl_error *error);

#endif
