/* ops: the operators, one file each, named as in ONNX. They know shapes, attributes and pointers, but no graph:
 * what they need comes in a bl_op_plan (once per plan) or a bl_op_run (once per pass). `ops.def` is the table of all.
 * May include base/ and kernels/. To add an operator: copy the nearest neighbour, change it, add its line to ops.def.
 */
#ifndef BL_OP_H
#define BL_OP_H

#include "kernels/kernels.h"

enum {
    BL_MAX_RANK = 4,
    BL_MAX_DIM = 1 << 24,   /* of one dimension */
    BL_MAX_COUNT = 1 << 28, /* elements of one value */
    BL_MAX_INTS = 4096      /* elements of an integer value (shape arithmetic) */
};
#define BL_MAX_WORK 1e12 /* multiply-adds, or cells looked at, of one node: about a minute */

/* Row-major; the last dimension is contiguous. Pictures are N,C,H,W. Rank 0 is a scalar. */
typedef struct {
    int rank;
    int32_t dim[BL_MAX_RANK];
} bl_shape;

/* Number of elements (1 for a scalar). Shapes in plans are checked: it never overflows there. */
static inline size_t bl_count(const bl_shape *s) {
    size_t n = 1;
    for (int i = 0; i < s->rank; i++) n *= (size_t)s->dim[i];
    return n;
}

typedef enum { BL_NONE, BL_FLOAT, BL_INT } bl_type; /* BL_NONE: an optional input that is absent */

/* An attribute as the file has it. Kinds have ONNX's numbers. */
typedef enum {
    BL_ATTR_FLOAT = 1,
    BL_ATTR_INT = 2,
    BL_ATTR_STRING = 3,
    BL_ATTR_FLOATS = 6,
    BL_ATTR_INTS = 7
} bl_attr_kind;
typedef struct {
    const char *name;
    bl_attr_kind kind;
    int n; /* elements of ints or floats; bytes of s */
    float f;
    int64_t i;
    const char *s;
    const int64_t *ints;
    const float *floats;
} bl_attr;

/* What is known of a value while a plan is made. Integer values always are known entirely (they are shape
 * arithmetic); of floats, data is known for constants only. */
typedef struct {
    bl_type type;
    bl_shape shape;
    const int64_t *ints; /* BL_INT: bl_count(&shape) numbers */
    const bl_real *data; /* BL_FLOAT: the constant's elements, or NULL */
} bl_operand;

/* Planning one node: the operator reads attributes and input shapes, checks all, and fills the lower half. */
typedef struct {
    const char *op_name, *node_name; /* for messages */
    int opset;
    const bl_attr *attrs;
    int n_attrs;
    const bl_operand *in;
    int n_in;
    bl_arena *arena; /* lives as long as the plan: for params' arrays and ints of the result */
    bl_error *error;
    bl_status failed; /* set by bl_op_fail and the attribute readers; BL_OK at first */
    /* filled by the operator: */
    bl_operand out; /* type and shape; ints too when the result is BL_INT */
    void *params;   /* what forward and backward need to know, from the arena; may stay NULL */
    size_t scratch; /* bytes that forward or backward use while they run (the larger of both), all inputs wanted */
    size_t aux;     /* bytes kept from forward to backward: argmax, masks */
    bool stacks;    /* the output is the inputs' numbers one after another */
    bool is_alias;  /* the output is the first input under another shape: no memory, no work */
    double macs;    /* multiply-adds of one forward pass */
} bl_op_plan;

/* Rules for the way back: of the gradient (Zeiler & Fergus 2014, Springenberg et al. 2015), which operators know; and
 * of shares (core/shares.c), which are made of operators' forward and plain backward: relevance (Bach et al. 2015,
 * Montavon et al. 2019) and the rescale rule of DeepLIFT (Shrikumar et al. 2017). */
typedef enum {
    BL_RULE_PLAIN,
    BL_RULE_GUIDED,
    BL_RULE_DECONVNET,
    BL_RULE_EPSILON,
    BL_RULE_GAMMA,
    BL_RULE_PLUS,
    BL_RULE_ALPHA_BETA,
    BL_RULE_BOX,
    BL_RULE_FLAT,
    BL_RULE_SQUARE,
    BL_RULE_RESCALE
} bl_rule;

/* What rules of shares make of an operator. */
typedef enum {
    BL_SHARES_NONE,     /* they have no answer */
    BL_SHARES_WEIGHTED, /* linear in the first input; weights are the second, a bias may be the third */
    BL_SHARES_SUM,      /* linear in all inputs at once */
    BL_SHARES_FIRST,    /* linear in the first input */
    BL_SHARES_ONE,      /* linear in any one input while the others stand still */
    BL_SHARES_MOVE,     /* numbers change their place alone */
    BL_SHARES_LARGEST,  /* the largest of several goes on */
    BL_SHARES_CURVE     /* element by element */
} bl_shares;

