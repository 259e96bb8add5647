/* The parts of the ONNX reader. Private to onnx/.
 * reader.c: model and graph · reader_node.c: nodes and their attributes · reader_tensor.c: weights · reader_meta.c:
 * metadata · tensors.c: files of tensors alone */
#ifndef BL_READER_H
#define BL_READER_H

#include "onnx/wire.h"

/* Limits of what is read; sizes of values and of shape arithmetic are those of ops/op.h. */
enum {
    BL_OPSET_MIN = 7,  /* broadcasting as NumPy's, Dropout and BatchNormalization without a training flag */
    BL_OPSET_MAX = 26, /* a newer one may have changed the meaning of an operator */
    BL_IR_MAX = 13,    /* the newest that ONNX Runtime 1.30 takes */
    BL_NODES_MAX = 20000,
    BL_TENSORS_MAX = 65536, /* initialisers */
    BL_INPUTS_MAX = 1024,   /* of a node */
    BL_ATTRS_MAX = 64
};

typedef struct {
    const char *value, *name;
    int order; /* place in the file: of two names for one value the first counts */
} bl_layer_name;

typedef struct {
    bl_window window;
    bl_error *error;
    bl_model *model;
    int most_rank;      /* of the file's tensors: BL_MAX_RANK or BL_TENSOR_RANK */
    bl_arena scratch;   /* what is needed while reading only; at most a few times the source's length */
    bool *extra_output; /* per value: it is a node's second or later output, which Backlight does not compute */
    int extra_capacity;
    struct bl_reader_node_state *node; /* the node being read */
    bl_layer_name *layers;             /* backlight.layers, sorted by value */
    int n_layers;
    bl_field labels, mean, std, channels, title, credit; /* metadata values; number 0: absent */
} bl_reader;

/* ONNX's data types by number: "float16"; "type 99" is written into buffer. */
const char *bl_tensor_type_name(int type, char buffer[24]);

/* A TensorProto, read but for its data. */
typedef struct {
    char name[BL_NAME_MAX + 1];
    int type, rank;
    int32_t dim[BL_TENSOR_RANK];
    size_t count;        /* product of dim */
    const char *problem; /* why its data cannot be read: "external data", …; NULL: none */
    bl_cursor raw;       /* raw_data */
    bool has_raw;
    uint32_t typed_field; /* the field of typed data, 0: none */
    uint64_t typed_count;
    bl_cursor whole;
} bl_initialiser;
/* where: what a message calls it: "initialiser", "Constant node". */
bl_status bl_initialiser_open(bl_reader *r, bl_cursor c, const char *where, bl_initialiser *t);
/* Does the file hold exactly the elements that the shape claims? Asked before anything is allocated. */
bl_status bl_initialiser_check_data(bl_reader *r, const bl_initialiser *t, const char *where);
bl_type bl_initialiser_kind(const bl_initialiser *t);
/* Its elements in order, to t->count bl_real or int64_t; they were checked. */
bl_status bl_initialiser_fill(bl_initialiser *t, void *storage);
/* Makes the value a constant with the tensor's data, copied once to its final place. */
bl_status bl_initialiser_load(bl_reader *r, bl_initialiser *t, const char *where, int value);
/* Refuses NaN and infinity among a weight's numbers. */
bl_status bl_initialiser_check(bl_reader *r, const char *where, const char *name, const bl_real *data, size_t count);
/* The one number of a tensor of one element. */
bl_status bl_initialiser_scalar(bl_reader *r, bl_initialiser *t, const char *where, bl_type *type, double *number,
                                int64_t *integer);

/* Adds a NodeProto to the model; Constant nodes become constants. */
bl_status bl_reader_node(bl_reader *r, bl_cursor c);

/* One StringStringEntryProto of metadata_props: remembers those of Backlight. */
bl_status bl_reader_metadata(bl_reader *r, bl_cursor c);
/* After all metadata: sorts the layers. After sealing: labels, preprocessing, title, credit. */
void bl_reader_sort_layers(bl_reader *r);
bl_status bl_reader_apply_metadata(bl_reader *r);
/* The readable name of the node that makes this value; otherwise its own name. */
const char *bl_reader_layer(const bl_reader *r, const char *value, const char *otherwise);

#endif
