/* The network text's parts. Private to onnx/.
 * nettext_lines.c: lines · nettext.c: their words, and nodes · nettext_layers.c, nettext_plain.c: the line forms, each
 * read and written side by side · nettext_write.c: the way back */
#ifndef BL_NETTEXT_H
#define BL_NETTEXT_H

#include "onnx/onnx.h"

enum {
    BL_NETTEXT_OPSET = 17,
    BL_NETTEXT_NODES = 20000,
    BL_NETTEXT_NAME = 1024,
    BL_NETTEXT_INPUTS = 128 /* of a concat */
};
#define BL_NETTEXT_WEIGHTS ((size_t)BL_MAX_COUNT)

/* ---- reading: one line is being read; its words are taken from the left ---- */

/* What is known of a value of the text: its operand for two different sizes of an open input. Where the two differ,
 * the size is open. */
typedef struct {
    bl_operand at[2];
    bool known;
} bl_nt_value;

typedef struct {
    bl_error *error;
    bl_model *model;
    bl_arena scratch;
    uint64_t seed;
    size_t weights_left; /* how many more may be drawn: a short text must not fill the memory */
    int line, node;      /* numbers for messages and for the random stream */
    char **words;        /* of the line, ended by 0 */
    int n_words, word;   /* the next one */
    const char *name;    /* of the node being made */
    bl_nt_value *values;
    int n_values;
} bl_nt_reader;

/* "line 7: …", BL_FORMAT. */
bl_status bl_nt_fail(bl_nt_reader *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
bl_status bl_nt_no_memory(bl_nt_reader *t);
/* The next word; `what` is called missing if there is none. */
bl_status bl_nt_next(bl_nt_reader *t, const char *what, char **out);
/* The value that a line makes; its name must be new. */
bl_status bl_nt_new_value(bl_nt_reader *t, const char *name, int *value);
bool bl_nt_more(const bl_nt_reader *t);
/* Is the next word this one? Then it is taken. */
bool bl_nt_word(bl_nt_reader *t, const char *word);
bl_status bl_nt_input(bl_nt_reader *t, int *value);
bl_status bl_nt_int(bl_nt_reader *t, const char *what, int least, int most, int *out);
bl_status bl_nt_float(bl_nt_reader *t, const char *what, float *out);
/* "1,2,3"; at most `most`. */
bl_status bl_nt_ints(bl_nt_reader *t, const char *what, int most, int *n, int64_t *out);
/* "3x5" or "3": height and width. */
bl_status bl_nt_size(bl_nt_reader *t, const char *what, int64_t out[2]);
/* The shape of a value; open sizes are −1. */
bl_shape bl_nt_shape(const bl_nt_reader *t, int value);
/* The constant NAME.suffix of the node being made. */
bl_status bl_nt_constant(bl_nt_reader *t, const char *suffix, bl_type type, bl_shape shape, int *value, void *storage);
bl_status bl_nt_int_constant(bl_nt_reader *t, const char *suffix, const int64_t *ints, int n, int *value);
bl_status bl_nt_float_constant(bl_nt_reader *t, const char *suffix, float number, int *value);
/* Weights drawn by He et al. 2015 for this fan-in. */
bl_status bl_nt_weights(bl_nt_reader *t, const char *suffix, bl_shape shape, size_t fan_in, int *value);
/* Adds the node and finds its shape. */
bl_status bl_nt_node(bl_nt_reader *t, const char *op, const int *in, int n_in, const bl_attr *attrs, int n_attrs);

/* Reads like bl_nettext_read, but draws at most `weights` weights: for the fuzzer. */
bl_status bl_nettext_read_within(const char *text, size_t length, uint64_t seed, size_t weights, bl_model **out,
                                 bl_error *error);

/* ---- writing ---- */

typedef struct {
    const bl_model *model;
    const bl_node *node;
    bl_text *out;
    bl_error *error;
} bl_nt_writer;

/* "node "n" (Op) has no line form: …" */
bl_status bl_nt_refuse(bl_nt_writer *w, const char *reason);
void bl_nt_add_name(bl_text *out, const char *before, const char *name); /* the name is quoted where needed */
void bl_nt_add_float(bl_text *out, const char *before, float number);    /* the shortest that reads back the same */
const bl_attr *bl_nt_attr(const bl_nt_writer *w, const char *name, bl_attr_kind kind);
int64_t bl_nt_attr_int(const bl_nt_writer *w, const char *name, int64_t otherwise);
float bl_nt_attr_float(const bl_nt_writer *w, const char *name, float otherwise);
/* Integers or numbers that older opsets have as an attribute and newer ones as a constant input. *n −1: neither. */
bl_status bl_nt_list(bl_nt_writer *w, const char *attr, int input, const int64_t **ints, int *n);
bl_status bl_nt_number(bl_nt_writer *w, const char *attr, int input, float otherwise, float *out);
/* The constant at this input; NULL: absent or not constant. */
const bl_value *bl_nt_input_constant(const bl_nt_writer *w, int input);

/* A line form: `name = word inputs arguments`. read is called with the arguments' words due, and ends with bl_nt_node.
 */
typedef struct {
    const char *word, *op;
    bl_status (*read)(bl_nt_reader *t);
} bl_nt_form;
extern const bl_nt_form bl_nt_layers[], bl_nt_plain[]; /* each ended by word NULL */
/* The forms' other half, in the same order: adds everything after the word. Tables of their own, so that a program that
 * only reads texts is linked without them. */
typedef bl_status bl_nt_write(bl_nt_writer *w);
extern bl_nt_write *const bl_nt_layer_writers[], *const bl_nt_plain_writers[];

#endif