/* Running one node. Pointers are NULL where absent, not wanted, or not declared as read. */
typedef struct {
    const void *params;
    int n_in;
    const bl_shape *in_shape; /* n_in */
    const bl_real *const *in; /* n_in values */
    bl_shape out_shape;
    bl_real *out; /* forward: written whole. backward: read only, if declared */
    void *aux, *scratch;
    /* backward only: */
    const bl_real *grad_out; /* the signal that arrives */
    bl_real *const *grad_in; /* n_in; NULL where not wanted */
    const bool *add;         /* n_in; false: write every element of grad_in[i]; true: add to what is there */
    bl_rule rule;
    void *user; /* the wants' user pointer: training-time operators find their state here */
    /* forward of an operator that `finishes`: least and most, to which results are cut before they are stored; or NULL
     */
    const bl_real *cut;
    /* backward of an operator that `gates`: what the gradient of its first input goes through once this is added; or
     * NULL */
    const bl_gate *gate;
} bl_op_run;

/* What backward to input i reads: bits 0-4 the inputs, BL_READS_OUT the output. aux may always be read. */
enum { BL_READS_OUT = 1 << 7 };

typedef struct bl_explain bl_explain; /* ops/explain.h */

typedef struct bl_op {
    const char *name;   /* ONNX op_type */
    int since;          /* lowest opset whose meaning is implemented */
    int min_in, max_in; /* max_in −1: any number */
    const char *attrs;  /* names understood, separated by spaces; any other attribute is refused */
    bl_status (*plan)(bl_op_plan *p);
    void (*forward)(const bl_op_run *r);  /* NULL: only shape arithmetic or alias */
    void (*backward)(const bl_op_run *r); /* NULL: no gradient passes */
    bl_shares shares;
    uint8_t reads[5]; /* reads[min(i,4)]: what backward to input i reads */
    /* The terms of one number: element `index` of the result (of = −1) or of the gradient of input `of`, which is one
     * of `explains`. Every pointer of the run is there: inputs, result, aux, backward also the signal. */
    void (*explain)(const bl_op_run *r, int of, size_t index, bl_explain *e);
    uint8_t explains;    /* bit min(i,4): explain knows the gradient of input i */
    const char *formula; /* of a curve: f(x), in words of x */
    /* What a number at place `at` of the result reads along an axis (0 rows, 1 columns) of an input: the cells *first …
     * *last of its `size`; *first > *last: none. false, or NULL: any of them. Asked of results of rank 4 alone. */
    bool (*field)(const void *params, int axis, int at, int size, int *first, int *last);
    bool in_place;       /* forward may write its output over its first input (same size) */
    bool mixes_channels; /* conv, dense: the page leaves a long gap before it */
    bool finishes;       /* forward can do the work of an operator with `cut` that follows */
    bool gates;          /* backward can do the work of an operator with `cut` that comes before its first input */
    /* y = min(max(x, low), high) is all that forward does, NaN staying; NULL: it is something else */
    void (*cut)(const void *params, bl_real *low, bl_real *high);
    /* How the node is computed, in a few words; NULL: there is one way only. */
    const char *(*kernel)(const void *params, bool backward);
    bool aux_for_backward; /* forward does without aux (NULL) where no gradient passes */
    /* What training finds: the input that holds weights (0: none), with the addend, where there is one, behind it. */
    uint8_t weights;
    bool normalises; /* its weights are a factor for each channel, and inputs 3 and 4 the channels' mean and variance */
    const char *summary; /* one line for the operator page of the docs */
} bl_op;

/* All operators, in the order of ops.def; *n their number. */
const bl_op *const *bl_ops(int *n);
/* By ONNX name, NULL if unknown. */
const bl_op *bl_op_find(const char *name);

/* For the plan functions. Missing attributes give the default; one of the wrong kind writes the error and
 * makes bl_op_check_shape fail. */
int64_t bl_attr_int(bl_op_plan *p, const char *name, int64_t otherwise);
float bl_attr_float(bl_op_plan *p, const char *name, float otherwise);
const char *bl_attr_string(bl_op_plan *p, const char *name, const char *otherwise);
const bl_attr *bl_attr_find(const bl_op_plan *p, const char *name);
/* "node "n" (Op): …", code BL_UNSUPPORTED, BL_SHAPE or BL_FORMAT. */
bl_status bl_op_fail(bl_op_plan *p, bl_status code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Did everything before go well, and is the shape within the limits above? Otherwise BL_SHAPE. */
bl_status bl_op_check_shape(bl_op_plan *p, const bl_shape *s);

#endif
